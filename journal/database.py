"""Opening the state database: engine, durability settings, schema version."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, StaticPool, bindparam, create_engine, event, select
from sqlalchemy.engine import URL
from sqlalchemy.exc import DatabaseError

from connectors.fault_points import fault_point
from connectors.transactions import inside_transaction
from journal import stamps, tables
from journal.errors import JournalError as JournalError

HEAD = "0003"
"""The schema revision that this program reads and writes."""


SERVICE = "tieout"
"""The actor of everything that no person asked for."""


@dataclass(frozen=True, slots=True)
class Tx:
    """One open transaction on behalf of one connection pair. ``actor`` is who makes its changes, for the audit."""

    conn: Connection
    pair: str
    actor: str = SERVICE


class Journal:
    """The state database of one connection pair (``salesforce>netsuite``).

    Every change happens in :meth:`begin`, which commits at its end and rolls back on any error.
    """

    def __init__(self, engine: Engine, pair: str, actor: str = SERVICE) -> None:
        self._engine = engine
        self._batch = threading.local()
        self.pair = pair
        self.actor = actor

    @contextmanager
    def begin(self) -> Iterator[Tx]:
        """Open a transaction, durable once the block has ended without an error (in a batch: once that has ended)."""
        joined: Connection | None = getattr(self._batch, "conn", None)
        if joined is not None:
            with joined.begin_nested():
                yield Tx(joined, self.pair, self.actor)
            return
        with inside_transaction(), self._engine.begin() as conn:
            yield Tx(conn, self.pair, self.actor)
            fault_point("journal.committing")
        fault_point("journal.committed")

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Let this thread's transactions of the block become durable together: one wait for the disk, not hundreds.

        For local work only: the write lock is held throughout, so no request belongs in the block. A transaction
        inside that fails takes back its own part; an error that leaves the block takes back everything.
        """
        if getattr(self._batch, "conn", None) is not None:
            yield
            return
        with inside_transaction(), self._engine.begin() as conn:
            self._batch.conn = conn
            try:
                yield
            finally:
                self._batch.conn = None
            fault_point("journal.committing")
        fault_point("journal.committed")

    def scratch(self) -> Journal:
        """Return a copy in memory: a plan may pull and decide on it and leave no trace."""
        copy = create_engine("sqlite://", poolclass=StaticPool)
        _on_connect(copy, durable=False)
        with self._engine.connect() as source, copy.connect() as target:
            _sqlite(source).backup(_sqlite(target))
        return Journal(copy, self.pair)

    def close(self) -> None:
        """Close every database connection."""
        self._engine.dispose()


