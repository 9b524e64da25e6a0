"""Source records as read, and the cursor that says how far: both move in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, func, select

from connectors.records import Position, Value
from journal import stamps, tables
from journal.acquisition import Overtaken as Overtaken
from journal.acquisition import require as require
from journal.acquisition import take as take
from journal.database import Tx, chunks, content, keep, keep_all
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


# Built once: what runs for every record must not build its SQL anew each time.
_KEY = (
    (tables.staged.c.pair == bindparam("its_pair"))
    & (tables.staged.c.type == bindparam("its_type"))
    & (tables.staged.c.source_id == bindparam("its_id"))
)
_NEWEST = select(tables.staged).where(_KEY).order_by(tables.staged.c.version.desc()).limit(1)
_TOUCH = tables.staged.update().where(_KEY & (tables.staged.c.version == bindparam("its_version")))
_INSERT = tables.staged.insert()


def stage(tx: Tx, record: StagedRecord, run_id: str, at: datetime) -> bool:
    """Keep the record if its content is new; return whether it was.

    A version is the stamp plus a growing number: different bodies on one (whole-second) stamp are
    different versions, and text order is reading order.
    """
    digest = keep(tx, "body", _body(record), at)
    newest = _newest(tx, record.type, record.source_id)
    if newest is not None and newest.body_sha == digest:
        tx.conn.execute(_TOUCH, _touched(tx, record, newest.version))
        return False
    tx.conn.execute(_INSERT, _row(tx, record, digest, None if newest is None else newest.version, run_id, at))
    return True


def stage_all(tx: Tx, records: Sequence[StagedRecord], run_id: str, at: datetime) -> set[str]:
    """Keep records of one type, each once, in few statements; return the ids of those whose content is new."""
    digests = keep_all(tx, "body", [_body(record) for record in records], at)
    newest = _newest_of(tx, records[0].type, [record.source_id for record in records]) if records else {}
    new, same = [], []
    for record, digest in zip(records, digests, strict=True):
        version, known = newest.get(record.source_id, (None, None))
        if version is not None and known == digest:
            same.append(_touched(tx, record, version))
        else:
            new.append(_row(tx, record, digest, version, run_id, at))
    if same:
        tx.conn.execute(_TOUCH, same)
    if new:
        tx.conn.execute(_INSERT, new)
    return {row["source_id"] for row in new}


def _body(record: StagedRecord) -> str:
    return stamps.dumps(
        {
            "fields": {name: value for name, value in record.fields.items() if name not in VOLATILE},
            "lines": [{name: value for name, value in line.items() if name not in VOLATILE} for line in record.lines],
            "deleted": record.deleted,
        }
    )


def _row(
    tx: Tx, record: StagedRecord, digest: str, last_version: str | None, run_id: str, at: datetime
) -> dict[str, Any]:
    stamp, number = to_text(record.modified), 1
    if last_version is not None:
        # What was read last is the truth, even under an older stamp (a late-visible commit).
        last_stamp, _, last_number = last_version.partition("#")
        stamp, number = max(stamp, last_stamp), int(last_number) + 1
    return {
        "pair": tx.pair,
        "type": record.type,
        "source_id": record.source_id,
        "version": f"{stamp}#{number:06d}",
        "body_sha": digest,
        "deleted": record.deleted,
        "modified": to_text(record.modified),
        "run_id": run_id,
        "seen_at": to_text(at),
    }


def _touched(tx: Tx, record: StagedRecord, version: str) -> dict[str, Any]:
    key = _key(tx, record.type, record.source_id)
    return {**key, "its_version": version, "modified": to_text(record.modified)}


def newest(tx: Tx, type_: str, source_id: str) -> StagedRecord | None:
    """Return the record as it was last read, or None when it never was."""
    return _record(tx, _newest(tx, type_, source_id))


def newest_of(tx: Tx, type_: str, source_ids: Collection[str]) -> dict[str, StagedRecord]:
    """Return these records as they were last read, by id, in few statements; those never read are left out."""
    found: dict[str, StagedRecord] = {}
    table, blob = tables.staged.c, tables.blob.c
    for chunk in chunks(sorted(source_ids)):
        own = (table.pair == tx.pair) & (table.type == type_) & table.source_id.in_(chunk)
        last = (
            select(table.source_id, func.max(table.version).label("version"))
            .where(own)
            .group_by(table.source_id)
            .subquery()
        )
        query = (
            select(tables.staged, blob.content)
            .join(last, (last.c.source_id == table.source_id) & (last.c.version == table.version))
            .join(tables.blob, blob.sha == table.body_sha)
            .where(own)
        )
        found.update((row.source_id, _record_of(row, row.content)) for row in tx.conn.execute(query))
    return found


def newest_version(tx: Tx, type_: str, source_id: str) -> str | None:
    """Return the version of the record as it was last read, or None when it never was."""
    row = _newest(tx, type_, source_id)
    return None if row is None else row.version


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
    return None if row is None else _record_of(row, content(tx, row.body_sha))


def _record_of(row: Row[Any], text: str) -> StagedRecord:
    body = stamps.loads(text)
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


def forget_position(tx: Tx, stream: str) -> None:
    """Give a stream's position up: what it led past is read anew, and the next position may be an older one."""
    key = (tables.cursor.c.pair == tx.pair) & (tables.cursor.c.stream == stream)
    tx.conn.execute(tables.cursor.delete().where(key))


def _newest(tx: Tx, type_: str, source_id: str) -> Row[Any] | None:
    return tx.conn.execute(_NEWEST, _key(tx, type_, source_id)).first()


def _newest_of(tx: Tx, type_: str, source_ids: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Return (version, hash of the body) of each record as it was last read."""
    found: dict[str, tuple[str, str]] = {}
    columns = (tables.staged.c.source_id, tables.staged.c.version, tables.staged.c.body_sha)
    for chunk in chunks(source_ids):
        own = (tables.staged.c.pair == tx.pair) & (tables.staged.c.type == type_)
        query = select(*columns).where(own & tables.staged.c.source_id.in_(chunk)).order_by(tables.staged.c.version)
        found.update((row.source_id, (row.version, row.body_sha)) for row in tx.conn.execute(query))
    return found


def _key(tx: Tx, type_: str, source_id: str) -> dict[str, Any]:
    return {"its_pair": tx.pair, "its_type": type_, "its_id": source_id}
