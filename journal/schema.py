"""Which schema a state database has, without Alembic, which is slow to import."""

from __future__ import annotations

from sqlalchemy import Connection, inspect, select

from journal import tables
from journal.errors import JournalError

HEAD = "0003"
"""The schema revision that this program reads and writes."""


def revision(conn: Connection) -> str | None:
    """Return the schema revision of a database, or None where it has none yet."""
    if conn.dialect.name == "sqlite":
        present = conn.exec_driver_sql("SELECT name FROM sqlite_master WHERE name='alembic_version'").first()
    else:
        present = conn.exec_driver_sql("SELECT 1 WHERE to_regclass('alembic_version') IS NOT NULL").first()
    if present is None:
        return None
    row = conn.exec_driver_sql("SELECT version_num FROM alembic_version").first()
    return None if row is None else str(row[0])


def require_known(found: str | None, place: str) -> None:
    """Refuse a database of a newer program: what this one does not know it cannot keep.

    Raises:
        JournalError: the schema is newer than this program.
    """
    if found is not None and found > HEAD:
        raise JournalError(
            f"{place}: the state database has schema {found}, this program knows {HEAD}."
            " Install the newer tieout again."
        )


def is_empty(conn: Connection) -> bool:
    """Whether a database of whatever revision holds nothing that a person would miss."""
    present = set(inspect(conn).get_table_names())
    kept = [table for name, table in tables.metadata.tables.items() if name in present]
    return all(conn.execute(select(1).select_from(table).limit(1)).first() is None for table in kept)
