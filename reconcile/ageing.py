"""Open receivables by age, money on account, and what is left to bill, each row a customer, a receipt or an order."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import ibis

from reconcile.chain_populations import first_part
from reconcile.engine import Engine, Row
from reconcile.populations import money, whole
from reconcile.report import BUCKETS, Ageing, OnAccount, Rest
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


STATE_WORDS = {
    "questioned": "order of no live deal, or an extra copy",
    "closed": "order closed",
    "unapproved": "order awaits approval",
    "held": "held by the sync",
    "pending": "on an invoice pending approval or rejected",
    "waiting": "goods not yet fulfilled",
    "closed_lines": "lines closed",
    "left": "NetSuite does not offer it to bill",
}


def rests(engine: Engine, snapshot: Snapshot) -> list[Rest]:
    """Return every order in scope that is not billed in full, with why, largest first within a currency."""
    return [
        Rest(
            order_id=str(row["order_id"]).removeprefix(PREFIX),
            number=str(row["number"]),
            deal_id=None if row["deal_id"] is None else str(row["deal_id"]),
            customer=snapshot.customers.get(str(row["customer_id"]), str(row["customer_id"])),
            currency=str(row["currency"] or ""),
            status=str(row["status_name"]),
            net=money(row["net"]),
            invoiced=money(row["invoiced"]),
            why=str(row["why"]),
            invoices=whole(row["n_invoices"]),
        )
        for row in sorted(engine.rows(_rests), key=_largest)
    ]


def _largest(row: Row) -> tuple[str, Decimal, str]:
    return str(row["currency"]), -money(row["rest"]), str(row["order_id"])


def _rests(tables: Tables) -> Table:
    rows = tables.rests.filter((tables.rests.state != "tolerated") & (tables.rests.rest > 0))
    part = first_part(rows)
    reason = ibis.ifelse(rows.state == "open", part, rows.state)
    due = ibis.cases(
        (~rows.due, text("billing schedule: not yet due")),
        (rows.past_grace, text("due and unbilled")),
        else_=text("due, within the billing grace"),
    )
    words = ibis.cases(*((reason == state, text(said)) for state, said in STATE_WORDS.items()), else_=due)
    return rows.select(
        "order_id", "number", "deal_id", "customer_id", "currency", "status_name", "net", "invoiced", "rest",
        "n_invoices", why=words,
    )  # fmt: skip
