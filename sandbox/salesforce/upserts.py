"""Records made or changed by the value of an external id field, so that a repeated request does no harm.

Source: Salesforce REST API Developer Guide, "Insert or Update (Upsert) a Record Using an External ID" and "Upsert
Multiple Records with sObject Collections".
"""

from __future__ import annotations

from typing import Any

from sandbox.http import Response
from sandbox.salesforce import writes
from sandbox.salesforce.call import Call
from sandbox.salesforce.errors import ApiError, RecordError, not_found
from sandbox.salesforce.objects import find_object
from sandbox.salesforce.records import permitted, shown, writable
from sandbox.salesforce.schema import Field, ObjectType
from sandbox.store import Body


def change_by_key(call: Call) -> Response:
    """``PATCH /sobjects/X/ExternalIdField/value``: 201 when the record was made, 200 when it was changed."""
    kind, key = target(call, *call.parts[1:3])
    value = call.parts[3]
    call.request.keys.append(value)
    try:
        values = permitted(call, kind, call.json())
        _refuse(values, key.name, "Id")
        id_, created = upsert(call, kind, key, value, values)
    except RecordError as error:
        raise error.as_request_error() from error
    return Response.json({"id": id_, "success": True, "errors": [], "created": created}, 201 if created else 200)


def read_by_key(call: Call) -> Response:
    """``GET /sobjects/X/ExternalIdField/value[?fields=A,B]``."""
    kind, key = target(call, *call.parts[1:3])
    body = _holder(call, kind, key, call.parts[3])
    if body is None:
        raise not_found()
    return shown(call, kind, body)


def target(call: Call, object_name: str, field_name: str) -> tuple[ObjectType, Field]:
    """Return the object and the external id field that a path names.

    Raises:
        ApiError: NOT_FOUND, there is no such object, or the field is no external id that the user may see.
    """
    kind = find_object(object_name)
    if kind is None:
        raise not_found()
    field = writable(kind).find(field_name)
    if field is None or not field.external_id or not call.access.readable(kind, field):
        message = f"Provided external ID field does not exist or is not accessible: {field_name}"
        raise ApiError("NOT_FOUND", message, status=404)
    return kind, field


def key_of(key: Field, values: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the record's external id, and its other fields.

    Raises:
        RecordError: the external id is missing, or a record id stands beside it.
    """
    _refuse(values, "Id")
    held = {name.lower(): value for name, value in values.items()}.get(key.name.lower())
    if held is None or str(held).strip() == "":
        raise RecordError("MISSING_ARGUMENT", f"{key.name} not specified", [key.name])
    return str(held).strip(), {name: value for name, value in values.items() if name.lower() != key.name.lower()}


def upsert(call: Call, kind: ObjectType, key: Field, value: str, values: dict[str, Any]) -> tuple[str, bool]:
    """Change the record that holds the external id, or make one; return its id and whether it was made.

    Raises:
        RecordError: a field or the record as a whole is refused.
    """
    body = _holder(call, kind, key, value)
    if body is None:
        return writes.insert(call.org, kind, {**values, key.name: value}, by=call.user), True
    return str(writes.update(call.org, kind, body["Id"], values, by=call.user)["Id"]), False


def _holder(call: Call, kind: ObjectType, key: Field, value: str) -> Body | None:
    found = call.org.holders(kind, key, value)
    return found[0] if found else None


def _refuse(values: dict[str, Any], *names: str) -> None:
    for name in names:
        if name.lower() in [given.lower() for given in values]:
            raise RecordError("INVALID_FIELD", f"The {name} field should not be specified in the sobject data.", [name])
