"""A run that loses its lease wants to stop."""

from __future__ import annotations

import time

from console import bootstrap
from journal import leases
from journal.tables import lease
from tests.fakes.time_and_chance import CountingRandom, VirtualClock
from tests.fakes.world import make_world


def test_a_lease_that_went_to_somebody_else_ends_the_run(tmp_path, monkeypatch):
    monkeypatch.setattr(leases, "RENEWED_EVERY", 0.02)
    world = make_world(tmp_path)
    state = world.settings.state
    with bootstrap._lease(world.journal, state, VirtualClock(), CountingRandom(), alone=True) as lost:
        time.sleep(0.1)
        assert not lost()
        with world.journal.begin() as tx:
            tx.conn.execute(lease.update().values(fence=lease.c.fence + 1, owner="somebody else"))
        ends = time.monotonic() + 20
        while not lost() and time.monotonic() < ends:
            time.sleep(0.02)
        assert lost()
    with bootstrap._lease(world.journal, state, VirtualClock(), CountingRandom(), alone=False) as lost:
        assert not lost()
    world.journal.close()
