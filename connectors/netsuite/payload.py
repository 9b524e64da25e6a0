"""A payload as a SuiteTalk record: typed, in the schema's order, with custom fields by their script id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, tzinfo
from decimal import Decimal
from typing import Any

from connectors.netsuite import fields
from connectors.netsuite.countries import country_name
from connectors.netsuite.fields import Field
from connectors.netsuite.suitetalk import Suitetalk
from connectors.netsuite.wire_values import PayloadError, clean, moment, plain, reference, wire_value
from connectors.records import Payload, PayloadLine, PayloadValue, Reference, Value, WriteRequest

TYPE_NAMES = {type_: f"{schema}:{name}" for type_, (schema, name) in fields.RECORDS.items()}
BODY_PREFIXES = {"customer": ("custentity",), "salesOrder": ("custbody",), "invoice": ("custbody",)}
LINE_PREFIXES = ("custcol",)


def record(request: WriteRequest, types: Suitetalk, zone: tzinfo) -> Any:  # noqa: ANN401  zeep's values are untyped
    """Return the record of a create or update.

    A create carries the external id, an update the internal id. Lines replace the whole item list
    (``replaceAll``), so an update names every line it wants to keep.

    Raises:
        PayloadError: an unknown field, or a value that does not fit its field; the message names it.
    """
    payload = request.payload
    known = fields.body_fields(payload.type)
    content = _values(payload.values, known, BODY_PREFIXES[payload.type], types, zone, where=payload.type)
    content |= _identity(request)
    if payload.clear:
        content["nullFieldList"] = {"name": _cleared(payload, known)}
    if payload.addresses:
        content["addressbookList"] = _address_book(payload, types, zone, replace=request.op == "add")
    if payload.lines or request.keep_lines:
        content["itemList"] = _item_list(payload, request.keep_lines, types, zone)
    return types.new(TYPE_NAMES[payload.type], **content)


def _identity(request: WriteRequest) -> dict[str, str]:
    if request.op == "add":
        if not request.external_id or request.internal_id:
            raise PayloadError(f"{request.key}: a create carries an external id and no internal id")
        return {"externalId": request.external_id}
    if not request.internal_id:
        raise PayloadError(f"{request.key}: an update carries the internal id")
    return {"internalId": request.internal_id}


def _values(
    values: Mapping[str, PayloadValue],
    known: Mapping[str, Field],
    prefixes: tuple[str, ...],
    types: Suitetalk,
    zone: tzinfo,
    where: str,
) -> dict[str, Any]:
    content: dict[str, Any] = {}
    custom = []
    for name, value in values.items():
        if value is None:
            continue
        if name.startswith(prefixes):
            custom.append(_custom_field(name, value, types, zone))
        elif name in known:
            content[name] = wire_value(known[name], value, zone)
        else:
            raise PayloadError(f"field {name}: a {where} has no field of this name that can be written")
    if custom:
        content["customFieldList"] = {"customField": custom}
    return content


def _custom_field(script_id: str, value: PayloadValue, types: Suitetalk, zone: tzinfo) -> Any:  # noqa: ANN401
    kind, wire = _custom_value(script_id, value, zone)
    return types.new(f"core:{kind}CustomFieldRef", scriptId=script_id, value=wire)


def _custom_value(script_id: str, value: PayloadValue, zone: tzinfo) -> tuple[str, object]:
    try:
        match value:
            case bool():
                return "Boolean", value
            case Decimal():
                return "Double", plain(value)
            case date():
                return "Date", moment(value, zone)
            case Reference():
                return "Select", {key: text for key, text in reference(value).items() if key != "type"}
            case str():
                return "String", clean(value)
    except ValueError as error:
        raise PayloadError(f"field {script_id}: {error}") from error
    raise PayloadError(f"field {script_id}: {value!r} cannot be written to a custom field")


def _cleared(payload: Payload, known: Mapping[str, Field]) -> list[str]:
    for name in payload.clear:
        if name not in known and not name.startswith(BODY_PREFIXES[payload.type]):
            raise PayloadError(f"field {name}: a {payload.type} has no field of this name that can be emptied")
    return list(payload.clear)


def _item_list(payload: Payload, keep: Sequence[int], types: Suitetalk, zone: tzinfo) -> dict[str, object]:
    known = fields.line_fields(payload.type)
    if not known:
        raise PayloadError(f"a {payload.type} has no lines")
    items = [_item(line, known, types, zone) for line in payload.lines]
    return {"item": [*items, *({"line": str(number)} for number in keep)], "replaceAll": True}


def _item(line: PayloadLine, known: Mapping[str, Field], types: Suitetalk, zone: tzinfo) -> dict[str, Any]:
    try:
        content = _values(line.values, known, LINE_PREFIXES, types, zone, where="line")
    except PayloadError as error:
        raise PayloadError(f"line {line.key}: {error}") from error
    if line.line is not None:
        content["line"] = str(line.line)
    return content


def _address_book(payload: Payload, types: Suitetalk, zone: tzinfo, *, replace: bool) -> dict[str, object]:
    if payload.type != "customer":
        raise PayloadError(f"a {payload.type} has no address book")
    return {"addressbook": [_address(item, types, zone) for item in payload.addresses], "replaceAll": replace}


def _address(values: Mapping[str, Value], types: Suitetalk, zone: tzinfo) -> dict[str, object]:
    of_entry = fields.writable("relationships", "CustomerAddressbook")
    of_address = fields.writable("common", "Address")
    entry = {name: value for name, value in _present(values) if name in of_entry}
    address = {name: _country(name, value) for name, value in _present(values) if name not in of_entry}
    content = _values(entry, of_entry, (), types, zone, where="address book entry")
    content["addressbookAddress"] = types.new(
        "common:Address", **_values(address, of_address, ("custrecord",), types, zone, where="address")
    )
    return content


def _present(values: Mapping[str, Value]) -> Iterable[tuple[str, Value]]:
    return ((name, value) for name, value in values.items() if value is not None and value != "")


def _country(name: str, value: Value) -> Value:
    if name != "country":
        return value
    try:
        return country_name(str(value))
    except ValueError as error:
        raise PayloadError(f"field country: {error}") from error
