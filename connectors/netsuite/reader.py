"""Reads NetSuite by SuiteQL."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import TypeVar

from connectors.netsuite import queries, rows
from connectors.netsuite.account import AccountId
from connectors.netsuite.rows import RowError
from connectors.netsuite.soap_reads import SoapReads
from connectors.netsuite.suiteql import Row, Suiteql
from connectors.ports import OrderQuery
from connectors.records import ControlTotal, ErpCustomer, ErpLine, ErpOrder, ErpReference

T = TypeVar("T")
Sums = tuple[Decimal, Decimal]


class NetSuiteReader:
    """``connectors.ports.ErpReader`` over SuiteQL; only the server's time comes by SOAP.

    Args:
        connection: the connection's name.
        account: the account that is read.
        suiteql: its queries.
        reads: its SOAP reads.
    """

    def __init__(self, *, connection: str, account: AccountId, suiteql: Suiteql, reads: SoapReads) -> None:
        self._connection = connection
        self._account = account
        self._suiteql = suiteql
        self._reads = reads

    @property
    def connection(self) -> str:
        """Name of the connection."""
        return self._connection

    def server_time(self) -> datetime:
        """Return NetSuite's own clock, aware UTC."""
        return self._reads.server_time()

    def account(self) -> str:
        """Return the account that answered; its id is part of what both sides sign."""
        self._reads.server_time()
        return self._account.realm

    def references(self, kind: str, by: str) -> list[ErpReference]:
        """Return every entry of a list that has a value in the column ``by``.

        Raises:
            ValueError: the list is not known, or ``by`` is no column name.
            ConnectorError: the query failed.
        """
        what = f"reading the NetSuite list {kind}"
        found: list[ErpReference] = []
        for page in self._pages(lambda after: queries.references(kind, by, after), what):
            with self._checked(what):
                found += [_reference(kind, row) for row in page if rows.text(row, "name")]
        return found

    def customers(self) -> Iterator[ErpCustomer]:
        """Yield every customer in internal-id order."""
        what = "reading NetSuite customers"
        for page in self._pages(queries.customers, what):
            with self._checked(what):
                found = [_customer(row) for row in page]
            yield from found

    def orders(self, query: OrderQuery) -> Iterator[ErpOrder]:
        """Yield sales orders in internal-id order.

        Raises:
            ValueError: an id is not a NetSuite internal id.
            ConnectorError: a query failed.
        """
        streams = [self._orders(where, query.with_lines) for where in _conditions(query)]
        yield from heapq.merge(*streams, key=lambda order: int(order.id))

    def order_totals(self) -> list[ControlTotal]:
        """Return NetSuite's own count and net sum of all sales orders per currency."""
        what = "adding up NetSuite sales orders"
        page = self._suiteql.page(queries.order_totals(), what)
        with self._checked(what):
            return [_total(row) for row in page.rows]

    def record_url(self, type_: str, id_: str) -> str:
        """Return the address at which a person sees the record.

        Raises:
            ValueError: no page is known for the record type.
        """
        return self._account.record_url(type_, id_)

    def _orders(self, conditions: Sequence[str], with_lines: bool) -> Iterator[ErpOrder]:
        what = "reading NetSuite sales orders"
        for page in self._pages(lambda after: queries.orders(after, conditions), what):
            for chunk in _chunks(page, queries.IN_LIST):
                with self._checked(what):
                    found = self._complete(chunk, with_lines, what)
                yield from found

    def _complete(self, heads: Sequence[Row], with_lines: bool, what: str) -> list[ErpOrder]:
        ids = [rows.integer(head, "id") for head in heads]
        answered = self._suiteql.page(queries.order_sums(ids), what).rows
        sums = {rows.integer(row, "transaction"): _sums(row) for row in answered}
        lines = self._lines(ids, what) if with_lines else {}
        nothing = (Decimal(0), Decimal(0))
        return [_order(head, sums.get(id_, nothing), lines.get(id_, ())) for head, id_ in zip(heads, ids, strict=True)]

    def _lines(self, ids: Sequence[int], what: str) -> Mapping[int, Sequence[ErpLine]]:
        found: dict[int, list[ErpLine]] = defaultdict(list)
        for page in self._suiteql.keyset(lambda after: queries.order_lines(ids, after), _line_key, what):
            for row in page:
                found[rows.integer(row, "transaction")].append(_line(row))
        return found

    def _pages(self, query: Callable[[int | None], str], what: str) -> Iterator[Sequence[Row]]:
        with self._checked(what):
            yield from self._suiteql.keyset(query, lambda row: rows.integer(row, "id"), what)

    @contextmanager
    def _checked(self, what: str) -> Iterator[None]:
        try:
            yield
        except RowError as error:
            raise self._suiteql.errors.unexpected(what, f"{error}.") from error


