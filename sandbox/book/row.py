"""One row of a file, and how values are written in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sandbox.book.edit import System


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row: of which file, under which key, with its columns in file order."""

    system: System
    type: str
    key: str
    columns: Mapping[str, str]


def salesforce_row(type_: str, **columns: str) -> Row:
    """Return a row of ``salesforce/<type>.csv``."""
    return Row(system="salesforce", type=type_, key=columns["Id"], columns=columns)


def netsuite_row(type_: str, **columns: str) -> Row:
    """Return a row of ``netsuite/<type>.csv``."""
    return Row(system="netsuite", type=type_, key=columns["id"], columns=columns)


def stamp(moment: datetime) -> str:
    """Return a moment as Salesforce writes it, in whole seconds UTC."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def number(value: Decimal) -> str:
    """Return a number in plain digits, without an exponent."""
    return f"{value:f}"
