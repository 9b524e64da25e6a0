"""Rules about records that are there more than once or are tied to the wrong partner."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from reconcile.billing import STAND_IN
from reconcile.rule import INTEGRATION, ORDERS, REVENUE, Rule, Tables, finding, leg, text
from reconcile.rules_existence import order_findings

if TYPE_CHECKING:
    from ibis.expr.types import Table, Value

OWNERLESS = ("erp_born", "cancelled")
OWN_PLACES = ("in", "no_deal", "deleted", "not_won")
"""Places of live orders that are ours and not of an excluded deal."""
DAYS_APART = 3
POINTER = "Tieout_Sales_Order_Id__c"


def _extra_copies(tables: Tables) -> Table:
    placed = tables.placed
    return placed.filter(placed.place.notin(OWNERLESS) & placed.deal_key.notnull() & (placed["copy"] > 0))


def _dup_erp(tables: Tables) -> Table:
    rows = _extra_copies(tables)
    return order_findings(rows, key=rows.order_id, entity="order", detail="a further live order for the same deal")


def _dup_erp_legs(tables: Tables) -> Table:
    rows = _extra_copies(tables)
    rows = rows.filter(rows.place == "in")
    return leg(rows, "extra_copies", items=1, amount=rows.net)


def _dup_crm(tables: Tables) -> Table:
    deals, placed = tables.deals, tables.placed
    carriers = deals.filter(deals.pointer.notnull() & (deals.population != "deleted"))
    shared = carriers.group_by(shared_id="pointer").aggregate(carriers=carriers.count())
    shared = shared.filter(shared.carriers > 1)
    owners = placed.select(owned_id="order_id", owner_key="deal_key", owned_number="number")
    rows = carriers.inner_join(shared, carriers.pointer == shared.shared_id)
    rows = rows.left_join(owners, rows.pointer == owners.owned_id)
    rows = rows.filter(rows.owner_key.isnull() | (rows.owner_key != rows.deal_key))
    return finding(
        rows,
        entity="deal",
        key=rows.deal_id,
        crm_id=rows.deal_id,
        erp_id=rows.pointer,
        field=POINTER,
        crm_value=rows.pointer,
        currency=rows.currency,
        exposure=rows.amount,
        detail=text("this order id stands on more than one deal"),
    )


def _map_conflict(tables: Tables) -> Table:
    return ibis.union(_other_order_named(tables), _bound_elsewhere(tables), _pointer_elsewhere(tables))


def _conflict(rows: Table, field: str, crm_value: Value, erp_value: Value, detail: str) -> Table:
    return finding(
        rows,
        entity="deal",
        key=rows.source_id,
        crm_id=rows.source_id,
        erp_id=rows.target_id,
        field=field,
        crm_value=crm_value,
        erp_value=erp_value,
        detail=text(detail),
    )


def _other_order_named(tables: Tables) -> Table:
    bindings, orders = tables.bindings, tables.orders
    same = (bindings.source_key == orders.named_deal) & (bindings.doc_no == orders.named_doc)
    rows = bindings.inner_join(orders.select("order_id", "named_deal", "named_doc"), same)
    rows = rows.filter(rows.target_id != rows.order_id)
    return _conflict(
        rows, "external_id", rows.target_id, rows.order_id, "an order other than the bound one carries its external id"
    )


def _bound_elsewhere(tables: Tables) -> Table:
    bindings, orders = tables.bindings, tables.orders
    named = orders.filter(orders.named_deal.notnull()).select("order_id", "named_deal", "named_deal_id", "named_doc")
    rows = bindings.inner_join(named, bindings.target_id == named.order_id)
    rows = rows.filter((rows.named_deal != rows.source_key) | (rows.named_doc != rows.doc_no))
    return _conflict(
        rows, "binding", rows.source_id, rows.named_deal_id, "the bound order's external id names another document"
    )


def _pointer_elsewhere(tables: Tables) -> Table:
    deals, bindings = tables.deals, tables.bindings
    carriers = deals.filter(deals.pointer.notnull() & (deals.population != "deleted")).select("deal_key", "pointer")
    first = bindings.group_by(source_key="source_key").aggregate(
        source_id=bindings.source_id.min(), target_id=bindings.target_id.argmin(bindings.doc_no)
    )
    rows = carriers.inner_join(first, carriers.deal_key == first.source_key)
    agreed = (rows.deal_key == bindings.source_key) & (rows.pointer == bindings.target_id)
    rows = rows.anti_join(bindings, agreed)
    # A deal that is invoiced without an order is bound to no order; what its order id says is not compared.
    rows = rows.filter(~rows.target_id.startswith(STAND_IN))
    return _conflict(
        rows, POINTER, rows.pointer, rows.target_id, "the order id on the deal is not the one it is bound to"
    )


def _orphan_map(tables: Tables) -> Table:
    bindings, orders = tables.bindings, tables.orders
    rows = bindings.anti_join(orders, bindings.target_id == orders.order_id)
    return finding(
        rows,
        entity="binding",
        key=rows.source_id + text("-") + rows.doc_no.cast("string"),
        crm_id=rows.source_id,
        erp_id=rows.target_id,
        crm_value=rows.number,
        detail=text("the order that this deal was bound to no longer exists"),
    )


def _dup_erp_soft(tables: Tables) -> Table:
    """Pair each order of ours with any live order that looks the same, once a pair, with the strongest reason.

    Reasons begin with a digit that ranks them; it is cut off for display.
    """
    placed = tables.placed
    live = placed.filter(placed.place != "cancelled")
    ours = live.filter(live.place.isin(OWN_PLACES))
    ours = ours.select(
        a_id="order_id", a_position="position", a_number="number", a_deal="deal_key", a_deal_id="deal_id",
        a_customer="customer_id", a_currency="currency", a_net="net", a_tolerance="tolerance", a_po="po", a_day="day",
    )  # fmt: skip
    found = ibis.union(_same_po(ours, live), _same_amount(ours, live), _same_stamp(ours, live))
    pairs = found.group_by("a_id", "b_id").aggregate(reason=found.reason.max())
    rows = pairs.inner_join(ours, pairs.a_id == ours.a_id)
    other = live.select(o_id="order_id", o_number="number", o_net="net", o_ours="ours", o_position="position")
    rows = rows.inner_join(other, rows.b_id == other.o_id)
    first = ibis.ifelse(rows.a_position < rows.o_position, rows.a_id, rows.b_id)
    last = ibis.ifelse(rows.a_position < rows.o_position, rows.b_id, rows.a_id)
    return finding(
        rows,
        entity="order",
        key=first + text("|") + last,
        crm_id=rows.a_deal_id,
        erp_id=rows.b_id,
        crm_value=rows.a_number,
        erp_value=rows.o_number,
        erp_amount=rows.o_net,
        currency=rows.a_currency,
        exposure=rows.o_net,
        tolerance=rows.a_tolerance,
        detail=text("order ") + rows.o_number + " may repeat order " + rows.a_number + ": " + rows.reason.substr(2),
    )


def _same_po(ours: Table, live: Table) -> Table:
    same = (ours.a_customer == live.customer_id) & (ours.a_currency == live.currency) & (ours.a_po == live.po)
    return _suspects(ours.inner_join(live, same), "3 same customer and PO number")


def _same_amount(ours: Table, live: Table) -> Table:
    """Spread each order over the days around it, so that the join stays an equality join on large customers."""
    days = ours.mutate(near=ibis.range(-DAYS_APART, DAYS_APART + 1).unnest())
    days = days.mutate(near_day=days.a_day + days.near)
    same = (days.a_customer == live.customer_id) & (days.a_currency == live.currency) & (days.near_day == live.day)
    rows = days.inner_join(live, same)
    close = rows.filter(((rows.a_net - rows.net).abs() <= rows.a_tolerance) & (rows.a_net != 0))
    return _suspects(close, f"2 same customer and amount within {DAYS_APART} days")


def _same_stamp(ours: Table, live: Table) -> Table:
    copied = live.filter(~live.ours)
    return _suspects(ours.inner_join(copied, ours.a_deal == copied.stamp_key), "1 carries the same deal's stamp")


def _suspects(rows: Table, reason: str) -> Table:
    """Keep each pair once and leave out pairs of one deal, which are hard duplicates or further documents."""
    same_deal = rows.a_deal.identical_to(rows.deal_key) & rows.a_deal.notnull()
    mirrored = rows.place.isin(OWN_PLACES) & (rows.a_position >= rows.position)
    kept = rows.filter(~same_deal & ~mirrored)
    return kept.select(a_id="a_id", b_id="order_id", reason=text(reason))


IDENTITY: tuple[Rule, ...] = (
    Rule(
        code="DUP_ERP",
        family="existence",
        severity="high",
        owner=ORDERS,
        title="More than one live order for one deal",
        action="Find out which order is right and cancel the other.",
        find=_dup_erp,
        legs=_dup_erp_legs,
    ),
    Rule(
        code="DUP_ERP_SOFT",
        family="existence",
        severity="medium",
        owner=ORDERS,
        title="Two orders that look like one",
        action="Compare the two orders; cancel the copy, or note that both are right.",
        find=_dup_erp_soft,
    ),
    Rule(
        code="DUP_CRM",
        family="existence",
        severity="high",
        owner=REVENUE,
        title="One order id on more than one deal",
        action="Empty the order fields on the copied deal.",
        find=_dup_crm,
    ),
    Rule(
        code="MAP_CONFLICT",
        family="existence",
        severity="high",
        owner=INTEGRATION,
        title="Deal, order and binding point at different partners",
        action="Decide which order belongs to the deal and repair the pointer; nothing is overwritten by itself.",
        find=_map_conflict,
    ),
    Rule(
        code="ORPHAN_MAP",
        family="existence",
        severity="medium",
        owner=INTEGRATION,
        title="Binding to an order that no longer exists",
        action="Find out who deleted the order; then link the deal anew or retire the binding.",
        find=_orphan_map,
    ),
)
