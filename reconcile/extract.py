"""Reads both populations whole. The systems' own scans decide who is in them, never the journal's bindings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from connectors.ports import Condition, CrmReader, ErpReader, OrderQuery
from connectors.records import ControlTotal, Record, RecordRef, salesforce_id
from journal.nouns import KIND_CUSTOMER, KIND_ORDER, Binding
from reconcile import fields
from reconcile.options import Options
from reconcile.ports import JournalView
from reconcile.snapshot import Deal, Order, Snapshot

EXTERNAL_ID_PREFIX = "tieout-so-"
EXTERNAL_ID = re.compile(r"tieout-so-([a-z0-9]{18})(?:-([0-9]{1,6}))?", re.IGNORECASE | re.ASCII)
"""External id of a sales order that Tieout created: the opportunity id and, beyond the first, a document number."""

DEAL_FIELDS = (
    "Name", "AccountId", "Account.Name", "Owner.Name", "CurrencyIsoCode", "Amount", "StageName", "IsWon", "IsClosed",
    "CloseDate", "LastStageChangeDate", "Tieout_Sales_Order__c", "Tieout_Sales_Order_Id__c",
)  # fmt: skip
LINE_FIELDS = ("OpportunityId", "TotalPrice", "CurrencyIsoCode")
WON = (Condition("IsWon", "=", True),)
WON_LINES = (Condition("Opportunity.IsWon", "=", True),)
STAMPED = (Condition("Tieout_Sales_Order_Id__c", "!=", None),)

QUERIES = (
    ("Salesforce deals", "Opportunity where IsWon = true, deleted ones included, in Id order"),
    ("Salesforce deals with an order id", "Opportunity where Tieout_Sales_Order_Id__c != null, in Id order"),
    ("Salesforce deals named by an order or a binding", "Opportunity by Id, deleted ones included"),
    ("Salesforce lines", "OpportunityLineItem where Opportunity.IsWon = true, in Id order"),
    ("Salesforce totals of deals", "count and sum of Amount by currency, Opportunity where IsWon = true"),
    ("Salesforce totals of lines", "count and sum of TotalPrice by currency, the lines above"),
    ("NetSuite orders", "every transaction of type SalesOrd with its lines, in internal-id order"),
    ("NetSuite totals of orders", "count and net sum by currency, every transaction of type SalesOrd"),
)
READS = 2
"""How often a side is read when its own totals moved while it was read."""


@dataclass(slots=True)
class LineSum:
    """What the lines of one deal add up to."""

    amount: Decimal = Decimal(0)
    count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CrmSide:
    """What one reading of the CRM gave; ``rows_read`` counts the live won deals."""

    deals: dict[str, Deal]
    totals: Sequence[ControlTotal]
    line_totals: Sequence[ControlTotal]
    lines_read: Sequence[ControlTotal]
    rows_read: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ErpSide:
    """What one reading of the ERP gave."""

    orders: list[Order]
    totals: Sequence[ControlTotal]


def extract(crm: CrmReader, erp: ErpReader, journal: JournalView, options: Options) -> Snapshot:
    """Read both systems and the journal as of now.

    Raises:
        ConnectorError: a system did not answer as agreed; there is no partial snapshot.
    """
    crm_at, erp_at = crm.server_time(), erp.server_time()
    bindings = journal.bindings(KIND_ORDER)
    orders = _read_erp(erp)
    deals = _read_crm(crm, options, _named_deals(orders.orders, bindings))
    return Snapshot(
        crm_at=crm_at,
        erp_at=erp_at,
        go_live=options.go_live,
        deals=[deal for _, deal in sorted(deals.deals.items())],
        orders=orders.orders,
        bindings=bindings,
        customer_bindings=journal.bindings(KIND_CUSTOMER),
        holds=journal.holds(),
        intents=journal.open_intents(),
        subjects=journal.subjects(KIND_ORDER),
        crm_totals=deals.totals,
        line_totals=deals.line_totals,
        erp_totals=orders.totals,
        lines_read=deals.lines_read,
        crm_rows_read=deals.rows_read,
        erp_rows_read=len(orders.orders),
        customers={c.id: f"{c.entity_id} {c.name}".strip() for c in erp.customers()},
        queries=QUERIES,
        crm_name=crm.connection,
        erp_name=erp.connection,
        crm_url=lambda id_: crm.record_url(RecordRef(connection=crm.connection, type="Opportunity", id=id_)),
        account_url=lambda id_: crm.record_url(RecordRef(connection=crm.connection, type="Account", id=id_)),
        erp_url=lambda id_: erp.record_url("salesOrder", id_),
    )


def deal_of_external_id(external_id: str | None) -> tuple[str, int] | None:
    """Return (opportunity id, document number) that an external id of ours names, else None."""
    match = EXTERNAL_ID.fullmatch(external_id or "")
    return (match[1], int(match[2] or 1)) if match else None


def _read_erp(erp: ErpReader) -> ErpSide:
    for _ in range(READS):
        totals = erp.order_totals()
        orders = [Order.of(order) for order in erp.orders(OrderQuery(with_lines=True))]
        if same_totals(totals, sum_by_currency((order.currency, order.net) for order in orders)):
            break
    return ErpSide(orders=orders, totals=totals)


def _read_crm(crm: CrmReader, options: Options, named: frozenset[str]) -> CrmSide:
    for _ in range(READS):
        side = _read_crm_once(crm, options, named)
        won = [deal for deal in side.deals.values() if deal.is_won and not deal.deleted]
        read = sum_by_currency((deal.currency, deal.header_amount) for deal in won)
        if same_totals(side.totals, read) and same_totals(side.line_totals, side.lines_read):
            break
    return side


def _read_crm_once(crm: CrmReader, options: Options, named: frozenset[str]) -> CrmSide:
    names = tuple(dict.fromkeys((*DEAL_FIELDS, *options.scope_fields)))
    totals = crm.totals("Opportunity", "Amount", WON)
    line_totals = crm.totals("OpportunityLineItem", "TotalPrice", WON_LINES)
    sums: dict[str, LineSum] = {}
    lines_read = sum_by_currency(_collect(crm.scan("OpportunityLineItem", LINE_FIELDS, WON_LINES), sums))
    deals: dict[str, Deal] = {}
    rows_read = 0
    for record in crm.scan("Opportunity", names, WON, include_deleted=True):
        rows_read += not record.deleted
        deals[record.ref.id] = _deal(record, sums.get(record.ref.id), options)
    for deal in _read_others(crm, names, named, deals, options):
        deals[deal.id] = deal
    return CrmSide(deals=deals, totals=totals, line_totals=line_totals, lines_read=lines_read, rows_read=rows_read)


def _read_others(
    crm: CrmReader, names: Sequence[str], named: frozenset[str], won: Mapping[str, Deal], options: Options
) -> list[Deal]:
    """Read the deals that are not won but carry an order id, or are named by an order or a binding."""
    records = {r.ref.id: r for r in crm.scan("Opportunity", names, STAMPED) if r.ref.id not in won}
    unknown = sorted(named - won.keys() - records.keys())
    if unknown:
        records |= {r.ref.id: r for r in crm.by_ids("Opportunity", names, unknown)}
    sums: dict[str, LineSum] = {}
    live = sorted(id_ for id_, record in records.items() if not record.deleted)
    if live:
        sum_by_currency(_collect(crm.children("OpportunityLineItem", LINE_FIELDS, "OpportunityId", live), sums))
    return [_deal(record, sums.get(id_), options) for id_, record in records.items()]


def _collect(lines: Iterable[Record], sums: dict[str, LineSum]) -> Iterator[tuple[str, Decimal | None]]:
    """Add each line to its deal's sum and yield its currency and amount."""
    for line in lines:
        amount = fields.number(line, "TotalPrice")
        total = sums.setdefault(fields.text(line, "OpportunityId") or "", LineSum())
        total.amount += amount or Decimal(0)
        total.count += 1
        yield fields.text(line, "CurrencyIsoCode") or "", amount


