"""Writes SOQL from checked parts: names are verified, values are rendered as literals, nothing is pasted in.

Source: Salesforce SOQL and SOSL Reference (quoted string escape sequences, date formats, comparison operators).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TypeVar

from connectors.ports import Condition
from connectors.records import Position, Value, Window, require_aware

T = TypeVar("T")

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}")
DEEPEST_PATH = 6
LONGEST_LIST = 200
"""Values per IN list: a GET address may hold about 16 kB, an encoded id takes 27 bytes."""
OPERATORS = frozenset({"=", "!=", "<", "<=", ">", ">="})
ESCAPES = {
    "\\": "\\\\",
    "'": "\\'",
    '"': '\\"',
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\b": "\\b",
    "\f": "\\f",
}


def name(text: str) -> str:
    """Return an object or field name unchanged.

    Raises:
        ValueError: it holds anything but letters, digits and underscores.
    """
    if not NAME.fullmatch(text):
        raise ValueError(f"{text!r} is not a Salesforce field or object name")
    return text


def path(text: str) -> str:
    """Return a field path (``Account.Owner.Name``) unchanged; at most five parents deep."""
    steps = text.split(".")
    if len(steps) > DEEPEST_PATH:
        raise ValueError(f"{text!r} goes through more than five parents")
    for step in steps:
        name(step)
    return text


def literal(value: Value) -> str:
    """Return a value as SOQL writes it.

    Raises:
        ValueError: a naive date-time or a number that is not finite.
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError(f"{value} is not a finite number")
        return format(value, "f")
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return value.isoformat()
    return quoted(value)


_ESCAPED = {code: f"\\u{code:04X}" for code in (*range(0x20), 0x7F)} | {ord(char): ESCAPES[char] for char in ESCAPES}


def quoted(text: str) -> str:
    """Return a text in quotes, with every character escaped that could end or change it."""
    return f"'{text.translate(_ESCAPED)}'"


def moment(value: datetime) -> str:
    """Return a moment in UTC with milliseconds, the finest that Salesforce keeps."""
    return require_aware(value).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03d}Z"


def comparison(condition: Condition) -> str:
    """Return one condition of a WHERE clause.

    Raises:
        ValueError: the name, the operator or the value does not fit.
    """
    field, value = path(condition.field), condition.value
    if condition.op == "in":
        if not isinstance(value, tuple) or not value:
            raise ValueError(f"{field} in: a tuple of at least one value is needed")
        return f"{field} IN ({','.join(literal(entry) for entry in value)})"
    if condition.op not in OPERATORS or isinstance(value, tuple):
        raise ValueError(f"{field} {condition.op}: one value and a known operator are needed")
    if value is None and condition.op not in ("=", "!="):
        raise ValueError(f"{field} {condition.op}: nothing is larger or smaller than an empty value")
    return f"{field} {condition.op} {literal(value)}"


def window_conditions(window: Window, after: Position | None) -> list[str]:
    """Return the conditions for a span of stamps, and for what follows a position in (stamp, id) order."""
    conditions = [f"SystemModstamp <= {moment(window.high)}"]
    if window.low is not None:
        conditions.append(f"SystemModstamp >= {moment(window.low)}")
    if after is not None:
        at = moment(after.stamp)
        conditions.append(f"((SystemModstamp = {at} AND Id > {quoted(after.id)}) OR SystemModstamp > {at})")
    return conditions


def select(
    columns: Sequence[str], type_: str, conditions: Sequence[str], *, order: Sequence[str] = (), group: str = ""
) -> str:
    """Return a query; ``conditions`` are joined by AND; like ``columns`` they must come from this module."""
    text = f"SELECT {','.join(columns)} FROM {name(type_)}"  # noqa: S608
    if conditions:
        text += " WHERE " + " AND ".join(conditions)
    if group:
        text += f" GROUP BY {path(group)}"
    if order:
        text += f" ORDER BY {','.join(path(field) for field in order)}"
    return text


def chunks(values: Sequence[T], size: int = LONGEST_LIST) -> Iterator[Sequence[T]]:
    """Yield the values in runs short enough for one IN list."""
    for start in range(0, len(values), size):
        yield values[start : start + size]
