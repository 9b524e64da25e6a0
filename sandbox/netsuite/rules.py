"""The rules of each record type that can be written, and saving a record with all that follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType

from sandbox.netsuite import (
    credit_memos,
    customers,
    deposit_applications,
    deposits,
    fulfilments,
    invoices,
    journals,
    payments,
    periods,
    refunds,
    sales_orders,
    settling,
)
from sandbox.netsuite.draft import Draft
from sandbox.netsuite.failure import RecordError
from sandbox.netsuite.ledger import Ledger
from sandbox.store import Body

RULES: Mapping[str, ModuleType] = {
    "customer": customers,
    "salesOrder": sales_orders,
    "invoice": invoices,
    "customerPayment": payments,
    "creditMemo": credit_memos,
    "customerDeposit": deposits,
    "depositApplication": deposit_applications,
    "customerRefund": refunds,
    "itemFulfillment": fulfilments,
    "journalEntry": journals,
    "accountingPeriod": periods,
}
"""Each offers ``built(ledger, base, draft, strict=)`` and ``added(ledger, body)``."""

DEPENDENT: Mapping[str, tuple[str, ...]] = {
    "customer": ("salesOrder", "invoice", "customerPayment", "creditMemo", "customerDeposit", "customerRefund"),
    "salesOrder": ("invoice", "itemFulfillment", "customerDeposit"),
    "invoice": ("creditMemo",),
}
"""Types whose records keep another from being deleted."""

POINTERS = ("entity", "customer", "createdFrom", "salesOrder")


def saved(ledger: Ledger, base: Body | None, draft: Draft, *, strict: bool = True, id_: str = "") -> Body:
    """Write what results from a settled draft, and bring all records that it touches up to date.

    Args:
        ledger: the account; a transaction of its store is open.
        base: the record as it is, or None for a new one.
        draft: what is wanted; its references are resolved.
        strict: whether the rules for web services hold; a person may do more.
        id_: internal id of a new record; empty: a fresh one.

    Raises:
        RecordError: the record cannot be saved like this; the transaction must be undone.
    """
    type_ = draft.kind.name
    rules = RULES[type_]
    body: Body = rules.built(ledger, base, draft, strict=strict)
    if base is None:
        body = rules.added(ledger, {**body, **({"id": id_} if id_ else {})})
    ledger.save(type_, body)
    settling.carry_over(ledger, type_, base, body)
    return body


def removed(ledger: Ledger, type_: str, body: Body) -> None:
    """Delete a record; what it contributed to others is taken back.

    Raises:
        RecordError: other records depend on it.
    """
    if body.get("amountPaid") or body.get("usedByOthers"):
        raise RecordError("CANT_DELETE_CHILD_RCRDS_EXIST", "Something is applied.")
    for other in DEPENDENT.get(type_, ()):
        for record in ledger.store.all(other):
            if body["id"] in [record.get(name) for name in POINTERS]:
                text = f"This record cannot be deleted because it has dependent records: {other} {record['id']}."
                raise RecordError("CANT_DELETE_CHILD_RCRDS_EXIST", text)
    settling.carry_over(ledger, type_, body, None)
    ledger.delete(type_, body)
