"""Rules about what should have been billed, and was not, or too much, or without an order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from reconcile.chain_populations import of_state, order_leg, part_leg
from reconcile.matching import CLOSED
from reconcile.rule import BILLING, CONTROLLER, ORDERS, REVENUE, Rule, Tables, finding, leg, text

if TYPE_CHECKING:
    from ibis.expr.types import Table


def _unapproved(tables: Tables) -> Table:
    placed = tables.placed
    rows = placed.filter((placed.place == "in") & (placed["copy"] == 0) & placed.late_approval & ~placed.stand_alone)
    return finding(
        rows,
        entity="order",
        key=rows.order_id,
        crm_id=rows.deal_id,
        erp_id=rows.order_id,
        field="status",
        erp_value=rows.status_name,
        currency=rows.currency,
        exposure=rows.net,
        detail=text("the order awaits approval longer than the SLA"),
    )


def _unapproved_legs(tables: Tables) -> Table:
    rows = of_state(tables, "unapproved")
    return order_leg(rows.filter(rows.late_approval), "unapproved_late", "rest")


def _due(tables: Tables) -> Table:
    rows = of_state(tables, "open")
    return rows.filter(rows.past_grace)


def _not_billed(tables: Tables, part: str, detail: str) -> Table:
    """What is due is listed although the sync holds its invoice: the hold explains the gap and bills nothing."""
    rests = tables.rests
    rows = rests.filter(rests.state.isin(("open", "held")) & rests.past_grace)
    rows = rows.filter(rows[part] > 0)
    return finding(
        rows,
        entity="order",
        key=rows.order_id,
        crm_id=rows.deal_id,
        erp_id=rows.order_id,
        field="net amount",
        erp_amount=rows.invoiced,
        difference=-rows[part],
        currency=rows.currency,
        tolerance=rows.tolerance,
        detail=text(detail),
    )


def _unbilled(tables: Tables) -> Table:
    return _not_billed(tables, "service", "services are due and no invoice bills them")


def _unbilled_legs(tables: Tables) -> Table:
    return part_leg(_due(tables), "unbilled", "service")


def _goods_not_billed(tables: Tables) -> Table:
    return _not_billed(tables, "goods", "goods were fulfilled and no invoice bills them")


def _goods_not_billed_legs(tables: Tables) -> Table:
    return part_leg(_due(tables), "goods_unbilled", "goods")


def _over(tables: Tables) -> Table:
    rows = of_state(tables, "over")
    return rows.filter(rows.invoiced - rows.credit_net - rows.net > rows.tolerance)


def _overbilled(tables: Tables) -> Table:
    rows = _over(tables)
    billed = rows.invoiced - rows.credit_net
    return finding(
        rows,
        entity="order",
        key=rows.order_id,
        crm_id=rows.deal_id,
        erp_id=rows.order_id,
        field="net amount",
        crm_amount=rows.net,
        erp_amount=billed,
        difference=billed - rows.net,
        currency=rows.currency,
        tolerance=rows.tolerance,
        detail=text("invoices less credits exceed the order, net of tax and shipping"),
    )


def _overbilled_legs(tables: Tables) -> Table:
    return order_leg(_over(tables), "over_billed", "rest")


def customer_accounts(tables: Tables) -> Table:
    """Return one account for every NetSuite customer that belongs to one in Salesforce."""
    customers = tables.customers
    return customers.group_by(owned_customer="target_id").aggregate(owned_account=customers.source_id.min())


def _invoice_no_order(tables: Tables) -> Table:
    accounts, billed = customer_accounts(tables), tables.billed
    rows = billed.filter((billed.place == "no_deal") & billed.order_id.isnull())
    rows = rows.inner_join(accounts, rows.customer_id == accounts.owned_customer)
    return finding(
        rows,
        entity="invoice",
        key=rows.invoice_id,
        crm_id=rows.owned_account,
        erp_id=rows.invoice_id,
        erp_amount=rows.net,
        currency=rows.currency,
        exposure=rows.net,
        detail=text("invoice ") + rows.number + " belongs to no deal and was made from no order",
    )


def billed_lost(tables: Tables) -> Table:
    """Return the orders of deals that are no longer won and were billed."""
    placed, billed = tables.placed, tables.billed
    lost = placed.filter(placed.place == "not_won")
    posted = billed.filter((billed.place == "in") & billed.deal_key.notnull())
    by_deal = posted.group_by(billed_key="deal_key").aggregate(billed_sum=posted.net.sum())
    rows = lost.left_join(by_deal, lost.deal_key == by_deal.billed_key)
    return rows.filter(rows.billed_sum.fill_null(0) > 0)


def _open_billed(tables: Tables) -> Table:
    rows = billed_lost(tables)
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
        erp_amount=rows.billed_sum,
        difference=rows.billed_sum,
        currency=rows.currency,
        detail=text("the deal stands at ") + rows.stage.fill_null("no stage") + ", its order was billed",
    )


def _open_billed_legs(tables: Tables) -> Table:
    rows = billed_lost(tables)
    rows = rows.filter(rows.status != CLOSED)
    return leg(rows, "deal_lost", items=1, amount=rows.net)


def _closed_period(tables: Tables) -> Table:
    return ibis.union(_late_invoices(tables), _late_receipts(tables))


LATE = "made after its accounting period was closed"


def _late_invoices(tables: Tables) -> Table:
    accounts, billed = customer_accounts(tables), tables.billed
    rows = billed.filter(billed.closed_late & (billed.state == "posted"))
    rows = rows.inner_join(accounts, rows.customer_id == accounts.owned_customer)
    return finding(
        rows,
        entity="document",
        key=rows.invoice_id,
        crm_id=ibis.coalesce(ibis.ifelse(rows.owned, rows.deal_id, ibis.null("string")), rows.owned_account),
        erp_id=rows.invoice_id,
        erp_amount=rows.total,
        currency=rows.currency,
        exposure=rows.total,
        detail=text("invoice ") + rows.number + " was " + LATE,
    )


def _late_receipts(tables: Tables) -> Table:
    accounts, receipts = customer_accounts(tables), tables.receipts
    rows = receipts.filter(receipts.closed_late & receipts.counts)
    rows = rows.inner_join(accounts, rows.customer_id == accounts.owned_customer)
    return finding(
        rows,
        entity="document",
        key=rows.receipt_id,
        crm_id=rows.owned_account,
        erp_id=rows.receipt_id,
        erp_amount=rows.total,
        currency=rows.currency,
        exposure=rows.total,
        detail=rows.number + " was " + LATE,
    )


BILLING_RULES: tuple[Rule, ...] = (
    Rule(
        code="ORDER_UNAPPROVED",
        family="billing",
        severity="medium",
        owner=ORDERS,
        title="Order awaiting approval beyond the SLA",
        action="Approve the order in NetSuite, or cancel it.",
        find=_unapproved,
        legs=_unapproved_legs,
    ),
    Rule(
        code="UNBILLED",
        family="billing",
        severity="high",
        owner=BILLING,
        title="Services due and not invoiced",
        action="Invoice the order, or set a billing schedule.",
        find=_unbilled,
        legs=_unbilled_legs,
    ),
    Rule(
        code="FULFILLED_NOT_BILLED",
        family="billing",
        severity="high",
        owner=BILLING,
        title="Goods fulfilled and not invoiced",
        action="Invoice what was fulfilled.",
        find=_goods_not_billed,
        legs=_goods_not_billed_legs,
    ),
    Rule(
        code="OVERBILLED",
        family="billing",
        severity="critical",
        owner=BILLING,
        title="Invoiced more than ordered",
        action="Credit the surplus, or correct the order.",
        find=_overbilled,
        legs=_overbilled_legs,
    ),
    Rule(
        code="INVOICE_NO_ORDER",
        family="billing",
        severity="medium",
        owner=BILLING,
        title="Invoice of a Salesforce customer without deal and order",
        action="Write the opportunity's id into the invoice's deal field, or note why there is no deal.",
        find=_invoice_no_order,
    ),
    Rule(
        code="CRM_OPEN_ERP_BILLED",
        family="lifecycle",
        severity="critical",
        owner=REVENUE,
        title="Deal not won, its order billed",
        action="Win the deal again, or credit the invoices.",
        find=_open_billed,
        legs=_open_billed_legs,
    ),
    Rule(
        code="CLOSED_PERIOD",
        family="cut-off",
        severity="critical",
        owner=CONTROLLER,
        title="Posted into a period after it was closed",
        action="Reverse the document, or post it in an open period.",
        find=_closed_period,
    ),
)
