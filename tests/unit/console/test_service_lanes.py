"""Each slot of each job is worked once, whoever runs beside, dies, fails or stands still."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from connectors.errors import UnreachableError
from journal import pauses, slots
from journal.leases import held
from tests.fakes.time_and_chance import VirtualClock
from tests.unit.console.service_world import MONDAY, Jobs, Service

OUTAGE = UnreachableError(connection="netsuite", what="reading orders", why="no answer.", fix="Check the network.")


@pytest.fixture
def clock():
    return VirtualClock(MONDAY)


@pytest.fixture
def open_service(tmp_path, clock):
    opened = []

    def start(**options):
        service = Service(tmp_path, options.pop("clock", clock), **options)
        opened.append(service)
        return service

    yield start
    for service in opened:
        service.journal.close()


def test_a_morning_is_worked_slot_by_slot(open_service, clock):
    service = open_service()
    service.turn()
    service.live(hours=1)
    assert len(service.slots("orders")) == 12 + 1
    assert len(service.slots("status")) == len(service.slots("invoices")) == 4 + 1
    service.live(step=30, hours=6)
    # 02:30 and 06:30 in New York; neither is made up for before its first time has come.
    assert service.outcomes("sweep") == [("07:30", "done")]
    assert service.outcomes("reconcile") == [("11:30", "done")]
    assert Counter(name for name, _ in service.jobs.calls)["orders"] == 13 + 12


def test_jobs_of_the_same_moment_run_in_their_order(open_service):
    service = open_service()
    service.turn()
    assert [name for name, _ in service.jobs.calls] == ["orders", "invoices", "status"]


def test_nothing_runs_twice_within_a_slot(open_service):
    service = open_service()
    for _ in range(5):
        service.turn()
    assert Counter(name for name, _ in service.jobs.calls) == {"orders": 1, "invoices": 1, "status": 1}


def test_missed_slots_become_one_run(open_service, clock):
    service = open_service()
    service.turn()
    clock.step(days=3)
    service.turn()
    assert len(service.slots("orders")) == 2
    assert service.outcomes("sweep") == [("07:30", "done")]
    assert [slot.slot_at for slot in service.slots("reconcile")] == [datetime(2026, 11, 25, 11, 30, tzinfo=UTC)]


def test_a_restart_makes_up_for_what_was_missed_once(open_service, clock):
    first = open_service()
    first.live(step=60, days=1)
    clock.step(days=2)
    second = open_service(owner="B")
    second.turn()
    second.turn()
    assert [slot.owner for slot in second.slots("reconcile")] == ["A", "B"]
    assert Counter(name for name, _ in second.jobs.calls) == Counter(
        ["orders", "invoices", "status", "sweep", "reconcile"]
    )


def test_two_services_side_by_side_run_each_slot_once(open_service, clock):
    jobs = Jobs(clock)
    first, second = open_service(jobs=jobs), open_service(owner="B", jobs=jobs)
    for minute in range(90):
        clock.step(minutes=1)
        for service in (first, second) if minute % 2 else (second, first):
            service.turn()
    worked = [(slot.job, slot.slot_at) for job in ("orders", "invoices", "status") for slot in first.slots(job)]
    assert (
        len(worked) == len(set(worked)) == len([call for call in jobs.calls if call[0] not in ("sweep", "reconcile")])
    )
    assert {slot.owner for slot in first.slots("orders")} == {"A", "B"}
    assert Counter(slot.outcome for slot in first.slots("orders")) == {"done": 19}


def test_a_service_with_a_slow_clock_works_no_slot_behind_the_others(open_service, clock):
    first = open_service()
    first.live(minutes=20)
    behind = VirtualClock(clock.now() - timedelta(minutes=12))
    second = open_service(owner="B", clock=behind, jobs=Jobs(behind))
    second.turn()
    assert second.jobs.calls == []


def test_a_slot_noted_by_a_wrong_clock_stops_nobody(open_service, clock):
    service = open_service()
    with service.journal.begin() as tx:
        slots.claim(tx, "orders", clock.now() + timedelta(days=400), "wrong", clock.now())
        slots.finish(tx, "orders", clock.now() + timedelta(days=400), "done", clock.now())
    service.turn()
    assert [name for name, _ in service.jobs.calls] == ["orders", "invoices", "status"]


def test_the_slot_of_a_dead_owner_is_reported_and_left_to_the_next(open_service, clock):
    service = open_service()
    slot_at = clock.now().replace(minute=0)
    with service.journal.begin() as tx:
        slots.claim(tx, "orders", slot_at, "the dead one", clock.now())
    with capture_logs() as logs:
        service.turn()
    assert ("orders", MONDAY) not in service.jobs.calls
    assert service.outcomes("orders") == [("05:00", "abandoned")]
    assert [(log["job"], log["owner"]) for log in logs if log["event"] == "slot_abandoned"] == [
        ("orders", "the dead one")
    ]
    service.live(minutes=3)
    assert service.outcomes("orders") == [("05:00", "abandoned"), ("05:05", "done")]


def test_a_taken_lease_is_waited_for_and_noted_as_busy_when_the_next_slot_comes(open_service, clock):
    service = open_service()
    with held(service.journal, service.settings.state, "sync", "tieout sync", clock):
        service.live(minutes=4)
        assert service.jobs.calls == []
    service.turn()
    assert service.outcomes("orders") == [("05:00", "busy"), ("05:05", "done")]
    assert service.outcomes("status") == [("05:00", "done")]
    assert "tieout sync" in service.slots("orders")[0].detail


def test_reconciliation_does_not_wait_for_the_writing_jobs(open_service, clock):
    service = open_service()
    with held(service.journal, service.settings.state, "sync", "tieout sync", clock):
        service.live(step=30, hours=7)
    assert service.outcomes("reconcile") == [("11:30", "done")]


def test_a_failing_job_is_noted_and_the_others_go_on(open_service):
    service = open_service()
    service.jobs.fails["orders"] = OUTAGE
    service.jobs.fails["invoices"] = KeyError("x")
    with capture_logs() as logs:
        service.turn()
    assert service.outcomes("orders") == [("05:00", "failed")]
    assert service.outcomes("invoices") == [("05:00", "failed")]
    assert service.outcomes("status") == [("05:00", "done")]
    assert "Check the network." in service.slots("orders")[0].detail
    told = [log for log in logs if log["event"] == "job_failed"]
    assert told[0]["fix"] == "Check the network."
    assert "service_world.py" in told[1]["places"]


def test_an_outage_is_told_once_an_hour(open_service, clock):
    service = open_service()
    service.jobs.fails["orders"] = OUTAGE
    with capture_logs() as logs:
        service.live(step=5, hours=3)
        service.jobs.fails.clear()
        service.live(minutes=5)
    full = [log for log in logs if log["event"] == "job_failed"]
    assert len(full) == 3
    assert full[-1]["times"] == 25
    assert [log["after_failures"] for log in logs if log["event"] == "works_again"] == [36]
    with service.journal.begin() as tx:
        assert slots.failures_since_success(tx, "orders") == 0


def test_a_paused_job_stands_still_and_its_next_run_follows_the_resume(open_service, clock):
    service = open_service()
    with service.journal.begin() as tx:
        pauses.put(tx, "orders", "price change", "ann", clock.now())
    service.live(minutes=10)
    assert service.outcomes("orders") == [("05:00", "paused"), ("05:05", "paused"), ("05:10", "paused")]
    assert "price change" in service.slots("orders")[0].detail
    assert service.outcomes("status") == [("05:00", "done")]
    with service.journal.begin() as tx:
        pauses.lift(tx, "orders", "ann", clock.now())
    service.live(minutes=5)
    assert service.outcomes("orders")[-1] == ("05:15", "done")


def test_a_freeze_stops_what_writes_and_lets_reconciliation_go_on(open_service, clock):
    service = open_service()
    with service.journal.begin() as tx:
        pauses.put(tx, "freeze", "month end", "ann", clock.now(), until=clock.now() + timedelta(hours=8))
    service.live(step=30, hours=7)
    assert {name for name, _ in service.jobs.calls} == {"reconcile"}
    service.live(step=30, hours=2)
    assert {name for name, _ in service.jobs.calls} == {"reconcile", "orders", "invoices", "status"}
    assert service.outcomes("sweep") == [("07:30", "paused")]


def test_on_freeze_days_nothing_is_written(open_service, clock):
    clock.moment = datetime(2026, 11, 30, 4, 30, tzinfo=UTC)  # Sunday evening in New York; Monday is the last day
    service = open_service(more="freeze_days = [-1, 1]")
    service.live(minutes=20)
    worked = len(service.jobs.calls)
    assert worked
    service.live(step=60, days=1, hours=23)
    assert [call for call in service.jobs.calls[worked:] if call[0] != "reconcile"] == [
        call for call in service.jobs.calls[worked:] if call[1] < datetime(2026, 11, 30, 5, 0, tzinfo=UTC)
    ]
    service.live(step=60, hours=3)
    assert service.outcomes("orders")[-1][1] == "done"


def test_a_stop_begins_no_further_slot(open_service):
    service = open_service()
    service.jobs.during["orders"] = service.stop.ask
    service.turn()
    assert [name for name, _ in service.jobs.calls] == ["orders"]
    assert service.outcomes("orders") == [("05:00", "done")]
    service.live(minutes=10)
    assert [name for name, _ in service.jobs.calls] == ["orders"]


def test_old_slots_are_forgotten_but_not_the_last_success(open_service, clock):
    service = open_service()
    service.live(minutes=8)
    service.jobs.fails["orders"] = OUTAGE
    service.live(minutes=10)
    clock.step(days=100)
    with service.journal.begin() as tx:
        slots.prune(tx, clock.now())
    assert service.outcomes("orders") == [("05:10", "done")]