def open_journal(path: Path, pair: str) -> Journal:
    """Open the state database, creating it or bringing its schema up to date.

    Raises:
        JournalError: the file is no Tieout database, belongs to a newer program, or cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        engine = create_engine(URL.create("sqlite", database=str(path)))
        _on_connect(engine, durable=True)
        _bring_up_to_date(engine, path)
    except (OSError, sqlite3.DatabaseError) as error:
        raise _unusable(path, error) from error
    except DatabaseError as error:
        raise _unusable(path, error.orig or error) from error
    return Journal(engine, pair)


def _unusable(path: Path, error: BaseException) -> JournalError:
    why = error.strerror if isinstance(error, OSError) else str(error)
    return JournalError(
        f"{path}: the state database cannot be opened: {why}."
        " Check [state] path in sync.toml and the rights on that folder, or restore the file from a backup."
    )


def _sqlite(conn: Connection) -> sqlite3.Connection:
    driver = conn.connection.driver_connection
    if not isinstance(driver, sqlite3.Connection):
        raise JournalError("this needs an SQLite state database")
    return driver


def _on_connect(engine: Engine, *, durable: bool) -> None:
    """Set full durability and take the write lock at the start of a transaction.

    ``journal_mode=DELETE`` with ``synchronous=EXTRA``: SQLite before 3.51.3 may lose committed
    writes in WAL mode, and an intent that vanishes is how a duplicate order is born.
    """

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA busy_timeout=10000")
        if durable:
            connection.execute("PRAGMA journal_mode=DELETE")
            connection.execute("PRAGMA synchronous=EXTRA")

    @event.listens_for(engine, "begin")
    def begin(conn: Connection) -> None:
        conn.exec_driver_sql("BEGIN IMMEDIATE")


def _bring_up_to_date(engine: Engine, path: Path) -> None:
    found = _revision(engine)
    if found == HEAD:
        return
    if found is not None and found > HEAD:
        raise JournalError(
            f"{path}: the state database has schema {found}, this program knows {HEAD}. Install the newer tieout again."
        )
    # Alembic is slow to import, and nearly every start finds the schema up to date.
    from journal.migrate import upgrade

    upgrade(engine)


def _revision(engine: Engine) -> str | None:
    with engine.connect() as conn:
        present = conn.exec_driver_sql("SELECT name FROM sqlite_master WHERE name='alembic_version'").first()
        if present is None:
            return None
        row = conn.exec_driver_sql("SELECT version_num FROM alembic_version").first()
        return None if row is None else str(row[0])


def remember(tx: Tx, key: str, value: str) -> str:
    """Store a fact about this database once and return what is stored (org id, account id)."""
    stored = tx.conn.scalar(select(tables.meta.c.value).where(tables.meta.c.key == key))
    if stored is None:
        tx.conn.execute(tables.meta.insert().values(key=key, value=value))
        return value
    return str(stored)


def recall(tx: Tx, key: str) -> str | None:
    """Return a stored fact, or None."""
    return tx.conn.scalar(select(tables.meta.c.value).where(tables.meta.c.key == key))


def replace(tx: Tx, key: str, value: str) -> None:
    """Store a fact, replacing an earlier one."""
    tx.conn.execute(tables.meta.delete().where(tables.meta.c.key == key))
    tx.conn.execute(tables.meta.insert().values(key=key, value=value))


# Built once: what runs for every record must not build its SQL anew each time.
KNOWN = select(tables.blob.c.sha).where(tables.blob.c.sha == bindparam("digest"))
CONTENT = select(tables.blob.c.content).where(tables.blob.c.sha == bindparam("digest"))
KEEP = tables.blob.insert()


def keep(tx: Tx, kind: str, content: str, at: datetime) -> str:
    """Keep a text by its hash (source body, payload, mapping) and return the hash."""
    digest = stamps.sha(content)
    if tx.conn.scalar(KNOWN, {"digest": digest}) is None:
        tx.conn.execute(KEEP, _blob(digest, kind, content, at))
    return digest


def keep_all(tx: Tx, kind: str, contents: Sequence[str], at: datetime) -> list[str]:
    """Keep many texts in few statements and return their hashes, in the same order."""
    digests = [stamps.sha(content) for content in contents]
    new = dict(zip(digests, contents, strict=True))
    for chunk in chunks(sorted(new)):
        for known in tx.conn.scalars(select(tables.blob.c.sha).where(tables.blob.c.sha.in_(chunk))).all():
            del new[known]
    if new:
        tx.conn.execute(KEEP, [_blob(digest, kind, content, at) for digest, content in new.items()])
    return digests


def _blob(digest: str, kind: str, content: str, at: datetime) -> dict[str, Any]:
    return {"sha": digest, "kind": kind, "content": content, "kept_at": stamps.to_text(at)}


def chunks(ids: Sequence[str], size: int = 500) -> Iterator[Sequence[str]]:
    """Yield a long list of ids in pieces that one statement can name."""
    return (ids[start : start + size] for start in range(0, len(ids), size))


def content(tx: Tx, digest: str) -> str:
    """Return the text kept under a hash."""
    found = tx.conn.scalar(CONTENT, {"digest": digest})
    if found is None:
        raise JournalError(f"the state database lacks the content {digest[:12]}; restore it from a backup")
    return str(found)
