"""A state database that cannot be written, through the installed command: nothing leaves that was not noted first."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing

import pytest

from tests.acceptance.stage import BOOKS, TIEOUT, staged

pytestmark = pytest.mark.timeout(300)

WON = 3
"""Deals of the book that become orders."""
KILOBYTE = 1024


def state(stage):
    return stage.admin / "state" / "tieout.db"


def orders(stage):
    return [
        order for order in stage.dump("netsuite", "salesOrder") if order.get("externalId", "").startswith("tieout-")
    ]


def written_without_note(stage):
    """Return what NetSuite holds of ours although the state database has no intent for it."""
    with closing(sqlite3.connect(f"file:{state(stage)}?mode=ro", uri=True)) as db:
        noted = {id_ for (id_,) in db.execute("SELECT id FROM intent")}
    records = [*stage.dump("netsuite", "salesOrder"), *stage.dump("netsuite", "customer")]
    intents = [record.get("custbody_tieout_intent") or record.get("custentity_tieout_intent") for record in records]
    return [intent for intent in intents if intent and intent not in noted]


def converges(stage):
    """Sync until nothing is left to do, and judge what there is then."""
    for _ in range(4):
        before = len(stage.writes())
        stage.tieout("sync", check=0)
        stage.step("1h")
        if len(stage.writes()) == before:
            break
    keys = [order["externalId"] for order in orders(stage)]
    return len(keys) == len(set(keys)) == WON and written_without_note(stage) == []


def with_room_for(stage, kilobytes, *arguments):
    """Run the command where no file may grow beyond so many kilobytes, as on a full disk."""
    command = f'ulimit -f {kilobytes} && exec "$0" "$@"'
    return subprocess.run(
        ["bash", "-c", command, TIEOUT, *arguments], cwd=stage.admin, capture_output=True, text=True, timeout=120
    )


def test_a_full_disk_stops_the_run_before_the_write_that_it_could_not_note(tmp_path):
    with staged(tmp_path, BOOKS / "small") as stage:
        stage.tieout("status")
        had = state(stage).stat().st_size // KILOBYTE
        stopped = 0
        for more in (4, 40, 120):
            done = with_room_for(stage, had + more, "sync")
            assert "Traceback" not in done.stderr
            assert written_without_note(stage) == []
            if done.returncode:
                stopped += 1
                assert str(state(stage)) in done.stderr
                assert any(word in done.stderr for word in ("full", "disk I/O error"))
        assert stopped
        assert converges(stage)


HOLD = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
"""


class Holder:
    """Another process that holds the write lock of the state database."""

    def __init__(self, path):
        self._process = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout.readline() == "held\n"

    def let_go(self):
        if self._process.poll() is None:
            self._process.communicate("go\n", timeout=30)


def test_a_locked_database_stops_the_run_before_anything_is_sent_and_a_short_lock_only_delays_it(tmp_path):
    with staged(tmp_path, BOOKS / "small") as stage:
        stage.tieout("status")
        holder = Holder(state(stage))
        try:
            done = stage.tieout("sync")
        finally:
            holder.let_go()
        assert done.returncode
        assert "locked" in done.stderr
        assert "Traceback" not in done.stderr
        assert stage.writes() == []
        holder = Holder(state(stage))
        timer = threading.Timer(4.0, holder.let_go)
        timer.start()
        try:
            done = stage.tieout("sync", "--json", check=0)
        finally:
            timer.join()
        assert json.loads(done.stdout)["counts"]["orders.created"] == WON
        assert written_without_note(stage) == []
