"""Finds documents in NetSuite by SuiteQL: orders by their names, and what hangs on them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sandbox.clerk.netsuite import NetSuite, Row
from sandbox.errors import SandboxError

MAIN = "JOIN transactionline tl ON tl.transaction = t.id AND tl.mainline = 'T'"
LIVE = "NVL(t.voided, 'F') = 'F'"
OPEN_INVOICE = "t.type = 'CustInvc' AND t.status = 'A' AND NVL(t.foreignamountunpaid, 0) > 0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A sales order: its ids, its customer, and its currency's id and symbol."""

    id: str
    number: str
    external_id: str
    customer: str
    currency: str
    symbol: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """A document with an open amount: an invoice to be settled, or money and credit to be used.

    ``type`` is SuiteQL's transaction type, ``origin`` the document that it was made from.
    """

    id: str
    type: str
    amount: Decimal
    origin: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """An amount of one document that settles an invoice."""

    invoice: str
    source: str
    type: str


class Documents:
    """Looks up documents.

    Orders are remembered for good, open invoices until something is written, and the server's day for one run.
    """

    def __init__(self, netsuite: NetSuite) -> None:
        self._netsuite = netsuite
        self._orders: dict[str, Order] = {}
        self._open_by_order: dict[str, list[Open]] | None = None
        self._stale: set[str] = set()
        self._today = ""

    def order(self, name: str) -> Order:
        """Return the order of that external id or document number, whatever the letter case.

        Raises:
            SandboxError: there is none.
        """
        if name.lower() not in self._orders:
            self._read_orders()
        found = self._orders.get(name.lower())
        if found is None:
            raise SandboxError(f"NetSuite has no sales order {name}.")
        return found

    def open_invoices(self, orders: Sequence[Order]) -> list[Open]:
        """Return the posted invoices of these orders that are not settled yet, oldest first."""
        if self._open_by_order is None:
            self._open_by_order, self._stale = self._all_open(), set()
        known = self._open_by_order
        found = [invoice for order in orders if order.id not in self._stale for invoice in known.get(order.id, ())]
        again = [order.id for order in orders if order.id in self._stale]
        if again:
            found += self._open(OPEN_INVOICE, "foreignamountunpaid", f"tl.createdfrom IN ({_ids(again)})")
        return sorted(found, key=lambda invoice: int(invoice.id))

    def forget(self, orders: Sequence[Order] | None = None) -> None:
        """Have the open invoices of these orders, or of all, read again when they are asked for."""
        if orders is None:
            self._open_by_order = None
        self._stale.update(order.id for order in orders or ())

    def deposits(self, order: Order) -> list[Open]:
        """Return the order's deposits that are not used up, oldest first."""
        condition = "t.type = 'CustDep' AND NVL(t.foreignpaymentamountunused, 0) > 0"
        return self._open(condition, "foreignpaymentamountunused", f"tl.createdfrom = {int(order.id)}")

    def invoices(self, order: Order) -> list[Row]:
        """Return id and status of all of the order's live invoices, oldest first."""
        return self._netsuite.query(
            f"SELECT t.id, t.status FROM transaction t {MAIN} WHERE t.type = 'CustInvc' AND {LIVE}"  # noqa: S608
            f" AND tl.createdfrom = {int(order.id)} ORDER BY t.id"
        )

    def applied(self, order: Order, *types: str) -> list[Applied]:
        """Return what live documents of these types settle of the order's invoices, newest last."""
        invoices = [row["id"] for row in self.invoices(order)]
        if not invoices:
            return []
        rows = self._netsuite.query(
            "SELECT l.previousdoc, l.nextdoc, t.type FROM NextTransactionLineLink l"  # noqa: S608
            f" JOIN transaction t ON t.id = l.nextdoc WHERE l.linktype = 'Payment' AND {LIVE}"
            f" AND l.previousdoc IN ({_ids(invoices)}) AND t.type IN ({_texts(types)})"
            " ORDER BY l.nextdoc, l.previousdoc"
        )
        return [Applied(invoice=row["previousdoc"], source=row["nextdoc"], type=row["type"]) for row in rows]

    def left_over(self, order: Order) -> list[Open]:
        """Return what is unused of the credit memos, payments and deposits that belong to the order."""
        ids = {found.source for found in self.applied(order, "CustPymt", "CustCred")}
        origins = [order.id, *(row["id"] for row in self.invoices(order))]
        rows = self._netsuite.query(
            f"SELECT t.id FROM transaction t {MAIN} WHERE t.type IN ('CustCred', 'CustDep') AND {LIVE}"  # noqa: S608
            f" AND tl.createdfrom IN ({_ids(origins)})"
        )
        ids |= {row["id"] for row in rows}
        if not ids:
            return []
        rows = self._netsuite.query(
            "SELECT t.id, t.type, t.foreignpaymentamountunused AS amount FROM transaction t"  # noqa: S608
            f" WHERE t.id IN ({_ids(sorted(ids))}) AND {LIVE}"
            " AND NVL(t.foreignpaymentamountunused, 0) > 0 ORDER BY t.id"
        )
        return [_open_of(row) for row in rows]

    def unused(self, internal_id: str) -> Decimal:
        """Return what is unused of a credit memo, payment or deposit."""
        rows = self._netsuite.query(
            f"SELECT NVL(foreignpaymentamountunused, 0) AS amount FROM transaction WHERE id = {int(internal_id)}"  # noqa: S608
        )
        return Decimal(rows[0]["amount"]) if rows else Decimal(0)

    def service_item(self) -> str:
        """Return the internal id of the account's first active service item.

        Raises:
            SandboxError: there is none.
        """
        return self._one("item WHERE itemtype = 'Service' AND NVL(isinactive, 'F') = 'F'", "active service item")

    def period(self, name: str) -> str:
        """Return the internal id of the accounting period of that name.

        Raises:
            SandboxError: there is none.
        """
        return self._one(f"accountingperiod WHERE periodname = {_text(name)}", f"accounting period {name}")

    def schedule(self, name: str) -> str:
        """Return the internal id of the billing schedule of that name.

        Raises:
            SandboxError: there is none.
        """
        return self._one(f"billingschedule WHERE name = {_text(name)}", f"billing schedule {name}")

    def today(self) -> str:
        """Return the server's present day, which is a Pacific one, as ISO text."""
        if not self._today:
            self._today = self._netsuite.query("SELECT TO_CHAR(SYSDATE, 'YYYY-MM-DD') AS today FROM dual")[0]["today"]
        return self._today

    def _one(self, source: str, what: str) -> str:
        rows = self._netsuite.query(f"SELECT id FROM {source} ORDER BY id")  # noqa: S608
        if not rows:
            raise SandboxError(f"NetSuite has no {what}.")
        return rows[0]["id"]

    def _all_open(self) -> dict[str, list[Open]]:
        found: dict[str, list[Open]] = {}
        for invoice in self._open(OPEN_INVOICE, "foreignamountunpaid", "tl.createdfrom IS NOT NULL"):
            found.setdefault(invoice.origin, []).append(invoice)
        return found

    def _open(self, condition: str, amount: str, origin: str) -> list[Open]:
        rows = self._netsuite.query(
            f"SELECT t.id, t.type, t.{amount} AS amount, tl.createdfrom FROM transaction t {MAIN}"  # noqa: S608
            f" WHERE {condition} AND {LIVE} AND {origin} ORDER BY t.id"
        )
        return [_open_of(row) for row in rows]

    def _read_orders(self) -> None:
        rows = self._netsuite.query(
            "SELECT t.id, t.tranid, t.externalid, t.entity, t.currency, c.symbol FROM transaction t"
            " LEFT JOIN currency c ON c.id = t.currency WHERE t.type = 'SalesOrd' ORDER BY t.id"
        )
        for row in rows:
            order = Order(
                id=row["id"],
                number=row.get("tranid", ""),
                external_id=row.get("externalid", ""),
                customer=row["entity"],
                currency=row["currency"],
                symbol=row.get("symbol", ""),
            )
            names = (name.lower() for name in (order.number, order.external_id) if name)
            self._orders.update(dict.fromkeys(names, order))


def _open_of(row: Row) -> Open:
    return Open(id=row["id"], type=row["type"], amount=Decimal(row["amount"]), origin=row.get("createdfrom", ""))


def _ids(ids: Iterable[str]) -> str:
    return ", ".join(str(int(id_)) for id_ in ids)


def _texts(texts: Iterable[str]) -> str:
    return ", ".join(_text(text) for text in texts)


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
