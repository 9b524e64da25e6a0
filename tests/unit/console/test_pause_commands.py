"""Pausing, resuming and freezing by hand, and what a single run says about it."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from rich.console import Console

from config.errors import ConfigError
from connectors.errors import UnreachableError
from console.commands import pause as commands
from console.output import Output
from console.service import standstill
from console.service.assembly import Wiring
from console.service.once import run_once
from journal import pauses
from journal.leases import LeaseTaken, held
from tests.fakes.time_and_chance import VirtualClock
from tests.unit.console.service_world import MONDAY, Service, settings


@pytest.fixture
def clock():
    return VirtualClock(MONDAY)


@pytest.fixture
def service(tmp_path, clock):
    opened = Service(tmp_path, clock)
    yield opened
    opened.journal.close()


@pytest.fixture
def output(capsys):
    return Output(console=Console(width=200, highlight=False))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("4h", "2026-11-23T09:02:00"),
        ("2026-12-03", "2026-12-03T05:00:00"),
        ("2026-12-03T18:00", "2026-12-03T23:00:00"),
        ("2026-12-03 18:00", "2026-12-03T23:00:00"),
        ("2026-12-03T18:00Z", "2026-12-03T18:00:00"),
    ],
)
def test_the_end_of_a_pause_is_read_in_the_companys_zone(tmp_path, text, expected):
    assert commands.moment(text, settings(tmp_path), MONDAY) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize(("text", "why"), [("soon", "is no moment"), ("2026-11-01", "in the past"), ("0m", "past")])
def test_an_end_that_is_none_is_refused(tmp_path, text, why):
    with pytest.raises(ConfigError, match=why):
        commands.moment(text, settings(tmp_path), MONDAY)


def test_a_pause_needs_a_job_and_a_reason(tmp_path, output):
    path = settings(tmp_path).path
    with pytest.raises(ConfigError, match="there is no job 'ordres'"):
        commands.pause(path, output, "ordres", until=None, reason="x", follow=None)
    with pytest.raises(ConfigError, match="a reason is expected"):
        commands.pause(path, output, "orders", until=None, reason=" ", follow=None)


def test_pause_freeze_and_resume_come_and_go(service, output, capsys):
    path = service.settings.path
    commands.pause(path, output, "orders", until=None, reason="price change", follow=None)
    commands.freeze(path, output, until="4h", reason="month end", follow=None)
    now = datetime.now(UTC)
    with service.journal.begin() as tx:
        assert "price change" in pauses.reason(tx, "orders", now)
        assert "month end" in pauses.reason(tx, "sync", now)
        assert pauses.reason(tx, "reconcile", now) is None
    assert "orders: paused until it is resumed by" in capsys.readouterr().out
    commands.resume(path, output, "orders", follow=None)
    assert "still standing: freeze: frozen until" in capsys.readouterr().out
    commands.resume(path, Output(as_json=True, console=Console()), "all", follow=None)
    assert json.loads(capsys.readouterr().out)["resumed"] == ["freeze"]
    with service.journal.begin() as tx:
        assert pauses.current(tx, now) == []


@pytest.mark.parametrize(
    ("day", "number", "expected"),
    [
        ("2026-11-10", -1, "2026-11-30"),
        ("2026-11-10", 1, "2026-11-02"),
        ("2026-05-10", -1, "2026-05-29"),
        ("2026-08-10", 1, "2026-08-03"),
        ("2026-11-10", 3, "2026-11-04"),
    ],
)
def test_business_days_leave_the_weekend_out(day, number, expected):
    found = standstill.business_day(datetime.fromisoformat(day).date(), number)
    assert found.isoformat() == expected


def once(service, job="orders"):
    wiring = Wiring(jobs=service.jobs.mapping())
    return run_once(service.settings, service.journal, wiring, job, clock=service.clock, owner="me")


def test_a_single_run_is_noted_and_the_service_does_not_repeat_it(service):
    assert once(service).run_id == "run-1"
    assert service.outcomes("orders") == [("05:02", "done")]
    service.turn()
    assert service.outcomes("orders") == [("05:02", "done")]


def test_a_single_run_that_fails_says_so_and_is_noted(service):
    service.jobs.fails["orders"] = UnreachableError(connection="netsuite", what="w", why="y", fix="f")
    with pytest.raises(UnreachableError):
        once(service)
    assert service.outcomes("orders") == [("05:02", "failed")]


def test_a_single_run_respects_pauses_and_leases(service, clock):
    with held(service.journal, service.settings.state, "sync", "tieout sync", clock):
        with pytest.raises(LeaseTaken):
            once(service)
        assert once(service, "reconcile").outcome == "done"
    with service.journal.begin() as tx:
        pauses.put(tx, "all", "holiday", "ann", clock.now())
    assert "holiday" in once(service)
    with pytest.raises(ConfigError, match="there is no job"):
        once(service, "customers")
