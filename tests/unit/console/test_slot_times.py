"""A schedule's slots: multiples of a span in UTC, or a local time that survives every change of the clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from config import schedules
from console.service.slot_times import following, latest

BERLIN, NEW_YORK, LORD_HOWE = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def slots(text: str, zone: ZoneInfo, start: str, count: int) -> list[str]:
    """Return the next slots after a moment, in UTC."""
    schedule = schedules.at(text)
    now = utc(start)
    found = []
    for _ in range(count):
        now = following(schedule, zone, now)
        found.append(now.strftime("%m-%d %H:%M:%S"))
    return found


@pytest.mark.parametrize(
    ("span", "now", "last", "then"),
    [
        ("5m", "2026-11-22T12:03:59", "2026-11-22T12:00:00", "2026-11-22T12:05:00"),
        ("5m", "2026-11-22T12:05:00", "2026-11-22T12:05:00", "2026-11-22T12:10:00"),
        ("15m", "2026-11-22T00:00:01", "2026-11-22T00:00:00", "2026-11-22T00:15:00"),
        ("7h", "2026-11-22T13:00:00", "2026-11-22T12:00:00", "2026-11-22T19:00:00"),
        ("1d", "2026-11-22T12:00:00", "2026-11-22T00:00:00", "2026-11-23T00:00:00"),
    ],
)
def test_the_slots_of_a_span_are_its_multiples_since_the_epoch(span: str, now: str, last: str, then: str) -> None:
    schedule = schedules.every(span)
    assert latest(schedule, NEW_YORK, utc(now)) == utc(last)
    assert following(schedule, NEW_YORK, utc(now)) == utc(then)


@pytest.mark.parametrize(
    ("text", "zone", "start", "expected"),
    [
        # Ordinary days: 06:30 in New York is 11:30 UTC in winter; weekdays leave the weekend out.
        ("weekdays 06:30", NEW_YORK, "2026-11-19T12:00:00", ["11-20 11:30:00", "11-23 11:30:00", "11-24 11:30:00"]),
        ("mon,thu 06:30", NEW_YORK, "2026-11-22T12:00:00", ["11-23 11:30:00", "11-26 11:30:00", "11-30 11:30:00"]),
        ("sunday 03:00", BERLIN, "2026-11-22T02:00:00", ["11-29 02:00:00", "12-06 02:00:00"]),
        # New York, 8 March 2026: 02:30 does not exist, the next valid instant is 03:00 EDT = 07:00 UTC.
        ("02:30", NEW_YORK, "2026-03-07T08:00:00", ["03-08 07:00:00", "03-09 06:30:00"]),
        # New York, 1 November 2026: 01:30 comes twice, the first one (EDT) counts.
        ("01:30", NEW_YORK, "2026-10-31T06:00:00", ["11-01 05:30:00", "11-02 06:30:00"]),
        # Berlin, 29 March 2026 and 25 October 2026.
        ("02:30", BERLIN, "2026-03-28T02:00:00", ["03-29 01:00:00", "03-30 00:30:00"]),
        ("02:30", BERLIN, "2026-10-24T01:00:00", ["10-25 00:30:00", "10-26 01:30:00"]),
        # Lord Howe moves by half an hour: 4 October 2026 02:00 becomes 02:30; 5 April 2026 01:45 comes twice.
        ("02:15", LORD_HOWE, "2026-10-02T16:00:00", ["10-03 15:30:00", "10-04 15:15:00"]),
        ("02:30", LORD_HOWE, "2026-10-02T16:30:00", ["10-03 15:30:00", "10-04 15:30:00"]),
        ("01:45", LORD_HOWE, "2026-04-03T15:00:00", ["04-04 14:45:00", "04-05 15:15:00"]),
    ],
)
def test_a_local_time_comes_once_a_day_in_every_zone(
    text: str, zone: ZoneInfo, start: str, expected: list[str]
) -> None:
    assert slots(text, zone, start, len(expected)) == expected


@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK, LORD_HOWE])
@pytest.mark.parametrize("text", ["02:30", "01:45", "00:00", "weekdays 06:30", "sunday 03:00"])
def test_over_two_years_no_slot_is_lost_or_doubled(zone: ZoneInfo, text: str) -> None:
    """The last slot and the next one always enclose the present, whatever the clocks do."""
    schedule = schedules.at(text)
    now, end = utc("2025-12-31T00:00:00"), utc("2027-12-31T00:00:00")
    days = []
    while now < end:
        then = following(schedule, zone, now)
        assert latest(schedule, zone, then) == then
        assert latest(schedule, zone, then - timedelta(microseconds=1)) <= now
        days.append(then.astimezone(zone).date())
        now = then
    wanted = {days[0] + timedelta(days=n) for n in range((days[-1] - days[0]).days + 1)}
    assert days == sorted(day for day in wanted if day.isoweekday() in schedule.days)
