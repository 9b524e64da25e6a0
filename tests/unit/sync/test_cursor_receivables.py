"""How far each look at NetSuite's changes reaches back: over whole minutes, and over the hour that comes twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from connectors.netsuite.queries import timestamp
from connectors.records import Position
from journal import staging
from sync.receivables import STREAM, refresh
from tests.fakes.time_and_chance import VirtualClock
from tests.fakes.world import make_settings, make_world


def looked(tmp_path, *, at, reached, overlap=timedelta(minutes=10), zone="America/Los_Angeles"):
    """Return from when on the next look asks for changes."""
    plain = make_settings(tmp_path)
    settings = replace(
        plain,
        status=replace(plain.status, overlap=overlap),
        netsuite=replace(plain.netsuite, time_zone=zone),
    )
    world = make_world(tmp_path, clock=VirtualClock(at), settings=settings)
    asked = []
    refresh(world)
    with world.journal.begin() as tx:
        staging.forget_position(tx, STREAM)
        staging.advance(tx, STREAM, Position(reached, ""), world.now())
    world.erp.changed_transactions = lambda since: asked.append(since) or []
    refresh(world)
    with world.journal.begin() as tx:
        assert staging.position(tx, STREAM).stamp == max(at, reached)
    world.journal.close()
    return asked[0]


@pytest.mark.parametrize(("overlap", "back"), [(0, 2), (1, 2), (2, 2), (10, 10)])
def test_a_look_reaches_back_by_two_minutes_at_least(tmp_path, overlap, back):
    at = datetime(2026, 11, 22, 12, 5, tzinfo=UTC)
    since = looked(tmp_path, at=at, reached=at - timedelta(minutes=5), overlap=timedelta(minutes=overlap))
    assert since == at - timedelta(minutes=5 + back)


@pytest.mark.parametrize(
    ("zone", "second", "set_back"),
    [
        # The second 01:30 of the night in which the clocks are set back.
        ("America/Los_Angeles", datetime(2026, 11, 1, 9, 30, tzinfo=UTC), timedelta(hours=1)),
        ("America/New_York", datetime(2026, 11, 1, 6, 30, tzinfo=UTC), timedelta(hours=1)),
        ("Europe/Berlin", datetime(2026, 10, 25, 1, 30, tzinfo=UTC), timedelta(hours=1)),
        ("Australia/Lord_Howe", datetime(2026, 4, 4, 15, 15, tzinfo=UTC), timedelta(minutes=30)),
        ("Asia/Kolkata", datetime(2026, 11, 1, 6, 30, tzinfo=UTC), timedelta(0)),
    ],
)
def test_in_the_hour_that_comes_twice_a_look_reaches_over_the_first_one(tmp_path, zone, second, set_back):
    """A change of the second 01:30 may be shown with the first one's stamp, which lies before the last look."""
    shown_as = second - set_back
    since = looked(tmp_path, at=second + timedelta(minutes=5), reached=second, zone=zone)
    assert since <= shown_as
    assert since == second - timedelta(minutes=10) - set_back
    (tmp_path / "tieout.db").unlink(missing_ok=True)
    a_day_later = second + timedelta(days=1)
    since = looked(tmp_path, at=a_day_later + timedelta(minutes=5), reached=a_day_later, zone=zone)
    assert since == a_day_later - timedelta(minutes=10)


@pytest.mark.parametrize(
    ("zone", "wall", "fold", "utc"),
    [
        ("America/New_York", "2026-11-01T01:30", 0, "2026-11-01 05:30:00"),
        ("America/New_York", "2026-11-01T01:30", 1, "2026-11-01 06:30:00"),
        ("America/Los_Angeles", "2026-11-01T01:30", 0, "2026-11-01 08:30:00"),
        ("America/Los_Angeles", "2026-11-01T01:30", 1, "2026-11-01 09:30:00"),
        ("America/New_York", "2026-03-08T03:30", 0, "2026-03-08 07:30:00"),
        ("Australia/Lord_Howe", "2026-04-05T01:45", 0, "2026-04-04 14:45:00"),
        ("Australia/Lord_Howe", "2026-04-05T01:45", 1, "2026-04-04 15:15:00"),
    ],
)
def test_a_moment_is_compared_in_utc_whatever_its_zone_and_half_hour(zone, wall, fold, utc):
    assert timestamp(datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo(zone), fold=fold)) == (
        f"TO_TIMESTAMP('{utc}', 'YYYY-MM-DD HH24:MI:SS')"
    )


def test_a_change_in_the_minute_of_the_last_look_is_not_passed_over(tmp_path):
    """NetSuite shows 12:00 for a change of 12:00:45, and the look before was at 12:00:30."""
    at = datetime(2026, 11, 22, 12, 0, 30, tzinfo=UTC)
    since = looked(tmp_path, at=at + timedelta(minutes=5), reached=at, overlap=timedelta(0))
    assert since <= datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
