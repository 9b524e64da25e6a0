"""Rules about money on account."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from reconcile.rule import CASH, Rule, Tables, finding, text
from reconcile.rules_billing import customer_accounts

if TYPE_CHECKING:
    from ibis.expr.types import Table

DONE_ORDERS = ("C", "G", "H")
"""Statuses of an order that is no longer open: Cancelled, Billed, Closed."""
DAYS_APART = 5


def _unapplied(tables: Tables) -> Table:
    accounts, receipts, orders = customer_accounts(tables), tables.receipts, tables.orders
    rows = receipts.filter(receipts.type.isin(("CustPymt", "CustDep")) & receipts.counts & (receipts.unapplied > 0))
    open_orders = orders.filter(orders.status.notin(DONE_ORDERS) & ~orders.stand_alone)
    waits = (rows.type == "CustDep") & rows.order_id.fill_null("").isin(open_orders.order_id)
    rows = rows.filter(rows.stale & ~waits)
    rows = rows.inner_join(accounts, rows.customer_id == accounts.owned_customer)
    return finding(
        rows,
        entity="receipt",
        key=rows.receipt_id,
        crm_id=rows.owned_account,
        erp_id=rows.receipt_id,
        field="unapplied",
        erp_amount=rows.unapplied,
        currency=rows.currency,
        exposure=rows.unapplied,
        detail=rows.number + " is not fully applied",
        severity=ibis.ifelse(rows.long, text("high"), text("medium")),
    )


def _dup_payment(tables: Tables) -> Table:
    """Take every payment that repeats an earlier one, once."""
    accounts, receipts = customer_accounts(tables), tables.receipts
    live = receipts.filter((receipts.type == "CustPymt") & receipts.counts & receipts.reference.notnull())
    first = live.select(
        a_position="position", a_number="number", a_customer="customer_id", a_currency="currency", a_total="total",
        a_reference="reference", a_day="day",
    )  # fmt: skip
    same = (
        (live.customer_id == first.a_customer)
        & (live.currency == first.a_currency)
        & (live.reference == first.a_reference)
        & (live.total == first.a_total)
    )
    rows = live.inner_join(first, same)
    earlier = (rows.a_day < rows.day) | ((rows.a_day == rows.day) & (rows.a_position < rows.position))
    rows = rows.filter(earlier & (rows.day - rows.a_day <= DAYS_APART))
    twins = rows.group_by(twin_id="receipt_id").aggregate(first_number=rows.a_number.argmin(rows.a_position))
    rows = live.inner_join(twins, live.receipt_id == twins.twin_id)
    rows = rows.inner_join(accounts, rows.customer_id == accounts.owned_customer)
    return finding(
        rows,
        entity="receipt",
        key=rows.receipt_id,
        crm_id=rows.owned_account,
        erp_id=rows.receipt_id,
        field="reference",
        erp_value=rows.reference,
        erp_amount=rows.total,
        currency=rows.currency,
        exposure=rows.total,
        detail=text("payment ") + rows.number + " repeats " + rows.first_number + ": same customer, amount, reference",
    )


CASH_RULES: tuple[Rule, ...] = (
    Rule(
        code="UNAPPLIED_CASH",
        family="cash",
        severity="medium",
        owner=CASH,
        title="Money on account that is not applied",
        action="Apply it to the open invoices, or refund it.",
        find=_unapplied,
    ),
    Rule(
        code="DUP_PAYMENT",
        family="cash",
        severity="high",
        owner=CASH,
        title="The same payment twice",
        action="Find out whether the customer paid twice; void or refund the second.",
        find=_dup_payment,
    ),
)
