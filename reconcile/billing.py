"""Which invoice belongs to which deal and order, what is left to bill of an order, and what was paid of an invoice.

An invoice belongs to a deal by its binding, else by the order it was made from, else by the deal that finance wrote
in the field the admin named. A stamp of ours never decides: making an invoice from an order copies it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from journal.nouns import KIND_INVOICE
from reconcile.rule import MONEY, text

if TYPE_CHECKING:
    from ibis.expr.types import Table, Value

OWN_PLACES = ("in", "no_deal", "deleted", "not_won")
"""Places of the orders that make up the population of the bridge."""
EXCLUDED = ("before_go_live", "out_of_scope", "later")
CLOSED, UNAPPROVED = "H", "A"
STAND_IN = "inv:"


def billed_table(invoices: Table, invoice_bindings: Table, placed: Table, deals: Table) -> Table:
    """Return every invoice with its deal, its order (``target``) and its place.

    Places: ``in`` (in the population), ``pending``, ``rejected``, ``voided``, ``unknown`` (statuses that do not count),
    ``later``, ``before_go_live``, ``out_of_scope``, ``erp_born`` (of an order that is no deal's), ``old`` (of no deal,
    dated before go-live), ``no_deal``.
    """
    bound = invoice_bindings.group_by(bound_id="target_id").aggregate(
        bound_key=invoice_bindings.source_key.min(), bound_deal=invoice_bindings.source_id.min()
    )
    rows = invoices.left_join(bound, invoices.invoice_id == bound.bound_id)
    made_from = placed.select(
        from_id="order_id", from_key="deal_key", from_deal="deal_id", from_place="place", from_ours="ours",
        from_currency="currency",
    )  # fmt: skip
    rows = rows.left_join(made_from, rows.order_id == made_from.from_id)
    ours = rows.from_ours.fill_null(False)
    rows = rows.mutate(by_order=ours, binding_key=rows.bound_key)
    known = deals.select(field_deal_key="deal_key", field_deal="deal_id")
    rows = rows.left_join(known, rows.field_key == known.field_deal_key)
    by_field = ~rows.by_order & rows.field_deal_key.notnull()
    rows = rows.mutate(
        deal_key=ibis.coalesce(rows.bound_key, ibis.ifelse(rows.by_order, rows.from_key, rows.field_deal_key)),
        named=ibis.coalesce(rows.bound_deal, ibis.ifelse(rows.by_order, rows.from_deal, rows.field_deal)),
        owned=rows.bound_id.notnull() | rows.by_order | by_field,
    )
    found = deals.select(found_key="deal_key", found_id="deal_id", population="population")
    rows = rows.left_join(found, rows.deal_key == found.found_key)
    rows = _with_target(rows, placed)
    return rows.mutate(deal_id=ibis.coalesce(rows.found_id, rows.named), place=_place(rows)).select(
        "invoice_id", "position", "number", "customer_id", "currency", "net", "total", "unpaid", "state", "order_id",
        "days_over", "due_day", "fresh", "closed_late", "deal_key", "deal_id", "owned", "target",
        "target_currency", "place",
    )  # fmt: skip


def _with_target(rows: Table, placed: Table) -> Table:
    """Add the order of the population that the invoice bills: its own, the one it stands for, or its deal's first."""
    alone = placed.filter(placed.stand_alone & placed.place.isin(OWN_PLACES)).select(
        alone_id="order_id", alone_currency="currency"
    )
    rows = rows.mutate(stands_as=text(STAND_IN) + rows.invoice_id)
    rows = rows.left_join(alone, rows.stands_as == alone.alone_id)
    first = placed.filter(
        placed.place.isin(OWN_PLACES) & placed.deal_key.notnull() & (placed["copy"] == 0) & ~placed.stand_alone
    )
    first = first.group_by(first_key="deal_key").aggregate(
        first_id=first.order_id.argmin(first.doc_no), first_currency=first.currency.argmin(first.doc_no)
    )
    rows = rows.left_join(first, rows.deal_key == first.first_key)
    usable = rows.by_order & rows.from_place.isin(OWN_PLACES)
    return rows.mutate(
        target=ibis.coalesce(ibis.ifelse(usable, rows.from_id, ibis.null("string")), rows.alone_id, rows.first_id),
        target_currency=ibis.coalesce(
            ibis.ifelse(usable, rows.from_currency, ibis.null("string")), rows.alone_currency, rows.first_currency
        ),
    )


def _place(rows: Table) -> Value:
    return ibis.cases(
        (rows.state != "posted", rows.state),
        (rows.later, text("later")),
        (~rows.owned & rows.from_id.notnull(), text("erp_born")),
        (~rows.owned & rows.old, text("old")),
        (~rows.owned, text("no_deal")),
        (rows.population.isin(EXCLUDED), rows.population),
        else_=text("in"),
    )


