"""Holds: records that need a person or a later fix. One open hold a record; success closes it.

A record and a cause have a key of their own, the same whenever the cause comes back; each opening is a row.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, select

from journal import audit, tables
from journal.database import Tx
from journal.nouns import Hold
from journal.stamps import from_text, sha, to_text

REPLACED = "replaced by "
"""How the resolution of a hold begins that gave way to another cause."""
TELLING = ("remote_code", "blocked_by", "bound_to", "stored_id", "period", "error")
"""The part of a hold's detail that tells it from others of its code, the first that is there."""
LONGEST_LIKENESS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldCause:
    """Why a record is held, in plain words, whose turn it is, and what to do."""

    code: str
    class_: str
    cause: str
    owner: str
    fix: str
    detail: Mapping[str, str] = field(default_factory=dict)
    content: str = ""
    """Fingerprint of what a remote system refused, or of what ended the process: the same is not tried for ever."""
    about: str = ""
    """What exactly is wrong, such as ``OLD-SKU``, where one remedy mends all records with the same; see likeness."""

    @property
    def likeness(self) -> str:
        """The code and what exactly is wrong: records that share it are mended together."""
        telling = self.about or next((self.detail[name] for name in TELLING if self.detail.get(name)), "")
        return " ".join(f"{self.code}:{telling}".split()).rstrip(":")[:LONGEST_LIKENESS]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pauses:
    """How long a refused content rests: the first pause doubles with every refusal, up to the longest."""

    first: timedelta = timedelta(minutes=5)
    longest: timedelta = timedelta(hours=6)

    def after(self, tries: int) -> timedelta:
        """Return the pause after the n-th refusal, from 1."""
        return min(self.longest, self.first * (1 << min(max(0, tries - 1), 30)))


# Built once: what runs for every record must not build its SQL anew each time.
_RECORD = (
    (tables.hold.c.pair == bindparam("its_pair"))
    & (tables.hold.c.kind == bindparam("its_kind"))
    & (tables.hold.c.source_id == bindparam("its_id"))
)
_OPEN = _RECORD & tables.hold.c.resolved_at.is_(None)
_SELECT = select(tables.hold).where(_OPEN)
_RESOLVE = tables.hold.update().where(_OPEN)
_ORDER = (tables.hold.c.code, tables.hold.c.opened_at, tables.hold.c.source_id)


def key_of(tx: Tx, kind: str, source_id: str, code: str) -> str:
    """Return the key of a record and a cause (10 hexadecimal digits), the same whenever the cause comes back."""
    return sha(f"{tx.pair}|{kind}|{source_id}|{code}")[:10]


def open_hold(
    tx: Tx,
    kind: str,
    source_id: str,
    label: str,
    cause: HoldCause,
    at: datetime,
    pauses: Pauses | None = None,
) -> None:
    """Hold a record; the same cause met again counts an attempt, another cause replaces the old one.

    A cause with a content is a refusal: of the same content it counts one more try and puts the next one off, of
    another content it counts from one. A cause without one says nothing of refusals and leaves their count alone.
    """
    current = tx.conn.execute(_SELECT, _open(tx, kind, source_id)).first()
    same = current is not None and current.code == cause.code
    values = {
        "label": label,
        "class": cause.class_,
        "cause": cause.cause,
        "owner": cause.owner,
        "fix": cause.fix,
        "detail": json.dumps(dict(cause.detail), sort_keys=True),
        "last_seen_at": to_text(at),
        "key": key_of(tx, kind, source_id, cause.code),
        "likeness": cause.likeness,
        **_refused(current, cause, at, pauses or Pauses()),
    }
    if current is not None and same:
        values["attempts"] = current.attempts + 1
        tx.conn.execute(tables.hold.update().where(tables.hold.c.id == current.id).values(**values))
        return
    if current is not None:
        resolve(tx, kind, source_id, f"{REPLACED}{cause.code}", at)
    row = {"pair": tx.pair, "kind": kind, "source_id": source_id, "code": cause.code, "opened_at": to_text(at)}
    id_ = _new_id(tx, kind, source_id, cause.code)
    audit.record(tx, "hold.opened", audit.document(kind, source_id), at, after=cause.code, hold=id_)
    tx.conn.execute(tables.hold.insert().values(id=id_, attempts=1, **row, **values))


