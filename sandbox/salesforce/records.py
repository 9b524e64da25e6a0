"""Single records over REST: create, read, change, delete, and what was deleted or updated in a span."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from sandbox.http import Response
from sandbox.salesforce import writes
from sandbox.salesforce.call import Call
from sandbox.salesforce.describe import READ_ONLY
from sandbox.salesforce.errors import ApiError, RecordError
from sandbox.salesforce.formulas import calculated
from sandbox.salesforce.objects import OBJECTS
from sandbox.salesforce.schema import ObjectType
from sandbox.salesforce.soql_render import Shape
from sandbox.salesforce.values import moment_of, stamp
from sandbox.store import Body

RECYCLE_BIN = timedelta(days=15)


def create(call: Call) -> Response:
    """``POST /sobjects/X``: 201 with the new id."""
    kind = writable(call.kind())
    try:
        id_ = writes.insert(call.org, kind, permitted(call, kind, call.json()), by=call.user)
    except RecordError as error:
        raise error.as_request_error() from error
    call.request.keys.append(id_)
    body = {"id": id_, "success": True, "errors": []}
    return Response.json(body, 201, {"Location": f"{call.base}/sobjects/{kind.name}/{id_}"})


def read(call: Call) -> Response:
    """``GET /sobjects/X/ID[?fields=A,B]``: the record, ``attributes`` first."""
    kind = call.kind()
    try:
        body = writes.live(call.org, kind, call.parts[2])
    except RecordError as error:
        raise _read_error(error) from error
    return shown(call, kind, body)


def shown(call: Call, kind: ObjectType, body: Body) -> Response:
    """Return a record as JSON: the fields asked for, or all that the user may see.

    Raises:
        ApiError: INVALID_FIELD, a field that was asked for does not exist for the user.
    """
    shape, access = Shape(kind), call.access
    asked = call.request.query.get("fields")
    visible = [name for name, field in kind.fields.items() if access.readable(kind, field)]
    for name in visible if asked is None else asked.split(","):
        field = kind.find(name.strip())
        if field is None or not access.readable(kind, field):
            raise ApiError("INVALID_FIELD", f"No such column '{name.strip()}' on sobject of type {kind.name}")
        shape.add((), field, OBJECTS.__getitem__)
    render = shape.renderer(call.base, {name: call.org.table(name) for name in OBJECTS})
    text = render(calculated(kind, body, call.org.clock.now().date()))
    return Response.of_text(text, "application/json;charset=UTF-8")


def change(call: Call) -> Response:
    """``PATCH /sobjects/X/ID``: 204."""
    kind = writable(call.kind())
    call.request.keys.append(call.parts[2])
    try:
        writes.update(call.org, kind, call.parts[2], permitted(call, kind, call.json()), by=call.user)
    except RecordError as error:
        raise error.as_request_error() from error
    return Response(status=204)


def remove(call: Call) -> Response:
    """``DELETE /sobjects/X/ID``: 204; the record goes to the recycle bin."""
    kind = writable(call.kind())
    call.request.keys.append(call.parts[2])
    try:
        writes.delete(call.org, kind, call.parts[2], by=call.user)
    except RecordError as error:
        raise error.as_request_error() from error
    return Response(status=204)


def deleted(call: Call) -> Response:
    """``GET /sobjects/X/deleted?start&end``: deleted ids of the span, at most as old as the recycle bin."""
    kind = call.kind()
    start, end = _span(call)
    now = call.org.clock.now()
    found = [
        {"id": body["Id"], "deletedDate": body["SystemModstamp"]}
        for body in call.org.table(kind.name).values()
        if body["IsDeleted"] and start <= body["SystemModstamp"] < end
    ]
    return Response.json(
        {"deletedRecords": found, "earliestDateAvailable": stamp(now - RECYCLE_BIN), "latestDateCovered": end}
    )


def updated(call: Call) -> Response:
    """``GET /sobjects/X/updated?start&end``: ids of live records whose stamp lies in the span."""
    start, end = _span(call)
    found = [
        body["Id"]
        for body in call.org.table(call.kind().name).values()
        if not body["IsDeleted"] and start <= body["SystemModstamp"] < end
    ]
    return Response.json({"ids": found, "latestDateCovered": end})


def permitted(call: Call, kind: ObjectType, record: dict[str, Any]) -> dict[str, Any]:
    """Return the fields that a JSON record names.

    Raises:
        RecordError: the user may not write one of them.
    """
    values = {name: value for name, value in record.items() if name != "attributes"}
    call.access.check(kind, {name: value for name, value in values.items() if name.lower() != "id"})
    return values


def writable(kind: ObjectType) -> ObjectType:
    """Return the object when records of it may be written.

    Raises:
        ApiError: INSUFFICIENT_ACCESS_OR_READONLY.
    """
    if kind.name in READ_ONLY:
        raise ApiError("INSUFFICIENT_ACCESS_OR_READONLY", f"entity type {kind.name} is read-only", status=403)
    return kind


def _read_error(error: RecordError) -> ApiError:
    if error.code in ("NOT_FOUND", "MALFORMED_ID"):
        return ApiError("NOT_FOUND", "The requested resource does not exist", status=404)
    return error.as_request_error()


def _span(call: Call) -> tuple[str, str]:
    """Return start and end in wire form; seconds are ignored."""
    try:
        start, end = (moment_of(call.param(name).replace(" ", "+")) for name in ("start", "end"))
        if end - start < timedelta(minutes=1):
            raise ValueError("endDate must be at least one minute greater than startDate")
        return stamp(start.replace(second=0)), stamp(end.replace(second=0))
    except (TypeError, ValueError) as error:
        raise ApiError("INVALID_REPLICATION_DATE", str(error)) from error


def limits(used: int, allowed: int) -> dict[str, Any]:
    """Return the org's limits (``GET /limits``)."""
    left = {"Max": Decimal(allowed), "Remaining": Decimal(allowed - used)}
    return {"DailyApiRequests": left, "DailyBulkV2QueryJobs": {"Max": Decimal(10000), "Remaining": Decimal(10000)}}
