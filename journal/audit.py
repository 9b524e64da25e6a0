"""The audit trail: one row for every change of state that concerns money, each chained to the one before by its hash.

Rows are only ever added; triggers in the database refuse to change or delete one. There is one chain a database. The
rows of a transaction are written together at its end, just before it is committed: one look at the end of the chain
and one statement, however many records it settled.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select, text

from journal import tables
from journal.stamps import to_text

if TYPE_CHECKING:
    from journal.database import Tx

Row = Mapping[str, Any]
"""One row of the trail by column. While it waits for its transaction's end, without number and hashes."""

GENESIS = "0" * 64
"""What stands before the first row."""
CHAIN_LOCK = 0x7469656F7574
"""Number of PostgreSQL's advisory lock on the end of the chain, which several pairs in one database share."""

# Built once: nearly every transaction adds rows.
_LAST = select(tables.audit.c.seq, tables.audit.c.hash).order_by(tables.audit.c.seq.desc()).limit(1)
_INSERT = tables.audit.insert()
_LOCK = text("SELECT pg_advisory_xact_lock(:number)").bindparams(number=CHAIN_LOCK)


def record(
    tx: Tx,
    action: str,
    object_: str,
    at: datetime,
    *,
    before: str | None = None,
    after: str | None = None,
    **detail: str,
) -> None:
    """Add one row in the transaction of the change that it tells of; it is gone with the change if that is undone.

    Args:
        tx: the transaction of the change. In one that no journal opened the row is written at once.
        action: what happened, such as ``intent.armed``, ``hold.opened``, ``binding.made``.
        object_: what it happened to: kind, source id and document number (``so/006…/1``), see :func:`document`.
        at: when.
        before: the state before, a word or a hash.
        after: the state after.
        **detail: what else a reader needs: ids, hashes, codes, amounts. No secret and no record content.
    """
    row = {
        "at": to_text(at),
        "pair": tx.pair,
        "actor": tx.actor,
        "action": action,
        "object": object_,
        "before": before,
        "after": after,
        "detail": json.dumps(detail, sort_keys=True, separators=(",", ":")),
    }
    if tx.trail is None:
        write(tx.conn, [row])
    else:
        tx.trail.append(row)


def document(kind: str, source_id: str, doc_no: int = 1) -> str:
    """Return how the trail names a document of a source record."""
    return f"{kind}/{source_id}/{doc_no}"


def write(conn: Connection, rows: Sequence[Row]) -> None:
    """Number and chain the rows of a transaction and add them; nothing else may happen before it is committed.

    On PostgreSQL the end of the chain stays locked until then, so that two transactions never go on from one row.
    SQLite has one writer anyway.
    """
    if not rows:
        return
    if conn.dialect.name == "postgresql":
        conn.execute(_LOCK)
    last = conn.execute(_LAST).first()
    count, prev_hash = (0, GENESIS) if last is None else (last.seq, last.hash)
    chained = []
    for seq, row in enumerate(rows, count + 1):
        numbered = {**row, "seq": seq, "prev_hash": prev_hash}
        prev_hash = digest(numbered)
        chained.append({**numbered, "hash": prev_hash})
    conn.execute(_INSERT, chained)


def digest(row: Row) -> str:
    """Return the hash of a row: of everything in it, the hash before it included."""
    plain = {name: value for name, value in row.items() if name != "hash"}
    return hashlib.sha256(json.dumps(plain, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
