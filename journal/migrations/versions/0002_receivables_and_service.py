"""Receivables, schedule, alerts, approvals and the findings of reconciliation."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.add_column("writeback", sa.Column("owner", sa.String))
    op.create_index("writeback_of_owner", "writeback", ["pair", "owner"])
    op.create_table(
        "slot",
        sa.Column("pair", sa.String, nullable=False),
        sa.Column("job", sa.String, nullable=False),
        sa.Column("slot_at", sa.String, nullable=False),
        sa.Column("owner", sa.String, nullable=False),
        sa.Column("run_id", sa.String),
        sa.Column("claimed_at", sa.String, nullable=False),
        sa.Column("ended_at", sa.String),
        sa.Column("outcome", sa.String),
        sa.Column("detail", sa.Text),
        sa.PrimaryKeyConstraint("pair", "job", "slot_at"),
    )
    op.create_table(
        "lease",
        sa.Column("pair", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("owner", sa.String, nullable=False),
        sa.Column("fence", sa.Integer, nullable=False),
        sa.Column("taken_at", sa.String, nullable=False),
        sa.Column("expires_at", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("pair", "name"),
    )
    op.create_table(
        "pause",
        sa.Column("pair", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("since", sa.String, nullable=False),
        sa.Column("until", sa.String),
        sa.Column("by", sa.String, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("pair", "name"),
    )
    op.create_table(
        "alert",
        sa.Column("pair", sa.String, nullable=False),
        sa.Column("key", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("opened_at", sa.String, nullable=False),
        sa.Column("due", sa.Boolean, nullable=False),
        sa.Column("delivered", sa.Text, nullable=False, server_default="[]"),
        sa.Column("sent_at", sa.String),
        sa.Column("cleared_at", sa.String),
        sa.PrimaryKeyConstraint("pair", "key", "opened_at"),
    )
    op.create_table(
        "approval",
        sa.Column("pair", sa.String, nullable=False),
        sa.Column("plan", sa.String, nullable=False),
        sa.Column("planned_at", sa.String, nullable=False),
        sa.Column("only", sa.String),
        sa.Column("records", sa.Text, nullable=False),
        sa.Column("mapping_sha", sa.String, nullable=False),
        sa.Column("by", sa.String),
        sa.Column("approved_at", sa.String),
        sa.Column("used_at", sa.String),
        sa.PrimaryKeyConstraint("pair", "plan", "planned_at"),
    )
    op.create_table(
        "receivable",
        sa.Column("pair", sa.String, nullable=False),
        sa.Column("type", sa.String, nullable=False),
        sa.Column("id", sa.String, nullable=False),
        sa.Column("customer_id", sa.String, nullable=False),
        sa.Column("order_id", sa.String),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("open", sa.Boolean, nullable=False),
        sa.Column("gone", sa.Boolean, nullable=False),
        sa.Column("modified", sa.String, nullable=False),
        sa.Column("seen_at", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("pair", "type", "id"),
    )
    op.create_table(
        "finding",
        sa.Column("pair", sa.String, nullable=False),
        sa.Column("id", sa.String, nullable=False),
        sa.Column("code", sa.String, nullable=False),
        sa.Column("entity", sa.String, nullable=False),
        sa.Column("key", sa.String, nullable=False),
        sa.Column("field", sa.String, nullable=False),
        sa.Column("values_sha", sa.String, nullable=False),
        sa.Column("first_seen_at", sa.String, nullable=False),
        sa.Column("last_seen_at", sa.String, nullable=False),
        sa.Column("runs", sa.Integer, nullable=False),
        sa.Column("reopened", sa.Integer, nullable=False, server_default="0"),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("owner", sa.Text),
        sa.Column("reason", sa.Text),
        sa.Column("comment", sa.Text),
        sa.Column("accepted_sha", sa.String),
        sa.Column("closed_at", sa.String),
        sa.PrimaryKeyConstraint("pair", "id"),
    )
    op.create_table(
        "finding_note",
        sa.Column("pair", sa.String, nullable=False),
        sa.Column("finding_id", sa.String, nullable=False),
        sa.Column("n", sa.Integer, nullable=False),
        sa.Column("noted_at", sa.String, nullable=False),
        sa.Column("by", sa.String, nullable=False),
        sa.Column("field", sa.String, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("pair", "finding_id", "n"),
    )
    op.create_table(
        "settlement",
        sa.Column("pair", sa.String, nullable=False),
        sa.Column("source_id", sa.String, nullable=False),
        sa.Column("invoice_id", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("pair", "source_id", "invoice_id"),
    )
    op.create_index("settlement_of_invoice", "settlement", ["pair", "invoice_id"])
    op.create_index("receivable_of_customer", "receivable", ["pair", "customer_id"])
    op.create_index("receivable_of_order", "receivable", ["pair", "order_id"])


def downgrade() -> None:
    """Remove them."""
    for name in (
        "finding_note",
        "finding",
        "receivable",
        "approval",
        "alert",
        "pause",
        "lease",
        "slot",
    ):
        op.drop_table(name)
