"""Which record is in hand right now, in a small file beside the state, so that one that kills its worker is found out.

One write of a few bytes a record, kept by the operating system when the process is killed; the state database would
need a commit. The file of a process that has ended is found by its lock, which ends with the process.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import Protocol

from sqlalchemy import ColumnElement, select

from journal import holds, tables
from journal.database import Journal, Tx
from journal.stamps import to_text

MOST_CRASHES = 3
POISON = "POISON_RECORD"
SLOTS = 64
"""So many processes may have one state database open on one machine."""
ROOM = 128


class InHand(Protocol):
    """Remembers which record is being worked on."""

    def working_on(self, kind: str, source_id: str) -> AbstractContextManager[None]:
        """Name the record for the time of the block."""

    def suspects(self, kind: str, source_id: str) -> bool:
        """Say whether the record was in hand when a process ended, or is held for it."""


class Nothing:
    """Remembers nothing: for tests, and wherever no record is decided."""

    def working_on(self, kind: str, source_id: str) -> AbstractContextManager[None]:
        """See :class:`InHand`."""
        return nullcontext()

    def suspects(self, kind: str, source_id: str) -> bool:
        """See :class:`InHand`."""
        return False


class InHandFile:
    """The file of one process. Made through :func:`opened`.

    Args:
        handle: the open and locked file.
        suspected: records that were in hand when an earlier process ended.
    """

    def __init__(self, handle: int, suspected: frozenset[tuple[str, str]]) -> None:
        self._handle = handle
        self._suspected = suspected

    @contextmanager
    def working_on(self, kind: str, source_id: str) -> Iterator[None]:
        """See :class:`InHand`. An error that leaves the block is no crash."""
        os.pwrite(self._handle, f"{kind} {source_id}".encode().ljust(ROOM)[:ROOM], 0)
        try:
            yield
        finally:
            os.pwrite(self._handle, b" " * ROOM, 0)

    def suspects(self, kind: str, source_id: str) -> bool:
        """See :class:`InHand`."""
        return (kind, source_id) in self._suspected


@contextmanager
def opened(journal: Journal, state: Path, now: datetime) -> Iterator[InHand]:
    """Count what killed earlier processes, and open a file for this one.

    Args:
        journal: the state database.
        state: the path beside which the files lie.
        now: the machine's time.
    """
    handle, ended_with = _free_slot(state)
    try:
        with journal.begin() as tx:
            for kind, source_id in ended_with:
                note_crash(tx, kind, source_id, now)
            suspected = _suspected(tx)
        os.pwrite(handle, b" " * ROOM, 0)
        yield InHandFile(handle, suspected)
    finally:
        os.close(handle)


def note_crash(tx: Tx, kind: str, source_id: str, at: datetime) -> None:
    """Count that a process ended while it had this record in hand."""
    subject = tables.subject
    more = subject.update().where(_key(tx, kind, source_id)).values(crash_count=subject.c.crash_count + 1)
    if tx.conn.execute(more).rowcount == 0:
        row = {"pair": tx.pair, "kind": kind, "source_id": source_id, "label": source_id, "state": "new"}
        tx.conn.execute(subject.insert().values(**row, updated_at=to_text(at), crash_count=1))


def crashes(tx: Tx, kind: str, source_id: str) -> int:
    """Return how many processes in a row ended with this record in hand."""
    return int(tx.conn.scalar(select(tables.subject.c.crash_count).where(_key(tx, kind, source_id))) or 0)


def set_crashes(tx: Tx, kind: str, source_id: str, count: int) -> None:
    """Set that number: to 0 once the record was worked on without harm."""
    tx.conn.execute(tables.subject.update().where(_key(tx, kind, source_id)).values(crash_count=count))


def _key(tx: Tx, kind: str, source_id: str) -> ColumnElement[bool]:
    subject = tables.subject.c
    return (subject.pair == tx.pair) & (subject.kind == kind) & (subject.source_id == source_id) & (subject.doc_no == 1)


def _suspected(tx: Tx) -> frozenset[tuple[str, str]]:
    subject = tables.subject.c
    query = select(subject.kind, subject.source_id).where((subject.pair == tx.pair) & (subject.crash_count > 0))
    counted = {(kind, source_id) for kind, source_id in tx.conn.execute(query)}
    return frozenset(counted | {(hold.kind, hold.source_id) for hold in holds.open_holds(tx) if hold.code == POISON})


def _free_slot(state: Path) -> tuple[int, list[tuple[str, str]]]:
    """Return a file of our own, and what the processes of all files had in hand that are gone."""
    mine: int | None = None
    ended_with = []
    for number in range(SLOTS):
        path = Path(f"{state}.in-hand-{number}")
        if mine is not None and not path.exists():
            break
        handle = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            continue
        words = os.pread(handle, ROOM, 0).decode("utf-8", "replace").split()
        if len(words) == 2:
            ended_with.append((words[0], words[1]))
        if mine is None:
            mine = handle
        else:
            os.pwrite(handle, b" " * ROOM, 0)
            os.close(handle)
    if mine is None:
        raise OSError(f"{state}: {SLOTS} processes have this state open")
    return mine, ended_with
