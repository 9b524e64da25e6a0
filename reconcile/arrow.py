"""Turns a snapshot into columnar tables with exact decimals, one column at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

import pyarrow as pa

from connectors.errors import TieoutError
from connectors.records import salesforce_id
from journal.nouns import KIND_CUSTOMER, Binding
from reconcile.extract import EXTERNAL_ID_PREFIX, deal_of_external_id
from reconcile.options import Options
from reconcile.snapshot import Deal, Order, Snapshot
from reconcile.tolerance import rounding_tolerance

MONEY = pa.decimal128(38, 9)
TEXT, NUMBER, FLAG = pa.string(), pa.int64(), pa.bool_()
EPOCH = date(1970, 1, 1)

INSIDE, BEFORE_GO_LIVE, OUT_OF_SCOPE, NOT_WON, DELETED = "in", "before_go_live", "out_of_scope", "not_won", "deleted"
"""The population a deal belongs to; exactly one, in the order deleted, not won, before go-live, out of scope."""


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


def population_of(deal: Deal, go_live: date) -> str:
    """Return the one population a deal belongs to."""
    if deal.deleted:
        return DELETED
    if not deal.is_won:
        return NOT_WON
    if deal.won_on is not None and deal.won_on < go_live:
        return BEFORE_GO_LIVE
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
    return _table(
        Column("deal_id", TEXT, (d.id for d in deals)),
        Column("deal_key", TEXT, (key_of(d.id) for d in deals)),
        Column("account_key", TEXT, (key_of(d.account_id) for d in deals)),
        Column("account_id", TEXT, (d.account_id for d in deals)),
        Column("currency", TEXT, (d.currency or None for d in deals)),
        Column("amount", MONEY, (d.amount for d in deals)),
        Column("header_amount", MONEY, (d.header_amount for d in deals)),
        Column("tolerance", MONEY, (_tolerance(d.currency, d.n_lines, options) for d in deals)),
        Column("population", TEXT, (population_of(d, snapshot.go_live) for d in deals)),
        Column("reason", TEXT, (d.scope_reason for d in deals)),
        Column("won_live", FLAG, (d.is_won and not d.deleted for d in deals)),
        Column("stage", TEXT, (d.stage for d in deals)),
        Column("pointer", TEXT, (d.order_id or None for d in deals)),
        Column(
            "young",
            FLAG,
            (_young(since_of(d, eligible), snapshot.crm_at, allowed) for d in deals),
        ),
    )


def orders_table(orders: Sequence[Order], options: Options) -> pa.Table:
    """Return one row an order, with the deal its external id names and the deal stamp it carries."""
    named = [deal_of_external_id(order.external_id) for order in orders]
    return _table(
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
        Column("tolerance", MONEY, (_tolerance(o.currency, o.n_lines, options) for o in orders)),
        Column("status", TEXT, (o.status or "" for o in orders)),
        Column("status_name", TEXT, (o.status_name for o in orders)),
        Column("po", TEXT, (_po_key(o.po_number) for o in orders)),
        Column("day", NUMBER, ((o.date - EPOCH).days for o in orders)),
    )


def bindings_table(bindings: Sequence[Binding]) -> pa.Table:
    """Return one row a binding of a deal to an order, or of an account to a customer."""
    return _table(
        Column("source_id", TEXT, (b.source_id for b in bindings)),
        Column("source_key", TEXT, (key_of(b.source_id) for b in bindings)),
        Column("doc_no", NUMBER, (b.doc_no for b in bindings)),
        Column("target_id", TEXT, (b.target_id for b in bindings)),
        Column("number", TEXT, (b.number for b in bindings)),
    )


def holds_table(snapshot: Snapshot) -> pa.Table:
    """Return one row an open hold on a deal; holds on customers show through the deals that wait for them."""
    holds = [hold for hold in snapshot.holds if hold.kind != KIND_CUSTOMER]
    return _table(
        Column("hold_id", TEXT, (h.id for h in holds)),
        Column("kind", TEXT, (h.kind for h in holds)),
        Column("source_id", TEXT, (h.source_id for h in holds)),
        Column("source_key", TEXT, (key_of(h.source_id) for h in holds)),
        Column("code", TEXT, (h.code for h in holds)),
        Column("cause", TEXT, (h.cause for h in holds)),
    )


def intents_table(snapshot: Snapshot) -> pa.Table:
    """Return one row an open write of an order."""
    intents = [intent for intent in snapshot.intents if intent.kind != KIND_CUSTOMER]
    return _table(Column("source_key", TEXT, (key_of(i.source_id) for i in intents)))


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


def _tolerance(currency: str, n_lines: int, options: Options) -> Decimal:
    return rounding_tolerance(currency, n_lines, options.tolerance_cap)


def _young(since: datetime, now: datetime, allowed: timedelta) -> bool:
    return now - since <= allowed


def _table(*columns: Column) -> pa.Table:
    return pa.table({column.name: _array(column) for column in columns})


def _array(column: Column) -> pa.Array:
    try:
        return pa.array(column.values, column.type)
    except pa.ArrowInvalid as error:
        raise AmountTooFineError(
            f"reconcile: column {column.name!r} cannot be held exactly: {error}. "
            "Amounts may have 29 digits before and 9 after the decimal point; correct the record that exceeds this."
        ) from error
