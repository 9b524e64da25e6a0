"""One API call in the making: the request, the org, the version in the path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox import exact_json
from sandbox.http import Request
from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.objects import find_object
from sandbox.salesforce.org import Org
from sandbox.salesforce.schema import ObjectType
from sandbox.salesforce.security import Access


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What every resource needs. ``base`` is the version's path, ``parts`` what follows it, ``user`` who acts."""

    request: Request
    org: Org
    base: str
    parts: tuple[str, ...]
    user: str

    @property
    def access(self) -> Access:
        """What the acting user may do with each field."""
        return Access(self.org, self.request.fault)

    def kind(self) -> ObjectType:
        """Return the object that the path names (second part).

        Raises:
            ApiError: NOT_FOUND, there is no such object.
        """
        found = find_object(self.parts[1])
        if found is None:
            raise ApiError("NOT_FOUND", "The requested resource does not exist", status=404)
        return found

    def json(self) -> dict[str, Any]:
        """Return the body, a JSON object with exact numbers.

        Raises:
            ApiError: JSON_PARSER_ERROR.
        """
        try:
            value = exact_json.loads(self.request.body)
        except ValueError as error:
            raise ApiError("JSON_PARSER_ERROR", f"Unexpected character in the request body: {error}") from error
        if not isinstance(value, dict):
            raise ApiError("JSON_PARSER_ERROR", "The request body must be a JSON object")
        return value

    def param(self, name: str) -> str:
        """Return a query parameter.

        Raises:
            ApiError: it is missing.
        """
        value = self.request.query.get(name)
        if value is None:
            raise ApiError("MISSING_ARGUMENT", f"The required parameter {name} is missing")
        return value
