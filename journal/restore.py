"""Bringing a backup back as the live state."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, MetaData, NullPool, create_engine, select

from journal import backup, leases, schema, sqlite_file, tables
from journal.copying import copy_rows
from journal.database import Journal, Tx, replace
from journal.errors import JournalError
from journal.stamps import from_text, to_text


def require_backup(file: Path) -> str:
    """Return the schema revision of a file that can be brought back: a backup, or a copy of a state database.

    Raises:
        JournalError: it is missing, damaged, no Tieout database, or of a newer program.
    """
    backup.require_file(file)
    try:
        backup.require_whole(file)
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as db:
            row = db.execute("SELECT version_num FROM alembic_version").fetchone()
            db.execute("SELECT count(*) FROM meta").fetchone()
    except sqlite3.Error as error:
        raise JournalError(
            f"{file}: this is no whole backup of a state database: {error}. Nothing was replaced. Choose a file that"
            " tieout db backup wrote; tieout db verify FILE says whether it is whole."
        ) from error
    schema.require_known(str(row[0]), str(file))
    return str(row[0])


def onto_file(state: Path, file: Path, at: datetime) -> Path | None:
    """Put a backup in the place of the SQLite state, whatever that is now, and return where the replaced one lies.

    The caller keeps everybody else away from the state. The replaced file, and what SQLite keeps beside it, stay.
    """
    require_backup(file)
    new = Path(f"{state}.part")
    new.unlink(missing_ok=True)
    shutil.copyfile(file, new)
    new.chmod(0o600)
    backup.mark(new, backup.made_at(file) or at)
    backup.on_disk(new)
    kept = _set_aside(state, at)
    new.replace(state)
    backup.on_disk(state.parent)
    return kept


def _set_aside(state: Path, at: datetime) -> Path | None:
    if not state.exists():
        return None
    kept = _free(state, at)
    for end in sqlite_file.BESIDE:
        # It belongs to the replaced file: SQLite would play it into the new one.
        if Path(f"{state}{end}").exists():
            Path(f"{state}{end}").replace(f"{kept}{end}")
    try:
        os.link(state, kept)
    except OSError:  # not every file system can
        shutil.copy2(state, kept)
    return kept


def onto_postgresql(journal: Journal, file: Path, beside: Path, at: datetime) -> Path:
    """Put a backup in the place of everything in a PostgreSQL database, in one transaction.

    Returns:
        Where what was replaced lies, as a backup.

    Raises:
        JournalError: somebody holds a lease, or the file is no backup.
    """
    from journal.migrate import run

    found = require_backup(file)
    kept = _free(beside, at)
    backup.make(journal.engine, kept, at)
    source = create_engine(f"sqlite:///{file.absolute()}", poolclass=NullPool)
    with journal.begin() as tx, source.connect() as old:
        require_no_holder(tx, journal.place, leases.present(journal, tx, at))
        _drop(tx.conn)
        run(tx.conn, journal.place, found)
        copy_rows(old, tx.conn)
        if found != schema.HEAD:
            run(tx.conn, journal.place, "head")
        tx.conn.execute(tables.lease.update().values(expires_at=tables.EPOCH))
        replace(tx, backup.MARK, backup.content(backup.made_at(file) or at))
    return kept


def require_no_holder(tx: Tx, place: str, now: datetime) -> None:
    """Refuse while anybody, on whatever machine, holds a lease.

    Raises:
        JournalError: somebody does; the message names them.
    """
    query = select(tables.lease).where(tables.lease.c.expires_at > to_text(now)).order_by(tables.lease.c.name)
    row = tx.conn.execute(query).first()
    if row is not None:
        raise JournalError(
            f"{place}: '{row.name}' is being worked on by {row.owner}, until {from_text(row.expires_at):%H:%M:%S} UTC"
            " at least. Stop it first."
        )


def _drop(conn: Connection) -> None:
    """Remove every table, also those that a newer schema has and the backup has not."""
    present = MetaData()
    present.reflect(bind=conn)
    conn.exec_driver_sql("DROP FUNCTION IF EXISTS audit_is_append_only() CASCADE")
    for table in reversed(present.sorted_tables):
        if table.name in tables.metadata.tables or table.name == "alembic_version":
            table.drop(conn)


def _free(state: Path, at: datetime) -> Path:
    return backup.free(Path(f"{state}.replaced-{at:%Y%m%d-%H%M%S}"))
