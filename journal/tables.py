"""The tables of the state database, as SQLAlchemy Core.

Money is decimal text, stamps are UTC ISO-8601 text with microseconds, so that SQLite and PostgreSQL
compare and keep them alike. Every key starts with the connection pair (``salesforce>netsuite``).
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData()

OPEN_INTENT = text("state IN ('PREPARED', 'SENDING', 'AMBIGUOUS')")
OPEN_HOLD = text("resolved_at IS NULL")
EPOCH = "1970-01-01T00:00:00.000000Z"
"""The stamp of what never was: earlier than every other, so that no comparison meets an empty value."""

meta = Table(
    "meta",
    metadata,
    Column("key", String, primary_key=True),
    Column("value", Text, nullable=False),
)

blob = Table(
    "blob",
    metadata,
    Column("sha", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("content", Text, nullable=False),
    Column("kept_at", String, nullable=False),
)

run = Table(
    "run",
    metadata,
    Column("id", String, primary_key=True),
    Column("pair", String, nullable=False),
    Column("job", String, nullable=False),
    Column("mapping_sha", String),
    Column("started_at", String, nullable=False),
    Column("ended_at", String),
    Column("outcome", String),
    Column("counts", Text, nullable=False, server_default="{}"),
)

cursor = Table(
    "cursor",
    metadata,
    Column("pair", String, nullable=False),
    Column("stream", String, nullable=False),
    Column("pos_stamp", String, nullable=False),
    Column("pos_id", String, nullable=False),
    Column("updated_at", String, nullable=False),
    PrimaryKeyConstraint("pair", "stream"),
)

staged = Table(
    "staged",
    metadata,
    Column("pair", String, nullable=False),
    Column("type", String, nullable=False),
    Column("source_id", String, nullable=False),
    Column("version", String, nullable=False),
    Column("body_sha", String, ForeignKey("blob.sha"), nullable=False),
    Column("deleted", Boolean, nullable=False),
    Column("modified", String, nullable=False),
    Column("run_id", String, nullable=False),
    Column("seen_at", String, nullable=False),
    PrimaryKeyConstraint("pair", "type", "source_id", "version"),
)

subject = Table(
    "subject",
    metadata,
    Column("pair", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("source_id", String, nullable=False),
    Column("doc_no", Integer, nullable=False, server_default="1"),
    Column("label", Text, nullable=False),
    Column("desired_version", String),
    Column("state", String, nullable=False),
    Column("outcome", String),
    Column("reason", Text),
    Column("eligible_at", String),
    Column("updated_at", String, nullable=False),
    Column("fence", Integer, nullable=False, server_default="0"),
    Column("lease_owner", String),
    Column("lease_until", String, nullable=False, server_default=EPOCH),
    Column("crash_count", Integer, nullable=False, server_default="0"),
    PrimaryKeyConstraint("pair", "kind", "source_id", "doc_no"),
)

binding = Table(
    "binding",
    metadata,
    Column("pair", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("source_id", String, nullable=False),
    Column("doc_no", Integer, nullable=False, server_default="1"),
    Column("external_id", String),
    Column("target_id", String, nullable=False),
    Column("number", String),
    Column("origin", String, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("currency", String),
    Column("net", String),
    Column("fingerprint", String),
    Column("mapping_sha", String),
    Column("payload_sha", String),
    Column("staged_version", String),
    Column("snapshot", Text),
    Column("bound_at", String, nullable=False),
    Column("updated_at", String, nullable=False),
    PrimaryKeyConstraint("pair", "kind", "source_id", "doc_no"),
    UniqueConstraint("pair", "kind", "target_id", name="one_source_per_target"),
)

intent = Table(
    "intent",
    metadata,
    Column("id", String, primary_key=True),
    Column("pair", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("source_id", String, nullable=False),
    Column("doc_no", Integer, nullable=False, server_default="1"),
    Column("op", String, nullable=False),
    Column("external_id", String),
    Column("target_id", String),
    Column("payload_sha", String, ForeignKey("blob.sha"), nullable=False),
    Column("fingerprint", String, nullable=False),
    Column("mapping_sha", String, nullable=False),
    Column("staged_version", String, nullable=False),
    Column("state", String, nullable=False),
    Column("send_by", String),
    Column("quiet_until", String),
    Column("outcome_class", String),
    Column("outcome_text", Text),
    Column("run_id", String, nullable=False),
    Column("created_at", String, nullable=False),
    Column("closed_at", String),
    Column("fence", Integer, nullable=False, server_default="0"),
    Column("sent_count", Integer, nullable=False, server_default="0"),
)
Index(
    "one_open_intent",
    intent.c.pair,
    intent.c.kind,
    intent.c.source_id,
    intent.c.doc_no,
    unique=True,
    sqlite_where=OPEN_INTENT,
)

attempt = Table(
    "attempt",
    metadata,
    Column("intent_id", String, ForeignKey("intent.id"), nullable=False),
    Column("n", Integer, nullable=False),
    Column("finished_at", String, nullable=False),
    Column("status", String, nullable=False),
    Column("code", String, nullable=False),
    Column("message", Text, nullable=False),
    Column("request_sha", String, nullable=False),
    Column("response_sha", String, nullable=False),
    PrimaryKeyConstraint("intent_id", "n"),
)

hold = Table(
    "hold",
    metadata,
    Column("id", String, primary_key=True),
    Column("pair", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("source_id", String, nullable=False),
    Column("label", Text, nullable=False),
    Column("code", String, nullable=False),
    Column("class", String, nullable=False),
    Column("cause", Text, nullable=False),
    Column("owner", String, nullable=False),
    Column("fix", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("opened_at", String, nullable=False),
    Column("last_seen_at", String, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("resolved_at", String),
    Column("resolution", Text),
    Column("key", String, nullable=False, server_default=""),
    Column("likeness", String, nullable=False, server_default=""),
    Column("content", String, nullable=False, server_default=""),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("retry_at", String, nullable=False, server_default=EPOCH),
    Column("resolved_by", String),
)
Index(
    "one_open_hold",
    hold.c.pair,
    hold.c.kind,
    hold.c.source_id,
    unique=True,
    sqlite_where=OPEN_HOLD,
)

writeback = Table(
    "writeback",
    metadata,
    Column("pair", String, nullable=False),
    Column("type", String, nullable=False),
    Column("source_id", String, nullable=False),
    Column("fields", Text, nullable=False),
    Column("written_at", String, nullable=False),
    Column("owner", String),
    PrimaryKeyConstraint("pair", "type", "source_id"),
)

Index("writeback_of_owner", writeback.c.pair, writeback.c.owner)

slot = Table(
    "slot",
    metadata,
    Column("pair", String, nullable=False),
    Column("job", String, nullable=False),
    Column("slot_at", String, nullable=False),
    Column("owner", String, nullable=False),
    Column("run_id", String),
    Column("claimed_at", String, nullable=False),
    Column("ended_at", String),
    Column("outcome", String),
    Column("detail", Text),
    PrimaryKeyConstraint("pair", "job", "slot_at"),
)

lease = Table(
    "lease",
    metadata,
    Column("pair", String, nullable=False),
    Column("name", String, nullable=False),
    Column("owner", String, nullable=False),
    Column("fence", Integer, nullable=False),
    Column("taken_at", String, nullable=False),
    Column("expires_at", String, nullable=False),
    PrimaryKeyConstraint("pair", "name"),
)

pause = Table(
    "pause",
    metadata,
    Column("pair", String, nullable=False),
    Column("name", String, nullable=False),
    Column("since", String, nullable=False),
    Column("until", String),
    Column("by", String, nullable=False),
    Column("reason", Text, nullable=False),
    PrimaryKeyConstraint("pair", "name"),
)

alert = Table(
    "alert",
    metadata,
    Column("pair", String, nullable=False),
    Column("key", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("text", Text, nullable=False),
    Column("opened_at", String, nullable=False),
    Column("due", Boolean, nullable=False),
    Column("delivered", Text, nullable=False, server_default="[]"),
    Column("sent_at", String),
    Column("cleared_at", String),
    PrimaryKeyConstraint("pair", "key", "opened_at"),
)

approval = Table(
    "approval",
    metadata,
    Column("pair", String, nullable=False),
    Column("plan", String, nullable=False),
    Column("planned_at", String, nullable=False),
    Column("only", String),
    Column("records", Text, nullable=False),
    Column("mapping_sha", String, nullable=False),
    Column("by", String),
    Column("approved_at", String),
    Column("used_at", String),
    PrimaryKeyConstraint("pair", "plan", "planned_at"),
)

receivable = Table(
    "receivable",
    metadata,
    Column("pair", String, nullable=False),
    Column("type", String, nullable=False),
    Column("id", String, nullable=False),
    Column("customer_id", String, nullable=False),
    Column("order_id", String),
    Column("body", Text, nullable=False),
    Column("open", Boolean, nullable=False),
    Column("gone", Boolean, nullable=False),
    Column("modified", String, nullable=False),
    Column("seen_at", String, nullable=False),
    PrimaryKeyConstraint("pair", "type", "id"),
)
settlement = Table(
    "settlement",
    metadata,
    Column("pair", String, nullable=False),
    Column("source_id", String, nullable=False),
    Column("invoice_id", String, nullable=False),
    PrimaryKeyConstraint("pair", "source_id", "invoice_id"),
)
Index("settlement_of_invoice", settlement.c.pair, settlement.c.invoice_id)

Index("receivable_of_customer", receivable.c.pair, receivable.c.customer_id)
Index("receivable_of_order", receivable.c.pair, receivable.c.order_id)

cursor_miss = Table(
    "cursor_miss",
    metadata,
    Column("pair", String, nullable=False),
    Column("source_id", String, nullable=False),
    Column("found_at", String, nullable=False),
    Column("what", String, nullable=False),
    Column("label", Text, nullable=False),
    Column("modified", String, nullable=False),
    Column("reached", String, nullable=False),
    Column("run_id", String, nullable=False),
    PrimaryKeyConstraint("pair", "source_id", "found_at"),
)
Index("cursor_miss_found", cursor_miss.c.pair, cursor_miss.c.found_at)

finding = Table(
    "finding",
    metadata,
    Column("pair", String, nullable=False),
    Column("id", String, nullable=False),
    Column("code", String, nullable=False),
    Column("entity", String, nullable=False),
    Column("key", String, nullable=False),
    Column("field", String, nullable=False),
    Column("values_sha", String, nullable=False),
    Column("first_seen_at", String, nullable=False),
    Column("last_seen_at", String, nullable=False),
    Column("runs", Integer, nullable=False),
    Column("reopened", Integer, nullable=False, server_default="0"),
    Column("state", String, nullable=False),
    Column("owner", Text),
    Column("reason", Text),
    Column("comment", Text),
    Column("accepted_sha", String),
    Column("closed_at", String),
    PrimaryKeyConstraint("pair", "id"),
)

finding_note = Table(
    "finding_note",
    metadata,
    Column("pair", String, nullable=False),
    Column("finding_id", String, nullable=False),
    Column("n", Integer, nullable=False),
    Column("noted_at", String, nullable=False),
    Column("by", String, nullable=False),
    Column("field", String, nullable=False),
    Column("value", Text, nullable=False),
    PrimaryKeyConstraint("pair", "finding_id", "n"),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", String, nullable=False),
    Column("pair", String, nullable=False),
    Column("actor", String, nullable=False),
    Column("action", String, nullable=False),
    Column("object", String, nullable=False),
    Column("before", String),
    Column("after", String),
    Column("detail", Text, nullable=False),
    Column("prev_hash", String, nullable=False),
    Column("hash", String, nullable=False),
)
