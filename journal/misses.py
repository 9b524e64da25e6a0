"""Deals that the cursor lost and the sweep found: each a fault in Tieout that was healed, and that people are told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Row, func, select

from journal import audit, tables
from journal.database import Tx
from journal.nouns import KIND_ORDER
from journal.stamps import from_text, to_text

What = Literal["deal", "edit"]
CURSOR_MISS = "CURSOR_MISS"
ACTION = "cursor.missed"
"""The action of the audit's row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CursorMiss:
    """One deal that the cursor had passed without it.

    ``what``: the whole deal, or an edit of a deal that was known. ``modified`` is the deal's own stamp in Salesforce,
    ``reached`` the stamp up to which Salesforce had been read; ``found_at`` is the machine's time.
    """

    source_id: str
    label: str
    what: What
    modified: datetime
    reached: datetime
    found_at: datetime
    run_id: str

    @property
    def text(self) -> str:
        """Return in a sentence what was lost."""
        lost = "the deal" if self.what == "deal" else "an edit of the deal"
        return (
            f"{CURSOR_MISS}: the cursor had passed {lost} (changed {self.modified:%Y-%m-%d %H:%M:%S} UTC,"
            f" read up to {self.reached:%Y-%m-%d %H:%M:%S} UTC); the sweep read it"
        )


def note(tx: Tx, miss: CursorMiss) -> None:
    """Write a miss down, in the transaction that heals it."""
    values = {
        "what": miss.what,
        "label": miss.label,
        "modified": to_text(miss.modified),
        "reached": to_text(miss.reached),
        "run_id": miss.run_id,
    }
    key = {"pair": tx.pair, "source_id": miss.source_id, "found_at": to_text(miss.found_at)}
    tx.conn.execute(tables.cursor_miss.insert().values(**key, **values))
    detail = {name: values[name] for name in ("what", "modified", "reached", "run_id")}
    audit.record(tx, ACTION, f"{KIND_ORDER}/{miss.source_id}/1", miss.found_at, **detail)


def of_source(tx: Tx, source_id: str) -> list[CursorMiss]:
    """Return the misses of one deal, oldest first."""
    return _found(tx, tables.cursor_miss.c.source_id == source_id)


def since(tx: Tx, after: datetime | None) -> list[CursorMiss]:
    """Return the misses found after a moment, or all of them, oldest first."""
    return _found(tx, tables.cursor_miss.c.found_at > ("" if after is None else to_text(after)))


def count(tx: Tx) -> int:
    """Return how many misses were ever found."""
    query = select(func.count()).select_from(tables.cursor_miss).where(tables.cursor_miss.c.pair == tx.pair)
    return int(tx.conn.scalar(query) or 0)


def newest(tx: Tx) -> CursorMiss | None:
    """Return the last miss, or None where there never was one."""
    table = tables.cursor_miss
    query = select(table).where(table.c.pair == tx.pair).order_by(table.c.found_at.desc()).limit(1)
    row = tx.conn.execute(query).first()
    return None if row is None else _noun(row)


def _found(tx: Tx, where: Any) -> list[CursorMiss]:  # noqa: ANN401  a clause of SQLAlchemy
    table = tables.cursor_miss
    query = select(table).where((table.c.pair == tx.pair) & where).order_by(table.c.found_at, table.c.source_id)
    return [_noun(row) for row in tx.conn.execute(query)]


def _noun(row: Row[Any]) -> CursorMiss:
    return CursorMiss(
        source_id=row.source_id,
        label=row.label,
        what=row.what,
        modified=from_text(row.modified),
        reached=from_text(row.reached),
        found_at=from_text(row.found_at),
        run_id=row.run_id,
    )
