"""Copying every row from one database into another, whatever either of them is."""

from __future__ import annotations

from sqlalchemy import Connection, MetaData, select

ROWS = 1000
"""Rows that are in memory at a time."""
OTHERS = "alembic_version"
"""Filled by the migrations themselves."""


def copy_rows(source: Connection, target: Connection, known: MetaData | None = None) -> int:
    """Copy every row and return their number. The target has the same tables, all of them empty.

    Args:
        source: what is read, in one transaction.
        target: what is written.
        known: the tables; as the source shows them where its schema may be an older one.
    """
    found = known or _reflected(source)
    copied = 0
    for table in found.sorted_tables:
        if table.name == OTHERS:
            continue
        rows = source.execute(select(table), execution_options={"stream_results": True})
        for part in rows.mappings().partitions(ROWS):
            target.execute(table.insert(), [dict(row) for row in part])
            copied += len(part)
    return copied


def _reflected(source: Connection) -> MetaData:
    found = MetaData()
    found.reflect(bind=source)
    return found