def _named_deals(orders: Sequence[Order], bindings: Sequence[Binding]) -> frozenset[str]:
    """Return the deals that an order's external id, an order's stamp or a binding names."""
    names = {binding.source_id for binding in bindings}
    for order in orders:
        found = deal_of_external_id(order.external_id)
        names.update(name for name in (found[0] if found else None, order.deal_stamp) if name)
    return frozenset(id_ for id_ in map(_opportunity_id, names) if id_)


def _opportunity_id(name: str) -> str | None:
    """Return the 18-character id, or None for free text that is no opportunity id (those begin with 006)."""
    if not name.strip().startswith("006"):
        return None
    try:
        return salesforce_id(name)
    except ValueError:
        return None


def _deal(record: Record, lines: LineSum | None, options: Options) -> Deal:
    header = fields.number(record, "Amount")
    is_won = fields.flag(record, "IsWon")
    inside = options.in_scope(record.fields)
    return Deal(
        id=record.ref.id,
        name=fields.text(record, "Name") or "",
        owner=fields.text(record, "Owner.Name"),
        account_id=fields.text(record, "AccountId"),
        account_name=fields.text(record, "Account.Name"),
        currency=fields.text(record, "CurrencyIsoCode") or "",
        amount=lines.amount if lines else header,
        header_amount=header,
        n_lines=lines.count if lines else 0,
        is_won=is_won,
        is_closed=fields.flag(record, "IsClosed"),
        stage=fields.text(record, "StageName") or "",
        close_date=fields.day(record, "CloseDate"),
        won_at=fields.moment(record, "LastStageChangeDate") if is_won else None,
        won_on=_won_on(record, options) if is_won else None,
        modified=record.modified,
        deleted=record.deleted,
        order_number=fields.text(record, "Tieout_Sales_Order__c"),
        order_id=fields.text(record, "Tieout_Sales_Order_Id__c"),
        in_scope=inside,
        scope_reason="" if inside else f"not in scope: {options.scope_text}",
    )


def _won_on(record: Record, options: Options) -> date | None:
    if options.won_on is not None:
        return options.won_on(record.fields)
    closed = fields.day(record, "CloseDate")
    changed = fields.moment(record, "LastStageChangeDate")
    if closed is None and changed is not None:
        return changed.astimezone(ZoneInfo(options.time_zone)).date()
    return closed


def sum_by_currency(rows: Iterable[tuple[str, Decimal | None]]) -> list[ControlTotal]:
    """Count and add amounts per currency, an empty amount counting as a row of nothing; in currency order."""
    sums: dict[str, LineSum] = {}
    for currency, amount in rows:
        total = sums.setdefault(currency, LineSum())
        total.count += 1
        total.amount += amount or Decimal(0)
    return [ControlTotal(currency=c, count=s.count, amount=s.amount) for c, s in sorted(sums.items())]


def same_totals(one: Sequence[ControlTotal], other: Sequence[ControlTotal]) -> bool:
    """Tell whether two sets of totals agree; a currency without rows equals one that is not listed."""
    return _filled(one) == _filled(other)


def _filled(totals: Sequence[ControlTotal]) -> dict[str, tuple[int, Decimal]]:
    return {total.currency: (total.count, total.amount) for total in totals if total.count}
