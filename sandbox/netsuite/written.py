"""Values as people write them in a book's files and in recorded edits, turned into kept values."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any

from sandbox.netsuite import fields, fields_sales
from sandbox.netsuite.countries import enum_of
from sandbox.netsuite.custom_fields import custom_field
from sandbox.netsuite.fields import ADDRESS, Field
from sandbox.netsuite.finder import Finder
from sandbox.netsuite.money import LARGEST_INPUT
from sandbox.netsuite.order_status import LETTERS
from sandbox.netsuite.record_types import CUSTOMER, EMPLOYEE, ITEM_TYPES, RECORD_TYPES, SALES_ORDER
from sandbox.netsuite.sublists import item_list
from sandbox.netsuite.tax import REGIMES, parse_rates
from sandbox.netsuite.zone import parse_account_day, stamp

SIMPLE_KINDS = ("text", "code", "flag", "number", "rate", "whole", "day", "moment", "ref", "status")
COMPUTED = (
    *("subTotal", "discountTotal", "taxTotal", "total", "status", "currencyName", "altName", "defaultAddress"),
    *("amountPaid", "amountRemaining", "balance", "applied", "unapplied"),
)
ALIASES = {"employee": "salesRep", "status": "orderStatus", "internalid": "id"}
"""SuiteQL's and SOAP's other names of fields."""

APPLY = "doc:ref[{target}] line:whole apply:flag amount:number disc:number"
ITEMISED = ("invoice", "creditMemo", "itemFulfillment")
APPLYING: Mapping[str, str] = {
    "customerPayment": "invoice",
    "depositApplication": "invoice",
    "customerRefund": "usable",
}
"""Types whose lines, in a recorded edit, say what is applied, and what kind of document each applies to."""

OWN = fields.fields("id:text externalId:text")
SPECS: Mapping[str, Mapping[str, Field]] = {
    "customer": CUSTOMER.fields,
    "salesOrder": SALES_ORDER.fields,
    "salesOrder.lines": fields.SALES_ORDER_ITEM,
    "employee": EMPLOYEE.fields,
    "item": {**fields.ITEM, **fields.fields("itemType:item basePrice:number isFulfillable:flag")},
    "subsidiary": {**fields.SUBSIDIARY, **fields.fields("taxRegime:regime taxRate:rates")},
    "currency": fields.CURRENCY,
    "term": fields.TERM,
    "department": fields.SEGMENT,
    "classification": fields.SEGMENT,
    "location": fields.SEGMENT,
    "billingSchedule": fields_sales.BILLING_SCHEDULE,
    "accountingPeriod": fields_sales.ACCOUNTING_PERIOD,
    **{type_: RECORD_TYPES[type_].fields for type_ in ITEMISED},
    **{f"{type_}.lines": item_list(RECORD_TYPES[type_].fields).fields for type_ in ITEMISED},
    "customerPayment": {**RECORD_TYPES["customerPayment"].fields, "status": fields.fields("status:letter")["status"]},
    **{type_: RECORD_TYPES[type_].fields for type_ in ("customerDeposit", "depositApplication", "customerRefund")},
    **{f"{type_}.lines": fields.fields(APPLY.format(target=target)) for type_, target in APPLYING.items()},
}
"""Fields that may be written, by stored type (and for a sales order's lines)."""

ADDRESS_COLUMNS = {name.lower(): field for name, field in ADDRESS.items() if not field.read_only}
"""A customer's row may give one address in these columns; it becomes the default one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A field as written: its place in the record (``body`` or ``address``) and its description."""

    place: str
    field: Field


@cache
def column_of(type_: str, written: str) -> Column | None:
    """Return the field that a column or key of that type means, without regard to case, or None."""
    name = written.strip().lower()
    if type_ == "salesOrder":
        name = ALIASES.get(name, name).lower()
    for spec in (OWN, SPECS[type_]):
        for field in spec.values():
            known = name in (field.name.lower(), field.stored.lower())
            if known and (field.name not in COMPUTED or field.kind == "letter") and _simple(field):
                return Column(place="body", field=replace(_retarget(type_, field), name=field.stored))
    custom = custom_field("line" if type_.endswith(".lines") else type_, name)
    if custom is not None and custom.kind != "selects":
        kind = "ref" if custom.kind == "select" else custom.kind
        return Column(place="body", field=Field(name=name, kind=kind, target=custom.target))
    if type_ == "customer" and name in ADDRESS_COLUMNS:
        return Column(place="address", field=ADDRESS_COLUMNS[name])
    return None


def columns_of(type_: str) -> list[str]:
    """Return the names that may be written, for messages."""
    return [field.name for field in (*OWN.values(), *SPECS[type_].values()) if _simple(field)]


def value_of(field: Field, written: str, finder: Finder) -> Any:  # noqa: ANN401  by the field's kind
    """Return the kept value of a written one; None when it is empty.

    Raises:
        ValueError: the text is no value of the field's kind.
        LookupError: a reference leads nowhere.
    """
    text = written.strip()
    if not text:
        return None
    if field.kind == "ref":
        return finder.find(field.target, text)
    if field.limit is not None and len(text) > field.limit:
        raise ValueError(f"it has {len(text)} characters; the field holds {field.limit}.")
    return _READERS[field.kind](text)


def _simple(field: Field) -> bool:
    return field.kind in (*SIMPLE_KINDS, "item", "regime", "rates", "letter")


def _retarget(type_: str, field: Field) -> Field:
    """Return the field with the parent list of the record's own type."""
    if field.target != "segment":
        return field
    return replace(field, target=type_)


def _number(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or abs(value) >= LARGEST_INPUT:
        raise ValueError("it is not a number below a trillion; write it like 1234.50.")
    return value


def _whole(text: str) -> Decimal:
    if not re.fullmatch(r"-?[0-9]{1,15}", text):
        raise ValueError("it is not a whole number.")
    return Decimal(text)


def _flag(text: str) -> bool:
    if text.lower() not in ("t", "f", "true", "false", "1", "0", "yes", "no"):
        raise ValueError("it is neither T nor F.")
    return text.lower() in ("t", "true", "1", "yes")


def _day(text: str) -> str:
    try:
        return parse_account_day(text[:10]).isoformat()
    except ValueError as error:
        raise ValueError("it is not a date; write it like 2026-11-20.") from error


def _moment(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError("it is not a time stamp; write it like 2026-11-20T10:00:00Z.") from error
    if moment.tzinfo is None:
        raise ValueError("it has no zone; write it like 2026-11-20T10:00:00Z.")
    return stamp(moment)


def _status(text: str) -> str:
    if text.lower() not in LETTERS:
        raise ValueError("it is not an order status; write its letter (A to H), or a text such as Pending Fulfillment.")
    return LETTERS[text.lower()]


def _code(text: str) -> str:
    return enum_of(text) or text


def _item_type(text: str) -> str:
    kinds = {kind.lower(): kind for kind in ITEM_TYPES}
    if text.lower() not in kinds:
        raise ValueError(f"it is not an item type; possible are {', '.join(ITEM_TYPES)}.")
    return kinds[text.lower()]


def _letter(text: str) -> str:
    if not re.fullmatch(r"[A-Z]", text):
        raise ValueError("it is not a status letter.")
    return text


def _regime(text: str) -> str:
    if text not in REGIMES:
        raise ValueError(f"it is not a tax regime; possible are {', '.join(REGIMES)}.")
    return text


def _rates(text: str) -> str:
    parse_rates(text)
    return text


_READERS: Mapping[str, Callable[[str], Any]] = {
    "text": str,
    "code": _code,
    "flag": _flag,
    "number": _number,
    "rate": _number,
    "whole": _whole,
    "day": _day,
    "moment": _moment,
    "status": _status,
    "item": _item_type,
    "regime": _regime,
    "rates": _rates,
    "letter": _letter,
}
