"""Bringing the schema up to date with Alembic: all of it in one transaction, or nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine

from connectors.fault_points import fault_point
from journal import postgresql, tables
from journal.schema import HEAD, is_empty, revision

Save = Callable[[Connection, str], object]
"""Keeps a copy of a database before it is changed; gets the transaction that will change it and its revision."""


def upgrade(engine: Engine, place: str, save: Save) -> str | None:
    """Apply every migration that the database lacks, and return the revision that it had; None where it was empty.

    The transaction begins with the lock that every writer takes, so that of two programs that start at once only one
    migrates. Whoever dies on the way leaves the old schema behind.
    """
    with engine.begin() as conn:
        found = revision(conn)
        if found == HEAD:
            return found
        if found is not None and not is_empty(conn):
            save(conn, found)
        run(conn, place, "head")
    return found


def run(conn: Connection, place: str, to: str) -> None:
    """Bring the schema to a revision within the caller's transaction."""
    on_postgresql = conn.dialect.name == "postgresql"
    if on_postgresql:
        postgresql.require_unicode(conn, place)
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = conn
    command.upgrade(config, to)
    if on_postgresql:
        postgresql.compare_by_code_point(conn, [*tables.metadata.tables, "alembic_version"])
    fault_point("journal.migrated")
