"""Reads invoices with what settled them, money on account, accounting periods and credit terms by SuiteQL."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

import structlog

from connectors.netsuite import queries, receivable_queries, receivable_rows, rows
from connectors.netsuite.selection import chunks, selections
from connectors.netsuite.suiteql import Row
from connectors.netsuite.table_reads import TableReads
from connectors.ports import InvoiceQuery, ReceiptQuery
from connectors.receivables import Application, CreditTerms, Invoice, InvoiceLine, Period, Receipt
from connectors.records import ControlTotal

log = structlog.get_logger(__name__)


class ReceivableReads:
    """The receivables side of ``connectors.ports.ErpReader``.

    Args:
        tables: the account's tables.
    """

    def __init__(self, tables: TableReads) -> None:
        self._tables = tables

    def invoices(self, query: InvoiceQuery) -> Iterator[Invoice]:
        """Yield invoices in internal-id order.

        Raises:
            ValueError: an id is not a NetSuite internal id, or a stamp no custom body field.
            ConnectorError: a query failed.
        """
        streams = [self._invoices(query, where) for where in _invoice_selections(query)]
        yield from heapq.merge(*streams, key=lambda invoice: int(invoice.id))

    def receipts(self, query: ReceiptQuery) -> Iterator[Receipt]:
        """Yield payments, deposits, credit memos and refunds in internal-id order.

        Raises:
            ValueError: an id is not a NetSuite internal id, or a type none of these.
            ConnectorError: a query failed.
        """
        types = receivable_queries.RECEIPT_TYPES if query.types is None else query.types
        if types:
            streams = [self._receipts(types, where) for where in _receipt_selections(query)]
            yield from heapq.merge(*streams, key=lambda receipt: int(receipt.id))

    def changed_transactions(self, since: datetime) -> list[tuple[str, str]]:
        """Return (transaction type, internal id) of what changed at or after a moment, in internal-id order.

        Types: SalesOrd, ItemShip, CustInvc, and all that settles invoices (CustPymt, CustCred, CustDep, DepAppl,
        CustRfnd, Journal). A payment that was unapplied is here, while its former invoice need not be.

        Raises:
            ConnectorError: the query failed.
        """
        what = "looking for changed NetSuite transactions"
        with self._tables.checked(what):
            return [
                (rows.needed(row, "type"), str(rows.integer(row, "id")))
                for page in self._tables.pages(
                    lambda after: receivable_queries.changed_transactions(since, after), what
                )
                for row in page
            ]

    def deleted(self, since: datetime) -> list[tuple[str, str]]:
        """Return (transaction type, internal id) of transactions deleted at or after a moment.

        Raises:
            ConnectorError: the query failed; the role needs the permission Deleted Records.
        """
        what = "reading NetSuite's list of deleted records"
        found = self._tables.pages(lambda after: receivable_queries.deleted(since, after), what, key="recordid")
        with self._tables.checked(what):
            return [receivable_rows.deleted(row) for page in found for row in page]

    def periods(self) -> list[Period]:
        """Return the accounting periods (months), oldest first."""
        what = "reading NetSuite's accounting periods"
        with self._tables.checked(what):
            found = [
                receivable_rows.period(row)
                for page in self._tables.pages(receivable_queries.periods, what)
                for row in page
            ]
        return sorted(found, key=lambda period: (period.start, period.end))

    def credit_terms(self, customer_ids: Sequence[str]) -> list[CreditTerms]:
        """Return the credit limit and hold of these customers, in internal-id order.

        Raises:
            ValueError: an id is not a NetSuite internal id.
            ConnectorError: a query failed.
        """
        ids = sorted({queries.internal_id(id_) for id_ in customer_ids})
        what = "reading credit limits of NetSuite customers"
        return [
            terms
            for chunk in chunks(ids)
            for terms in self._tables.page(receivable_queries.credit_terms(chunk), receivable_rows.credit_terms, what)
        ]

    def invoice_totals(self) -> list[ControlTotal]:
        """Return NetSuite's own count and gross sum of all posted invoices per currency."""
        what = "adding up NetSuite invoices"
        return self._tables.page(receivable_queries.invoice_totals(), receivable_rows.total, what)

    def _invoices(self, query: InvoiceQuery, conditions: Sequence[str]) -> Iterator[Invoice]:
        what = "reading NetSuite invoices"
        heads = self._tables.pages(
            lambda after: receivable_queries.invoices(after, conditions, query.stamp_fields), what
        )
        for page in heads:
            for chunk in chunks(page):
                with self._tables.checked(what):
                    found = self._complete(chunk, query, what)
                yield from found

    def _complete(self, heads: Sequence[Row], query: InvoiceQuery, what: str) -> list[Invoice]:
        ids = [rows.integer(head, "id") for head in heads]
        sums = dict(self._tables.page(queries.sums(ids), rows.sums, what))
        applied = self._applications(ids, what) if query.with_applications else {}
        lines = self._lines(ids, what) if query.with_lines else {}
        nothing = (Decimal(0), Decimal(0))
        found = [
            receivable_rows.invoice(
                head, sums.get(id_, nothing), applied.get(id_, ()), lines.get(id_, ()), query.stamp_fields
            )
            for head, id_ in zip(heads, ids, strict=True)
        ]
        if query.with_applications:
            _warn_of_unexplained(found)
        return found

    def _applications(self, ids: Sequence[int], what: str) -> Mapping[int, Sequence[Application]]:
        found: dict[int, list[Application]] = defaultdict(list)
        pages = self._tables.pairs(
            lambda after: receivable_queries.applications(ids, after), ("invoice", "source"), what
        )
        for page in pages:
            for row in page:
                found[rows.integer(row, "invoice")] += receivable_rows.applications(row)
        return found

    def _lines(self, ids: Sequence[int], what: str) -> Mapping[int, Sequence[InvoiceLine]]:
        found: dict[int, dict[int, InvoiceLine]] = defaultdict(dict)
        pages = self._tables.pairs(
            lambda after: receivable_queries.invoice_lines(ids, after), ("transaction", "line"), what
        )
        for page in pages:
            for row in page:
                line = receivable_rows.line(row)
                found[rows.integer(row, "transaction")].setdefault(line.line, line)
        return {id_: tuple(lines.values()) for id_, lines in found.items()}

    def _receipts(self, types: Sequence[str], conditions: Sequence[str]) -> Iterator[Receipt]:
        what = "reading NetSuite payments, deposits and credits"
        for page in self._tables.pages(lambda after: receivable_queries.receipts(after, types, conditions), what):
            with self._tables.checked(what):
                found = [receivable_rows.receipt(row) for row in page]
            yield from found


