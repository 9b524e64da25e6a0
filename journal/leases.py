"""Leases: who may work on what. A file lock that ends with its process decides; a row says who, and since when."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any, Protocol

from sqlalchemy import ColumnElement, select
from sqlalchemy.exc import DatabaseError

from journal import tables
from journal.database import Journal, Tx
from journal.errors import JournalError
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
        """Whether somebody else took the lease although it was held: stop writing."""


@contextmanager
def held(journal: Journal, state: Path, name: str, owner: str, clock: Now) -> Iterator[Held]:
    """Hold a lease while the block runs, and keep it fresh.

    The state database is a file of this machine, and so is the lock beside it: whoever gets the lock knows that an
    earlier holder is dead, whatever its row says.

    Args:
        journal: the state database.
        state: path of its file; the lock is ``<state>.<name>.lock``.
        name: ``sync`` or ``reconcile``.
        owner: who holds it, in words for the person who is refused.
        clock: stamps the row.

    Raises:
        LeaseTaken: another process holds it; the message names its owner and since when.
    """
    with _locked(journal, state, name):
        mine = Held(_take(journal, name, owner, clock))
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
def _locked(journal: Journal, state: Path, name: str) -> Iterator[None]:
    path = Path(f"{state}.{name}.lock")
    handle = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LeaseTaken(_refusal(journal, state, name)) from error
        yield
    finally:
        os.close(handle)


def _refusal(journal: Journal, state: Path, name: str) -> str:
    with journal.begin() as tx:
        other = holder(tx, name)
    who = f"{other.owner}, since {other.taken_at:%Y-%m-%d %H:%M:%S} UTC" if other else "another tieout process"
    return f"{state}: '{name}' is being worked on by {who}. Wait until it has ended, or stop it."


def _take(journal: Journal, name: str, owner: str, clock: Now) -> Lease:
    now = clock.now()
    with journal.begin() as tx:
        last = holder(tx, name)
        fence = 1 if last is None else last.fence + 1
        lease = Lease(name=name, owner=owner, fence=fence, taken_at=now, expires_at=now + LASTS)
        values = {"owner": owner, "fence": fence, "taken_at": to_text(now), "expires_at": to_text(lease.expires_at)}
        if last is None:
            tx.conn.execute(tables.lease.insert().values(pair=tx.pair, name=name, **values))
        else:
            tx.conn.execute(tables.lease.update().where(_named(tx, name)).values(**values))
    return lease


def _keep(journal: Journal, mine: Held, clock: Now, done: Event) -> None:
    while not done.wait(RENEWED_EVERY):
        renew(journal, mine, clock)


def renew(journal: Journal, mine: Held, clock: Now) -> None:
    """Put the lease's end further off, and notice when it has passed to somebody else."""
    try:
        mine.lost = not _extend(journal, mine.lease, clock.now() + LASTS)
    except DatabaseError as error:
        # The file lock still holds; the row only tells others.
        _log().warning("lease_not_renewed", lease=mine.lease.name, error=type(error).__name__)
        return
    if mine.lost:
        _log().error("lease_lost", lease=mine.lease.name, fence=mine.lease.fence)


def _release(journal: Journal, mine: Held, clock: Now) -> None:
    try:
        _extend(journal, mine.lease, clock.now())
    except DatabaseError as error:
        _log().warning("lease_not_released", lease=mine.lease.name, error=type(error).__name__)


def _extend(journal: Journal, lease: Lease, until: datetime) -> bool:
    with journal.begin() as tx:
        key = _named(tx, lease.name) & (tables.lease.c.fence == lease.fence)
        return tx.conn.execute(tables.lease.update().where(key).values(expires_at=to_text(until))).rowcount == 1


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
