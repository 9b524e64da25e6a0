"""The state database on PostgreSQL."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError

from journal.errors import JournalError

LOCK = 0x7469656F7574
"""The advisory lock of every transaction: "tieout" in ASCII. PostgreSQL keeps such locks apart by database."""
LEASES = 0x74696574
"""Space of the locks that a lease's holder keeps for as long as it is connected."""
PATIENCE = "10s"
"""How long a transaction waits for another one to end, as on SQLite."""
UNLOCKED = {"tieout_unlocked": True, "isolation_level": "REPEATABLE READ"}
"""Execution options of a transaction that only reads, all of it at one moment, and keeps nobody waiting."""

_BEGIN = (
    f"SELECT set_config('lock_timeout', '{PATIENCE}', true),"
    " set_config('synchronous_commit',"
    " CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END,"
    f" true), pg_advisory_xact_lock({LOCK})"
)
_FOREIGN = """
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod)
  FROM pg_attribute a
  JOIN pg_class c ON c.oid = a.attrelid AND c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace
  JOIN pg_collation l ON l.oid = a.attcollation
 WHERE a.attnum > 0 AND NOT a.attisdropped AND l.collname <> 'C' AND c.relname = ANY(:tables)
 ORDER BY 1, 2
"""


def address(text_: str, where: str) -> URL:
    """Return the address of a database.

    Args:
        text_: ``postgresql://user:password@host/name``.
        where: where it is written, for the message; the address itself holds a password and is never shown.

    Raises:
        JournalError: it is no address of a PostgreSQL database.
    """
    try:
        url = make_url(text_.strip())
    except (ArgumentError, ValueError):
        url = None
    if url is None or url.drivername not in ("postgresql", "postgres", "postgresql+psycopg") or not _is_plain(url):
        raise JournalError(
            f"{where}: the address of the state database is not of the form postgresql://user:password@host/name."
            " Characters such as @ : / % in the password are written as %40 %3A %2F %25."
        )
    return url.set(drivername="postgresql+psycopg")


def _is_plain(url: URL) -> bool:
    """Say whether a database is named, and no piece of a password was taken for the host's or the database's name."""
    return bool(url.database) and "@" not in f"{url.host or ''}{url.database}"


def shown(url: URL) -> str:
    """Return the address for people: without user, password and options."""
    port = f":{url.port}" if url.port else ""
    host = url.host or url.query.get("host") or "local socket"
    return f"postgresql://{host if isinstance(host, str) else host[0]}{port}/{url.database}"


def engine(url: URL) -> Engine:
    """Return the engine. Every transaction first waits for every other one: one writes at a time, as on SQLite.

    What is read in a transaction therefore still holds when it writes, whatever the isolation level.
    """
    made = create_engine(
        url.update_query_dict(_defaults(url)),
        pool_pre_ping=True,
        hide_parameters=True,
        isolation_level="READ COMMITTED",
    )

    @event.listens_for(made, "begin")
    def begin(conn: Connection) -> None:
        if not conn.get_execution_options().get("tieout_unlocked"):
            conn.exec_driver_sql(_BEGIN)

    return made


def _defaults(url: URL) -> dict[str, str]:
    wanted = {"connect_timeout": "10", "application_name": "tieout"}
    return {name: value for name, value in wanted.items() if name not in url.query}


def require_unicode(conn: Connection, place: str) -> None:
    """Refuse a database that cannot keep every name.

    Raises:
        JournalError: its encoding is not UTF-8.
    """
    encoding = conn.scalar(text("SHOW server_encoding"))
    if encoding != "UTF8":
        raise JournalError(
            f"{place}: the database keeps text as {encoding}; names in other scripts would be lost. Create it with"
            " ENCODING 'UTF8'."
        )


def compare_by_code_point(conn: Connection, tables: list[str]) -> None:
    """Let text columns compare and sort as on SQLite, whatever the collation of the database.

    Stamps, versions and ids are compared as text; under a language's collation ``006a`` may stand before ``006B``.
    """
    quote = conn.dialect.identifier_preparer.quote
    for table, column, type_ in conn.execute(text(_FOREIGN), {"tables": tables}).all():
        conn.exec_driver_sql(f'ALTER TABLE {quote(table)} ALTER COLUMN {quote(column)} TYPE {type_} COLLATE "C"')


def lock_for_session(conn: Connection, name: str) -> bool:
    """Take a lock that ends with the connection; return whether no other connection had it."""
    own = conn.execution_options(isolation_level="AUTOCOMMIT", tieout_unlocked=True)
    return bool(
        own.scalar(text("SELECT pg_try_advisory_lock(:space, hashtext(:name))"), {"space": LEASES, "name": name})
    )


def identity(conn: Connection) -> str:
    """Return what tells this very database from every restored copy of it, and from a stand-by that took over.

    The database's number, and, where the server tells it, the cluster's own number and its timeline: recovery to a
    point in time and the promotion of a stand-by begin a new timeline, and both may lose what was committed.
    """
    number = conn.scalar(text("SELECT oid FROM pg_database WHERE datname = current_database()"))
    return f"{number}/{_asked(conn, _SYSTEM)}/{_asked(conn, _TIMELINE)}"


_SYSTEM = "SELECT system_identifier::text FROM pg_control_system()"
_TIMELINE = "SELECT substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)"


def _asked(conn: Connection, query: str) -> Any:
    """Return the answer, or nothing where a hosted server keeps it to itself."""
    try:
        with conn.begin_nested():
            return conn.scalar(text(query))
    except DBAPIError as error:
        if error.connection_invalidated:
            raise
        return ""
