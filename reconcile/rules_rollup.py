"""Rules about the figures of invoices and payments that Salesforce shows, reckoned again from NetSuite's documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from reconcile.billing import STAND_IN
from reconcile.rule import BILLING, CASH, INTEGRATION, MONEY, Rule, Tables, finding, text

if TYPE_CHECKING:
    from ibis.expr.types import Table, Value

BILLED = "G"
AMOUNTS = ("invoiced", "net", "paid", "credited", "balance")
OTHER_CURRENCY = "Other Currency"


def _own_invoices(tables: Tables) -> Table:
    """Return the posted invoices of deals with an order, and whether they are in the deal's currency."""
    deals = tables.pairs.select(pair_key="deal_key", deal_currency="currency")
    rows = tables.settled.inner_join(deals, tables.settled.deal_key == deals.pair_key)
    return rows.mutate(same=rows.currency.identical_to(rows.deal_currency))


def rollups(tables: Tables) -> Table:
    """Return what each deal with an order should show beside what it shows, for deals whose fields were read."""
    invoices = _own_invoices(tables)
    same, pairs = invoices.same, tables.pairs
    sums = invoices.group_by(sum_key="pair_key").aggregate(
        n_same=same.sum(),
        n_other=(~same).sum(),
        invoiced=invoices.total.sum(where=same),
        net=invoices.net.sum(where=same),
        paid=invoices.cash.sum(where=same),
        written=invoices.written.sum(where=same),
        settled_by_credit=(invoices.credited + invoices.written).sum(where=same),
        balance=invoices.unpaid.sum(where=same),
        due=invoices.due_day.min(where=same & (invoices.unpaid > 0)),
        last=invoices.last_cash.max(where=same),
    )
    rows = pairs.filter(pairs.compared).left_join(sums, pairs.deal_key == sums.sum_key)
    amounts = ("invoiced", "net", "paid", "written", "balance")
    rows = rows.mutate(
        **{name: rows[name].fill_null(0).cast(MONEY) for name in amounts},
        credited=rows.settled_by_credit.fill_null(0).cast(MONEY),
        n_other=rows.n_other.fill_null(0),
        n_same=rows.n_same.fill_null(0),
    )
    rows = rows.mutate(invoice_status=_invoice_status(rows), payment_status=_payment_status(rows))
    return rows.mutate(settling=_changed_lately(rows, tables))


def _invoice_status(rows: Table) -> Value:
    full = (rows.net + rows.tolerance >= rows.order_net) | (rows.status == BILLED)
    return ibis.cases(
        (rows.n_same == 0, text("Not Invoiced")),
        (full, text("Invoiced")),
        (rows.net > 0, text("Partially Invoiced")),
        else_=text("Not Invoiced"),
    )


def _payment_status(rows: Table) -> Value:
    nothing_settled = (rows.paid == 0) & (rows.credited == 0)
    return ibis.cases(
        (rows.invoiced == 0, text("Not Invoiced")),
        ((rows.balance > 0) & nothing_settled, text("Unpaid")),
        (rows.balance > 0, text("Partially Paid")),
        (rows.paid > 0, text("Paid")),
        (rows.written > 0, text("Written Off")),
        else_=text("Credited"),
    )


def _changed_lately(rows: Table, tables: Tables) -> Value:
    """Tell whether NetSuite changed so lately that the change may still be on its way to Salesforce.

    What counts are a new order, the deal's invoices, whatever their status, what is applied to them, and money of its
    customer that is voided or not fully applied: it may have been taken back from them.
    """
    billed, receipts, applications = tables.billed, tables.receipts, tables.applications
    recent = billed.filter(billed.fresh & billed.deal_key.notnull()).deal_key
    new = receipts.filter(receipts.fresh)
    touched = applications.filter(applications.source_id.isin(new.receipt_id)).invoice_id
    paid_lately = billed.filter(billed.invoice_id.isin(touched) & billed.deal_key.notnull()).deal_key
    loose = new.filter((new.unapplied > 0) | ~new["counts"]).customer_id
    by_deal = rows.deal_key.isin(recent) | rows.deal_key.isin(paid_lately)
    return rows.fresh | by_deal | rows.customer_id.fill_null("").isin(loose)


