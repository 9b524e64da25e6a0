"""Runs of jobs, and what was last written back onto each CRM record."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select

from connectors.records import Value
from journal import audit, stamps, tables
from journal.database import Tx
from journal.stamps import from_text, to_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One execution of a job with its counts by outcome."""

    id: str
    job: str
    mapping_sha: str | None
    started_at: datetime
    ended_at: datetime | None
    outcome: str | None
    counts: Mapping[str, int]


def start(tx: Tx, run_id: str, job: str, at: datetime) -> None:
    """Note that a run has begun; a run without an end was interrupted."""
    tx.conn.execute(tables.run.insert().values(id=run_id, pair=tx.pair, job=job, started_at=to_text(at)))


def finish(tx: Tx, run_id: str, outcome: str, counts: Mapping[str, int], mapping_sha: str | None, at: datetime) -> None:
    """Note how a run ended: ``done`` or ``failed``, its counts, and the mapping version it used."""
    tx.conn.execute(
        tables.run.update()
        .where(tables.run.c.id == run_id)
        .values(
            ended_at=to_text(at),
            outcome=outcome,
            counts=json.dumps(dict(counts), sort_keys=True),
            mapping_sha=mapping_sha,
        )
    )


def latest(tx: Tx, limit: int = 5) -> list[Run]:
    """Return the newest runs, newest first."""
    query = (
        select(tables.run)
        .where(tables.run.c.pair == tx.pair)
        .order_by(tables.run.c.started_at.desc(), tables.run.c.id.desc())
        .limit(limit)
    )
    return [_noun(row) for row in tx.conn.execute(query)]


def _noun(row: Any) -> Run:
    return Run(
        id=row.id,
        job=row.job,
        mapping_sha=row.mapping_sha,
        started_at=from_text(row.started_at),
        ended_at=stamps.optional(row.ended_at),
        outcome=row.outcome,
        counts=json.loads(row.counts),
    )


def last_written(tx: Tx, type_: str, source_id: str) -> tuple[Mapping[str, Value], datetime] | None:
    """Return what was last written onto a CRM record and when (the CRM's clock), or None."""
    row = tx.conn.execute(
        select(tables.writeback).where(
            (tables.writeback.c.pair == tx.pair)
            & (tables.writeback.c.type == type_)
            & (tables.writeback.c.source_id == source_id)
        )
    ).first()
    return None if row is None else (stamps.loads(row.fields), from_text(row.written_at))


def note_written(
    tx: Tx, type_: str, source_id: str, fields: Mapping[str, Value], at: datetime, *, owner: str | None = None
) -> None:
    """Keep what now stands on a CRM record; ``owner`` is the ERP customer that a row under an account belongs to.

    ``at`` is the CRM's clock, in the audit trail too.
    """
    kept = stamps.dumps(dict(fields))
    told = {} if owner is None else {"customer": owner}
    audit.record(tx, "status.written", f"{type_}/{source_id}", at, after=stamps.sha(kept), **told)
    key = _written(tx, type_) & (tables.writeback.c.source_id == source_id)
    tx.conn.execute(tables.writeback.delete().where(key))
    tx.conn.execute(
        tables.writeback.insert().values(
            pair=tx.pair,
            type=type_,
            source_id=source_id,
            fields=kept,
            written_at=to_text(at),
            owner=owner,
        )
    )


def written_for(tx: Tx, types: Sequence[str], owner: str) -> dict[tuple[str, str], Mapping[str, Value]]:
    """Return what was last written onto every row of an owner, by type and key."""
    query = select(tables.writeback).where(
        (tables.writeback.c.pair == tx.pair)
        & (tables.writeback.c.owner == owner)
        & tables.writeback.c.type.in_(list(types))
    )
    return {(row.type, row.source_id): stamps.loads(row.fields) for row in tx.conn.execute(query)}


def written_of(tx: Tx, type_: str) -> dict[str, tuple[str | None, Mapping[str, Value]]]:
    """Return (owner, what was last written) of every row of a type, by key."""
    query = select(tables.writeback).where(_written(tx, type_))
    return {row.source_id: (row.owner, stamps.loads(row.fields)) for row in tx.conn.execute(query)}


def forget_written(tx: Tx, type_: str, keys: Collection[str]) -> None:
    """Forget what was written onto these records, so that it is compared and written anew."""
    for key in keys:
        tx.conn.execute(tables.writeback.delete().where(_written(tx, type_) & (tables.writeback.c.source_id == key)))


def _written(tx: Tx, type_: str) -> ColumnElement[bool]:
    return (tables.writeback.c.pair == tx.pair) & (tables.writeback.c.type == type_)
