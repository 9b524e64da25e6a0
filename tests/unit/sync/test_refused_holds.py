"""What NetSuite refuses is not sent for ever as it is, and never stops the others."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.records import WriteOutcome
from journal import dismissals, holds
from tests.fakes.erp import FakeErp
from tests.fakes.run import open_holds, outcome, sync
from tests.fakes.time_and_chance import VirtualClock
from tests.fakes.world import make_world


class RefusingErp(FakeErp):
    """Counts requests by external id, and refuses records as told: a code for an external id, or for a type."""

    def __init__(self, clock):
        super().__init__(clock)
        self.sent = []
        self.refuses = {}

    def write(self, requests):
        for request in requests:
            self.sent.append(request.external_id or request.internal_id)
            refusal = self.refuses.get(request.external_id) or self.refuses.get(request.payload.type)
            if refusal == "throttled":
                yield request, WriteOutcome(status="no_op", code="WS_REQUEST_BLOCKED", message="too many requests")
            elif refusal == "exists":
                yield request, WriteOutcome(status="exists", code="DUP_RCRD", message="This record already exists")
            elif refusal is not None:
                yield request, WriteOutcome(status="rejected", code=refusal, message=f"refused as {refusal}")
            else:
                yield from super().write([request])

    def sent_for(self, deal):
        return self.sent.count(f"tieout-so-{deal}")


@pytest.fixture
def world(tmp_path):
    clock = VirtualClock()
    world = make_world(tmp_path, clock=clock, erp=RefusingErp(clock))
    world.crm.put_account(1, "Blue Harbor Inc.")
    yield world
    world.journal.close()


def refuse(world, deal, code="INVALID_KEY_OR_REF"):
    world.erp.refuses[f"tieout-so-{deal}"] = code


def through(world, hours):
    """Run every two hours for so long."""
    for _ in range(hours // 2):
        world.clock.step(hours=2)
        result = sync(world)
    return result


def test_one_poison_record_stops_no_other_and_is_sent_a_bounded_number_of_times(world):
    poison = world.crm.put_deal(1)
    refuse(world, poison)
    through(world, 60)
    late = world.crm.put_deal(2)
    assert outcome(sync(world), late) == "created"
    assert world.erp.sent_for(poison) == world.settings.holds.attempts
    assert set(open_holds(world)) == {poison}


def test_the_pause_doubles_with_every_refusal(world):
    deal = world.crm.put_deal(1)
    refuse(world, deal)
    sent_at = []
    for _ in range(35):
        before = world.erp.sent_for(deal)
        sync(world)
        if world.erp.sent_for(deal) > before:
            sent_at.append(world.now())
    spans = [later - earlier for earlier, later in zip(sent_at, sent_at[1:], strict=False)]
    assert spans == [timedelta(minutes=minutes) for minutes in (5, 10, 20, 40, 80)]


def test_a_changed_deal_goes_at_once_and_counts_anew(world):
    deal = world.crm.put_deal(1)
    refuse(world, deal)
    through(world, 24)
    used = world.erp.sent_for(deal)
    world.crm.put("Opportunity", deal, PO_Number__c="another")
    sync(world)
    assert world.erp.sent_for(deal) == used + 1
    assert open_holds(world)[deal].tries == 1
    del world.erp.refuses[f"tieout-so-{deal}"]
    world.crm.put("Opportunity", deal, CloseDate=world.now().date())
    assert outcome(sync(world), deal) == "created"
    assert open_holds(world) == {}


def test_a_used_up_hold_says_how_to_have_it_sent_once_more(world):
    deal = world.crm.put_deal(1)
    refuse(world, deal)
    result = through(world, 40)
    hold = open_holds(world)[deal]
    assert f"tieout holds retry {hold.id}" in hold.fix
    assert hold.fix.count("tieout holds retry") == 1
    assert "refused 8 times" in result.orders[deal].reason


def test_a_persons_retry_sends_it_once_more_and_begins_to_count_anew(world):
    deal = world.crm.put_deal(1)
    refuse(world, deal)
    through(world, 40)
    used = world.erp.sent_for(deal)
    with world.journal.begin() as tx:
        dismissals.retry(tx, holds.open_holds(tx)[0], world.now())
    sync(world)
    assert world.erp.sent_for(deal) == used + 1
    assert open_holds(world)[deal].tries == 1


def test_a_throttled_write_uses_up_no_attempt(world):
    deal = world.crm.put_deal(1)
    refuse(world, deal, "throttled")
    for _ in range(4):
        sync(world)
    assert open_holds(world) == {}
    del world.erp.refuses[f"tieout-so-{deal}"]
    assert outcome(sync(world), deal) == "created"


@pytest.mark.parametrize(
    ("code", "class_", "owner"),
    [
        ("INVALID_KEY_OR_REF", "reference missing", "admin"),
        ("INSUFFICIENT_PERMISSION", "permission", "admin"),
        ("INVALID_EMAIL", "data", "data"),
        ("FLD_VALUE_REQD", "mapping", "admin"),
        ("RCRD_LOCKED_BY_WF", "conflict", "finance"),
        ("SOME_SCRIPT_CODE", "remote fault", "admin"),
    ],
)
def test_a_refusal_is_classed_by_netsuites_code(world, code, class_, owner):
    deal = world.crm.put_deal(1)
    refuse(world, deal, code)
    sync(world)
    hold = open_holds(world)[deal]
    assert (hold.class_, hold.owner, hold.likeness) == (class_, owner, f"REMOTE_REJECTED:{code}")
    assert f"refused as {code}" in hold.cause


def test_what_may_exist_unseen_is_never_sent_again_without_a_person(world):
    deal = world.crm.put_deal(1)
    refuse(world, deal, "exists")
    sync(world)
    assert open_holds(world)[deal].code == "EXISTS_UNSEEN"
    for number in range(3):
        world.crm.put("Opportunity", deal, PO_Number__c=f"edit {number}")
        sync(world)
    world.crm.put("OpportunityLineItem", "00k000000000010", OpportunityId="006000000000009AAA")
    sync(world)
    assert open_holds(world)[deal].code == "NO_LINES"
    world.crm.put_line(deal, 10, "PLAT-100", "3", "300.00", 0)
    sync(world)
    assert open_holds(world)[deal].code == "EXISTS_UNSEEN"
    assert world.erp.sent_for(deal) == 1
    del world.erp.refuses[f"tieout-so-{deal}"]
    with world.journal.begin() as tx:
        dismissals.retry(tx, holds.find(tx, "so", deal), world.now())
    assert outcome(sync(world), deal) == "created"


def test_twenty_refusals_alike_stop_the_run_and_the_rest_waits(world):
    world.erp.refuses["salesOrder"] = "FLD_VALUE_REQD"
    deals = [world.crm.put_deal(number) for number in range(1, 41)]
    result = sync(world)
    outcomes = [outcome(result, deal) for deal in deals]
    assert outcomes.count("held") < 25
    assert outcomes.count("waiting") == 40 - outcomes.count("held")
    reasons = {result.orders[deal].reason for deal in deals if outcome(result, deal) == "waiting"}
    assert all("REMOTE_REJECTED:FLD_VALUE_REQD" in reason for reason in reasons)
    world.erp.refuses.clear()
    world.clock.step(hours=1)
    result = sync(world)
    assert {outcome(result, deal) for deal in deals} == {"created"}


def test_refusals_that_differ_stop_nothing(world):
    deals = [world.crm.put_deal(number) for number in range(1, 31)]
    for number, deal in enumerate(deals):
        refuse(world, deal, f"SCRIPT_{number % 2}")
    result = sync(world)
    assert {outcome(result, deal) for deal in deals} == {"held"}
    assert sum(world.erp.sent_for(deal) for deal in deals) == 30


def test_changes_go_on_when_creates_are_stopped(world):
    made = world.crm.put_deal(99)
    sync(world)
    new = [world.crm.put_deal(number) for number in range(1, 31)]
    for deal in new:
        refuse(world, deal, "FLD_VALUE_REQD")
    world.crm.put("Opportunity", made, PO_Number__c="changed")
    result = sync(world)
    assert outcome(result, made) == "updated"
    assert "waiting" in {outcome(result, deal) for deal in new}


def test_a_plan_shows_what_is_not_sent_again(world):
    from sync.plan import plan

    deal = world.crm.put_deal(1)
    refuse(world, deal)
    sync(world)
    assert outcome(plan(world), deal) == "held"


def test_attempts_can_be_set(world):
    world = replace(world, settings=replace(world.settings, holds=replace(world.settings.holds, attempts=2)))
    deal = world.crm.put_deal(1)
    refuse(world, deal)
    through(world, 12)
    assert world.erp.sent_for(deal) == 2


def test_two_refused_rows_of_one_customer_are_not_sent_in_turn_for_ever(world):
    world.crm.put_account(1, "Blue Harbor Inc.")
    world.crm.put_deal(1)
    sync(world)
    (customer,) = world.erp.customers_
    world.erp.put_invoice("900", customer_id=customer)
    world.erp.put_invoice("901", customer_id=customer)
    tried = []
    plain = world.crm.upsert

    def refusing(rows):
        tried.extend(row.key for row in rows if row.type == "Tieout_Financial__c")
        for row in rows:
            if row.type == "Tieout_Financial__c":
                world.crm.refuse[row.key] = ("FIELD_CUSTOM_VALIDATION_EXCEPTION", f"no {row.key}")
        return plain(rows)

    world.crm.upsert = refusing
    for _ in range(60):
        world.clock.step(hours=2)
        sync(world)
    assert len(set(tried)) == 2
    assert 2 <= len(tried) <= 2 * world.settings.holds.attempts
