"""Holds: records that need a person or a later fix. One open hold a record; success closes it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, select

from journal import tables
from journal.database import Tx
from journal.nouns import Hold
from journal.stamps import from_text, sha, to_text


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldCause:
    """Why a record is held, in plain words, whose turn it is, and what to do."""

    code: str
    class_: str
    cause: str
    owner: str
    fix: str
    detail: Mapping[str, str] = field(default_factory=dict)


# Built once: what runs for every record must not build its SQL anew each time.
_OPEN = (
    (tables.hold.c.pair == bindparam("its_pair"))
    & (tables.hold.c.kind == bindparam("its_kind"))
    & (tables.hold.c.source_id == bindparam("its_id"))
    & tables.hold.c.resolved_at.is_(None)
)
_SELECT = select(tables.hold).where(_OPEN)
_RESOLVE = tables.hold.update().where(_OPEN)


def open_hold(tx: Tx, kind: str, source_id: str, label: str, cause: HoldCause, at: datetime) -> None:
    """Hold a record; the same cause met again counts an attempt, another cause replaces the old one."""
    current = tx.conn.execute(_SELECT, _open(tx, kind, source_id)).first()
    if current is not None and current.code == cause.code:
        values = {
            "cause": cause.cause,
            "fix": cause.fix,
            "detail": json.dumps(dict(cause.detail), sort_keys=True),
            "last_seen_at": to_text(at),
            "attempts": current.attempts + 1,
            "label": label,
        }
        tx.conn.execute(tables.hold.update().where(tables.hold.c.id == current.id).values(**values))
        return
    if current is not None:
        resolve(tx, kind, source_id, f"replaced by {cause.code}", at)
    stamp = to_text(at)
    tx.conn.execute(
        tables.hold.insert().values(
            id=sha(f"{tx.pair}|{kind}|{source_id}|{cause.code}|{stamp}")[:12],
            pair=tx.pair,
            kind=kind,
            source_id=source_id,
            label=label,
            code=cause.code,
            cause=cause.cause,
            owner=cause.owner,
            fix=cause.fix,
            detail=json.dumps(dict(cause.detail), sort_keys=True),
            opened_at=stamp,
            last_seen_at=stamp,
            attempts=1,
            **{"class": cause.class_},
        )
    )


def resolve(tx: Tx, kind: str, source_id: str, resolution: str, at: datetime) -> None:
    """Close the record's open hold, if it has one."""
    values = {"resolved_at": to_text(at), "resolution": resolution}
    tx.conn.execute(_RESOLVE, {**_open(tx, kind, source_id), **values})


def find(tx: Tx, kind: str, source_id: str) -> Hold | None:
    """Return the record's open hold, or None."""
    row = tx.conn.execute(_SELECT, _open(tx, kind, source_id)).first()
    return None if row is None else _noun(row)


def open_holds(tx: Tx) -> list[Hold]:
    """Return every open hold, by code, then oldest first."""
    query = (
        select(tables.hold)
        .where((tables.hold.c.pair == tx.pair) & tables.hold.c.resolved_at.is_(None))
        .order_by(tables.hold.c.code, tables.hold.c.opened_at, tables.hold.c.source_id)
    )
    return [_noun(row) for row in tx.conn.execute(query)]


def history(tx: Tx, kind: str, source_id: str) -> list[dict[str, Any]]:
    """Return every hold that the record ever had, oldest first."""
    query = (
        select(tables.hold)
        .where((tables.hold.c.pair == tx.pair) & (tables.hold.c.kind == kind) & (tables.hold.c.source_id == source_id))
        .order_by(tables.hold.c.opened_at)
    )
    return [dict(row._mapping) for row in tx.conn.execute(query)]


def _open(tx: Tx, kind: str, source_id: str) -> dict[str, Any]:
    return {"its_pair": tx.pair, "its_kind": kind, "its_id": source_id}


def _noun(row: Row[Any]) -> Hold:
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
    )
