"""What the API answers when it refuses: HTTP status, error code, text, fields."""

from __future__ import annotations

from collections.abc import Sequence

from sandbox.http import Response


class ApiError(Exception):
    """A whole request is refused: answered as a JSON array with one error."""

    def __init__(self, code: str, message: str, *, status: int = 400, fields: Sequence[str] | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.fields = fields

    def response(self) -> Response:
        """Return the refusal in the shape of a top-level REST error (key ``errorCode``)."""
        entry: dict[str, object] = {"message": self.message, "errorCode": self.code}
        if self.fields is not None:
            entry["fields"] = list(self.fields)
        return Response.json([entry], self.status)


class RecordError(Exception):
    """One record is refused, by its data; in a collection the others go on."""

    def __init__(self, code: str, message: str, fields: Sequence[str] = ()) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.fields = tuple(fields)

    def entry(self) -> dict[str, object]:
        """Return the error in the shape of a per-record result (key ``statusCode``)."""
        return {"statusCode": self.code, "message": self.message, "fields": list(self.fields)}

    def as_request_error(self) -> ApiError:
        """Return the refusal of a request that concerns this record only."""
        return ApiError(self.code, self.message, status=STATUS.get(self.code, 400), fields=self.fields)


STATUS = {"NOT_FOUND": 404, "ENTITY_IS_DELETED": 404}


def not_found() -> ApiError:
    """Return the refusal of a path or record that does not exist."""
    return ApiError("NOT_FOUND", "The requested resource does not exist", status=404)
