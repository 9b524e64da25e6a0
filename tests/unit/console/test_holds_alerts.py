"""People are told once that a hold is given up, and once that a run was stopped."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from console.alerts import digests
from console.alerts.stopped import stopped
from console.state import opened_journal
from journal import circuits, holds, lags
from journal.circuits import Trip
from sync import codes
from tests.unit.console.service_world import settings

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DEAL = "006000000000001AAA"
REFUSED = replace(codes.hold("REMOTE_REJECTED", "no department", remote_code="FLD_VALUE_REQD"), content="abc")
OWNERS = '[alerts]\noperators = ["ops@acme.example"]\n'


@pytest.fixture
def known(tmp_path):
    return settings(tmp_path, OWNERS)


@pytest.fixture
def tx(known):
    with opened_journal(known) as journal, journal.begin() as tx:
        yield tx


def refuse(tx, times):
    for _ in range(times):
        holds.open_hold(tx, "so", DEAL, "Big deal", REFUSED, NOW)


def test_a_hold_is_told_when_it_opens_and_once_more_when_its_attempts_are_used_up(tx, known):
    refuse(tx, 1)
    told = [len(digests.take(known, tx, NOW + timedelta(hours=hour))) for hour in range(3)]
    refuse(tx, known.holds.attempts)
    told += [len(digests.take(known, tx, NOW + timedelta(hours=hour))) for hour in range(4, 7)]
    assert told == [1, 0, 0, 1, 0, 0]


def test_the_message_says_that_it_is_not_sent_again_by_itself(tx, known):
    refuse(tx, known.holds.attempts)
    (alert,) = digests.take(known, tx, NOW)
    assert "refused 8 times" in alert.what


def test_a_stopped_run_is_told_as_long_as_a_record_is_held_for_it(tx, known):
    refuse(tx, 1)
    likeness = "REMOTE_REJECTED:FLD_VALUE_REQD"
    circuits.note(tx, Trip(kind="so", run_id="r1", likeness=likeness, count=20, words="no department", at=NOW))
    (alert,) = stopped(known, tx)
    assert likeness in alert.command
    assert "no department" in alert.what
    holds.resolve(tx, "so", DEAL, "written", NOW)
    assert list(stopped(known, tx)) == []


def test_open_holds_are_counted_by_class(tx):
    refuse(tx, 1)
    assert lags.holds_by_class(tx) == {"remote fault": 1}
