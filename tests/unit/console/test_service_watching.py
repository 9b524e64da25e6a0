"""What the service tells those who watch it: health, figures, clock, log."""

from __future__ import annotations

import json
import logging
import urllib.error
import urllib.request
from datetime import datetime, timedelta

import pytest
import structlog
from prometheus_client.parser import text_string_to_metric_families

from config import logging as log_setup
from config.errors import ConfigError
from connectors.errors import UnreachableError
from connectors.records import Position
from console.service import overview, sandbox_clock
from console.service.health import Health
from console.service.http import serving
from console.service.metrics import Metrics
from console.service.outcome import JobOutcome, Worked
from console.service.roster import roster
from console.service.ticker import Ticker
from journal import pauses, staging, subjects
from sandbox.errors import SandboxError
from tests.fakes.time_and_chance import VirtualClock
from tests.unit.console.service_world import MONDAY, Service

OUTAGE = UnreachableError(connection="netsuite", what="reading", why="no answer.", fix="Check the network.")


@pytest.fixture
def clock():
    return VirtualClock(MONDAY)


@pytest.fixture
def service(tmp_path, clock):
    opened = Service(tmp_path, clock)
    yield opened
    opened.journal.close()


@pytest.fixture
def health(service, clock):
    return Health(
        settings=service.settings,
        journal=service.journal,
        lanes=service.lanes,
        ticker=Ticker(tick=lambda: None, clock=clock),
        clock=clock,
        started_at=clock.now(),
    )


@pytest.fixture
def metrics(service, clock):
    return Metrics(service.settings, service.journal, roster(service.settings, service.jobs.mapping()), clock)


def samples(metrics):
    page = metrics.page().decode()
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


def test_a_service_that_works_is_healthy(service, health):
    service.turn()
    report = health.report()
    assert (report["ok"], report["database"]) == (True, "ok")
    assert report["jobs"]["orders"]["last_outcome"] == "done"
    assert report["jobs"]["orders"]["next_slot"] == "2026-11-23T05:05:00Z"
    assert report["jobs"]["reconcile"]["late"] is False
    assert report["leases"]["sync"] == {"held": False}


def test_a_job_without_success_for_too_long_is_late(service, health):
    service.turn()
    service.jobs.fails["status"] = OUTAGE
    service.live(step=15, hours=2)
    assert health.report()["ok"] is True
    service.live(step=15, minutes=30)
    report = health.report()
    assert report["ok"] is False
    assert [name for name, job in report["jobs"].items() if job["late"]] == ["status"]
    service.jobs.fails.clear()
    service.live(step=15, minutes=15)
    assert health.report()["ok"] is True


def test_a_paused_job_is_not_late(service, health, clock):
    service.turn()
    with service.journal.begin() as tx:
        pauses.put(tx, "all", "holiday", "ann", clock.now())
    service.live(step=30, hours=9)
    report = health.report()
    assert report["ok"] is True
    assert "holiday" in report["jobs"]["orders"]["standstill"]


def test_a_service_that_never_runs_its_jobs_is_noticed(health, clock):
    clock.step(hours=3)
    assert health.report()["ok"] is False


def test_caught_up_says_when_nothing_is_left_to_do(service, health, clock):
    assert health.report()["caught_up"] is False
    service.turn()
    health.ticker.turn()
    assert health.report()["caught_up"] is True
    clock.step(minutes=5)
    assert health.report()["caught_up"] is False


def test_the_pages_are_served_and_say_503_when_something_is_late():
    report = {"ok": False}
    with serving("127.0.0.1", 0, lambda: report, lambda: b"x 1\n") as server:
        address = f"http://127.0.0.1:{server.port}"
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{address}/healthz")
        assert (refused.value.code, json.loads(refused.value.read())) == (503, {"ok": False})
        refused.value.close()
        report["ok"] = True
        with urllib.request.urlopen(f"{address}/healthz") as answer:
            assert answer.status == 200
        with urllib.request.urlopen(f"{address}/metrics") as answer:
            assert answer.read() == b"x 1\n"
        with pytest.raises(urllib.error.HTTPError) as unknown:
            urllib.request.urlopen(f"{address}/")
        assert unknown.value.code == 404
        unknown.value.close()
        with (
            pytest.raises(ConfigError, match="cannot be listened on"),
            serving("127.0.0.1", server.port, lambda: report, bytes),
        ):
            raise AssertionError("two servers on one port")


