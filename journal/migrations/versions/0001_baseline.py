"""Baseline: every table of the first release."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

OPEN_INTENT = sa.text("state IN ('PREPARED', 'SENDING', 'AMBIGUOUS')")
OPEN_HOLD = sa.text("resolved_at IS NULL")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "meta",
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
    op.create_table(
        "blob",
        sa.Column("sha", sa.String, primary_key=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("kept_at", sa.String, nullable=False),
    )
    op.create_table(
        "run",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("pair", sa.String, nullable=False),
        sa.Column("job", sa.String, nullable=False),
        sa.Column("mapping_sha", sa.String),
        sa.Column("started_at", sa.String, nullable=False),
        sa.Column("ended_at", sa.String),
        sa.Column("outcome", sa.String),
        sa.Column("counts", sa.Text, nullable=False, server_default="{}"),
    )
    op.create_table(
        "cursor",
        sa.Column("pair", sa.String, nullable=False),
        sa.Column("stream", sa.String, nullable=False),
        sa.Column("pos_stamp", sa.String, nullable=False),
        sa.Column("pos_id", sa.String, nullable=False),
        sa.Column("updated_at", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("pair", "stream"),
    )
    op.create_table(
        "staged",
        sa.Column("pair", sa.String, nullable=False),
        sa.Column("type", sa.String, nullable=False),
        sa.Column("source_id", sa.String, nullable=False),
        sa.Column("version", sa.String, nullable=False),
        sa.Column("body_sha", sa.String, sa.ForeignKey("blob.sha"), nullable=False),
        sa.Column("deleted", sa.Boolean, nullable=False),
        sa.Column("modified", sa.String, nullable=False),
        sa.Column("run_id", sa.String, nullable=False),
        sa.Column("seen_at", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("pair", "type", "source_id", "version"),
    )
    op.create_table(
        "subject",
        sa.Column("pair", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("source_id", sa.String, nullable=False),
        sa.Column("doc_no", sa.Integer, nullable=False, server_default="1"),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("desired_version", sa.String),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("outcome", sa.String),
        sa.Column("reason", sa.Text),
        sa.Column("eligible_at", sa.String),
        sa.Column("updated_at", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("pair", "kind", "source_id", "doc_no"),
    )
    op.create_table(
        "binding",
        sa.Column("pair", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("source_id", sa.String, nullable=False),
        sa.Column("doc_no", sa.Integer, nullable=False, server_default="1"),
        sa.Column("external_id", sa.String),
        sa.Column("target_id", sa.String, nullable=False),
        sa.Column("number", sa.String),
        sa.Column("origin", sa.String, nullable=False),
        sa.Column("evidence", sa.Text, nullable=False),
        sa.Column("currency", sa.String),
        sa.Column("net", sa.String),
        sa.Column("fingerprint", sa.String),
        sa.Column("mapping_sha", sa.String),
        sa.Column("payload_sha", sa.String),
        sa.Column("staged_version", sa.String),
        sa.Column("snapshot", sa.Text),
        sa.Column("bound_at", sa.String, nullable=False),
        sa.Column("updated_at", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("pair", "kind", "source_id", "doc_no"),
        sa.UniqueConstraint("pair", "kind", "target_id", name="one_source_per_target"),
    )
    op.create_table(
        "intent",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("pair", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("source_id", sa.String, nullable=False),
        sa.Column("doc_no", sa.Integer, nullable=False, server_default="1"),
        sa.Column("op", sa.String, nullable=False),
        sa.Column("external_id", sa.String),
        sa.Column("target_id", sa.String),
        sa.Column("payload_sha", sa.String, sa.ForeignKey("blob.sha"), nullable=False),
        sa.Column("fingerprint", sa.String, nullable=False),
        sa.Column("mapping_sha", sa.String, nullable=False),
        sa.Column("staged_version", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("send_by", sa.String),
        sa.Column("quiet_until", sa.String),
        sa.Column("outcome_class", sa.String),
        sa.Column("outcome_text", sa.Text),
        sa.Column("run_id", sa.String, nullable=False),
        sa.Column("created_at", sa.String, nullable=False),
        sa.Column("closed_at", sa.String),
    )
    op.create_table(
        "attempt",
        sa.Column("intent_id", sa.String, sa.ForeignKey("intent.id"), nullable=False),
        sa.Column("n", sa.Integer, nullable=False),
        sa.Column("finished_at", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("code", sa.String, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("request_sha", sa.String, nullable=False),
        sa.Column("response_sha", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("intent_id", "n"),
    )
    op.create_table(
        "hold",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("pair", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("source_id", sa.String, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("code", sa.String, nullable=False),
        sa.Column("class", sa.String, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("owner", sa.String, nullable=False),
        sa.Column("fix", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("opened_at", sa.String, nullable=False),
        sa.Column("last_seen_at", sa.String, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("resolved_at", sa.String),
        sa.Column("resolution", sa.Text),
    )
    op.create_table(
        "writeback",
        sa.Column("pair", sa.String, nullable=False),
        sa.Column("type", sa.String, nullable=False),
        sa.Column("source_id", sa.String, nullable=False),
        sa.Column("fields", sa.Text, nullable=False),
        sa.Column("written_at", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("pair", "type", "source_id"),
    )
    op.create_index(
        "one_open_intent",
        "intent",
        ["pair", "kind", "source_id", "doc_no"],
        unique=True,
        sqlite_where=OPEN_INTENT,
        postgresql_where=OPEN_INTENT,
    )
    op.create_index(
        "one_open_hold",
        "hold",
        ["pair", "kind", "source_id"],
        unique=True,
        sqlite_where=OPEN_HOLD,
        postgresql_where=OPEN_HOLD,
    )


def downgrade() -> None:
    """There is nothing before the baseline."""
    raise NotImplementedError("the baseline has no predecessor")
