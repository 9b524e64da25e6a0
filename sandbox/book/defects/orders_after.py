"""What people do to Tieout's orders in NetSuite after the first sync."""

from __future__ import annotations

from decimal import Decimal

from sandbox.book.defects.kind import Scene
from sandbox.book.edit import LineEdit
from sandbox.book.nouns import CURRENCIES, Customer, Deal, money
from sandbox.book.row import number


def amount_changed(scene: Scene, label: str) -> bool:
    """Finance gives a customer another price in NetSuite."""
    deal = scene.deal(lambda deal: len(deal.lines) == 1)
    if deal is None:
        return False
    new = _raised(scene, deal)
    rate = (new / deal.lines[0].quantity).quantize(Decimal("0.00000001"))
    edit = LineEdit(match={"index": 0}, set={"rate": number(rate), "amount": number(new)})
    scene.edit_order(deal, label, line=edit)
    return scene.found(deal, label, "AMOUNT")


def line_removed(scene: Scene, label: str) -> bool:
    """Somebody deletes a line of the order."""
    deal = scene.deal(lambda deal: len(deal.lines) > 1 and _any_line_may_go(scene, deal))
    if deal is None:
        return False
    scene.edit_order(deal, label, line=LineEdit(match={"index": 0}, delete=True))
    return scene.found(deal, label, "AMOUNT")


def currency_changed(scene: Scene, label: str) -> bool:
    """The order is turned into another currency at the same figures."""
    deal = scene.deal()
    if deal is None:
        return False
    other = next(
        currency
        for currency in CURRENCIES
        if currency not in (deal.currency, "JPY") and scene.book.ledger.free(scene.family(deal), currency, deal.net)
    )
    scene.book.ledger.take(scene.family(deal), other, deal.net)
    scene.edit_order(deal, label, set_={"currency": other})
    return scene.found(deal, label, "CURRENCY")


def customer_changed(scene: Scene, label: str) -> bool:
    """The order is moved to another customer of the same subsidiary."""
    deal = scene.deal(lambda deal: _stranger(scene, deal) is not None)
    other = None if deal is None else _stranger(scene, deal)
    if deal is None or other is None:
        return False
    scene.book.ledger.take(other.id, deal.currency, deal.net)
    scene.edit_order(deal, label, set_={"entity": other.id})
    return scene.found(deal, label, "CUSTOMER")


def order_deleted(scene: Scene, label: str) -> bool:
    """Somebody deletes the order."""
    deal = scene.deal()
    if deal is None:
        return False
    scene.remove_order(deal, label)
    return scene.found(deal, label, "MISSING_IN_ERP", "ORPHAN_MAP")


def order_cancelled(scene: Scene, label: str) -> bool:
    """Finance cancels the order of a deal that is still won."""
    return _order_status(scene, label, "C", "CANCEL_ERP_ONLY")


def order_closed(scene: Scene, label: str) -> bool:
    """Finance closes the order without billing it."""
    return _order_status(scene, label, "H", "STATUS")


def _order_status(scene: Scene, label: str, letter: str, code: str) -> bool:
    deal = scene.deal()
    if deal is None:
        return False
    scene.edit_order(deal, label, set_={"orderStatus": letter})
    return scene.found(deal, label, code)


def _raised(scene: Scene, deal: Deal) -> Decimal:
    """Return an amount 8 to 30 percent above the deal's that no other document of the family has."""
    while True:
        new = money(deal.net * scene.dice.randint(1080, 1300) / 1000 + 10, deal.currency)
        if scene.book.ledger.free(scene.family(deal), deal.currency, new):
            scene.book.ledger.take(scene.family(deal), deal.currency, new)
            return new


def _any_line_may_go(scene: Scene, deal: Deal) -> bool:
    """Tell whether the order, whichever of its lines is the first, would stay unlike all others."""
    smallest = min(line.total for line in deal.lines)
    rests = [deal.net - line.total for line in deal.lines]
    return smallest >= 10 and all(scene.book.ledger.free(scene.family(deal), deal.currency, rest) for rest in rests)


def _stranger(scene: Scene, deal: Deal) -> Customer | None:
    """Return a customer of the deal's subsidiary that belongs to no account, or None."""
    subsidiary = scene.book.subsidiary(scene.account(deal).country_code)
    for customer in scene.book.customers:
        fits = customer.subsidiary == subsidiary and customer.id in scene.book.strangers
        if fits and scene.book.ledger.free(customer.id, deal.currency, deal.net):
            return customer
    return None
