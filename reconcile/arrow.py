"""Turns a snapshot into columnar tables with exact decimals, one column at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

import pyarrow as pa

from connectors.errors import TieoutError
from connectors.records import salesforce_id
from journal.nouns import KIND_CUSTOMER, KIND_ORDER, Binding
from reconcile.extract import EXTERNAL_ID_PREFIX, deal_of_external_id
from reconcile.options import Options
from reconcile.snapshot import Deal, Order, Shown, Snapshot
from reconcile.today import as_of_day
from reconcile.tolerance import rounding_tolerance

MONEY = pa.decimal128(38, 9)
TEXT, NUMBER, FLAG = pa.string(), pa.int64(), pa.bool_()
EPOCH = date(1970, 1, 1)

INSIDE, BEFORE_GO_LIVE, OUT_OF_SCOPE, NOT_WON, DELETED = "in", "before_go_live", "out_of_scope", "not_won", "deleted"
LATER = "later"
"""The population a deal belongs to; exactly one, in the order deleted, not won, before go-live, later, out of scope."""
EMPTY = Shown()


class AmountTooFineError(TieoutError):
    """An amount has more digits than the compare engine holds exactly; nothing was compared."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column under construction: its name, Arrow type and values."""

    name: str
    type: pa.DataType
    values: Iterable[object]


def key_of(id_: str | None) -> str | None:
    """Return the form in which record ids are compared: NetSuite ignores the case of external ids."""
    return id_.lower() if id_ else None


def population_of(deal: Deal, snapshot: Snapshot) -> str:
    """Return the one population a deal belongs to."""
    if deal.deleted:
        return DELETED
    if not deal.is_won:
        return NOT_WON
    if deal.won_on is not None and deal.won_on < snapshot.go_live:
        return BEFORE_GO_LIVE
    if deal.won_on is not None and snapshot.period is not None and deal.won_on > snapshot.period.end:
        return LATER
    return INSIDE if deal.in_scope else OUT_OF_SCOPE


def since_of(deal: Deal, eligible: Mapping[str, datetime]) -> datetime:
    """Return when the deal began to owe an order: when it entered scope, else when it was won or last changed."""
    return eligible.get(deal.id.lower()) or deal.won_at or deal.modified


def eligible_since(snapshot: Snapshot) -> dict[str, datetime]:
    """Return when each deal entered the sync's scope, by deal key, as far as the journal knows."""
    return {s.source_id.lower(): s.eligible_at for s in snapshot.subjects if s.eligible_at is not None}


def deals_table(deals: Sequence[Deal], snapshot: Snapshot, options: Options) -> pa.Table:
    """Return one row a deal; ``young`` tells that it may still be on its way, by the SLA or the sync's own wait."""
    eligible = eligible_since(snapshot)
    allowed = max(options.sla, options.wait)
    return arrow_table(
        Column("deal_id", TEXT, (d.id for d in deals)),
        Column("deal_key", TEXT, (key_of(d.id) for d in deals)),
        Column("account_key", TEXT, (key_of(d.account_id) for d in deals)),
        Column("account_id", TEXT, (d.account_id for d in deals)),
        Column("currency", TEXT, (d.currency or None for d in deals)),
        Column("amount", MONEY, (d.amount for d in deals)),
        Column("header_amount", MONEY, (d.header_amount for d in deals)),
        Column("tolerance", MONEY, (tolerance_of(d.currency, d.n_lines, options) for d in deals)),
        Column("population", TEXT, (population_of(d, snapshot) for d in deals)),
        Column("reason", TEXT, (d.scope_reason for d in deals)),
        Column("won_live", FLAG, (d.is_won and not d.deleted for d in deals)),
        Column("stage", TEXT, (d.stage for d in deals)),
        Column("pointer", TEXT, (d.order_id or None for d in deals)),
        Column(
            "young",
            FLAG,
            (_young(since_of(d, eligible), snapshot.crm_at, allowed) for d in deals),
        ),
        *_shown_columns(deals, snapshot),
    )


def _shown_columns(deals: Sequence[Deal], snapshot: Snapshot) -> list[Column]:
    """Return what Salesforce shows of invoices and payments; ``compared`` tells whether it was read."""
    shown = [deal.shown or EMPTY for deal in deals]
    overtyped = {id_.lower() for id_ in snapshot.overtyped}
    return [
        Column("compared", FLAG, (deal.shown is not None for deal in deals)),
        Column("overtyped", FLAG, (deal.id.lower() in overtyped for deal in deals)),
        Column("shown_invoiced", MONEY, (s.invoiced for s in shown)),
        Column("shown_net", MONEY, (s.invoiced_net for s in shown)),
        Column("shown_paid", MONEY, (s.paid for s in shown)),
        Column("shown_credited", MONEY, (s.credited for s in shown)),
        Column("shown_balance", MONEY, (s.balance for s in shown)),
        Column("shown_invoice_status", TEXT, (s.invoice_status for s in shown)),
        Column("shown_payment_status", TEXT, (s.payment_status for s in shown)),
        Column("shown_due", NUMBER, (day_number(s.due_date) for s in shown)),
        Column("shown_last", NUMBER, (day_number(s.last_payment) for s in shown)),
    ]


def day_number(day: date | None) -> int | None:
    """Return a day as days since 1970, the form in which days are compared."""
    return None if day is None else (day - EPOCH).days


