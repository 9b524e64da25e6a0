"""Running a sync in tests, and reading what it left."""

from __future__ import annotations

from journal import holds
from sync import engine
from sync.decision import OUTCOMES


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
