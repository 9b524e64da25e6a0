"""Bindings: which NetSuite record belongs to which CRM record. A target id, once set, is never cleared."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, bindparam, select

from journal import audit, tables
from journal.database import Tx
from journal.nouns import Binding
from journal.stamps import from_text, to_text

CREATED = "created"
ADOPTED = "adopted"


# Built once: what runs for every record must not build its SQL anew each time.
_OF_PAIR = (tables.binding.c.pair == bindparam("its_pair")) & (tables.binding.c.kind == bindparam("its_kind"))
_KEY = (
    _OF_PAIR
    & (tables.binding.c.source_id == bindparam("its_id"))
    & (tables.binding.c.doc_no == bindparam("its_doc_no"))
)
_SELECT = select(tables.binding).where(_KEY)
_BY_TARGET = select(tables.binding).where(_OF_PAIR & (tables.binding.c.target_id == bindparam("its_target")))
_UPDATE = tables.binding.update().where(_KEY)
_INSERT = tables.binding.insert()


class BindingConflict(Exception):
    """The target already belongs to another source record."""

    def __init__(self, owner: str) -> None:
        super().__init__(f"it already belongs to {owner}")
        self.owner = owner


def bind(tx: Tx, binding: Binding, at: datetime | None = None) -> None:
    """Write a binding, or renew the one of the same source record.

    Args:
        tx: the transaction.
        binding: the binding as it is from now on; ``bound_at`` counts only where there was none.
        at: when it was renewed; ``bound_at`` without it.

    Raises:
        BindingConflict: the target is bound to another source record, or this record to another target.
    """
    owner = by_target(tx, binding.kind, binding.target_id)
    if owner is not None and owner.source_id != binding.source_id:
        raise BindingConflict(owner.source_id)
    current = get(tx, binding.kind, binding.source_id, binding.doc_no)
    if current is not None and current.target_id != binding.target_id:
        raise BindingConflict(current.target_id)
    values = _values(binding)
    if current is None:
        _audited(tx, "binding.made", binding, binding.bound_at, after=binding.target_id, **_content(binding))
        tx.conn.execute(_INSERT, {"pair": tx.pair, **values})
    else:
        changed = {name: value for name, value in _content(binding).items() if value != _content(current).get(name)}
        if changed:
            _audited(tx, "binding.renewed", binding, at or binding.bound_at, after=binding.target_id, **changed)
        values = {name: value for name, value in values.items() if value is not None and name != "bound_at"}
        values["updated_at"] = to_text(at or binding.bound_at)
        values["snapshot"] = None  # what NetSuite holds now must be read again
        tx.conn.execute(_UPDATE, {**_key(tx, binding.kind, binding.source_id, binding.doc_no), **values})


def record_found(
    tx: Tx, binding: Binding, *, number: str, currency: str, net: Decimal, snapshot: str, at: datetime
) -> None:
    """Note what NetSuite holds of a bound document: its number, net amount and lines."""
    if (binding.number, binding.currency, binding.net) != (number, currency, net):
        before = None if binding.net is None else f"{binding.net} {binding.currency}"
        _audited(tx, "binding.found", binding, at, before=before, after=f"{net} {currency}", number=number)
    found = {"number": number, "currency": currency, "net": str(net), "snapshot": snapshot, "updated_at": to_text(at)}
    tx.conn.execute(_UPDATE, {**_key(tx, binding.kind, binding.source_id, binding.doc_no), **found})


def release(tx: Tx, kind: str, source_id: str, target_id: str, at: datetime) -> None:
    """Give up a binding whose target is gone, so that a person's new answer can take its place."""
    gone = (
        (tables.binding.c.pair == tx.pair)
        & (tables.binding.c.kind == kind)
        & (tables.binding.c.source_id == source_id)
        & (tables.binding.c.target_id == target_id)
    )
    for row in tx.conn.execute(select(tables.binding).where(gone)).all():
        _audited(tx, "binding.released", _noun(row), at, before=target_id)
    tx.conn.execute(tables.binding.delete().where(gone))


