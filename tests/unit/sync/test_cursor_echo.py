"""What Tieout writes comes back as a change and starts nothing; a deal that flaps or moves is one sale."""

from __future__ import annotations

from journal import misses
from sync import engine
from tests.fakes.late_crm import LateCrm
from tests.fakes.time_and_chance import VirtualClock
from tests.fakes.world import make_world

DEAL = "Opportunity"


def test_our_own_writes_come_back_as_changes_and_start_nothing(tmp_path):
    """Each write of a status bumps the deal's stamp; three more rounds write nothing into either system."""
    true = VirtualClock()
    world = make_world(tmp_path, clock=true, crm=LateCrm(true, page_size=2))
    world.crm.put_account(1, "Blue Harbor Inc.")
    for number in range(3):
        world.crm.put_deal(number)
    for _ in range(2):
        true.step(minutes=5)
        engine.run(world)
    written, sent = list(world.crm.writes), dict(world.erp.orders_)
    assert (len(written), len(sent)) == (3, 3)
    for _ in range(3):
        true.step(minutes=5)
        result = engine.run(world)
        assert all(decision.action == "unchanged" for decision in result.orders.values())
    assert (world.crm.writes, world.erp.orders_) == (written, sent)
    true.step(minutes=5)
    assert engine.run(world).orders == {}
    world.journal.close()


def test_a_deal_that_flaps_and_moves_to_a_merged_account_gets_one_order(tmp_path):
    true = VirtualClock()
    world = make_world(tmp_path, clock=true, crm=LateCrm(true, page_size=2))
    first, second = (world.crm.put_account(number, f"Blue Harbor {number} Inc.") for number in (1, 2))
    deal = world.crm.put_deal(1, account=first)
    world.crm.put(DEAL, deal, IsWon=False, StageName="Closed Lost")
    world.crm.put(DEAL, deal, IsWon=True, StageName="Closed Won")
    true.step(minutes=5)
    engine.run(world)
    assert len(world.erp.orders_) == 1
    world.crm.put("Account", first, deleted=True, MasterRecordId=second)
    world.crm.put(DEAL, deal, AccountId=second)
    for change in ({"deleted": True}, {"deleted": False}, {"IsWon": False}, {"IsWon": True}):
        true.step(minutes=5)
        world.crm.put(DEAL, deal, **change)
        true.step(minutes=5)
        engine.run(world, sweep=True)
    assert len(world.erp.orders_) == 1
    with world.journal.begin() as tx:
        assert misses.count(tx) == 0
    world.journal.close()
