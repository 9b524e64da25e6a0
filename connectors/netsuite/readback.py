"""A record as a SOAP ``get`` shows it, reduced to what the write protocol compares."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, tzinfo
from decimal import Decimal, InvalidOperation

from lxml import etree

from connectors.netsuite import fields
from connectors.netsuite.answers import XSI_TYPE
from connectors.netsuite.fields import Field
from connectors.netsuite.safe_xml import XmlError, child, children, local_name, text_of
from connectors.netsuite.wire_values import ORDER_STATUS_WORDS
from connectors.receivables import INVOICE_STATUS_NAMES
from connectors.records import ErpLine, ReadBack, Value, require_aware

INTENT = {
    "salesOrder": "custbody_tieout_intent",
    "invoice": "custbody_tieout_intent",
    "customer": "custentity_tieout_intent",
}
VERSION = "custbody_tieout_ver"
LINE_KEY = "custcol_tieout_line_id"
STATUS_LETTERS = {word: letter for letter, word in ORDER_STATUS_WORDS.items()}
INVOICE_LETTERS = {name.lower(): letter for letter, name in INVOICE_STATUS_NAMES.items()}
APPROVAL_LETTERS = {"1": "D", "3": "E"}
"""Invoice status by the internal id of ``approvalStatus``: pending approval, rejected."""


def read_back(type_: str, record: etree._Element, zone: tzinfo) -> ReadBack:
    """Return what the record shows.

    Args:
        type_: the record type that was asked for.
        record: the ``record`` element of a read response.
        zone: the integration user's zone, in which NetSuite's dates are days.

    Raises:
        XmlError: it has no internal id or carries values that cannot be read.
    """
    id_ = record.get("internalId")
    kind = (record.get(XSI_TYPE) or "").rpartition(":")[2]
    if not id_ or kind != fields.RECORDS[type_][1]:
        raise XmlError(f"the answer is not a {type_} with an internal id")
    custom = custom_values(record, zone)
    lines = tuple(_line(item, zone) for item in children(child(record, "itemList"), "item"))
    return ReadBack(
        id=id_,
        type=type_,
        external_id=record.get("externalId") or None,
        intent=_text(custom.get(INTENT[type_])),
        version=_text(custom.get(VERSION)),
        status=_invoice_status(record)
        if type_ == "invoice"
        else STATUS_LETTERS.get(text_of(record, "orderStatus") or ""),
        net=_net(record, lines) if type_ in fields.LINES else None,
        number=text_of(record, "tranId") or text_of(record, "entityId"),
        values=_values(record, fields.declared(*fields.RECORDS[type_]), zone) | custom,
        lines=lines,
    )


def _invoice_status(record: etree._Element) -> str | None:
    """Return the invoice's status letter.

    ``status`` is a display text in the integration user's language. Where it is not English, the approval and the
    open amount tell what they can: an invoice voided in another language has no letter.
    """
    letter = INVOICE_LETTERS.get((text_of(record, "status") or "").strip().lower())
    if letter:
        return letter
    approval = child(record, "approvalStatus")
    waiting = APPROVAL_LETTERS.get(approval.get("internalId", "") if approval is not None else "")
    total, remaining = (number(text_of(record, name)) for name in ("total", "amountRemaining"))
    if waiting or not total or remaining is None:
        return waiting
    return "B" if remaining == 0 else "A"


def _net(record: etree._Element, lines: tuple[ErpLine, ...]) -> Decimal:
    discount = number(text_of(record, "discountTotal")) or Decimal(0)
    return sum((line.amount for line in lines), start=discount)


def _line(item: etree._Element, zone: tzinfo) -> ErpLine:
    line = number(text_of(item, "line"))
    if line is None:
        raise XmlError("an item line has no line number")
    reference = child(item, "item")
    return ErpLine(
        line=int(line),
        item_id=reference.get("internalId") if reference is not None else None,
        item_name=text_of(reference, "name"),
        quantity=number(text_of(item, "quantity")),
        rate=rate(text_of(item, "rate")),
        amount=number(text_of(item, "amount")) or Decimal(0),
        key=_text(custom_values(item, zone).get(LINE_KEY)),
        description=text_of(item, "description"),
        fulfilled=number(text_of(item, "quantityFulfilled")) or Decimal(0),
        billed=number(text_of(item, "quantityBilled")) or Decimal(0),
        closed=text_of(item, "isClosed") == "true",
    )


def custom_values(owner: etree._Element, zone: tzinfo) -> dict[str, Value]:
    """Return a record's or a line's custom fields by script id; a selection as its internal id."""
    found = children(child(owner, "customFieldList"), "customField")
    return {field.get("scriptId", ""): _custom(field, zone) for field in found if field.get("scriptId")}


def _custom(field: etree._Element, zone: tzinfo) -> Value:
    kind = (field.get(XSI_TYPE) or "").rpartition(":")[2].removesuffix("CustomFieldRef")
    text = text_of(field, "value")
    match kind:
        case "Double" | "Long":
            return number(text)
        case "Boolean":
            return text == "true"
        case "Date":
            return _moment(text)
        case "Select" | "MultiSelect":
            return ",".join(value.get("internalId", "") for value in children(field, "value")) or None
    return text


def _values(record: etree._Element, known: Mapping[str, Field], zone: tzinfo) -> dict[str, Value]:
    present = ((known.get(local_name(element)), element) for element in record)
    return {
        field.name: _value(field, element, zone) for field, element in present if field and field.kind != "structure"
    }


def _value(field: Field, element: etree._Element, zone: tzinfo) -> Value:
    match field.kind:
        case "reference":
            return element.get("internalId")
        case "number" | "integer":
            return number(element.text)
        case "boolean":
            return element.text == "true"
        case "date":
            return _day_or_moment(field, element.text, zone)
    return element.text


def _day_or_moment(field: Field, text: str | None, zone: tzinfo) -> Value:
    found = _moment(text)
    if found is None or not field.writable:
        return found
    return found.astimezone(zone).date()


def _moment(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        return require_aware(datetime.fromisoformat(text))
    except ValueError as error:
        raise XmlError(f"{text!r} is not a point in time") from error


def number(text: str | None) -> Decimal | None:
    """Return a number exactly as written, or None where there is none.

    Raises:
        XmlError: the text is no number.
    """
    if not text:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation as error:
        raise XmlError(f"{text!r} is not a number") from error
    if not value.is_finite():
        raise XmlError(f"{text!r} is not a number")
    return value


def rate(text: str | None) -> Decimal | None:
    """Return a rate, or None for a percentage (``-5.0%``, a discount line), which is no price.

    Raises:
        XmlError: the text is no number.
    """
    return number(text) if text and re.fullmatch(r"[-+0-9.eE]+", text) else None


def _text(value: Value) -> str | None:
    return value if isinstance(value, str) else None
