"""Which amounts are taken, so that no two documents look like copies of each other by accident."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from decimal import Decimal

GAP = {"JPY": Decimal(500)}
LEAST_GAP = Decimal(5)
"""Amounts of one customer family in one currency differ by at least this, far more than any tolerance."""


class Ledger:
    """Net amounts by customer family and currency."""

    def __init__(self) -> None:
        self._taken: defaultdict[tuple[str, str], list[Decimal]] = defaultdict(list)

    def free(self, family: str, currency: str, amount: Decimal) -> bool:
        """Tell whether the amount keeps its distance from every other of the family."""
        taken = self._taken[family, currency]
        place = bisect_left(taken, amount)
        gap = GAP.get(currency, LEAST_GAP)
        return all(abs(other - amount) >= gap for other in taken[max(0, place - 1) : place + 1])

    def take(self, family: str, currency: str, amount: Decimal) -> None:
        """Note an amount as used."""
        insort(self._taken[family, currency], amount)
