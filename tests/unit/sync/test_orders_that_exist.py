"""Deals whose orders exist: other hands, other mappings, orders that are gone, journals that are lost."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from sync.world import ORDER_NUMBER, ORDER_STATUS, SYNC_STATE
from tests.fakes.run import open_holds, outcome, sync
from tests.fakes.world import make_world, template_mapping


def the_order(world):
    (order,) = world.erp.orders_.values()
    return order


def put(world, order, **changes):
    world.erp.orders_[order.id] = replace(order, **changes)


def test_an_order_saved_with_another_amount_stays_held_until_netsuite_is_right(world):
    deal = world.crm.put_deal(1)
    world.erp.surcharge = Decimal("5.00")
    sync(world)
    assert open_holds(world)[deal].code == "AMOUNT_MISMATCH"
    sync(world)
    assert open_holds(world)[deal].code == "AMOUNT_MISMATCH"
    order = the_order(world)
    put(world, order, net=Decimal("200.00"), lines=order.lines[:1])
    sync(world)
    assert open_holds(world) == {}
    assert world.crm.field(deal, SYNC_STATE) == "Synced"


def test_an_order_that_is_gone_is_held_without_waiting_for_the_deal_to_change(world):
    deal = world.crm.put_deal(1)
    sync(world)
    world.erp.orders_.clear()
    sync(world)
    assert open_holds(world)[deal].code == "TARGET_VANISHED"
    assert world.crm.field(deal, SYNC_STATE) == "Held"
    assert world.crm.field(deal, ORDER_STATUS) == "not found in NetSuite"
    writes = len(world.crm.writes)
    sync(world)
    sync(world)
    assert not world.erp.orders_
    assert len(world.crm.writes) == writes


def test_a_person_can_name_the_order_that_took_the_place_of_a_deleted_one(world):
    deal = world.crm.put_deal(1)
    sync(world)
    customer = the_order(world).customer_id
    world.erp.orders_.clear()
    sync(world)
    world.erp.put_order("77", customer_id=customer)
    world.crm.put("Opportunity", deal, netsuite_conn__NetSuite_Id__c="77")
    assert outcome(sync(world), deal) == "matched"
    assert world.crm.field(deal, ORDER_NUMBER) == "SO77"
    assert open_holds(world) == {}


def test_a_locked_order_that_finance_changed_as_the_deal_asks_releases_the_hold(world):
    deal = world.crm.put_deal(1)
    sync(world)
    order = the_order(world)
    put(world, order, status="B")
    world.crm.put("Opportunity", deal, Name="Renamed")
    sync(world)
    assert open_holds(world)[deal].code == "LOCKED_DOWNSTREAM"
    put(world, order, status="B", memo="Renamed")
    assert outcome(sync(world), deal) == "unchanged"
    assert open_holds(world) == {}
    assert [write[0] for write in world.erp.writes] == ["add", "add"]


def test_a_changed_mapping_reaches_orders_that_are_pending_with_newly_read_fields(world):
    deal = world.crm.put_deal(1, LeadSource="Web")
    sync(world)
    wider = template_mapping(
        "sales_order", lambda text: text.replace("[fields]\n", '[fields]\ncustbody_lead = { from = "LeadSource" }\n')
    )
    changed = replace(world, order_mapping=wider)
    assert outcome(sync(changed), deal) == "updated"
    sync(changed)
    assert [write[0] for write in world.erp.writes] == ["add", "add", "update"]


def test_a_changed_mapping_leaves_approved_orders_alone_and_blames_no_deal(world):
    deal = world.crm.put_deal(1, LeadSource="Web")
    sync(world)
    put(world, the_order(world), status="B")
    wider = template_mapping(
        "sales_order", lambda text: text.replace("[fields]\n", '[fields]\ncustbody_lead = { from = "LeadSource" }\n')
    )
    result = sync(replace(world, order_mapping=wider))
    assert outcome(result, deal) == "unchanged"
    assert "only the mapping has changed" in result.orders[deal].reason
    assert open_holds(world) == {}


def test_a_deal_that_goes_to_another_customer_after_its_order_is_held(world):
    deal = world.crm.put_deal(1)
    sync(world)
    other = world.crm.put_account(2, "Granite Group")
    world.crm.put("Opportunity", deal, AccountId=other)
    sync(world)
    assert open_holds(world)[deal].code == "IDENTITY_CHANGED"
    assert [write[:2] for write in world.erp.writes if write[1] == "salesOrder"] == [("add", "salesOrder")]


def test_a_deal_that_changes_its_currency_after_its_order_is_held(world):
    deal = world.crm.put_deal(1)
    sync(world)
    world.crm.put("Opportunity", deal, CurrencyIsoCode="EUR")
    for line in list(world.crm.records["OpportunityLineItem"]):
        world.crm.put("OpportunityLineItem", line, CurrencyIsoCode="EUR", TotalPrice=Decimal("180.00"))
    sync(world)
    assert open_holds(world)[deal].code == "IDENTITY_CHANGED"
    assert the_order(world).net == Decimal("200.00")


def test_a_name_that_is_written_once_need_not_stay_valid(world):
    deal = world.crm.put_deal(1)
    sync(world)
    world.erp.lists["subsidiary"] = ["Acme Holding"]
    world.crm.put("Opportunity", deal, Description="touched")
    assert outcome(sync(world), deal) == "unchanged"
    assert open_holds(world) == {}


def test_after_the_loss_of_the_journal_our_own_orders_are_found_and_followed(world, tmp_path):
    deal = world.crm.put_deal(1)
    sync(world)
    fresh = make_world(tmp_path / "fresh", clock=world.clock, crm=world.crm, erp=world.erp)
    assert outcome(sync(fresh), deal) == "matched"
    sync(fresh)
    assert world.crm.field(deal, SYNC_STATE) == "Synced"
    world.crm.put("Opportunity", deal, Name="Renamed")
    assert outcome(sync(fresh), deal) == "updated"
    assert len(world.erp.orders_) == 1
    fresh.journal.close()


def test_a_deal_that_changes_its_currency_after_an_update_of_its_order_is_held_too(world):
    deal = world.crm.put_deal(1)
    sync(world)
    world.crm.put("Opportunity", deal, Name="Renamed")
    assert outcome(sync(world), deal) == "updated"
    world.crm.put("Opportunity", deal, CurrencyIsoCode="EUR")
    for line in list(world.crm.records["OpportunityLineItem"]):
        world.crm.put("OpportunityLineItem", line, CurrencyIsoCode="EUR", TotalPrice=Decimal("180.00"))
    sync(world)
    assert open_holds(world)[deal].code == "IDENTITY_CHANGED"
    assert the_order(world).net == Decimal("200.00")
