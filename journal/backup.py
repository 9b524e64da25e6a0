"""Backups: a consistent copy of the whole state as one SQLite file, made while the service works."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, NullPool, create_engine
from sqlalchemy.exc import DBAPIError

from journal import postgresql, schema, sqlite_file, stamps
from journal.copying import copy_rows
from journal.errors import JournalError
from journal.stamps import to_text

MARK = "backup"
"""The key in ``meta`` that only a backup has: what is opened with it was restored."""


def make(engine: Engine, file: Path, at: datetime) -> int:
    """Write a backup and return its size in bytes.

    On SQLite a copy of the file by SQLite's own backup API; on PostgreSQL every table in one snapshot, into a file of
    the same form. The file is complete and on disk before it gets its name.

    Args:
        engine: the state database.
        file: the new file; readable by its owner only.
        at: when, kept in the backup's mark.

    Raises:
        JournalError: the file exists, or cannot be written.
    """
    with _fresh(file) as temporary:
        if engine.dialect.name == "sqlite":
            copy_file(Path(str(engine.url.database)), temporary)
        else:
            with engine.connect().execution_options(**postgresql.UNLOCKED) as conn:
                _copy_tables(conn, temporary)
        mark(temporary, at)
    return file.stat().st_size


def make_before_upgrade(conn: Connection, state: Path, found: str) -> Path:
    """Write a backup within the transaction that is about to change the schema, beside the state; return its name."""
    file = free(Path(f"{state}.before-{schema.HEAD}"))
    with _fresh(file) as temporary:
        if conn.dialect.name == "sqlite":
            copy_file(Path(str(conn.engine.url.database)), temporary)
        else:
            _copy_tables(conn, temporary, found)
        mark(temporary, None)
    return file


def mark(file: Path, at: datetime | None) -> None:
    """Say within a copy that it is one."""
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode=DELETE")
        db.execute("PRAGMA synchronous=FULL")
        db.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (MARK, content(at)))


def content(at: datetime | None) -> str:
    """Return what the mark says: when the backup was made, if that is known."""
    return json.dumps({"at": None if at is None else to_text(at)})


def made_at(file: Path) -> datetime | None:
    """Return when a backup was made, or None where the file does not tell."""
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as db:
        row = db.execute("SELECT value FROM meta WHERE key = ?", (MARK,)).fetchone()
    return None if row is None else stamps.optional(json.loads(row[0])["at"])


def copy_file(source: Path, target: Path) -> None:
    """Copy an SQLite file as it is at one moment; a writer waits for no longer than the copying takes."""
    with closing(sqlite3.connect(source, timeout=sqlite_file.BUSY)) as live, closing(sqlite3.connect(target)) as copy:
        live.backup(copy)


def _copy_tables(conn: Connection, target: Path, found: str = schema.HEAD) -> None:
    from journal.migrate import run

    made = create_engine(f"sqlite:///{target}", poolclass=NullPool)
    with made.begin() as copy:
        run(copy, str(target), found)
        copy_rows(conn, copy)


@contextmanager
def _fresh(file: Path) -> Iterator[Path]:
    """Give a private temporary file beside ``file``; at the end it is checked, on disk, and has that name."""
    if file.exists():
        raise JournalError(f"{file}: this file exists already, and a backup never replaces another. Give another name.")
    temporary = file.with_name(f".{file.name}.part")
    try:
        temporary.unlink(missing_ok=True)
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        yield temporary
        require_whole(temporary)
        on_disk(temporary)
        temporary.replace(file)
        on_disk(file.parent)
    except (OSError, sqlite3.Error) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise JournalError(f"{file}: the backup could not be written: {why}. Check the folder and the disk.") from error
    except DBAPIError as error:
        raise JournalError(f"{file}: the state could not be read for the backup: {error.orig}.") from error
    finally:
        # What cannot be removed must not hide why the backup failed.
        with suppress(OSError):
            for name in (temporary, *(Path(f"{temporary}{end}") for end in sqlite_file.BESIDE)):
                name.unlink(missing_ok=True)


def require_file(file: Path) -> None:
    """Refuse a name that is no file.

    Raises:
        JournalError: there is none.
    """
    if not file.is_file():
        raise JournalError(f"{file}: there is no such file. tieout db backup says where it writes.")


def require_whole(file: Path) -> None:
    """Refuse a file that SQLite finds damaged.

    Raises:
        sqlite3.DatabaseError: it is damaged or no database at all.
    """
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as db:
        found = db.execute("PRAGMA integrity_check(3)").fetchall()
    if found != [("ok",)]:
        raise sqlite3.DatabaseError("; ".join(str(row[0]) for row in found))


def on_disk(path: Path) -> None:
    """Wait until a file, or the names in a folder, have reached the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def free(wanted: Path) -> Path:
    """Return a name that no file has yet: this one, or this one with a number."""
    number, file = 1, wanted
    while file.exists():
        number += 1
        file = wanted.with_name(f"{wanted.name}-{number}")
    return file
