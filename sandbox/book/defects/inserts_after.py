"""Orders that people enter in NetSuite after the first sync."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from sandbox.book.clerk import ORDER_PREFIX
from sandbox.book.defects.kind import Scene
from sandbox.book.edit import LineEdit
from sandbox.book.erp import items_by_product, unlike_lines
from sandbox.book.lines import order_lines
from sandbox.book.nouns import Customer, Deal, Order, OrderLine
from sandbox.book.row import number
from sandbox.book.rows_netsuite import order_columns
from sandbox.ids import PREFIXES, salesforce_id

_UNKNOWN_DEALS_FROM = 900_001


def order_entered_again(scene: Scene, label: str) -> bool:
    """Somebody types the order in once more, with the customer's PO number and other prices."""
    deal = scene.deal(lambda deal: scene.linked(deal) and bool(deal.po_number))
    if deal is None:
        return False
    lines = unlike_lines(scene.book, scene.dice, scene.family(deal), deal.currency)
    _insert(scene, deal, label, lines, po_number=deal.po_number, day_shift=1)
    return scene.found(deal, label, "DUP_ERP_SOFT")


def order_copied(scene: Scene, label: str) -> bool:
    """Somebody uses Make Copy on the order: the amount is the same, and Tieout's stamps come along."""
    deal = scene.deal(scene.linked)
    if deal is None:
        return False
    lines = order_lines(deal, items_by_product(scene.book))
    _insert(scene, deal, label, lines, po_number="", day_shift=2, custbody_tieout_deal_id=deal.id)
    return scene.found(deal, label, "DUP_ERP_SOFT")


def external_id_moved(scene: Scene, label: str) -> bool:
    """An import moves the external id from Tieout's order to a copy: two live orders for one deal."""
    deal = scene.deal(scene.linked)
    if deal is None:
        return False
    scene.edit_order(deal, label, set_={"externalId": ""})
    lines = order_lines(deal, items_by_product(scene.book))
    _insert(scene, deal, label, lines, po_number="", day_shift=1, externalId=ORDER_PREFIX + deal.id)
    return scene.found(deal, label, "DUP_ERP", "MAP_CONFLICT")


def order_of_no_deal(scene: Scene, label: str) -> bool:
    """An order carries an external id of ours, but no such deal exists."""
    strangers = [customer for customer in scene.book.customers if customer.id in scene.book.strangers]
    if not strangers:
        return False
    customer = scene.dice.choice(strangers)
    lines = unlike_lines(scene.book, scene.dice, customer.id, customer.currency)
    order = _order(scene, customer, customer.currency, lines, scene.book.go_live + timedelta(days=5))
    count = sum(edit.label == label for edit in scene.book.edits)
    deal_id = salesforce_id(PREFIXES["Opportunity"], _UNKNOWN_DEALS_FROM + count)
    scene.insert_order(label, order_columns(order) | {"externalId": ORDER_PREFIX + deal_id}, _line_edits(order))
    scene.book.expect_exception_of_nobody(deal_id, "MISSING_IN_CRM", label)
    return True


def _insert(
    scene: Scene, deal: Deal, label: str, lines: tuple[OrderLine, ...], *, po_number: str, day_shift: int, **more: str
) -> None:
    customer = scene.book.customers[scene.book.links[deal.account_id]]
    order = _order(scene, customer, deal.currency, lines, deal.close_date + timedelta(days=day_shift))
    columns = order_columns(replace(order, po_number=po_number)) | more
    scene.insert_order(label, columns, _line_edits(order))


def _order(scene: Scene, customer: Customer, currency: str, lines: tuple[OrderLine, ...], day: date) -> Order:
    """Return an order as a person enters it: pending approval; it gets its internal id when it is entered."""
    return Order(
        id="",
        number=scene.book.ids.number("salesOrder"),
        customer_id=customer.id,
        currency=currency,
        subsidiary=customer.subsidiary,
        date=day,
        entered=scene.book.now,
        status="A",
        lines=lines,
    )


def _line_edits(order: Order) -> list[LineEdit]:
    return [
        LineEdit(
            set={
                "item": line.item,
                "quantity": number(line.quantity),
                "rate": number(line.rate),
                "amount": number(line.amount),
            }
        )
        for line in order.lines
    ]
