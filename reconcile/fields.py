"""Typed access to the fields of a CRM record."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar

from connectors.errors import ProtocolError
from connectors.records import Record

T = TypeVar("T")


def text(record: Record, name: str) -> str | None:
    """Return a text field, None when it is empty.

    Raises:
        ProtocolError: the CRM answered with a value of another type.
    """
    value = _typed(record, name, str)
    return value.strip() or None if value is not None else None


def number(record: Record, name: str) -> Decimal | None:
    """Return a number field; None is not zero.

    Raises:
        ProtocolError: the CRM answered with a value of another type.
    """
    return _typed(record, name, Decimal)


def flag(record: Record, name: str) -> bool:
    """Return a checkbox field.

    Raises:
        ProtocolError: the CRM answered with a value of another type.
    """
    return _typed(record, name, bool) or False


def moment(record: Record, name: str) -> datetime | None:
    """Return a date-time field, aware UTC.

    Raises:
        ProtocolError: the CRM answered with a value of another type.
    """
    return _typed(record, name, datetime)


def day(record: Record, name: str) -> date | None:
    """Return a date field.

    Raises:
        ProtocolError: the CRM answered with a value of another type.
    """
    value = _typed(record, name, date)
    return None if isinstance(value, datetime) else value


def _typed(record: Record, name: str, kind: type[T]) -> T | None:
    value = record.fields.get(name)
    if value is None or isinstance(value, kind):
        return value
    raise ProtocolError(
        connection=record.ref.connection,
        what=f"reading {name} of {record.ref.type} {record.ref.id}",
        why=f"got {value!r} where a {kind.__name__} was expected.",
        fix="Check the field's type in the object's set-up.",
    )
