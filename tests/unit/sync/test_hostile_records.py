"""Odd records, merged accounts, equal names, crashes between commits: nothing stops the others, nothing is guessed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from journal import intents, subjects
from mappings.conditions import compile_condition
from sync import settle
from sync.world import SYNC_STATE
from tests.fakes.erp import Crash
from tests.fakes.run import open_holds, outcome, sync
from tests.fakes.world import template_mapping


def order_writes(world):
    return [write for write in world.erp.writes if write[1] == "salesOrder"]


@pytest.mark.parametrize(
    "poison",
    [
        {"CloseDate": None},
        {"netsuite_conn__NetSuite_Id__c": "12²"},
        {"netsuite_conn__NetSuite_Id__c": "9" * 40},
        {"Name": "x" * 300},
        {"CurrencyIsoCode": None},
        {"LastStageChangeDate": None},
    ],
)
def test_one_odd_deal_never_stops_the_others(world, poison):
    odd, fine = world.crm.put_deal(1, **poison), world.crm.put_deal(2)
    result = sync(world)
    assert outcome(result, fine) == "created"
    assert odd in result.orders
    assert outcome(sync(world), odd) in ("created", "held", "unchanged")


@pytest.mark.parametrize("total", ["NaN", "1" + "0" * 29, "-5", "0"])
def test_one_odd_amount_never_stops_the_others(world, total):
    world.crm.put_deal(1, lines=(("PLAT-100", "1", total),))
    fine = world.crm.put_deal(2)
    assert outcome(sync(world), fine) == "created"


def test_a_crash_while_a_refusal_is_written_down_leaves_the_deal_due(world, monkeypatch):
    world.erp.script = [None, "rejected"]
    deal = world.crm.put_deal(1)
    monkeypatch.setattr(settle.holds, "open_hold", _crash)
    with pytest.raises(Crash):
        sync(world)
    monkeypatch.undo()
    world.clock.step(hours=1)
    assert outcome(sync(world), deal) == "created"


def _crash(*_):
    raise Crash


def test_a_record_that_waits_for_no_open_write_is_freed(world):
    deal = world.crm.put_deal(1)
    sync(world)
    with world.journal.begin() as tx:
        subjects.mark(tx, "so", deal, label="x", state=subjects.AMBIGUOUS, at=world.now())
    assert outcome(sync(world), deal) == "unchanged"


def test_a_customer_in_doubt_stops_only_its_own_deals(world):
    world.erp.script = ["lost_request"]
    waiting = world.crm.put_deal(1)
    sync(world)
    world.crm.put_account(2, "Granite Group")
    fine = world.crm.put_deal(2, account="001000000000002")
    result = sync(world)
    assert (outcome(result, fine), outcome(result, waiting)) == ("created", "waiting")
    world.clock.step(minutes=20)
    assert outcome(sync(world), waiting) == "created"
    assert len(world.erp.customers_) == 2


def test_a_deal_that_changes_while_its_write_is_in_doubt_is_compared_again(world):
    deal = world.crm.put_deal(1)
    sync(world)
    world.erp.script = ["lost_answer"]
    world.erp.reads_fail = True
    world.crm.put_line(deal, 11, "GTX-PRO", "1", "55.50", 1)
    world.erp.reads_fail = False
    world.erp.script = ["crash_after"]
    with pytest.raises(Crash):
        sync(world)
    world.crm.put_line(deal, 12, "GTX-PRO", "1", "10.00", 2)
    world.clock.step(hours=1)
    sync(world)
    sync(world)
    (order,) = world.erp.orders_.values()
    assert order.net == Decimal("265.50")


def test_a_request_that_vanishes_again_and_again_becomes_a_hold(world):
    world.erp.put_customer("1", "Blue Harbor")
    world.erp.script = ["lost_request"] * 10
    deal = world.crm.put_deal(1)
    for _ in range(8):
        sync(world)
        world.clock.step(minutes=20)
    assert open_holds(world)[deal].code == "REMOTE_REJECTED"
    assert "no answer" in open_holds(world)[deal].cause


def test_finances_po_number_is_not_overwritten_by_a_later_line(world):
    deal = world.crm.put_deal(1)
    sync(world)
    (order,) = world.erp.orders_.values()
    world.erp.orders_[order.id] = replace(order, po_number="PO-1-corrected")
    world.crm.put_line(deal, 11, "GTX-PRO", "1", "55.50", 1)
    sync(world)
    assert open_holds(world)[deal].code == "ERP_DRIFT"
    assert "otherRefNum" in open_holds(world)[deal].cause
    assert world.erp.orders_[order.id].po_number == "PO-1-corrected"


def test_a_line_that_finance_copied_is_not_deleted(world):
    deal = world.crm.put_deal(1)
    sync(world)
    (order,) = world.erp.orders_.values()
    world.erp.orders_[order.id] = replace(order, lines=(*order.lines, replace(order.lines[0], line=2)))
    world.crm.put("Opportunity", deal, Name="Renamed")
    sync(world)
    assert open_holds(world)[deal].code == "ERP_DRIFT"


def test_an_edit_made_before_tieout_looked_is_still_seen_as_an_edit(world):
    deal = world.crm.put_deal(1)
    world.erp.script = [None, "crash_after"]
    with pytest.raises(Crash):
        sync(world)
    (order,) = world.erp.orders_.values()
    edited = replace(order.lines[0], quantity=Decimal("4"))
    world.erp.orders_[order.id] = replace(order, lines=(edited,))
    world.clock.step(hours=1)
    sync(world)
    world.crm.put("Opportunity", deal, Name="Renamed")
    sync(world)
    assert open_holds(world)[deal].code == "ERP_DRIFT"


def test_a_changed_scope_reaches_deals_that_were_skipped(world):
    deal = world.crm.put_deal(1, Type="Partner")
    assert outcome(sync(world), deal) == "skipped"
    scope = replace(world.settings.orders.scope, text="IsWon")
    settings = replace(world.settings, orders=replace(world.settings.orders, scope=scope))
    wider = replace(world, settings=settings, scope=compile_condition("IsWon", "sync.toml:21"))
    assert outcome(sync(wider), deal) == "created"


def test_an_earlier_go_live_reaches_deals_that_were_only_matched(world):
    deal = world.crm.put_deal(1, CloseDate=date(2026, 10, 5))
    assert outcome(sync(world), deal) == "skipped"
    company = replace(world.settings.company, go_live=date(2026, 10, 1))
    assert outcome(sync(replace(world, settings=replace(world.settings, company=company))), deal) == "created"


def test_an_account_edit_that_brings_a_deal_into_scope_is_noticed(world):
    scope = compile_condition("Account.Type == 'Customer'", "sync.toml:21")
    strict = replace(world, scope=scope)
    deal = world.crm.put_deal(1, **{"Account.Type": "Prospect"})
    assert outcome(sync(strict), deal) == "skipped"
    assert world.crm.field(deal, SYNC_STATE) is None
    world.crm.records["Opportunity"][deal]["fields"]["Account.Type"] = "Customer"
    world.clock.step(hours=2)
    assert outcome(sync(strict), deal) == "created"


def test_a_deal_that_is_purged_while_it_waits_never_becomes_an_order(world):
    deal = world.crm.put_deal(1, lines=())
    sync(world)
    del world.crm.records["Opportunity"][deal]
    for line in list(world.crm.records["OpportunityLineItem"]):
        del world.crm.records["OpportunityLineItem"][line]
    assert outcome(sync(world), deal) == "skipped"
    assert open_holds(world) == {}


def test_two_accounts_of_one_name_do_not_become_two_customers(world):
    world.crm.put_account(2, "BLUE HARBOR")
    first, second = world.crm.put_deal(1), world.crm.put_deal(2, account="001000000000002")
    result = sync(world)
    assert sorted([outcome(result, first), outcome(result, second)]) == ["created", "held"]
    assert len(world.erp.customers_) == 1


@pytest.mark.parametrize(("name", "inactive"), [("Blue Harbor", True), ("Blue Harbor GmbH", False)])
def test_an_inactive_or_foreign_namesake_is_a_question(world, name, inactive):
    world.erp.put_customer("7", name, inactive=inactive)
    deal = world.crm.put_deal(1)
    sync(world)
    assert open_holds(world)[deal].code == "CUSTOMER_HELD"
    assert not order_writes(world)


def test_names_of_nothing_but_signs_match_nobody(world):
    world.erp.put_customer("7", "---")
    world.crm.put_account(1, "***")
    deal = world.crm.put_deal(1)
    assert outcome(sync(world), deal) == "created"
    assert len(world.erp.customers_) == 2


def test_a_deleted_account_gets_no_customer(world):
    world.crm.put("Account", "001000000000001AAA", deleted=True)
    deal = world.crm.put_deal(1)
    sync(world)
    assert {hold.code for hold in open_holds(world).values()} == {"ACCOUNT_GONE", "CUSTOMER_HELD"}
    assert deal in open_holds(world)
    assert world.erp.writes == []


@pytest.mark.parametrize("name", ["Blue Harbor", "Harbor Holdings"])
def test_a_merged_account_keeps_its_customer(world, name):
    first = world.crm.put_deal(1)
    sync(world)
    winner = world.crm.put_account(2, name)
    world.crm.put("Account", "001000000000001AAA", deleted=True, MasterRecordId=winner)
    world.crm.put("Opportunity", first, AccountId=winner)
    second = world.crm.put_deal(2, account=winner)
    result = sync(world)
    assert (outcome(result, first), outcome(result, second)) == ("unchanged", "created")
    assert len(world.erp.customers_) == 1
    assert open_holds(world) == {}


def test_an_order_that_fits_two_old_deals_is_given_to_neither(world):
    world.erp.put_customer("1", "Blue Harbor")
    world.erp.put_order("50")
    old = {"CloseDate": date(2026, 10, 5), "PO_Number__c": None}
    world.erp.orders_["50"] = replace(world.erp.orders_["50"], date=date(2026, 10, 5))
    deals = [world.crm.put_deal(number, **old) for number in (1, 2)]
    result = sync(world)
    assert [outcome(result, deal) for deal in deals] == ["skipped", "skipped"]


def test_a_status_that_salesforce_refused_is_no_hold_once_nothing_is_to_be_said(world):
    deal = world.crm.put_deal(1, lines=())
    world.crm.refuse[deal] = ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "no")
    sync(world)
    with world.journal.begin() as tx:
        assert intents.open_intents(tx) == []
    world.crm.put("Opportunity", deal, deleted=True)
    sync(world)
    assert open_holds(world) == {}


def test_a_default_never_stands_in_for_a_value_that_was_not_read_yet(world):
    deal = world.crm.put_deal(1, LeadSource="Web")
    sync(world)
    world.clock.step(hours=3)
    rule = '[fields]\ncustbody_lead = { from = "LeadSource", default = "Unknown" }\n'
    wider = template_mapping("sales_order", lambda text: text.replace("[fields]\n", rule))
    sent = []
    save = world.erp._save_order
    world.erp._save_order = lambda id_, request: (sent.append(request.payload.values), save(id_, request))
    assert outcome(sync(replace(world, order_mapping=wider)), deal) == "updated"
    assert sent[0]["custbody_lead"] == "Web"
