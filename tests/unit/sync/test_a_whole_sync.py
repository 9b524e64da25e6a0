"""Whole runs over in-memory systems on a virtual clock: what becomes of each kind of deal."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from journal import intents, staging
from sync import engine, plan
from sync.world import ORDER_NUMBER, ORDER_STATUS, SYNC_ERROR, SYNC_STATE
from tests.fakes.run import open_holds, outcome, settle, sync


def test_a_won_deal_becomes_a_customer_and_an_order_and_the_number_comes_back(world):
    deal = world.crm.put_deal(1)
    result = sync(world)
    assert outcome(result, deal) == "created"
    (order,) = world.erp.orders_.values()
    assert order.external_id == f"tieout-so-{deal}"
    assert order.net == Decimal("200.00")
    assert order.po_number == "PO-1"
    assert world.erp.customers_[order.customer_id].name == "Blue Harbor Inc."
    assert world.crm.field(deal, ORDER_NUMBER) == order.number
    assert world.crm.field(deal, ORDER_STATUS) == "Pending Approval"
    assert world.crm.field(deal, SYNC_STATE) == "Synced"


def test_a_second_run_reads_the_echo_of_the_first_and_writes_nothing(world):
    world.crm.put_deal(1)
    sync(world)
    writes = len(world.erp.writes), len(world.crm.writes)
    result = sync(world)
    assert result.pulled.read > 0
    assert (len(world.erp.writes), len(world.crm.writes)) == writes


def test_a_changed_deal_changes_its_order_once(world):
    deal = world.crm.put_deal(1)
    sync(world)
    world.crm.put_line(deal, 11, "GTX-PRO", "1", "55.50", 1)
    result = sync(world)
    assert outcome(result, deal) == "updated"
    (order,) = world.erp.orders_.values()
    assert order.net == Decimal("255.50")
    assert [line.line for line in order.lines] == [1, 2]
    sync(world)
    assert [write[0] for write in world.erp.writes] == ["add", "add", "update"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"AccountId": None}, "NO_ACCOUNT"),
        ({"Payment_Terms__c": "90 days"}, "VALUE_NOT_IN_TABLE"),
        ({"PO_Required__c": True, "PO_Number__c": None}, "RULE_HOLD"),
        ({"Account.BillingCountryCode": "FR"}, "VALUE_NOT_IN_TABLE"),
    ],
)
def test_a_deal_that_cannot_become_an_order_is_held_with_cause_owner_and_fix(world, change, code):
    deal = world.crm.put_deal(1, **change)
    sync(world)
    hold = open_holds(world)[deal]
    assert (hold.code, bool(hold.cause), bool(hold.owner), bool(hold.fix)) == (code, True, True, True)
    assert world.crm.field(deal, SYNC_STATE) == "Held"
    assert code in world.crm.field(deal, SYNC_ERROR)
    assert not world.erp.orders_


def test_a_deal_without_lines_is_held_and_heals_when_lines_come(world):
    deal = world.crm.put_deal(1, lines=())
    sync(world)
    assert open_holds(world)[deal].code == "NO_LINES"
    world.crm.put_line(deal, 11, "PLAT-100", "1", "10.00")
    result = sync(world)
    assert outcome(result, deal) == "created"
    assert open_holds(world) == {}
    assert world.crm.field(deal, SYNC_ERROR) is None


def test_an_unknown_product_is_held_and_heals_when_the_item_appears(world):
    deal = world.crm.put_deal(1, lines=(("NEW-1", "1", "10.00"),))
    sync(world)
    assert open_holds(world)[deal].code == "ITEM_NOT_FOUND"
    assert "NEW-1" in open_holds(world)[deal].cause
    world.erp.lists["item"].append("NEW-1")
    assert outcome(sync(world), deal) == "created"


def test_a_held_deal_does_not_stop_the_others(world):
    held = world.crm.put_deal(1, lines=())
    fine = world.crm.put_deal(2)
    result = sync(world)
    assert (outcome(result, held), outcome(result, fine)) == ("held", "created")


def test_a_deal_out_of_scope_says_by_which_line(world):
    deal = world.crm.put_deal(1, Type="Partner")
    result = sync(world)
    assert outcome(result, deal) == "skipped"
    assert "sync.toml:21" in result.orders[deal].reason
    assert not world.erp.orders_


def test_a_deal_from_before_go_live_is_matched_and_never_created(world):
    world.erp.put_customer("1", "BLUE HARBOR, Inc")
    world.erp.put_order("50", po_number="PO-1", net=Decimal("999.00"))
    matched = world.crm.put_deal(1, CloseDate=date(2026, 10, 5))
    alone = world.crm.put_deal(2, CloseDate=date(2026, 10, 6))
    result = sync(world)
    assert (outcome(result, matched), outcome(result, alone)) == ("matched", "skipped")
    assert world.erp.writes == []
    assert world.crm.field(matched, SYNC_STATE) == "Matched"
    assert world.crm.field(matched, ORDER_NUMBER) == "SO50"


def test_an_order_entered_by_hand_is_asked_about_not_repeated(world):
    world.erp.put_customer("1", "Blue Harbor")
    world.erp.put_order("50", po_number="po-1 ")
    deal = world.crm.put_deal(1)
    sync(world)
    hold = open_holds(world)[deal]
    assert hold.code == "POSSIBLE_DUPLICATE"
    assert "SO50" in hold.cause
    world.crm.put("Opportunity", deal, netsuite_conn__NetSuite_Id__c="50")
    assert outcome(sync(world), deal) == "matched"


def test_an_admin_can_say_that_it_is_another_sale(world):
    world.erp.put_customer("1", "Blue Harbor")
    world.erp.put_order("50", po_number="PO-1")
    deal = world.crm.put_deal(1, netsuite_conn__NetSuite_Id__c="new")
    assert outcome(sync(world), deal) == "created"


def test_a_near_name_is_a_question_and_the_answer_is_followed(world):
    world.erp.put_customer("7", "Blue Harbour")
    deal = world.crm.put_deal(1)
    sync(world)
    account = next(iter(world.crm.records["Account"]))
    assert open_holds(world)[account].code == "CUSTOMER_NEAR_MATCH"
    assert "Blue Harbour" in open_holds(world)[account].cause
    assert open_holds(world)[deal].code == "CUSTOMER_HELD"
    world.crm.put("Account", account, netsuite_conn__NetSuite_Id__c="7")
    assert outcome(sync(world), deal) == "created"
    assert next(iter(world.erp.orders_.values())).customer_id == "7"
    assert open_holds(world) == {}


def test_two_customers_of_one_name_are_never_chosen_between(world):
    world.erp.put_customer("7", "Blue Harbor LLC")
    world.erp.put_customer("8", "blue harbor")
    deal = world.crm.put_deal(1)
    sync(world)
    assert open_holds(world)[deal].code == "CUSTOMER_HELD"
    assert not world.erp.orders_


def test_parents_become_customers_before_their_children(world):
    parent = world.crm.put_account(2, "Granite Group")
    world.crm.put_account(1, "Blue Harbor Inc.", ParentId=parent)
    deal = world.crm.put_deal(1)
    result = sync(world)
    assert outcome(result, deal) == "created"
    assert [world.erp.customers_[write[2]].name for write in world.erp.writes[:2]] == [
        "Granite Group",
        "Blue Harbor Inc.",
    ]


def test_accounts_whose_parents_form_a_circle_are_held(world):
    other = world.crm.put_account(2, "Granite Group", ParentId="001000000000001AAA")
    world.crm.put_account(1, "Blue Harbor Inc.", ParentId=other)
    deal = world.crm.put_deal(1)
    sync(world)
    assert {hold.code for hold in open_holds(world).values()} == {"PARENT_CYCLE", "CUSTOMER_HELD"}
    assert open_holds(world)[deal].code == "CUSTOMER_HELD"


def test_a_reopened_deal_leaves_its_order_alone_and_asks_a_person(world):
    deal = world.crm.put_deal(1)
    sync(world)
    world.crm.put("Opportunity", deal, StageName="Negotiation", IsWon=False, IsClosed=False)
    result = sync(world)
    assert outcome(result, deal) == "held"
    assert open_holds(world)[deal].code == "REOPENED_AFTER_PUSH"
    assert [write[0] for write in world.erp.writes] == ["add", "add"]
    assert "Negotiation" in world.crm.field(deal, "Tieout_Sync_Error__c")


def test_a_reopened_deal_is_free_again_once_its_order_is_cancelled(world):
    deal = world.crm.put_deal(1)
    sync(world)
    world.crm.put("Opportunity", deal, StageName="Negotiation", IsWon=False, IsClosed=False)
    sync(world)
    (order,) = world.erp.orders_.values()
    world.erp.put_order(order.id, external_id=order.external_id, status="C")
    assert outcome(sync(world), deal) == "skipped"
    assert open_holds(world) == {}


def test_a_deleted_deal_with_a_living_order_is_held(world):
    deal = world.crm.put_deal(1)
    sync(world)
    world.crm.put("Opportunity", deal, deleted=True)
    sync(world)
    assert open_holds(world)[deal].code == "DELETED_AFTER_PUSH"


def test_a_deal_deleted_before_its_order_is_never_created(world):
    deal = world.crm.put_deal(1, lines=())
    sync(world)
    world.crm.put("Opportunity", deal, deleted=True)
    assert outcome(sync(world), deal) == "skipped"
    assert open_holds(world) == {}


def test_a_customer_that_no_won_deal_needs_any_more_is_not_created(world):
    deal = world.crm.put_deal(1)
    account = world.crm.put_account(1, "Blue Harbor Inc." + "x" * 80)
    sync(world)
    assert open_holds(world)[account].code == "TOO_LONG"
    world.crm.put("Opportunity", deal, StageName="Closed Lost", IsWon=False)
    world.crm.put_account(1, "Blue Harbor Inc.")
    sync(world)
    assert open_holds(world) == {}
    assert world.erp.writes == []


def test_a_clone_that_copied_the_status_fields_is_blanked(world):
    deal = world.crm.put_deal(1)
    sync(world)
    clone = world.crm.put_deal(
        2, StageName="Prospecting", IsWon=False, **{ORDER_NUMBER: world.crm.field(deal, ORDER_NUMBER)}
    )
    world.crm.put("Opportunity", clone, IsWon=True, Type="Partner")
    sync(world)
    assert world.crm.field(clone, ORDER_NUMBER) is None


def test_a_deal_waits_as_long_as_the_admin_said(world):
    settings = replace(world.settings, orders=replace(world.settings.orders, wait=timedelta(minutes=30)))
    waiting = replace(world, settings=settings)
    deal = world.crm.put_deal(1)
    assert outcome(sync(waiting), deal) == "waiting"
    assert world.crm.field(deal, SYNC_STATE) == "Waiting"
    world.clock.step(minutes=30)
    assert outcome(sync(waiting), deal) == "created"


def test_a_plan_says_what_a_sync_would_do_and_changes_nothing(world):
    deal = world.crm.put_deal(1)
    settle(world)
    planned = plan.plan(world)
    assert outcome(planned, deal) == "created"
    assert {change.field for change in planned.orders[deal].changes} >= {"otherRefNum", "memo", "line 1 amount"}
    assert all(change.where for change in planned.orders[deal].changes if change.field == "otherRefNum")
    assert (world.erp.writes, world.crm.writes) == ([], [])
    with world.journal.begin() as tx:
        assert staging.position(tx, "Opportunity") is None
        assert intents.open_intents(tx) == []
    assert outcome(engine.run(world), deal) == "created"


def test_one_deal_can_be_synced_alone(world):
    first, second = world.crm.put_deal(1), world.crm.put_deal(2)
    result = sync(world, only=first)
    assert set(result.orders) == {first}
    assert [order.deal_id for order in world.erp.orders_.values()] == [first]
    assert outcome(sync(world), second) == "created"


def test_a_line_that_changes_without_its_deal_is_noticed(world):
    deal = world.crm.put_deal(1)
    sync(world)
    line = next(iter(world.crm.records["OpportunityLineItem"]))
    sync(world)
    world.clock.step(hours=2)
    world.crm.put("OpportunityLineItem", line, Description="Now with a text")
    assert outcome(sync(world), deal) == "updated"


def test_a_refused_status_is_a_hold_and_stops_no_other(world):
    first, second = world.crm.put_deal(1), world.crm.put_deal(2)
    world.crm.refuse[first] = ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "Needs a next step")
    sync(world)
    assert open_holds(world)[first].code == "WRITEBACK_REJECTED"
    assert world.crm.field(second, SYNC_STATE) == "Synced"
    world.crm.refuse.clear()
    sync(world)
    assert open_holds(world) == {}
