"""The clean book's own cases for a person: rare, honest, and labelled in the truth."""

from __future__ import annotations

from sandbox.book.book import Book
from sandbox.book.dice import Random
from sandbox.book.erp import add_customer, address_of, order_for
from sandbox.book.likeness import normalised
from sandbox.book.names import misspelt
from sandbox.book.nouns import Account, Deal

HAND_ENTERED = "labelled: order entered by hand"
NEAR_NAME = "labelled: customer with nearly this name"


def add_labelled(book: Book, dice: Random) -> None:
    """Enter by hand a few orders of deals won since go-live, and give a few new customers a near name."""
    deals = [deal for deal in book.scoped_deals() if deal.account_id in book.links and deal.account_id not in book.solo]
    dice.shuffle(deals)
    for deal in _mixed(deals, book.shape.possible_duplicates):
        add_hand_entered(book, deal, dice, label=HAND_ENTERED)
    strangers = [book.accounts[id_] for id_ in book.solo if id_ not in book.links]
    for account in dice.sample(strangers, min(len(strangers), book.shape.near_matches)):
        add_near_name(book, account, dice, label=NEAR_NAME)


def add_hand_entered(book: Book, deal: Deal, dice: Random, *, label: str) -> None:
    """Put an order on the shelf that may be the deal's: by PO where the deal has one, else by amount and day."""
    order_for(book, deal, dice, same_amount=not deal.po_number)
    book.expect_hold(deal, "POSSIBLE_DUPLICATE", label)


def add_near_name(book: Book, account: Account, dice: Random, *, label: str) -> None:
    """Put a customer on the shelf whose name is the account's with one letter wrong."""
    wrong = misspelt(account.name, book.names, dice)
    add_customer(book, wrong, address_of(account), account.currency)
    book.twins.add(frozenset((normalised(account.name), normalised(wrong))))
    book.expect_customer_hold(account, "CUSTOMER_NEAR_MATCH", label)


def _mixed(deals: list[Deal], count: int) -> list[Deal]:
    """Return that many deals, a third of them without a PO number as far as there are any."""
    without = [deal for deal in deals if not deal.po_number]
    having = [deal for deal in deals if deal.po_number]
    chosen = without[: -(-count // 3)]
    return (having[: count - len(chosen)] + chosen)[:count]
