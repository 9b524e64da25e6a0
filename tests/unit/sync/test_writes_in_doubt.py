"""Lost answers, crashes, refusals and other people's edits: no deal twice, none lost, nothing overwritten."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from connectors.errors import ConnectorError
from sync.world import SYNC_STATE
from tests.fakes.erp import Crash
from tests.fakes.run import open_holds, outcome, sync


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


def test_another_org_under_the_same_settings_is_refused_before_any_write(world):
    sync(world)
    world.crm.org = "00D000000000009AAA"
    world.crm.put_deal(1)
    with pytest.raises(ConnectorError, match="this state database belongs to"):
        sync(world)
    assert world.erp.writes == []
