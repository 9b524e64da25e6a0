"""Where each source record stands: one row per record and document number."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, select

from journal import audit, staging, stamps, tables
from journal.database import Tx, chunks
from journal.intents import MONEY
from journal.nouns import KIND_CUSTOMER, KIND_ORDER, SubjectState
from journal.stamps import to_text

READY = "ready"
SETTLED = "settled"
HELD = "held"
WAITING = "waiting"
AMBIGUOUS = "ambiguous"
DISMISSED = "dismissed"
"""A person has put the record aside until it or the mapping changes."""

SOURCES: Mapping[str, str] = {KIND_ORDER: "Opportunity", KIND_CUSTOMER: "Account"}
"""Kinds whose records are decided from one staged source record, and that record's type."""
OWN_FIELDS: Mapping[str, str] = {"Opportunity": "Tieout_"}
"""How the fields begin that Tieout itself writes onto records of a type: their change is no change of the record."""
DUE = (READY, HELD, WAITING)
"""States that a run decides anew: a hold heals when its cause does."""


# Built once: what runs for every record must not build its SQL anew each time.
_KEY = (
    (tables.subject.c.pair == bindparam("its_pair"))
    & (tables.subject.c.kind == bindparam("its_kind"))
    & (tables.subject.c.source_id == bindparam("its_id"))
    & (tables.subject.c.doc_no == 1)
)
_SELECT = select(tables.subject).where(_KEY)
_UPDATE = tables.subject.update().where(_KEY)
_INSERT = tables.subject.insert()


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
    if kind in MONEY and state in (SETTLED, HELD) and (current is None or current.state != state):
        before = None if current is None else current.state
        audit.record(
            tx, f"record.{state}", f"{kind}/{source_id}/1", at, before=before, after=state, outcome=outcome or ""
        )
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
        tx.conn.execute(_INSERT, {"pair": tx.pair, "kind": kind, "source_id": source_id, **values})
    else:
        tx.conn.execute(_UPDATE, {**_key(tx, kind, source_id), **values})


def make_ready(tx: Tx, kind: str, labels: Mapping[str, str], at: datetime) -> None:
    """Make records due, new ones too, except those about which a write is still in doubt.

    A record that a person has put aside stays so when nothing but Tieout's own fields of it has changed.
    """
    states = states_of(tx, kind, labels)
    values = {"state": READY, "outcome": None, "reason": None, "updated_at": to_text(at)}
    new = [id_ for id_ in labels if id_ not in states]
    known = [id_ for id_ in labels if id_ in states and states[id_] != AMBIGUOUS]
    aside = [id_ for id_ in known if states[id_] == DISMISSED]
    known = [id_ for id_ in known if id_ not in aside or _has_changed(tx, kind, id_)]
    if new:
        own = {"pair": tx.pair, "kind": kind}
        tx.conn.execute(_INSERT, [{**own, "source_id": id_, "label": labels[id_], **values} for id_ in new])
    if known:
        tx.conn.execute(_UPDATE, [{**_key(tx, kind, id_), "label": labels[id_], **values} for id_ in known])


def _has_changed(tx: Tx, kind: str, source_id: str) -> bool:
    """Say whether a record differs from what was decided last in more than the fields that Tieout itself wrote."""
    row, type_ = _row(tx, kind, source_id), SOURCES.get(kind)
    if row is None or type_ is None or row.desired_version is None:
        return True
    before = staging.read(tx, type_, source_id, row.desired_version)
    now = staging.newest(tx, type_, source_id)
    if before is None or now is None:
        return True
    return _body(before) != _body(now)


def _body(record: staging.StagedRecord) -> tuple[object, ...]:
    own = OWN_FIELDS.get(record.type)
    fields = {name: value for name, value in record.fields.items() if own is None or not name.startswith(own)}
    return fields, list(record.lines), record.deleted


def states_of(tx: Tx, kind: str, source_ids: Collection[str]) -> dict[str, str]:
    """Return the state of each of these records that has a row."""
    found: dict[str, str] = {}
    for chunk in chunks(sorted(source_ids)):
        query = select(tables.subject.c.source_id, tables.subject.c.state).where(
            (tables.subject.c.pair == tx.pair)
            & (tables.subject.c.kind == kind)
            & tables.subject.c.source_id.in_(chunk)
            & (tables.subject.c.doc_no == 1)
        )
        found.update((row.source_id, row.state) for row in tx.conn.execute(query))
    return found


def due(tx: Tx, kind: str) -> list[str]:
    """Return the ids of records to decide, in id order."""
    query = (
        select(tables.subject.c.source_id)
        .where((tables.subject.c.pair == tx.pair) & (tables.subject.c.kind == kind) & tables.subject.c.state.in_(DUE))
        .order_by(tables.subject.c.source_id)
    )
    return list(tx.conn.scalars(query))


def reopen_all(tx: Tx, kind: str, at: datetime) -> None:
    """Make every settled record due again, and what a person has put aside: the mapping has changed."""
    done = tables.subject.c.state.in_((SETTLED, DISMISSED))
    key = (tables.subject.c.pair == tx.pair) & (tables.subject.c.kind == kind) & done
    tx.conn.execute(tables.subject.update().where(key).values(state=READY, updated_at=to_text(at)))


def free_stranded(tx: Tx, kind: str, in_doubt: Collection[str], at: datetime) -> None:
    """Make records due again that wait for the outcome of a write which is no longer open."""
    query = select(tables.subject.c.source_id).where(
        (tables.subject.c.pair == tx.pair) & (tables.subject.c.kind == kind) & (tables.subject.c.state == AMBIGUOUS)
    )
    for source_id in [id_ for id_ in tx.conn.scalars(query) if id_ not in in_doubt]:
        tx.conn.execute(_UPDATE, {**_key(tx, kind, source_id), "state": READY, "updated_at": to_text(at)})


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
    return tx.conn.execute(_SELECT, _key(tx, kind, source_id)).first()


def _key(tx: Tx, kind: str, source_id: str) -> dict[str, Any]:
    return {"its_pair": tx.pair, "its_kind": kind, "its_id": source_id}


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
