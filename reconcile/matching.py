"""Who belongs to whom: orders to deals, and the deals that have no order.

An order belongs to the deal that its external id names, else to the deal the journal bound it to. A stamp in a custom
field never identifies an order: copying an order in NetSuite copies the stamp.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import ibis

from journal.nouns import KIND_ORDER
from reconcile import billing
from reconcile.rule import Tables, text

if TYPE_CHECKING:
    from ibis.expr.types import Table

CANCELLED, CLOSED = "C", "H"

Keep = Callable[[str, "Table"], "Table"]
"""Stores an expression under a name and returns it as a table, so that it is computed once."""


def derive(
    deals: Table,
    orders: Table,
    bindings: Table,
    customers: Table,
    holds: Table,
    intents: Table,
    invoices: Table,
    applications: Table,
    receipts: Table,
    credits: Table,
    invoice_bindings: Table,
    keep: Keep,
) -> Tables:
    """Build the derived tables once."""
    placed = keep("placed", _placed(deals, orders, bindings))
    firsts = keep("firsts", _firsts(placed))
    further = keep("further", _further(firsts))
    pairs = keep("pairs", _pairs(deals, firsts, further))
    gaps = keep("gaps", _gaps(deals, placed, bindings, holds, intents))
    billed = keep("billed", billing.billed_table(invoices, invoice_bindings, placed, deals))
    settled = keep("settled", billing.settled_table(billed, applications, credits))
    rests = keep("rests", billing.rests_table(placed, billed, settled, holds))
    return Tables(
        deals=deals,
        orders=orders,
        bindings=bindings,
        customers=customers,
        holds=holds,
        intents=intents,
        placed=placed,
        pairs=pairs,
        further=further,
        gaps=gaps,
        invoices=invoices,
        applications=applications,
        receipts=receipts,
        invoice_bindings=invoice_bindings,
        billed=billed,
        rests=rests,
        settled=settled,
    )


def _placed(deals: Table, orders: Table, bindings: Table) -> Table:
    bound = bindings.group_by(bound_id="target_id").aggregate(
        bound_deal=bindings.source_key.min(), bound_deal_id=bindings.source_id.min(), bound_doc=bindings.doc_no.min()
    )
    owned = orders.left_join(bound, orders.order_id == bound.bound_id)
    owned = owned.mutate(
        deal_key=ibis.coalesce(owned.named_deal, owned.bound_deal),
        owner_id=ibis.coalesce(owned.named_deal_id, owned.bound_deal_id),
        doc_no=ibis.coalesce(owned.named_doc, owned.bound_doc),
        ours=owned.by_external_id | owned.bound_id.notnull(),
    )
    known = deals.select(known_key="deal_key", known_id="deal_id", deal_population="population")
    joined = owned.left_join(known, owned.deal_key == known.known_key)
    joined = joined.mutate(
        place=ibis.cases(
            (joined.status == CANCELLED, text("cancelled")),
            (~joined.ours, text("erp_born")),
            (joined.known_key.isnull(), text("no_deal")),
            else_=joined.deal_population,
        ),
        deal_id=ibis.coalesce(joined.known_id, joined.owner_id),
    )
    # Orders without a deal key (an external id of ours that names no id) are each a document of their own.
    document = ibis.coalesce(joined.deal_key, joined.order_id)
    order = [joined.named_deal.isnull(), joined.position]
    copies = joined.mutate(
        copy=ibis.row_number().over(group_by=[document, joined.doc_no, joined.place], order_by=order)
    )
    return copies.select(
        "order_id", "position", "number", "external_id", "named_deal", "named_doc", "stamp_key", "customer_id",
        "currency", "net", "tolerance", "status", "status_name", "po", "day", "deal_key", "deal_id", "doc_no", "ours",
        "place", "copy", "stand_alone", "service_open", "goods_open", "goods_waiting", "closed_open", "billed_net",
        "late_approval", "fresh", "due", "past_grace",
    )  # fmt: skip


def _firsts(placed: Table) -> Table:
    """Return the order of each document of a deal in scope, documents numbered from 0 a deal."""
    first = placed.filter((placed.place == "in") & (placed["copy"] == 0))
    return first.mutate(document=ibis.row_number().over(group_by=first.deal_key, order_by=first.doc_no))


def _further(firsts: Table) -> Table:
    """Return second and later documents; ``folded`` ones share the first's currency and join its amount."""
    first = firsts.filter(firsts.document == 0).select(first_key="deal_key", first_currency="currency")
    later = firsts.filter(firsts.document > 0)
    joined = later.inner_join(first, later.deal_key == first.first_key)
    return joined.mutate(folded=joined.currency.identical_to(joined.first_currency))


def _pairs(deals: Table, firsts: Table, further: Table) -> Table:
    folded = further.filter(further.folded)
    more = folded.group_by(more_key="deal_key").aggregate(more_net=folded.net.sum())
    order = firsts.filter(firsts.document == 0).select(
        "order_id", "number", "customer_id", "status", "status_name", "fresh", order_key="deal_key",
        order_currency="currency", first_net="net",
    )  # fmt: skip
    inside = deals.filter(deals.population == "in")
    pairs = inside.inner_join(order, inside.deal_key == order.order_key)
    pairs = pairs.left_join(more, pairs.deal_key == more.more_key)
    return pairs.mutate(
        order_net=pairs.first_net + pairs.more_net.fill_null(0),
        same_currency=pairs.currency.identical_to(pairs.order_currency),
    )


def _gaps(deals: Table, placed: Table, bindings: Table, holds: Table, intents: Table) -> Table:
    inside = deals.filter(deals.population == "in")
    live = placed.filter(placed.place == "in")
    bare = inside.anti_join(live, inside.deal_key == live.deal_key)
    dead = placed.filter((placed.place == "cancelled") & placed.ours & placed.deal_key.notnull())
    cancelled = dead.group_by(cancelled_key="deal_key").aggregate(
        cancelled_id=dead.order_id.argmin(dead.position),
        cancelled_number=dead.number.argmin(dead.position),
        cancelled_status=dead.status_name.argmin(dead.position),
    )
    held = holds.filter(holds.kind == KIND_ORDER).select(held_key="source_key").distinct()
    open_ = intents.select(open_key="source_key").distinct()
    bound = bindings.group_by(bound_key="source_key").aggregate(bound_id=bindings.target_id.min())
    gaps = bare.left_join(cancelled, bare.deal_key == cancelled.cancelled_key)
    gaps = gaps.left_join(held, gaps.deal_key == held.held_key)
    gaps = gaps.left_join(open_, gaps.deal_key == open_.open_key)
    gaps = gaps.left_join(bound, gaps.deal_key == bound.bound_key)
    # A deal that once had an order is not on its way to one, however lately it was won.
    waiting = gaps.open_key.notnull() | (gaps.young & gaps.bound_key.isnull())
    return gaps.mutate(
        cause=ibis.cases(
            (gaps.cancelled_key.notnull(), text("cancelled")),
            (gaps.held_key.notnull(), text("blocked")),
            (waiting, text("in_flight")),
            else_=text("missing"),
        )
    )
