"""Exceptions of the reconciliation that live from run to run: age, owner, reason, comment, acceptance.

A finding is never deleted. Only a complete run closes one that it no longer sees; an acceptance lapses when the values
that were accepted change.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import replace as with_changes
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, func, select

from journal import audit, stamps, tables
from journal.database import Tx, recall, replace
from journal.nouns import Finding, RollForward
from journal.stamps import from_text, to_text

OPEN, ACCEPTED, CLOSED = "open", "accepted", "closed"
REASONS: Mapping[str, bool] = {
    "timing": False,
    "accepted difference": True,
    "to be corrected": False,
    "false positive": True,
    "other": False,
}
"""What may be given as the reason of a finding, and whether that accepts it with its present values."""
LAST_RUN = "reconcile.last"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One exception as a run saw it."""

    id: str
    code: str
    entity: str
    key: str
    field: str
    values_sha: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What a person says about one finding; all three replace what was said before, None empties."""

    finding_id: str
    owner: str | None
    reason: str | None
    comment: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LastRun:
    """The last recorded reconciliation: its id, when, and how many findings it left open and accepted."""

    id: str
    at: datetime
    open: int
    accepted: int


def all_of(tx: Tx) -> list[Finding]:
    """Return every finding, oldest first."""
    query = (
        select(tables.finding)
        .where(tables.finding.c.pair == tx.pair)
        .order_by(tables.finding.c.first_seen_at, tables.finding.c.id)
    )
    return [_noun(row) for row in tx.conn.execute(query)]


def last_run(tx: Tx) -> LastRun | None:
    """Return the last recorded reconciliation, or None before the first."""
    text = recall(tx, _meta_key(tx))
    if text is None:
        return None
    body = json.loads(text)
    return LastRun(id=body["id"], at=from_text(body["at"]), open=body["open"], accepted=body["accepted"])


def record(tx: Tx, run_id: str, seen: Sequence[Sighting], at: datetime, *, complete: bool) -> RollForward:
    """Keep what one run saw and return the movement since the last recorded run.

    ``complete`` false, for a run that did not see everything: nothing is closed.
    """
    known = {finding.id: finding for finding in all_of(tx)}
    last = last_run(tx)
    accepted_before = sum(1 for finding in known.values() if finding.state == ACCEPTED)
    new = sum(_see(tx, known.get(one.id), one, at) for one in {one.id: one for one in seen}.values())
    ids = {one.id for one in seen}
    gone = [f for f in known.values() if f.id not in ids and f.state != CLOSED] if complete else []
    for finding in gone:
        tx.conn.execute(_of(tx, finding.id).values(state=CLOSED, closed_at=to_text(at), accepted_sha=None))
        _audited(tx, "finding.closed", finding, at, CLOSED, run=run_id)
    closing, accepted = _count(tx, OPEN), _count(tx, ACCEPTED)
    body = {"id": run_id, "at": to_text(at), "open": closing, "accepted": accepted}
    replace(tx, _meta_key(tx), json.dumps(body))
    return RollForward(
        opening=last.open if last else 0,
        new=new,
        resolved=sum(1 for finding in gone if finding.state == OPEN),
        accepted=accepted_before - (last.accepted if last else 0),
        closing=closing,
        previous_at=last.at if last else None,
        complete=complete,
    )


def _see(tx: Tx, known: Finding | None, one: Sighting, at: datetime) -> bool:
    """Note one sighting; return whether it adds to the open findings."""
    if known is None:
        tx.conn.execute(tables.finding.insert().values(pair=tx.pair, **_first(one, at)))
        return True
    lapsed = known.state == ACCEPTED and known.accepted_sha != one.values_sha
    back = known.state == CLOSED
    values: dict[str, Any] = {"values_sha": one.values_sha, "last_seen_at": to_text(at), "runs": known.runs + 1}
    if lapsed or back:
        _audited(tx, "finding.reopened", known, at, OPEN, values=one.values_sha)
        values |= {"state": OPEN, "reopened": known.reopened + 1, "accepted_sha": None, "closed_at": None}
    if lapsed:
        values["reason"] = None
    tx.conn.execute(_of(tx, known.id).values(**values))
    return lapsed or back


def _first(one: Sighting, at: datetime) -> dict[str, Any]:
    return {
        "id": one.id,
        "code": one.code,
        "entity": one.entity,
        "key": one.key,
        "field": one.field,
        "values_sha": one.values_sha,
        "first_seen_at": to_text(at),
        "last_seen_at": to_text(at),
        "runs": 1,
        "reopened": 0,
        "state": OPEN,
    }


def take(tx: Tx, notes: Iterable[Note], by: str, at: datetime) -> list[Finding]:
    """Keep what people said; return the findings that changed by it. Saying the same again changes nothing.

    A reason that accepts does so for the finding's present values; taking it away opens the finding again.
    """
    known = {finding.id: finding for finding in all_of(tx)}
    return [known[note.finding_id] for note in notes if _take(tx, known[note.finding_id], note, by, at)]


def _take(tx: Tx, finding: Finding, note: Note, by: str, at: datetime) -> bool:
    before = {"owner": finding.owner, "reason": finding.reason, "comment": finding.comment}
    after = {"owner": note.owner, "reason": note.reason, "comment": note.comment}
    changed = {name: value for name, value in after.items() if before[name] != value}
    if not changed:
        return False
    values: dict[str, Any] = dict(after)
    if "reason" in changed and finding.state != CLOSED:
        accepts = note.reason is not None and REASONS[note.reason]
        values["state"] = ACCEPTED if accepts else OPEN
        values["accepted_sha"] = finding.values_sha if accepts else None
    tx.conn.execute(_of(tx, finding.id).values(**values))
    for name, value in changed.items():
        _note(tx, finding.id, name, value, by, at)
    _audit_note(with_changes(tx, actor=by), finding, values.get("state", finding.state), changed, at)
    return True


def _audit_note(tx: Tx, finding: Finding, state: str, changed: Mapping[str, str | None], at: datetime) -> None:
    """One row for one finding: what became of it, its reason, and hashes of what else was said."""
    became = {(OPEN, ACCEPTED): "finding.accepted", (ACCEPTED, OPEN): "finding.reopened"}
    plain = {"reason": changed["reason"] or "none"} if "reason" in changed else {}
    hashed = {name: stamps.sha(value or "") for name, value in changed.items() if name != "reason"}
    action = became.get((finding.state, state), "finding.noted")
    _audited(tx, action, finding, at, state, values=finding.values_sha, **plain, **hashed)


def _audited(tx: Tx, action: str, finding: Finding, at: datetime, after: str, **detail: str) -> None:
    audit.record(
        tx, action, f"finding/{finding.id}", at, before=finding.state, after=after, code=finding.code, **detail
    )


def _note(tx: Tx, finding_id: str, field: str, value: str | None, by: str, at: datetime) -> None:
    notes = tables.finding_note
    own = (notes.c.pair == tx.pair) & (notes.c.finding_id == finding_id)
    highest = tx.conn.scalar(select(func.max(notes.c.n)).where(own))
    tx.conn.execute(
        notes.insert().values(
            pair=tx.pair,
            finding_id=finding_id,
            n=(highest or 0) + 1,
            noted_at=to_text(at),
            by=by,
            field=field,
            value=value or "",
        )
    )


def _count(tx: Tx, state: str) -> int:
    own = (tables.finding.c.pair == tx.pair) & (tables.finding.c.state == state)
    return tx.conn.scalar(select(func.count()).select_from(tables.finding).where(own)) or 0


def _of(tx: Tx, finding_id: str) -> Any:
    key: ColumnElement[bool] = (tables.finding.c.pair == tx.pair) & (tables.finding.c.id == finding_id)
    return tables.finding.update().where(key)


def _meta_key(tx: Tx) -> str:
    return f"{LAST_RUN} {tx.pair}"


def _noun(row: Row[Any]) -> Finding:
    return Finding(
        id=row.id,
        code=row.code,
        entity=row.entity,
        key=row.key,
        field=row.field,
        values_sha=row.values_sha,
        first_seen_at=from_text(row.first_seen_at),
        last_seen_at=from_text(row.last_seen_at),
        runs=row.runs,
        reopened=row.reopened,
        state=row.state,
        owner=row.owner,
        reason=row.reason,
        comment=row.comment,
        accepted_sha=row.accepted_sha,
        closed_at=stamps.optional(row.closed_at),
    )
