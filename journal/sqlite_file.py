"""The state database as an SQLite file of this machine."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, StaticPool, create_engine, event
from sqlalchemy.engine import URL

from journal.errors import JournalError
from journal.file_system import require_local

BUSY = 10.0
"""Seconds to wait for another process's write before giving up."""
BESIDE = ("-journal", "-wal", "-shm")
"""What SQLite keeps beside a database file; it belongs to that very file."""


def engine(path: Path) -> Engine:
    """Return the engine of a file, created empty and readable by its owner only where there is none.

    Raises:
        JournalError: the file lies on a network file system.
        OSError: it cannot be created.
    """
    require_local(path)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    made = create_engine(URL.create("sqlite", database=str(path)), hide_parameters=True)
    _on_connect(made, durable=True)
    return made


def memory() -> Engine:
    """Return the engine of a database in memory that lives as long as the engine."""
    made = create_engine("sqlite://", poolclass=StaticPool)
    _on_connect(made, durable=False)
    return made


def durability(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> tuple[str, str]:
    """Return ``journal_mode`` and ``synchronous`` that lose no committed write with this SQLite library.

    WAL may lose committed writes, or corrupt the file, from 3.7.0 to 3.51.2 with more than one connection; the mend
    was carried back to 3.44.6 and 3.50.7. An intent that vanishes is how a duplicate order is born. ``NORMAL`` is
    never used: under WAL it may roll back committed transactions on power loss.
    """
    mended = version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)
    return ("WAL", "FULL") if mended else ("DELETE", "EXTRA")


def _on_connect(made: Engine, *, durable: bool) -> None:
    """Set full durability and take the write lock at the start of every transaction."""
    mode, synchronous = durability()

    @event.listens_for(made, "connect")
    def configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout={int(BUSY * 1000)}")
        connection.execute("PRAGMA foreign_keys=ON")
        if durable:
            connection.execute(f"PRAGMA journal_mode={mode}")
            connection.execute(f"PRAGMA synchronous={synchronous}")

    @event.listens_for(made, "begin")
    def begin(conn: Connection) -> None:
        conn.exec_driver_sql("BEGIN IMMEDIATE")


def quick_check(made: Engine, place: str) -> None:
    """Read every page of the database and refuse one that is damaged. A hundred megabytes take well under a second.

    Raises:
        JournalError: SQLite finds damage.
    """
    with made.connect() as conn:
        found = driver(conn).execute("PRAGMA quick_check(3)").fetchall()
    if found != [("ok",)]:
        raise damaged(place, "; ".join(str(row[0]) for row in found))


def damaged(place: str, why: str) -> JournalError:
    """Return the refusal of a database that must not be written any more."""
    return JournalError(
        f"{place}: the state database is damaged: {why}. Nothing was written. Keep the file for a look at it, and bring"
        " the newest backup back: tieout db restore FILE --yes"
    )


def driver(conn: Connection) -> sqlite3.Connection:
    """Return the driver's own connection.

    Raises:
        JournalError: this is no SQLite database.
    """
    found = conn.connection.driver_connection
    if not isinstance(found, sqlite3.Connection):
        raise JournalError("this needs an SQLite state database")
    return found