def get(tx: Tx, kind: str, source_id: str, doc_no: int = 1) -> Binding | None:
    """Return the binding of a source record, or None."""
    row = tx.conn.execute(_SELECT, _key(tx, kind, source_id, doc_no)).first()
    return None if row is None else _noun(row)


def of_source(tx: Tx, kind: str, source_id: str) -> list[Binding]:
    """Return every binding of a source record, in document order."""
    query = (
        select(tables.binding)
        .where(
            (tables.binding.c.pair == tx.pair)
            & (tables.binding.c.kind == kind)
            & (tables.binding.c.source_id == source_id)
        )
        .order_by(tables.binding.c.doc_no)
    )
    return [_noun(row) for row in tx.conn.execute(query)]


def by_target(tx: Tx, kind: str, target_id: str) -> Binding | None:
    """Return the binding of a target record, or None."""
    key = {"its_pair": tx.pair, "its_kind": kind, "its_target": target_id}
    row = tx.conn.execute(_BY_TARGET, key).first()
    return None if row is None else _noun(row)


def all_of(tx: Tx, kind: str) -> list[Binding]:
    """Return every binding of a kind, in source-id order."""
    query = (
        select(tables.binding)
        .where((tables.binding.c.pair == tx.pair) & (tables.binding.c.kind == kind))
        .order_by(tables.binding.c.source_id, tables.binding.c.doc_no)
    )
    return [_noun(row) for row in tx.conn.execute(query)]


def _audited(
    tx: Tx,
    action: str,
    binding: Binding,
    at: datetime,
    *,
    before: str | None = None,
    after: str | None = None,
    **detail: str,
) -> None:
    object_ = audit.document(binding.kind, binding.source_id, binding.doc_no)
    audit.record(tx, action, object_, at, before=before, after=after, **detail)


def _content(binding: Binding) -> dict[str, str]:
    """Return what tells a reader of the audit trail which content the target has, and by which mapping."""
    told = {
        "origin": binding.origin,
        "external_id": binding.external_id,
        "payload": binding.payload_sha,
        "mapping": binding.mapping_sha,
        "version": binding.staged_version,
    }
    return {name: value for name, value in told.items() if value is not None}


def _key(tx: Tx, kind: str, source_id: str, doc_no: int) -> dict[str, Any]:
    return {"its_pair": tx.pair, "its_kind": kind, "its_id": source_id, "its_doc_no": doc_no}


def _values(binding: Binding) -> dict[str, Any]:
    return {
        "kind": binding.kind,
        "source_id": binding.source_id,
        "doc_no": binding.doc_no,
        "external_id": binding.external_id,
        "target_id": binding.target_id,
        "number": binding.number,
        "origin": binding.origin,
        "evidence": binding.evidence,
        "currency": binding.currency,
        "net": None if binding.net is None else str(binding.net),
        "fingerprint": binding.fingerprint,
        "mapping_sha": binding.mapping_sha,
        "payload_sha": binding.payload_sha,
        "staged_version": binding.staged_version,
        "snapshot": binding.snapshot,
        "bound_at": to_text(binding.bound_at),
        "updated_at": to_text(binding.bound_at),
    }


def _noun(row: Row[Any]) -> Binding:
    return Binding(
        kind=row.kind,
        source_id=row.source_id,
        doc_no=row.doc_no,
        external_id=row.external_id,
        target_id=row.target_id,
        number=row.number,
        origin=row.origin,
        evidence=row.evidence,
        currency=row.currency,
        net=None if row.net is None else Decimal(row.net),
        bound_at=from_text(row.bound_at),
        fingerprint=row.fingerprint,
        mapping_sha=row.mapping_sha,
        payload_sha=row.payload_sha,
        staged_version=row.staged_version,
        snapshot=row.snapshot,
    )
