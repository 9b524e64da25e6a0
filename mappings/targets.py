"""What is known of NetSuite's own fields: type, length, and the usual policy when a value is missing or too long.

Lengths are NetSuite's (Oracle: SuiteTalk Schema Browser 2025.2; Records Browser). A field that is not listed
may be mapped too: its value is passed on as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mappings.model import Kind, Lookup, Missing, TooLong

SALES_ORDER = "salesOrder"
CUSTOMER = "customer"
INVOICE = "invoice"
CUSTOM_PREFIXES = ("custbody", "custentity", "custcol", "custitem")
CUSTOM_LENGTH = 300
"""Longest free text of a custom field of type Free-Form Text."""


@dataclass(frozen=True, slots=True)
class Target:
    """One target field. ``lookup`` is how a person names the record that it refers to."""

    kind: Kind
    max_length: int | None = None
    too_long: TooLong = "error"
    lookup: Lookup | None = None
    empty: Missing = "skip"
    unfound: Missing = "hold"


def _text(length: int, too_long: TooLong = "error", empty: Missing = "skip") -> Target:
    return Target("text", length, too_long, empty=empty)


def _reference(kind: str, by: str = "name", *, empty: Missing = "skip", unfound: Missing = "hold") -> Target:
    return Target("reference", lookup=Lookup(kind=kind, by=by), empty=empty, unfound=unfound)


UNKNOWN = Target("any")
DATE = Target("date")
NUMBER = Target("number")
BOOL = Target("bool")
SHARED: Mapping[str, Target] = {
    "subsidiary": _reference("subsidiary", empty="hold"),
    "currency": _reference("currency", "symbol", empty="hold"),
    "terms": _reference("term"),
    "salesRep": _reference("employee", "email", unfound="warn"),
    "email": _text(254),
}
DIMENSIONS: Mapping[str, Target] = {
    "department": _reference("department", unfound="warn"),
    "class": _reference("classification", unfound="warn"),
    "location": _reference("location", unfound="warn"),
}
BODY: Mapping[str, Mapping[str, Target]] = {
    SALES_ORDER: {
        **SHARED,
        **DIMENSIONS,
        "entity": _reference("customer", "account", empty="hold"),
        "tranDate": DATE,
        "startDate": DATE,
        "endDate": DATE,
        "shipDate": DATE,
        "otherRefNum": _text(45),
        "memo": _text(999, "truncate"),
        "exchangeRate": NUMBER,
        "shipComplete": BOOL,
        "toBeEmailed": BOOL,
    },
    INVOICE: {
        **SHARED,
        **DIMENSIONS,
        "entity": _reference("customer", "account", empty="hold"),
        "tranDate": DATE,
        "dueDate": DATE,
        "startDate": DATE,
        "endDate": DATE,
        "otherRefNum": _text(45),
        "memo": _text(999, "truncate"),
        "exchangeRate": NUMBER,
        "toBeEmailed": BOOL,
    },
    CUSTOMER: {
        **SHARED,
        "companyName": _text(83, empty="hold"),
        "entityId": _text(83),
        "parent": _reference("customer", "account"),
        "accountNumber": _text(99),
        "phone": _text(32, "skip"),
        "fax": _text(32, "skip"),
        "url": _text(100, "skip"),
        "comments": _text(4000, "truncate"),
        "vatRegNumber": _text(20),
        "creditLimit": NUMBER,
        "isPerson": BOOL,
        "isInactive": BOOL,
        "taxable": BOOL,
        "startDate": DATE,
    },
}
LINE: Mapping[str, Target] = {
    **DIMENSIONS,
    "item": _reference("item", "itemid", empty="hold"),
    "quantity": Target("number", empty="hold"),
    "amount": Target("number", empty="hold"),
    "description": _text(4000, "truncate"),
    "isTaxable": BOOL,
    "isClosed": BOOL,
}
ADDRESS: Mapping[str, Target] = {
    "street": Target("text"),
    "addr1": _text(150),
    "addr2": _text(150),
    "addr3": _text(150),
    "city": _text(50),
    "state": _text(30),
    "zip": _text(36),
    "country": _text(2),
    "attention": _text(150, "truncate"),
    "addressee": _text(83, "truncate"),
    "addrPhone": _text(32, "skip"),
    "label": _text(150, "truncate"),
}


def is_custom(name: str) -> bool:
    """Return whether a field is a custom field of the account, whose names NetSuite's schema does not list."""
    return name.startswith(CUSTOM_PREFIXES)


def find(fields: Mapping[str, Target], name: str) -> Target:
    """Return what is known of a field; custom fields are free text of a known length."""
    if is_custom(name):
        return Target("any", CUSTOM_LENGTH)
    return fields.get(name, UNKNOWN)
