"""Measures Tieout on this machine and prints a table; no verdict, nothing is written.

Each figure comes from a process of its own; what is compared is measured in the same run, against the same server.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from sqlite3 import sqlite_version

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from bench import books, measure  # noqa: E402
from journal.sqlite_file import durability  # noqa: E402
from tests import postgres_server  # noqa: E402
from tests.acceptance.stage import NOW, TIEOUT, Stage  # noqa: E402

PULLED, MAPPED, PUSHED, COMPARED = 20_000, 5_000, 300, 100_000
COMMITS = 1_000
SAVING, SLOTS, PLAIN_ORDERS = 0.2, 5, 30


def main() -> None:
    """Measure and print."""
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n")
    print("| what | figure | beside it |\n|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="tieout-bench-") as folder:
        chosen = sys.argv[1:] or ["start", "map", "pull", "push", "reconcile", "commits"]
        for name in chosen:
            PARTS[name](Path(folder))


def row(what: str, figure: str, beside: str = "") -> None:
    """Print one line of the table."""
    print(f"| {what} | {figure} | {beside} |", flush=True)


def start_up(folder: Path) -> None:
    """Start commands that a person waits for."""
    stage = Stage(folder / "start", books.book(folder / "start-book", 5, 1)).start()
    stage.tieout("sync", check=0)
    stage.stop()
    bare = _median([sys.executable, "-c", "pass"], stage.admin)
    for command in (["status"], ["--help"]):
        took = _median([str(TIEOUT), *command], stage.admin)
        row(f"`tieout {' '.join(command)}`, median of 10", f"{took:.2f} s", f"an empty Python: {bare:.2f} s")


def _median(command: list[str], cwd: Path) -> float:
    taken = []
    for _ in range(10):
        begun = time.perf_counter()
        subprocess.run(command, cwd=cwd, check=True, capture_output=True)
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


def mapping(_folder: Path) -> None:
    """Map deals on one core."""
    got = measure.run("mapping", MAPPED)
    row("mapped, 4 lines a deal, one core", f"{got['deals'] / got['cpu'] * 60:,.0f} deals/min", f"{got['peak_mb']} MB")


def pulling(folder: Path) -> None:
    """Read everything there is, the first time and again."""
    stage = Stage(folder / "pull", books.book(folder / "pull-book", PULLED, 0), now=NOW).start()
    try:
        config = stage.admin / "sync.toml"
        reads = measure.run("pull", "plain", config)
        inserts = measure.run("pull", "plain", config, folder / "plain.db")
        ours = measure.run("pull", "tieout", config)
    finally:
        stage.stop()
    for name, got in (("plain loop, reads only", reads), ("plain loop, reads and inserts", inserts)):
        row(f"{name}: {got['records']:,} opportunities", _rate(got), f"{got['peak_mb']} MB")
    beside = f"{ours['peak_mb']} MB; {ours['seconds'] / inserts['seconds']:.2f} times the loop that inserts"
    row(f"pulled to a committed landing: {ours['kept']:,} opportunities", _rate(ours), beside)


def _rate(got: dict) -> str:
    return f"{got['records'] / got['seconds']:,.0f} records/s ({got['seconds']:.1f} s, {got['cpu']:.1f} s CPU)"


def pushing(folder: Path) -> None:
    """Write orders to a server that takes its time to save each."""
    stage = Stage(folder / "push", books.book(folder / "push-book", PUSHED, 4), now=NOW).start()
    try:
        config = stage.admin / "sync.toml"
        text = config.read_text()
        config.write_text(_with_slots(text))
        rule = {
            "action": "delay",
            "system": "netsuite",
            "operation": "add salesOrder",
            "seconds": SAVING,
            "times": None,
        }
        stage.control("faults", {"rules": [rule]})
        ours = measure.run("push", "tieout", config)
        plain = measure.run("push", "plain", stage.sandbox, PLAIN_ORDERS)
    finally:
        stage.stop()
    ideal = ours["orders"] * SAVING / SLOTS
    each = plain["seconds"] / plain["orders"]
    row(
        f"pushed, {ours['orders']} orders of 4 lines, {SAVING} s to save each, {SLOTS} slots",
        f"{ours['seconds']:.1f} s, {ours['seconds'] / ideal:.2f} times the ideal {ideal:.0f} s "
        f"({ours['cpu']:.1f} s CPU)",
        f"a plain loop of zeep calls: {each * ours['orders']:.0f} s ({each:.2f} s each, {plain['orders']} measured)",
    )


def _with_slots(text: str) -> str:
    lines = []
    for line in text.splitlines():
        bare = line.lstrip("# ")
        lines.append(f"slots = {SLOTS}" if bare.startswith("slots") else line)
    return "\n".join(lines) + "\n"


def reconciling(_folder: Path) -> None:
    """Compare a large snapshot."""
    got = measure.run("reconciling", COMPARED)
    figure = f"{got['seconds']:.0f} s, {got['cpu']:.0f} s CPU, {got['peak_mb']:,} MB"
    row(f"reconciled, {got['deals']:,} deals, each with order, invoice, payment", figure,
        f"{got['exceptions']:,} exceptions")  # fmt: skip


def committing(folder: Path) -> None:
    """Commit small changes one by one, with SQLite in its safe mode and on a PostgreSQL that waits for its disk."""
    mode, synchronous = durability()
    file = measure.run("commits", folder / "commits.db", "", COMMITS)
    server = postgres_server.Server(postgres_server.binaries(), options=()).start()
    try:
        beside = measure.run("commits", folder / "beside.db", server.url("postgres"), COMMITS)
    finally:
        server.remove()
    row(f"commits, SQLite {sqlite_version} ({mode}, {synchronous})", _commits(file),
        f"PostgreSQL on this machine (fsync on): {_commits(beside)}")  # fmt: skip


def _commits(got: dict) -> str:
    return f"{got['commits'] / got['seconds']:,.0f} /s"


PARTS = {
    "start": start_up,
    "map": mapping,
    "pull": pulling,
    "push": pushing,
    "reconcile": reconciling,
    "commits": committing,
}

if __name__ == "__main__":
    main()
