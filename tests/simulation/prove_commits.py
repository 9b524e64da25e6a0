"""Proof: a crash just before or just after any commit of a run heals into what an undisturbed run leaves.

Whole runs over the in-memory systems on a virtual clock. Each story is played once undisturbed, then once for
every commit of the state database with a crash there; after four further runs the remote systems, the
standing of every deal, its holds and what the deals show must be the same.
"""

from __future__ import annotations

import logging
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import structlog

sys.path.insert(0, str(Path(__file__).parents[2]))

from journal import database, holds, intents, subjects  # noqa: E402
from sync import engine  # noqa: E402
from sync.world import ORDER_NUMBER, SYNC_STATE  # noqa: E402
from tests.acceptance.stage import verdict  # noqa: E402
from tests.fakes.erp import Crash  # noqa: E402
from tests.fakes.world import make_world  # noqa: E402

DEAL = "006000000000001AAA"


class CrashingJournal(database.Journal):
    """A journal whose n-th commit is the last thing, or the first thing not, to happen."""

    count = 0
    at = None
    before = False

    @contextmanager
    def begin(self):
        CrashingJournal.count += 1
        mine = CrashingJournal.count == CrashingJournal.at
        with super().begin() as tx:
            yield tx
            if mine and CrashingJournal.before:
                raise Crash
        if mine:
            raise Crash


def won(world, *faults):
    world.crm.put_deal(1)
    world.crm.put_deal(2)
    world.erp.script = list(faults)


def more(world, *faults):
    world.crm.put_line(DEAL, 11, "GTX-PRO", "1", "55.50", 1)
    world.erp.script = list(faults)


def adoptable(world):
    world.erp.put_customer("7", "Blue Harbor")
    world.erp.put_order("50", customer_id="7")
    world.crm.put_deal(1, netsuite_conn__NetSuite_Id__c="50")


STORIES = {
    "create": [won],
    "rejected": [lambda world: won(world, None, "rejected")],
    "answer lost": [lambda world: won(world, None, "lost_answer")],
    "customer's answer lost": [lambda world: won(world, "lost_answer")],
    "update": [won, more],
    "update's answer lost": [won, lambda world: more(world, "lost_answer")],
    "update rejected": [won, lambda world: more(world, "rejected")],
    "changed while in doubt": [lambda world: won(world, None, "lost_request"), more],
    "adopted": [adoptable],
}


def play(folder, story, at=None, before=False):
    """Play a story with a crash at one commit; return what stands at the end, the commits, and errors met."""
    folder.mkdir()
    world = make_world(folder)
    world.crm.put_account(1, "Blue Harbor Inc.")
    world.journal.__class__ = CrashingJournal
    CrashingJournal.count, CrashingJournal.at, CrashingJournal.before = 0, at, before
    errors = []
    for step in story:
        step(world)
        world.clock.step(minutes=5)
        try:
            engine.run(world)
        except Crash:
            pass
        except Exception as error:  # noqa: BLE001  any error is a finding
            errors.append(repr(error))
    commits, CrashingJournal.at = CrashingJournal.count, None
    for _ in range(4):
        world.clock.step(hours=1)
        engine.run(world)
    left = standing(world)
    world.journal.close()
    return left, commits, errors


def standing(world):
    with world.journal.begin() as tx:
        states = sorted((state.source_id, state.state) for state in subjects.all_states(tx, "so"))
        doubts = len(intents.open_intents(tx))
        held = sorted((hold.source_id, hold.code) for hold in holds.open_holds(tx))
    orders = sorted(
        (str(order.deal_id), order.net, len(order.lines), str(order.external_id))
        for order in world.erp.orders_.values()
    )
    deals = world.crm.records["Opportunity"]
    shown = {
        id_: (bool(deal["fields"].get(ORDER_NUMBER)), deal["fields"].get(SYNC_STATE)) for id_, deal in deals.items()
    }
    return {
        "orders": orders, "customers": len(world.erp.customers_), "states": states, "doubts": doubts, "holds": held,
        "shown": shown,
    }  # fmt: skip


def main():
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    crashes, wrong = 0, []
    with tempfile.TemporaryDirectory() as base:
        for number, (name, story) in enumerate(STORIES.items()):
            truth, commits, _ = play(Path(base) / f"{number}", story)
            for before in (False, True):
                for at in range(1, commits + 1):
                    left, _, errors = play(Path(base) / f"{number}-{before}-{at}", story, at, before)
                    crashes += 1
                    if left != truth or errors:
                        wrong.append([name, at, "before" if before else "after"])
            print(f"{name}: {commits} commits, {len(wrong)} wrong so far", flush=True)
    verdict("commits", not wrong and crashes > 0, stories=len(STORIES), crashes=crashes, wrong=wrong)


if __name__ == "__main__":
    main()
