"""One process works at a time; who is refused learns who it is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from journal import claims, leases, postgresql
from journal.database import open_journal
from journal.errors import DatabaseUnavailable
from journal.leases import LeaseTaken, held, renew
from tests import postgres_server
from tests.fakes.time_and_chance import VirtualClock


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
        Path(f"{state}.sync.lock").unlink(missing_ok=True)  # somebody removed the lock file
        clock.step(seconds=301)  # and on PostgreSQL the holder slept for too long
        with held(journal, state, "sync", "b", clock):
            renew(journal, mine, clock)
            assert mine.lost


@pytest.fixture
def file_journal(state):
    journal = open_journal(state, "salesforce>netsuite")
    yield journal
    journal.close()


def test_the_lease_of_a_killed_process_is_free_at_once(file_journal, state):
    journal = file_journal
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


def test_the_lock_file_is_its_owners_only(file_journal, state):
    with held(file_journal, state, "sync", "a", VirtualClock()):
        assert Path(f"{state}.sync.lock").stat().st_mode & 0o077 == 0


def test_whoever_takes_the_writers_lease_gives_back_what_a_dead_holder_had_claimed(journal, state):
    clock = VirtualClock()
    with journal.begin() as tx:
        claims.claim(tx, "so", {"006a": "Deal"}, "the dead one", clock.now())
    with held(journal, state, leases.RECONCILE, "reader", clock), journal.begin() as tx:
        assert claims.claim(tx, "so", {"006a": "Deal"}, "reader", clock.now()) == {}
    with held(journal, state, leases.SYNC, "writer", clock), journal.begin() as tx:
        assert claims.claim(tx, "so", {"006a": "Deal"}, "writer", clock.now()) == {"006a": 2}


@pytest.fixture
def server_journal(state):
    """A state database on PostgreSQL that leases look at by the server's clock, as in production."""
    journal = postgres_server.opened(state, postgresql=True)
    journal.server_time = True
    yield journal
    journal.close()


def test_on_postgresql_the_lease_of_a_dead_holder_is_free_with_its_connection(state):
    journal, clock = postgres_server.opened(state, postgresql=True), VirtualClock()
    leases._take(journal, "sync", "the dead one", clock, surely_dead=False)
    with held(journal, state, "sync", "next", clock) as mine:
        assert mine.lease.fence == 2
    journal.close()


def test_on_postgresql_the_lease_of_a_stopped_holder_ends_by_itself(state):
    journal, clock = postgres_server.opened(state, postgresql=True), VirtualClock()
    with journal.engine.connect() as its_connection:
        assert postgresql.lock_for_session(its_connection, f"{journal.pair} sync")
        leases._take(journal, "sync", "the stopped one", clock, surely_dead=False)
        clock.step(seconds=300)
        with (
            pytest.raises(LeaseTaken, match=r"by the stopped one, since .* its lease ends at 12:05:00 UTC by itself"),
            held(journal, state, "sync", "next", VirtualClock()),
        ):
            raise AssertionError("two holders")
        with held(journal, state, "sync", "next", clock) as mine:
            assert mine.lease.fence == 2
        its_connection.invalidate()
    journal.close()


def test_on_postgresql_the_servers_clock_counts_and_not_the_machines(server_journal, state):
    ahead, behind = VirtualClock(), VirtualClock()
    ahead.step(days=400)
    behind.step(days=-400)
    with held(server_journal, state, "sync", "a", behind) as mine:
        lasts = row(server_journal).expires_at - row(server_journal).taken_at
        with pytest.raises(LeaseTaken), held(server_journal, state, "sync", "b", ahead):
            raise AssertionError("two holders")
        renew(server_journal, mine, behind)
        assert not mine.lost
    assert lasts == leases.LASTS
    with held(server_journal, state, "sync", "b", ahead) as mine:
        assert mine.lease.fence == 2


def test_on_postgresql_a_lease_that_cannot_be_renewed_is_lost_before_it_ends(server_journal, state, monkeypatch):
    def broken(*_):
        raise DatabaseUnavailable("gone")

    clock = VirtualClock()
    with held(server_journal, state, "sync", "a", clock) as mine:
        with monkeypatch.context() as patch:
            patch.setattr(leases, "_extend", broken)
            after = []
            for _ in range(4):
                renew(server_journal, mine, clock)
                after.append(mine.lost)
        assert after == [False, False, False, True]


def test_on_sqlite_a_renewal_that_fails_loses_nothing(file_journal, state, monkeypatch):
    def broken(*_):
        raise DatabaseUnavailable("locked")

    clock = VirtualClock()
    with held(file_journal, state, "sync", "a", clock) as mine:
        with monkeypatch.context() as patch:
            patch.setattr(leases, "_extend", broken)
            for _ in range(9):
                renew(file_journal, mine, clock)
        assert not mine.lost
