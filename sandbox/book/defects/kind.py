"""What a kind of defect is, and the deals it may be planted on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.book.action import ActionPhase, Value, action
from sandbox.book.book import Book
from sandbox.book.clerk import order_of
from sandbox.book.course import Course
from sandbox.book.dice import Random
from sandbox.book.edit import Edit, EditPhase, LineEdit, System
from sandbox.book.nouns import Account, Deal


class Scene:
    """The book together with the choice of deals that no other defect has touched."""

    def __init__(self, book: Book, dice: Random) -> None:
        self.book = book
        self.dice = dice

    def deal(self, fits: Callable[[Deal], bool] = lambda deal: True) -> Deal | None:
        """Return a deal won since go-live that is sound so far and fits, or None.

        Deals of solo accounts come last: kinds that concern a whole customer need them.
        """
        return self._choose([deal for deal in self._sound() if fits(deal)], last=set(self.book.solo))

    def open_deal(self) -> Deal | None:
        """Return a deal with lines that is still open and that no other defect has touched, or None."""
        deals = [
            deal
            for deal in self.book.deals
            if not deal.won and deal.stage != "Closed Lost" and deal.lines and deal.account_id
        ]
        free = [deal for deal in deals if deal.id not in self.book.spoken_for]
        return self.dice.choice(free) if free else None

    def solo_deal(self, *, linked: bool, fits: Callable[[Account], bool] = lambda account: True) -> Deal | None:
        """Return the only deal of an account that is (or is not) a NetSuite customer already, or None."""
        solo = {id_ for id_ in self.book.solo if (id_ in self.book.links) is linked}
        deals = [deal for deal in self._sound() if deal.account_id in solo and fits(self.account(deal))]
        return self._choose(deals, last=set())

    def linked(self, deal: Deal) -> bool:
        """Tell whether the deal's account was a NetSuite customer before the first sync."""
        return deal.account_id in self.book.links

    def account(self, deal: Deal) -> Account:
        """Return the deal's account."""
        return self.book.accounts[deal.account_id]

    def family(self, deal: Deal) -> str:
        """Return the family of the deal's account."""
        return self.book.family(deal.account_id)

    def found(self, deal: Deal, label: str, *codes: str) -> bool:
        """Note that reconciliation shows these codes for the deal; return True, for the kind to return."""
        self.book.expect_exceptions(deal, codes, label)
        return True

    def _sound(self) -> list[Deal]:
        return [deal for deal in self.book.scoped_deals() if deal.id not in self.book.spoken_for]

    def _choose(self, deals: list[Deal], *, last: set[str]) -> Deal | None:
        if self.room() <= 0:
            return None
        preferred = [deal for deal in deals if deal.account_id not in last] or deals
        return self.dice.choice(preferred) if preferred else None

    def room(self) -> int:
        """Return how many deals may still get a defect; a fifth of all stays sound."""
        return len(self._sound()) - len(self.book.scoped_deals()) // 5

    def edit_order(
        self, deal: Deal, label: str, *, set_: dict[str, str] | None = None, line: LineEdit | None = None
    ) -> None:
        """Record that a person changes the order which Tieout made for the deal."""
        self._update("after", "netsuite", "salesOrder", label, {"externalId": order_of(deal)}, set_, line)

    def edit_deal(self, deal: Deal, label: str, *, phase: EditPhase = "after", **set_: str) -> None:
        """Record that a person changes the deal in Salesforce after the first sync."""
        self._update(phase, "salesforce", "Opportunity", label, {"Id": deal.id}, set_, None)

    def edit_deal_line(self, line_id: str, label: str, *, phase: EditPhase, **set_: str) -> None:
        """Record that a person changes a line of a deal in Salesforce."""
        self._update(phase, "salesforce", "OpportunityLineItem", label, {"Id": line_id}, set_, None)

    def remove_order(self, deal: Deal, label: str) -> None:
        """Record that a person deletes the order which Tieout made for the deal."""
        self._delete("netsuite", "salesOrder", label, {"externalId": order_of(deal)})

    def remove_deal(self, deal: Deal, label: str) -> None:
        """Record that a person deletes the deal in Salesforce."""
        self._delete("salesforce", "Opportunity", label, {"Id": deal.id})

    def insert_order(self, label: str, columns: dict[str, str], lines: list[LineEdit]) -> None:
        """Record that a person enters an order in NetSuite after the first sync."""
        self._insert("salesOrder", label, columns, lines)

    def insert_invoice(self, label: str, columns: dict[str, str], lines: list[LineEdit]) -> None:
        """Record that a person enters an invoice in NetSuite at the end, whatever months are closed."""
        self._insert("invoice", label, columns, lines)

    def take_course(self, deal: Deal, course: Course) -> None:
        """Ask finance to treat the deal's order in this way."""
        self.book.courses[deal.id] = course

    def errand(self, phase: ActionPhase, op: str, label: str, **values: Value) -> None:
        """Ask finance to do this besides."""
        self.book.errands.append(action(phase, op, label, **values))

    def account_deal(self, *, linked: bool = False) -> Deal | None:
        """Return a sound deal of an account without a case of its own, or None; the deal stays sound for good.

        Args:
            linked: the account was a NetSuite customer before the first sync, so that its internal id is known.
        """
        free = self.book.account_cases
        deal = self.deal(lambda deal: deal.account_id not in free and (not linked or self.linked(deal)))
        if deal is not None:
            self.book.spoken_for.add(deal.id)
        return deal

    def _insert(self, type_: str, label: str, columns: dict[str, str], lines: list[LineEdit]) -> None:
        filled = {name: value for name, value in columns.items() if value}
        self.book.edits.append(
            Edit(phase="after", system="netsuite", op="insert", type=type_, label=label, set=filled, lines=lines)
        )

    def _update(
        self,
        phase: EditPhase,
        system: System,
        type_: str,
        label: str,
        match: dict[str, str],
        set_: dict[str, str] | None,
        line: LineEdit | None,
    ) -> None:
        lines = [line] if line is not None else []
        self.book.edits.append(
            Edit(phase=phase, system=system, op="update", type=type_, label=label, match=match, set=set_, lines=lines)
        )

    def _delete(self, system: System, type_: str, label: str, match: dict[str, str]) -> None:
        self.book.edits.append(Edit(phase="after", system=system, op="delete", type=type_, label=label, match=match))


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of defect: ``plant`` puts one into the book under ``label``, and returns False where none fits."""

    label: str
    most: int
    plant: Callable[[Scene, str], bool]
