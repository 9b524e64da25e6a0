"""The ends, the standing lines and the second counts of the chain from orders to cash."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import ibis

from reconcile.bridge import Sum
from reconcile.chain import COLLECTED, GROSS, INVOICED, Chain, assemble_stage
from reconcile.engine import Build, Engine
from reconcile.populations import EXCLUDED_DEALS, by_currency, counts, erp_population, totals
from reconcile.rule import MONEY, Tables, leg

if TYPE_CHECKING:
    from ibis.expr.types import Table

CASH = ("payment", "deposit")


def build_chain(engine: Engine, legs: Mapping[tuple[str, str], Sum]) -> Chain:
    """Take every end by direct scan, the lines from ``legs``, the counts of unmatched records by anti-join."""
    ordered, net, gross = totals(engine, _ordered), totals(engine, _net), totals(engine, _gross)
    unbilled, surplus = counts(engine, _orders_without_invoice), counts(engine, _surplus_invoices)
    unpaid = counts(engine, _invoices_without_cash)
    return Chain(
        links=[
            *assemble_stage(INVOICED, ordered, net, legs, unbilled, surplus),
            *assemble_stage(GROSS, net, gross, legs, {}, {}),
            *assemble_stage(COLLECTED, gross, totals(engine, _collected), legs, unpaid, {}),
        ]
    )


def invoice_population(tables: Tables) -> Table:
    """Return the posted invoices in scope by direct scan: of a deal or an order of ours, not of an excluded deal."""
    invoices, deals = tables.invoices, tables.deals
    bindings, bound = tables.bindings, tables.invoice_bindings
    excluded = deals.filter(deals.population.isin(EXCLUDED_DEALS)).deal_key
    posted = invoices.filter((invoices.state == "posted") & ~invoices.later)
    posted = posted.mutate(made_from=posted.order_id.fill_null(""), field_of=posted.field_key.fill_null(""))
    ours = tables.orders.filter(tables.orders.by_external_id | tables.orders.order_id.isin(bindings.target_id))
    named_out = ours.filter(ours.named_deal.notnull() & ours.named_deal.fill_null("").isin(excluded)).order_id
    bound_out = bindings.filter(bindings.source_key.isin(excluded)).target_id
    unnamed_out = ours.filter(ours.named_deal.isnull() & ours.order_id.isin(bound_out)).order_id
    by_binding = posted.filter(posted.invoice_id.isin(bound.target_id))
    by_binding = by_binding.filter(by_binding.invoice_id.notin(bound.filter(bound.source_key.isin(excluded)).target_id))
    rest = posted.filter(posted.invoice_id.notin(bound.target_id))
    by_order = rest.filter(rest.made_from.isin(ours.order_id))
    by_order = by_order.filter(by_order.made_from.notin(named_out) & by_order.made_from.notin(unnamed_out))
    by_field = rest.filter(rest.made_from.notin(ours.order_id) & rest.field_of.isin(deals.deal_key))
    by_field = by_field.filter(by_field.field_of.notin(excluded))
    return ibis.union(by_binding, by_order, by_field)


def _ordered(tables: Tables) -> Table:
    return by_currency(erp_population(tables), "net")


def _net(tables: Tables) -> Table:
    return by_currency(invoice_population(tables), "net")


def _gross(tables: Tables) -> Table:
    return by_currency(invoice_population(tables), "total")


def _collected(tables: Tables) -> Table:
    """Count the invoices that cash was applied to, and add that cash."""
    invoices = invoice_population(tables)
    cash = tables.applications.filter(tables.applications.kind.isin(CASH))
    sums = cash.group_by(paid_id="invoice_id").aggregate(cash=cash.amount.sum())
    sums = sums.filter(sums.cash != 0)
    rows = invoices.inner_join(sums, invoices.invoice_id == sums.paid_id)
    return by_currency(rows, "cash")


def _orders_without_invoice(tables: Tables) -> Table:
    """Orders in the population that no posted invoice of their currency bills, by NOT IN."""
    orders, billed = erp_population(tables), tables.billed
    same = billed.currency.fill_null("") == billed.target_currency.fill_null("")
    billing = billed.filter((billed.place == "in") & billed.target.notnull() & same)
    return orders.filter(orders.order_id.notin(billing.target))


def _surplus_invoices(tables: Tables) -> Table:
    """Invoices in the population that are not the first of an order in their currency."""
    invoices, billed = invoice_population(tables), tables.billed
    same = billed.currency.fill_null("") == billed.target_currency.fill_null("")
    billing = billed.filter((billed.place == "in") & billed.target.notnull() & same)
    firsts = billing.group_by("target").aggregate(first_id=billing.invoice_id.argmin(billing.position))
    return invoices.filter(invoices.invoice_id.notin(firsts.first_id))


def _invoices_without_cash(tables: Tables) -> Table:
    invoices, applications = invoice_population(tables), tables.applications
    cash = applications.filter(applications.kind.isin(CASH))
    sums = cash.group_by(paid_id="invoice_id").aggregate(cash=cash.amount.sum())
    return invoices.filter(invoices.invoice_id.notin(sums.filter(sums.cash != 0).paid_id))


def order_leg(rows: Table, line: str, amount: str) -> Table:
    """Project what is left to bill of orders; an order without any invoice is one item less."""
    return leg(rows, line, items=ibis.ifelse(rows.n_invoices == 0, -1, 0), amount=-rows[amount])


def part_leg(rows: Table, line: str, part: str) -> Table:
    """Project one part of open rests; the item of an order without an invoice goes to its first part."""
    rows = rows.mutate(first_part=first_part(rows))
    rows = rows.filter((rows[part] != 0) | (rows.first_part == part))
    counted = (rows.n_invoices == 0) & (rows.first_part == part)
    return leg(rows, line, items=ibis.ifelse(counted, -1, 0), amount=-rows[part])


def first_part(rows: Table) -> ibis.expr.types.Value:
    """Return the first part of an open rest that holds an amount."""
    parts = ("pending", "later_billed", "service", "goods", "waiting", "closed_lines")
    return ibis.cases(*((rows[part] != 0, ibis.literal(part)) for part in parts), else_="left")


def of_state(tables: Tables, *states: str) -> Table:
    """Return the orders whose rest is in one of these states."""
    return tables.rests.filter(tables.rests.state.isin(states))


def standing_order_legs(tables: Tables) -> Table:
    """Parts of the gap from ordered to invoiced that are no discrepancy of their own."""
    open_ = of_state(tables, "open")
    early = open_.filter(~open_.past_grace)
    unapproved = of_state(tables, "unapproved")
    return ibis.union(
        order_leg(unapproved.filter(~unapproved.late_approval), "unapproved", "rest"),
        order_leg(of_state(tables, "questioned"), "questioned", "rest"),
        order_leg(of_state(tables, "tolerated"), "billed_tolerated", "rest"),
        order_leg(_over_credited(tables), "over_credited", "rest"),
        part_leg(early.filter(~early.due), "scheduled", "service"),
        part_leg(early.filter(~early.due), "scheduled", "goods"),
        part_leg(early.filter(early.due), "within_grace", "service"),
        part_leg(early.filter(early.due), "within_grace", "goods"),
        part_leg(open_, "waiting_goods", "waiting"),
        part_leg(open_, "invoice_pending", "pending"),
        part_leg(open_, "invoiced_later", "later_billed"),
        part_leg(open_, "closed_lines", "closed_lines"),
        part_leg(open_, "unoffered", "left"),
        *_invoice_legs(tables),
    )


def _over_credited(tables: Tables) -> Table:
    """Orders invoiced beyond their net of which the surplus was credited; the others are OVERBILLED."""
    rows = of_state(tables, "over")
    return rows.filter(rows.invoiced - rows.credit_net - rows.net <= rows.tolerance)


def _invoice_legs(tables: Tables) -> list[Table]:
    billed, rests = tables.billed, tables.rests
    inside = billed.filter(billed.place == "in")
    homeless = inside.filter(inside.target.isnull())
    elsewhere = inside.filter(inside.target.notnull() & ~inside.currency.identical_to(inside.target_currency))
    more = rests.filter(rests.n_invoices > 1)
    return [
        leg(homeless, "invoice_only", items=1, amount=homeless.net),
        leg(elsewhere, "invoice_currency", items=1, amount=elsewhere.net),
        leg(more, "invoice_further", items=more.n_invoices - 1, amount=None),
    ]


def standing_invoice_legs(tables: Tables) -> Table:
    """Tax and shipping, and what became of the invoiced amounts."""
    rows = tables.settled
    bare = ibis.ifelse(rows.paid_in_cash, 0, -1)
    nothing = ibis.literal(0, type="int64")
    home = ibis.cases(
        (rows.unpaid != 0, ibis.literal("open")),
        (rows.credited != 0, ibis.literal("credited")),
        (rows.written != 0, ibis.literal("written")),
        else_="open",
    )
    rows = rows.mutate(home=home, bare=bare.cast("int64"))
    not_due, overdue = rows.filter(rows.days_over <= 0), rows.filter(rows.days_over > 0)
    return ibis.union(
        leg(rows, "tax_shipping", items=nothing, amount=(rows.total - rows.net).cast(MONEY)),
        leg(rows, "credited", items=ibis.ifelse(rows.home == "credited", rows.bare, 0), amount=-rows.credited),
        leg(rows, "written_off", items=ibis.ifelse(rows.home == "written", rows.bare, 0), amount=-rows.written),
        leg(not_due, "open_not_due", items=ibis.ifelse(not_due.home == "open", not_due.bare, 0),
            amount=-not_due.unpaid),
        leg(overdue, "open_overdue", items=ibis.ifelse(overdue.home == "open", overdue.bare, 0),
            amount=-overdue.unpaid),
    )  # fmt: skip


STANDING: tuple[Build, ...] = (standing_order_legs, standing_invoice_legs)
