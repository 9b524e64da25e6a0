"""Clocks that jump, nights that have an hour twice, budgets that are spent, stops in the middle of a push."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.errors import ProtocolError, QuotaExhaustedError, RateLimitedError
from console.service.cooling import Cooling
from console.service.outcome import JobOutcome
from journal import intents, slots, staging
from tests.fakes.crm import FakeCrm
from tests.fakes.run import outcome, sync
from tests.fakes.time_and_chance import VirtualClock
from tests.fakes.world import make_settings, make_world
from tests.unit.console.service_world import MONDAY, Service
from tests.unit.console.test_alert_desk import Bench


@pytest.fixture
def service(tmp_path):
    opened = Service(tmp_path, VirtualClock(MONDAY))
    yield opened
    opened.journal.close()


def test_three_days_of_sleep_are_made_up_for_by_one_run_a_job(service):
    service.turn()
    before = len(service.jobs.calls)
    service.clock.step(days=3)
    for _ in range(5):
        service.turn()
    assert sorted(name for name, _ in service.jobs.calls[before:]) == [
        "invoices", "orders", "reconcile", "status", "sweep",
    ]  # fmt: skip


def test_a_clock_that_is_set_back_an_hour_works_no_slot_twice(service):
    service.turn()
    service.live(minutes=30)
    worked = {slot.slot_at for slot in service.slots("orders")}
    service.clock.step(hours=-1)
    service.turn()
    assert {slot.slot_at for slot in service.slots("orders")} == worked
    service.clock.step(hours=1, minutes=10)
    service.turn()
    times = [slot.slot_at for slot in service.slots("orders")]
    assert len(times) == len(set(times)) == len(worked) + 1


class Watch(VirtualClock):
    """Its wall clock is set back an hour at every look; what has elapsed grows all the same."""

    def now(self):
        self.moment -= timedelta(hours=1)
        return self.moment

    def elapsed(self):
        self.ticks = getattr(self, "ticks", 0.0) + 7.0
        return self.ticks


def test_how_long_a_job_took_does_not_follow_a_clock_that_is_set_back(service):
    for lane in service.lanes:
        lane.stopwatch = Watch()
    service.turn()
    assert service.over
    assert {worked.seconds for worked in service.over} == {7.0}


# a spent budget


class Spent(FakeCrm):
    """The daily calls run out behind the first page."""

    spent = False

    def changed(self, type_, fields, window, after=None):
        for number, page in enumerate(super().changed(type_, fields, window, after)):
            if self.spent and type_ == "Opportunity" and number:
                raise quota()
            yield page


def quota():
    return QuotaExhaustedError(
        connection="salesforce", what="reading deals", why="the org's calls of 24 hours are spent.", fix="Wait."
    )


def test_a_spent_budget_ends_the_run_and_the_next_one_goes_on_where_it_stood(tmp_path):
    clock = VirtualClock()
    crm = Spent(clock, page_size=2)
    world = make_world(tmp_path, clock=clock, crm=crm)
    crm.put_account(1, "Blue Harbor Inc.")
    deals = []
    for number in range(1, 6):
        deals.append(crm.put_deal(number))
        clock.step(seconds=1)
    crm.spent = True
    with pytest.raises(QuotaExhaustedError):
        sync(world)
    with world.journal.begin() as tx:
        position = staging.position(tx, "Opportunity")
    assert position is None or position.stamp <= crm.records["Opportunity"][deals[1]]["modified"]
    assert world.erp.writes == []
    crm.spent = False
    result = sync(world)
    assert {outcome(result, deal) for deal in deals} == {"created"}
    assert len(world.erp.orders_) == 5
    world.journal.close()


@pytest.mark.parametrize(
    "error",
    [
        quota(),
        ProtocolError(connection="netsuite", what="reading", why="a document type.", fix="Look.", code="FORBIDDEN_XML"),
    ],
)
def test_what_only_a_person_ends_is_told_after_one_failure(tmp_path, error):
    bench = Bench(tmp_path)
    bench.ends(slots.FAILED, error)
    assert bench.way.subjects() == ["The job orders fails"]
    bench.ends(slots.DONE)
    assert bench.way.subjects() == ["Over: The job orders fails"] or bench.way.told == []
    bench.journal.close()


# a system that wants to be left alone


def test_no_job_runs_before_the_moment_that_a_system_asked_for():
    clock = VirtualClock()
    busy = RateLimitedError(connection="netsuite", what="reading", why="busy.", fix="")
    busy.until = clock.now() + timedelta(minutes=12)
    calls = []

    def failing():
        calls.append(clock.now())
        raise busy

    def working():
        calls.append(clock.now())
        return JobOutcome()

    cooling = Cooling(clock)
    with pytest.raises(RateLimitedError):
        cooling.around(failing)()
    for _ in range(2):
        clock.step(minutes=5)
        with pytest.raises(RateLimitedError):
            cooling.around(working)()
    assert len(calls) == 1
    clock.step(minutes=5)
    assert cooling.around(working)().outcome == "done"


# a stop in the middle


def test_a_stop_in_the_middle_of_a_push_finishes_what_is_under_way_and_begins_nothing(tmp_path):
    clock = VirtualClock()
    settings = make_settings(tmp_path)
    settings = replace(settings, netsuite=replace(settings.netsuite, slots=1))
    world = make_world(tmp_path, clock=clock, settings=settings)
    world.crm.put_account(1, "Blue Harbor Inc.")
    world.erp.put_customer("1", "Blue Harbor Inc.")
    for number in range(1, 7):
        world.crm.put_deal(number)
    stopping = replace(world, wanted_stop=lambda: len(world.erp.orders_) >= 2)
    sync(stopping)
    assert len(world.erp.orders_) == 2
    with world.journal.begin() as tx:
        assert intents.open_intents(tx) == []
    sync(world)
    assert len(world.erp.orders_) == 6
    assert len(world.erp.writes) == 6
    world.journal.close()


def test_a_write_under_way_at_a_stop_is_left_in_doubt_and_cleared_up_later(tmp_path):
    clock = VirtualClock()
    world = make_world(tmp_path, clock=clock)
    world.crm.put_account(1, "Blue Harbor Inc.")
    world.erp.put_customer("1", "Blue Harbor Inc.")
    world.erp.script = ["lost_answer"]
    world.erp.reads_fail = True
    deal = world.crm.put_deal(1)
    sync(replace(world, wanted_stop=lambda: len(world.erp.orders_) >= 1))
    with world.journal.begin() as tx:
        assert [intent.source_id for intent in intents.open_intents(tx)] == [deal]
    world.erp.reads_fail = False
    world.clock.step(hours=1)
    sync(world)
    assert len(world.erp.orders_) == 1
    with world.journal.begin() as tx:
        assert intents.open_intents(tx) == []
    world.journal.close()
