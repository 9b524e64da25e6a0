"""What goes wrong between an order and its invoice."""

from __future__ import annotations

from decimal import Decimal

from sandbox.book.clerk import order_of
from sandbox.book.course import PAID, UNAPPROVED, UNDELIVERED, UNPAID
from sandbox.book.defects.kind import Scene
from sandbox.book.nouns import Deal, Line, money
from sandbox.book.row import number


def price_raised(scene: Scene, label: str) -> bool:
    """Sales raises a price on the deal when its order is approved and billed: the order stays as it is."""
    deal = scene.deal()
    if deal is None:
        return False
    scene.take_course(deal, UNPAID)
    scene.edit_deal_line(deal.lines[0].id, label, phase="middle", UnitPrice=number(_raised_price(scene, deal)))
    scene.book.expect_late_hold(deal, "LOCKED_DOWNSTREAM", label)
    return scene.found(deal, label, "CHANGED_AFTER_LOCK", "AMOUNT")


def billed_deal_reopened(scene: Scene, label: str) -> bool:
    """Sales opens a deal again that is billed already."""
    deal = scene.deal()
    if deal is None:
        return False
    scene.take_course(deal, UNPAID)
    scene.edit_deal(deal, label, phase="middle", StageName="Negotiation/Review")
    scene.book.expect_late_hold(deal, "REOPENED_AFTER_PUSH", label)
    return scene.found(deal, label, "CRM_OPEN_ERP_BILLED")


def billed_deal_lost(scene: Scene, label: str) -> bool:
    """Sales turns a deal to lost that is billed and paid."""
    deal = scene.deal()
    if deal is None:
        return False
    scene.take_course(deal, PAID)
    scene.edit_deal(deal, label, StageName="Closed Lost")
    return scene.found(deal, label, "CRM_OPEN_ERP_BILLED")


def goods_delivered_late(scene: Scene, label: str) -> bool:
    """The goods leave so late that the month of the order is closed when they could be billed."""
    deal = scene.deal(lambda deal: bool(scene.book.goods(deal)) and deal.close_date < scene.book.month.open_from)
    if deal is None:
        return False
    scene.take_course(deal, UNDELIVERED)
    scene.errand("collect", "fulfil", label, order=order_of(deal))
    scene.book.expect_late_hold(deal, "PERIOD_CLOSED", label)
    return scene.found(deal, label, "SYNC_BLOCKED", "FULFILLED_NOT_BILLED")


def invoice_voided(scene: Scene, label: str) -> bool:
    """Finance voids the invoice that Tieout made: it is not made again."""
    deal = scene.deal(lambda deal: not scene.book.goods(deal))
    if deal is None:
        return False
    scene.take_course(deal, UNPAID)
    scene.errand("collect", "void_invoice", label, order=order_of(deal))
    scene.book.expect_late_hold(deal, "INVOICE_REVERSED", label)
    return scene.found(deal, label, "SYNC_BLOCKED", "UNBILLED")


def order_never_approved(scene: Scene, label: str) -> bool:
    """Nobody approves the order."""
    deal = scene.deal()
    if deal is None:
        return False
    scene.take_course(deal, UNAPPROVED)
    return scene.found(deal, label, "ORDER_UNAPPROVED")


def billed_twice(scene: Scene, label: str) -> bool:
    """Somebody bills the deal again, with an invoice that stands alone and names the deal."""
    deal = scene.deal()
    if deal is None:
        return False
    scene.take_course(deal, PAID)
    scene.errand(
        "collect", "invoice", label, customer_of=order_of(deal), amount=number(deal.net), deal=deal.id, memo="billed"
    )
    return scene.found(deal, label, "OVERBILLED")


def _raised_price(scene: Scene, deal: Deal) -> Decimal:
    """Return a price for the first line at which no other document of the family has the deal's new amount."""
    line = deal.lines[0]
    while True:
        price = money(line.price * scene.dice.randint(1100, 1500) / 1000 + 20, deal.currency)
        new = deal.net - line.total + _total(line, price, deal.currency)
        if new - deal.net >= 10 and scene.book.ledger.free(scene.family(deal), deal.currency, new):
            scene.book.ledger.take(scene.family(deal), deal.currency, new)
            return price


def _total(line: Line, price: Decimal, currency: str) -> Decimal:
    return money(line.quantity * price * (1 - (line.discount or Decimal(0)) / 100), currency)
