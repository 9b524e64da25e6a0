"""A stage on the machine's clock with a book of won deals, and settings under which kills can follow each other.

The state database is SQLite's file, or a PostgreSQL server of its own that may be restarted under the work.
"""

from __future__ import annotations

import csv
import json
import os
import re
import sqlite3
import subprocess
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from sandbox.book.generate import generate
from sandbox.book.shape import Shape
from sandbox.dump import dump
from tests.acceptance.stage import Stage

SEND_WINDOW = 4.0
LONGEST_REQUEST = 4.0
"""Seconds; no rule of the proof lets a server work on a request for longer than three quarters of it."""
QUIET_PERIOD = 6.0
SLOTS = 4
WON, OPEN = "Closed Won", "Negotiation/Review"
DATABASE_URL = "TIEOUT_DATABASE_URL"
SETTINGS = (
    (r"^go_live .*$", "go_live = {go_live}"),
    (r"^# overlap  .*$", 'overlap = "1m"'),
    (r"^# settle  .*$", 'settle = "1s"'),
    (r'^(send_window *)= "[^"]*"', rf'\1= "{SEND_WINDOW:.0f}s"'),
    (r'^(longest_request *)= "[^"]*"', rf'\1= "{LONGEST_REQUEST:.0f}s"'),
    (r'^(quiet_period *)= "[^"]*"', rf'\1= "{QUIET_PERIOD:.0f}s"'),
    (r"^slots .*$", f"slots = {SLOTS}"),
    (r'^every   = "5m" ', 'every = "1s"'),
    (r'^every   = "15m"', 'every = "1s"'),
    (r'^every {7}= "15m"', 'every = "2s"'),
    (r"^port {8}= 9187", "port = 0"),
)
"""Both connections wait as shortly as their servers' delays allow; every job of the service is always due."""


def shape(deals):
    """Return a book of that many won deals, nearly all of which need an order, and half a customer each at most."""
    return Shape(
        accounts=max(24, deals * 2 // 5),
        products=40 if deals >= 200 else 10,
        opportunities=deals + deals // 8 + 24,
        won=deals,
        won_before=max(8, deals // 25),
        unmatched_before=2,
        reps=8,
        erp_customers=max(6, deals // 25),
        erp_orders=max(8, deals // 20),
        possible_duplicates=max(2, deals // 160),
        near_matches=max(1, deals // 250),
    )


def reopen(book, go_live, held):
    """Let the book's won deals be about to be won, those apart that end held; return their ids in order."""
    path = book / "salesforce" / "Opportunity.csv"
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    waiting = [
        row["Id"] for row in rows if row["StageName"] == WON and row["CloseDate"] >= go_live and row["Id"] not in held
    ]
    chosen = set(waiting)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows({**row, "StageName": OPEN} if row["Id"] in chosen else row for row in rows)
    return waiting


class KillStage(Stage):
    """Servers, admin's folder and state database of one proof. ``waiting``: the deals that are still to be won."""

    def __init__(self, folder, *, deals, seed, server=None):
        self.server = server
        self.opened = datetime.now(UTC).replace(microsecond=0)
        size = shape(deals)
        book = Path(folder) / "book"
        self.truth = generate(book, seed=seed, now=self.opened, defects=False, shape=size)
        self.go_live = size.go_live(self.opened).isoformat()
        self.waiting = reopen(book, self.go_live, {record for record, _code in self.held()})
        super().__init__(
            folder, book, seed=seed, now=None, environ={DATABASE_URL: server.url} if server is not None else None
        )

    def start(self, ports=()):
        super().start(ports)
        path = self.admin / "sync.toml"
        text = path.read_text(encoding="utf-8")
        for pattern, value in SETTINGS:
            text, count = re.subn(pattern, value.format(go_live=self.go_live), text, flags=re.MULTILINE)
            if not count:
                raise RuntimeError(f"the template of sync.toml lost the line {pattern}")
        if self.server is not None:
            text = re.sub(r"^# url = .*$", f'url = "env:{DATABASE_URL}"', text, flags=re.MULTILINE)
        path.write_text(text, encoding="utf-8")
        return self

    def stop(self):
        super().stop()
        if self.server is not None:
            self.server.stop()

    def held(self):
        """Return the records that must end held, by the book's own truth."""
        return {(one.record, one.code) for one in self.truth.expected if one.where == "hold"}

    def dump(self, system, type_):
        """Return what a server holds, without a process for each question."""
        return [json.loads(line) for line in dump(self.sandbox, system, type_)]

    def stored(self, system, query, *values):
        """Return the rows of a query over a server's own store; quicker than a dump, for use while it works."""
        with closing(sqlite3.connect(f"file:{self.sandbox}/{system}.db?mode=ro", uri=True, timeout=30)) as db:
            return db.execute(query, values).fetchall()

    def ordered(self):
        """Return how many orders carry an external id: none does when the book is opened."""
        return self.stored(
            "netsuite", "SELECT count(*) FROM record WHERE type = 'salesOrder' AND external_id IS NOT NULL"
        )[0][0]

    def by_external_id(self, type_):
        """Return NetSuite's records of a type that carry an external id, by that id."""
        rows = self.stored(
            "netsuite", "SELECT external_id, body FROM record WHERE type = ? AND external_id IS NOT NULL", type_
        )
        return {name: json.loads(body) for name, body in rows}

    def log_since(self, seen):
        """Return the entries that both servers' logs gained since the given places, and the new places."""
        entries, places = [], {}
        for system in ("salesforce", "netsuite"):
            rows = self.stored(system, "SELECT seq, entry FROM request WHERE seq > ?", seen.get(system, 0))
            places[system] = rows[-1][0] if rows else seen.get(system, 0)
            entries += [json.loads(entry) for _seq, entry in rows]
        return entries, places

    def plain(self, program, *arguments):
        """Run a command to its end and return what it printed."""
        done = subprocess.run(
            [*program, *arguments], cwd=self.admin, capture_output=True, text=True, timeout=600,
            env={**os.environ, **self.environ},
        )  # fmt: skip
        if done.returncode != 0:
            raise AssertionError(f"tieout {arguments}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def verified(self):
        """Return what Tieout's own checks of its state object to."""
        wrong = []
        for words in (("db", "verify"), ("audit", "verify")):
            if self.tieout(*words, "--help").returncode != 0:
                continue  # a program that lacks the command
            done = self.tieout(*words)
            wrong += [f"tieout {' '.join(words)}: {done.stdout}{done.stderr}"] if done.returncode else []
        return wrong
