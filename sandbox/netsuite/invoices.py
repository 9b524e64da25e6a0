"""Invoices: made from an order or on their own, with due date, approval, and what is still open."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sandbox.netsuite import documents, order_progress, periods, settling, trade, transforms
from sandbox.netsuite.draft import Draft
from sandbox.netsuite.failure import RecordError, bad_reference
from sandbox.netsuite.incoming import NOT_ALLOWED
from sandbox.netsuite.ledger import Ledger
from sandbox.netsuite.numbering import numbered
from sandbox.netsuite.preferences import preferences
from sandbox.store import Body

TYPE = "invoice"
PENDING_APPROVAL = "1"
KEYS = ("createdFrom", "terms", "otherRefNum", "memo")
"""Body fields that are there even when they hold nothing."""


def built(ledger: Ledger, base: Body | None, draft: Draft, *, strict: bool = True) -> Body:
    """Return the invoice that results from a settled draft; nothing is written.

    Args:
        ledger: the account.
        base: the invoice as it is, or None for a new one.
        draft: what is wanted; its references are resolved.
        strict: whether the rules for web services hold; a person may do more.

    Raises:
        RecordError: the invoice cannot be saved like this.
    """
    body = documents.begun(ledger, base, draft)
    if documents.is_voiding(base, draft):
        body = settling.invoice_balanced(documents.voided(body))
        periods.place(ledger, base, body, draft, strict=strict)
        return body
    if base is None:
        draft = _from_order(ledger, body, draft, strict=strict)
    elif body.get("createdFrom") != base.get("createdFrom"):
        raise bad_reference("createdFrom", str(body.get("createdFrom")), "An invoice keeps its order.")
    else:
        draft = _by_order_line(base, draft)
    customer = trade.customer_of(ledger, body)
    trade.set_defaults(ledger, body, customer)
    if strict:
        trade.check_subsidiary(body, customer)
    digits = trade.fraction_digits(ledger, body["currency"])
    trade.set_lines(ledger, body, draft, digits=digits, strict=strict)
    trade.totalled(ledger, body, customer, digits)
    if strict and body["total"] < 0:
        raise RecordError("USER_ERROR", "The total of an invoice cannot be negative.")
    _approve(ledger, base, body, draft, strict=strict)
    _set_due_date(ledger, base, body, draft)
    periods.place(ledger, base, body, draft, strict=strict)
    body.setdefault("amountPaid", Decimal(0))
    return settling.invoice_balanced({**dict.fromkeys(KEYS), **body})


def added(ledger: Ledger, body: Body) -> Body:
    """Return a new invoice with internal id, document number and creation stamp, unless it has them."""
    return numbered(ledger, TYPE, body)


def _from_order(ledger: Ledger, body: Body, draft: Draft, *, strict: bool) -> Draft:
    """Take over an order's fields into the body, and return the draft with the order's lines as far as wanted."""
    if not body.get("createdFrom"):
        _check_unsourced(draft)
        return draft
    order = ledger.peek("salesOrder", body["createdFrom"])
    if order is None:
        raise bad_reference("createdFrom", str(body["createdFrom"]))
    reason = order_progress.not_billable(ledger, order) if strict else ""
    if reason:
        raise bad_reference("createdFrom", order["id"], reason)
    for name, value in transforms.inherited(order, first=not _was_billed(order)).items():
        if name not in draft.values:
            body[name] = value
    for name in ("entity", "currency"):
        if body[name] != order[name]:
            raise bad_reference(name, str(body[name]), f"Order {order['tranId']} has another.")
    rows = transforms.order_rows(ledger, order, trade.fraction_digits(ledger, order["currency"]))
    lines = transforms.sourced(rows, draft.lines, replace=draft.replace_lines)
    if strict:
        _check_quantities(rows, lines)
    return replace(draft, lines=lines)


def _was_billed(order: Body) -> bool:
    return any(line.get("quantityBilled") for line in order["lines"])


def _check_unsourced(draft: Draft) -> None:
    for line in draft.lines or ():
        if line.get("orderLine") is not None:
            raise bad_reference("orderLine", str(line["orderLine"]), "The invoice is not made from an order.")


def _check_quantities(rows: list[dict[str, Any]], lines: list[dict[str, Any]]) -> None:
    offered = {int(row["orderLine"]): row for row in rows}
    for line in lines:
        row = offered.get(int(line["orderLine"])) if line.get("orderLine") is not None else None
        if row is not None and abs(Decimal(line["quantity"])) > abs(row["quantity"]):
            text = f"Order line {line['orderLine']}: {row['quantity']} may be billed, not {line['quantity']}."
            raise RecordError("USER_ERROR", f"The quantity exceeds what remains on the order. {text}")


def _by_order_line(base: Body, draft: Draft) -> Draft:
    """Return the draft with line numbers where the lines of an update name order lines only."""
    if draft.lines is None:
        return draft
    numbers = {int(line["orderLine"]): line["line"] for line in base["lines"] if line.get("orderLine") is not None}
    lines = []
    for line in draft.lines:
        number = line.get("orderLine")
        if number is not None and line.get("line") is None:
            if int(number) not in numbers:
                raise bad_reference("orderLine", str(number), "The invoice does not bill it.")
            line = {**line, "line": numbers[int(number)]}
        lines.append(line)
    return replace(draft, lines=lines)


def _approve(ledger: Ledger, base: Body | None, body: Body, draft: Draft, *, strict: bool) -> None:
    if preferences(ledger)["route_invoice_approvals"]:
        body.setdefault("approvalStatus", PENDING_APPROVAL)
    elif strict and draft.values.get("approvalStatus"):
        raise RecordError("INSUFFICIENT_PERMISSION", NOT_ALLOWED.format(name="approvalstatus"))
    moved = base is not None and base.get("approvalStatus") != body.get("approvalStatus")
    if moved and body.get("approvalStatus") in ("1", "3") and body.get("amountPaid"):
        raise RecordError("USER_ERROR", "An invoice to which money is applied cannot lose its approval.")


def _set_due_date(ledger: Ledger, base: Body | None, body: Body, draft: Draft) -> None:
    """Set the due date by the terms, unless one is given or neither day nor terms have changed."""
    same = base is not None and all(base.get(name) == body.get(name) for name in ("tranDate", "terms"))
    if draft.values.get("dueDate") or (same and body.get("dueDate")):
        return
    days = net_days(ledger.peek("term", str(body.get("terms"))) or {})
    body["dueDate"] = (date.fromisoformat(body["tranDate"]) + timedelta(days=days)).isoformat()


def net_days(term: Body) -> int:
    """Return after how many days an invoice with these terms is due; terms that do not say it: at once."""
    if term.get("daysUntilNetDue") is not None:
        return int(term["daysUntilNetDue"])
    match = re.search(r"\bnet\s*(\d{1,3})\b", str(term.get("name") or ""), re.IGNORECASE)
    return int(match[1]) if match else 0
