"""Slots of the service's jobs: one row per job and scheduled moment, so that no slot is ever worked twice.

A slot is claimed in a transaction of its own before its job starts, and its outcome is noted afterwards. One that
has no outcome was being worked when its owner died; its work is taken up by the job's next slot.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.exc import IntegrityError

from journal import stamps, tables
from journal.database import Tx
from journal.stamps import from_text, to_text

DONE = "done"
FAILED = "failed"
STOPPED = "stopped"
PAUSED = "paused"
BUSY = "busy"
ABANDONED = "abandoned"
OUTCOMES = (DONE, FAILED, STOPPED, PAUSED, BUSY, ABANDONED)

CLOCK_ERROR = timedelta(days=1)
"""A slot further ahead than this was noted by a wrong clock and keeps nobody from working."""
KEPT = timedelta(days=90)
TEXT_LIMIT = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One scheduled moment of a job. ``outcome`` is None while it is worked, or when its owner died."""

    job: str
    slot_at: datetime
    owner: str
    claimed_at: datetime
    run_id: str | None = None
    ended_at: datetime | None = None
    outcome: str | None = None
    detail: str | None = None


def claim(tx: Tx, job: str, slot_at: datetime, owner: str, at: datetime) -> bool:
    """Take a slot for this owner; False where it, or a later slot of the job, has been taken before."""
    latest = to_text(max(at, slot_at) + CLOCK_ERROR)
    taken = _of(tx, job) & (tables.slot.c.slot_at >= to_text(slot_at)) & (tables.slot.c.slot_at <= latest)
    if tx.conn.scalar(select(tables.slot.c.owner).where(taken).limit(1)) is not None:
        return False
    row = tables.slot.insert().values(
        pair=tx.pair, job=job, slot_at=to_text(slot_at), owner=owner, claimed_at=to_text(at)
    )
    try:
        with tx.conn.begin_nested():
            tx.conn.execute(row)
    except IntegrityError:
        return False  # a database that lets two transactions write at once: the other one was first
    return True


def finish(
    tx: Tx, job: str, slot_at: datetime, outcome: str, at: datetime, *, run_id: str | None = None, detail: str = ""
) -> None:
    """Note how a slot's work ended."""
    tx.conn.execute(
        tables.slot.update()
        .where(_of(tx, job) & (tables.slot.c.slot_at == to_text(slot_at)))
        .values(ended_at=to_text(at), outcome=outcome, run_id=run_id, detail=detail[:TEXT_LIMIT] or None)
    )


def abandon(tx: Tx, jobs: Collection[str], at: datetime) -> list[Slot]:
    """Close the slots of these jobs that nobody can be working on any more, and return them.

    Only for the holder of the lease under which these jobs claim and work their slots.
    """
    dead = (tables.slot.c.pair == tx.pair) & tables.slot.c.job.in_(sorted(jobs)) & tables.slot.c.ended_at.is_(None)
    found = [_noun(row) for row in tx.conn.execute(select(tables.slot).where(dead).order_by(tables.slot.c.slot_at))]
    if found:
        detail = "its process ended before the job did; the next slot takes up its work"
        values = {"ended_at": to_text(at), "outcome": ABANDONED, "detail": detail}
        tx.conn.execute(tables.slot.update().where(dead).values(**values))
    return found


def newest(tx: Tx, job: str, before: datetime | None = None) -> Slot | None:
    """Return the job's latest slot, or the latest up to ``before``; None when it has none."""
    where = _of(tx, job) if before is None else _of(tx, job) & (tables.slot.c.slot_at <= to_text(before))
    return _first(tx, where)


def newest_with(tx: Tx, job: str, outcomes: Collection[str]) -> Slot | None:
    """Return the job's latest slot that ended in one of these ways, or None."""
    return _first(tx, _of(tx, job) & tables.slot.c.outcome.in_(sorted(outcomes)))


def failures_since_success(tx: Tx, job: str) -> int:
    """Return how many slots of the job failed after its last success."""
    last = newest_with(tx, job, (DONE,))
    where = _of(tx, job) & (tables.slot.c.outcome == FAILED)
    if last is not None:
        where &= tables.slot.c.slot_at > to_text(last.slot_at)
    return int(tx.conn.scalar(select(func.count()).where(where)) or 0)


def all_of(tx: Tx, job: str) -> list[Slot]:
    """Return every slot of a job, oldest first."""
    query = select(tables.slot).where(_of(tx, job)).order_by(tables.slot.c.slot_at)
    return [_noun(row) for row in tx.conn.execute(query)]


def prune(tx: Tx, at: datetime) -> int:
    """Forget ended slots of long ago, save each job's last success, and return how many were forgotten."""
    jobs = list(tx.conn.scalars(select(tables.slot.c.job).where(tables.slot.c.pair == tx.pair).distinct()))
    forgotten = 0
    for job in jobs:
        old = _of(tx, job) & (tables.slot.c.slot_at < to_text(at - KEPT)) & tables.slot.c.ended_at.is_not(None)
        last = newest_with(tx, job, (DONE,))
        if last is not None:
            old &= tables.slot.c.slot_at != to_text(last.slot_at)
        forgotten += tx.conn.execute(tables.slot.delete().where(old)).rowcount
    return forgotten


def _of(tx: Tx, job: str) -> ColumnElement[bool]:
    return (tables.slot.c.pair == tx.pair) & (tables.slot.c.job == job)


def _first(tx: Tx, where: ColumnElement[bool]) -> Slot | None:
    row = tx.conn.execute(select(tables.slot).where(where).order_by(tables.slot.c.slot_at.desc()).limit(1)).first()
    return None if row is None else _noun(row)


def _noun(row: Any) -> Slot:
    return Slot(
        job=row.job,
        slot_at=from_text(row.slot_at),
        owner=row.owner,
        claimed_at=from_text(row.claimed_at),
        run_id=row.run_id,
        ended_at=stamps.optional(row.ended_at),
        outcome=row.outcome,
        detail=row.detail,
    )