def _refused(current: Row[Any] | None, cause: HoldCause, at: datetime, pauses: Pauses) -> dict[str, object]:
    """Return what a refusal adds; the count goes on when only NetSuite's words for the same content have changed."""
    if not cause.content:
        return {}
    tries = current.tries + 1 if current is not None and current.content == cause.content else 1
    return {"content": cause.content, "tries": tries, "retry_at": to_text(at + pauses.after(tries))}


def _new_id(tx: Tx, kind: str, source_id: str, code: str) -> str:
    """Return the id of a new opening: of the record, the cause and how often it was open before."""
    known = list(tx.conn.execute(select(tables.hold.c.id).where(_RECORD), _open(tx, kind, source_id)))
    return sha(f"{tx.pair}|{kind}|{source_id}|{code}|{len(known)}")[:12]


def resolve(
    tx: Tx, kind: str, source_id: str, resolution: str, at: datetime, *, action: str = "hold.closed", **told: str
) -> None:
    """Close the record's open hold, if it has one; ``action`` and ``told`` are for the audit trail."""
    current = tx.conn.execute(_SELECT, _open(tx, kind, source_id)).first()
    if current is None:
        return
    audit.record(tx, action, audit.document(kind, source_id), at, before=current.code, hold=current.id, **told)
    values = {"resolved_at": to_text(at), "resolution": resolution, "resolved_by": tx.actor}
    tx.conn.execute(_RESOLVE, {**_open(tx, kind, source_id), **values})


def find(tx: Tx, kind: str, source_id: str) -> Hold | None:
    """Return the record's open hold, or None."""
    row = tx.conn.execute(_SELECT, _open(tx, kind, source_id)).first()
    return None if row is None else noun(row)


def open_holds(tx: Tx) -> list[Hold]:
    """Return every open hold, by code, then oldest first."""
    own = (tables.hold.c.pair == tx.pair) & tables.hold.c.resolved_at.is_(None)
    return [noun(row) for row in tx.conn.execute(select(tables.hold).where(own).order_by(*_ORDER))]


def open_of(tx: Tx, kind: str) -> dict[str, Hold]:
    """Return the open holds of one kind by the id of their record."""
    own = (tables.hold.c.pair == tx.pair) & (tables.hold.c.kind == kind) & tables.hold.c.resolved_at.is_(None)
    return {row.source_id: noun(row) for row in tx.conn.execute(select(tables.hold).where(own))}


def history(tx: Tx, kind: str, source_id: str) -> list[dict[str, Any]]:
    """Return every hold that the record ever had, oldest first."""
    query = select(tables.hold).where(_RECORD).order_by(tables.hold.c.opened_at)
    return [dict(row._mapping) for row in tx.conn.execute(query, _open(tx, kind, source_id))]


def ending(tx: Tx, text: str) -> tuple[str, str, str | None] | None:
    """Return when, how and by whom the last hold with this id or key ended, or None."""
    query = (
        select(tables.hold.c.resolved_at, tables.hold.c.resolution, tables.hold.c.resolved_by)
        .where((tables.hold.c.pair == tx.pair) & tables.hold.c.resolved_at.is_not(None))
        .where((tables.hold.c.id == text) | (tables.hold.c.key == text))
        .order_by(tables.hold.c.resolved_at.desc())
    )
    row = tx.conn.execute(query).first()
    return None if row is None else (str(row.resolved_at), str(row.resolution), row.resolved_by)


def refused_once(tx: Tx, kind: str, code: str) -> frozenset[str]:
    """Return the records that were ever refused with this code and that no person has released since."""
    query = select(tables.hold.c.source_id).where(
        (tables.hold.c.pair == tx.pair)
        & (tables.hold.c.kind == kind)
        & (tables.hold.c.code == code)
        & (tables.hold.c.content != "")
    )
    return frozenset(tx.conn.scalars(query))


def _open(tx: Tx, kind: str, source_id: str) -> dict[str, Any]:
    return {"its_pair": tx.pair, "its_kind": kind, "its_id": source_id}


def noun(row: Row[Any]) -> Hold:
    """Return a row as a plain value."""
    return Hold(
        id=row.id,
        kind=row.kind,
        source_id=row.source_id,
        label=row.label,
        code=row.code,
        class_=row._mapping["class"],
        cause=row.cause,
        owner=row.owner,
        fix=row.fix,
        detail=json.loads(row.detail),
        opened_at=from_text(row.opened_at),
        last_seen_at=from_text(row.last_seen_at),
        attempts=row.attempts,
        key=row.key,
        likeness=row.likeness or row.code,
        content=row.content,
        tries=row.tries,
        retry_at=None if row.retry_at == tables.EPOCH else from_text(row.retry_at),
    )
