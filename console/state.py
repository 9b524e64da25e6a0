"""Opening the state database that the settings name."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.settings import Settings
from connectors.ports import Clock, Random
from journal.database import Journal, open_journal
from journal.errors import JournalError


def pair(settings: Settings) -> str:
    """Return the name of the connection pair, part of every stored key."""
    return f"{settings.salesforce.name}>{settings.netsuite.name}"


@contextmanager
def opened_journal(settings: Settings) -> Iterator[Journal]:
    """Open the state database for reading and local changes.

    Raises:
        JournalError: it cannot be used, or is being restored.
        SecretError: its address is not where the settings say.
    """
    with in_use(settings.state):
        journal = open_journal(settings.state, pair(settings), *_address(settings))
        journal.server_time = True
        try:
            yield journal
        finally:
            journal.close()


@contextmanager
def opened_for_writing(settings: Settings, clock: Clock, random: Random, *, thorough: bool) -> Iterator[Journal]:
    """Open the state database for what may write into Salesforce or NetSuite.

    A database that was restored is put into recovery. ``thorough``, for the start of a process: every page of an
    SQLite file is read and checked first.
    """
    from journal import epoch, sqlite_file

    with opened_journal(settings) as journal:
        if thorough and not journal.on_postgresql:
            sqlite_file.quick_check(journal.engine, journal.place)
        why = epoch.enter(journal, settings.state, clock.now(), random.uuid())
        if why is not None:
            _log_recovery(why)
        yield journal


def _address(settings: Settings) -> tuple[str, str] | tuple[()]:
    if settings.database is None:
        return ()
    return settings.database.resolve().reveal(), settings.database.where


@contextmanager
def in_use(state: Path, *, alone: bool = False) -> Iterator[None]:
    """Keep the state from being replaced while the block runs; ``alone``: refuse while anybody on this machine uses it.

    Raises:
        JournalError: it is being replaced, or in use.
    """
    path = Path(f"{state}.use.lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as error:
        raise JournalError(
            f"{path}: cannot be opened: {error.strerror}."
            " Check [state] path in sync.toml and the rights on that folder."
        ) from error
    try:
        _lock(handle, state, alone=alone)
        yield
    finally:
        os.close(handle)


def _lock(handle: int, state: Path, *, alone: bool) -> None:
    try:
        fcntl.flock(handle, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise JournalError(
            f"{state}: the state is in use by a service or a command. Stop it first (systemctl stop tieout)."
            if alone
            else f"{state}: the state is being restored. Wait until that has ended."
        ) from error


def _log_recovery(why: str) -> None:
    import structlog

    structlog.get_logger(__name__).warning("recovery_begun", why=why)
