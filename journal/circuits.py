"""What a run was refused again and again, so that it stops and people are told once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from journal import alerts, tables
from journal.database import Tx
from journal.stamps import from_text, to_text

MARK = "circuit."


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """A run that stopped creating records of one kind: the refusals that were alike, how many, and the last one."""

    kind: str
    run_id: str
    likeness: str
    count: int
    words: str
    at: datetime


def refusals(tx: Tx, run_id: str, kind: str, since: datetime) -> list[tuple[datetime, str, str]]:
    """Return (when, code, message) of what a run was refused since a moment, oldest first."""
    attempt, intent = tables.attempt, tables.intent
    query = (
        select(attempt.c.finished_at, attempt.c.code, attempt.c.message)
        .select_from(attempt.join(intent, attempt.c.intent_id == intent.c.id))
        .where((intent.c.pair == tx.pair) & (intent.c.run_id == run_id) & (intent.c.kind == kind))
        .where((attempt.c.status == "rejected") & (attempt.c.finished_at >= to_text(since)))
        .order_by(attempt.c.finished_at, attempt.c.intent_id)
    )
    return [(from_text(row.finished_at), row.code, row.message) for row in tx.conn.execute(query)]


def note(tx: Tx, trip: Trip) -> None:
    """Remember that a run stopped."""
    content = {"run_id": trip.run_id, "likeness": trip.likeness, "count": trip.count, "words": trip.words}
    alerts.mark(tx, f"{MARK}{trip.kind}", {**content, "at": trip.at})


def last(tx: Tx, kind: str) -> Trip | None:
    """Return the last run that stopped creating records of a kind, unless a later one went through."""
    found = alerts.marked(tx, f"{MARK}{kind}")
    return Trip(kind=kind, **found) if found else None


def forget(tx: Tx, kind: str) -> None:
    """A later run went through."""
    alerts.mark(tx, f"{MARK}{kind}", {})
