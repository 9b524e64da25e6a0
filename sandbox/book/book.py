"""The book while it is being made: all nouns of both systems, who is who, and what must show."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sandbox.book.action import Action
from sandbox.book.course import SCHEDULED, Course
from sandbox.book.edit import Edit
from sandbox.book.ids import Ids
from sandbox.book.ledger import Ledger
from sandbox.book.likeness import NameIndex
from sandbox.book.month import Month
from sandbox.book.nouns import (
    Account,
    Contact,
    Customer,
    Deal,
    Item,
    Line,
    ListEntry,
    Order,
    Product,
    Rep,
)
from sandbox.book.shape import Shape
from sandbox.book.shelf import Change, Shelf
from sandbox.book.truth import CUSTOMER_HELD, IN_FLIGHT, SYNC_BLOCKED, Expected
from sandbox.book.words import PLACES

QUIET = timedelta(hours=2)
"""Nothing in the book is younger than this, so that a settle time never hides a record."""


class Book:
    """Shelves of nouns and the generator's own knowledge about them.

    ``links`` says which NetSuite customer an account is; ``solo`` holds accounts with exactly one deal won
    since go-live, none before and no relatives: whatever happens to such a customer concerns one deal.
    ``veterans`` bought before go-live, so NetSuite has them.
    ``strangers`` are customers without an account; ``pairs`` are deals with the order that people entered for
    them; ``twins`` are names that are meant to be alike; ``spoken_for`` are deals that have a case already.
    ``courses`` are what a case asks finance to do with a deal's order, ``errands`` what it asks of them besides,
    ``account_cases`` the accounts with a case of their own; ``actions`` is the whole of finance's month.
    """

    def __init__(self, shape: Shape, seed: int, now: datetime) -> None:
        self.shape = shape
        self.seed = seed
        self.now = now
        self.go_live: date = shape.go_live(now)
        self.changes: list[Change] = []
        self.reps: Shelf[Rep] = Shelf(self.changes)
        self.products: Shelf[Product] = Shelf(self.changes)
        self.items: Shelf[Item] = Shelf(self.changes)
        self.accounts: Shelf[Account] = Shelf(self.changes)
        self.contacts: Shelf[Contact] = Shelf(self.changes)
        self.deals: Shelf[Deal] = Shelf(self.changes)
        self.customers: Shelf[Customer] = Shelf(self.changes)
        self.orders: Shelf[Order] = Shelf(self.changes)
        self.lists: Shelf[ListEntry] = Shelf(self.changes)
        self.ids = Ids()
        self.ledger = Ledger()
        self.names = NameIndex()
        self.links: dict[str, str] = {}
        self.accounts_by_customer: dict[str, str] = {}
        self.solo: list[str] = []
        self.buyers: list[str] = []
        self.veterans: list[str] = []
        self.spoken_for: set[str] = set()
        self.strangers: set[str] = set()
        self.pairs: set[tuple[str, str]] = set()
        self.twins: set[frozenset[str]] = set()
        self.planted: dict[str, int] = {}
        self.expected: list[Expected] = []
        self.edits: list[Edit] = []
        self.month = Month.of(now, shape.live_days)
        self.courses: dict[str, Course] = {}
        self.errands: list[Action] = []
        self.account_cases: set[str] = set()
        self.actions: list[Action] = []

    @property
    def latest(self) -> datetime:
        """The youngest stamp that a record of the book may carry."""
        return (self.now - QUIET).replace(microsecond=0)

    def in_scope(self, deal: Deal) -> bool:
        """Tell whether the deal was won since go-live."""
        return deal.won and deal.close_date >= self.go_live

    def family(self, account_id: str) -> str:
        """Return the topmost account above this one: documents of one family are never alike by accident."""
        parent = self.accounts[account_id].parent_id
        return account_id if parent is None else self.family(parent)

    def customer_family(self, customer_id: str) -> str:
        """Return the family of a NetSuite customer: that of its account, or its own."""
        account_id = self.accounts_by_customer.get(customer_id)
        return customer_id if account_id is None else self.family(account_id)

    def link(self, account_id: str, customer_id: str) -> None:
        """Note that the account is this NetSuite customer."""
        self.links[account_id] = customer_id
        self.accounts_by_customer[customer_id] = account_id

    def subsidiary(self, country_code: str) -> str:
        """Return the name of the subsidiary that sells to the country."""
        return next(place.subsidiary for place in PLACES if place.code == country_code)

    def scoped_deals(self) -> list[Deal]:
        """Return the deals won since go-live."""
        return [deal for deal in self.deals if self.in_scope(deal)]

    def held_first(self) -> set[str]:
        """Return the ids of the deals and accounts that the first sync holds."""
        return {one.record for one in self.expected if one.where == "hold" and one.phase == "first_sync"}

    def ordered_deals(self) -> list[Deal]:
        """Return the deals for which the first sync creates an order."""
        held = self.held_first()
        return [deal for deal in self.scoped_deals() if deal.id not in held]

    def goods(self, deal: Deal) -> list[Line]:
        """Return the deal's lines of goods, which are delivered before they are billed."""
        return [line for line in deal.lines if self.products[line.product_id].goods]

    def expect_hold(self, deal: Deal, code: str, label: str) -> None:
        """Note that the first sync holds the deal for this cause, and that reconciliation then shows it blocked."""
        self.spoken_for.add(deal.id)
        self.expected.append(Expected(where="hold", code=code, record=deal.id, phase="first_sync", label=label))
        self._expect(SYNC_BLOCKED, deal.id, label)

    def expect_late_hold(self, deal: Deal, code: str, label: str) -> None:
        """Note that a sync after the first one holds the deal."""
        self.spoken_for.add(deal.id)
        self.expected.append(Expected(where="hold", code=code, record=deal.id, phase="last_sync", label=label))

    def expect_customer_hold(self, account: Account, code: str, label: str) -> None:
        """Note that the account's customer is held, and with it each of the account's deals."""
        self.expected.append(Expected(where="hold", code=code, record=account.id, phase="first_sync", label=label))
        for deal in self.scoped_deals():
            if deal.account_id == account.id:
                self.expect_hold(deal, CUSTOMER_HELD, label)

    def expect_exceptions(self, deal: Deal, codes: tuple[str, ...], label: str) -> None:
        """Note that reconciliation shows these codes for the deal; unless its case says otherwise, it is not billed."""
        self.spoken_for.add(deal.id)
        self.courses.setdefault(deal.id, SCHEDULED)
        for code in codes:
            self._expect(code, deal.id, label)

    def expect_exception_of_nobody(self, deal_id: str, code: str, label: str) -> None:
        """Note that reconciliation shows this code for a deal that only an order names."""
        self._expect(code, deal_id, label)

    def expect_of_account(self, account_id: str, codes: tuple[str, ...], label: str) -> None:
        """Note that reconciliation shows these codes for the account."""
        self.account_cases.add(account_id)
        for code in codes:
            self._expect(code, account_id, label)

    def expect_on_its_way(self, deal: Deal, label: str) -> None:
        """Note that reconciliation lists the deal among those whose order is on its way."""
        self.spoken_for.add(deal.id)
        self.expected.append(
            Expected(where="in_flight", code=IN_FLIGHT, record=deal.id, phase="reconcile", label=label)
        )

    def _expect(self, code: str, record: str, label: str) -> None:
        self.expected.append(Expected(where="exception", code=code, record=record, phase="reconcile", label=label))
