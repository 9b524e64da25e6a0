"""Opening the state database: engine, durability settings, schema version."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from dataclasses import replace as replace_fields
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, select
from sqlalchemy.exc import DatabaseError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from connectors.fault_points import fault_point
from connectors.transactions import inside_transaction
from journal import audit, sqlite_file, stamps, tables
from journal.errors import DatabaseUnavailable as DatabaseUnavailable
from journal.errors import JournalError as JournalError
from journal.schema import HEAD as HEAD
from journal.schema import require_known, revision

SERVICE = "tieout"
"""The actor of everything that no person asked for."""
NO_ANSWER = (OperationalError, InterfaceError, PoolTimeout)


@dataclass(frozen=True, slots=True)
class Tx:
    """One open transaction on behalf of one connection pair. ``actor`` is who makes its changes, for the audit."""

    conn: Connection
    pair: str
    actor: str = SERVICE
    trail: list[audit.Row] | None = None
    """The rows for the audit trail, written together at the transaction's end."""


@dataclass(frozen=True, slots=True)
class Upgraded:
    """A schema that was brought up to date: from which revision (None: there was none), and the backup made before."""

    found: str | None
    backup: Path | None


class Journal:
    """The state database of one connection pair (``salesforce>netsuite``).

    Every change happens in :meth:`begin`, which commits at its end and rolls back on any error. Transactions of all
    processes and threads follow one another, on PostgreSQL too.

    Args:
        engine: the database; of use to what concerns the database as a whole.
        pair: the connection pair.
        actor: who makes the changes, for the audit.
        place: what people call the database: its path, or its address without credentials.
    """

    def __init__(self, engine: Engine, pair: str, actor: str = SERVICE, place: str = "memory") -> None:
        self.engine = engine
        self._batch = threading.local()
        self.pair = pair
        self.actor = actor
        self.place = place
        self.upgraded: Upgraded | None = None
        """What opening it did to its schema, if anything."""
        self.server_time = False
        """Whether leases last by the clock of a PostgreSQL server: true wherever several machines may meet."""

    @property
    def on_postgresql(self) -> bool:
        """Whether several machines may use the database, and no lock of a file tells who is alive."""
        return self.engine.dialect.name == "postgresql"

    @contextmanager
    def begin(self) -> Iterator[Tx]:
        """Open a transaction, durable once the block has ended without an error (in a batch: once that has ended).

        Raises:
            DatabaseUnavailable: the database does not answer, or is locked for longer than ten seconds.
        """
        joined: Tx | None = getattr(self._batch, "tx", None)
        if joined is None:
            with self._transaction() as tx:
                yield tx
            return
        part = replace_fields(joined, actor=self.actor, trail=[])
        with joined.conn.begin_nested():
            yield part
        _rows_of(joined).extend(_rows_of(part))

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Let this thread's transactions of the block become durable together: one wait for the disk, not hundreds.

        For local work only: the write lock is held throughout, so no request belongs in the block. A transaction
        inside that fails takes back its own part; an error that leaves the block takes back everything.
        """
        if getattr(self._batch, "tx", None) is not None:
            yield
            return
        with self._transaction() as tx:
            self._batch.tx = tx
            try:
                yield
            finally:
                self._batch.tx = None

    @contextmanager
    def _transaction(self) -> Iterator[Tx]:
        try:
            with inside_transaction(), self.engine.begin() as conn:
                tx = Tx(conn, self.pair, self.actor, [])
                yield tx
                audit.write(conn, _rows_of(tx))
                fault_point("journal.committing")
        except NO_ANSWER as error:
            raise unavailable(self.place, error) from error
        fault_point("journal.committed")

    def scratch(self) -> Journal:
        """Return a copy in memory: a plan may pull and decide on it and leave no trace.

        Nobody holds a claim in the copy: a plan may look at what a running service works on.
        """
        from journal import claims

        copy = sqlite_file.memory()
        if self.on_postgresql:
            self._copy_tables(copy)
        else:
            with self.engine.connect() as source, copy.connect() as target:
                sqlite_file.driver(source).backup(sqlite_file.driver(target))
        journal = Journal(copy, self.pair, self.actor)
        with journal.begin() as tx:
            claims.release_all(tx)
        return journal

    def _copy_tables(self, copy: Engine) -> None:
        from journal.copying import copy_rows

        with self.begin() as tx, copy.begin() as target:
            tables.metadata.create_all(target)
            copy_rows(tx.conn, target, tables.metadata)

    def close(self) -> None:
        """Close every database connection."""
        self.engine.dispose()


def _rows_of(tx: Tx) -> list[audit.Row]:
    return [] if tx.trail is None else tx.trail


def open_journal(path: Path, pair: str, url: str | None = None, where: str = "[state] url") -> Journal:
    """Open the state database, creating it or bringing its schema up to date, after a backup of what it holds.

    Args:
        path: the SQLite file; under PostgreSQL the place beside which locks and backups lie.
        pair: the connection pair.
        url: the address of a PostgreSQL database, which holds a password: it appears nowhere else.
        where: where that address is written.

    Raises:
        JournalError: it is no Tieout database, belongs to a newer program, is damaged, or cannot be written.
        DatabaseUnavailable: it does not answer.
    """
    if url is not None:
        return _open_postgresql(url, where, path, pair)
    try:
        engine = sqlite_file.engine(path)
        upgraded = _bring_up_to_date(engine, str(path), path)
    except (OSError, sqlite3.DatabaseError) as error:
        raise _unusable(path, error) from error
    except NO_ANSWER as error:
        raise unavailable(str(path), error) from error
    except DatabaseError as error:
        raise _unusable(path, error.orig or error) from error
    journal = Journal(engine, pair, place=str(path))
    journal.upgraded = upgraded
    return journal


def _open_postgresql(url: str, where: str, beside: Path, pair: str) -> Journal:
    # Imported late: nearly everybody uses SQLite.
    from journal import postgresql

    address = postgresql.address(url, where)
    place = postgresql.shown(address)
    engine = postgresql.engine(address)
    try:
        beside.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        upgraded = _bring_up_to_date(engine, place, beside)
    except OSError as error:
        raise _unusable(beside, error) from error
    except NO_ANSWER as error:
        # The cause stays out: a driver's error may carry what it was called with.
        raise unavailable(place, error) from None
    except DatabaseError as error:
        raise JournalError(
            f"{place}: the state database cannot be brought up to date: {_said(error)}."
            " The user needs the right to create tables in its schema."
        ) from None
    journal = Journal(engine, pair, place=place)
    journal.upgraded = upgraded
    return journal


def unavailable(place: str, error: Exception) -> DatabaseUnavailable:
    """Return what to say of a database that does not answer."""
    return DatabaseUnavailable(
        f"{place}: the state database does not answer: {_said(error)}. What was committed stays. Look whether another"
        f" process keeps it locked, whether its disk is full{_of_a_server(place)}; then run the command again."
    )


def _of_a_server(place: str) -> str:
    if not place.startswith("postgresql:"):
        return ""
    return ", whether its server runs, and whether [state] url names the right host, database, user and password"


def _said(error: Exception) -> str:
    return " ".join(str(getattr(error, "orig", None) or error).split()).rstrip(".?")


def _unusable(path: Path, error: BaseException) -> JournalError:
    why = error.strerror if isinstance(error, OSError) else str(error)
    return JournalError(
        f"{path}: the state database cannot be opened: {why}."
        " Check [state] path in sync.toml and the rights on that folder, or bring a backup back:"
        " tieout db restore FILE --yes"
    )


def _bring_up_to_date(engine: Engine, place: str, beside: Path) -> Upgraded | None:
    try:
        return _upgraded(engine, place, beside)
    except BaseException:
        engine.dispose()
        raise


def _upgraded(engine: Engine, place: str, beside: Path) -> Upgraded | None:
    with engine.connect() as conn:
        found = revision(conn)
    if found == HEAD:
        return None
    require_known(found, place)
    # Alembic is slow to import, and nearly every start finds the schema up to date.
    from journal.backup import make_before_upgrade
    from journal.migrate import upgrade

    made: list[Path] = []
    was = upgrade(engine, place, lambda conn, found: made.append(make_before_upgrade(conn, beside, found)))
    return None if was == HEAD else Upgraded(was, made[0] if made else None)


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
