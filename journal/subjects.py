"""Where each source record stands: one row per record and document number."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, select

from journal import stamps, tables
from journal.database import Tx
from journal.nouns import SubjectState
from journal.stamps import to_text

READY = "ready"
SETTLED = "settled"
HELD = "held"
WAITING = "waiting"
AMBIGUOUS = "ambiguous"

DUE = (READY, HELD, WAITING)
"""States that a run decides anew: a hold heals when its cause does."""


def mark(
    tx: Tx,
    kind: str,
    source_id: str,
    *,
    label: str,
    state: str,
    at: datetime,
    outcome: str | None = None,
    reason: str | None = None,
    version: str | None = None,
    eligible_at: datetime | None = None,
) -> None:
    """Write where a record stands now; the moment it became eligible is kept from the first time."""
    current = _row(tx, kind, source_id)
    values: dict[str, Any] = {
        "label": label,
        "state": state,
        "outcome": outcome,
        "reason": reason,
        "updated_at": to_text(at),
    }
    if version is not None:
        values["desired_version"] = version
    if eligible_at is not None and (current is None or current.eligible_at is None):
        values["eligible_at"] = to_text(eligible_at)
    if current is None:
        tx.conn.execute(tables.subject.insert().values(pair=tx.pair, kind=kind, source_id=source_id, **values))
    else:
        tx.conn.execute(tables.subject.update().where(_key(tx, kind, source_id)).values(**values))


def due(tx: Tx, kind: str) -> list[str]:
    """Return the ids of records to decide, in id order."""
    query = (
        select(tables.subject.c.source_id)
        .where((tables.subject.c.pair == tx.pair) & (tables.subject.c.kind == kind) & tables.subject.c.state.in_(DUE))
        .order_by(tables.subject.c.source_id)
    )
    return list(tx.conn.scalars(query))


def reopen_all(tx: Tx, kind: str, at: datetime) -> None:
    """Make every settled record due again: the mapping has changed."""
    key = (tables.subject.c.pair == tx.pair) & (tables.subject.c.kind == kind) & (tables.subject.c.state == SETTLED)
    tx.conn.execute(tables.subject.update().where(key).values(state=READY, updated_at=to_text(at)))


def free_stranded(tx: Tx, kind: str, in_doubt: Collection[str], at: datetime) -> None:
    """Make records due again that wait for the outcome of a write which is no longer open."""
    query = select(tables.subject.c.source_id).where(
        (tables.subject.c.pair == tx.pair) & (tables.subject.c.kind == kind) & (tables.subject.c.state == AMBIGUOUS)
    )
    for source_id in [id_ for id_ in tx.conn.scalars(query) if id_ not in in_doubt]:
        tx.conn.execute(
            tables.subject.update().where(_key(tx, kind, source_id)).values(state=READY, updated_at=to_text(at))
        )


def known(tx: Tx, kind: str, source_ids: Collection[str]) -> set[str]:
    """Return which of these records have a row."""
    found: set[str] = set()
    ids = sorted(source_ids)
    for start in range(0, len(ids), 500):
        query = select(tables.subject.c.source_id).where(
            (tables.subject.c.pair == tx.pair)
            & (tables.subject.c.kind == kind)
            & tables.subject.c.source_id.in_(ids[start : start + 500])
        )
        found.update(tx.conn.scalars(query))
    return found


def state(tx: Tx, kind: str, source_id: str) -> SubjectState | None:
    """Return where one record stands, or None when it was never seen."""
    row = _row(tx, kind, source_id)
    return None if row is None else _noun(row)


def all_states(tx: Tx, kind: str) -> list[SubjectState]:
    """Return every record's standing, in id order."""
    query = (
        select(tables.subject)
        .where((tables.subject.c.pair == tx.pair) & (tables.subject.c.kind == kind))
        .order_by(tables.subject.c.source_id)
    )
    return [_noun(row) for row in tx.conn.execute(query)]


def _row(tx: Tx, kind: str, source_id: str) -> Row[Any] | None:
    return tx.conn.execute(select(tables.subject).where(_key(tx, kind, source_id))).first()


def _key(tx: Tx, kind: str, source_id: str) -> ColumnElement[bool]:
    return (
        (tables.subject.c.pair == tx.pair)
        & (tables.subject.c.kind == kind)
        & (tables.subject.c.source_id == source_id)
        & (tables.subject.c.doc_no == 1)
    )


def _noun(row: Row[Any]) -> SubjectState:
    return SubjectState(
        kind=row.kind,
        source_id=row.source_id,
        label=row.label,
        state=row.state,
        outcome=row.outcome,
        reason=row.reason,
        eligible_at=stamps.optional(row.eligible_at),
        updated_at=stamps.from_text(row.updated_at),
    )
