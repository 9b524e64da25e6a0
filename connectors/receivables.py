"""The ERP's receivables as plain values: invoices, what was applied to them, money on account, periods.

Standard library only. Every amount is positive in the document's own currency unless a docstring says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from connectors.records import Day

INVOICE_STATUS_NAMES: Mapping[str, str] = {
    "A": "Open",
    "B": "Paid In Full",
    "D": "Pending Approval",
    "E": "Rejected",
    "V": "Voided",
}
"""Invoice status letters as SuiteQL returns them for type CustInvc."""

POSTED = ("A", "B")
"""Invoices that count as invoiced: neither pending approval, rejected nor voided."""

REVERSED = ("E", "V")
"""Invoices that finance took back: rejected, voided."""

ApplicationKind = Literal["payment", "deposit", "credit", "journal", "write_off"]
"""How an invoice was settled. Only ``payment`` and ``deposit`` are cash."""

CASH: tuple[ApplicationKind, ...] = ("payment", "deposit")

PERIOD_CODES = frozenset(
    {"TRAN_PERIOD_CLOSED", "TRAN_PRD_CLOSED", "CLOSED_TRAN_PRD", "INVALID_PERIOD", "ACCTNG_PRD_REQD"}
)
"""Codes with which NetSuite refuses a posting document because of its period: closed, locked or missing
(Oracle: StatusDetailCodeType)."""

ReceiptType = Literal["CustPymt", "CustDep", "CustCred", "CustRfnd"]
"""NetSuite's transaction types of money and credits on a customer's account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """An amount applied to one invoice by one transaction.

    ``date`` is the applying transaction's own date: what a period's balance is rebuilt from. ``source_type`` is
    NetSuite's type (``CustPymt``, ``CustCred``, ``DepAppl``, ``Journal``). A discount taken on a payment is an
    application of kind ``write_off`` by that payment.
    """

    invoice_id: str
    source_id: str
    source_type: str
    source_number: str
    kind: ApplicationKind
    date: date
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceLine:
    """One item line of an invoice; ``order_line`` is the line of the sales order that it bills."""

    line: int
    order_line: int | None
    item_id: str | None
    quantity: Decimal | None
    amount: Decimal
    key: str | None = None
    """``custcol_tieout_line_id``: the OpportunityLineItem id, carried over from the order's line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """One NetSuite invoice.

    ``net`` excludes tax and shipping, ``total`` includes them. ``paid`` is everything applied, whatever its kind;
    ``unpaid`` the open amount. ``order_id`` is the sales order that it was made from.
    """

    id: str
    number: str
    external_id: str | None
    customer_id: str
    currency: str
    date: date
    due_date: Day | None
    status: str
    net: Decimal
    tax: Decimal
    total: Decimal
    paid: Decimal
    unpaid: Decimal
    period_id: str | None
    order_id: str | None
    po_number: str | None
    memo: str | None
    modified: datetime
    created: datetime
    deal_id: str | None = None
    intent: str | None = None
    stamps: Mapping[str, str] = field(default_factory=dict)
    """Values of the custom fields that were asked for beside Tieout's own, such as the admin's deal field."""
    applications: Sequence[Application] = ()
    lines: Sequence[InvoiceLine] = ()

    @property
    def posted(self) -> bool:
        """Whether it counts as invoiced."""
        return self.status in POSTED

    @property
    def status_name(self) -> str:
        """The status in NetSuite's words."""
        return INVOICE_STATUS_NAMES.get(self.status, f"unknown status {self.status}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Money or credit on a customer's account: payment, deposit, credit memo, or a refund that pays one out.

    ``total`` is its whole amount, ``applied`` what was used, ``unapplied`` what is left on account. ``counts`` is
    false while it is unapproved and once it is voided. ``order_id`` is the order of a deposit, ``invoice_id`` the
    invoice that a credit memo was made from.
    """

    id: str
    type: ReceiptType
    number: str
    customer_id: str
    currency: str
    date: date
    status: str
    total: Decimal
    applied: Decimal
    unapplied: Decimal
    counts: bool
    voided: bool
    modified: datetime
    created: datetime
    period_id: str | None = None
    order_id: str | None = None
    invoice_id: str | None = None
    memo: str | None = None
    reference: str | None = None
    """The payer's own reference: cheque number of a payment (NetSuite's ``otherrefnum``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """One accounting period (a month, never a quarter or year). ``closed``: receivables cannot be posted in it."""

    id: str
    name: str
    start: date
    end: date
    closed: bool
    closed_on: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditTerms:
    """A customer's credit limit and hold, in the customer's own currency."""

    customer_id: str
    currency: str
    limit: Decimal | None
    hold: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BillableLine:
    """One line that NetSuite offers to bill: an invoice line as ``initialize`` prefills it."""

    order_line: int
    item_id: str
    quantity: Decimal | None
    rate: Decimal | None
    amount: Decimal
    key: str | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Billable:
    """What NetSuite would bill of an order now. ``lines`` empty: nothing, ``reason`` says why in NetSuite's words."""

    order_id: str
    lines: Sequence[BillableLine] = ()
    discount: Decimal = Decimal(0)
    """Discount on the whole invoice, negative: the net is the sum of the lines and this."""
    code: str = ""
    reason: str = ""
