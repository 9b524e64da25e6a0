"""Reading the audit trail: the part of it that tells of one record."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import or_, select

from connectors.records import salesforce_id
from journal import tables
from journal.database import Tx
from journal.errors import JournalError
from journal.stamps import from_text

ID_IN_TEXT = re.compile(r"(?<![A-Za-z0-9])(00[16][A-Za-z0-9]{15}|00[16][A-Za-z0-9]{12})(?![A-Za-z0-9])")


def ids_of(tx: Tx, record: str) -> frozenset[str]:
    """Return the source ids that a deal's or account's id or address, or a document's number or id, means.

    Raises:
        JournalError: it means none.
    """
    found = ID_IN_TEXT.search(record)
    if found is not None:
        return frozenset({salesforce_id(found.group(1))})
    binding = tables.binding.c
    named = or_(binding.number == record, binding.target_id == record, binding.external_id == record)
    ids = frozenset(tx.conn.scalars(select(binding.source_id).where((binding.pair == tx.pair) & named)))
    if not ids:
        raise JournalError(
            f"{record!r} names no record. Write the id of a deal or account (15 or 18 characters), its address in "
            "Salesforce, or the number of a document that Tieout knows."
        )
    return ids


def newest(tx: Tx, most: int, source_ids: Collection[str] | None = None) -> Sequence[dict[str, Any]]:
    """Return the newest rows of this pair, oldest first, ``detail`` as a mapping; all of them, or of these records."""
    audit = tables.audit.c
    query = select(tables.audit).where(audit.pair == tx.pair).order_by(audit.seq.desc()).limit(most)
    if source_ids is not None:
        named = [or_(audit.object.endswith(f"/{id_}"), audit.object.contains(f"/{id_}/")) for id_ in source_ids]
        query = query.where(or_(*named))
    rows = [dict(row._mapping) for row in tx.conn.execute(query)]
    return [{**row, "at": from_text(row["at"]), "detail": json.loads(row["detail"])} for row in reversed(rows)]