def _invoice_selections(query: InvoiceQuery) -> list[list[str]]:
    fixed = [receivable_queries.OPEN] if query.open_only else []
    if query.changed_since is not None:
        fixed.append(receivable_queries.settled_since(query.changed_since))
    return selections(
        (
            ("t.id", query.ids, queries.ids_in),
            ("tl.createdfrom", query.order_ids, queries.ids_in),
            ("t.entity", query.customer_ids, queries.ids_in),
            ("t.externalid", query.external_ids, queries.texts_in),
        ),
        fixed,
    )


def _receipt_selections(query: ReceiptQuery) -> list[list[str]]:
    fixed = [receivable_queries.UNAPPLIED] if query.unapplied_only else []
    if query.changed_since is not None:
        fixed.append(receivable_queries.changed_since(query.changed_since))
    return selections(
        (("t.id", query.ids, queries.ids_in), ("t.entity", query.customer_ids, queries.ids_in)),
        fixed,
    )


def _warn_of_unexplained(invoices: Sequence[Invoice]) -> None:
    """Tell where NetSuite's links do not add up to what it calls paid; the figures stay as NetSuite gives them."""
    for invoice in invoices:
        applied = sum((application.amount for application in invoice.applications), start=Decimal(0))
        if invoice.posted and applied != invoice.paid:
            log.warning(
                "netsuite.invoice.unexplained", invoice=invoice.id, paid=str(invoice.paid), applied=str(applied)
            )
