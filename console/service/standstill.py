"""Why a job stands still now: a pause, a freeze, or one of the month's freeze days."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from config.settings import Settings
from connectors.errors import TieoutError
from journal import pauses
from journal.database import Tx

FRIDAY = 5


class StandsStill(TieoutError):  # noqa: N818  a refusal, not a fault
    """What was asked for is paused or frozen; the message says by whom, why, and what to do."""


def require_moving(settings: Settings, tx: Tx, jobs: Sequence[str], now: datetime, *, what: str, fix: str) -> None:
    """Refuse a run by hand of jobs that stand still.

    Raises:
        StandsStill: one of the jobs is paused, or today nothing is written.
    """
    for job in ("sync", *jobs):
        why = reason(settings, tx, job, now)
        if why is not None:
            raise StandsStill(f"{what}: {why}. {fix}")


def reason(settings: Settings, tx: Tx, job: str, now: datetime) -> str | None:
    """Return why this job must not run now, as one line for a person, or None.

    ``job`` is a job of the service, or ``sync`` for a run by hand.
    """
    paused = pauses.reason(tx, job, now)
    if paused is not None or job in pauses.READING_JOBS:
        return paused
    return freeze_day(settings, now)


def freeze_day(settings: Settings, now: datetime) -> str | None:
    """Return the words for a day of ``[service] freeze_days``, or None on any other day."""
    today = now.astimezone(ZoneInfo(settings.company.time_zone)).date()
    for number in settings.service.freeze_days:
        if today == business_day(today, number):
            return f"frozen on {today.isoformat()}: business day {number} of the month ([service] freeze_days)"
    return None


def lines(settings: Settings, tx: Tx, now: datetime) -> list[str]:
    """Return what stands still now, a line each, for ``tieout status``."""
    found = [f"{pause.name}: {pause.told()}" for pause in pauses.current(tx, now)]
    today = freeze_day(settings, now)
    return found if today is None else [*found, today]


def business_day(month: date, number: int) -> date | None:
    """Return the month's n-th day from Monday to Friday; negative numbers count from its end."""
    days = _business_days(month)
    position = number - 1 if number > 0 else number
    return days[position] if -len(days) <= position < len(days) else None


def _business_days(month: date) -> Sequence[date]:
    _, length = monthrange(month.year, month.month)
    days = (month.replace(day=number) for number in range(1, length + 1))
    return [day for day in days if day.isoweekday() <= FRIDAY]
