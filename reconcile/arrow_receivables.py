"""Invoices, what was applied to them, and money on account as columnar tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa

from connectors.receivables import Invoice, Receipt
from connectors.records import WIDE, Day, quantize_money
from reconcile.arrow import FLAG, MONEY, NUMBER, TEXT, Column, arrow_table, day_number, stamp_key
from reconcile.options import Options
from reconcile.snapshot import Snapshot
from reconcile.today import as_of_day

OVERDUE_LONG = 30
STATES: Mapping[str, str] = {"A": "posted", "B": "posted", "D": "pending", "E": "rejected", "V": "voided"}
"""What an invoice's status letter means for what counts as invoiced; any other letter is ``unknown``."""


def invoices_table(invoices: Sequence[Invoice], snapshot: Snapshot, options: Options) -> pa.Table:
    """Return one row an invoice.

    ``state`` says whether it counts (``posted``) or why not. ``later``: it belongs to a later period than the one
    reconciled. ``fresh``: it changed less than the SLA ago. ``old``: it is dated before go-live. ``closed_late``: it
    was made after its period was closed.
    """
    today, closed = as_of_day(snapshot, options), _closings(snapshot)
    return arrow_table(
        Column("invoice_id", TEXT, (i.id for i in invoices)),
        Column("position", TEXT, (i.id.rjust(20, "0") for i in invoices)),
        Column("number", TEXT, (i.number for i in invoices)),
        Column("customer_id", TEXT, (i.customer_id or None for i in invoices)),
        Column("currency", TEXT, (i.currency or None for i in invoices)),
        Column("net", MONEY, (i.net for i in invoices)),
        Column("total", MONEY, (i.total for i in invoices)),
        Column("unpaid", MONEY, (i.unpaid for i in invoices)),
        Column("state", TEXT, (STATES.get(i.status, "unknown") for i in invoices)),
        Column("order_id", TEXT, (i.order_id for i in invoices)),
        Column("field_key", TEXT, (_field_key(i, snapshot.deal_field) for i in invoices)),
        Column("due_day", NUMBER, (day_number(i.due_date) for i in invoices)),
        Column("days_over", NUMBER, (_days_over(i.due_date, today) for i in invoices)),
        Column("fresh", FLAG, (snapshot.erp_at - i.modified <= options.sla for i in invoices)),
        Column("later", FLAG, (i.id in snapshot.later for i in invoices)),
        Column("old", FLAG, (i.date < snapshot.go_live for i in invoices)),
        Column("closed_late", FLAG, (_late(i.created, i.period_id, closed) for i in invoices)),
    )


def applications_table(invoices: Sequence[Invoice]) -> pa.Table:
    """Return one row an amount applied to an invoice."""
    rows = [one for invoice in invoices for one in invoice.applications]
    return arrow_table(
        Column("invoice_id", TEXT, (a.invoice_id for a in rows)),
        Column("source_id", TEXT, (a.source_id for a in rows)),
        Column("kind", TEXT, (a.kind for a in rows)),
        Column("day", NUMBER, (day_number(a.date) for a in rows)),
        Column("amount", MONEY, (a.amount for a in rows)),
    )


def credits_table(invoices: Sequence[Invoice], receipts: Sequence[Receipt], snapshot: Snapshot) -> pa.Table:
    """Return the net part of what was credited of each invoice: of memos applied to it, or made from it if more.

    A credit takes tax and shipping along in the invoice's own proportion: ``credited x net / total``, rounded half up
    to the minor unit.
    """
    made = defaultdict[str, Decimal](Decimal)
    for receipt in receipts:
        if receipt.type == "CustCred" and receipt.invoice_id is not None and counts(receipt, snapshot):
            made[receipt.invoice_id] += receipt.total
    credited = {i.id: max(_applied_credit(i), made[i.id]) for i in invoices}
    rows = [(i.id, _net_part(i, credited[i.id])) for i in invoices if credited[i.id]]
    return arrow_table(
        Column("credited_id", TEXT, (id_ for id_, _ in rows)), Column("credit_net", MONEY, (net for _, net in rows))
    )


def _applied_credit(invoice: Invoice) -> Decimal:
    return sum((one.amount for one in invoice.applications if one.kind == "credit"), Decimal(0))


def _net_part(invoice: Invoice, credit: Decimal) -> Decimal:
    if not invoice.total:
        return Decimal(0)
    return quantize_money(WIDE.divide(WIDE.multiply(credit, invoice.net), invoice.total), invoice.currency)


def counts(receipt: Receipt, snapshot: Snapshot) -> bool:
    """Tell whether a receipt is live and belongs to no later period than the one reconciled."""
    return receipt.counts and not receipt.voided and receipt.id not in snapshot.later


def receipts_table(receipts: Sequence[Receipt], snapshot: Snapshot, options: Options) -> pa.Table:
    """Return one row a payment, deposit, credit memo or refund.

    ``stale``: older than money on account may become; ``long``: older than 30 days.
    """
    today, closed = as_of_day(snapshot, options), _closings(snapshot)
    return arrow_table(
        Column("receipt_id", TEXT, (r.id for r in receipts)),
        Column("position", TEXT, (r.id.rjust(20, "0") for r in receipts)),
        Column("type", TEXT, (r.type for r in receipts)),
        Column("number", TEXT, (r.number for r in receipts)),
        Column("customer_id", TEXT, (r.customer_id or None for r in receipts)),
        Column("currency", TEXT, (r.currency or None for r in receipts)),
        Column("total", MONEY, (r.total for r in receipts)),
        Column("unapplied", MONEY, (r.unapplied for r in receipts)),
        Column("counts", FLAG, (counts(r, snapshot) for r in receipts)),
        Column("order_id", TEXT, (r.order_id for r in receipts)),
        Column("invoice_id", TEXT, (r.invoice_id for r in receipts)),
        Column("reference", TEXT, ((r.reference or "").strip().casefold() or None for r in receipts)),
        Column("day", NUMBER, (day_number(r.date) for r in receipts)),
        Column("stale", FLAG, (today - r.date > options.unapplied_after for r in receipts)),
        Column("long", FLAG, ((today - r.date).days > OVERDUE_LONG for r in receipts)),
        Column("fresh", FLAG, (snapshot.erp_at - r.modified <= options.sla for r in receipts)),
        Column("closed_late", FLAG, (_late(r.created, r.period_id, closed) for r in receipts)),
    )


def _field_key(invoice: Invoice, deal_field: str | None) -> str | None:
    """Return the key of the deal that finance wrote on the invoice, in the field the admin named."""
    return stamp_key(invoice.stamps.get(deal_field)) if deal_field else None


def _days_over(due: Day | None, today: date) -> int:
    """Return the days past due; zero or less is not overdue, and so is an invoice without a due date."""
    return 0 if due is None else (today - due).days


def _closings(snapshot: Snapshot) -> dict[str, datetime]:
    return {p.id: p.closed_on for p in snapshot.periods if p.closed and p.closed_on is not None}


def _late(created: datetime, period_id: str | None, closed: Mapping[str, datetime]) -> bool:
    return period_id is not None and period_id in closed and created > closed[period_id]
