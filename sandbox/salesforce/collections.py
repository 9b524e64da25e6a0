"""sObject Collections: up to 200 records in one call, each with its own result, in request order.

The answer is 200 even when every record failed. Without ``allOrNone`` a failed record stops no other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from sandbox.faults import Rule
from sandbox.http import Response
from sandbox.salesforce import upserts, writes
from sandbox.salesforce.call import Call
from sandbox.salesforce.errors import ApiError, RecordError
from sandbox.salesforce.objects import OBJECTS, find_object
from sandbox.salesforce.records import permitted, writable
from sandbox.salesforce.schema import ObjectType

MAX_RECORDS = 200
ROLLED_BACK = RecordError(
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "Record rolled back because not all records were valid and the request was using AllOrNone header",
)
Write = Callable[[dict[str, Any]], dict[str, Any]]
"""Writes one record and returns its id, and what else the result tells of it."""


class _Undone(Exception):  # noqa: N818  control flow: leaves the transaction
    """All records of an allOrNone call are to be taken back."""


def insert_many(call: Call) -> Response:
    """``POST /composite/sobjects``."""

    def write(record: dict[str, Any]) -> dict[str, Any]:
        kind = _kind(record)
        return {"id": writes.insert(call.org, kind, permitted(call, kind, record), by=call.user)}

    return _run(call, *_body(call), write)


def update_many(call: Call) -> Response:
    """``PATCH /composite/sobjects``."""
    seen: set[str] = set()

    def write(record: dict[str, Any]) -> dict[str, Any]:
        kind = _kind(record)
        id_ = _id_of(record)
        if id_[:15] in seen:
            raise RecordError("DUPLICATE_VALUE", f"duplicate id in the list of records: {id_}", ["Id"])
        seen.add(id_[:15])
        values = {name: value for name, value in permitted(call, kind, record).items() if name.lower() != "id"}
        return {"id": str(writes.update(call.org, kind, id_, values, by=call.user)["Id"])}

    return _run(call, *_body(call), write)


def upsert_many(call: Call) -> Response:
    """``PATCH /composite/sobjects/X/ExternalIdField``: each record is made or changed, as its result tells."""
    kind, key = upserts.target(call, *call.parts[2:4])
    seen: set[str] = set()

    def write(record: dict[str, Any]) -> dict[str, Any]:
        if _kind(record) is not kind:
            raise RecordError("INVALID_TYPE", f"the records of this call must be of type {kind.name}")
        value, values = upserts.key_of(key, permitted(call, kind, record))
        if value.lower() in seen:
            raise RecordError("DUPLICATE_VALUE", f"Duplicate external id specified: {value}", [key.name])
        seen.add(value.lower())
        id_, created = upserts.upsert(call, kind, key, value, values)
        return {"id": id_, "created": created}

    records, all_or_none = _body(call)
    call.request.keys.extend(str(record[key.name]) for record in records if key.name in record)
    return _run(call, records, all_or_none, write, failed={"created": False})


def delete_many(call: Call) -> Response:
    """``DELETE /composite/sobjects?ids=…&allOrNone=…``."""

    def write(record: dict[str, Any]) -> dict[str, Any]:
        id_ = str(record["id"])
        kind = next((kind for kind in OBJECTS.values() if id_.startswith(kind.prefix)), None)
        if kind is None:
            raise RecordError("MALFORMED_ID", f"malformed id {id_}", ["Id"])
        writes.delete(call.org, writable(kind), id_, by=call.user)
        return {"id": id_}

    records = [{"id": id_} for id_ in call.param("ids").split(",")]
    return _run(call, records, call.request.query.get("allOrNone", "").lower() == "true", write)


def _body(call: Call) -> tuple[list[dict[str, Any]], bool]:
    body = call.json()
    records = body.get("records")
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise ApiError("JSON_PARSER_ERROR", "records must be a list of objects")
    return records, bool(body.get("allOrNone", False))


def _run(
    call: Call,
    records: list[dict[str, Any]],
    all_or_none: bool,
    write: Write,
    failed: Mapping[str, Any] = MappingProxyType({}),
) -> Response:
    """Write the records; ``failed`` is what the result of a refused one says beside its errors."""
    if len(records) > MAX_RECORDS:
        raise ApiError(
            "EXCEEDED_ID_LIMIT", f"record limit reached. cannot submit more than {MAX_RECORDS} records into this call"
        )
    call.request.keys.extend(str(record["id"]) for record in records if "id" in record)
    results: list[dict[str, Any]] = []
    try:
        with call.org.store.transaction():
            for index, record in enumerate(records):
                result = _one(call, record, write, _injected(call.request.fault, index))
                results.append(result if result["success"] else {**result, **failed})
            if all_or_none and not all(result["success"] for result in results):
                raise _Undone
    except _Undone:
        results = [result if not result["success"] else {**_failure(ROLLED_BACK), **failed} for result in results]
    return Response.json(results)


def _one(call: Call, record: dict[str, Any], write: Write, injected: RecordError | None) -> dict[str, Any]:
    try:
        if injected is not None:
            raise injected
        with call.org.store.transaction():
            result = write(record)
            return {"id": result.pop("id"), "success": True, "errors": [], **result}
    except RecordError as error:
        return _failure(error)


def _failure(error: RecordError) -> dict[str, Any]:
    return {"success": False, "errors": [error.entry()]}


def _injected(fault: Rule | None, index: int) -> RecordError | None:
    """Return the refusal that a ``record_error`` rule wants for the record at this place.

    The rule's body: ``{"statusCode", "message", "index"}``; without ``index`` every record is refused.
    """
    if fault is None or fault.action != "record_error":
        return None
    wanted = fault.body or {}
    if "index" in wanted and int(wanted["index"]) != index:
        return None
    return RecordError(
        str(wanted.get("statusCode", "UNABLE_TO_LOCK_ROW")),
        str(wanted.get("message", "unable to obtain exclusive access to this record")),
    )


def _kind(record: dict[str, Any]) -> ObjectType:
    attributes = record.get("attributes")
    name = attributes.get("type") if isinstance(attributes, dict) else None
    kind = None if name is None else find_object(str(name))
    if kind is None:
        raise RecordError("INVALID_TYPE", f"sObject type '{name}' is not supported.")
    return writable(kind)


def _id_of(record: dict[str, Any]) -> str:
    for name, value in record.items():
        if name.lower() == "id":
            return str(value)
    raise RecordError("MISSING_ARGUMENT", "Id not specified in an update call", ["Id"])
