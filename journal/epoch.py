"""Noticing that the state database is an older one than was last in use, and what must happen then.

A state that was restored from a backup no longer knows the last writes. While a pair is in recovery, the next run
reads back every external id from the remote system before it creates anything.

The database's epoch is a name and a number that grows with every run that may write. It stands in the database and in
a file beside it: a database whose number is lower than the file's, or whose name is another, is not the one that was
last in use. A backup of Tieout's own carries a mark besides, and PostgreSQL tells its own identity.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from threading import get_ident

from sqlalchemy import delete, select, union

from journal import audit, database, tables
from journal.backup import MARK, on_disk
from journal.database import Journal, Tx
from journal.errors import JournalError
from journal.stamps import from_text, to_text

EPOCH = "db_epoch"
FORMER = "db_epochs_before"
IDENTITY = "db_identity"
RECOVERY = "recovery"
LEAP = 1_000_000
"""More than the fences that can have been given between a backup and its restore."""


@dataclass(frozen=True, slots=True)
class Epoch:
    """The database's name and how many runs have entered it."""

    name: str
    count: int

    def __str__(self) -> str:
        return f"{self.name}.{self.count}"

    @classmethod
    def read(cls, text: str) -> Epoch:
        """Reverse :meth:`__str__`; anything else reads as an epoch that matches none."""
        name, _, count = text.strip().rpartition(".")
        return cls(name, int(count)) if count.isascii() and count.isdigit() else cls("", 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """Why nothing may be created before it was looked for, and since when."""

    why: str
    since: datetime


def in_recovery(tx: Tx) -> bool:
    """Whether every external id must be read back before anything is created."""
    return recovery(tx) is not None


def recovery(tx: Tx) -> Recovery | None:
    """Return why the pair is in recovery and since when, or None."""
    text = database.recall(tx, _key(tx))
    if text is None:
        return None
    body = json.loads(text)
    return Recovery(why=body["why"], since=from_text(body["at"]))


def begin_recovery(tx: Tx, why: str, at: datetime) -> None:
    """Put the pair into recovery; what began earlier stays, with its reason."""
    if in_recovery(tx):
        return
    database.replace(tx, _key(tx), json.dumps({"why": why, "at": to_text(at)}))
    # A worker from before the restore may still sleep: none of its fences may come up again.
    for table in (tables.subject, tables.lease):
        tx.conn.execute(table.update().where(table.c.pair == tx.pair).values(fence=table.c.fence + LEAP))
    audit.record(tx, "recovery.begun", f"database/{tx.pair}", at, after="recovery", why=why)


def end_recovery(tx: Tx, at: datetime) -> None:
    """Take the pair out of recovery: every external id was read back."""
    if in_recovery(tx):
        tx.conn.execute(delete(tables.meta).where(tables.meta.c.key == _key(tx)))
        audit.record(tx, "recovery.ended", f"database/{tx.pair}", at, before="recovery")


def enter(journal: Journal, state: Path, at: datetime, token: str) -> str | None:
    """Begin a run that may write: notice a restored database, and count the epoch on.

    Args:
        journal: the state database.
        state: the path beside which the epoch's file lies.
        at: the machine's time.
        token: a name that no other database has, should this one need a new one.

    Returns:
        Why the database was put into recovery just now, or None.

    Raises:
        JournalError: the file beside the state cannot be written.
    """
    file = beside(state)
    noted = _noted(file)
    with journal.begin() as tx:
        why = suspicion(tx, noted)
        current = _stored(tx)
        if why is not None or current is None:
            _rename(tx, current)
            current = Epoch(token, 0)
        if why is not None:
            for pair in _pairs(tx):
                begin_recovery(replace(tx, pair=pair), why, at)
        following = Epoch(current.name, current.count + 1)
        database.replace(tx, EPOCH, str(following))
        tx.conn.execute(delete(tables.meta).where(tables.meta.c.key == MARK))
        if journal.on_postgresql:
            database.replace(tx, IDENTITY, _identity(tx))
    # Afterwards: dying in between leaves a database that is ahead of its file, which is no sign of an older one.
    _note(file, following)
    return why


def notice(tx: Tx, state: Path) -> str | None:
    """Return in one line that, and why, nothing is created before it was looked for; None in ordinary times."""
    found = recovery(tx)
    if found is not None:
        return f"In recovery since {found.since:%Y-%m-%d %H:%M} UTC: {found.why}"
    why = suspicion(tx, _noted(beside(state)))
    return None if why is None else f"The next run begins a recovery: {why}"


def suspicion(tx: Tx, noted: Epoch | None) -> str | None:
    """Return what shows that this database is not the one that was last in use, or None."""
    mark = database.recall(tx, MARK)
    if mark is not None:
        made = json.loads(mark)["at"]
        return f"the state is a backup{f' of {from_text(made):%Y-%m-%d %H:%M} UTC' if made else ''}"
    current = _stored(tx)
    on_postgresql = tx.conn.dialect.name == "postgresql"
    if on_postgresql and current is not None and database.recall(tx, IDENTITY) not in (None, _identity(tx)):
        return "the PostgreSQL server is another one than before: it was restored, or a stand-by took over"
    if noted is None:
        # Another machine may begin to use a PostgreSQL database; a file without its companion was copied.
        return None if on_postgresql or current is None else "the file was copied from elsewhere"
    if current is None or (noted.name != current.name and noted.name not in _former(tx)):
        return "the state is another one than was last in use here"
    older = noted.name == current.name and noted.count > current.count
    return "the state is older than the one that was last in use here" if older else None


def beside(state: Path) -> Path:
    """Return the file that knows the epoch outside the database."""
    return Path(f"{state}.epoch")


def _identity(tx: Tx) -> str:
    from journal import postgresql

    return postgresql.identity(tx.conn)


def _stored(tx: Tx) -> Epoch | None:
    text = database.recall(tx, EPOCH)
    return None if text is None else Epoch.read(text)


def _former(tx: Tx) -> list[str]:
    """Return the names that this database had: another machine's file may still hold one."""
    return list(json.loads(database.recall(tx, FORMER) or "[]"))


def _rename(tx: Tx, current: Epoch | None) -> None:
    if current is not None:
        database.replace(tx, FORMER, json.dumps([*_former(tx), current.name]))


def _pairs(tx: Tx) -> Iterator[str]:
    known = union(*(select(table.c.pair) for table in (tables.run, tables.subject, tables.binding, tables.cursor)))
    yield from sorted({tx.pair, *tx.conn.scalars(known)})


def _key(tx: Tx) -> str:
    return f"{RECOVERY} {tx.pair}"


def _noted(file: Path) -> Epoch | None:
    try:
        return Epoch.read(file.read_text(encoding="utf-8", errors="replace"))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise JournalError(f"{file}: cannot be read: {error.strerror}. Check the rights on that file.") from error


def _note(file: Path, epoch: Epoch) -> None:
    # Several threads may begin a run at once.
    temporary = file.with_name(f"{file.name}.{os.getpid()}-{get_ident()}.part")
    try:
        temporary.write_text(f"{epoch}\n", encoding="utf-8")
        temporary.chmod(0o600)
        on_disk(temporary)
        temporary.replace(file)
        on_disk(file.parent)
    except OSError as error:
        raise JournalError(f"{file}: cannot be written: {error.strerror}. Check the rights on that folder.") from error
