"""Plans as they were printed, and the approvals that let exactly what they held be written."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, select

from journal import audit, stamps, tables
from journal.database import Tx
from journal.errors import JournalError
from journal.stamps import from_text, to_text

KEPT_FOR = timedelta(days=30)
"""How long a plan that nobody approved is kept."""

Key = tuple[str, str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRecord:
    """One write of a plan. ``content`` is a hash of all that would be written, ``label`` the record's own name."""

    kind: str
    source_id: str
    doc_no: int
    action: str
    content: str
    label: str

    @property
    def key(self) -> Key:
        """Which document of which source record."""
        return (self.kind, self.source_id, self.doc_no)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPlan:
    """A plan by its hash. ``only`` is the one deal that it was made for; None: every due deal.

    ``approved_at`` and ``by`` are set once a person approved it, ``used_at`` once a run carried it out to its end.
    """

    plan: str
    planned_at: datetime
    mapping_sha: str
    records: Sequence[PlannedRecord]
    only: str | None = None
    by: str | None = None
    approved_at: datetime | None = None
    used_at: datetime | None = None


def keep(tx: Tx, plan: KeptPlan) -> None:
    """Keep a plan in place of an unapproved one of the same hash; forget unapproved ones that are too old."""
    table = tables.approval
    unapproved = (table.c.pair == tx.pair) & table.c.approved_at.is_(None)
    old = table.c.planned_at < to_text(plan.planned_at - KEPT_FOR)
    tx.conn.execute(table.delete().where(unapproved & ((table.c.plan == plan.plan) | old)))
    tx.conn.execute(
        table.insert().values(
            pair=tx.pair,
            plan=plan.plan,
            planned_at=to_text(plan.planned_at),
            only=plan.only,
            records=_text(plan.records),
            mapping_sha=plan.mapping_sha,
        )
    )


def find(tx: Tx, plan: str) -> KeptPlan | None:
    """Return the plan with this hash that was printed last, or None."""
    table = tables.approval
    query = (
        select(table)
        .where((table.c.pair == tx.pair) & (table.c.plan == plan))
        .order_by(table.c.planned_at.desc())
        .limit(1)
    )
    row = tx.conn.execute(query).first()
    return None if row is None else _noun(row)


def approve(tx: Tx, plan: KeptPlan, records: Sequence[PlannedRecord], *, by: str, at: datetime) -> None:
    """Write down who lets which records of a plan be written.

    Raises:
        JournalError: a run has carried the plan out already.
    """
    values = {"records": _text(records), "by": by, "approved_at": to_text(at)}
    unused = _key(tx, plan) & tables.approval.c.used_at.is_(None)
    if tx.conn.execute(tables.approval.update().where(unused).values(**values)).rowcount != 1:
        raise JournalError(f"plan {plan.plan} was carried out already. Run `tieout plan` for a new one.")
    told = {"records": str(len(records)), "records_sha": stamps.sha(values["records"]), "mapping": plan.mapping_sha}
    audit.record(replace(tx, actor=by), "plan.approved", f"plan/{plan.plan}", at, after="approved", **told)


def use(tx: Tx, plan: KeptPlan, at: datetime) -> None:
    """Note that a run carried the plan out: it lets nothing pass any more."""
    audit.record(tx, "plan.used", f"plan/{plan.plan}", at, before="approved", after="used")
    tx.conn.execute(tables.approval.update().where(_key(tx, plan)).values(used_at=to_text(at)))


def is_mapping_approved(tx: Tx, mapping_sha: str) -> bool:
    """Say whether a person ever approved a plan made with this version of the mappings."""
    table = tables.approval
    query = select(table.c.plan).where(
        (table.c.pair == tx.pair) & (table.c.mapping_sha == mapping_sha) & table.c.approved_at.is_not(None)
    )
    return tx.conn.execute(query.limit(1)).first() is not None


def _key(tx: Tx, plan: KeptPlan) -> ColumnElement[bool]:
    table = tables.approval
    return (table.c.pair == tx.pair) & (table.c.plan == plan.plan) & (table.c.planned_at == to_text(plan.planned_at))


def _text(records: Sequence[PlannedRecord]) -> str:
    return json.dumps([asdict(record) for record in records], sort_keys=True)


def _noun(row: Row[Any]) -> KeptPlan:
    return KeptPlan(
        plan=row.plan,
        planned_at=from_text(row.planned_at),
        mapping_sha=row.mapping_sha,
        records=tuple(PlannedRecord(**record) for record in json.loads(row.records)),
        only=row.only,
        by=row.by,
        approved_at=stamps.optional(row.approved_at),
        used_at=stamps.optional(row.used_at),
    )
