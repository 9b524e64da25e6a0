"""How large a book is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Sizes of the clean book. ``won`` deals lie since go-live, ``won_before`` ones before it.

    ``unmatched_before`` of the latter have no order in NetSuite. ``erp_customers`` and ``erp_orders`` are
    born in NetSuite and have no counterpart in Salesforce. ``possible_duplicates`` and ``near_matches``
    are the labelled holds that the clean book contains. ``live_days``: go-live is that many days before now.
    """

    accounts: int = 300
    products: int = 40
    opportunities: int = 1200
    won: int = 450
    won_before: int = 120
    unmatched_before: int = 15
    reps: int = 12
    erp_customers: int = 75
    erp_orders: int = 115
    possible_duplicates: int = 8
    near_matches: int = 5
    live_days: int = 21

    def __post_init__(self) -> None:
        if self.won + self.won_before > self.opportunities:
            raise ValueError(f"{self.opportunities} opportunities cannot hold {self.won} + {self.won_before} won ones")
        for name, least in (
            ("accounts", 8),
            ("products", 6),
            ("won", 8),
            ("reps", 3),
            ("erp_customers", 4),
            ("live_days", 7),
        ):
            if getattr(self, name) < least:
                raise ValueError(f"a book needs at least {least} {name}, not {getattr(self, name)}")

    def go_live(self, now: datetime) -> date:
        """Return the day from which won deals become orders."""
        return (now - timedelta(days=self.live_days)).date()

    def times(self, factor: int) -> Shape:
        """Return the same book with that many times the records of trade (products and reps stay)."""
        return Shape(
            accounts=self.accounts * factor,
            products=self.products,
            opportunities=self.opportunities * factor,
            won=self.won * factor,
            won_before=self.won_before * factor,
            unmatched_before=self.unmatched_before * factor,
            reps=self.reps,
            erp_customers=self.erp_customers * factor,
            erp_orders=self.erp_orders * factor,
            possible_duplicates=self.possible_duplicates * factor,
            near_matches=self.near_matches * factor,
            live_days=self.live_days,
        )


DEMO = Shape()
SMALL = Shape(
    accounts=12,
    products=8,
    opportunities=25,
    won=12,
    won_before=4,
    unmatched_before=1,
    reps=4,
    erp_customers=5,
    erp_orders=6,
    possible_duplicates=1,
    near_matches=1,
)
"""A book for tests: it loads in no time and still has every kind of record."""
