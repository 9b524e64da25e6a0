"""Pauses: a job, all of them, or every job that writes (a freeze) stands still until somebody says otherwise."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select

from journal import audit, stamps, tables
from journal.database import Tx
from journal.stamps import from_text, to_text

ALL = "all"
FREEZE = "freeze"
READING_JOBS = ("reconcile",)
"""Jobs that write into neither system and therefore go on through a freeze."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """``name`` is a job, ``all`` or ``freeze``; without ``until`` it lasts until it is lifted."""

    name: str
    since: datetime
    until: datetime | None
    by: str
    reason: str

    def told(self) -> str:
        """Return the pause as one line for a person."""
        word = "frozen" if self.name == FREEZE else "paused"
        until = f" until {self.until:%Y-%m-%d %H:%M} UTC" if self.until else " until it is resumed"
        return f"{word}{until} by {self.by} since {self.since:%Y-%m-%d %H:%M} UTC: {self.reason}"


def put(tx: Tx, name: str, reason: str, by: str, at: datetime, until: datetime | None = None) -> Pause:
    """Begin a pause, replacing one of the same name."""
    tx.conn.execute(tables.pause.delete().where(_named(tx, name)))
    ends = None if until is None else to_text(until)
    row = {"pair": tx.pair, "name": name, "since": to_text(at), "until": ends, "by": by, "reason": reason}
    tx.conn.execute(tables.pause.insert().values(row))
    told = {} if ends is None else {"until": ends}
    audit.record(replace(tx, actor=by), f"{_word(name)}.begun", f"job/{name}", at, reason=reason, **told)
    return Pause(name=name, since=at, until=until, by=by, reason=reason)


def lift(tx: Tx, name: str, by: str, at: datetime) -> bool:
    """End a pause; False where there was none of that name."""
    lifted = tx.conn.execute(tables.pause.delete().where(_named(tx, name))).rowcount > 0
    if lifted:
        audit.record(replace(tx, actor=by), f"{_word(name)}.ended", f"job/{name}", at)
    return lifted


def current(tx: Tx, now: datetime) -> list[Pause]:
    """Return the pauses that last at this moment, by name."""
    query = select(tables.pause).where(tables.pause.c.pair == tx.pair).order_by(tables.pause.c.name)
    found = [_noun(row) for row in tx.conn.execute(query)]
    return [pause for pause in found if pause.until is None or now < pause.until]


def reason(tx: Tx, job: str, now: datetime) -> str | None:
    """Return why a job stands still at this moment, as one line for a person, or None."""
    standing = {pause.name: pause for pause in current(tx, now)}
    names = (job, ALL) if job in READING_JOBS else (job, ALL, FREEZE)
    return next((standing[name].told() for name in names if name in standing), None)


def _word(name: str) -> str:
    return FREEZE if name == FREEZE else "pause"


def _named(tx: Tx, name: str) -> ColumnElement[bool]:
    return (tables.pause.c.pair == tx.pair) & (tables.pause.c.name == name)


def _noun(row: Any) -> Pause:
    return Pause(
        name=row.name, since=from_text(row.since), until=stamps.optional(row.until), by=row.by, reason=row.reason
    )
