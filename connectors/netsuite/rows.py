"""Columns of a SuiteQL row as Tieout's values."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from connectors.netsuite.suiteql import Row
from connectors.records import require_aware

MOST_DIGITS = 40


class RowError(ValueError):
    """A column is missing or is not what it must be."""


def text(row: Row, column: str) -> str | None:
    """Return the column's text; None where it is absent, NULL or empty."""
    value = row.get(column)
    return None if value is None or value == "" else str(value)


def needed(row: Row, column: str) -> str:
    """Return the column's text.

    Raises:
        RowError: there is none.
    """
    found = text(row, column)
    if found is None:
        raise RowError(f"a row has no {column}")
    return found


def number(row: Row, column: str) -> Decimal | None:
    """Return the column exactly as NetSuite wrote it, or None.

    Raises:
        RowError: it is no number.
    """
    found = text(row, column)
    if found is None:
        return None
    try:
        value = Decimal(found)
    except InvalidOperation as error:
        raise RowError(f"{column} {found!r} is not a number") from error
    # Python also reads digits of other scripts and underscores, which no answer of NetSuite's has.
    if not value.is_finite() or not found.isascii() or "_" in found or (value and abs(value.adjusted()) > MOST_DIGITS):
        raise RowError(f"{column} {found[:40]!r} is not a number")
    return value


def integer(row: Row, column: str) -> int:
    """Return a whole number, such as an internal id.

    Raises:
        RowError: there is none.
    """
    value = number(row, column)
    if value is None or value != value.to_integral_value():
        raise RowError(f"{column} {row.get(column)!r} is not a whole number")
    return int(value)


def stamp(row: Row, column: str) -> datetime:
    """Return a moment that the query wrote as ``2026-11-20T18:00:00Z``, aware UTC.

    Raises:
        RowError: it is not of that form.
    """
    try:
        return require_aware(datetime.fromisoformat(needed(row, column)))
    except ValueError as error:
        raise RowError(f"{column} {row.get(column)!r} is not a point in time") from error


def day(row: Row, column: str) -> date:
    """Return a day that the query wrote as ``2026-11-20``.

    Raises:
        RowError: it is not of that form.
    """
    try:
        return date.fromisoformat(needed(row, column))
    except ValueError as error:
        raise RowError(f"{column} {row.get(column)!r} is not a date") from error


def flag(row: Row, column: str) -> bool:
    """Return whether a T/F column is T."""
    return text(row, column) == "T"


def letter(row: Row, column: str) -> str:
    """Return a status as its bare letter: REST gives ``B``, SuiteScript's form is ``SalesOrd:B``.

    Raises:
        RowError: there is none.
    """
    return needed(row, column).split(":")[-1]


def turned(amount: Decimal | None) -> Decimal | None:
    """Turn NetSuite's sign of sales lines: kept negative there, positive here (and no minus zero)."""
    return Decimal(0) - amount if amount is not None else None


def sums(row: Row) -> tuple[int, tuple[Decimal, Decimal]]:
    """Return a document's internal id with its net and tax, positive for a sale.

    Raises:
        RowError: a column is not what it must be.
    """
    net, tax = (turned(number(row, column)) or Decimal(0) for column in ("net", "tax"))
    return integer(row, "transaction"), (net, tax)
