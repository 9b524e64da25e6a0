"""SOQL date literals (``TODAY``, ``LAST_N_DAYS:7``) as spans of days. Days are those of UTC."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta

Span = tuple[date, date]
"""First day, and the first day after."""


def span_of(word: str, today: date) -> Span | None:
    """Return the days that a literal means, or None when there is no such literal.

    ``LAST_N_DAYS:n`` begins n days before today and includes today; ``NEXT_N_DAYS:n`` begins tomorrow
    (Salesforce: date formats and date literals in WHERE).
    """
    name, _, count = word.partition(":")
    if count:
        counted = _COUNTED.get(name)
        return None if counted is None else counted(today, int(count))
    plain = _PLAIN.get(name)
    return None if plain is None else plain(today)


def _days(start: date, count: int) -> Span:
    return start, start + timedelta(days=count)


def _month(today: date, shift: int) -> Span:
    index = today.year * 12 + today.month - 1 + shift
    return _first(index), _first(index + 1)


def _first(month_index: int) -> date:
    return date(month_index // 12, month_index % 12 + 1, 1)


def _year(today: date, shift: int) -> Span:
    return date(today.year + shift, 1, 1), date(today.year + shift + 1, 1, 1)


def _week(today: date, shift: int) -> Span:
    sunday = today - timedelta(days=(today.weekday() + 1) % 7)
    return _days(sunday + timedelta(weeks=shift), 7)


_PLAIN: Mapping[str, Callable[[date], Span]] = {
    "TODAY": lambda today: _days(today, 1),
    "YESTERDAY": lambda today: _days(today - timedelta(days=1), 1),
    "TOMORROW": lambda today: _days(today + timedelta(days=1), 1),
    "THIS_WEEK": lambda today: _week(today, 0),
    "LAST_WEEK": lambda today: _week(today, -1),
    "NEXT_WEEK": lambda today: _week(today, 1),
    "THIS_MONTH": lambda today: _month(today, 0),
    "LAST_MONTH": lambda today: _month(today, -1),
    "NEXT_MONTH": lambda today: _month(today, 1),
    "THIS_YEAR": lambda today: _year(today, 0),
    "LAST_YEAR": lambda today: _year(today, -1),
    "NEXT_YEAR": lambda today: _year(today, 1),
    "LAST_90_DAYS": lambda today: _days(today - timedelta(days=90), 91),
    "NEXT_90_DAYS": lambda today: _days(today + timedelta(days=1), 90),
}
_COUNTED: Mapping[str, Callable[[date, int], Span]] = {
    "LAST_N_DAYS": lambda today, n: _days(today - timedelta(days=n), n + 1),
    "NEXT_N_DAYS": lambda today, n: _days(today + timedelta(days=1), n),
    "N_DAYS_AGO": lambda today, n: _days(today - timedelta(days=n), 1),
}
