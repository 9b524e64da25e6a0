"""Ceilings, required plans, and runs that write exactly what a person approved."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from config.settings import GuardSettings
from journal import approvals
from journal.errors import JournalError
from sync import approval, engine, guard, plan, push
from sync.approval import ApprovedHands, PlanRefused
from tests.fakes.run import open_holds, outcome, settle
from tests.fakes.world import make_settings, make_world, template_mapping

JOBS = (engine.CUSTOMERS, engine.ORDERS)


class GuardedHands(engine.WritingHands):
    """What a run writes with once the guard stands before it."""

    def write_documents(self, world, run_id, decisions):
        return guard.write(world, run_id, decisions, push.push)


@pytest.fixture
def guarded(tmp_path):
    """A factory of worlds with ceilings, over one journal."""
    worlds = []

    def make(**ceilings):
        settings = make_settings(tmp_path, guard=GuardSettings(**ceilings))
        if worlds:
            return replace(worlds[0], settings=settings)
        world = make_world(tmp_path, settings=settings)
        world.crm.put_account(1, "Blue Harbor Inc.")
        worlds.append(world)
        return world

    yield make
    worlds[0].journal.close()


def guarded_sync(world):
    settle(world)
    return engine.run(world, JOBS, hands=GuardedHands())


def planned(world, only=None):
    settle(world)
    result = plan.plan(world, JOBS, only=only)
    return approval.keep(world, result, only)


def applied(world, plan_hash):
    kept = approval.usable(world, plan_hash)
    fitting = approval.fit(world, kept, plan.plan(world, JOBS, only=kept.only))
    with world.journal.begin() as tx:
        approvals.approve(tx, kept, fitting.records, by="ada", at=world.now())
    result = engine.run(world, JOBS, only=kept.only, hands=ApprovedHands(kept.plan, fitting.records))
    with world.journal.begin() as tx:
        approvals.use(tx, kept, world.now())
    return result, fitting


def big_deal(world, number, total):
    return world.crm.put_deal(number, lines=(("PLAT-100", "2", total),))


def shorter_terms(text):
    return text.replace('"60 days"        = "Net 60"', '"60 days"        = "Net 30"')


def order_totals(world):
    return sorted(order.net for order in world.erp.orders_.values())


def test_one_order_above_the_ceiling_is_held_and_the_others_go_on(guarded):
    world = guarded(hold_above={"USD": Decimal("1000")})
    small, large = big_deal(world, 1, "1000.00"), big_deal(world, 2, "1000.01")
    result = guarded_sync(world)
    assert (outcome(result, small), outcome(result, large)) == ("created", "held")
    hold = open_holds(world)[large]
    assert (hold.code, hold.owner) == ("ABOVE_CEILING", "finance")
    assert "1,000.01 USD" in hold.cause
    assert order_totals(world) == [Decimal("1000.00")]


def test_a_ceiling_of_another_currency_does_not_matter(guarded):
    world = guarded(hold_above={"EUR": Decimal("1")}, amount_per_run={"EUR": Decimal("1")})
    deal = big_deal(world, 1, "1000.00")
    assert outcome(guarded_sync(world), deal) == "created"


def test_too_many_new_orders_all_wait_and_are_decided_again(guarded):
    world = guarded(new_orders_per_run=1)
    deals = [big_deal(world, number, "10.00") for number in (1, 2)]
    result = guarded_sync(world)
    assert [outcome(result, deal) for deal in deals] == ["waiting", "waiting"]
    assert "would create 2 orders, above the ceiling of 1" in result.orders[deals[0]].reason
    assert "tieout apply" in result.orders[deals[0]].reason
    assert order_totals(world) == []
    result = guarded_sync(guarded(new_orders_per_run=2))
    assert [outcome(result, deal) for deal in deals] == ["created", "created"]


def test_too_large_a_sum_makes_the_whole_batch_wait(guarded):
    world = guarded(amount_per_run={"USD": Decimal("25.00")})
    deals = [big_deal(world, number, "15.00") for number in (1, 2)]
    result = guarded_sync(world)
    assert [outcome(result, deal) for deal in deals] == ["waiting", "waiting"]
    assert "30.00 USD net, above the ceiling of 25.00 USD" in result.orders[deals[0]].reason


def test_a_held_order_does_not_count_for_the_run(guarded):
    world = guarded(hold_above={"USD": Decimal("100")}, amount_per_run={"USD": Decimal("20.00")})
    small, large = big_deal(world, 1, "15.00"), big_deal(world, 2, "500.00")
    result = guarded_sync(world)
    assert (outcome(result, small), outcome(result, large)) == ("created", "held")


def test_changes_of_existing_orders_pass_the_ceilings_of_a_run(guarded):
    world = guarded()
    deal = big_deal(world, 1, "15.00")
    guarded_sync(world)
    world = guarded(new_orders_per_run=0, amount_per_run={"USD": Decimal("0.01")})
    world.crm.put_line(deal, 11, "GTX-PRO", "1", "55.50", 1)
    assert outcome(guarded_sync(world), deal) == "updated"


def test_an_order_that_grows_above_the_ceiling_is_held_but_a_large_one_that_shrinks_is_not(guarded):
    world = guarded()
    grows, shrinks = big_deal(world, 1, "15.00"), big_deal(world, 2, "900.00")
    guarded_sync(world)
    guarded_sync(world)
    world = guarded(hold_above={"USD": Decimal("100")})
    world.crm.put_line(grows, 10, "PLAT-100", "2", "150.00")
    world.crm.put_line(shrinks, 20, "PLAT-100", "2", "800.00")
    result = guarded_sync(world)
    assert (outcome(result, grows), outcome(result, shrinks)) == ("held", "updated")


def test_a_required_plan_keeps_a_new_mapping_from_writing_until_one_was_approved(guarded):
    world = guarded(require_plan=True)
    deal = big_deal(world, 1, "15.00")
    result = guarded_sync(world)
    assert "no plan made with the present mapping was approved" in result.customers["001000000000001AAA"].reason
    assert outcome(result, deal) == "waiting"
    assert world.erp.writes == []
    result, _ = applied(world, planned(world).plan)
    assert outcome(result, deal) == "created"
    second = big_deal(world, 2, "15.00")
    assert outcome(guarded_sync(world), second) == "created"
    changed = template_mapping("sales_order", shorter_terms)
    third = big_deal(world, 3, "15.00")
    assert outcome(guarded_sync(replace(world, order_mapping=changed)), third) == "waiting"


def test_an_approved_plan_passes_every_ceiling_also_where_its_customer_is_new(guarded):
    world = guarded(new_orders_per_run=0, hold_above={"USD": Decimal("1")}, amount_per_run={"USD": Decimal("1")})
    deal = big_deal(world, 1, "1000.00")
    guarded_sync(world)
    result, fitting = applied(world, planned(world).plan)
    assert outcome(result, deal) == "created"
    assert fitting.dropped == []
    assert open_holds(world) == {}


def test_a_plan_is_the_same_for_the_same_writes_and_another_for_others(guarded):
    world = guarded()
    deal = big_deal(world, 1, "10.00")
    first = planned(world)
    assert planned(world).plan == first.plan
    world.crm.put_line(deal, 10, "PLAT-100", "2", "10.01")
    assert planned(world).plan != first.plan


def test_what_moved_since_the_plan_drops_out_and_new_records_wait(guarded):
    world = guarded()
    stays, moves, lost = (big_deal(world, number, "10.00") for number in (1, 2, 3))
    kept = planned(world)
    world.crm.put_line(moves, 20, "PLAT-100", "2", "99.00")
    world.crm.put("Opportunity", lost, IsWon=False, StageName="Closed Lost")
    late = big_deal(world, 4, "10.00")
    settle(world)
    result, fitting = applied(world, kept.plan)
    assert {record.source_id for record, _ in fitting.dropped} == {moves, lost}
    reasons = {record.source_id: why for record, why in fitting.dropped}
    assert reasons[moves] == "its content has changed"
    assert outcome(result, stays) == "created"
    assert (outcome(result, moves), outcome(result, late)) == ("waiting", "waiting")
    assert "not part of the approved plan" in result.orders[late].reason
    assert order_totals(world) == [Decimal("10.00")]
    assert outcome(guarded_sync(world), late) == "created"


def test_an_approval_is_used_once(guarded):
    world = guarded()
    big_deal(world, 1, "10.00")
    kept = planned(world)
    applied(world, kept.plan)
    with pytest.raises(PlanRefused, match=r"carried out already, on 2026-11-22 .* by ada"):
        approval.usable(world, kept.plan)
    with world.journal.begin() as tx, pytest.raises(JournalError, match="carried out already"):
        approvals.approve(tx, kept, kept.records, by="eve", at=world.now())


def test_an_interrupted_run_leaves_its_approval_usable(guarded):
    world = guarded()
    deal = big_deal(world, 1, "10.00")
    kept = planned(world)
    with world.journal.begin() as tx:
        approvals.approve(tx, kept, kept.records, by="ada", at=world.now())
    result, _ = applied(world, kept.plan)
    assert outcome(result, deal) == "created"


def test_a_plan_of_which_nothing_holds_any_more_is_refused(guarded):
    world = guarded()
    deal = big_deal(world, 1, "10.00")
    kept = planned(world)
    world.crm.put("Opportunity", deal, IsWon=False, StageName="Closed Lost")
    settle(world)
    with pytest.raises(PlanRefused, match="nothing of plan .* Deal 1"):
        applied(world, kept.plan)


def test_a_plan_of_another_mapping_or_an_unknown_hash_is_refused(guarded):
    world = guarded()
    big_deal(world, 1, "10.00")
    kept = planned(world)
    changed = template_mapping("sales_order", shorter_terms)
    with pytest.raises(PlanRefused, match="another version of the mapping"):
        approval.usable(replace(world, order_mapping=changed), kept.plan)
    with pytest.raises(PlanRefused, match="no plan has the hash"):
        approval.usable(world, "0123456789abcdef")


def test_a_plan_for_one_deal_lets_only_that_deal_pass(guarded):
    world = guarded(new_orders_per_run=0)
    first, second = big_deal(world, 1, "10.00"), big_deal(world, 2, "10.00")
    kept = planned(world, only=first)
    assert {record.source_id for record in kept.records if record.kind == "so"} == {first}
    result, _ = applied(world, kept.plan)
    assert outcome(result, first) == "created"
    assert outcome(guarded_sync(world), second) == "waiting"


def test_a_plan_without_writes_is_not_kept(guarded):
    assert planned(guarded()) is None
