"""Source records as read, and the cursor that says how far: both move in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select

from connectors.records import Position, Value
from journal import stamps, tables
from journal.database import Tx, content, keep
from journal.stamps import from_text, to_text

VOLATILE = frozenset({"SystemModstamp", "LastModifiedDate"})
"""Stamps that move without a change of content; they are kept beside the body, not in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedRecord:
    """A source record with its lines, as one read of the source showed them.

    ``modified`` is the newest SystemModstamp of the record and its lines.
    """

    type: str
    source_id: str
    fields: Mapping[str, Value]
    lines: Sequence[Mapping[str, Value]]
    modified: datetime
    deleted: bool
    version: str = ""


def stage(tx: Tx, record: StagedRecord, run_id: str, at: datetime) -> bool:
    """Keep the record if its content is new; return whether it was.

    A version is the stamp plus a growing number: different bodies on one (whole-second) stamp are
    different versions, and text order is reading order.
    """
    body = {
        "fields": {name: value for name, value in record.fields.items() if name not in VOLATILE},
        "lines": [{name: value for name, value in line.items() if name not in VOLATILE} for line in record.lines],
        "deleted": record.deleted,
    }
    digest = keep(tx, "body", stamps.dumps(body), at)
    newest = _newest(tx, record.type, record.source_id)
    if newest is not None and newest.body_sha == digest:
        _touch(tx, record, newest.version)
        return False
    stamp, number = to_text(record.modified), 1
    if newest is not None:
        # What was read last is the truth, even under an older stamp (a late-visible commit).
        last_stamp, _, last_number = newest.version.partition("#")
        stamp, number = max(stamp, last_stamp), int(last_number) + 1
    version = f"{stamp}#{number:06d}"
    tx.conn.execute(
        tables.staged.insert().values(
            pair=tx.pair,
            type=record.type,
            source_id=record.source_id,
            version=version,
            body_sha=digest,
            deleted=record.deleted,
            modified=to_text(record.modified),
            run_id=run_id,
            seen_at=to_text(at),
        )
    )
    return True


def _touch(tx: Tx, record: StagedRecord, version: str) -> None:
    key = (
        (tables.staged.c.pair == tx.pair)
        & (tables.staged.c.type == record.type)
        & (tables.staged.c.source_id == record.source_id)
        & (tables.staged.c.version == version)
    )
    tx.conn.execute(tables.staged.update().where(key).values(modified=to_text(record.modified)))


def newest(tx: Tx, type_: str, source_id: str) -> StagedRecord | None:
    """Return the record as it was last read, or None when it never was."""
    return _record(tx, _newest(tx, type_, source_id))


def read(tx: Tx, type_: str, source_id: str, version: str) -> StagedRecord | None:
    """Return one reading of the record by its version, or None."""
    query = select(tables.staged).where(
        (tables.staged.c.pair == tx.pair)
        & (tables.staged.c.type == type_)
        & (tables.staged.c.source_id == source_id)
        & (tables.staged.c.version == version)
    )
    return _record(tx, tx.conn.execute(query).first())


def _record(tx: Tx, row: Row[Any] | None) -> StagedRecord | None:
    if row is None:
        return None
    body = stamps.loads(content(tx, row.body_sha))
    return StagedRecord(
        type=row.type,
        source_id=row.source_id,
        fields=body["fields"],
        lines=body["lines"],
        modified=from_text(row.modified),
        deleted=row.deleted,
        version=row.version,
    )


def versions(tx: Tx, type_: str, source_id: str) -> list[tuple[str, datetime, str]]:
    """Return (version, seen at, run id) of every reading of the record, oldest first."""
    query = (
        select(tables.staged.c.version, tables.staged.c.seen_at, tables.staged.c.run_id)
        .where(
            (tables.staged.c.pair == tx.pair)
            & (tables.staged.c.type == type_)
            & (tables.staged.c.source_id == source_id)
        )
        .order_by(tables.staged.c.version)
    )
    return [(row.version, from_text(row.seen_at), row.run_id) for row in tx.conn.execute(query)]


def position(tx: Tx, stream: str) -> Position | None:
    """Return the committed position of a stream, or None before its first page."""
    row = tx.conn.execute(
        select(tables.cursor).where((tables.cursor.c.pair == tx.pair) & (tables.cursor.c.stream == stream))
    ).first()
    return None if row is None else Position(from_text(row.pos_stamp), row.pos_id)


def advance(tx: Tx, stream: str, to: Position, at: datetime) -> None:
    """Move a stream's position forward; an older position (inside the overlap) changes nothing."""
    current = position(tx, stream)
    values = {"pos_stamp": to_text(to.stamp), "pos_id": to.id, "updated_at": to_text(at)}
    if current is None:
        tx.conn.execute(tables.cursor.insert().values(pair=tx.pair, stream=stream, **values))
    elif to > current:
        key = (tables.cursor.c.pair == tx.pair) & (tables.cursor.c.stream == stream)
        tx.conn.execute(tables.cursor.update().where(key).values(**values))


def _newest(tx: Tx, type_: str, source_id: str) -> Row[Any] | None:
    query = (
        select(tables.staged)
        .where(
            (tables.staged.c.pair == tx.pair)
            & (tables.staged.c.type == type_)
            & (tables.staged.c.source_id == source_id)
        )
        .order_by(tables.staged.c.version.desc())
        .limit(1)
    )
    return tx.conn.execute(query).first()
