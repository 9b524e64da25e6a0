"""Open receivables by age, money on account, and what is left to bill, each row a customer, a receipt or an order."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import ibis

from reconcile.billing import applied_table
from reconcile.chain import INVOICED
from reconcile.engine import Engine, Row
from reconcile.populations import money, whole
from reconcile.report import BUCKETS, Ageing, OnAccount, OpenInvoice, Rest
from reconcile.rule import MONEY, Tables, text
from reconcile.rules_billing import customer_accounts
from reconcile.snapshot import Snapshot
from reconcile.stand_alone import PREFIX

if TYPE_CHECKING:
    from ibis.expr.types import Table, Value

EDGES = (0, 30, 60, 90, 120)
"""Last day past due of each bucket but the last."""
OTHERS = "(customers not in Salesforce)"


def ageing(engine: Engine, snapshot: Snapshot) -> list[Ageing]:
    """Return open receivables and money on account per customer and currency, largest first within a currency.

    Customers that belong to no account of Salesforce are one row a currency.
    """
    rows = [
        Ageing(
            customer=snapshot.customers.get(str(r["customer"]), str(r["customer"])) if r["customer"] else OTHERS,
            currency=str(r["code"]),
            buckets=tuple(money(r[f"bucket{n}"]) for n in range(len(BUCKETS))),
            unapplied=-money(r["unapplied"]),
        )
        for r in engine.rows(_ageing)
    ]
    return sorted(rows, key=lambda row: (row.currency, row.customer == OTHERS, -row.open, row.customer))


def _ageing(tables: Tables) -> Table:
    invoices, receipts = tables.invoices, tables.receipts
    open_ = invoices.filter((invoices.state == "posted") & ~invoices.later & (invoices.unpaid != 0))
    free = receipts.filter(receipts.counts & (receipts.type != "CustRfnd") & (receipts.unapplied != 0))
    nothing = ibis.literal(0).cast(MONEY)
    buckets = {f"bucket{n}": ibis.ifelse(_bucket(open_) == n, open_.unpaid, nothing) for n in range(len(BUCKETS))}
    one = open_.select("customer_id", "currency", **buckets, unapplied=nothing)
    none = {f"bucket{n}": nothing for n in range(len(BUCKETS))}
    both = ibis.union(one, free.select("customer_id", "currency", **none, unapplied=free.unapplied.cast(MONEY)))
    accounts = customer_accounts(tables)
    both = both.left_join(accounts, both.customer_id == accounts.owned_customer)
    sums = {name: both[name].sum() for name in (*none, "unapplied")}
    return both.group_by(customer=both.owned_customer, code=both.currency.fill_null("")).aggregate(**sums)


def _bucket(rows: Table) -> Value:
    days = rows.days_over
    return ibis.cases(*((days <= edge, n) for n, edge in enumerate(EDGES)), else_=len(EDGES))


def on_account(engine: Engine, snapshot: Snapshot) -> list[OnAccount]:
    """Return every payment, deposit and credit memo that is not fully applied, oldest first."""
    by_id = {receipt.id: receipt for receipt in snapshot.receipts}
    return [
        OnAccount(
            receipt=by_id[str(row["receipt_id"])],
            customer=snapshot.customers.get(str(row["customer_id"]), str(row["customer_id"])),
            of_salesforce=bool(row["of_salesforce"]),
        )
        for row in sorted(engine.rows(_on_account), key=lambda row: (str(row["currency"]), str(row["position"])))
    ]


def _on_account(tables: Tables) -> Table:
    receipts, accounts = tables.receipts, customer_accounts(tables)
    rows = receipts.filter(receipts.counts & (receipts.type != "CustRfnd") & (receipts.unapplied != 0))
    rows = rows.left_join(accounts, rows.customer_id == accounts.owned_customer)
    return rows.select(
        "receipt_id", "position", "customer_id", "currency", of_salesforce=rows.owned_customer.notnull()
    )  # fmt: skip


LINE_LABELS = {line.key: line.label for line in INVOICED.lines}
LINE_OF_STATE = {"questioned": "questioned", "closed": "closed_rest", "held": "bill_held"}
LINE_OF_PART = {
    "pending": "invoice_pending",
    "later_billed": "invoiced_later",
    "waiting": "waiting_goods",
    "closed_lines": "closed_lines",
    "left": "unoffered",
}
"""The line of the chain that explains an order's rest, or one part of it."""


