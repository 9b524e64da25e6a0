"""Intents: every write is committed here before its first byte leaves, and closed with what became of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select

from connectors.records import WriteOutcome
from journal import audit, stamps, tables
from journal.database import Tx
from journal.nouns import KIND_CUSTOMER, KIND_INVOICE, KIND_ORDER, OpenIntent
from journal.stamps import to_text

PREPARED = "PREPARED"
"""Frozen, and surely not sent: its last request was a definite no-op."""
SENDING = "SENDING"
AMBIGUOUS = "AMBIGUOUS"
CLOSED = "CLOSED"
OPEN = (PREPARED, SENDING, AMBIGUOUS)
DOUBTFUL = (SENDING, AMBIGUOUS)
"""States in which the write may have happened."""
MONEY = (KIND_CUSTOMER, KIND_ORDER, KIND_INVOICE)
"""Kinds of documents in the ERP; what is written onto CRM records is audited by its content instead."""


def arm(tx: Tx, intent: OpenIntent, *, run_id: str, send_by: datetime, quiet_until: datetime, at: datetime) -> None:
    """Commit to a write: from here on its outcome is unknown until something proves it.

    The unique index refuses a second open intent for the same document.
    """
    _audited(tx, intent, "intent.armed", at)
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
            fence=intent.fence,
            sent_count=1,
        )
    )


def rearm(tx: Tx, intent: OpenIntent, *, send_by: datetime, quiet_until: datetime, at: datetime) -> None:
    """Commit to sending a prepared intent's frozen payload once more."""
    _audited(tx, intent, "intent.armed", at)
    tx.conn.execute(
        tables.intent.update()
        .where(tables.intent.c.id == intent.id)
        .values(
            state=SENDING,
            fence=intent.fence,
            sent_count=tables.intent.c.sent_count + 1,
            send_by=to_text(send_by),
            quiet_until=to_text(quiet_until),
        )
    )


def put_back(tx: Tx, intent: OpenIntent, text: str, at: datetime) -> None:
    """Nothing was written: the payload stays frozen, to be sent again unless something newer takes its place."""
    _audited(tx, intent, "intent.not_sent", at)
    tx.conn.execute(
        tables.intent.update().where(tables.intent.c.id == intent.id).values(state=PREPARED, outcome_text=text)
    )


def close(tx: Tx, intent: OpenIntent, outcome_class: str, text: str, at: datetime) -> None:
    """End an intent: applied, adopted, rejected, not_sent, absent_after_quiet, superseded or conflict."""
    _audited(tx, intent, f"intent.{outcome_class}", at)
    tx.conn.execute(
        tables.intent.update()
        .where(tables.intent.c.id == intent.id)
        .values(state=CLOSED, outcome_class=outcome_class, outcome_text=text, closed_at=to_text(at))
    )


def doubt(tx: Tx, intent: OpenIntent, text: str, at: datetime) -> None:
    """Mark a write whose outcome nobody knows yet."""
    if intent.state != AMBIGUOUS:
        _audited(tx, intent, "intent.doubtful", at)
    tx.conn.execute(
        tables.intent.update().where(tables.intent.c.id == intent.id).values(state=AMBIGUOUS, outcome_text=text)
    )


def _audited(tx: Tx, intent: OpenIntent, action: str, at: datetime) -> None:
    if intent.kind not in MONEY:
        return
    audit.record(
        tx,
        action,
        f"{intent.kind}/{intent.source_id}/{intent.doc_no}",
        at,
        before=intent.state,
        intent=intent.id,
        op=intent.op,
        payload=intent.payload_sha,
        fence=str(intent.fence),
    )


def note_attempt(tx: Tx, intent_id: str, outcome: WriteOutcome, at: datetime, *, n: int | None = None) -> None:
    """Keep the evidence of one try; ``n`` is its number where it is known."""
    if n is None:
        count = select(func.count()).select_from(tables.attempt).where(tables.attempt.c.intent_id == intent_id)
        n = int(tx.conn.scalar(count) or 0) + 1
    tx.conn.execute(
        tables.attempt.insert().values(
            intent_id=intent_id,
            n=n,
            finished_at=to_text(at),
            status=outcome.status,
            code=outcome.code,
            message=outcome.message,
            request_sha=outcome.request_sha,
            response_sha=outcome.response_sha,
        )
    )


def prepared(tx: Tx, kind: str, source_id: str, doc_no: int) -> OpenIntent | None:
    """Return the intent of a document that was frozen but not sent, or None."""
    found = [one for one in open_of(tx, kind, source_id, doc_no) if one.state == PREPARED]
    return found[0] if found else None


def open_of(tx: Tx, kind: str, source_id: str, doc_no: int) -> list[OpenIntent]:
    """Return the open intent of a document, whether it was sent or not; there is at most one."""
    query = select(tables.intent).where(
        (tables.intent.c.pair == tx.pair)
        & (tables.intent.c.kind == kind)
        & (tables.intent.c.source_id == source_id)
        & (tables.intent.c.doc_no == doc_no)
        & tables.intent.c.state.in_(OPEN)
    )
    return [_noun(row) for row in tx.conn.execute(query)]


def prepared_for_nothing(tx: Tx, ended: Sequence[str]) -> list[OpenIntent]:
    """Return intents that were frozen but not sent, and whose record has come to one of these states since."""
    subject = tables.subject.c
    joined = (
        (subject.pair == tables.intent.c.pair)
        & (subject.kind == tables.intent.c.kind)
        & (subject.source_id == tables.intent.c.source_id)
    )
    query = (
        select(tables.intent)
        .join(tables.subject, joined)
        .where((tables.intent.c.pair == tx.pair) & (tables.intent.c.state == PREPARED) & subject.state.in_(ended))
    )
    return [_noun(row) for row in tx.conn.execute(query)]


def open_intents(tx: Tx, kinds: Collection[str] | None = None) -> list[OpenIntent]:
    """Return every write that may have happened and is not settled, of these kinds or all, oldest first."""
    own = (tables.intent.c.pair == tx.pair) & tables.intent.c.state.in_(DOUBTFUL)
    query = (
        select(tables.intent)
        .where(own if kinds is None else own & tables.intent.c.kind.in_(sorted(kinds)))
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


def conflicts_in_a_row(tx: Tx, intent: OpenIntent) -> int:
    """Return how many of a document's newest writes in a row failed because somebody had just changed the record."""
    query = (
        select(tables.intent.c.outcome_class)
        .where(
            (tables.intent.c.pair == tx.pair)
            & (tables.intent.c.kind == intent.kind)
            & (tables.intent.c.source_id == intent.source_id)
            & (tables.intent.c.doc_no == intent.doc_no)
            & (tables.intent.c.state == CLOSED)
        )
        .order_by(tables.intent.c.closed_at.desc(), tables.intent.c.id.desc())
        .limit(10)
    )
    count = 0
    for outcome in tx.conn.scalars(query):
        if outcome != "conflict":
            break
        count += 1
    return count


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
    """Return the source ids of this kind whose last write may have happened: nothing new may be sent for them."""
    query = select(tables.intent.c.source_id).where(
        (tables.intent.c.pair == tx.pair) & (tables.intent.c.kind == kind) & tables.intent.c.state.in_(DOUBTFUL)
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
        fence=row.fence,
    )
