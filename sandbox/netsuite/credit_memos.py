"""Credit memos: made from an invoice or on their own, applied to invoices or left open."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from sandbox.netsuite import apply_rows, documents, periods, settling, trade, transforms
from sandbox.netsuite.draft import Draft
from sandbox.netsuite.failure import RecordError, bad_reference
from sandbox.netsuite.ledger import Ledger
from sandbox.netsuite.numbering import numbered
from sandbox.store import Body

TYPE = "creditMemo"


def built(ledger: Ledger, base: Body | None, draft: Draft, *, strict: bool = True) -> Body:
    """Return the credit memo that results from a settled draft; nothing is written.

    It applies only what its ``applyList`` says, even when it is made from an invoice.

    Raises:
        RecordError: the credit memo cannot be saved like this.
    """
    body = documents.begun(ledger, base, draft)
    if documents.is_voiding(base, draft):
        body = settling.balanced(TYPE, documents.voided(body))
        periods.place(ledger, base, body, draft, strict=strict)
        return body
    if base is None:
        draft = _from_invoice(ledger, body, draft)
    customer = trade.customer_of(ledger, body)
    trade.set_defaults(ledger, body, customer)
    if strict:
        trade.check_subsidiary(body, customer)
    digits = trade.fraction_digits(ledger, body["currency"])
    trade.set_lines(ledger, body, draft, digits=digits, strict=strict)
    trade.totalled(ledger, body, customer, digits)
    if body["total"] < 0:
        raise RecordError("USER_ERROR", "The total of a credit memo cannot be negative.")
    kept = list(body.get("apply", []))
    room = apply_rows.invoice_room(ledger, body, body["entity"], kept)
    body["apply"] = apply_rows.merged(ledger, body, kept, draft, "applyList", room)
    if body.pop("autoApply", False) and body.get("createdFrom") and not body["apply"]:
        amount = min(room(body["createdFrom"]), Decimal(body["total"]))
        body["apply"] = [{"doc": body["createdFrom"], "line": 0, "amount": amount}] if amount else []
    body = settling.balanced(TYPE, {"createdFrom": None, **body})
    periods.place(ledger, base, body, draft, strict=strict)
    return body


def added(ledger: Ledger, body: Body) -> Body:
    """Return a new credit memo with internal id, document number and creation stamp, unless it has them."""
    return numbered(ledger, TYPE, body)


def _from_invoice(ledger: Ledger, body: Body, draft: Draft) -> Draft:
    if not body.get("createdFrom"):
        return draft
    invoice = ledger.peek("invoice", body["createdFrom"])
    if invoice is None or invoice["status"] not in (settling.OPEN, settling.PAID):
        raise bad_reference("createdFrom", str(body["createdFrom"]), "There is no such posted invoice.")
    for name, value in transforms.inherited(invoice, first=False).items():
        if name not in draft.values:
            body[name] = value
    rows = transforms.invoice_rows(invoice, trade.fraction_digits(ledger, invoice["currency"]))
    return replace(draft, lines=transforms.sourced(rows, draft.lines, replace=draft.replace_lines))
