"""A restored journal does not know the last writes: everything is looked for before anything is created."""

from __future__ import annotations

import pytest

from config.settings import InvoiceSettings
from journal import bindings, claims, epoch
from journal.nouns import KIND_CUSTOMER, KIND_INVOICE, KIND_ORDER
from sync.plan import plan
from sync.world import ORDER_NUMBER
from tests.fakes.run import open_holds, sync
from tests.fakes.world import make_settings, make_world


@pytest.fixture
def world(tmp_path):
    world = make_world(tmp_path, settings=make_settings(tmp_path, invoices=InvoiceSettings(enabled=True)))
    world.crm.put_account(1, "Blue Harbor Inc.")
    world.crm.put_account(2, "Green Field Ltd.")
    yield world
    world.journal.close()


def restored(world):
    """Return the world over what its journal held before anything happened, and put it into recovery."""
    journal = world.journal.scratch()
    with journal.begin() as tx:
        epoch.begin_recovery(tx, "the file was copied from elsewhere", world.now())
    return world.on(journal)


def bound(world, kind):
    with world.journal.begin() as tx:
        return {one.source_id: one for one in bindings.all_of(tx, kind)}


def test_nothing_is_written_until_the_quiet_period_since_the_restore_is_over(world):
    deal = world.crm.put_deal(1)
    before = restored(world)
    first = sync(before)
    assert (first.recovered.over, first.recovered.adopted) == (False, 0)
    assert not plan(before).recovered.over
    assert world.erp.orders_ == {} and world.erp.customers_ == {} and world.crm.writes == []
    world.clock.step(minutes=20)
    assert sync(before).recovered.over
    assert sync(before).recovered is None
    assert [order.deal_id for order in world.erp.orders_.values()] == [deal]


def test_what_was_written_after_the_backup_is_adopted_and_never_made_again(world):
    before = restored(world)
    first = world.crm.put_deal(1)
    second = world.crm.put_deal(2, account="001000000000002")
    sync(world)
    for order in list(world.erp.orders_.values()):
        world.erp.approve(order.id)
    sync(world)
    orders, customers, invoices = dict(world.erp.orders_), dict(world.erp.customers_), dict(world.erp.invoices_)
    assert len(orders) == len(customers) == len(invoices) == 2

    world.clock.step(minutes=20)
    sync(before)
    sync(before)

    assert (world.erp.orders_.keys(), world.erp.customers_.keys(), world.erp.invoices_.keys()) == (
        orders.keys(), customers.keys(), invoices.keys(),
    )  # fmt: skip
    assert bound(before, KIND_ORDER).keys() == {first, second}
    assert {one.target_id for one in bound(before, KIND_CUSTOMER).values()} == customers.keys()
    assert {one.target_id for one in bound(before, KIND_INVOICE).values()} == invoices.keys()
    assert open_holds(before) == {}
    with before.journal.begin() as tx:
        assert not epoch.in_recovery(tx)


def test_a_deal_that_changed_after_the_restore_changes_its_adopted_order(world):
    before = restored(world)
    deal = world.crm.put_deal(1)
    sync(world)
    world.clock.step(minutes=20)
    sync(before)
    world.crm.put_line(deal, 77, "GTX-PRO", "1", "55.50", 1)
    sync(before)
    (order,) = world.erp.orders_.values()
    assert len(order.lines) == 2
    assert world.crm.field(deal, ORDER_NUMBER) == order.number


def test_a_probe_that_fails_keeps_the_recovery_open(world):
    before = restored(world)
    world.crm.put_deal(1)
    world.clock.step(minutes=20)
    world.erp.reads_fail = True
    with pytest.raises(Exception, match="read"):
        sync(before)
    world.erp.reads_fail = False
    with before.journal.begin() as tx:
        assert epoch.in_recovery(tx)
    assert world.erp.orders_ == {}


def test_a_worker_from_before_the_restore_meets_no_fence_of_its_own_again(world):
    deal = world.crm.put_deal(1)
    sync(world)
    with world.journal.begin() as tx:
        old = claims.fences(tx, KIND_ORDER)[deal]
        epoch.begin_recovery(tx, "test", world.now())
        assert claims.fences(tx, KIND_ORDER)[deal] > old
        with pytest.raises(claims.FenceLost):
            claims.require(tx, KIND_ORDER, deal, old, world.now())


def test_a_deal_that_was_ordered_and_lost_after_the_backup_is_held(world):
    before = restored(world)
    deal = world.crm.put_deal(1)
    sync(world)
    for record in world.crm.records["Opportunity"].values():
        record["fields"] |= {name: None for name in record["fields"] if name.startswith("Tieout_")}
    world.crm.put("Opportunity", deal, IsWon=False, StageName="Negotiation/Review")
    world.clock.step(minutes=20)
    sync(before)
    assert open_holds(before)[deal].code == "REOPENED_AFTER_PUSH"
