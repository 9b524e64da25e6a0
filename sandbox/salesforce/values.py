"""Field values: from JSON or CSV into the stored form, checked as the org checks them.

Stored forms: text, ids, dates (``2026-11-01``) and date-times (``2026-11-01T10:00:00.000+0000``) are strings,
numbers Decimal in the shortest plain form with one place at least (``12.0``), of type int without any.
Date and date-time strings order as the moments that they stand for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from sandbox.ids import canonical
from sandbox.salesforce.errors import ApiError, RecordError
from sandbox.salesforce.schema import NUMBER_TYPES, Field

TENTH = Decimal("0.1")
DATE = re.compile(r"\d{4}-\d\d-\d\d")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")

Value = str | Decimal | bool | None


def stamp(moment: datetime) -> str:
    """Return a moment in wire form, cut to whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def moment_of(wire: str) -> datetime:
    """Return the moment of a wire form."""
    return datetime.fromisoformat(wire)


def number(value: Decimal, scale: int) -> Decimal:
    """Return the number rounded half up to the scale, in its stored form."""
    short = value.quantize(Decimal(1).scaleb(-scale), rounding=ROUND_HALF_UP).normalize() + 0
    exponent = short.as_tuple().exponent
    return short if isinstance(exponent, int) and exponent < 0 else short.quantize(TENTH)


def convert(field: Field, raw: object, *, picklists: bool = True) -> Value:
    """Return a JSON value in stored form; empty text becomes None.

    Args:
        field: the field to be set.
        raw: the JSON value; numbers are Decimal.
        picklists: whether restricted picklists are enforced (old data may hold retired values).

    Raises:
        RecordError: too long, out of range, not in the picklist, no such form of id.
        ApiError: a value that the JSON reader of the API cannot take at all.
    """
    if raw is None or raw == "":
        return field.default if field.type == "boolean" else None  # type: ignore[return-value]
    if isinstance(raw, dict | list):
        raise _unreadable(field, raw)
    value = _READERS.get(field.type, _text)(field, raw)
    if picklists and field.restricted and value not in field.picklist:
        raise RecordError(
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            f"{field.name}: bad value for restricted picklist field: {value}",
            [field.name],
        )
    return value


def from_text(field: Field, text: str) -> Value:
    """Return a CSV cell in stored form; the empty cell is None.

    Raises:
        ValueError: the text is no value of the field's type; the message says what is expected.
        RecordError: too long or out of range.
    """
    if text == "":
        return convert(field, None)
    if field.type == "boolean":
        return _flag_of(text)
    if field.type in NUMBER_TYPES:
        return _exact_number(field, text)
    try:
        return convert(field, text, picklists=field.name in ("StageName", "CurrencyIsoCode"))
    except ApiError as error:
        raise ValueError(error.message) from error


def _exact_number(field: Field, text: str) -> Value:
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ValueError("a plain number such as 1234.50 is expected") from None
    if not value.is_finite() or value != number(value, field.scale):
        raise ValueError(f"a number with at most {field.scale} decimal places is expected")
    return convert(field, value)


def _flag_of(text: str) -> bool:
    known = {"true": True, "false": False, "1": True, "0": False, "t": True, "f": False}
    if text.lower() not in known:
        raise ValueError("true or false is expected")
    return known[text.lower()]


def _text(field: Field, raw: object) -> Value:
    text = _plain(raw)
    if field.type != "textarea":
        text = text.strip()
    if field.length and len(text) > field.length:
        raise RecordError(
            "STRING_TOO_LONG",
            f"{field.name}: data value too large: {text} (max length={field.length})",
            [field.name],
        )
    if field.type == "email" and not EMAIL.fullmatch(text):
        raise RecordError("INVALID_EMAIL_ADDRESS", f"{field.name}: invalid email address: {text}", [field.name])
    return text or None


def _plain(raw: object) -> str:
    if isinstance(raw, bool):
        return "true" if raw else "false"
    return str(raw)


def _id(field: Field, raw: object) -> Value:
    full = canonical(str(raw))
    if full is None:
        raise RecordError("MALFORMED_ID", f"{field.name}: id value of incorrect type: {raw}", [field.name])
    return full


def _flag(field: Field, raw: object) -> Value:
    if isinstance(raw, bool):
        return raw
    if isinstance(raw, str) and raw.lower() in ("true", "false"):
        return raw.lower() == "true"
    raise _unreadable(field, raw)


def _number(field: Field, raw: object) -> Value:
    if isinstance(raw, bool):
        raise _unreadable(field, raw)
    try:
        value = Decimal(str(raw))
    except InvalidOperation:
        raise _unreadable(field, raw) from None
    if not value.is_finite():
        raise _unreadable(field, raw)
    if abs(value) >= Decimal(10) ** (field.digits - field.scale):
        raise RecordError(
            "NUMBER_OUTSIDE_VALID_RANGE", f"{field.name}: value outside of valid range on numeric field: {raw}",
            [field.name],
        )  # fmt: skip
    if field.type == "int":
        return value.quantize(Decimal(1), rounding=ROUND_HALF_UP)
    return number(value, field.scale)


def _date(field: Field, raw: object) -> Value:
    text = str(raw)
    try:
        if not DATE.match(text):
            raise ValueError(text)
        return date.fromisoformat(text[:10]).isoformat()
    except ValueError:
        raise _unreadable(field, raw) from None


def _datetime(field: Field, raw: object) -> Value:
    try:
        moment = datetime.fromisoformat(str(raw))
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
    except ValueError:
        raise _unreadable(field, raw) from None
    return stamp(moment)


def _unreadable(field: Field, raw: object) -> ApiError:
    return ApiError(
        "JSON_PARSER_ERROR",
        f"Cannot deserialize instance of {field.type} from value {raw} or request may be missing a required field"
        f" (field {field.name})",
    )


_READERS: Mapping[str, Callable[[Field, object], Value]] = {
    "id": _id,
    "reference": _id,
    "boolean": _flag,
    "currency": _number,
    "double": _number,
    "percent": _number,
    "int": _number,
    "date": _date,
    "datetime": _datetime,
}