def _differing(tables: Tables) -> Table:
    """Return the deals that show something else than NetSuite has, beyond what may be on its way."""
    rows = rollups(tables)
    other = rows.shown_invoice_status.fill_null("") == OTHER_CURRENCY
    amounts = [~rows[f"shown_{name}"].identical_to(rows[name]) for name in AMOUNTS]
    words = [
        ~rows[f"shown_{name}"].identical_to(rows[name]) for name in ("invoice_status", "payment_status", "due", "last")
    ]
    anything = amounts[0]
    for one in (*amounts[1:], *words):
        anything = anything | one
    # A deal whose only document is an invoice not yet posted has no figures at all.
    empty = rows.order_id.startswith(STAND_IN) & (rows.n_same == 0) & (rows.n_other == 0)
    rows = rows.filter(anything & ~empty & ~(other & (rows.n_other > 0)) & (~rows.settling | rows.overtyped))
    return rows.mutate(
        kind=ibis.cases(
            (rows.shown_paid.fill_null(0) > rows.paid, text("reversed")),
            (
                (rows.shown_paid.fill_null(0) == rows.paid) & (rows.shown_credited.fill_null(0) != rows.credited),
                text("credit"),
            ),
            else_=text("stale"),
        )
    )


def _of_kind(tables: Tables, kind: str, field: str, shown: str, due: str, detail: str) -> Table:
    rows = _differing(tables)
    rows = rows.filter(rows.kind == kind)
    return finding(
        rows,
        entity="deal",
        key=rows.deal_id,
        crm_id=rows.deal_id,
        erp_id=rows.order_id,
        field=field,
        crm_amount=rows[shown],
        erp_amount=rows[due],
        difference=rows[due] - rows[shown].fill_null(0),
        currency=rows.currency,
        detail=text(detail),
    )


def _reversed(tables: Tables) -> Table:
    return _of_kind(tables, "reversed", "paid", "shown_paid", "paid", "Salesforce shows more cash than NetSuite has")


def _credit(tables: Tables) -> Table:
    detail = "what NetSuite credited is not what Salesforce shows"
    return _of_kind(tables, "credit", "credited", "shown_credited", "credited", detail)


def _stale(tables: Tables) -> Table:
    """Name the first field that differs, of those that a person would look at first."""
    rows = _differing(tables)
    rows = rows.filter(rows.kind == "stale")
    return finding(
        rows,
        entity="deal",
        key=rows.deal_id,
        crm_id=rows.deal_id,
        erp_id=rows.order_id,
        field="payment status",
        crm_value=rows.shown_payment_status,
        erp_value=rows.payment_status,
        currency=rows.currency,
        exposure=ibis.greatest((rows.balance - rows.shown_balance.fill_null(0)).abs(),
                               (rows.invoiced - rows.shown_invoiced.fill_null(0)).abs()),
        detail=text("Salesforce shows: ") + _words(rows, "shown_", "shown_due", "shown_last")
        + "; NetSuite: " + _words(rows, "", "due", "last"),
    )  # fmt: skip


def _words(rows: Table, prefix: str, due: str, last: str) -> Value:
    paid, balance = rows[f"{prefix}paid"], rows[f"{prefix}balance"]
    invoiced = rows[f"{prefix}invoiced"]
    return (
        rows[f"{prefix}invoice_status"].fill_null("-")
        + ", " + rows[f"{prefix}payment_status"].fill_null("-")
        + ", invoiced " + _amount(invoiced) + ", paid " + _amount(paid) + ", open " + _amount(balance)
        + ", due " + _day(rows[due]) + ", last payment " + _day(rows[last])
    )  # fmt: skip


def _amount(value: Value) -> Value:
    return value.cast("decimal(38, 2)").cast("string").fill_null("-")


def _day(value: Value) -> Value:
    epoch = ibis.date("1970-01-01")
    return (epoch + value.as_interval("D")).strftime("%Y-%m-%d").fill_null("-")


ROLLUP_RULES: tuple[Rule, ...] = (
    Rule(
        code="PAYMENT_REVERSED",
        family="cash",
        severity="high",
        owner=CASH,
        title="Salesforce shows cash that NetSuite does not have",
        action="Run the sync; tell the deal's owner that the payment was taken back.",
        find=_reversed,
    ),
    Rule(
        code="CREDIT_NOT_IN_CRM",
        family="cash",
        severity="medium",
        owner=BILLING,
        title="Credited amount differs in Salesforce",
        action="Run the sync.",
        find=_credit,
    ),
    Rule(
        code="STALE_PAYMENT_STATUS",
        family="cash",
        severity="medium",
        owner=INTEGRATION,
        title="Salesforce shows outdated invoice or payment figures",
        action="Run the sync; if it stays, look at the deal's hold.",
        find=_stale,
    ),
)
