"""What a rule is: one kind of discrepancy, how to find it and what it does to the bridge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis

from reconcile.options import Severity

if TYPE_CHECKING:
    from ibis.expr.types import Table, Value

MONEY = "decimal(38, 9)"

INTEGRATION, ORDERS, REVENUE = "integration operations", "order management", "revenue operations"
BILLING, CASH, CONTROLLER = "billing and receivables", "cash application", "controller"
"""Who looks after a kind of discrepancy, where no hold names somebody."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tables:
    """The compared tables: some are loaded as read, the others are derived from them once.

    ``placed`` orders with the deal they belong to and their place: ``in`` (of a deal in scope), ``no_deal``,
        ``deleted``, ``not_won``, ``before_go_live``, ``out_of_scope``, ``erp_born``, ``cancelled``; ``copy`` 0 is
        the order itself, 1 and more are further live orders of the same document.
    ``pairs`` deals in scope with their order; ``order_net`` adds further documents in the same currency.
    ``further`` second and later documents of a deal.
    ``gaps`` deals in scope without a live order, with the ``cause``: cancelled, blocked, in_flight, missing.
    ``billed`` invoices with the deal and order they belong to and their place; see :mod:`reconcile.billing`.
    ``rests`` what is left to bill of each order in the population, in parts that sum to it.
    ``settled`` invoices in the population with what was applied to them.
    """

    deals: Table
    orders: Table
    bindings: Table
    customers: Table
    holds: Table
    intents: Table
    placed: Table
    pairs: Table
    further: Table
    gaps: Table
    invoices: Table
    applications: Table
    receipts: Table
    invoice_bindings: Table
    billed: Table
    rests: Table
    settled: Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One kind of discrepancy.

    ``find`` returns rows made by :func:`finding`; ``legs`` rows made by :func:`leg`, the part of the bridge that this
    rule explains. A rule without ``legs`` does not move the totals.
    """

    code: str
    family: str
    severity: Severity
    owner: str
    title: str
    action: str
    find: Callable[[Tables], Table]
    legs: Callable[[Tables], Table] | None = None


def text(value: str) -> Value:
    """Return a text constant."""
    return ibis.literal(value, type="string")


def no_text() -> Value:
    """Return an absent text."""
    return ibis.null("string")


def no_money() -> Value:
    """Return an absent amount."""
    return ibis.null(MONEY)


def finding(
    rows: Table,
    *,
    entity: str,
    key: Value,
    crm_id: Value | None = None,
    erp_id: Value | None = None,
    field: str | Value = "",
    crm_value: Value | None = None,
    erp_value: Value | None = None,
    crm_amount: Value | None = None,
    erp_amount: Value | None = None,
    difference: Value | None = None,
    currency: Value | None = None,
    tolerance: Value | None = None,
    exposure: Value | None = None,
    detail: Value | None = None,
    hold_id: Value | None = None,
    severity: Value | None = None,
) -> Table:
    """Project rows to the columns of a discrepancy.

    ``entity``, ``key`` and ``field`` make its identity together with the rule's code; the values do not.
    ``exposure`` is the money at stake where there is no plain difference; ``severity`` replaces the rule's own.
    """
    return rows.select(
        entity=text(entity),
        key=key,
        crm_id=_or(crm_id, no_text()),
        erp_id=_or(erp_id, no_text()),
        field=text(field) if isinstance(field, str) else field,
        crm_value=_or(crm_value, no_text()),
        erp_value=_or(erp_value, no_text()),
        crm_amount=_or(crm_amount, no_money()).cast(MONEY),
        erp_amount=_or(erp_amount, no_money()).cast(MONEY),
        difference=_or(difference, no_money()).cast(MONEY),
        currency=_or(currency, no_text()),
        tolerance=_or(tolerance, no_money()).cast(MONEY),
        exposure=_or(exposure, no_money()).cast(MONEY),
        detail=_or(detail, text("")),
        hold_id=_or(hold_id, no_text()),
        severity=_or(severity, no_text()),
    )


def leg(rows: Table, line: str, *, items: int | Value, amount: Value | None, currency: Value | None = None) -> Table:
    """Project rows to their effect on one line of the bridge: items and amount to add on the way from CRM to ERP."""
    return rows.select(
        line=text(line),
        currency=(rows.currency if currency is None else currency).fill_null(""),
        items=ibis.literal(items, type="int64") if isinstance(items, int) else items.cast("int64"),
        amount=(ibis.literal(0).cast(MONEY) if amount is None else amount.fill_null(0)).cast(MONEY),
    )


def _or(value: Value | None, absent: Value) -> Value:
    return absent if value is None else value
