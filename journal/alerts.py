"""Alerts as they were told: one open alert a key, told again while it lasts, and once more when it has healed."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Row, func, select

from journal import database, stamps, subjects, tables
from journal.database import Journal, Tx
from journal.stamps import from_text, to_text

GIVE_UP_AFTER = timedelta(days=7)
"""How long the telling of something that is over is tried."""
KEPT_FOR = timedelta(days=90)
TELLING = 0x616C65727473
"""PostgreSQL's advisory lock of whoever tells alerts: "alerts" in ASCII."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRow:
    """One alert. ``text`` is the message to tell as JSON; ``due``: not every channel has taken it yet.

    ``delivered`` names the channels that have, ``sent_at`` is when the last one did.
    """

    key: str
    kind: str
    text: str
    opened_at: datetime
    due: bool
    delivered: frozenset[str] = frozenset()
    sent_at: datetime | None = None
    cleared_at: datetime | None = None


def open_alert(tx: Tx, key: str, kind: str, text: str, at: datetime, *, due: bool = True) -> bool:
    """Open an alert; False where one of this key is open, whose message is renewed without being told again."""
    current = find_open(tx, key)
    if current is not None:
        if text != current.text:
            tx.conn.execute(tables.alert.update().where(_row(tx, current)).values(text=text))
        return False
    values = {"kind": kind, "text": text, "opened_at": to_text(at), "due": due, "delivered": "[]"}
    tx.conn.execute(tables.alert.insert().values(pair=tx.pair, key=key, **values))
    return True


def remind(tx: Tx, alert: AlertRow) -> None:
    """Make an open alert due on every channel again."""
    tx.conn.execute(tables.alert.update().where(_row(tx, alert)).values(due=True, delivered="[]"))


def clear(tx: Tx, alert: AlertRow, text: str, at: datetime, *, tell: bool) -> None:
    """Close an alert; ``tell``: say so with this message on every channel."""
    values = {"text": text, "cleared_at": to_text(at), "due": tell, "delivered": "[]"}
    tx.conn.execute(tables.alert.update().where(_row(tx, alert)).values(**values))


def delivered(tx: Tx, alert: AlertRow, channels: Collection[str], at: datetime, *, everywhere: bool) -> None:
    """Note the channels that have taken the message; ``everywhere``: it is told."""
    values: dict[str, Any] = {"delivered": json.dumps(sorted(channels))}
    if everywhere:
        values |= {"due": False, "sent_at": to_text(at)}
    tx.conn.execute(tables.alert.update().where(_row(tx, alert)).values(**values))


def drop_due(tx: Tx) -> None:
    """Let nothing be due: there is no channel to tell it on."""
    table = tables.alert
    tx.conn.execute(table.update().where((table.c.pair == tx.pair) & table.c.due).values(due=False))


def find_open(tx: Tx, key: str) -> AlertRow | None:
    """Return the open alert of a key, or None."""
    table = tables.alert
    where = (table.c.pair == tx.pair) & (table.c.key == key) & table.c.cleared_at.is_(None)
    row = tx.conn.execute(select(table).where(where)).first()
    return None if row is None else _noun(row)


def open_alerts(tx: Tx) -> list[AlertRow]:
    """Return every open alert, oldest first."""
    return _rows(tx, tables.alert.c.cleared_at.is_(None))


def due(tx: Tx) -> list[AlertRow]:
    """Return the alerts whose message some channel has not taken yet, oldest first."""
    return _rows(tx, tables.alert.c.due)


def newest(tx: Tx, key: str) -> AlertRow | None:
    """Return the last alert of a key, open or not."""
    found = _rows(tx, tables.alert.c.key == key)
    return found[-1] if found else None


def recent(tx: Tx, since: datetime) -> list[AlertRow]:
    """Return every alert that is open or was cleared since then, oldest first."""
    table = tables.alert
    return _rows(tx, table.c.cleared_at.is_(None) | (table.c.cleared_at >= to_text(since)))


def prune(tx: Tx, at: datetime) -> None:
    """Stop telling what is long over, and forget what is older still."""
    table = tables.alert
    mine = table.c.pair == tx.pair
    over = mine & (table.c.cleared_at < to_text(at - GIVE_UP_AFTER))
    tx.conn.execute(table.update().where(over & table.c.due).values(due=False))
    tx.conn.execute(table.delete().where(mine & (table.c.cleared_at < to_text(at - KEPT_FOR))))


def mark(tx: Tx, name: str, value: object) -> None:
    """Remember something between two looks, such as which holds were told."""
    database.replace(tx, _mark_key(tx, name), stamps.dumps(value))


def marked(tx: Tx, name: str) -> Any:
    """Return what was remembered under a name, or None."""
    text = database.recall(tx, _mark_key(tx, name))
    return None if text is None else stamps.loads(text)


def waiting_with(tx: Tx, prefix: str) -> Mapping[str, tuple[int, str]]:
    """Return by kind how many records wait with a reason that begins so, and one of those reasons."""
    table = tables.subject
    query = (
        select(table.c.kind, func.count(), func.min(table.c.reason))
        .where(
            (table.c.pair == tx.pair)
            & (table.c.state == subjects.WAITING)
            & table.c.reason.startswith(prefix, autoescape=True)
        )
        .group_by(table.c.kind)
    )
    return {kind: (int(count), str(reason)) for kind, count, reason in tx.conn.execute(query)}


@contextmanager
def alone(state: Path, journal: Journal) -> Iterator[bool]:
    """Give True to one at a time among all processes and threads on a state database, so that nothing is told twice.

    On PostgreSQL among all machines too.
    """
    if journal.on_postgresql:
        with _alone_on_server(journal) as mine:
            yield mine
        return
    with Path(f"{state}.alerts.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


@contextmanager
def _alone_on_server(journal: Journal) -> Iterator[bool]:
    # A session's lock, no transaction's: nothing else waits while messages are sent.
    with journal.engine.connect().execution_options(isolation_level="AUTOCOMMIT", tieout_unlocked=True) as conn:
        mine = bool(conn.scalar(select(func.pg_try_advisory_lock(TELLING))))
        try:
            yield mine
        finally:
            if mine:
                conn.execute(select(func.pg_advisory_unlock(TELLING)))


def _mark_key(tx: Tx, name: str) -> str:
    return f"alert.{tx.pair}.{name}"


def _row(tx: Tx, alert: AlertRow) -> ColumnElement[bool]:
    table = tables.alert
    return (table.c.pair == tx.pair) & (table.c.key == alert.key) & (table.c.opened_at == to_text(alert.opened_at))


def _rows(tx: Tx, where: ColumnElement[bool]) -> list[AlertRow]:
    table = tables.alert
    query = select(table).where((table.c.pair == tx.pair) & where).order_by(table.c.opened_at, table.c.key)
    return [_noun(row) for row in tx.conn.execute(query)]


def _noun(row: Row[Any]) -> AlertRow:
    return AlertRow(
        key=row.key,
        kind=row.kind,
        text=row.text,
        opened_at=from_text(row.opened_at),
        due=bool(row.due),
        delivered=frozenset(json.loads(row.delivered)),
        sent_at=stamps.optional(row.sent_at),
        cleared_at=stamps.optional(row.cleared_at),
    )
