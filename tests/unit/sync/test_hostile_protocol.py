"""Records and moments that are out to break the write protocol: one of them must not stop a run, nor be believed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from config.settings import InvoiceSettings
from connectors.receivables import PERIOD_CODES
from connectors.records import WriteOutcome
from journal import bindings, dismissals, holds, intents
from sync import engine, settle
from sync.world import DEAL, ORDER_NUMBER, STATUS_VERSION, SYNC_STATE
from tests.fakes.crm import FakeCrm
from tests.fakes.run import open_holds, outcome, sync
from tests.fakes.time_and_chance import VirtualClock
from tests.fakes.world import make_settings, make_world


class Unreliable(FakeCrm):
    """Loses the next calls that write, before or after they arrive: ``lost_request``, ``lost_answer``."""

    def __init__(self, clock):
        super().__init__(clock)
        self.script = []
        self.row_script = []

    def update(self, updates):
        return self._told(self.script, updates, super().update)

    def upsert(self, rows):
        return self._told(self.row_script, rows, super().upsert)

    def _told(self, script, writes, really):
        fault = script.pop(0) if script else None
        if fault != "lost_request":
            outcomes = really(writes)
        if fault is None:
            return outcomes
        return [WriteOutcome(status="ambiguous", code="TIMEOUT", message="no answer") for _ in writes]


@pytest.fixture
def world(tmp_path):
    """One account on a CRM whose answers can be lost."""
    clock = VirtualClock()
    settings = make_settings(tmp_path, invoices=InvoiceSettings(enabled=False))
    world = make_world(tmp_path, clock=clock, crm=Unreliable(clock), settings=settings)
    world.crm.put_account(1, "Blue Harbor Inc.")
    yield world
    world.journal.close()


def dismiss(world, deal):
    with world.journal.begin() as tx:
        (hold,) = [one for one in holds.open_holds(tx) if one.source_id == deal]
        dismissals.dismiss(tx, hold, "the sale is off", world.now())


def test_a_vanished_order_that_a_person_has_put_aside_stops_no_run(world):
    deal = world.crm.put_deal(1)
    sync(world)
    world.erp.orders_.clear()
    for id_ in ("901", "902"):  # the next order gets another id than the one that is gone
        world.erp.put_order(id_, customer_id="77")
    sync(world)
    assert open_holds(world)[deal].code == "TARGET_VANISHED"
    dismiss(world, deal)
    other = world.crm.put_deal(2)
    assert outcome(sync(world), other) == "created"
    assert deal not in open_holds(world)


def test_a_customer_whose_creation_is_in_doubt_is_not_taken_for_another_account_of_its_name(world):
    world.erp.script = ["lost_answer"]
    world.erp.reads_fail = True
    first = world.crm.put_deal(1)
    sync(world)
    twin = world.crm.put_account(2, "Blue Harbor Inc.")
    world.crm.put_deal(2, account=twin)
    sync(world)
    assert open_holds(world)[twin].code == "BINDING_CONFLICT"
    world.erp.reads_fail = False
    assert outcome(sync(world), first) == "created"
    assert len(world.erp.customers_) == 1


def test_a_proven_write_whose_record_was_given_to_another_meanwhile_is_held_and_stops_no_run(world):
    world.erp.script = [None, "lost_answer"]
    world.erp.reads_fail = True
    deal = world.crm.put_deal(1)
    sync(world)
    (order,) = world.erp.orders_
    other = world.crm.put_deal(2)
    decision = sync(world).orders[other]
    with world.journal.begin() as tx:
        bindings.release(tx, "so", other, decision.target_id or "", world.now())
    settle.adopted(world, replace(decision, action="adopt", target_id=order, fence=None))
    world.erp.reads_fail = False
    third = world.crm.put_deal(3)
    assert outcome(sync(world), third) == "created"
    assert open_holds(world)[deal].code == "BINDING_CONFLICT"
    with world.journal.begin() as tx:
        assert not intents.open_intents(tx)


def test_blanking_a_deal_is_not_taken_for_done_because_it_never_had_a_version(world):
    deal = world.crm.put_deal(1, IsWon=False, IsClosed=False, StageName="Prospecting", **{SYNC_STATE: "Synced"})
    world.crm.script = ["lost_request"]
    sync(world)
    assert world.crm.field(deal, SYNC_STATE) == "Synced"
    for _ in range(3):
        world.clock.step(hours=1)
        sync(world)
    assert world.crm.field(deal, SYNC_STATE) is None


def test_two_writes_onto_a_copied_deal_never_carry_the_same_version(world):
    deal = world.crm.put_deal(1, **{STATUS_VERSION: Decimal(50)})
    sync(world)
    (order,) = world.erp.orders_
    world.clock.step(hours=1)
    world.crm.put_deal(2)
    sync(world)
    for status in ("F", "D"):  # at once: the deal has not been read since it was written
        world.erp.approve(order)
        world.erp.orders_[order] = replace(world.erp.orders_[order], status=status)
        engine.run(world)
    versions = [values[STATUS_VERSION] for id_, values in world.crm.writes if id_ == deal]
    assert len(versions) == 3
    assert versions == sorted(set(versions))


def test_a_hand_that_overwrote_a_write_in_doubt_is_seen_and_corrected(world):
    deal = world.crm.put_deal(1)
    world.crm.script = ["lost_answer"]
    sync(world)
    assert world.crm.field(deal, SYNC_STATE) == "Synced"
    world.clock.step(minutes=5)
    world.crm.put(DEAL, deal, **{ORDER_NUMBER: "typed over", SYNC_STATE: "Held"})
    for _ in range(3):
        sync(world)
    assert world.crm.field(deal, SYNC_STATE) == "Synced"
    assert world.crm.field(deal, ORDER_NUMBER) != "typed over"


def test_an_order_whose_creation_is_in_doubt_is_not_matched_with_an_older_deal(world):
    world.erp.script = [None, "lost_answer"]
    world.erp.reads_fail = True
    deal = world.crm.put_deal(1)
    sync(world)
    older = world.crm.put_deal(2, CloseDate=date(2026, 10, 20), PO_Number__c="PO-1")
    sync(world)
    with world.journal.begin() as tx:
        assert bindings.get(tx, "so", older) is None
    world.erp.reads_fail = False
    assert outcome(sync(world), deal) == "created"


def billed_deals(world, *numbers):
    """Return the invoice of each deal; each has an account of its own."""
    found = []
    for number in numbers:
        account = world.crm.put_account(number, f"{'ABCDEFGH'[number] * 12} Inc.")
        deal = world.crm.put_deal(number, account=account, PO_Number__c=f"PO-{number}")
        sync(world)
        with world.journal.begin() as tx:
            order = world.erp.orders_[bindings.get(tx, "so", deal).target_id]
        found.append(world.erp.put_invoice(f"70{number}", customer_id=order.customer_id, order_id=order.id))
    return found


def rows_of(world, invoice):
    rows = world.crm.rows["Tieout_Financial__c"]
    return [values for key, values in rows.items() if key.endswith(invoice)]


def test_a_row_in_doubt_that_has_gone_over_to_another_customer_stops_no_run(world):
    one, two = billed_deals(world, 1, 2)
    world.crm.row_script = ["lost_request"]
    sync(world)
    world.clock.step(seconds=10)
    world.erp.put_invoice(two.id, customer_id=one.customer_id)
    engine.run(world)
    for _ in range(2):
        world.clock.step(hours=1)
        engine.run(world)
    with world.journal.begin() as tx:
        assert not intents.open_intents(tx)
        account = next(b.source_id for b in bindings.all_of(tx, "cust") if b.target_id == one.customer_id)
    assert {row["Tieout_Account__c"] for row in rows_of(world, two.id)} == {account}


def test_a_worker_that_was_slow_to_check_an_order_does_not_forget_what_another_has_written_since(world, monkeypatch):
    deal = world.crm.put_deal(1)
    really, asked = world.erp.orders, []

    def orders(query):
        found = list(really(query))
        if query.with_lines and not asked:
            asked.append(query)
            world.crm.put_line(deal, 10, "PLAT-100", "3", "300.00")
            sync(replace(world, owner="another"))
        return iter(found)

    monkeypatch.setattr(world.erp, "orders", orders)
    sync(world)
    assert asked
    with world.journal.begin() as tx:
        assert bindings.get(tx, "so", deal).net == Decimal("300.00")
    world.crm.put_line(deal, 10, "PLAT-100", "4", "400.00")
    sync(world)
    assert not open_holds(world)
    (order,) = world.erp.orders_.values()
    assert order.net == Decimal("400.00")


def test_an_invoice_that_a_closed_period_refuses_is_not_sent_for_ever(tmp_path):
    world = make_world(tmp_path, settings=make_settings(tmp_path, invoices=InvoiceSettings(enabled=True)))
    world.crm.put_account(1, "Blue Harbor Inc.")
    world.crm.put_deal(1)
    sync(world)
    (order,) = world.erp.orders_
    world.erp.approve(order)
    asked = []

    def write(requests):
        for request in requests:
            asked.append(request)
            yield request, WriteOutcome(status="rejected", code=sorted(PERIOD_CODES)[0], message="the period is closed")

    world.erp.write = write
    for _ in range(3 * world.settings.holds.attempts):
        world.clock.step(hours=7)
        engine.run(world)
    assert len(asked) <= world.settings.holds.attempts
    world.journal.close()
