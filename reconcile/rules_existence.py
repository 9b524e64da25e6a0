"""Rules about records that are missing on one side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from journal.nouns import KIND_INVOICE, KIND_ORDER
from reconcile.chain_populations import of_state, order_leg
from reconcile.matching import CLOSED
from reconcile.rule import INTEGRATION, REVENUE, Rule, Tables, finding, leg, text

if TYPE_CHECKING:
    from ibis.expr.types import Table, Value


LOCKED = "LOCKED_DOWNSTREAM"
SAID_OTHERWISE = ("REOPENED_AFTER_PUSH", "DELETED_AFTER_PUSH")
"""Holds of deals that are no longer won or deleted: rules about their live orders name them."""


def _gap(tables: Tables, cause: str) -> Table:
    return tables.gaps.filter(tables.gaps.cause == cause)


def _gap_findings(tables: Tables, cause: str, detail: Value) -> Table:
    gaps = _gap(tables, cause)
    return finding(
        gaps,
        entity="deal",
        key=gaps.deal_id,
        crm_id=gaps.deal_id,
        erp_id=gaps.bound_id,
        crm_value=gaps.stage,
        crm_amount=gaps.amount,
        difference=-gaps.amount,
        currency=gaps.currency,
        detail=detail,
    )


def _gap_legs(tables: Tables, cause: str, line: str) -> Table:
    gaps = _gap(tables, cause)
    return leg(gaps, line, items=-1, amount=-gaps.amount)


def _missing(tables: Tables) -> Table:
    lost = text("NetSuite order ") + tables.gaps.bound_id + " was there and is gone"
    return _gap_findings(tables, "missing", ibis.coalesce(lost, text("no order in NetSuite belongs to this deal")))


def _in_flight(tables: Tables) -> Table:
    gaps = tables.gaps
    reason = ibis.ifelse(gaps.open_key.notnull(), text("a write is not yet settled"), text("won less than the SLA ago"))
    return _gap_findings(tables, "in_flight", reason)


def _blocked(tables: Tables) -> Table:
    deals, gaps = tables.deals, tables.gaps
    holds = tables.holds.filter(tables.holds.code.notin((LOCKED, *SAID_OTHERWISE)))
    amounts = deals.select(known_key="deal_key", amount="amount", deal_currency="currency")
    blocked = gaps.filter(gaps.cause == "blocked").select(gap_key="deal_key", gap_amount="amount")
    rows = holds.left_join(amounts, holds.source_key == amounts.known_key)
    rows = rows.left_join(blocked, rows.source_key == blocked.gap_key)
    lacking = rows.gap_key.notnull() & (rows.kind == KIND_ORDER)
    return finding(
        rows,
        entity="deal",
        key=rows.source_id,
        crm_id=rows.source_id,
        field=ibis.cases(
            (rows.kind == KIND_ORDER, text("order")),
            (rows.kind == KIND_INVOICE, text("invoice")),
            else_=text("write-back"),
        ),
        crm_value=rows.code,
        crm_amount=rows.amount,
        difference=ibis.ifelse(lacking, -rows.gap_amount, ibis.null("decimal(38, 9)")),
        currency=rows.deal_currency,
        exposure=rows.amount,
        detail=rows.cause,
        hold_id=rows.hold_id,
    )


def _blocked_legs(tables: Tables) -> Table:
    billing = order_leg(of_state(tables, "held"), "bill_held", "rest")
    return ibis.union(_gap_legs(tables, "blocked", "blocked"), billing)


def _changed_after_lock(tables: Tables) -> Table:
    holds, pairs = tables.holds.filter(tables.holds.code == LOCKED), tables.pairs
    pairs = pairs.select("order_id", "number", "status_name", pair_key="deal_key", order_amount="order_net")
    deals = tables.deals.select(known_key="deal_key", amount="amount", deal_currency="currency")
    rows = holds.left_join(pairs, holds.source_key == pairs.pair_key)
    rows = rows.left_join(deals, rows.source_key == deals.known_key)
    return finding(
        rows,
        entity="deal",
        key=rows.source_id,
        crm_id=rows.source_id,
        erp_id=rows.order_id,
        field="deal",
        erp_value=rows.status_name,
        currency=rows.deal_currency,
        exposure=rows.order_amount,
        detail=rows.cause,
        hold_id=rows.hold_id,
    )


def _orphan_orders(tables: Tables, place: str) -> Table:
    placed = tables.placed
    return placed.filter(placed.place == place)


def order_findings(rows: Table, *, key: Value, entity: str, detail: str) -> Table:
    """Project orders that should not stand alone: the whole order is the difference."""
    return finding(
        rows,
        entity=entity,
        key=key,
        crm_id=rows.deal_id,
        erp_id=rows.order_id,
        erp_value=rows.status_name,
        erp_amount=rows.net,
        difference=rows.net,
        currency=rows.currency,
        detail=text(detail),
    )


def _missing_in_crm(tables: Tables) -> Table:
    rows = _orphan_orders(tables, "no_deal")
    return order_findings(rows, key=rows.order_id, entity="order", detail="the deal that it names is not there")


def _missing_in_crm_legs(tables: Tables) -> Table:
    rows = _orphan_orders(tables, "no_deal")
    return leg(rows, "erp_only", items=1, amount=rows.net)


def _of_deleted(tables: Tables) -> Table:
    rows = _orphan_orders(tables, "deleted")
    return rows.filter(rows.status != CLOSED)


def _deleted_crm(tables: Tables) -> Table:
    rows = _of_deleted(tables)
    rows = rows.filter(rows["copy"] == 0)
    return order_findings(
        rows, key=rows.deal_id, entity="deal", detail="the deal is in the recycle bin, its order lives"
    )


def _deleted_crm_legs(tables: Tables) -> Table:
    rows = _of_deleted(tables)
    return leg(rows, "deal_deleted", items=1, amount=rows.net)


EXISTENCE: tuple[Rule, ...] = (
    Rule(
        code="MISSING_IN_ERP",
        family="existence",
        severity="high",
        owner=INTEGRATION,
        title="Won deal without an order in NetSuite",
        action="Run the sync for this deal; if it fails, mend what it names.",
        find=_missing,
        legs=lambda t: _gap_legs(t, "missing", "missing"),
    ),
    Rule(
        code="IN_FLIGHT",
        family="existence",
        severity="info",
        owner="none",
        title="Won deal whose order is on its way",
        action="Wait: it becomes an exception when the SLA ends.",
        find=_in_flight,
        legs=lambda t: _gap_legs(t, "in_flight", "in_flight"),
    ),
    Rule(
        code="SYNC_BLOCKED",
        family="existence",
        severity="high",
        owner=INTEGRATION,
        title="Deal held by the sync",
        action="Mend what the hold names; the next sync takes the deal up again.",
        find=_blocked,
        legs=_blocked_legs,
    ),
    Rule(
        code="CHANGED_AFTER_LOCK",
        family="lifecycle",
        severity="high",
        owner=REVENUE,
        title="Deal changed after its order left Pending Approval",
        action="Change the order in NetSuite, credit and bill again, or take the deal's change back.",
        find=_changed_after_lock,
    ),
    Rule(
        code="MISSING_IN_CRM",
        family="existence",
        severity="high",
        owner=REVENUE,
        title="Order of ours without a deal in Salesforce",
        action="Restore the deal or cancel the order.",
        find=_missing_in_crm,
        legs=_missing_in_crm_legs,
    ),
    Rule(
        code="DELETED_CRM",
        family="existence",
        severity="high",
        owner=REVENUE,
        title="Deleted deal with a live order",
        action="Undelete the deal or cancel the order.",
        find=_deleted_crm,
        legs=_deleted_crm_legs,
    ),
)
