"""One payload value in the form in which it goes over SOAP: exact numbers, the right day, clean text."""

from __future__ import annotations

import re
from datetime import date, datetime, time, tzinfo
from decimal import Decimal

from connectors.netsuite.fields import Field
from connectors.records import ORDER_STATUS_NAMES, PayloadValue, Reference, require_aware

FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""Control characters and what XML 1.0 cannot carry; tab and line ends stay."""

NAMED_TYPES = frozenset(
    {
        "accountingPeriod", "billingSchedule", "classification", "contact", "currency", "customer",
        "customerCategory", "department", "discountItem", "employee", "invoice", "job", "leadSource", "location",
        "opportunity", "partner", "priceLevel", "salesOrder", "subsidiary", "term",
    }
)  # fmt: skip
"""Reference types that the schema's RecordType knows by this name; others (``item``) follow from the field."""

ORDER_STATUS_WORDS = {
    "A": "_pendingApproval",
    "B": "_pendingFulfillment",
    "C": "_cancelled",
    "D": "_partiallyFulfilled",
    "E": "_pendingBillingPartFulfilled",
    "F": "_pendingBilling",
    "G": "_fullyBilled",
    "H": "_closed",
}
"""SuiteQL's status letter to the SOAP enumeration SalesOrderOrderStatus."""

Wire = str | bool | dict[str, str]


class PayloadError(ValueError):
    """A payload cannot be written as it stands; the message names the field. Nothing was sent."""


def wire_value(field: Field, value: PayloadValue, zone: tzinfo) -> Wire:
    """Return the value as zeep takes it.

    Args:
        field: the field it is for.
        value: not None; a plain date means that day in ``zone``.
        zone: zone of the integration user, in which NetSuite takes the day out of a date-time.

    Raises:
        PayloadError: the value does not fit the field.
    """
    try:
        return _CONVERTERS[field.kind](field, value, zone)
    except ValueError as error:
        raise PayloadError(f"field {field.name}: {error}") from error


def clean(text: str) -> str:
    """Return the text without control characters."""
    return FORBIDDEN.sub("", text)


def plain(number: Decimal) -> str:
    """Return a number digit for digit, never in exponent form."""
    if not number.is_finite():
        raise ValueError(f"{number} is not a number that can be written")
    return f"{number:f}"


def moment(value: date | datetime, zone: tzinfo) -> str:
    """Return the date-time that NetSuite reads as this day or moment.

    NetSuite keeps the day that a date-time has in the integration user's zone, so a date goes out as noon of
    that zone: midnight in UTC would land on the day before (Oracle: dateTime fields).
    """
    if isinstance(value, datetime):
        return require_aware(value).astimezone(zone).isoformat()
    return datetime.combine(value, time(12), tzinfo=zone).isoformat()


def _reference(field: Field, value: PayloadValue, zone: tzinfo) -> Wire:
    if isinstance(value, str) and value.isdecimal():
        value = Reference(type="", id=value)
    if not isinstance(value, Reference):
        raise ValueError(f"{value!r} is not a reference to a NetSuite record")
    return reference(value)


def reference(value: Reference) -> dict[str, str]:
    """Return the attributes of a reference: by internal id where it is known, else by external id.

    Raises:
        ValueError: the reference is still a name that nobody resolved.
    """
    kind = {"type": value.type} if value.type in NAMED_TYPES else {}
    if value.id:
        return {"internalId": value.id, **kind}
    if value.external_id:
        return {"externalId": value.external_id, **kind}
    raise ValueError(f"{value.type} {value.name!r} has no NetSuite id yet")


def _date(field: Field, value: PayloadValue, zone: tzinfo) -> Wire:
    if not isinstance(value, date):
        raise ValueError(f"{value!r} is not a date")
    return moment(value, zone)


def _number(field: Field, value: PayloadValue, zone: tzinfo) -> Wire:
    if not isinstance(value, Decimal):
        raise ValueError(f"{value!r} is not a number")
    return plain(value)


def _integer(field: Field, value: PayloadValue, zone: tzinfo) -> Wire:
    if not isinstance(value, Decimal) or value != value.to_integral_value():
        raise ValueError(f"{value!r} is not a whole number")
    return plain(value.to_integral_value())


def _boolean(field: Field, value: PayloadValue, zone: tzinfo) -> Wire:
    if not isinstance(value, bool):
        raise ValueError(f"{value!r} is not true or false")
    return value


def _text(field: Field, value: PayloadValue, zone: tzinfo) -> Wire:
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not text")
    return clean(value)


def _choice(field: Field, value: PayloadValue, zone: tzinfo) -> Wire:
    if isinstance(value, str):
        letters = {name.lower(): letter for letter, name in ORDER_STATUS_NAMES.items()}
        word = ORDER_STATUS_WORDS.get(letters.get(value.lower(), value), value)
        if word in field.choices:
            return word
    raise ValueError(f"{value!r} is not one of {', '.join(field.choices)}")


_CONVERTERS = {
    "reference": _reference,
    "date": _date,
    "number": _number,
    "integer": _integer,
    "boolean": _boolean,
    "text": _text,
    "choice": _choice,
}
