"""Value tables: an admin's list that turns a CRM value into the NetSuite name for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from connectors.records import Value

LONGEST = 60
"""Digits that are ever written out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueTable:
    """A ``[tables.NAME]`` of the mapping file. ``where`` is ``file:line`` of the table's head."""

    name: str
    entries: Mapping[str, Value]
    where: str

    def find(self, value: Value) -> Value | None:
        """Return the entry for a value, or None when the table does not list it.

        Compared by text without surrounding blanks; letter case counts, as in a picklist.
        """
        return self.entries.get(key_text(value))


def key_text(value: Value) -> str:
    """Return the text under which a value is listed: ``30 days``, ``12.5``, ``true``, ``2026-11-01``."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return plain_number(value)
    if isinstance(value, date):
        return value.isoformat()
    return (value or "").strip()


def plain_number(number: Decimal) -> str:
    """Return a number without exponent and without trailing zeros: ``1500``, ``0.25``."""
    if number == 0:
        return "0"
    if not number.is_finite() or abs(number.adjusted()) > LONGEST:
        return str(number)
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
