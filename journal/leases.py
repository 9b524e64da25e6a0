"""Leases: who may work on what.

On SQLite a file lock that ends with its process decides, and a row says who holds it, and since when. On PostgreSQL,
which several machines may share, the row alone decides: it lasts for a while and is renewed; a holder that could not
renew it in time has lost it, and stops.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any, Protocol

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.exc import DatabaseError

from journal import claims, tables
from journal.database import Journal, Tx
from journal.errors import DatabaseUnavailable, JournalError
from journal.stamps import from_text, to_text

SYNC = "sync"
"""Held by whatever writes into Salesforce or NetSuite."""
RECONCILE = "reconcile"
LASTS = timedelta(seconds=300)
RENEWED_EVERY = 60.0


class Now(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Return the current moment, aware UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """Who holds or last held a name. ``fence`` grows with every holder."""

    name: str
    owner: str
    fence: int
    taken_at: datetime
    expires_at: datetime


class LeaseTaken(JournalError):  # noqa: N818  a refusal, not a fault
    """Another process is at work; the message names it."""


class Held:
    """A lease in one's own hands."""

    def __init__(self, lease: Lease) -> None:
        self.lease = lease
        self.lost = False
        """Whether somebody else took the lease although it was held, or it could not be renewed: stop writing."""
        self.failed = 0
        """How often in a row it could not be renewed."""


@contextmanager
def held(journal: Journal, state: Path, name: str, owner: str, clock: Now) -> Iterator[Held]:
    """Hold a lease while the block runs, and keep it fresh.

    An SQLite file belongs to this machine, and so does the lock beside it: whoever gets the lock knows that an earlier
    holder is dead, whatever its row says. On PostgreSQL a lock of the holder's own connection says the same; where it
    is still held, as by a process that was only stopped, the earlier holder's row must have ended.

    Whoever takes the lease of those who write gives back the records that an earlier holder had claimed: nobody works
    on them any more, and one that only slept is kept out by the fences.

    Args:
        journal: the state database.
        state: path of its file; the lock is ``<state>.<name>.lock``.
        name: ``sync`` or ``reconcile``.
        owner: who holds it, in words for the person who is refused.
        clock: stamps the row.

    Raises:
        LeaseTaken: another process holds it; the message names its owner and since when.
    """
    alone = _connected(journal, name) if journal.on_postgresql else _locked(journal, state, name)
    with alone as surely_dead:
        mine = Held(_take(journal, name, owner, clock, surely_dead=surely_dead))
        done = Event()
        keeper = Thread(target=_keep, args=(journal, mine, clock, done), name=f"lease-{name}", daemon=True)
        keeper.start()
        try:
            yield mine
        finally:
            done.set()
            keeper.join()
            _release(journal, mine, clock)


def holder(tx: Tx, name: str) -> Lease | None:
    """Return who holds or last held a lease, or None when nobody ever did."""
    row = tx.conn.execute(select(tables.lease).where(_named(tx, name))).first()
    return None if row is None else _noun(row)


@contextmanager
def _connected(journal: Journal, name: str) -> Iterator[bool]:
    """Yield whether no other connection holds the lease; a lock that ends with this one's is held meanwhile."""
    from journal import postgresql

    with journal.engine.connect() as connection:
        yield postgresql.lock_for_session(connection, f"{journal.pair} {name}")
        connection.invalidate()  # closes it for good, and the lock with it


@contextmanager
def _locked(journal: Journal, state: Path, name: str) -> Iterator[bool]:
    """Yield True, because whoever gets the lock knows that every earlier holder is dead."""
    path = Path(f"{state}.{name}.lock")
    handle = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LeaseTaken(_refusal(journal, state, name)) from error
        yield True
    finally:
        os.close(handle)


def _refusal(journal: Journal, state: Path, name: str) -> str:
    with journal.begin() as tx:
        return _told(holder(tx, name), str(state), name)


def _told(other: Lease | None, place: str, name: str) -> str:
    who = f"{other.owner}, since {other.taken_at:%Y-%m-%d %H:%M:%S} UTC" if other else "another tieout process"
    return f"{place}: '{name}' is being worked on by {who}. Wait until it has ended, or stop it."


