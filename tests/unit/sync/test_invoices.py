"""Approved orders become invoices: once, dated by rule, and never against finance's will."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from config.settings import InvoiceSettings
from journal import bindings
from journal.nouns import KIND_INVOICE
from tests.fakes.erp import Crash
from tests.fakes.run import open_holds, sync
from tests.fakes.world import make_settings, make_world


def billing_world(folder, **invoices):
    world = make_world(folder, settings=make_settings(folder, invoices=InvoiceSettings(enabled=True, **invoices)))
    world.crm.put_account(1, "Blue Harbor Inc.")
    return world


@pytest.fixture
def world(tmp_path):
    return billing_world(tmp_path)


def ordered(world, number=1, **fields):
    """Win a deal, let Tieout make its order, and have finance approve it."""
    deal = world.crm.put_deal(number, **fields)
    sync(world)
    with world.journal.begin() as tx:
        order = bindings.get(tx, "so", deal).target_id
    world.erp.approve(order)
    return deal, order


def invoices_of(world, deal):
    with world.journal.begin() as tx:
        return [one for one in bindings.all_of(tx, KIND_INVOICE) if one.source_id == deal]


def test_an_approved_order_is_billed_once(world):
    deal, order = ordered(world)
    result = sync(world)
    assert result.invoices[deal].action == "create"
    sync(world)
    (invoice,) = world.erp.invoices_.values()
    assert (invoice.order_id, invoice.external_id, invoice.net) == (order, f"tieout-inv-{deal}", Decimal("200.00"))
    assert invoice.date == date(2026, 11, 10)
    assert [one.number for one in invoices_of(world, deal)] == [invoice.number]


def test_an_order_that_waits_for_approval_is_not_billed(world):
    world.crm.put_deal(1)
    sync(world)
    sync(world)
    assert world.erp.invoices_ == {}
    assert world.erp.asked_to_bill == []


def test_nothing_is_billed_while_the_job_is_off(tmp_path):
    world = make_world(tmp_path)
    world.crm.put_account(1, "Blue Harbor Inc.")
    ordered(world)
    sync(world)
    assert world.erp.invoices_ == {}


def test_goods_are_billed_as_they_are_fulfilled(world):
    deal, order = ordered(world, lines=(("PLAT-100", "10", "1000.00"),))
    lines = world.erp.orders_[order].lines
    goods = tuple(replace(line, fulfillable=True) for line in lines)
    world.erp.approve(order, lines=goods)
    sync(world)
    assert world.erp.invoices_ == {}
    world.erp.approve(order, lines=tuple(replace(line, fulfilled=Decimal(4)) for line in goods))
    sync(world)
    first = world.erp.orders_[order].lines
    world.erp.approve(order, lines=tuple(replace(line, fulfilled=Decimal(10)) for line in first))
    sync(world)
    sync(world)
    made = sorted(world.erp.invoices_.values(), key=lambda one: int(one.id))
    assert [(one.external_id, one.net) for one in made] == [
        (f"tieout-inv-{deal}", Decimal("400.00")),
        (f"tieout-inv-{deal}-2", Decimal("600.00")),
    ]


@pytest.mark.parametrize(
    ("schedule", "next_bill", "billed"),
    [("Quarterly", None, 0), ("Quarterly", date(2027, 1, 1), 0), ("Quarterly", date(2026, 11, 20), 1)],
)
def test_a_billing_schedule_decides_when(world, schedule, next_bill, billed):
    _deal, order = ordered(world)
    world.erp.approve(order, billing_schedule=schedule, next_bill=next_bill)
    sync(world)
    assert len(world.erp.invoices_) == billed


def test_what_finance_billed_by_hand_is_not_billed_again(world):
    deal, order = ordered(world)
    held = world.erp.orders_[order]
    world.erp.put_invoice("900", order_id=order)
    world.erp.orders_[order] = replace(held, status="G", lines=tuple(replace(x, billed=x.quantity) for x in held.lines))
    sync(world)
    assert list(world.erp.invoices_) == ["900"]
    assert world.crm.field(deal, "Tieout_Invoiced__c") == Decimal("200.00")


def test_a_closed_period_holds_the_invoice_and_opening_it_heals(world):
    deal, _order = ordered(world)
    open_periods = world.erp.periods_
    world.erp.periods_ = [replace(one, closed=one.name == "Nov 2026") for one in open_periods]
    sync(world)
    assert open_holds(world)[deal].code == "PERIOD_CLOSED"
    assert "Nov 2026" in open_holds(world)[deal].cause
    assert world.erp.invoices_ == {}
    world.erp.periods_ = open_periods
    sync(world)
    assert open_holds(world) == {}
    assert len(world.erp.invoices_) == 1


def test_the_first_open_period_dates_the_invoice_where_the_admin_says_so(tmp_path):
    world = billing_world(tmp_path, date="first_open_period")
    ordered(world)
    world.erp.periods_ = [replace(one, closed=one.name == "Nov 2026") for one in world.erp.periods_]
    sync(world)
    assert [one.date for one in world.erp.invoices_.values()] == [date(2026, 12, 1)]


def test_today_is_the_companys_day_by_netsuites_clock(tmp_path):
    world = billing_world(tmp_path, date="today")
    ordered(world)
    world.clock.step(minutes=60 * 14)  # 2026-11-23 in UTC, still the 22nd in New York
    sync(world)
    assert [one.date for one in world.erp.invoices_.values()] == [date(2026, 11, 22)]


@pytest.mark.parametrize("status", ["V", "E"])
def test_an_invoice_that_finance_took_back_is_never_made_again(world, status):
    deal, order = ordered(world)
    sync(world)
    (id_,) = world.erp.invoices_
    world.erp.put_invoice(id_, status=status)
    held = world.erp.orders_[order]
    world.erp.approve(order, lines=tuple(replace(line, billed=Decimal(0)) for line in held.lines))
    sync(world)
    sync(world)
    assert open_holds(world)[deal].code == "INVOICE_REVERSED"
    assert len(world.erp.invoices_) == 1


def test_an_invoice_that_was_deleted_is_never_made_again(world):
    deal, order = ordered(world)
    sync(world)
    world.erp.invoices_.clear()
    held = world.erp.orders_[order]
    world.erp.approve(order, lines=tuple(replace(line, billed=Decimal(0)) for line in held.lines))
    sync(world)
    assert open_holds(world)[deal].code == "INVOICE_REVERSED"
    assert world.erp.invoices_ == {}


def test_the_hold_ends_when_finance_has_billed_by_hand(world):
    deal, order = ordered(world)
    world.erp.refuses_to_bill = "INVALID_INITIALIZE_REF"
    sync(world)
    assert open_holds(world)[deal].code == "BILLING_REFUSED"
    world.erp.orders_[order] = replace(world.erp.orders_[order], status="G")
    sync(world)
    assert open_holds(world) == {}


def test_an_order_whose_deal_was_reopened_is_not_billed(world):
    deal, _order = ordered(world)
    world.crm.put("Opportunity", deal, StageName="Negotiation", IsWon=False, IsClosed=False)
    result = sync(world)
    assert result.invoices[deal].action == "wait"
    assert world.erp.invoices_ == {}


@pytest.mark.parametrize("fault", ["crash_after", "lost_answer"])
def test_an_invoice_whose_answer_was_lost_is_found_and_not_made_twice(world, fault):
    deal, _order = ordered(world)
    world.erp.script = [fault]
    with contextlib.suppress(Crash):
        sync(world)
    sync(world)
    world.clock.step(minutes=20)
    sync(world)
    assert len(world.erp.invoices_) == 1
    assert len(invoices_of(world, deal)) == 1


def test_an_invoice_whose_request_was_lost_is_made_after_the_quiet_period(world):
    deal, _order = ordered(world)
    world.erp.script = ["lost_request"]
    sync(world)
    sync(world)
    assert world.erp.invoices_ == {}
    world.clock.step(minutes=20)
    sync(world)
    sync(world)
    assert [one.external_id for one in world.erp.invoices_.values()] == [f"tieout-inv-{deal}"]


def test_an_invoice_of_ours_that_the_journal_lost_is_adopted(world):
    deal, order = ordered(world)
    world.erp.put_invoice("900", order_id=order, external_id=f"tieout-inv-{deal}", deal_id=deal)
    result = sync(world)
    assert result.invoices[deal].action == "adopt"
    assert list(world.erp.invoices_) == ["900"]


def test_an_invoice_saved_over_another_amount_is_held(world):
    deal, _order = ordered(world)
    world.erp.surcharge = Decimal("5.00")
    sync(world)
    assert open_holds(world)[deal].code == "AMOUNT_MISMATCH"


def test_a_run_that_is_asked_to_stop_bills_nothing_more(world):
    ordered(world)
    stopping = replace(world, wanted_stop=lambda: True)
    sync(stopping)
    assert world.erp.invoices_ == {}
    world.clock.step(minutes=1)
    sync(world)
    assert len(world.erp.invoices_) == 1


def test_billing_waits_while_netsuite_does_not_say_what_is_due(world, monkeypatch):
    from connectors.errors import TransientError

    deal, _order = ordered(world)

    def silent(_order_id):
        raise TransientError(connection="netsuite", what="asking", why="no answer.", fix="Wait.")

    monkeypatch.setattr(world.erp, "billable", silent)
    assert sync(world).invoices[deal].action == "wait"
    monkeypatch.undo()
    world.clock.step(minutes=1)
    assert sync(world).invoices[deal].action == "create"


def test_a_deal_without_an_own_order_is_not_billed(world):
    world.erp.put_order("77", status="F")
    sync(world)
    assert world.erp.invoices_ == {}


def test_an_order_that_cannot_be_judged_is_held_without_its_values_and_stops_no_other(world, monkeypatch):
    from sync import invoices

    bad = world.crm.put_deal(1)
    good = world.crm.put_deal(2, lines=(("PLAT-100", "1", "75.00"),))
    sync(world)
    for order in list(world.erp.orders_):
        world.erp.approve(order)
    decide = invoices.decide

    def choosy(world, deal, order, facts):
        if deal == bad:
            raise ValueError("a value that nobody should see")
        return decide(world, deal, order, facts)

    monkeypatch.setattr(invoices, "decide", choosy)
    sync(world)
    held = open_holds(world)[bad]
    assert (held.code, held.label) == ("UNREADABLE_RECORD", "Deal 1")
    assert "nobody should see" not in held.cause
    assert len(invoices_of(world, good)) == 1
