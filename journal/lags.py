"""How far behind the journal is: figures for those who watch the service, without any record's name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, select

from journal import stamps, subjects, tables
from journal.database import Tx
from journal.stamps import from_text

WAITING = (subjects.READY, subjects.WAITING, subjects.AMBIGUOUS)
"""States of records that Tieout itself still has to finish; held ones wait for a person."""


def oldest_waiting(tx: Tx) -> Mapping[str, datetime]:
    """Return by kind since when the oldest record waits for its turn: since it was due, else since it was judged."""
    since = func.min(func.coalesce(tables.subject.c.eligible_at, tables.subject.c.updated_at))
    query = (
        select(tables.subject.c.kind, since)
        .where((tables.subject.c.pair == tx.pair) & tables.subject.c.state.in_(WAITING))
        .group_by(tables.subject.c.kind)
    )
    return {kind: from_text(stamp) for kind, stamp in tx.conn.execute(query)}


def cursors(tx: Tx) -> Mapping[str, datetime]:
    """Return by stream the stamp of the newest change that was read."""
    query = select(tables.cursor.c.stream, tables.cursor.c.pos_stamp).where(tables.cursor.c.pair == tx.pair)
    return {stream: from_text(stamp) for stream, stamp in tx.conn.execute(query)}


def holds_by_code(tx: Tx) -> Mapping[str, int]:
    """Return the number of open holds by code."""
    query = (
        select(tables.hold.c.code, func.count())
        .where((tables.hold.c.pair == tx.pair) & tables.hold.c.resolved_at.is_(None))
        .group_by(tables.hold.c.code)
    )
    return {code: int(count) for code, count in tx.conn.execute(query)}


def holds_by_class(tx: Tx) -> Mapping[str, int]:
    """Return the number of open holds by class."""
    class_ = tables.hold.c["class"]
    query = (
        select(class_, func.count())
        .where((tables.hold.c.pair == tx.pair) & tables.hold.c.resolved_at.is_(None))
        .group_by(class_)
    )
    return {name: int(count) for name, count in tx.conn.execute(query)}


def oldest_open_write(tx: Tx) -> datetime | None:
    """Return since when the oldest write without a clear answer is open."""
    query = select(func.min(tables.intent.c.created_at)).where((tables.intent.c.pair == tx.pair) & tables.OPEN_INTENT)
    return stamps.optional(tx.conn.scalar(query))
