"""Intents: every write is committed here before its first byte leaves, and closed with what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select

from connectors.records import WriteOutcome
from journal import stamps, tables
from journal.database import Tx
from journal.nouns import OpenIntent
from journal.stamps import to_text

SENDING = "SENDING"
AMBIGUOUS = "AMBIGUOUS"
CLOSED = "CLOSED"
OPEN = ("PREPARED", SENDING, AMBIGUOUS)


def arm(tx: Tx, intent: OpenIntent, *, run_id: str, send_by: datetime, quiet_until: datetime, at: datetime) -> None:
    """Commit to a write: from here on its outcome is unknown until something proves it.

    The unique index refuses a second open intent for the same document.
    """
    tx.conn.execute(
        tables.intent.insert().values(
            id=intent.id,
            pair=tx.pair,
            kind=intent.kind,
            source_id=intent.source_id,
            doc_no=intent.doc_no,
            op=intent.op,
            external_id=intent.external_id,
            target_id=intent.target_id,
            payload_sha=intent.payload_sha,
            fingerprint=intent.fingerprint,
            mapping_sha=intent.mapping_sha,
            staged_version=intent.staged_version,
            state=SENDING,
            send_by=to_text(send_by),
            quiet_until=to_text(quiet_until),
            run_id=run_id,
            created_at=to_text(at),
        )
    )


def close(tx: Tx, intent_id: str, outcome_class: str, text: str, at: datetime) -> None:
    """End an intent: applied, adopted, rejected, not_sent, absent_after_quiet or conflict."""
    tx.conn.execute(
        tables.intent.update()
        .where(tables.intent.c.id == intent_id)
        .values(state=CLOSED, outcome_class=outcome_class, outcome_text=text, closed_at=to_text(at))
    )


def doubt(tx: Tx, intent_id: str, text: str) -> None:
    """Mark a write whose outcome nobody knows yet."""
    tx.conn.execute(
        tables.intent.update().where(tables.intent.c.id == intent_id).values(state=AMBIGUOUS, outcome_text=text)
    )


def note_attempt(tx: Tx, intent_id: str, outcome: WriteOutcome, at: datetime) -> None:
    """Keep the evidence of one try."""
    n = tx.conn.scalar(select(func.count()).select_from(tables.attempt).where(tables.attempt.c.intent_id == intent_id))
    tx.conn.execute(
        tables.attempt.insert().values(
            intent_id=intent_id,
            n=int(n or 0) + 1,
            finished_at=to_text(at),
            status=outcome.status,
            code=outcome.code,
            message=outcome.message,
            request_sha=outcome.request_sha,
            response_sha=outcome.response_sha,
        )
    )


def open_intents(tx: Tx) -> list[OpenIntent]:
    """Return every write whose outcome is not settled, oldest first."""
    query = (
        select(tables.intent)
        .where((tables.intent.c.pair == tx.pair) & tables.intent.c.state.in_(OPEN))
        .order_by(tables.intent.c.created_at, tables.intent.c.id)
    )
    return [_noun(row) for row in tx.conn.execute(query)]


def history(tx: Tx, kind: str, source_id: str) -> Sequence[dict[str, Any]]:
    """Return every intent of one record with its attempts, oldest first."""
    query = (
        select(tables.intent)
        .where(
            (tables.intent.c.pair == tx.pair)
            & (tables.intent.c.kind == kind)
            & (tables.intent.c.source_id == source_id)
        )
        .order_by(tables.intent.c.created_at)
    )
    return [{**row._mapping, "attempts": _attempts(tx, row.id)} for row in tx.conn.execute(query)]


def find(tx: Tx, intent_id: str, kind: str, source_id: str) -> OpenIntent | None:
    """Return the intent with this id if this journal made it for this record, open or closed."""
    query = select(tables.intent).where(
        (tables.intent.c.id == intent_id)
        & (tables.intent.c.pair == tx.pair)
        & (tables.intent.c.kind == kind)
        & (tables.intent.c.source_id == source_id)
    )
    row = tx.conn.execute(query).first()
    return None if row is None else _noun(row)


def vanished_before(tx: Tx, intent: OpenIntent) -> int:
    """Return how many earlier writes of this very content were never found in the target system."""
    query = (
        select(func.count())
        .select_from(tables.intent)
        .where(
            (tables.intent.c.pair == tx.pair)
            & (tables.intent.c.kind == intent.kind)
            & (tables.intent.c.source_id == intent.source_id)
            & (tables.intent.c.fingerprint == intent.fingerprint)
            & (tables.intent.c.outcome_class == "absent_after_quiet")
        )
    )
    return int(tx.conn.scalar(query) or 0)


def last_answer(tx: Tx, intent_id: str) -> str:
    """Return the last answer to an intent in words, or that there was none."""
    tries = _attempts(tx, intent_id)
    return f"{tries[-1]['message']} ({tries[-1]['code']})" if tries else "none"


def applied_payloads(tx: Tx, kind: str, source_id: str) -> list[str]:
    """Return the hashes of the payloads that were written for a record, oldest first."""
    query = (
        select(tables.intent.c.payload_sha)
        .where(
            (tables.intent.c.pair == tx.pair)
            & (tables.intent.c.kind == kind)
            & (tables.intent.c.source_id == source_id)
            & (tables.intent.c.outcome_class == "applied")
        )
        .order_by(tables.intent.c.created_at, tables.intent.c.id)
    )
    return list(tx.conn.scalars(query))


def in_doubt(tx: Tx, kind: str) -> frozenset[str]:
    """Return the source ids of this kind that have an open intent: nothing new may be sent for them."""
    query = select(tables.intent.c.source_id).where(
        (tables.intent.c.pair == tx.pair) & (tables.intent.c.kind == kind) & tables.intent.c.state.in_(OPEN)
    )
    return frozenset(tx.conn.scalars(query))


def _attempts(tx: Tx, intent_id: str) -> list[dict[str, Any]]:
    query = select(tables.attempt).where(tables.attempt.c.intent_id == intent_id).order_by(tables.attempt.c.n)
    return [dict(row._mapping) for row in tx.conn.execute(query)]


def _noun(row: Row[Any]) -> OpenIntent:
    return OpenIntent(
        id=row.id,
        kind=row.kind,
        source_id=row.source_id,
        external_id=row.external_id,
        state=row.state,
        quiet_until=stamps.optional(row.quiet_until),
        op=row.op,
        target_id=row.target_id,
        payload_sha=row.payload_sha,
        fingerprint=row.fingerprint,
        mapping_sha=row.mapping_sha,
        staged_version=row.staged_version,
        doc_no=row.doc_no,
    )
