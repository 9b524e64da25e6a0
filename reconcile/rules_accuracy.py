"""Rules about deals and orders that belong together and differ, and about their life after the win."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from reconcile.chain_populations import of_state, order_leg
from reconcile.matching import CANCELLED, CLOSED
from reconcile.rule import ORDERS, REVENUE, Rule, Tables, finding, leg, text
from reconcile.rules_billing import billed_lost

if TYPE_CHECKING:
    from ibis.expr.types import BooleanValue, Table

ALLOWED_WHEN_WON = ("A", "B", "D", "E", "F", "G")
"""Order states that a won deal may have. Cancelled is CANCEL_ERP_ONLY, anything else is STATUS."""


def _currency_differs(tables: Tables) -> Table:
    return tables.pairs.filter(~tables.pairs.same_currency)


def _currency(tables: Tables) -> Table:
    rows = _currency_differs(tables)
    return finding(
        rows,
        entity="deal",
        key=rows.deal_id,
        crm_id=rows.deal_id,
        erp_id=rows.order_id,
        field="currency",
        crm_value=rows.currency,
        erp_value=rows.order_currency,
        currency=rows.currency,
        exposure=rows.amount,
        detail=text("the amounts are not compared across currencies"),
    )


def _currency_legs(tables: Tables) -> Table:
    rows = _currency_differs(tables)
    out = leg(rows, "currency_out", items=-1, amount=-rows.amount)
    return ibis.union(out, leg(rows, "currency_in", items=1, amount=rows.order_net, currency=rows.order_currency))


def _beyond(pairs: Table) -> BooleanValue:
    """Tell which differences rounding cannot explain; an absent amount is not zero."""
    return pairs.amount.isnull() | ((pairs.order_net - pairs.amount).abs() > pairs.tolerance)


def _amount_differs(tables: Tables) -> Table:
    pairs = tables.pairs
    return pairs.filter(pairs.same_currency & _beyond(pairs))


def _amount(tables: Tables) -> Table:
    rows = _amount_differs(tables)
    return finding(
        rows,
        entity="deal",
        key=rows.deal_id,
        crm_id=rows.deal_id,
        erp_id=rows.order_id,
        field="net amount",
        crm_amount=rows.amount,
        erp_amount=rows.order_net,
        difference=rows.order_net - rows.amount,
        currency=rows.currency,
        tolerance=rows.tolerance,
        exposure=rows.order_net,
        detail=ibis.ifelse(rows.amount.isnull(), text("the deal has no amount"), text("net of tax and shipping")),
    )


def _amount_legs(tables: Tables) -> Table:
    rows = _amount_differs(tables)
    return leg(rows, "amount_variance", items=0, amount=rows.order_net - rows.amount.fill_null(0))


def _customer(tables: Tables) -> Table:
    pairs, customers = tables.pairs, tables.customers
    agreed = (pairs.account_key == customers.source_key) & (pairs.customer_id == customers.target_id)
    rows = pairs.anti_join(customers, agreed)
    bound = customers.group_by(bound_account="source_key").aggregate(bound_customer=customers.target_id.min())
    rows = rows.left_join(bound, rows.account_key == bound.bound_account)
    return finding(
        rows,
        entity="deal",
        key=rows.deal_id,
        crm_id=rows.deal_id,
        erp_id=rows.order_id,
        field="customer",
        crm_value=rows.bound_customer,
        erp_value=rows.customer_id,
        currency=rows.currency,
        exposure=rows.order_net,
        detail=ibis.ifelse(
            rows.bound_customer.isnull(),
            text("no customer is bound to the deal's account"),
            text("the order's customer is not the one bound to the deal's account"),
        ),
    )


def _status(tables: Tables) -> Table:
    return ibis.union(_unknown(tables), _closed(tables))


def _unknown(tables: Tables) -> Table:
    pairs = tables.pairs
    rows = pairs.filter(pairs.status.notin((*ALLOWED_WHEN_WON, CLOSED, CANCELLED)))
    return finding(
        rows,
        entity="deal",
        key=rows.deal_id,
        crm_id=rows.deal_id,
        erp_id=rows.order_id,
        field="status",
        crm_value=rows.stage,
        erp_value=rows.status_name,
        currency=rows.currency,
        exposure=rows.order_net,
        detail=text("no such pair of stage and order status is allowed"),
    )


def _of_lost(tables: Tables) -> Table:
    """Return the live orders of deals no longer won; billed ones are CRM_OPEN_ERP_BILLED."""
    placed = tables.placed
    lost = placed.filter((placed.place == "not_won") & (placed.status != CLOSED))
    billed = billed_lost(tables)
    return lost.anti_join(billed, lost.order_id == billed.order_id)


def _lost_live_order(tables: Tables) -> Table:
    rows = _of_lost(tables)
    rows = rows.filter(rows["copy"] == 0)
    stages = tables.deals.select(stage_key="deal_key", stage="stage")
    rows = rows.inner_join(stages, rows.deal_key == stages.stage_key)
    return finding(
        rows,
        entity="deal",
        key=rows.deal_id,
        crm_id=rows.deal_id,
        erp_id=rows.order_id,
        field="status",
        crm_value=rows.stage,
        erp_value=rows.status_name,
        erp_amount=rows.net,
        difference=rows.net,
        currency=rows.currency,
        detail=text("the deal is no longer won, its order lives"),
    )


def _lost_live_order_legs(tables: Tables) -> Table:
    rows = _of_lost(tables)
    return leg(rows, "deal_lost", items=1, amount=rows.net)


def _cancelled(tables: Tables) -> Table:
    rows = tables.gaps.filter(tables.gaps.cause == "cancelled")
    return finding(
        rows,
        entity="deal",
        key=rows.deal_id,
        crm_id=rows.deal_id,
        erp_id=rows.cancelled_id,
        field="status",
        crm_value=rows.stage,
        erp_value=rows.cancelled_status,
        crm_amount=rows.amount,
        difference=-rows.amount,
        currency=rows.currency,
        detail=text("the deal is won, its order is cancelled"),
    )


def _cancelled_legs(tables: Tables) -> Table:
    rows = tables.gaps.filter(tables.gaps.cause == "cancelled")
    return leg(rows, "cancelled", items=-1, amount=-rows.amount)


def _closed(tables: Tables) -> Table:
    """Closed orders stay in the population; those that were billed in full are as they should be."""
    left = of_state(tables, "closed").order_id
    rows = tables.pairs.filter((tables.pairs.status == CLOSED) & tables.pairs.order_id.isin(left))
    return finding(
        rows,
        entity="deal",
        key=rows.deal_id,
        crm_id=rows.deal_id,
        erp_id=rows.order_id,
        field="status",
        crm_value=rows.stage,
        erp_value=rows.status_name,
        currency=rows.currency,
        exposure=rows.order_net,
        detail=text("the deal is won, its order is closed and not billed in full"),
    )


def _closed_legs(tables: Tables) -> Table:
    return order_leg(of_state(tables, "closed"), "closed_rest", "rest")


ACCURACY: tuple[Rule, ...] = (
    Rule(
        code="CURRENCY",
        family="accuracy",
        severity="critical",
        owner=ORDERS,
        title="Deal and order are in different currencies",
        action="Correct the order's currency.",
        find=_currency,
        legs=_currency_legs,
    ),
    Rule(
        code="AMOUNT",
        family="accuracy",
        severity="high",
        owner=ORDERS,
        title="Net amounts differ beyond rounding",
        action="Find out which side is wrong and amend it.",
        find=_amount,
        legs=_amount_legs,
    ),
    Rule(
        code="CUSTOMER",
        family="accuracy",
        severity="critical",
        owner="master data",
        title="The order is for another customer",
        action="Move the order to the right customer, or correct the deal's account.",
        find=_customer,
    ),
)

LIFECYCLE: tuple[Rule, ...] = (
    Rule(
        code="STATUS",
        family="lifecycle",
        severity="high",
        owner=ORDERS,
        title="Won deal whose order was closed before it was billed, or is in no known status",
        action="Reopen the order, or take the deal back.",
        find=_status,
        legs=_closed_legs,
    ),
    Rule(
        code="LOST_LIVE_ORDER",
        family="lifecycle",
        severity="high",
        owner=REVENUE,
        title="Deal no longer won, order still live",
        action="Cancel the order or win the deal again.",
        find=_lost_live_order,
        legs=_lost_live_order_legs,
    ),
    Rule(
        code="CANCEL_ERP_ONLY",
        family="lifecycle",
        severity="high",
        owner=ORDERS,
        title="Won deal whose order is cancelled",
        action="Reopen the order, or take the deal back.",
        find=_cancelled,
        legs=_cancelled_legs,
    ),
)
