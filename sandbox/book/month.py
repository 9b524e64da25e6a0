"""The weeks after the first sync: when finance works, and which months it closes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

APPROVE_AFTER = timedelta(days=1, hours=1)
COLLECT_AFTER = timedelta(days=15, hours=1)
_ZONE = ZoneInfo("America/Los_Angeles")
"""The zone of NetSuite's servers, in which a document without a date gets its day."""
_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """Finance's days.

    ``approve_day`` is when orders are approved, and ``collect_day`` when payments are entered and the last month
    is closed. ``open_from`` is the first day that is still open after that. Before the orders are billed,
    ``first_closed`` (a period's name) is closed, and at the end ``last_closed``.
    """

    approve_day: date
    collect_day: date
    open_from: date
    first_closed: str
    last_closed: str
    far_day: date

    @classmethod
    def of(cls, now: datetime, live_days: int) -> Month:
        """Return the days for a book that is opened at this moment, so many days after go-live."""
        collect_day = (now + COLLECT_AFTER).astimezone(_ZONE).date()
        open_from = collect_day.replace(day=1)
        last_closed = open_from - timedelta(days=1)
        go_live = (now - timedelta(days=live_days)).date()
        first_closed = min(last_closed, go_live).replace(day=1) - timedelta(days=1)
        return cls(
            approve_day=(now + APPROVE_AFTER).astimezone(_ZONE).date(),
            collect_day=collect_day,
            open_from=open_from,
            first_closed=period_name(first_closed),
            last_closed=period_name(last_closed),
            far_day=date(now.year + 1, now.month, 1),
        )


def period_name(day: date) -> str:
    """Return the name of the day's accounting period, as NetSuite writes it: ``Nov 2026``."""
    return f"{_NAMES[day.month - 1]} {day.year}"
