"""One process works at a time; who is refused learns who it is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from journal import leases
from journal.database import open_journal
from journal.leases import LeaseTaken, held, renew
from tests.fakes.time_and_chance import VirtualClock


@pytest.fixture
def state(tmp_path):
    return tmp_path / "tieout.db"


@pytest.fixture
def journal(state):
    opened = open_journal(state, "salesforce>netsuite")
    yield opened
    opened.close()


def row(journal, name="sync"):
    with journal.begin() as tx:
        return leases.holder(tx, name)


def test_a_second_holder_is_refused_and_told_who_and_since_when(journal, state):
    clock = VirtualClock()
    with (
        held(journal, state, "sync", "tieout run on web1", clock),
        pytest.raises(LeaseTaken, match=r"by tieout run on web1, since 2026-11-22 12:00:00 UTC"),
        held(journal, state, "sync", "tieout sync", clock),
    ):
        raise AssertionError("two holders")


def test_different_leases_do_not_mind_each_other(journal, state):
    clock = VirtualClock()
    with held(journal, state, "sync", "a", clock), held(journal, state, "reconcile", "b", clock):
        assert (row(journal).owner, row(journal, "reconcile").owner) == ("a", "b")


def test_the_fence_grows_and_the_row_ends_with_the_block(journal, state):
    clock = VirtualClock()
    for expected in (1, 2, 3):
        with held(journal, state, "sync", f"owner {expected}", clock) as mine:
            assert mine.lease.fence == expected
            assert row(journal).expires_at == clock.now() + leases.LASTS
        assert row(journal).expires_at == clock.now()


def test_renewing_moves_the_end_and_notices_a_stranger(journal, state):
    clock = VirtualClock()
    with held(journal, state, "sync", "a", clock) as mine:
        clock.step(seconds=60)
        renew(journal, mine, clock)
        assert row(journal).expires_at == clock.now() + leases.LASTS
        assert not mine.lost
        Path(f"{state}.sync.lock").unlink()  # somebody removed the lock file
        with held(journal, state, "sync", "b", clock):
            renew(journal, mine, clock)
            assert mine.lost


def test_the_lease_of_a_killed_process_is_free_at_once(journal, state):
    script = f"""
import sys, time
from pathlib import Path
from config.system import SystemClock
from journal.database import open_journal
from journal.leases import held
state = Path({str(state)!r})
with held(open_journal(state, "salesforce>netsuite"), state, "sync", "the dead one", SystemClock()):
    print("held", flush=True)
    time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        with pytest.raises(LeaseTaken, match="the dead one"), held(journal, state, "sync", "next", VirtualClock()):
            pass
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        # The kernel lets go of the lock with the process.
        time.sleep(0.05)
        with held(journal, state, "sync", "next", VirtualClock()) as mine:
            assert mine.lease.fence == 2


def test_the_lock_file_is_its_owners_only(journal, state):
    with held(journal, state, "sync", "a", VirtualClock()):
        assert Path(f"{state}.sync.lock").stat().st_mode & 0o077 == 0
