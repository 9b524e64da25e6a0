"""Ids and document numbers, given out in order, so that the truth can name every record."""

from __future__ import annotations

from collections import defaultdict
from itertools import count

from sandbox.ids import PREFIXES, salesforce_id

_NETSUITE_FROM = {"employee": 11, "customer": 501, "salesOrder": 3001}
_NUMBERS_FROM = {"customer": ("C-", 101), "salesOrder": ("SO", 101)}


class Ids:
    """The next free id of each object, and the next document number of each numbered record type."""

    def __init__(self) -> None:
        self._counters: dict[str, count[int]] = {}
        self._numbers: dict[str, count[int]] = {type_: count(first) for type_, (_, first) in _NUMBERS_FROM.items()}
        self._pos: defaultdict[str, count[int]] = defaultdict(lambda: count(1))

    def salesforce(self, object_: str) -> str:
        """Return the next 18-character id of the object."""
        return salesforce_id(PREFIXES[object_], self._next(object_, 1))

    def netsuite(self, type_: str) -> str:
        """Return the next internal id of the record type."""
        return str(self._next(type_, _NETSUITE_FROM[type_]))

    def number(self, type_: str) -> str:
        """Return the next entity id or document number; NetSuite's own counters go on far above these."""
        return f"{_NUMBERS_FROM[type_][0]}{next(self._numbers[type_]):04d}"

    def purchase_order(self, customer_code: str) -> str:
        """Return a purchase order number that no other deal or order has."""
        return f"{customer_code}-{next(self._pos[customer_code]) + 4000}"

    def payment_reference(self) -> str:
        """Return a cheque or transfer number that no other payment has."""
        return f"TRF-{self._next('payment', 70_001)}"

    def _next(self, name: str, first: int) -> int:
        return next(self._counters.setdefault(name, count(first)))
