"""Counts and sums that are taken straight from the loaded tables: the bridge's ends, its guards, what is excluded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING

import ibis

from connectors.records import ControlTotal
from reconcile.bridge import LINES, Bridge, Sum, assemble
from reconcile.engine import Build, Cell, Engine
from reconcile.matching import CANCELLED, CLOSED
from reconcile.report import Excluded
from reconcile.rule import Rule, Tables, leg

if TYPE_CHECKING:
    from ibis.expr.types import Table, Value

EXCLUDED_DEALS = ("before_go_live", "out_of_scope", "later")
DEAL_REASONS = {
    "before_go_live": "deal won before go-live",
    "not_won": "deal not won (read because an order or an order id names it)",
    "deleted": "deal deleted",
    "later": "deal won after the period",
}
ORDER_REASONS = {
    "before_go_live": "order of a deal won before go-live",
    "out_of_scope": "order of a deal out of scope",
    "later": "order of a deal won after the period",
    "erp_born": "order entered in NetSuite, no deal of ours",
    "cancelled": "order cancelled",
}
INVOICE_REASONS = {
    "pending": "invoice pending approval",
    "rejected": "invoice rejected",
    "voided": "invoice voided",
    "unknown": "invoice in no known status",
    "later": "invoice of a later period",
    "before_go_live": "invoice of a deal won before go-live",
    "out_of_scope": "invoice of a deal out of scope",
    "erp_born": "invoice of an order entered in NetSuite",
    "old": "invoice of no deal, dated before go-live",
    "no_deal": "invoice of no deal",
}


def collect_legs(engine: Engine, rules: Iterable[Rule], standing: Iterable[Build]) -> dict[tuple[str, str], Sum]:
    """Add up what the rules explain, and the parts that are no discrepancy, by line and currency."""
    legs: dict[tuple[str, str], Sum] = {}
    for part in (*(rule.legs for rule in rules if rule.legs is not None), *standing):
        for row in engine.rows(_summed(part)):
            key = str(row["line"]), str(row["currency"])
            legs[key] = legs.get(key, Sum()) + Sum(whole(row["items"]), money(row["amount"]))
    return legs


def build_bridge(engine: Engine, legs: Mapping[tuple[str, str], Sum]) -> Bridge:
    """Take both ends by direct scan, the lines from ``legs``, the guards by anti-join."""
    keys = {line.key for line in LINES}
    legs = {key: part for key, part in legs.items() if key[0] in keys}
    return assemble(
        crm=totals(engine, _crm_totals),
        erp=totals(engine, _erp_totals),
        legs=legs,
        without_order=counts(engine, _without_order),
        without_deal=counts(engine, _without_deal),
        tolerated=counts(engine, _tolerated),
    )


def totals(engine: Engine, build: Build) -> list[ControlTotal]:
    """Run an expression made by :func:`by_currency`."""
    found = [
        ControlTotal(currency=str(row["code"]), count=whole(row["number_of"]), amount=money(row["amount"]))
        for row in engine.rows(build)
    ]
    return sorted(found, key=lambda total: total.currency)


def whole(cell: Cell) -> int:
    """Return a count or a sum of counts, which DuckDB gives as a wider number."""
    return int(str(cell))


def money(cell: Cell) -> Decimal:
    """Return a sum of amounts."""
    return cell if isinstance(cell, Decimal) else Decimal(0)


def by_currency(rows: Table, amount: str) -> Table:
    """Count rows and add an amount column per currency; an absent amount counts as a row of nothing."""
    return rows.group_by(code=rows.currency.fill_null("")).aggregate(
        number_of=rows.count(), amount=rows[amount].sum().fill_null(0)
    )


def _crm_totals(tables: Tables) -> Table:
    return by_currency(crm_population(tables), "amount")


def _erp_totals(tables: Tables) -> Table:
    return by_currency(erp_population(tables), "net")


def crm_population(tables: Tables) -> Table:
    """Return the deals in scope: live, won since go-live, accepted by the scope condition."""
    return tables.deals.filter(tables.deals.population == "in")


def erp_population(tables: Tables) -> Table:
    """Return the orders in scope: not cancelled, ours by external id or binding, not of an excluded deal."""
    orders, bindings, deals = tables.orders, tables.bindings, tables.deals
    excluded = deals.filter(deals.population.isin(EXCLUDED_DEALS))
    of_excluded = bindings.filter(bindings.source_key.isin(excluded.deal_key)).target_id
    ours = orders.filter(
        (orders.status != CANCELLED) & (orders.by_external_id | orders.order_id.isin(bindings.target_id))
    )
    named = ours.filter(ours.named_deal.notnull())
    unnamed = ours.filter(ours.named_deal.isnull())
    return ibis.union(
        named.filter(named.named_deal.notin(excluded.deal_key)),
        unnamed.filter(unnamed.order_id.notin(of_excluded)),
    )


def _without_order(tables: Tables) -> Table:
    """Deals in scope that no order in scope names: NOT IN instead of the join that made the gaps."""
    crm, orders, bindings = crm_population(tables), tables.orders, tables.bindings
    live = orders.filter(orders.status != CANCELLED)
    named = live.filter(live.named_deal.notnull())
    unnamed = live.filter(live.named_deal.isnull())
    bound = bindings.filter(bindings.target_id.isin(unnamed.order_id))
    return crm.filter(crm.deal_key.notin(named.named_deal) & crm.deal_key.notin(bound.source_key))


def _without_deal(tables: Tables) -> Table:
    """Orders in scope that belong to no deal in scope, again by NOT IN."""
    erp, crm, bindings = erp_population(tables), crm_population(tables), tables.bindings
    bound = bindings.filter(bindings.source_key.isin(crm.deal_key)).target_id
    named = erp.filter(erp.named_deal.notnull())
    unnamed = erp.filter(erp.named_deal.isnull())
    return ibis.union(named.filter(named.named_deal.notin(crm.deal_key)), unnamed.filter(unnamed.order_id.notin(bound)))


def standing_legs(tables: Tables) -> Table:
    """Parts of the bridge that are no discrepancy: rounding, further documents, closed orders of lost deals."""
    pairs, placed, further = _tolerated(tables), tables.placed, tables.further
    up = pairs.filter(pairs.order_net > pairs.amount)
    down = pairs.filter(pairs.order_net < pairs.amount)
    closed = placed.filter(placed.place.isin(("deleted", "not_won")) & (placed.status == CLOSED))
    folded = further.filter(further.folded)
    apart = further.filter(~further.folded)
    return ibis.union(
        leg(up, "tolerated_up", items=0, amount=up.order_net - up.amount),
        leg(down, "tolerated_down", items=0, amount=down.order_net - down.amount),
        leg(closed, "closed_lost", items=1, amount=closed.net),
        leg(folded, "further", items=1, amount=None),
        leg(apart, "further", items=1, amount=apart.net),
    )


def _tolerated(tables: Tables) -> Table:
    pairs = tables.pairs
    apart = pairs.order_net - pairs.amount
    return pairs.filter(pairs.same_currency & (apart != 0) & (apart.abs() <= pairs.tolerance))


@cache
def _summed(legs: Build) -> Build:
    def build(tables: Tables) -> Table:
        rows = legs(tables)
        return rows.group_by("line", "currency").aggregate(items=rows["items"].sum(), amount=rows.amount.sum())

    return build


def counts(engine: Engine, rows: Build) -> dict[str, int]:
    """Count rows per currency."""
    return {str(row["code"]): whole(row["number_of"]) for row in engine.rows(_counted(rows))}


@cache
def _counted(rows: Build) -> Build:
    def build(tables: Tables) -> Table:
        counted = rows(tables)
        return counted.group_by(code=counted.currency.fill_null("")).aggregate(number_of=counted.count())

    return build


def excluded_populations(engine: Engine) -> list[Excluded]:
    """Return everything that was read and is not compared, by reason and currency."""
    sums: dict[tuple[str, str, str], Sum] = {}
    for system, words, build in (
        ("Salesforce", DEAL_REASONS, _excluded_deals),
        ("NetSuite", ORDER_REASONS, _excluded_orders),
        ("NetSuite", INVOICE_REASONS, _excluded_invoices),
    ):
        for row in engine.rows(build):
            why = words.get(str(row["kind"])) or str(row["reason"] or "deal out of scope")
            key = system, why, str(row["code"])
            sums[key] = sums.get(key, Sum()) + Sum(whole(row["number_of"]), money(row["amount"]))
    return [
        Excluded(system=system, reason=why, currency=currency, total=total)
        for (system, why, currency), total in sorted(
            sums.items(), key=lambda item: (item[0][0] != "Salesforce", item[0])
        )
    ]


def _excluded_deals(tables: Tables) -> Table:
    rows = tables.deals.filter(tables.deals.population != "in")
    return _by_reason(rows, rows.population, rows.reason, "amount")


def _excluded_orders(tables: Tables) -> Table:
    """Leave out the invoices that stand for orders: they are counted as invoices."""
    rows = tables.placed.filter(tables.placed.place.isin(tuple(ORDER_REASONS)) & ~tables.placed.stand_alone)
    return _by_reason(rows, rows.place, ibis.literal(""), "net")


def _excluded_invoices(tables: Tables) -> Table:
    rows = tables.billed.filter(tables.billed.place != "in")
    return _by_reason(rows, rows.place, ibis.literal(""), "net")


def _by_reason(rows: Table, kind: Value, reason: Value, amount: str) -> Table:
    return rows.group_by(kind=kind, reason=reason, code=rows.currency.fill_null("")).aggregate(
        number_of=rows.count(), amount=rows[amount].sum().fill_null(0)
    )


def compared_deals(engine: Engine) -> list[ControlTotal]:
    """Count the live won deals in the compare engine and add their header amounts, as the CRM's totals do."""
    return totals(engine, _live_won)


def compared_orders(engine: Engine) -> list[ControlTotal]:
    """Count the orders after they were placed; a join that multiplied or dropped rows would show here."""
    return totals(engine, _placed_orders)


def compared_invoices(engine: Engine) -> list[ControlTotal]:
    """Count the posted invoices after they were placed and add their gross amounts, as NetSuite's totals do."""
    return totals(engine, _placed_invoices)


def _placed_invoices(tables: Tables) -> Table:
    return by_currency(tables.billed.filter(tables.billed.state == "posted"), "total")


def _live_won(tables: Tables) -> Table:
    return by_currency(tables.deals.filter(tables.deals.won_live), "header_amount")


def _placed_orders(tables: Tables) -> Table:
    return by_currency(tables.placed.filter(~tables.placed.stand_alone), "net")


def paired(engine: Engine) -> list[tuple[str, str, Decimal]]:
    """Return deal id, order id and the orders' net for every deal in scope that has its order."""
    return sorted((str(r["deal_id"]), str(r["order_id"]), money(r["order_net"])) for r in engine.rows(_paired))


def _paired(tables: Tables) -> Table:
    return tables.pairs.select("deal_id", "order_id", "order_net")
