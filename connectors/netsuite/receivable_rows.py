"""SuiteQL rows as invoices, applications, receipts, periods and credit terms. Every amount becomes positive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import cast

from connectors.netsuite import rows
from connectors.netsuite.receivable_queries import DELETED_TYPES
from connectors.netsuite.suiteql import Row
from connectors.receivables import (
    Application,
    ApplicationKind,
    CreditTerms,
    Invoice,
    InvoiceLine,
    Period,
    Receipt,
    ReceiptType,
)
from connectors.records import ControlTotal

Sums = tuple[Decimal, Decimal]
"""Net and tax of a document."""

NOTHING = Decimal(0)
KINDS: Mapping[str, ApplicationKind] = {
    "CustPymt": "payment",
    "CustCred": "credit",
    "DepAppl": "deposit",
    "Journal": "journal",
}
"""How an invoice was settled, by the applying transaction's type; any other type brings no cash: ``journal``."""


def invoice(
    head: Row, sums: Sums, applications: Sequence[Application], lines: Sequence[InvoiceLine], stamps: Sequence[str]
) -> Invoice:
    """Return an invoice.

    Raises:
        RowError: a column is missing or is not what it must be.
    """
    net, tax = sums
    total, paid = rows.number(head, "foreigntotal") or NOTHING, rows.number(head, "foreignamountpaid") or NOTHING
    unpaid = rows.number(head, "foreignamountunpaid")
    return Invoice(
        id=str(rows.integer(head, "id")),
        number=rows.text(head, "tranid") or "",
        external_id=rows.text(head, "externalid"),
        customer_id=rows.needed(head, "entity"),
        currency=rows.text(head, "currency") or "",
        date=rows.day(head, "trandate"),
        due_date=rows.day(head, "duedate") if rows.text(head, "duedate") else None,
        status="V" if rows.flag(head, "voided") else rows.letter(head, "status"),
        net=net,
        tax=tax,
        total=total,
        paid=paid,
        unpaid=unpaid if unpaid is not None else total - paid,
        period_id=rows.text(head, "postingperiod"),
        order_id=_source(head, "SalesOrd"),
        po_number=rows.text(head, "otherrefnum"),
        memo=rows.text(head, "memo"),
        modified=rows.stamp(head, "modified"),
        created=rows.stamp(head, "created"),
        deal_id=rows.text(head, "custbody_tieout_deal_id"),
        intent=rows.text(head, "custbody_tieout_intent"),
        stamps={name: text for name in stamps if (text := rows.text(head, name.lower()))},
        applications=tuple(applications),
        lines=tuple(lines),
    )


def applications(row: Row) -> list[Application]:
    """Return what one transaction settled of one invoice: its money or credit, and the discount it took.

    Raises:
        RowError: a column is missing or is not what it must be.
    """
    source_type = rows.needed(row, "type")
    parts: tuple[tuple[ApplicationKind, Decimal | None], ...] = (
        (KINDS.get(source_type, "journal"), rows.number(row, "applied")),
        ("write_off", rows.number(row, "discount")),
    )
    return [
        Application(
            invoice_id=str(rows.integer(row, "invoice")),
            source_id=str(rows.integer(row, "source")),
            source_type=source_type,
            source_number=rows.text(row, "tranid") or "",
            kind=kind,
            date=rows.day(row, "trandate"),
            amount=amount,
        )
        for kind, amount in parts
        if amount
    ]


def line(row: Row) -> InvoiceLine:
    """Return an invoice's line.

    Raises:
        RowError: a column is missing or is not what it must be.
    """
    return InvoiceLine(
        line=rows.integer(row, "line"),
        order_line=rows.integer(row, "orderline") if rows.text(row, "orderline") else None,
        item_id=rows.text(row, "item"),
        quantity=rows.turned(rows.number(row, "quantity")),
        amount=rows.turned(rows.number(row, "foreignamount")) or NOTHING,
        key=rows.text(row, "custcol_tieout_line_id"),
    )


def receipt(head: Row) -> Receipt:
    """Return a payment, deposit, credit memo or refund.

    A refund is used up as it is made: it pays out another receipt's remainder.

    Raises:
        RowError: a column is missing or is not what it must be.
    """
    type_, letter = rows.needed(head, "type"), (rows.text(head, "status") or "").split(":")[-1]
    total = abs(rows.number(head, "foreigntotal") or NOTHING)
    applied, unapplied = _used(head, total)
    voided = rows.flag(head, "voided") or letter == "V"
    return Receipt(
        id=str(rows.integer(head, "id")),
        type=cast(ReceiptType, type_),
        number=rows.text(head, "tranid") or "",
        customer_id=rows.needed(head, "entity"),
        currency=rows.text(head, "currency") or "",
        date=rows.day(head, "trandate"),
        status=letter,
        total=total,
        applied=total if type_ == "CustRfnd" else applied,
        unapplied=NOTHING if type_ == "CustRfnd" else unapplied,
        counts=not voided and not (type_ == "CustPymt" and letter == "A"),
        voided=voided,
        modified=rows.stamp(head, "modified"),
        created=rows.stamp(head, "created"),
        period_id=rows.text(head, "postingperiod"),
        order_id=_source(head, "SalesOrd"),
        invoice_id=_source(head, "CustInvc"),
        memo=rows.text(head, "memo"),
        reference=rows.text(head, "otherrefnum"),
    )


def _used(head: Row, total: Decimal) -> Sums:
    used, unused = (rows.number(head, f"foreignpaymentamount{part}") for part in ("used", "unused"))
    unapplied = abs(unused) if unused is not None else NOTHING
    return abs(used) if used is not None else total - unapplied, unapplied


def deleted(row: Row) -> tuple[str, str]:
    """Return type and internal id of a deleted transaction.

    Raises:
        RowError: a column is missing or is not what it must be.
    """
    name = rows.needed(row, "type")
    return DELETED_TYPES.get(name, name), str(rows.integer(row, "recordid"))


def period(row: Row) -> Period:
    """Return an accounting period.

    Raises:
        RowError: a column is missing or is not what it must be.
    """
    return Period(
        id=str(rows.integer(row, "id")),
        name=rows.needed(row, "periodname"),
        start=rows.day(row, "startdate"),
        end=rows.day(row, "enddate"),
        closed=rows.flag(row, "closed") or rows.flag(row, "arlocked"),
        closed_on=rows.stamp(row, "closedon") if rows.text(row, "closedon") else None,
    )


def credit_terms(row: Row) -> CreditTerms:
    """Return a customer's credit limit and hold.

    Raises:
        RowError: a column is missing or is not what it must be.
    """
    return CreditTerms(
        customer_id=str(rows.integer(row, "id")),
        currency=rows.text(row, "currency") or "",
        limit=rows.number(row, "creditlimit"),
        hold=rows.text(row, "creditholdoverride"),
    )


def total(row: Row) -> ControlTotal:
    """Return count and gross sum of one currency.

    Raises:
        RowError: a column is missing or is not what it must be.
    """
    return ControlTotal(
        currency=rows.text(row, "currency") or "",
        count=rows.integer(row, "documents"),
        amount=rows.number(row, "total") or NOTHING,
    )


def _source(head: Row, type_: str) -> str | None:
    return rows.text(head, "source") if rows.text(head, "sourcetype") == type_ else None
