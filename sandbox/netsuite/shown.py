"""What a read shows of receivables beside their plain fields: status texts and the rows of their lists."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sandbox.netsuite import order_status, settling
from sandbox.netsuite.ledger import Ledger
from sandbox.netsuite.references import display_name
from sandbox.store import Body

Row = dict[str, Any]
PREFILLED = "_shown"
"""Key of a prefilled, unsaved record under which ``initialize`` puts the rows of its lists."""

TEXTS: Mapping[str, Mapping[str, str]] = {
    "invoice": {"A": "Open", "B": "Paid In Full", "D": "Pending Approval", "E": "Rejected", "V": "Voided"},
    "customerPayment": {"A": "Unapproved Payment", "B": "Not Deposited", "C": "Deposited"},
    "creditMemo": {"A": "Open", "B": "Fully Applied", "V": "Voided"},
    "customerDeposit": {"A": "Not Deposited", "B": "Deposited", "C": "Fully Applied"},
    "depositApplication": {"A": "Fully Applied", "V": "Voided"},
    "customerRefund": {"A": "Deposited", "V": "Voided"},
    "itemFulfillment": {"C": "Shipped"},
}
"""Status letter to the text that people see, by type."""

TYPE_NAMES: Mapping[str, str] = {
    "invoice": "Invoice",
    "creditMemo": "Credit Memo",
    "customerPayment": "Payment",
    "customerDeposit": "Customer Deposit",
    "journalEntry": "Journal",
}
"""What a row calls the type of its document."""


def status_text(type_: str, body: Body) -> str:
    """Return what a record's status reads like."""
    if type_ == "salesOrder":
        return order_status.text_of(body["orderStatus"])
    if type_ == "customerPayment" and body.get("voided"):
        return "Voided"
    return TEXTS[type_].get(str(body.get("status") or ""), "")


def rows(ledger: Ledger, type_: str, name: str, body: Body) -> list[Row]:
    """Return the rows of one of a record's lists as a read shows them: only what is applied.

    Args:
        ledger: the account.
        type_: the record's type.
        name: the list's field name.
        body: the record, or a prefilled one.
    """
    if PREFILLED in body:
        return list(body[PREFILLED].get(name, []))
    if name == "lineList":
        return [{key: value for key, value in row.items() if value} for row in body.get("journal", [])]
    kept = body.get("credits" if name == "creditList" else "apply", [])
    if type_ == "customerRefund":
        deposits = ledger.store.table("customerDeposit")
        kept = [row for row in kept if (row["doc"] in deposits) is (name == "depositList")]
    return [row_of(ledger, row["doc"], row) for row in kept]


def row_of(ledger: Ledger, doc: str, applied: Mapping[str, Any] | None = None) -> Row:
    """Return a row for a document: what it is, its total, what is due, and what is applied of it.

    Args:
        ledger: the account.
        doc: internal id of an invoice, or of a credit, payment or deposit.
        applied: the row as kept; None: nothing is applied.
    """
    type_ = "invoice" if ledger.peek("invoice", doc) is not None else settling.source_type(ledger, doc)
    found = ledger.peek(type_, doc) or {}
    own = applied or {}
    taken = own.get("amount", Decimal(0)) + own.get("disc", Decimal(0))
    due = Decimal(found.get("amountRemaining" if type_ == "invoice" else "unapplied") or 0) + taken
    total = found.get({"invoice": "total", "creditMemo": "total", "journalEntry": "credit"}.get(type_, "payment"), 0)
    day = found.get("tranDate")
    row: Row = {"apply": applied is not None, "doc": doc, "line": 0, "type": TYPE_NAMES.get(type_, "")}
    row |= {"applyDate": day, "creditDate": day, "depositDate": day, "refNum": found.get("tranId")}
    row |= {"total": Decimal(total), "due": due, "remaining": due}
    row["currency"] = display_name(ledger, "currency", str(found.get("currency") or "")) or None
    if applied is not None:
        row["amount"] = own["amount"]
        row["disc"] = own.get("disc") or None
    return row
