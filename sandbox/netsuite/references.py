"""References from one record to another, by internal or external id."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.netsuite.failure import bad_reference
from sandbox.netsuite.ledger import Ledger
from sandbox.netsuite.record_types import BUILT_IN, stored_type
from sandbox.store import Body


@dataclass(frozen=True, slots=True, kw_only=True)
class Ref:
    """A reference as sent: the target's type and at least one of its ids."""

    target: str
    internal_id: str = ""
    external_id: str = ""

    @property
    def key(self) -> str:
        """What names the target in messages."""
        return self.internal_id or self.external_id


def resolve(ledger: Ledger, ref: Ref, field: str) -> str:
    """Return the internal id of the record that the reference means.

    Raises:
        RecordError: there is no such record, or it is inactive.
    """
    if ref.target in BUILT_IN:
        if ref.internal_id not in BUILT_IN[ref.target]:
            raise bad_reference(field, ref.key)
        return ref.internal_id
    body = lookup(ledger, ref)
    if body is None:
        raise bad_reference(field, ref.key)
    if body.get("isInactive"):
        raise bad_reference(field, ref.key, "The record is inactive.")
    return str(body["id"])


def lookup(ledger: Ledger, ref: Ref) -> Body | None:
    """Return the record that the reference means, active or not, or None; the internal id counts first."""
    type_ = stored_type(ref.target)
    if ref.internal_id:
        return ledger.peek(type_, ref.internal_id)
    return ledger.by_external_id(type_, ref.external_id) if ref.external_id else None


def display_name(ledger: Ledger, target: str, id_: str) -> str:
    """Return what people see for a reference: a document number, a name, an item's name."""
    if target in BUILT_IN:
        return BUILT_IN[target].get(id_, "")
    body = ledger.peek(stored_type(target), id_)
    return "" if body is None else title(target, body)


def title(target: str, body: Body) -> str:
    """Return a record's own name as lists and references show it."""
    if target == "customer":
        return f"{body['entityId']} {body.get('companyName') or ''}".strip()
    for name in ("tranId", "itemId", "entityId", "name"):
        if body.get(name):
            return str(body[name])
    return str(body["id"])
