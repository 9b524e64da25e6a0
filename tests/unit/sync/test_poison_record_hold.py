"""A record that kills the process of whoever decides it: real processes, really killed."""

from __future__ import annotations

import multiprocessing
import os
import signal
from dataclasses import replace

import pytest

from journal import dismissals, holds, in_hand
from sync import orders
from tests import postgres_server
from tests.fakes.run import outcome, sync
from tests.fakes.world import make_world

POISON = "006000000000001AAA"
DEADLY = "kills"

over_a_file = pytest.mark.skipif(
    postgres_server.wanted(), reason="each process opens the state anew: on PostgreSQL every opening is an empty one"
)


def opened(folder, po_number=DEADLY):
    """The same two deals in every process; the first is deadly to decide as long as its PO number says so."""
    world = make_world(folder)
    world.crm.put_account(1, "Blue Harbor Inc.")
    world.erp.put_customer("1", "Blue Harbor Inc.")
    world.crm.put_deal(1, PO_Number__c=po_number)
    world.crm.put_deal(2)
    return world


def work(folder, po_number, results):
    decide = orders.decide

    def deadly(world, deal, eligible, facts):
        if deal.fields.get("PO_Number__c") == DEADLY:
            os.kill(os.getpid(), signal.SIGKILL)
        return decide(world, deal, eligible, facts)

    orders.decide = deadly
    world = opened(folder, po_number)
    world.random.count = os.getpid() << 32
    if po_number != DEADLY:
        world.erp.put_customer("2", "Another Inc.")  # the next order gets an id of its own
    with in_hand.opened(world.journal, world.settings.state, world.now()) as hand:
        result = sync(replace(world, in_hand=hand))
    results.put({deal: outcome(result, deal) for deal in result.orders})


def run(folder, po_number=DEADLY):
    """Run a sync in a process of its own; return how its deals came out, or the signal that ended it."""
    context = multiprocessing.get_context("fork")
    results = context.SimpleQueue()
    process = context.Process(target=work, args=(folder, po_number, results))
    process.start()
    process.join(100)
    return results.get() if process.exitcode == 0 else process.exitcode


def counted(folder):
    world = opened(folder)
    with world.journal.begin() as tx:
        found = in_hand.crashes(tx, "so", POISON), holds.find(tx, "so", POISON)
    world.journal.close()
    return found


@over_a_file
def test_a_record_that_kills_three_processes_is_held_and_the_others_go_on(tmp_path):
    assert [run(tmp_path) for _ in range(3)] == [-signal.SIGKILL] * 3
    assert run(tmp_path) == {POISON: "held", "006000000000002AAA": "created"}
    assert run(tmp_path)[POISON] == "held"
    _crashes, hold = counted(tmp_path)
    assert hold.code == in_hand.POISON
    assert run(tmp_path, "mended")[POISON] == "created"
    assert counted(tmp_path) == (0, None)


@over_a_file
def test_a_poison_record_that_a_person_retries_may_kill_three_more_and_is_held_again(tmp_path):
    for _ in range(3):
        run(tmp_path)
    run(tmp_path)
    world = opened(tmp_path)
    with world.journal.begin() as tx:
        dismissals.retry(tx, holds.find(tx, "so", POISON), world.now())
    world.journal.close()
    assert [run(tmp_path) for _ in range(3)] == [-signal.SIGKILL] * 3
    assert run(tmp_path)[POISON] == "held"


@pytest.fixture
def journal(tmp_path):
    journal = make_world(tmp_path).journal
    yield journal
    journal.close()


def test_a_process_that_ends_in_order_counts_nothing(tmp_path, journal):
    now = make_world(tmp_path).now()
    for _ in range(3):
        with in_hand.opened(journal, tmp_path / "tieout.db", now) as hand, hand.working_on("so", POISON):
            pass
    with journal.begin() as tx:
        assert in_hand.crashes(tx, "so", POISON) == 0


def test_an_error_while_deciding_is_no_crash(tmp_path, journal):
    now = make_world(tmp_path).now()
    with (
        in_hand.opened(journal, tmp_path / "tieout.db", now) as hand,
        pytest.raises(RecursionError),
        hand.working_on("so", POISON),
    ):
        raise RecursionError
    with in_hand.opened(journal, tmp_path / "tieout.db", now) as hand:
        assert not hand.suspects("so", POISON)


def test_two_processes_side_by_side_do_not_take_each_others_record_for_a_crash(tmp_path, journal):
    now = make_world(tmp_path).now()
    state = tmp_path / "tieout.db"
    with (
        in_hand.opened(journal, state, now) as first,
        first.working_on("so", POISON),
        in_hand.opened(journal, state, now) as second,
    ):
        assert not second.suspects("so", POISON)
