"""The ERP's receivables as last read: invoices with what was applied to them, money and credits on account."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, select

from connectors.receivables import Application, Invoice, InvoiceLine, Receipt
from journal import stamps, tables
from journal.database import Tx, chunks
from journal.stamps import to_text

INVOICE = "CustInvc"


def keep_invoices(tx: Tx, invoices: Iterable[Invoice], at: datetime) -> None:
    """Keep invoices as read, in place of what was known of them."""
    found = list(invoices)
    rows = [
        _row(tx, INVOICE, one, order_id=one.order_id, is_open=one.posted and one.unpaid != 0, at=at) for one in found
    ]
    _replace(tx, INVOICE, rows)
    links = {(part.source_id, one.id) for one in found for part in one.applications}
    for chunk in chunks([one.id for one in found]):
        known = (tables.settlement.c.pair == tx.pair) & tables.settlement.c.invoice_id.in_(chunk)
        tx.conn.execute(delete(tables.settlement).where(known))
    if links:
        values = [{"pair": tx.pair, "source_id": source, "invoice_id": invoice} for source, invoice in sorted(links)]
        tx.conn.execute(tables.settlement.insert(), values)


def settled_by(tx: Tx, transactions: Collection[str]) -> set[str]:
    """Return the invoices to which something of these transactions is applied, by the last reading."""
    found: set[str] = set()
    for chunk in chunks(sorted(transactions)):
        query = select(tables.settlement.c.invoice_id).where(
            (tables.settlement.c.pair == tx.pair) & tables.settlement.c.source_id.in_(chunk)
        )
        found.update(tx.conn.scalars(query))
    return found


def keep_receipts(tx: Tx, receipts: Iterable[Receipt], at: datetime) -> None:
    """Keep payments, deposits, credit memos and refunds as read."""
    by_type: dict[str, list[dict[str, Any]]] = {}
    for one in receipts:
        row = _row(tx, one.type, one, order_id=one.order_id, is_open=one.counts and one.unapplied != 0, at=at)
        by_type.setdefault(one.type, []).append(row)
    for type_, rows in by_type.items():
        _replace(tx, type_, rows)


def _row(
    tx: Tx, type_: str, one: Invoice | Receipt, *, order_id: str | None, is_open: bool, at: datetime
) -> dict[str, Any]:
    return {
        "pair": tx.pair,
        "type": type_,
        "id": one.id,
        "customer_id": one.customer_id,
        "order_id": order_id,
        "body": stamps.dumps(asdict(one)),
        "open": is_open,
        "gone": False,
        "modified": to_text(one.modified),
        "seen_at": to_text(at),
    }


def _replace(tx: Tx, type_: str, rows: Sequence[dict[str, Any]]) -> None:
    for chunk in chunks([row["id"] for row in rows]):
        tx.conn.execute(delete(tables.receivable).where(_of(tx, type_) & tables.receivable.c.id.in_(chunk)))
    if rows:
        tx.conn.execute(tables.receivable.insert(), rows)


def mark_gone(tx: Tx, type_: str, ids: Collection[str], at: datetime) -> None:
    """Note that these documents no longer exist in the ERP; they are kept, and count for nothing."""
    for chunk in chunks(sorted(ids)):
        tx.conn.execute(
            tables.receivable.update()
            .where(_of(tx, type_) & tables.receivable.c.id.in_(chunk))
            .values(gone=True, open=False, seen_at=to_text(at))
        )


def open_ids(tx: Tx, type_: str | None = None) -> list[tuple[str, str]]:
    """Return (type, id) of every document with an open amount, or of one type of them."""
    condition = (tables.receivable.c.pair == tx.pair) & tables.receivable.c.open
    if type_ is not None:
        condition &= tables.receivable.c.type == type_
    query = select(tables.receivable.c.type, tables.receivable.c.id).where(condition).order_by(tables.receivable.c.id)
    return [(row.type, row.id) for row in tx.conn.execute(query)]


def open_customers(tx: Tx) -> list[str]:
    """Return the customers that have an open invoice."""
    query = select(tables.receivable.c.customer_id).where(_of(tx, INVOICE) & tables.receivable.c.open).distinct()
    return sorted(tx.conn.scalars(query))


def customers_of(tx: Tx, documents: Collection[tuple[str, str]]) -> set[str]:
    """Return the customers of these documents (type, id) as far as they are known."""
    found: set[str] = set()
    for type_ in {type_ for type_, _id in documents}:
        for chunk in chunks(sorted(id_ for kind, id_ in documents if kind == type_)):
            query = select(tables.receivable.c.customer_id).where(_of(tx, type_) & tables.receivable.c.id.in_(chunk))
            found.update(tx.conn.scalars(query))
    return found


def invoices_of_customers(tx: Tx, customer_ids: Collection[str]) -> list[Invoice]:
    """Return the live invoices of these customers, in id order."""
    return [_invoice(row) for row in _rows(tx, tables.receivable.c.customer_id, customer_ids) if row.type == INVOICE]


def receipts_of_customers(tx: Tx, customer_ids: Collection[str]) -> list[Receipt]:
    """Return the live payments, deposits, credit memos and refunds of these customers, in id order."""
    return [_receipt(row) for row in _rows(tx, tables.receivable.c.customer_id, customer_ids) if row.type != INVOICE]


def all_invoices(tx: Tx) -> list[Invoice]:
    """Return every live invoice, in id order."""
    query = select(tables.receivable).where(_of(tx, INVOICE) & ~tables.receivable.c.gone)
    return sorted((_invoice(row) for row in tx.conn.execute(query)), key=lambda one: int(one.id))


def known_ids(tx: Tx, type_: str) -> set[str]:
    """Return the ids of a type that were read and are not gone."""
    return set(tx.conn.scalars(select(tables.receivable.c.id).where(_of(tx, type_) & ~tables.receivable.c.gone)))


def _rows(tx: Tx, column: ColumnElement[str], values: Collection[str]) -> list[Row[Any]]:
    found: list[Row[Any]] = []
    for chunk in chunks(sorted(values)):
        query = select(tables.receivable).where(
            (tables.receivable.c.pair == tx.pair) & ~tables.receivable.c.gone & column.in_(chunk)
        )
        found.extend(tx.conn.execute(query))
    return sorted(found, key=lambda row: (row.type, int(row.id)))


def _of(tx: Tx, type_: str) -> ColumnElement[bool]:
    return (tables.receivable.c.pair == tx.pair) & (tables.receivable.c.type == type_)


def _invoice(row: Row[Any]) -> Invoice:
    body = stamps.loads(row.body)
    body["applications"] = tuple(Application(**one) for one in body["applications"])
    body["lines"] = tuple(InvoiceLine(**one) for one in body["lines"])
    return Invoice(**body)


def _receipt(row: Row[Any]) -> Receipt:
    return Receipt(**stamps.loads(row.body))
