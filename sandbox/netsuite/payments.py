"""Customer payments: money received, the invoices that it settles, the credits that it uses, what is left over."""

from __future__ import annotations

from decimal import Decimal

from sandbox.netsuite import apply_rows, documents, periods, settling
from sandbox.netsuite.draft import Draft
from sandbox.netsuite.failure import RecordError
from sandbox.netsuite.ledger import Ledger
from sandbox.netsuite.numbering import numbered
from sandbox.store import Body

TYPE = "customerPayment"
CREDITS = ("creditMemo", "journalEntry")


def built(ledger: Ledger, base: Body | None, draft: Draft, *, strict: bool = True) -> Body:
    """Return the payment that results from a settled draft; nothing is written.

    Without an amount a new payment is as large as what it applies; money that is not applied stays on account.
    ``autoApply`` applies the rest to the oldest open invoices (standard: it does not).

    Raises:
        RecordError: the payment cannot be saved like this.
    """
    body = documents.begun(ledger, base, draft)
    if documents.is_voiding(base, draft):
        body = settling.balanced(TYPE, documents.voided(body))
    else:
        documents.set_parties(ledger, body, "customer")
        _set_rows(ledger, base, body, draft)
        body = settling.balanced(TYPE, body)
    body["total"] = body["payment"]
    periods.place(ledger, base, body, draft, strict=strict)
    return body


def added(ledger: Ledger, body: Body) -> Body:
    """Return a new payment with internal id, document number and creation stamp, unless it has them."""
    return numbered(ledger, TYPE, body)


def _set_rows(ledger: Ledger, base: Body | None, body: Body, draft: Draft) -> None:
    kept, credits = (list(body.get(name, [])) for name in ("apply", "credits"))
    live = base is not None and base.get("status") != settling.UNAPPROVED
    room = apply_rows.invoice_room(ledger, body, body["customer"], kept if live else [])
    used = apply_rows.source_room(ledger, body, body["customer"], credits if live else [], CREDITS)
    body["credits"] = apply_rows.merged(ledger, body, credits, draft, "creditList", used)
    body["apply"] = apply_rows.merged(ledger, body, kept, draft, "applyList", room, discounts=True)
    if "payment" not in body:
        body["payment"] = max(_sum(body["apply"]) - _sum(body["credits"]), Decimal(0))
    body["payment"] = documents.money(ledger, body, body["payment"])
    if body.pop("autoApply", False):
        _apply_oldest(ledger, body)
    if not body["payment"] and not body["apply"] and base is None:
        raise RecordError("USER_ERROR", "A payment must have an amount or apply a credit.")


def _apply_oldest(ledger: Ledger, body: Body) -> None:
    left = body["payment"] + _sum(body["credits"]) - _sum(body["apply"])
    named = {row["doc"] for row in body["apply"]}
    for invoice in open_invoices(ledger, body["customer"], body["currency"]):
        amount = min(left, Decimal(invoice["amountRemaining"]))
        if amount > 0 and invoice["id"] not in named:
            body["apply"].append({"doc": invoice["id"], "line": 0, "amount": amount, "disc": Decimal(0)})
            left -= amount


def open_invoices(ledger: Ledger, customer: str, currency: str) -> list[Body]:
    """Return a customer's posted invoices in a currency with something left to pay, the oldest first."""
    found = [
        invoice
        for invoice in ledger.store.all("invoice")
        if invoice["entity"] == customer and invoice["currency"] == currency and invoice["status"] == settling.OPEN
    ]
    return sorted(found, key=lambda invoice: (invoice["dueDate"], int(invoice["id"])))


def _sum(rows: list[dict[str, Decimal]]) -> Decimal:
    return sum((row["amount"] for row in rows), Decimal(0))
