"""Defects of single deals that are there before the first sync; each ends in a hold of the deal."""

from __future__ import annotations

from dataclasses import replace

from sandbox.book.catalogue import new_product
from sandbox.book.defects.kind import Scene
from sandbox.book.labelled import add_hand_entered
from sandbox.book.nouns import Deal, Item, Product, Stamps

UNTABLED_TERMS = "90 days"
"""A retired value of the picklist: no longer on offer, but still on old deals and in no value table."""
NOBODYS_ID = "999999"
"""No record of the NetSuite account has this internal id."""
_SPECIALS_FROM = 9001
_SPECIAL_CODES = ("GTX-9", "PLAT-9000", "SCAN-X1", "EDGE-96", "KIOSK-55", "LIC-NEXT")


def no_lines(scene: Scene, label: str) -> bool:
    """A deal was won with an amount and without products."""
    deal = scene.deal()
    return deal is not None and _held(scene, replace(deal, lines=(), amount=deal.net), "NO_LINES", label)


def no_account(scene: Scene, label: str) -> bool:
    """A deal was won without an account."""
    deal = scene.deal()
    return deal is not None and _held(scene, replace(deal, account_id=""), "NO_ACCOUNT", label)


def unknown_item(scene: Scene, label: str) -> bool:
    """A deal's product code is no item in NetSuite."""
    deal = scene.deal()
    if deal is None:
        return False
    return _held(scene, _with_product(deal, _special(scene)), "ITEM_NOT_FOUND", label)


def inactive_item(scene: Scene, label: str) -> bool:
    """A deal's product is an item that finance has made inactive."""
    deal = scene.deal()
    if deal is None:
        return False
    product = _special(scene)
    number = 900 + len(scene.book.items)
    scene.book.items.put(
        Item(
            id=str(number),
            code=product.item,
            name=product.name,
            external_id=f"erp-item-{product.item.lower()}",
            inactive=True,
        )
    )
    return _held(scene, _with_product(deal, product), "ITEM_INACTIVE", label)


def untabled_terms(scene: Scene, label: str) -> bool:
    """A deal's payment terms are not in the admin's value table."""
    deal = scene.deal()
    return deal is not None and _held(scene, replace(deal, terms=UNTABLED_TERMS), "VALUE_NOT_IN_TABLE", label)


def missing_po(scene: Scene, label: str) -> bool:
    """A deal needs a PO number and has none."""
    deal = scene.deal()
    return deal is not None and _held(scene, replace(deal, po_required=True, po_number=""), "RULE_HOLD", label)


def hand_entered(scene: Scene, label: str) -> bool:
    """Somebody had already typed the order into NetSuite."""
    deal = scene.deal(scene.linked)
    if deal is None:
        return False
    add_hand_entered(scene.book, deal, scene.dice, label=label)
    return True


def stored_id_of_nobody(scene: Scene, label: str) -> bool:
    """The deal names a NetSuite order that does not exist."""
    deal = scene.deal()
    return deal is not None and _held(scene, replace(deal, stored_id=NOBODYS_ID), "STORED_ID_CONFLICT", label)


def clone_with_stored_id(scene: Scene, label: str) -> bool:
    """A deal was cloned from one of before go-live, together with the id of that one's order."""
    book = scene.book
    originals = {
        (deal.account_id, deal.currency): deal
        for deal in book.deals
        if deal.won and deal.stored_id and not book.in_scope(deal)
    }
    deal = scene.deal(lambda deal: (deal.account_id, deal.currency) in originals)
    if deal is None:
        return False
    stored_id = originals[deal.account_id, deal.currency].stored_id
    return _held(scene, replace(deal, stored_id=stored_id), "BINDING_CONFLICT", label)


def clone_with_stamps(scene: Scene, label: str) -> bool:
    """A deal was cloned from another and carries Tieout's fields of that one: nothing may come of it."""
    book = scene.book
    deal = scene.deal()
    orders = {order.po_number: order for order in book.orders if order.po_number}
    original = next(
        (orders[other.po_number] for other in book.deals if _matched(book.in_scope(other), other, set(orders))), None
    )
    if deal is None or original is None:
        return False
    stamps = Stamps(
        order_number=original.number, order_id=original.id, order_status="Pending Approval", sync_state="Matched"
    )
    book.deals.put(replace(deal, stamps=stamps))
    book.spoken_for.add(deal.id)
    return True


def _matched(in_scope: bool, deal: Deal, po_numbers: set[str]) -> bool:
    return deal.won and not in_scope and deal.po_number in po_numbers


def _held(scene: Scene, deal: Deal, code: str, label: str) -> bool:
    scene.book.deals.put(deal)
    scene.book.expect_hold(deal, code, label)
    return True


def _special(scene: Scene) -> Product:
    """Put a product on the shelf that nobody else buys and that NetSuite does not know."""
    known = {product.code for product in scene.book.products}
    number = _SPECIALS_FROM + sum(code in known for code in _all_codes(len(known)))
    code = next(code for code in _all_codes(len(known)) if code not in known)
    like = next(iter(scene.book.products))
    return scene.book.products.put(new_product(number, code, like))


def _all_codes(count: int) -> list[str]:
    return [*_SPECIAL_CODES, *(f"SPECIAL-{index}" for index in range(count))]


def _with_product(deal: Deal, product: Product) -> Deal:
    """Return the deal with its last line on another product, at the price it had."""
    line = replace(deal.lines[-1], product_id=product.id, entry_id=product.entries[deal.currency])
    return replace(deal, lines=(*deal.lines[:-1], line))
