"""What a pull has just read, it does not read again to see whether it healed."""

from __future__ import annotations

from sync import engine
from tests.fakes.world import make_world


def asked(world):
    """Have the fake Salesforce note which deals are read by id."""
    by_ids, ids = world.crm.by_ids, []

    def noting(type_, fields, wanted):
        ids.extend(wanted if type_ == "Opportunity" else ())
        return by_ids(type_, fields, wanted)

    world.crm.by_ids = noting
    return ids


def test_a_deal_that_the_pull_has_just_read_is_not_read_again(tmp_path):
    world = make_world(tmp_path)
    world.crm.put_deal(1)
    world.clock.step(minutes=5)
    ids = asked(world)
    assert engine.run(world).counts()["rows.staged"] == 1
    assert ids == []


def test_a_held_deal_whose_stamp_has_not_moved_is_read_again(tmp_path):
    world = make_world(tmp_path)
    deal = world.crm.put_deal(1, lines=())
    world.clock.step(minutes=5)
    engine.run(world)
    world.clock.step(days=3)
    world.crm.put_deal(2)  # the cursor moves on, past the held deal
    world.clock.step(minutes=5)
    engine.run(world)
    ids = asked(world)
    engine.run(world)
    assert deal in ids