def orders_table(orders: Sequence[Order], snapshot: Snapshot, options: Options) -> pa.Table:
    """Return one row an order, with the deal its external id names and the deal stamp it carries.

    ``fresh``: it was made less than the SLA ago. ``late_approval``: it has waited too long for approval. ``due``: no
    billing schedule puts its billing off. ``past_grace``: what is due of it should have been billed by now.
    """
    named = [deal_of_external_id(order.external_id) for order in orders]
    today = as_of_day(snapshot, options)
    return arrow_table(
        Column("order_id", TEXT, (o.id for o in orders)),
        Column("position", TEXT, (o.id.rjust(20, "0") for o in orders)),
        Column("number", TEXT, (o.number for o in orders)),
        Column("external_id", TEXT, (o.external_id for o in orders)),
        Column("by_external_id", FLAG, (_ours(o.external_id) for o in orders)),
        Column("named_deal", TEXT, (key_of(name[0]) if name else None for name in named)),
        Column("named_deal_id", TEXT, (name[0] if name else None for name in named)),
        Column("named_doc", NUMBER, (name[1] if name else None for name in named)),
        Column("stamp_key", TEXT, (stamp_key(o.deal_stamp) for o in orders)),
        Column("customer_id", TEXT, (o.customer_id or None for o in orders)),
        Column("currency", TEXT, (o.currency or None for o in orders)),
        Column("net", MONEY, (o.net for o in orders)),
        Column("tolerance", MONEY, (tolerance_of(o.currency, o.n_lines, options) for o in orders)),
        Column("status", TEXT, (o.status or "" for o in orders)),
        Column("status_name", TEXT, (o.status_name for o in orders)),
        Column("po", TEXT, (_po_key(o.po_number) for o in orders)),
        Column("day", NUMBER, ((o.date - EPOCH).days for o in orders)),
        Column("stand_alone", FLAG, (o.stand_alone for o in orders)),
        Column("service_open", MONEY, (o.service_open for o in orders)),
        Column("goods_open", MONEY, (o.goods_open for o in orders)),
        Column("goods_waiting", MONEY, (o.goods_waiting for o in orders)),
        Column("closed_open", MONEY, (o.closed_open for o in orders)),
        Column("billed_net", MONEY, (o.billed_net for o in orders)),
        Column(
            "late_approval",
            FLAG,
            (o.status == "A" and snapshot.erp_at - o.created > options.approval_sla for o in orders),
        ),
        Column("fresh", FLAG, (snapshot.erp_at - o.created <= options.sla for o in orders)),
        Column("due", FLAG, (_due_on(o) <= today for o in orders)),
        Column("past_grace", FLAG, (today - _due_on(o) > options.billing_grace for o in orders)),
    )


def _due_on(order: Order) -> date:
    """Return the day on which the order may be billed; a schedule without a known day has not come yet."""
    if not order.scheduled:
        return order.date
    return order.next_bill or date.max


def bindings_table(bindings: Sequence[Binding]) -> pa.Table:
    """Return one row a binding of a deal to an order, or of an account to a customer."""
    return arrow_table(
        Column("source_id", TEXT, (b.source_id for b in bindings)),
        Column("source_key", TEXT, (key_of(b.source_id) for b in bindings)),
        Column("doc_no", NUMBER, (b.doc_no for b in bindings)),
        Column("target_id", TEXT, (b.target_id for b in bindings)),
        Column("number", TEXT, (b.number for b in bindings)),
    )


def holds_table(snapshot: Snapshot) -> pa.Table:
    """Return one row an open hold on a deal; holds on customers show through the deals that wait for them."""
    holds = [hold for hold in snapshot.holds if hold.kind != KIND_CUSTOMER]
    return arrow_table(
        Column("hold_id", TEXT, (h.id for h in holds)),
        Column("kind", TEXT, (h.kind for h in holds)),
        Column("source_id", TEXT, (h.source_id for h in holds)),
        Column("source_key", TEXT, (key_of(h.source_id) for h in holds)),
        Column("code", TEXT, (h.code for h in holds)),
        Column("cause", TEXT, (h.cause for h in holds)),
    )


def intents_table(snapshot: Snapshot) -> pa.Table:
    """Return one row an open write of an order."""
    intents = [intent for intent in snapshot.intents if intent.kind == KIND_ORDER]
    return arrow_table(Column("source_key", TEXT, (key_of(i.source_id) for i in intents)))


def stamp_key(stamp: str | None) -> str | None:
    """Return the deal key that a free-text stamp holds, or None when it is no record id."""
    try:
        return key_of(salesforce_id(stamp)) if stamp else None
    except ValueError:
        return None


def _ours(external_id: str | None) -> bool:
    return (external_id or "").lower().startswith(EXTERNAL_ID_PREFIX)


def _po_key(po_number: str | None) -> str | None:
    return (po_number or "").strip().casefold() or None


def tolerance_of(currency: str, n_lines: int, options: Options) -> Decimal:
    """Return how far rounding may take a document of so many lines."""
    return rounding_tolerance(currency, n_lines, options.tolerance_cap)


def _young(since: datetime, now: datetime, allowed: timedelta) -> bool:
    return now - since <= allowed


def arrow_table(*columns: Column) -> pa.Table:
    """Return the columns as a table.

    Raises:
        AmountTooFineError: an amount has more digits than the table holds exactly.
    """
    return pa.table({column.name: _array(column) for column in columns})


def _array(column: Column) -> pa.Array:
    try:
        return pa.array(column.values, column.type)
    except pa.ArrowInvalid as error:
        raise AmountTooFineError(
            f"reconcile: column {column.name!r} cannot be held exactly: {error}. "
            "Amounts may have 29 digits before and 9 after the decimal point; correct the record that exceeds this."
        ) from error
