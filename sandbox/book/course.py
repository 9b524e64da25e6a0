"""What becomes of one order in NetSuite in the weeks after the first sync."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from sandbox.book.dice import Random

Settlement = Literal[
    "unpaid",
    "paid",
    "paid with others",
    "paid in part",
    "over-paid",
    "over-paid and refunded",
    "paid with discount",
    "credited",
    "credited in part",
    "paid from a deposit",
]
WHOLE = Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How finance treats one order.

    Attributes:
        approved: an order that nobody approves is never billed.
        scheduled: it gets a billing schedule whose first day is far away, and nothing of it is billed.
        fulfilled: share of the goods that is delivered when it is approved.
        by_hand: share of what is billable that finance bills itself, before Tieout does.
        settled: what its customer pays.
        punctual: the payment is dated on the day of its entry, in a month that stays open.
    """

    approved: bool = True
    scheduled: bool = False
    fulfilled: Decimal = WHOLE
    by_hand: Decimal = Decimal(0)
    settled: Settlement = "unpaid"
    punctual: bool = False

    @property
    def billed(self) -> bool:
        """Whether the order may be billed at all."""
        return self.approved and not self.scheduled


SCHEDULED = Course(scheduled=True, fulfilled=Decimal(0))
UNAPPROVED = Course(approved=False, fulfilled=Decimal(0))
UNDELIVERED = Course(fulfilled=Decimal(0))
UNPAID = Course()
PAID = Course(settled="paid", punctual=True)

_SETTLEMENTS: dict[Settlement, int] = {
    "paid": 64,
    "paid in part": 9,
    "over-paid": 3,
    "over-paid and refunded": 2,
    "paid with discount": 4,
    "credited": 2,
    "credited in part": 4,
    "paid from a deposit": 4,
    "unpaid": 8,
}
_WEIGHTS = tuple(_SETTLEMENTS.values())
_BY_HAND = ("unpaid", "paid in part", "paid")
"""What is left simple where finance billed by hand."""


def draw_course(dice: Random, *, in_two: bool) -> Course:
    """Return the course of a sound deal's order.

    Args:
        dice: the deal's own chance, so that it fares the same whatever happens to others.
        in_two: every line can be billed in two parts of whole units, exactly.
    """
    settled = dice.choices(list(_SETTLEMENTS), _WEIGHTS)[0]
    kind = dice.random()
    if kind < 0.05:
        return SCHEDULED
    if kind < 0.15:
        in_part = in_two and dice.random() < 0.75
        return Course(by_hand=Decimal("0.5") if in_part else WHOLE, settled=settled if settled in _BY_HAND else "paid")
    if kind < 0.35 and settled in _BY_HAND:
        return Course(fulfilled=Decimal("0.5"), settled=settled)
    return Course(settled=settled)
