"""The moments at which a schedule's slots lie, as aware UTC."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo

from config.settings import Schedule

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
REACH = 9
"""Days to look at on either side: a weekday comes back within seven, a day without its time adds one."""


def latest(schedule: Schedule, zone: tzinfo, now: datetime) -> datetime:
    """Return the last slot up to and including ``now``."""
    if schedule.every is not None:
        return EPOCH + (now - EPOCH) // schedule.every * schedule.every
    return max(slot for slot in _around(schedule, zone, now) if slot <= now)


def following(schedule: Schedule, zone: tzinfo, now: datetime) -> datetime:
    """Return the first slot after ``now``."""
    if schedule.every is not None:
        return latest(schedule, zone, now) + schedule.every
    return min(slot for slot in _around(schedule, zone, now) if slot > now)


def _around(schedule: Schedule, zone: tzinfo, now: datetime) -> Iterator[datetime]:
    today = now.astimezone(zone).date()
    for offset in range(-REACH, REACH + 1):
        day = today + offset * DAY
        if day.isoweekday() in schedule.days:
            yield _moment(schedule, zone, day)


def _moment(schedule: Schedule, zone: tzinfo, day: date) -> datetime:
    """Return a day's slot: a time that comes twice counts once, one that does not exist is the next valid instant."""
    if schedule.at is None:
        raise ValueError(f"the schedule {schedule.text!r} has neither a span nor a time")
    # A doubled time means its first coming: fold is 0.
    local = datetime.combine(day, schedule.at, tzinfo=zone)
    moment = local.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
        return moment
    return _end_of_gap(local, moment)


def _end_of_gap(local: datetime, late: datetime) -> datetime:
    """Return when the clocks were put forward over a local time, to the second.

    PEP 495: with fold 0 a time in a gap takes the offset before it and so lies behind the gap's end, with fold 1
    the one after it and so lies before.
    """
    zone = local.tzinfo
    early = local.replace(fold=1).astimezone(UTC)
    offset = early.astimezone(zone).utcoffset()
    before, behind = 0, int((late - early).total_seconds())
    while behind - before > 1:
        middle = (before + behind) // 2
        if (early + timedelta(seconds=middle)).astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            behind = middle
    return early + timedelta(seconds=behind)
