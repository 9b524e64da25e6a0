"""Claims with fences, capped attempts at what is refused, and the audit chain that nobody may rewrite."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

EPOCH = "1970-01-01T00:00:00.000000Z"
REFUSAL = "the audit trail is append-only"
ABORT = f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"


def upgrade() -> None:
    """Add the columns, the table and its triggers."""
    for table, columns in _columns().items():
        for column in columns:
            op.add_column(table, column)
    op.create_table(
        "audit",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.String, nullable=False),
        sa.Column("pair", sa.String, nullable=False),
        sa.Column("actor", sa.String, nullable=False),
        sa.Column("action", sa.String, nullable=False),
        sa.Column("object", sa.String, nullable=False),
        sa.Column("before", sa.String),
        sa.Column("after", sa.String),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("prev_hash", sa.String, nullable=False),
        sa.Column("hash", sa.String, nullable=False),
    )
    op.create_table(
        "cursor_miss",
        sa.Column("pair", sa.String, nullable=False),
        sa.Column("source_id", sa.String, nullable=False),
        sa.Column("found_at", sa.String, nullable=False),
        sa.Column("what", sa.String, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("modified", sa.String, nullable=False),
        sa.Column("reached", sa.String, nullable=False),
        sa.Column("run_id", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("pair", "source_id", "found_at"),
    )
    op.create_index("cursor_miss_found", "cursor_miss", ["pair", "found_at"])
    if op.get_bind().dialect.name == "postgresql":
        _protect_on_postgresql()
    else:
        _protect_on_sqlite()


def _columns() -> dict[str, list[sa.Column[Any]]]:
    return {
        "subject": [
            sa.Column("fence", sa.Integer, nullable=False, server_default="0"),
            sa.Column("lease_owner", sa.String),
            sa.Column("lease_until", sa.String, nullable=False, server_default=EPOCH),
            sa.Column("crash_count", sa.Integer, nullable=False, server_default="0"),
        ],
        "intent": [
            sa.Column("fence", sa.Integer, nullable=False, server_default="0"),
            sa.Column("sent_count", sa.Integer, nullable=False, server_default="0"),
        ],
        "hold": [
            sa.Column("key", sa.String, nullable=False, server_default=""),
            sa.Column("likeness", sa.String, nullable=False, server_default=""),
            sa.Column("content", sa.String, nullable=False, server_default=""),
            sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
            sa.Column("retry_at", sa.String, nullable=False, server_default=EPOCH),
            sa.Column("resolved_by", sa.String),
        ],
    }


def _protect_on_sqlite() -> None:
    for event in ("UPDATE", "DELETE"):
        op.execute(f"CREATE TRIGGER audit_refuses_{event.lower()} BEFORE {event} ON audit {ABORT}")
    # INSERT OR REPLACE deletes the old row without asking the trigger on deletes.
    op.execute(
        "CREATE TRIGGER audit_refuses_replacement BEFORE INSERT ON audit "
        "WHEN EXISTS (SELECT 1 FROM audit WHERE seq = NEW.seq) " + ABORT
    )


def _protect_on_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_refuses_change BEFORE UPDATE OR DELETE ON audit "
        "FOR EACH ROW EXECUTE FUNCTION audit_is_append_only()"
    )
    op.execute(
        "CREATE TRIGGER audit_refuses_truncate BEFORE TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()"
    )


def downgrade() -> None:
    """An audit trail is not taken away."""
    raise NotImplementedError("restore the backup that was made before the upgrade")
