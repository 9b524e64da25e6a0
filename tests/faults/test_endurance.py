"""A worker that runs for days: memory grows with what it holds, not with how long it has worked; nothing stays open."""

from __future__ import annotations

import gc
import os
import threading
from pathlib import Path

import pytest

from tests.fakes.run import sync
from tests.fakes.world import make_world

DEALS = 12
MOST_SLOPE = 1.0
"""Megabytes for 1,000 records, over a run long enough to measure it."""
MOST_OBJECTS = 5
"""Live objects that a record may leave behind in Python's own count."""


def resident():
    """Return this process's memory in megabytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 2**20


def descriptors():
    return len(os.listdir("/proc/self/fd"))


def a_world(folder, deals):
    world = make_world(folder)
    world.crm.put_account(1, "Blue Harbor Inc.")
    for number in range(deals):
        world.crm.put_deal(number)
    return world


def worked(world, rounds):
    """Change every deal and sync, again and again; return memory, descriptors, threads and objects after each."""
    seen = []
    for number in range(rounds):
        for deal in list(world.crm.records["Opportunity"]):
            world.crm.put("Opportunity", deal, Name=f"Round {number:04d}")
        sync(world)
        for kept in (world.erp.writes, world.crm.writes, world.crm.upserts):
            kept.clear()
        gc.collect()
        seen.append((resident(), descriptors(), threading.active_count(), len(gc.get_objects())))
    return seen


def slope(seen, records, what=0):
    """Return the growth for 1,000 records, by the middle of the later half against that of the earlier one."""
    half = len(seen) // 2
    early, late = (sorted(row[what] for row in part)[half // 2] for part in (seen[:half], seen[half:]))
    return (late - early) / (records * half / 1000)


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read from /proc")
def test_work_that_is_done_leaves_nothing_in_memory_and_nothing_open(tmp_path):
    world = a_world(tmp_path, DEALS)
    worked(world, 2)  # what is loaded and cached once
    seen = worked(world, 4)
    world.journal.close()
    assert len({row[1] for row in seen}) == 1, "descriptors stay open"
    assert len({row[2] for row in seen}) == 1, "threads stay alive"
    assert slope(seen, DEALS, 3) < MOST_OBJECTS * 1000, "objects stay alive"
    assert len(world.erp.orders_) == DEALS


def test_a_growth_is_noticed():
    steady = [(100.0 + 0.01 * n, 5, 1) for n in range(10)]
    growing = [(100.0 + 0.2 * n, 5, 1) for n in range(10)]
    assert slope(steady, 60) < MOST_SLOPE < slope(growing, 60)
