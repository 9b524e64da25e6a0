"""Whole runs over in-memory systems on a virtual clock: no deal twice, no deal lost, nothing said twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from connectors.errors import ConnectorError
from journal import holds, intents, staging
from sync import engine, plan
from sync.decision import OUTCOMES
from sync.world import ORDER_NUMBER, ORDER_STATUS, SYNC_ERROR, SYNC_STATE
from tests.fakes.erp import Crash
from tests.fakes.world import make_world


@pytest.fixture
def world(tmp_path):
    world = make_world(tmp_path)
    world.crm.put_account(1, "Blue Harbor Inc.")
    yield world
    world.journal.close()


def settle(world):
    """Let every change so far become old enough to be read."""
    world.clock.step(minutes=5)


def sync(world, **options):
    settle(world)
    return engine.run(world, **options)


def outcome(result, deal):
    return OUTCOMES[result.orders[deal].action]


def open_holds(world):
    with world.journal.begin() as tx:
        return {hold.source_id: hold for hold in holds.open_holds(tx)}


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


def test_lines_that_finance_added_survive_a_change_of_the_deal(world):
    deal = world.crm.put_deal(1)
    sync(world)
    (order,) = world.erp.orders_.values()
    fee = replace(order.lines[0], line=7, key=None, amount=Decimal("9.00"))
    world.erp.orders_[order.id] = replace(order, lines=(*order.lines, fee))
    world.crm.put_line(deal, 11, "GTX-PRO", "1", "55.50", 1)
    sync(world)
    assert {line.line for line in world.erp.orders_[order.id].lines} == {1, 7, 8}


def test_an_approved_order_is_never_changed_behind_finances_back(world):
    deal = world.crm.put_deal(1)
    sync(world)
    (order,) = world.erp.orders_.values()
    world.erp.orders_[order.id] = replace(order, status="B")
    world.crm.put("Opportunity", deal, Name="Renamed")
    result = sync(world)
    assert outcome(result, deal) == "held"
    assert open_holds(world)[deal].code == "LOCKED_DOWNSTREAM"
    assert "Renamed" in open_holds(world)[deal].cause
    assert [write[0] for write in world.erp.writes] == ["add", "add"]


def test_an_order_that_somebody_edited_is_not_overwritten(world):
    deal = world.crm.put_deal(1)
    sync(world)
    (order,) = world.erp.orders_.values()
    edited = replace(order.lines[0], amount=Decimal("150.00"))
    world.erp.orders_[order.id] = replace(order, lines=(edited,), net=Decimal("150.00"))
    world.crm.put("Opportunity", deal, Name="Renamed")
    sync(world)
    assert open_holds(world)[deal].code == "ERP_DRIFT"


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


def test_a_lost_answer_is_read_back_and_adopted_without_a_second_request(world):
    world.erp.script = [None, "lost_answer"]
    deal = world.crm.put_deal(1)
    result = sync(world)
    assert outcome(result, deal) == "created"
    assert len(world.erp.orders_) == 1


def test_a_lost_request_waits_out_the_quiet_period_before_it_is_sent_again(world):
    world.erp.script = [None, "lost_request"]
    deal = world.crm.put_deal(1)
    assert outcome(sync(world), deal) == "waiting"
    assert outcome(sync(world), deal) == "waiting"
    assert not world.erp.orders_
    world.clock.step(minutes=20)
    assert outcome(sync(world), deal) == "created"
    assert len(world.erp.orders_) == 1


def test_a_read_back_that_fails_says_nothing_about_the_order(world):
    world.erp.script = [None, "lost_answer"]
    world.erp.reads_fail = True
    deal = world.crm.put_deal(1)
    assert outcome(sync(world), deal) == "waiting"
    world.clock.step(hours=1)
    assert outcome(sync(world), deal) == "waiting"
    world.erp.reads_fail = False
    assert outcome(sync(world), deal) in ("created", "unchanged")
    assert len(world.erp.orders_) == 1


@pytest.mark.parametrize("fault", ["crash_before", "crash_after"])
@pytest.mark.parametrize("position", [0, 1, 2])
def test_a_crash_around_any_write_ends_with_exactly_one_order_a_deal(world, fault, position):
    deals = [world.crm.put_deal(number) for number in (1, 2)]
    world.erp.script = [None] * position + [fault]
    with pytest.raises(Crash):
        sync(world)
    world.clock.step(hours=1)
    sync(world)
    sync(world)
    assert sorted(order.deal_id for order in world.erp.orders_.values()) == sorted(deals)
    assert {world.crm.field(deal, SYNC_STATE) for deal in deals} == {"Synced"}


def test_a_throttled_write_is_tried_again_in_the_same_run(world):
    world.erp.script = [None, "throttled", "throttled"]
    deal = world.crm.put_deal(1)
    assert outcome(sync(world), deal) == "created"
    assert len(world.clock.slept) == 2


def test_a_refusal_is_held_in_netsuites_own_words(world):
    world.erp.script = [None, "rejected"]
    deal = world.crm.put_deal(1)
    sync(world)
    assert "Please enter a department" in open_holds(world)[deal].cause
    assert outcome(sync(world), deal) == "created"


def test_a_foreign_record_under_our_external_id_is_never_adopted(world):
    world.erp.put_customer("1", "Blue Harbor")
    deal = world.crm.put_deal(1)
    world.erp.put_order("50", external_id=f"tieout-so-{deal}", po_number="X")
    sync(world)
    assert open_holds(world)[deal].code == "EXTID_FOREIGN"


def test_a_reopened_deal_leaves_its_order_alone(world):
    deal = world.crm.put_deal(1)
    sync(world)
    world.crm.put("Opportunity", deal, StageName="Negotiation", IsWon=False, IsClosed=False)
    result = sync(world)
    assert outcome(result, deal) == "skipped"
    assert "stays as it is" in result.orders[deal].reason
    assert [write[0] for write in world.erp.writes] == ["add", "add"]


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


def test_a_row_that_becomes_visible_late_is_still_picked_up(world):
    first = world.crm.put_deal(1)
    sync(world)
    late = world.crm.put_deal(2)
    hidden = world.crm.records["Opportunity"].pop(late)
    world.clock.step(minutes=4)
    world.crm.put("Opportunity", first, Description="newer than the hidden one")
    sync(world)
    world.crm.records["Opportunity"][late] = hidden
    assert outcome(sync(world), late) == "created"


def test_a_refused_status_is_a_hold_and_stops_no_other(world):
    first, second = world.crm.put_deal(1), world.crm.put_deal(2)
    world.crm.refuse[first] = ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "Needs a next step")
    sync(world)
    assert open_holds(world)[first].code == "WRITEBACK_REJECTED"
    assert world.crm.field(second, SYNC_STATE) == "Synced"
    world.crm.refuse.clear()
    sync(world)
    assert open_holds(world) == {}


def test_another_org_under_the_same_settings_is_refused_before_any_write(world):
    sync(world)
    world.crm.org = "00D000000000009AAA"
    world.crm.put_deal(1)
    with pytest.raises(ConnectorError, match="this state database belongs to"):
        sync(world)
    assert world.erp.writes == []
