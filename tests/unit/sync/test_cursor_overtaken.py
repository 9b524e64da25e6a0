"""A reader that was overtaken stages nothing and moves no cursor: its reading is older than what stands there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connectors.records import Position
from journal import staging, tables
from journal.staging import Overtaken
from sync import pull as pulling
from sync import receivables
from sync.world import ACCOUNT
from tests.fakes.late_crm import LateCrm
from tests.fakes.time_and_chance import VirtualClock
from tests.fakes.world import make_world

DEAL, LINE = "Opportunity", "OpportunityLineItem"


@pytest.fixture
def world(tmp_path):
    clock = VirtualClock()
    world = make_world(tmp_path, clock=clock, crm=LateCrm(clock, page_size=50))
    world.crm.put_account(1, "Blue Harbor Inc.")
    yield world
    world.journal.close()


def begun(world, owner):
    with world.journal.begin() as tx:
        return replace(world, owner=owner, acquired=staging.take(tx, owner, world.now()))


def everything(world):
    with world.journal.begin() as tx:
        names = ("staged", "cursor", "subject", "receivable")
        return {name: sorted(map(tuple, tx.conn.execute(tables.metadata.tables[name].select()))) for name in names}


def name_of(world, deal):
    with world.journal.begin() as tx:
        return staging.newest(tx, DEAL, deal).fields["Name"]


def test_a_reader_that_sleeps_between_reading_and_staging_stages_nothing(world):
    deal = world.crm.put_deal(1, Name="old")
    world.clock.step(minutes=5)
    sleeper = begun(world, "one")
    pages = sleeper.crm.changed
    found = []

    def slept(*args):
        for page in pages(*args):
            if not found:
                world.crm.put(DEAL, deal, Name="new")
                world.clock.step(minutes=5)
                world.crm.changed = pages
                pulling.pull(begun(world, "two"), "run 2")
                found.append(everything(world))
            yield page

    world.crm.changed = slept
    with pytest.raises(Overtaken):
        pulling.pull(sleeper, "run 1")
    assert everything(world) == found[0]
    assert name_of(world, deal) == "new"


def test_without_a_fence_the_old_reading_would_win(world):
    """The test above can fail: so it was with the fence left out."""
    deal = world.crm.put_deal(1, Name="old")
    world.clock.step(minutes=5)
    old = world.crm.by_ids(DEAL, pulling.deal_fields(world), [deal])
    world.crm.put(DEAL, deal, Name="new")
    world.clock.step(minutes=5)
    pulling.pull(begun(world, "two"), "run 2")
    world.crm.by_ids = lambda *_: old
    assert pulling.pull_one(world, "run 1", deal)
    assert name_of(world, deal) == "old"


def test_every_way_of_staging_asks_for_the_fence(world):
    deal = world.crm.put_deal(1)
    account = next(iter(world.crm.records[ACCOUNT]))
    world.clock.step(minutes=5)
    pulling.pull(begun(world, "one"), "run")
    sleeper = begun(world, "one")
    begun(world, "two")
    world.crm.put(DEAL, deal, Name="new")
    world.crm.put_line(deal, 10, "PLAT-100", "9", "900.00")
    world.clock.step(minutes=5)
    before = everything(world)
    ways = [
        lambda: pulling.pull(sleeper, "run"),
        lambda: pulling.pull_one(sleeper, "run", deal),
        lambda: pulling.refresh(sleeper, "run"),
        lambda: pulling.stage_accounts(sleeper, "run", [account]),
        lambda: pulling.stage_gone(sleeper, "run", {deal}),
        lambda: receivables.refresh(sleeper),
        lambda: receivables.refresh(sleeper, sweep=True),
    ]
    for way in ways:
        with pytest.raises(Overtaken, match="another run"):
            way()
        assert everything(world) == before


def test_the_fence_only_grows_and_is_each_pairs_own(world):
    with world.journal.begin() as tx:
        fences = [staging.take(tx, owner, world.now()) for owner in ("one", "two", "one")]
        other = replace(tx, pair="other>pair")
        assert staging.take(other, "three", world.now()) == 1
        staging.require(other, 1)
        staging.require(tx, 3)
        staging.require(tx, 0)
        for stale in (1, 2, 4):
            with pytest.raises(Overtaken):
                staging.require(tx, stale)
    assert fences == [1, 2, 3]


def test_a_plan_on_a_copy_needs_no_fence(world):
    deal = world.crm.put_deal(1)
    world.clock.step(minutes=5)
    mine = begun(world, "one")
    copy = mine.on(world.journal.scratch())
    begun(world, "two")
    pulling.pull(copy, "plan")
    with copy.journal.begin() as tx:
        assert staging.newest(tx, DEAL, deal) is not None
        assert staging.position(tx, DEAL) is not None
    copy.journal.close()


def test_a_position_behind_the_committed_one_changes_nothing(world):
    world.crm.put_deal(1)
    world.clock.step(minutes=5)
    pulling.pull(world, "run")
    with world.journal.begin() as tx:
        reached = staging.position(tx, DEAL)
        staging.advance(tx, DEAL, Position(reached.stamp.replace(year=2020), "zzz"), world.now())
        assert staging.position(tx, DEAL) == reached
