"""The generator's own look at its book finds every accident that could be mistaken for a defect."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.book.book import Book
from sandbox.book.check import BookContradiction, check
from sandbox.book.generate import make
from sandbox.book.nouns import Customer, Deal
from sandbox.book.shape import SMALL

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def book() -> Book:
    return make(seed=2, now=NOW, defects=False, shape=SMALL)


def _deal(book: Book, *, po: bool = False) -> Deal:
    return next(d for d in book.scoped_deals() if d.id not in book.spoken_for and d.lines and (d.po_number or not po))


def _customer(book: Book) -> Customer:
    return book.customers[sorted(book.links.values())[0]]


def _near_customer(book: Book) -> None:
    customer = _customer(book)
    book.customers.put(replace(customer, id="99001", name=f"{customer.name.split()[0]}x {customer.name.split()[1]}"))


def _same_customer_twice(book: Book) -> None:
    book.customers.put(replace(_customer(book), id="99001"))


def _same_amount_twice(book: Book) -> None:
    deal = _deal(book)
    lines = tuple(replace(line, id=line.id[:3] + "Zz" + line.id[5:]) for line in deal.lines)
    book.deals.put(replace(deal, id="006Zz0000000001IAA", po_number="", lines=lines))


def _same_po_twice(book: Book) -> None:
    deal = _deal(book, po=True)
    other = next(d for d in book.deals if d.id != deal.id)
    book.deals.put(replace(other, po_number=deal.po_number))


def _dangling_owner(book: Book) -> None:
    book.deals.put(replace(_deal(book), owner_id="005Zz0000000001IAA"))


def _price_of_another_currency(book: Book) -> None:
    deal = _deal(book)
    book.deals.put(replace(deal, currency="GBP" if deal.currency != "GBP" else "EUR"))


def _too_fresh(book: Book) -> None:
    book.deals.put(replace(_deal(book), modified=NOW - timedelta(minutes=30)))


def _won_on_go_live(book: Book) -> None:
    book.deals.put(replace(_deal(book), close_date=book.go_live))


def _other_subsidiary(book: Book) -> None:
    customer = _customer(book)
    book.customers.put(replace(customer, subsidiary="Acme Ltd" if customer.subsidiary != "Acme Ltd" else "Acme Inc"))


def _unlinked_name(book: Book) -> None:
    account = next(account for account in book.accounts if account.id not in book.links)
    book.customers.put(replace(_customer(book), id="99001", name=account.name.upper()))


def _two_holds(book: Book) -> None:
    deal = _deal(book)
    book.expect_hold(deal, "NO_LINES", "one")
    book.expect_hold(deal, "RULE_HOLD", "two")


@pytest.mark.parametrize(
    ("accident", "words"),
    [
        (_near_customer, "percent alike"),
        (_same_customer_twice, "2 customers are called"),
        (_same_amount_twice, "too close"),
        (_same_po_twice, "PO "),
        (_dangling_owner, "does not exist"),
        (_price_of_another_currency, "another product or currency"),
        (_too_fresh, "modified"),
        (_won_on_go_live, "closed 2026-11-01"),
        (_other_subsidiary, "another subsidiary"),
        (_unlinked_name, "is linked to None"),
        (_two_holds, "has 2 holds"),
    ],
)
def test_an_accident_in_the_book_is_found(book: Book, accident: Callable[[Book], None], words: str) -> None:
    check(book)
    accident(book)
    with pytest.raises(BookContradiction, match=words):
        check(book)


@pytest.mark.parametrize("seed", range(100, 112))
def test_books_of_many_seeds_hold_no_accident(seed: int) -> None:
    make(seed=seed, now=NOW, defects=True, shape=SMALL)
