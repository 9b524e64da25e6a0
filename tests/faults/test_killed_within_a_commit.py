"""A process that is killed while it commits leaves the old state or the new one, never half of it."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

from journal import database
from journal.database import open_journal

ROOT = Path(__file__).parents[2]
WRITER = """
import sys
from pathlib import Path
from journal import database
from journal.database import open_journal
journal = open_journal(Path(sys.argv[1]), "salesforce>netsuite")
with journal.begin() as tx:
    number = int(database.recall(tx, "first") or 0)
print("ready", flush=True)
while True:
    number += 1
    with journal.begin() as tx:
        database.replace(tx, "first", str(number))
        for each in range(20):
            database.keep(tx, "mapping", f"{number} {each} " + "x" * 500, journal_clock())
        database.replace(tx, "second", str(number))
    print(number, flush=True)
""".replace("journal_clock()", "__import__('datetime').datetime.now(__import__('datetime').UTC)")


def test_a_commit_that_was_cut_off_happened_whole_or_not_at_all(tmp_path):
    path = tmp_path / "tieout.db"
    open_journal(path, "salesforce>netsuite").close()
    dice = random.Random(75)
    told = 0
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        assert process.stdout.readline() == "ready\n"
        time.sleep(dice.uniform(0.0, 0.25))
        os.kill(process.pid, signal.SIGKILL)
        rest = process.stdout.read().splitlines()
        process.stdout.close()
        process.wait()
        told = int(rest[-1]) if rest and rest[-1].isdigit() else told
        with closing(sqlite3.connect(path)) as raw:
            assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        journal = open_journal(path, "salesforce>netsuite")
        with journal.begin() as tx:
            first, second = (int(database.recall(tx, name) or 0) for name in ("first", "second"))
        journal.close()
        assert first == second
        assert first >= told, "a commit that was told is gone"
