"""What an order's invoices, payments and credits come to: the figures for the deal and for the account. Pure.

Paid is not the same as cash received: credits, journals and write-offs settle an invoice too and are told apart.
Amounts of different currencies are never added.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from connectors.receivables import CASH, Application, CreditTerms, Invoice, Receipt
from connectors.records import ErpOrder, Value
from sync.verify import tolerance
from sync.world import (
    BALANCE,
    CREDITED,
    DUE_DATE,
    INVOICE_STATUS,
    INVOICED,
    INVOICED_NET,
    LAST_PAYMENT,
    PAID,
    PAYMENT_STATUS,
    RECEIVABLE_FIELDS,
)

NOTHING = Decimal(0)
NOT_INVOICED, PARTLY_INVOICED, FULLY_INVOICED = "Not Invoiced", "Partially Invoiced", "Invoiced"
OTHER_CURRENCY = "Other Currency"
UNPAID, PARTLY_PAID, FULLY_PAID, ALL_CREDITED, WRITTEN_OFF = (
    "Unpaid",
    "Partially Paid",
    "Paid",
    "Credited",
    "Written Off",
)
BILLED = "G"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """How much of some invoices was settled by what: ``cash``, ``credit`` (memos) and ``other`` (written off)."""

    cash: Decimal = NOTHING
    credit: Decimal = NOTHING
    other: Decimal = NOTHING
    last_payment: date | None = None

    @property
    def credited(self) -> Decimal:
        """Everything that settled without cash."""
        return self.credit + self.other


def settlement(applications: Iterable[Application]) -> Settlement:
    """Add applications by what they are."""
    cash = credit = other = NOTHING
    last: date | None = None
    for one in applications:
        if one.kind in CASH:
            cash += one.amount
            last = one.date if last is None else max(last, one.date)
        elif one.kind == "credit":
            credit += one.amount
        else:
            other += one.amount
    return Settlement(cash=cash, credit=credit, other=other, last_payment=last)


def deal_figures(order: ErpOrder | None, invoices: Sequence[Invoice], currency: str) -> Mapping[str, Value]:
    """Return the receivables fields of a deal: empty without any document, zeros with an order not yet billed."""
    figures: dict[str, Value] = dict.fromkeys(RECEIVABLE_FIELDS)
    posted = [invoice for invoice in invoices if invoice.posted]
    if order is None and not posted:
        return figures
    if any(invoice.currency != currency for invoice in posted):
        return figures | {INVOICE_STATUS: OTHER_CURRENCY}
    settled = settlement(one for invoice in posted for one in invoice.applications)
    invoiced = sum((invoice.total for invoice in posted), NOTHING)
    net = sum((invoice.net for invoice in posted), NOTHING)
    balance = sum((invoice.unpaid for invoice in posted), NOTHING)
    due = [invoice.due_date for invoice in posted if invoice.unpaid > 0 and invoice.due_date is not None]
    return figures | {
        INVOICED: invoiced,
        INVOICED_NET: net,
        PAID: settled.cash,
        CREDITED: settled.credited,
        BALANCE: balance,
        INVOICE_STATUS: invoice_status(order, net, len(posted), currency),
        PAYMENT_STATUS: payment_status(invoiced, balance, settled),
        DUE_DATE: min(due, default=None),
        LAST_PAYMENT: settled.last_payment,
    }


def invoice_status(order: ErpOrder | None, net: Decimal, documents: int, currency: str) -> str:
    """Say how far an order is billed."""
    if not documents:
        return NOT_INVOICED
    if order is None or order.status == BILLED or net + tolerance(currency, len(order.lines)) >= order.net:
        return FULLY_INVOICED
    return PARTLY_INVOICED if net > 0 else NOT_INVOICED


def payment_status(invoiced: Decimal, balance: Decimal, settled: Settlement) -> str:
    """Say how far invoices are settled, and whether by money; invoices over nothing ask for nothing."""
    if not invoiced:
        return NOT_INVOICED
    if balance > 0:
        return PARTLY_PAID if settled.cash or settled.credited else UNPAID
    if settled.cash > 0:
        return FULLY_PAID
    return WRITTEN_OFF if settled.other > 0 else ALL_CREDITED


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountBalance:
    """One customer's receivables in one currency."""

    customer_id: str
    currency: str
    balance: Decimal
    overdue: Decimal
    unapplied: Decimal
    credit_limit: Decimal | None = None
    credit_hold: str | None = None


def account_balances(
    customer_id: str,
    invoices: Iterable[Invoice],
    receipts: Iterable[Receipt],
    terms: CreditTerms | None,
    today: date,
) -> list[AccountBalance]:
    """Return a customer's balances, one for each currency in which it has any document, in currency order."""
    sums: dict[str, list[Decimal]] = {}
    for invoice in invoices:
        if invoice.posted:
            row = sums.setdefault(invoice.currency, [NOTHING, NOTHING, NOTHING])
            row[0] += invoice.unpaid
            row[1] += invoice.unpaid if invoice.due_date is not None and invoice.due_date < today else NOTHING
    for receipt in receipts:
        if receipt.counts and receipt.type != "CustRfnd":
            sums.setdefault(receipt.currency, [NOTHING, NOTHING, NOTHING])[2] += receipt.unapplied
    return [
        AccountBalance(
            customer_id=customer_id,
            currency=currency,
            balance=balance,
            overdue=overdue,
            unapplied=unapplied,
            credit_limit=terms.limit if terms is not None and terms.currency == currency else None,
            credit_hold=terms.hold if terms is not None else None,
        )
        for currency, (balance, overdue, unapplied) in sorted(sums.items())
    ]
