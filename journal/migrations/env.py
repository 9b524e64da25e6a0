"""Alembic's entry point: migrations run on the connection, and in the transaction, that the caller opened."""

from __future__ import annotations

from typing import Any

from alembic import context

from connectors.fault_points import fault_point
from journal.tables import metadata


def _applied(*_step: Any, **_more: Any) -> None:
    fault_point("journal.migrating")


context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, on_version_apply=_applied
)
context.run_migrations()
