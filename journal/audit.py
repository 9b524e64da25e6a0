"""The audit trail: one row for every change of state that concerns money, each chained to the one before by its hash.

Rows are only ever added; triggers in the database refuse to change or delete one.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

from sqlalchemy import select

from journal import tables
from journal.database import Tx
from journal.stamps import to_text

GENESIS = "0" * 64
"""What stands before the first row."""

# Built once: every settled record adds a row.
_LAST = select(tables.audit.c.seq, tables.audit.c.hash).order_by(tables.audit.c.seq.desc()).limit(1)
_INSERT = tables.audit.insert()


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
    """Add one row in the transaction of the change that it tells of.

    Args:
        tx: the transaction of the change.
        action: what happened, such as ``intent.armed``, ``hold.opened``, ``binding.made``.
        object_: what it happened to: kind, source id and document number (``so/006…/1``).
        at: when.
        before: the state before, a word or a hash.
        after: the state after.
        **detail: what else a reader needs: ids, hashes, reasons. No secret and no record content.
    """
    last = tx.conn.execute(_LAST).first()
    row = {
        "seq": 1 if last is None else last.seq + 1,
        "at": to_text(at),
        "pair": tx.pair,
        "actor": tx.actor,
        "action": action,
        "object": object_,
        "before": before,
        "after": after,
        "detail": json.dumps(detail, sort_keys=True, separators=(",", ":")),
        "prev_hash": GENESIS if last is None else last.hash,
    }
    tx.conn.execute(_INSERT, {**row, "hash": digest(row)})


def digest(row: dict[str, Any]) -> str:
    """Return the hash of a row: of everything in it, the hash before it included."""
    plain = {name: value for name, value in row.items() if name != "hash"}
    return hashlib.sha256(json.dumps(plain, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