def test_the_figures_parse_and_name_no_record(service, metrics, clock):
    outcome = JobOutcome(counts={"orders.created": 3, "orders.Big Deal 42": 1}, api_used=120, api_limit=15000)
    metrics.note(Worked(job="orders", slot_at=MONDAY, ending="done", outcome=outcome, seconds=1.5))
    metrics.note(Worked(job="orders", slot_at=MONDAY, ending="failed", error=OUTAGE, seconds=0.5))
    with service.journal.begin() as tx:
        subjects.mark(tx, "so", "006A", label="Big Deal", state="waiting", at=clock.now(), eligible_at=clock.now())
        pauses.put(tx, "freeze", "month end for Big Deal", "ann", clock.now())
    clock.step(minutes=10)
    found = samples(metrics)
    assert found["tieout_job_runs_total", (("job", "orders"), ("outcome", "done"))] == 1
    assert found["tieout_job_runs_total", (("job", "orders"), ("outcome", "failed"))] == 1
    assert found["tieout_job_runs_total", (("job", "reconcile"), ("outcome", "failed"))] == 0
    assert found["tieout_records_total", (("kind", "orders"), ("outcome", "created"))] == 3
    assert found["tieout_records_total", (("kind", "orders"), ("outcome", "other"))] == 1
    assert found["tieout_job_duration_seconds_count", (("job", "orders"),)] == 2
    assert found["tieout_waiting_lag_seconds", (("kind", "so"),)] == 600
    assert found["tieout_salesforce_api_calls_used", ()] == 120
    assert found["tieout_salesforce_api_calls_limit", ()] == 15000
    assert found["tieout_paused", (("name", "freeze"),)] == 1
    assert found["tieout_database_up", ()] == 1
    assert (
        found["tieout_job_next_slot_timestamp_seconds", (("job", "orders"),)]
        == datetime.fromisoformat("2026-11-23T05:15:00+00:00").timestamp()
    )
    assert "Big" not in metrics.page().decode()


def test_a_record_that_is_not_due_yet_has_no_lag(service, metrics, clock):
    with service.journal.begin() as tx:
        due = clock.now() + timedelta(hours=1)
        subjects.mark(tx, "so", "006A", label="Big Deal", state="waiting", at=clock.now(), eligible_at=due)
    assert samples(metrics)["tieout_waiting_lag_seconds", (("kind", "so"),)] == 0


def test_every_stream_that_is_read_has_its_own_age(service, metrics, clock):
    with service.journal.begin() as tx:
        for stream in ("Opportunity", "netsuite:receivables"):
            staging.advance(tx, stream, Position(clock.now(), ""), clock.now())
    clock.step(minutes=1)
    found = samples(metrics)
    for stream in ("Opportunity", "netsuite:receivables"):
        assert found["tieout_cursor_age_seconds", (("stream", stream),)] == 60


def test_open_exceptions_are_a_level_and_no_sum(metrics):
    for count in (5, 2):
        outcome = JobOutcome(counts={"exceptions.open": count})
        metrics.note(Worked(job="reconcile", slot_at=MONDAY, ending="done", outcome=outcome))
    assert samples(metrics)["tieout_exceptions", (("state", "open"),)] == 2


def test_the_last_success_survives_a_restart(service, metrics, clock):
    service.turn()
    key = ("tieout_job_last_success_timestamp_seconds", (("job", "orders"),))
    assert samples(metrics)[key] == MONDAY.timestamp()
    clock.step(hours=1)
    again = Metrics(service.settings, service.journal, roster(service.settings, service.jobs.mapping()), clock)
    assert samples(again)[key] == MONDAY.timestamp()


def test_status_lines_name_jobs_pauses_and_freeze_days(service, clock):
    service.turn()
    with service.journal.begin() as tx:
        pauses.put(tx, "status", "upgrade", "ann", clock.now(), until=clock.now() + timedelta(hours=4))
        told = "\n".join(overview.lines(service.settings, tx, clock.now()))
        assert overview.content(service.settings, tx, clock.now())["jobs"]["orders"]["schedule"] == "5m"
    assert "orders (5m): 2026-11-23 05:00 UTC done" in told
    assert "status: paused until 2026-11-23 09:02 UTC by ann" in told


def test_the_sandboxs_clock_is_followed_and_stands_still_while_it_is_silent(monkeypatch, tmp_path):
    answers = iter(["2026-11-22T12:00:00Z", SandboxError("gone"), "2026-11-29T12:00:00Z", "2026-11-22T12:00:00Z"])

    def get(_directory, _what):
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return {"now": answer}

    monkeypatch.setattr(sandbox_clock.control_client, "get", get)
    real = VirtualClock()
    clock = sandbox_clock.FollowedClock(tmp_path, real)
    seen = []
    for _ in range(4):
        seen.append(clock.now().day)
        real.step(seconds=1)
    assert seen == [22, 22, 29, 29]


def test_a_sandbox_that_is_not_there_is_said_in_plain_words(tmp_path):
    with pytest.raises(ConfigError, match="holds no sandbox"):
        sandbox_clock.FollowedClock(tmp_path, VirtualClock())


def test_the_log_is_json_and_libraries_speak_in_it_too(capsys):
    before = structlog.get_config()
    try:
        log_setup.set_up_service("json")
        structlog.get_logger("x").info("job_ended", run="r1", note="line one\nline two \x1b[31m")
        logging.getLogger("some.library").warning("pool is full")
        lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
        assert lines[0]["note"] == "line one\nline two \x1b[31m"
        assert (lines[1]["library"], lines[1]["text"]) == ("some.library", "pool is full")
        log_setup.set_up_service("console")
        structlog.get_logger("x").info("job_ended", note="forged\n2026 line \x1b[31m\u202e")
        told = capsys.readouterr().err
        assert told.count("\n") == 1
        assert "\x1b" not in told
        assert "\u202e" not in told
    finally:
        structlog.configure(**before)
        root = logging.getLogger()
        for handler in [each for each in root.handlers if type(each).__name__ == "_Forwarding"]:
            root.removeHandler(handler)
        logging.getLogger("apscheduler").setLevel(logging.NOTSET)
