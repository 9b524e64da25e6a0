"""Commits of one small change each, as an intent is committed: every one waits for the disk.

Arguments: the state's path, an address of a PostgreSQL database or nothing, and how many.
"""

from __future__ import annotations

import sys
from pathlib import Path

from bench.measure import tell, timed
from journal import subjects
from journal.database import open_journal
from journal.stamps import from_text

AT = from_text("2026-11-22T12:00:00.000000Z")


def main(path: str, url: str, count: str) -> None:
    """Measure and tell."""
    journal = open_journal(Path(path), "salesforce>netsuite", url or None)
    figures: dict = {"commits": int(count)}
    with timed(figures):
        for number in range(int(count)):
            with journal.begin() as tx:
                subjects.mark(tx, "so", f"{number % 50}", label="x", state=subjects.READY, at=AT)
    journal.close()
    tell(figures)


if __name__ == "__main__":
    main(*sys.argv[1:])
