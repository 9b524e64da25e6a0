"""Deals that are invoiced without an order: their invoice stands where the order would."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from connectors.receivables import Invoice
from journal.nouns import Binding
from reconcile.extract import deal_of_external_id
from reconcile.snapshot import Order, Snapshot

PREFIX = "inv:"
"""Begins the id of an order that is an invoice in truth."""
AS_ORDER = {"A": "G", "B": "G", "D": "A"}
"""The order status that an invoice's status stands for; a rejected or voided one is a cancelled order."""


def stand_ins(snapshot: Snapshot) -> tuple[list[Order], list[Binding]]:
    """Return the invoices bound to deals without an order, as orders with their bindings."""
    ordered = {binding.source_id.lower() for binding in snapshot.bindings}
    ordered |= {name[0].lower() for order in snapshot.orders if (name := deal_of_external_id(order.external_id))}
    bound = {b.target_id: b for b in snapshot.invoice_bindings if b.source_id.lower() not in ordered}
    invoices = {i.id: i for i in snapshot.invoices if i.order_id is None and i.id in bound}
    orders = [_order(invoice) for invoice in invoices.values()]
    return orders, [replace(bound[id_], target_id=PREFIX + id_) for id_ in invoices]


def compared_orders(snapshot: Snapshot, stand_in: Sequence[Order]) -> list[Order]:
    """Return every order once, those that are invoices last."""
    return [*{order.id: order for order in snapshot.orders}.values(), *stand_in]


def _order(invoice: Invoice) -> Order:
    status = AS_ORDER.get(invoice.status, "C")
    return Order(
        id=PREFIX + invoice.id,
        number=invoice.number,
        external_id=None,
        customer_id=invoice.customer_id,
        currency=invoice.currency,
        date=invoice.date,
        status=status,
        status_name=f"invoice {invoice.status_name}",
        net=invoice.net,
        tax=invoice.tax,
        total=invoice.total,
        po_number=invoice.po_number,
        modified=invoice.modified,
        created=invoice.created,
        billed_net=invoice.net if invoice.posted else invoice.net - invoice.net,
        stand_alone=True,
    )