def _take(journal: Journal, name: str, owner: str, clock: Now, *, surely_dead: bool) -> Lease:
    with journal.begin() as tx:
        now = _now(journal, tx, clock)
        last = holder(tx, name)
        if not surely_dead and last is not None and last.expires_at > now:
            until = f" Should it be dead, its lease ends at {last.expires_at:%H:%M:%S} UTC by itself."
            raise LeaseTaken(_told(last, journal.place, name) + until)
        fence = 1 if last is None else last.fence + 1
        lease = Lease(name=name, owner=owner, fence=fence, taken_at=now, expires_at=now + LASTS)
        values = {"owner": owner, "fence": fence, "taken_at": to_text(now), "expires_at": to_text(lease.expires_at)}
        if last is None:
            tx.conn.execute(tables.lease.insert().values(pair=tx.pair, name=name, **values))
        else:
            tx.conn.execute(tables.lease.update().where(_named(tx, name)).values(**values))
        if name == SYNC:
            claims.release_all(tx)
    return lease


def _now(journal: Journal, tx: Tx, clock: Now) -> datetime:
    return present(journal, tx, clock.now())


def present(journal: Journal, tx: Tx, at: datetime) -> datetime:
    """Return the time by which leases last: ``at``, or the server's where that decides."""
    if not (journal.on_postgresql and journal.server_time):
        return at
    found: datetime = tx.conn.execute(select(func.clock_timestamp())).scalar_one()
    return found.astimezone(UTC)


def _keep(journal: Journal, mine: Held, clock: Now, done: Event) -> None:
    while not done.wait(RENEWED_EVERY):
        renew(journal, mine, clock)


def renew(journal: Journal, mine: Held, clock: Now) -> None:
    """Put the lease's end further off, and notice when it has passed to somebody else, or has ended unrenewed."""
    try:
        until = _extend(journal, mine.lease, clock, LASTS)
    except (DatabaseError, DatabaseUnavailable) as error:
        _log().warning("lease_not_renewed", lease=mine.lease.name, error=type(error).__name__)
        # The file lock still holds; the row only tells others. On PostgreSQL the row is all there is.
        mine.failed += 1
        if journal.on_postgresql and mine.failed * RENEWED_EVERY >= LASTS.total_seconds() - RENEWED_EVERY:
            _lose(mine)
        return
    mine.failed = 0
    if until is None:
        _lose(mine)


def _lose(mine: Held) -> None:
    known, mine.lost = mine.lost, True  # first of all: whoever writes must stop, even if nobody can be told
    if not known:
        _log().error("lease_lost", lease=mine.lease.name, fence=mine.lease.fence)


def _release(journal: Journal, mine: Held, clock: Now) -> None:
    try:
        _extend(journal, mine.lease, clock, timedelta(0))
    except (DatabaseError, DatabaseUnavailable) as error:
        _log().warning("lease_not_released", lease=mine.lease.name, error=type(error).__name__)


def _extend(journal: Journal, lease: Lease, clock: Now, by: timedelta) -> datetime | None:
    """Return until when the lease now lasts, or None where it is somebody else's."""
    with journal.begin() as tx:
        until = _now(journal, tx, clock) + by
        key = _named(tx, lease.name) & (tables.lease.c.fence == lease.fence)
        mine = tx.conn.execute(tables.lease.update().where(key).values(expires_at=to_text(until))).rowcount == 1
    return until if mine else None


def _named(tx: Tx, name: str) -> ColumnElement[bool]:
    return (tables.lease.c.pair == tx.pair) & (tables.lease.c.name == name)


def _noun(row: Any) -> Lease:
    return Lease(
        name=row.name,
        owner=row.owner,
        fence=row.fence,
        taken_at=from_text(row.taken_at),
        expires_at=from_text(row.expires_at),
    )


def _log() -> Any:
    # Imported late: commands that only look at a lease start faster without structlog.
    import structlog

    return structlog.get_logger(__name__)
