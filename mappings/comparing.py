"""Compares field values with each other: only values of one type are comparable."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

from connectors.records import Value


def is_empty(value: Value) -> bool:
    """Return whether there is no value: None, or text of blanks only."""
    return value is None or (isinstance(value, str) and not value.strip())


def _alike(left: Value, right: Value) -> tuple[Value, Value] | None:
    """Return both values in one comparable type, or None. A date may be written as text: '2026-11-01'."""
    if isinstance(left, str) and isinstance(right, date):
        swapped = _alike(right, left)
        return None if swapped is None else (swapped[1], swapped[0])
    if isinstance(left, date) and isinstance(right, str):
        return _dated(left, right)
    if isinstance(left, datetime) and isinstance(right, datetime):
        return left, right
    return (left, right) if type(left) is type(right) else None


def _dated(left: date, text: str) -> tuple[Value, Value] | None:
    try:
        if not isinstance(left, datetime):
            return left, date.fromisoformat(text)
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return left, moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def equal(left: Value, right: Value) -> bool:
    """Return whether both are the same value; values of different types are not."""
    if left is None or right is None:
        return left is right
    pair = _alike(left, right)
    return pair is not None and pair[0] == pair[1]


def ordered(relation: Callable[[int], bool]) -> Callable[[Value, Value], bool]:
    """Return a test by order; ``relation`` judges -1, 0 or 1. False when a value is empty or the types differ."""

    def compare(left: Value, right: Value) -> bool:
        pair = _alike(left, right)
        return pair is not None and pair[0] is not None and relation(_sign(*pair))

    return compare


def _sign(left: Value, right: Value) -> int:
    """Return -1, 0 or 1; both values have one comparable type."""
    first: object = left
    second: object = right
    if first == second:
        return 0
    return -1 if first < second else 1  # type: ignore[operator]