def _conditions(query: OrderQuery) -> list[list[str]]:
    """Return the conditions of each query that is needed: one query for every chunk of values."""
    combined: list[list[str]] = [[]]
    for column, values, condition in (
        ("t.id", query.ids, queries.ids_in),
        ("t.entity", query.customer_ids, queries.ids_in),
        ("t.externalid", query.external_ids, queries.texts_in),
    ):
        if values is not None:
            chunks = list(_chunks(sorted({value.lower() for value in values}), queries.IN_LIST))
            combined = [[*before, condition(column, chunk)] for before in combined for chunk in chunks]
    return combined


def _chunks(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    iterator = iter(values)
    while chunk := list(islice(iterator, size)):
        yield chunk


def _reference(kind: str, row: Row) -> ErpReference:
    extra = {
        name: rows.text(row, name)
        for name in queries.REFERENCE_COLUMNS[kind]
        if name not in ("externalid", "isinactive")
    }
    return ErpReference(
        type=kind,
        id=str(rows.integer(row, "id")),
        name=rows.needed(row, "name"),
        external_id=rows.text(row, "externalid"),
        inactive=rows.flag(row, "isinactive"),
        extra=extra,
    )


def _customer(row: Row) -> ErpCustomer:
    entity_id = rows.needed(row, "entityid")
    return ErpCustomer(
        id=str(rows.integer(row, "id")),
        entity_id=entity_id,
        name=rows.text(row, "companyname") or entity_id,
        external_id=rows.text(row, "externalid"),
        subsidiary=rows.text(row, "subsidiary"),
        parent_id=rows.text(row, "parent"),
        inactive=rows.flag(row, "isinactive"),
        modified=rows.stamp(row, "modified"),
        account_id=rows.text(row, "custentity_tieout_account_id"),
    )


def _order(head: Row, sums: Sums, lines: Sequence[ErpLine]) -> ErpOrder:
    net, tax = sums
    return ErpOrder(
        id=str(rows.integer(head, "id")),
        number=rows.text(head, "tranid") or "",
        external_id=rows.text(head, "externalid"),
        customer_id=rows.needed(head, "entity"),
        currency=rows.text(head, "currency") or "",
        date=rows.day(head, "trandate"),
        status=rows.needed(head, "status").split(":")[-1],
        net=net,
        tax=tax,
        total=rows.number(head, "foreigntotal") or Decimal(0),
        po_number=rows.text(head, "otherrefnum"),
        memo=rows.text(head, "memo"),
        subsidiary=rows.text(head, "subsidiary"),
        modified=rows.stamp(head, "modified"),
        created=rows.stamp(head, "created"),
        deal_id=rows.text(head, "custbody_tieout_deal_id"),
        intent=rows.text(head, "custbody_tieout_intent"),
        version=rows.text(head, "custbody_tieout_ver"),
        lines=tuple(lines),
    )


def _sums(row: Row) -> Sums:
    return _turned(rows.number(row, "net")) or Decimal(0), _turned(rows.number(row, "tax")) or Decimal(0)


def _line(row: Row) -> ErpLine:
    return ErpLine(
        line=rows.integer(row, "line"),
        item_id=rows.text(row, "item"),
        item_name=rows.text(row, "itemid"),
        quantity=_turned(rows.number(row, "quantity")),
        rate=rows.number(row, "rate"),
        amount=_turned(rows.number(row, "foreignamount")) or Decimal(0),
        key=rows.text(row, "custcol_tieout_line_id"),
        description=rows.text(row, "memo"),
    )


def _line_key(row: Row) -> tuple[int, int]:
    return rows.integer(row, "transaction"), rows.integer(row, "line")


def _total(row: Row) -> ControlTotal:
    return ControlTotal(
        currency=rows.text(row, "currency") or "",
        count=rows.integer(row, "documents"),
        amount=_turned(rows.number(row, "net")) or Decimal(0),
    )


def _turned(amount: Decimal | None) -> Decimal | None:
    """Turn NetSuite's sign of sales lines: kept negative there, positive here (and no minus zero)."""
    return Decimal(0) - amount if amount is not None else None
