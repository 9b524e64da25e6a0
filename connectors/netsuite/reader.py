"""Reads NetSuite by SuiteQL: lists, customers and sales orders here, receivables by ``ReceivableReads``."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

import structlog

from connectors.errors import SchemaError
from connectors.netsuite import queries, rows
from connectors.netsuite.account import AccountId
from connectors.netsuite.receivable_reads import ReceivableReads
from connectors.netsuite.selection import chunks, selections
from connectors.netsuite.soap_reads import SoapReads
from connectors.netsuite.suiteql import Row, Suiteql
from connectors.netsuite.table_reads import TableReads
from connectors.ports import OrderQuery
from connectors.records import ControlTotal, ErpCustomer, ErpLine, ErpOrder, ErpReference

Sums = tuple[Decimal, Decimal]

log = structlog.get_logger(__name__)


class NetSuiteReader(ReceivableReads):
    """``connectors.ports.ErpReader`` over SuiteQL; only the server's time comes by SOAP.

    Args:
        connection: the connection's name.
        account: the account that is read.
        suiteql: its queries.
        reads: its SOAP reads.
    """

    def __init__(self, *, connection: str, account: AccountId, suiteql: Suiteql, reads: SoapReads) -> None:
        super().__init__(TableReads(suiteql))
        self._connection = connection
        self._account = account
        self._reads = reads
        self._schedules = True

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
        for page in self._tables.pages(lambda after: queries.references(kind, by, after), what):
            with self._tables.checked(what):
                found += [_reference(kind, row) for row in page if rows.text(row, "name")]
        return found

    def list_mark(self, kind: str) -> str:
        """Return a text that changes whenever the list does: its size and the stamp of its newest change.

        Take it before the list is read; stamps are whole seconds, so a change within the second of the newest one
        shows with the next change only.

        Raises:
            ValueError: the list keeps no stamps; ``customer`` and ``item`` do.
            ConnectorError: the query failed.
        """
        what = f"looking for changes of the NetSuite list {kind}"
        (mark,) = self._tables.page(queries.list_mark(kind), _mark, what)
        return mark

    def customers(self, changed_since: datetime | None = None) -> Iterator[ErpCustomer]:
        """Yield customers in internal-id order: every one, or those that changed at or after a moment."""
        what = "reading NetSuite customers"
        for page in self._tables.pages(lambda after: queries.customers(after, changed_since), what):
            with self._tables.checked(what):
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
        return self._tables.page(queries.order_totals(), _total, what)

    def record_url(self, type_: str, id_: str) -> str:
        """Return the address at which a person sees the record.

        Raises:
            ValueError: no page is known for the record type.
        """
        return self._account.record_url(type_, id_)

    def _orders(self, conditions: Sequence[str], with_lines: bool) -> Iterator[ErpOrder]:
        what = "reading NetSuite sales orders"
        for page in self._order_heads(conditions, what):
            for chunk in chunks(page):
                with self._tables.checked(what):
                    found = self._complete_orders(chunk, with_lines, what)
                yield from found

    def _order_heads(self, conditions: Sequence[str], what: str) -> Iterator[Sequence[Row]]:
        """Yield the heads of orders; an account without billing schedules is asked again without their columns."""
        schedules = self._schedules
        try:
            yield from self._tables.pages(lambda after: queries.orders(after, conditions, schedules=schedules), what)
        except SchemaError as error:
            if not schedules or not any(name in error.why.lower() for name in queries.SCHEDULE_NAMES):
                raise
            self._schedules = False
            log.warning("netsuite.billing_schedules.unavailable", why=error.why)
            yield from self._order_heads(conditions, what)

    def _complete_orders(self, heads: Sequence[Row], with_lines: bool, what: str) -> list[ErpOrder]:
        ids = [rows.integer(head, "id") for head in heads]
        sums = dict(self._tables.page(queries.sums(ids), rows.sums, what))
        lines = self._order_lines(ids, what) if with_lines else {}
        nothing = (Decimal(0), Decimal(0))
        return [_order(head, sums.get(id_, nothing), lines.get(id_, ())) for head, id_ in zip(heads, ids, strict=True)]

    def _order_lines(self, ids: Sequence[int], what: str) -> Mapping[int, Sequence[ErpLine]]:
        found: dict[int, list[ErpLine]] = defaultdict(list)
        pages = self._tables.pairs(lambda after: queries.order_lines(ids, after), ("transaction", "line"), what)
        for page in pages:
            for row in page:
                found[rows.integer(row, "transaction")].append(_line(row))
        return found


def _conditions(query: OrderQuery) -> list[list[str]]:
    return selections(
        (
            ("t.id", query.ids, queries.ids_in),
            ("t.entity", query.customer_ids, queries.ids_in),
            ("t.externalid", query.external_ids, queries.texts_in),
        )
    )


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
        status=rows.letter(head, "status"),
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
        billing_schedule=rows.text(head, "billingschedule"),
        next_bill=rows.day(head, "nextbill") if rows.text(head, "nextbill") else None,
        lines=tuple(lines),
    )


def _line(row: Row) -> ErpLine:
    return ErpLine(
        line=rows.integer(row, "line"),
        item_id=rows.text(row, "item"),
        item_name=rows.text(row, "itemid"),
        quantity=rows.turned(rows.number(row, "quantity")),
        rate=rows.number(row, "rate"),
        amount=rows.turned(rows.number(row, "foreignamount")) or Decimal(0),
        key=rows.text(row, "custcol_tieout_line_id"),
        description=rows.text(row, "memo"),
        fulfillable=rows.flag(row, "isfulfillable"),
        fulfilled=abs(rows.number(row, "quantityshiprecv") or Decimal(0)),
        billed=abs(rows.number(row, "quantitybilled") or Decimal(0)),
        closed=rows.flag(row, "isclosed"),
    )


def _mark(row: Row) -> str:
    return f"{rows.integer(row, 'entries')}/{rows.text(row, 'newest') or '-'}"


def _total(row: Row) -> ControlTotal:
    return ControlTotal(
        currency=rows.text(row, "currency") or "",
        count=rows.integer(row, "documents"),
        amount=rows.turned(rows.number(row, "net")) or Decimal(0),
    )