def rests_table(placed: Table, billed: Table, settled: Table, holds: Table) -> Table:
    """Return what is left to bill of every order in the population, in parts that sum to ``rest``.

    ``invoiced`` and ``n_invoices`` count posted invoices in the order's currency; ``credit_net`` is what was credited
    of them, net. ``state``: tolerated, over, questioned (of no deal in scope, or a copy), closed, unapproved, held,
    open. Of open and held ones the rest is split into ``pending`` (on invoices that await approval or were rejected),
    ``later_billed`` (on invoices of a later period), ``service``, ``goods``, ``waiting`` (not fulfilled),
    ``closed_lines`` and ``left`` (NetSuite does not offer it).
    """
    orders = placed.filter(placed.place.isin(OWN_PLACES))
    counted = settled.filter(settled.target.notnull() & settled.currency.identical_to(settled.target_currency))
    sums = counted.group_by(sum_id="target").aggregate(
        invoiced=counted.net.sum(), n_invoices=counted.count(), credit_net=counted.credit_net.sum()
    )
    waiting = billed.filter(billed.state.isin(("pending", "rejected")) & billed.target.notnull())
    waiting = waiting.group_by(wait_id="target").aggregate(wait_net=waiting.net.sum())
    held = holds.filter(holds.kind == KIND_INVOICE).select(held_key="source_key").distinct()
    rows = orders.left_join(sums, orders.order_id == sums.sum_id)
    rows = rows.left_join(waiting, rows.order_id == waiting.wait_id)
    after = billed.filter((billed.place == "later") & billed.target.notnull())
    after = after.group_by(after_id="target").aggregate(after_net=after.net.sum())
    rows = rows.left_join(after, rows.order_id == after.after_id)
    rows = rows.left_join(held, rows.deal_key == held.held_key)
    rows = rows.mutate(
        invoiced=rows.invoiced.fill_null(0).cast(MONEY),
        n_invoices=rows.n_invoices.fill_null(0),
        credit_net=rows.credit_net.fill_null(0).cast(MONEY),
        wait_net=rows.wait_net.fill_null(0).cast(MONEY),
        after_net=rows.after_net.fill_null(0).cast(MONEY),
        held=rows.held_key.notnull(),
    )
    rows = rows.mutate(rest=(rows.net - rows.invoiced).cast(MONEY))
    rows = rows.mutate(state=_state(rows))
    return _split(rows)


def _state(rows: Table) -> Value:
    return ibis.cases(
        (rows.rest.abs() <= rows.tolerance, text("tolerated")),
        ((rows.rest < 0) & (rows.n_invoices > 0), text("over")),
        ((rows.place != "in") | (rows["copy"] > 0), text("questioned")),
        (rows.status == CLOSED, text("closed")),
        (rows.status == UNAPPROVED, text("unapproved")),
        (rows.held, text("held")),
        else_=text("open"),
    )


PARTS = (
    ("pending", "wait_net"), ("later_billed", "after_net"), ("service", "service_open"), ("goods", "goods_open"),
    ("waiting", "goods_waiting"), ("closed_lines", "closed_open"),
)  # fmt: skip
"""Parts of an open rest and where each comes from; each takes at most what those before it have left."""


def _split(rows: Table) -> Table:
    nothing = ibis.literal(0).cast(MONEY)
    left = ibis.ifelse(rows.state.isin(("open", "held")), rows.rest, nothing)
    for name, source in PARTS:
        part = ibis.least(ibis.greatest(rows[source], nothing), ibis.greatest(left, nothing)).cast(MONEY)
        rows = rows.mutate(**{name: part, "still": (left - part).cast(MONEY)})
        left = rows.still
    return rows.mutate(left=rows.still).drop("still")


def applied_table(applications: Table) -> Table:
    """Return what was applied to each invoice, by kind, and the last day of cash."""
    return applications.group_by(paid_id="invoice_id").aggregate(
        cash=_sum_of(applications, "payment", "deposit"),
        credited=_sum_of(applications, "credit"),
        written=_sum_of(applications, "write_off", "journal"),
        last_cash=applications.day.max(where=applications.kind.isin(("payment", "deposit"))),
    )


def settled_table(billed: Table, applications: Table, credits: Table) -> Table:
    """Return the invoices in the population with what was applied to them, by kind, and the last day of cash.

    ``credit_net`` is the net part of what was credited: of memos applied to the invoice, or made from it if more.
    It comes from ``credits``, reckoned in exact decimals.
    """
    kinds = applied_table(applications)
    invoices = billed.filter(billed.place == "in")
    rows = invoices.left_join(kinds, invoices.invoice_id == kinds.paid_id)
    rows = rows.left_join(credits, rows.invoice_id == credits.credited_id)
    return rows.mutate(
        credit_net=rows.credit_net.fill_null(0).cast(MONEY),
        cash=rows.cash.fill_null(0).cast(MONEY),
        credited=rows.credited.fill_null(0).cast(MONEY),
        written=rows.written.fill_null(0).cast(MONEY),
        paid_in_cash=rows.cash.fill_null(0) != 0,
    )


def _sum_of(applications: Table, *kinds: str) -> Value:
    return applications.amount.sum(where=applications.kind.isin(kinds))
