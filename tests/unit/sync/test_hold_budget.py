"""However often a run comes by, one refused record costs a bounded number of requests, and the others none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connectors.records import Payload, WriteOutcome
from journal import holds
from sync import guard, push
from sync.decision import Decision
from tests.fakes.erp import FakeErp
from tests.fakes.time_and_chance import VirtualClock
from tests.fakes.world import make_world


class Refusing(FakeErp):
    """Refuses every customer whose name is bad, and counts what it was asked."""

    def __init__(self, clock):
        super().__init__(clock)
        self.asked = {}

    def write(self, requests):
        for request in requests:
            self.asked[request.external_id] = self.asked.get(request.external_id, 0) + 1
            if str(request.payload.values["companyName"]).startswith("bad"):
                yield request, WriteOutcome(status="rejected", code="INVALID_KEY_OR_REF", message="no such term")
            else:
                yield from super().write([request])


@pytest.fixture
def world(tmp_path):
    clock = VirtualClock()
    world = make_world(tmp_path, clock=clock, erp=Refusing(clock))
    yield world
    world.journal.close()


def create(name):
    payload = Payload(type="customer", values={"companyName": name})
    return Decision(
        kind="cust", source_id=f"id-{name}", label=name, action="create", reason="new", external_id=f"tieout-{name}",
        payload=payload, fingerprint="f",
    )  # fmt: skip


def test_500_runs_send_a_refused_record_no_more_often_than_its_attempts(world):
    for number in range(500):
        fine = [create(f"fine {number}")] if number % 20 == 0 else []
        guard.write(world, f"run {number}", [create("bad"), *fine], push.push)
        world.clock.step(minutes=5)
    assert world.erp.asked["tieout-bad"] == world.settings.holds.attempts
    assert {count for name, count in world.erp.asked.items() if name != "tieout-bad"} == {1}
    assert len(world.erp.customers_) == 25


def test_content_that_differs_with_every_run_is_sent_every_time_but_stops_no_other(world):
    for number in range(30):
        decisions = [replace(create("bad"), payload=create(f"bad {number}").payload), create(f"fine {number}")]
        guard.write(world, f"run {number}", decisions, push.push)
    assert world.erp.asked["tieout-bad"] == 30
    assert len(world.erp.customers_) == 30
    with world.journal.begin() as tx:
        assert holds.find(tx, "cust", "id-bad").tries == 1
