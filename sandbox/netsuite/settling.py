"""What one document does to others: money applied, credits used, quantities billed and fulfilled.

Every document contributes amounts to other records. When it is saved, only the difference between what it
contributed before and what it contributes now is carried over; so the figures of an invoice, a credit or an order
are always the sum over the live documents that name it.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from sandbox.netsuite import order_progress, order_status
from sandbox.netsuite.failure import RecordError
from sandbox.netsuite.ledger import Ledger
from sandbox.netsuite.money import plain
from sandbox.netsuite.preferences import preferences
from sandbox.store import Body

OPEN, PAID, PENDING, REJECTED, VOIDED = "A", "B", "D", "E", "V"
"""Statuses of an invoice; a credit memo has open, fully applied (B) and voided."""

SOURCES = ("creditMemo", "customerPayment", "customerDeposit", "journalEntry")
"""Documents whose amount others may use up."""

UNAPPROVED = "A"
"""Status of a payment that does not count yet."""


class Target(NamedTuple):
    """One figure of another record: ``paid``, ``used``, ``quantityBilled`` or ``quantityFulfilled``."""

    figure: str
    type: str
    id: str
    line: int = 0


def contributions(ledger: Ledger, type_: str, body: Body | None) -> dict[Target, Decimal]:
    """Return what a document adds to figures of other records."""
    found: dict[Target, Decimal] = {}
    if body is None or body.get("voided") or (type_ == "customerPayment" and body.get("status") == UNAPPROVED):
        return found

    def add(target: Target, amount: Decimal) -> None:
        found[target] = found.get(target, Decimal(0)) + amount

    order = body.get("createdFrom") if type_ in ("invoice", "itemFulfillment") else None
    figure = "quantityBilled" if type_ == "invoice" else "quantityFulfilled"
    for line in body.get("lines", []) if order else []:
        if line.get("orderLine") is not None:
            add(Target(figure, "salesOrder", str(order), int(line["orderLine"])), Decimal(line["quantity"]))
    settles = type_ in ("customerPayment", "creditMemo", "depositApplication")
    for row in body.get("apply", []):
        if settles:
            add(Target("paid", "invoice", row["doc"]), row["amount"] + row.get("disc", Decimal(0)))
        else:
            add(Target("used", source_type(ledger, row["doc"]), row["doc"]), row["amount"])
    for row in body.get("credits", []):
        add(Target("used", source_type(ledger, row["doc"]), row["doc"]), row["amount"])
    if type_ == "depositApplication":
        add(Target("used", "customerDeposit", body["deposit"]), body["total"])
    return found


def source_type(ledger: Ledger, id_: str) -> str:
    """Return which type of usable document an internal id belongs to; empty when none."""
    return next((type_ for type_ in SOURCES if ledger.peek(type_, id_) is not None), "")


def carry_over(ledger: Ledger, type_: str, before: Body | None, after: Body | None) -> None:
    """Bring all records that the document touches up to date.

    Raises:
        RecordError: more would be applied, used, billed or fulfilled than there is.
    """
    was, now = contributions(ledger, type_, before), contributions(ledger, type_, after)
    changes: dict[tuple[str, str], dict[Target, Decimal]] = {}
    for target in sorted({*was, *now}):
        difference = now.get(target, Decimal(0)) - was.get(target, Decimal(0))
        if difference:
            changes.setdefault((target.type, target.id), {})[target] = difference
    for (target_type, id_), differences in changes.items():
        _change(ledger, target_type, id_, differences)


def _change(ledger: Ledger, type_: str, id_: str, differences: Mapping[Target, Decimal]) -> None:
    body = ledger.store.get(type_, id_)
    if body is None:
        return
    if type_ == "salesOrder":
        ledger.save(type_, _progressed(ledger, body, differences))
    elif type_ == "invoice":
        changed = _paid(body, sum(differences.values(), Decimal(0)))
        if preferences(ledger)["payment_touches_invoice"]:
            ledger.save(type_, changed)
        else:
            ledger.put(type_, changed)
    else:
        others = Decimal(body.get("usedByOthers") or 0) + sum(differences.values(), Decimal(0))
        ledger.save(type_, balanced(type_, {**body, "usedByOthers": others}))


def _paid(invoice: Body, difference: Decimal) -> Body:
    if difference > 0 and invoice["status"] not in (OPEN, PAID):
        raise RecordError("USER_ERROR", f"Invoice {invoice['tranId']} is not posted; nothing can be applied to it.")
    return invoice_balanced({**invoice, "amountPaid": Decimal(invoice["amountPaid"]) + difference})


def invoice_balanced(invoice: Body) -> Body:
    """Return the invoice with the amount that remains, and the status that follows.

    Raises:
        RecordError: more is applied than its total.
    """
    total, paid = Decimal(invoice["total"]), Decimal(invoice["amountPaid"])
    remaining = total - paid
    if paid and not 0 <= remaining <= total:
        text = f"Invoice {invoice['tranId']}: {plain(paid)} applied is more than its total of {plain(total)}."
        raise RecordError("USER_ERROR", text)
    return {**invoice, "amountRemaining": remaining, "status": _invoice_status(invoice, remaining)}


def _invoice_status(invoice: Body, remaining: Decimal) -> str:
    if invoice.get("voided"):
        return VOIDED
    routed = {"1": PENDING, "3": REJECTED}.get(str(invoice.get("approvalStatus") or ""))
    return routed or (OPEN if remaining else PAID)


def balanced(type_: str, body: Body) -> Body:
    """Return a payment, credit memo, deposit or journal with applied, unapplied and status.

    ``usedByOthers`` is what payments (of a credit), deposit applications and refunds take of it.

    Raises:
        RecordError: more is applied than it holds.
    """
    others = Decimal(body.get("usedByOthers") or 0)
    own = sum((row["amount"] for row in body.get("apply", [])), Decimal(0))
    amount = {"creditMemo": "total", "journalEntry": "credit"}.get(type_, "payment")
    held = Decimal(body[amount]) + sum((row["amount"] for row in body.get("credits", [])), Decimal(0))
    unapplied = held - own - others
    if unapplied < 0:
        text = f"{body.get('tranId') or 'The document'}: {plain(own + others)} is applied of only {plain(held)}."
        raise RecordError("TRANS_APPLIED_AMTS_UNBALNCD", text)
    result = {**body, "usedByOthers": others, "applied": own + others, "unapplied": unapplied}
    return {**result, "status": _source_status(type_, result)}


def _source_status(type_: str, body: Body) -> str:
    if type_ == "creditMemo":
        return VOIDED if body.get("voided") else OPEN if body["unapplied"] else PAID
    deposited = body.get("undepFunds") is False or bool(body.get("account"))
    if type_ == "customerDeposit":
        return "C" if not body["unapplied"] and not body.get("voided") else "B" if deposited else "A"
    if type_ == "customerPayment":
        return UNAPPROVED if body.get("status") == UNAPPROVED else "C" if deposited else "B"
    return str(body.get("status") or "B")


def _progressed(ledger: Ledger, order: Body, differences: Mapping[Target, Decimal]) -> Body:
    by_line = {(target.line, target.figure): amount for target, amount in differences.items()}
    lines = [
        {
            **line,
            **{
                name: order_progress.quantity(line, name) + by_line.get((int(line["line"]), name), Decimal(0))
                for name in ("quantityBilled", "quantityFulfilled")
            },
        }
        for line in order["lines"]
    ]
    for line in lines:
        if (int(line["line"]), "quantityBilled") in by_line or (int(line["line"]), "quantityFulfilled") in by_line:
            order_progress.check(order, line)
    changed = {**order, "lines": lines}
    return order_progress.restated(ledger, changed) if order["orderStatus"] in order_status.APPROVED else changed