def rests(engine: Engine, snapshot: Snapshot) -> list[Rest]:
    """Return what is left to bill of every order in scope, one row an order and line of the chain, by currency.

    The rows of a line add up to that line of the chain; within a currency the largest come first.
    """
    orders = {order.id: order for order in snapshot.orders}
    return [
        Rest(
            order_id=order_id,
            number=str(row["number"]),
            deal_id=None if row["deal_id"] is None else str(row["deal_id"]),
            customer=snapshot.customers.get(str(row["customer_id"]), str(row["customer_id"])),
            currency=str(row["currency"] or ""),
            status=str(row["status_name"]),
            ordered_on=orders[order_id].date if order_id in orders else None,
            next_bill=orders[order_id].next_bill if order_id in orders else None,
            net=money(row["net"]),
            invoiced=money(row["invoiced"]),
            left=money(row["amount"]),
            line=str(row["line"]),
            why=LINE_LABELS[str(row["line"])],
            invoices=whole(row["n_invoices"]),
            crm_url=snapshot.crm_url(str(row["deal_id"])) if row["deal_id"] else "",
            erp_url=_address(snapshot, str(row["order_id"])),
        )
        for row in sorted(engine.rows(_rests), key=_largest)
        for order_id in [str(row["order_id"]).removeprefix(PREFIX)]
    ]


def _address(snapshot: Snapshot, order_id: str) -> str:
    """Return the address of an order, or of the invoice that stands for one."""
    if order_id.startswith(PREFIX):
        return snapshot.document_url("CustInvc", order_id.removeprefix(PREFIX))
    return snapshot.erp_url(order_id)


def _largest(row: Row) -> tuple[str, Decimal, str, str]:
    return str(row["currency"]), -money(row["rest"]), str(row["order_id"]), str(row["line"])


def _rests(tables: Tables) -> Table:
    rows = tables.rests
    plain = rows.filter(rows.state.isin((*LINE_OF_STATE, "unapproved")))
    named = ibis.cases(*((plain.state == state, text(line)) for state, line in LINE_OF_STATE.items()), else_="")
    unapproved = ibis.ifelse(plain.late_approval, text("unapproved_late"), text("unapproved"))
    line = ibis.ifelse(plain.state == "unapproved", unapproved, named)
    open_ = rows.filter(rows.state == "open")
    parts = [_rest(open_, text(line), open_[part]) for part, line in LINE_OF_PART.items()]
    due = [_rest(open_, _due_line(open_, billed), open_[part]) for part, billed in DUE_PARTS]
    both = ibis.union(_rest(plain, line, plain.rest), *parts, *due)
    return both.filter(both.amount != 0)


DUE_PARTS = (("service", "unbilled"), ("goods", "goods_unbilled"))


def _due_line(rows: Table, billed: str) -> Value:
    return ibis.cases(
        (rows.past_grace, text(billed)), (rows.due, text("within_grace")), else_=text("scheduled")
    )  # fmt: skip


def _rest(rows: Table, line: Value, amount: Value) -> Table:
    return rows.select(
        "order_id", "number", "deal_id", "customer_id", "currency", "status_name", "net", "invoiced", "rest",
        "n_invoices", line=line, amount=amount.cast(MONEY),
    )  # fmt: skip


def open_invoices(engine: Engine, snapshot: Snapshot) -> list[OpenInvoice]:
    """Return the posted invoices of the whole account that cash has not paid in full, oldest due first."""
    by_id = {invoice.id: invoice for invoice in snapshot.invoices}
    return [
        OpenInvoice(
            invoice=by_id[str(row["invoice_id"])],
            deal_id=None if row["deal_id"] is None else str(row["deal_id"]),
            customer=snapshot.customers.get(str(row["customer_id"]), str(row["customer_id"])),
            compared=row["place"] == "in",
            days_over=whole(row["days_over"]),
            cash=money(row["cash"]),
            credited=money(row["credited"]),
            written=money(row["written"]),
            crm_url=snapshot.crm_url(str(row["deal_id"])) if row["deal_id"] else "",
            erp_url=snapshot.document_url("CustInvc", str(row["invoice_id"])),
        )
        for row in sorted(engine.rows(_open_invoices), key=_oldest)
    ]


def _oldest(row: Row) -> tuple[str, int, str]:
    return str(row["currency"]), -whole(row["days_over"]), str(row["invoice_id"])


def _open_invoices(tables: Tables) -> Table:
    billed, paid = tables.billed, applied_table(tables.applications)
    rows = billed.filter((billed.state == "posted") & (billed.place != "later"))
    rows = rows.left_join(paid, rows.invoice_id == paid.paid_id)
    sums = {name: rows[name].fill_null(0).cast(MONEY) for name in ("cash", "credited", "written")}
    rows = rows.mutate(**sums)
    rows = rows.filter((rows.unpaid != 0) | (rows.credited != 0) | (rows.written != 0))
    return rows.select(
        "invoice_id", "deal_id", "customer_id", "currency", "place", "days_over", "cash", "credited", "written"
    )
