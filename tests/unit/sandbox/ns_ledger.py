"""A NetSuite account in memory whose receivables are written the way an update over SOAP does it, without XML."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sandbox.clock import SandboxClock
from sandbox.netsuite.draft import Draft, settle
from sandbox.netsuite.ledger import Ledger
from sandbox.netsuite.load import load_rows
from sandbox.netsuite.periods import ensure_lists
from sandbox.netsuite.record_types import RECORD_TYPES
from sandbox.netsuite.rules import saved
from sandbox.store import Body, Store

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
BOOK: dict[str, list[dict[str, str]]] = {
    "currency": [
        {"id": "1", "symbol": "USD", "name": "US Dollar", "exchangeRate": "1"},
        {"id": "2", "symbol": "EUR", "name": "Euro", "exchangeRate": "1.1"},
    ],
    "subsidiary": [
        {"id": "1", "name": "Acme Inc", "currency": "USD", "country": "US", "taxRegime": "us_sales_tax"}
        | {"taxRate": "CA=7.25"}
    ],
    "term": [
        {"id": "1", "name": "Net 30"},
        {"id": "2", "name": "Due on receipt"},
        {"id": "3", "name": "Two weeks", "daysUntilNetDue": "14"},
    ],
    "item": [
        {"id": "5", "itemid": "PLAT-100", "itemtype": "Service"},
        {"id": "6", "itemid": "SCAN-H2", "itemtype": "InvtPart"},
    ],
    "customer": [
        {"id": "501", "companyname": "Globex", "subsidiary": "1", "state": "OR", "country": "US"},
        {"id": "502", "companyname": "Initech", "subsidiary": "1", "state": "CA", "country": "US"},
    ],
}


class Books:
    """The account, with one short verb for each thing that finance does."""

    def __init__(self, now: datetime = NOW) -> None:
        self.store, self.clock = Store(), SandboxClock(now)
        for type_, rows in BOOK.items():
            load_rows(self.store, self.clock, type_, [(f"{type_}.csv:{n}", row) for n, row in enumerate(rows, 2)])
        self.ledger = Ledger(self.store, self.clock)
        ensure_lists(self.ledger)

    def add(self, type_: str, /, *, lines: list[dict[str, Any]] | None = None, **values: Any) -> str:
        """Add a record and return its internal id; values whose names end in ``List`` are rows."""
        return str(self._save(type_, None, lines, values)["id"])

    def update(self, type_: str, id_: str, /, *, lines: list[dict[str, Any]] | None = None, **values: Any) -> Body:
        """Change a record; its lists are merged, not replaced."""
        base = self.store.get(type_, id_)
        assert base is not None
        return self._save(type_, base, lines, values)

    def get(self, type_: str, id_: str) -> Body:
        body = self.store.get(type_, id_)
        assert body is not None
        return body

    def order(self, *rows: tuple[str, str, str], **values: Any) -> str:
        """Add an approved order of (item, quantity, rate) and return its id."""
        values = {"entity": "501", "orderStatus": "B", **values}
        return self.add("salesOrder", lines=[line(*row) for row in rows or [("5", "1", "100")]], **values)

    def invoice(self, amount: str = "100", **values: Any) -> str:
        """Add an invoice that stands alone and return its id."""
        return self.add("invoice", lines=[line("5", "1", amount)], **{"entity": "501", **values})

    def void(self, type_: str, id_: str) -> Body:
        return self.update(type_, id_, custbody_sandbox_void=True)

    def _save(
        self, type_: str, base: Body | None, lines: list[dict[str, Any]] | None, values: Mapping[str, Any]
    ) -> Body:
        rows = {name: list(value) for name, value in values.items() if name.endswith("List")}
        draft = Draft(
            kind=RECORD_TYPES[type_],
            values={name: value for name, value in values.items() if name not in rows},
            lines=lines,
            rows=rows,
            replace_rows=dict.fromkeys(rows, False),
        )
        with self.store.transaction():
            settle(self.ledger, draft)
            return saved(self.ledger, base, draft)


def line(item: str, quantity: str, rate: str) -> dict[str, Any]:
    return {"item": item, "quantity": Decimal(quantity), "rate": Decimal(rate), "price": "-1"}


def row(doc: str, amount: str | Decimal | None = None, disc: str | Decimal | None = None) -> dict[str, Any]:
    """Return a row of an apply list; without an amount all that is open."""
    found: dict[str, Any] = {"doc": Decimal(doc), "apply": True}
    return found | {n: Decimal(v) for n, v in (("amount", amount), ("disc", disc)) if v is not None}
