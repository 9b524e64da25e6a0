"""Reads both populations whole. The systems' own scans decide who is in them, never the journal's bindings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from connectors.ports import Condition, CrmReader, ErpReader, InvoiceQuery, OrderQuery, ReceiptQuery
from connectors.receivables import Invoice
from connectors.records import ControlTotal, Record, RecordRef, Value, salesforce_id
from journal.nouns import KIND_CUSTOMER, KIND_INVOICE, KIND_ORDER, Binding
from reconcile import fields
from reconcile.options import Options
from reconcile.ports import JournalView
from reconcile.snapshot import Deal, Order, Shown, Snapshot

EXTERNAL_ID_PREFIX = "tieout-so-"
EXTERNAL_ID = re.compile(r"tieout-so-([a-z0-9]{18})(?:-([0-9]{1,6}))?", re.IGNORECASE | re.ASCII)
"""External id of a sales order that Tieout created: the opportunity id and, beyond the first, a document number."""

DEAL_FIELDS = (
    "Name", "AccountId", "Account.Name", "Owner.Name", "CurrencyIsoCode", "Amount", "StageName", "IsWon", "IsClosed",
    "CloseDate", "LastStageChangeDate", "Tieout_Sales_Order__c", "Tieout_Sales_Order_Id__c",
)  # fmt: skip
SHOWN_FIELDS = (
    "Tieout_Invoiced__c", "Tieout_Invoiced_Net__c", "Tieout_Paid__c", "Tieout_Credited__c", "Tieout_Balance__c",
    "Tieout_Invoice_Status__c", "Tieout_Payment_Status__c", "Tieout_Due_Date__c", "Tieout_Last_Payment_Date__c",
)  # fmt: skip
"""What Tieout writes back onto a deal of its invoices and payments."""
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
    ("NetSuite invoices", "every transaction of type CustInvc with what is applied to it, in internal-id order"),
    ("NetSuite totals of invoices", "count and gross sum by currency, posted invoices (status A or B)"),
    ("NetSuite receipts", "every payment, deposit, credit memo and refund, in internal-id order"),
    ("NetSuite periods", "every accounting period that is a month"),
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
    invoices: list[Invoice]
    invoice_totals: Sequence[ControlTotal]


def extract(crm: CrmReader, erp: ErpReader, journal: JournalView, options: Options) -> Snapshot:
    """Read both systems and the journal as of now.

    Raises:
        ConnectorError: a system did not answer as agreed; there is no partial snapshot.
    """
    crm_at, erp_at = crm.server_time(), erp.server_time()
    bindings = journal.bindings(KIND_ORDER)
    orders = _read_erp(erp, options.deal_field)
    invoice_bindings = journal.bindings(KIND_INVOICE)
    stamps = _field_stamps(orders.invoices, options.deal_field)
    named = _named_deals(orders.orders, (*bindings, *invoice_bindings), stamps)
    deals = _read_crm(crm, _with_shown(crm, options), named)
    periods = erp.periods()
    whole = Snapshot(
        crm_at=crm_at,
        erp_at=erp_at,
        go_live=options.go_live,
        deals=[deal for _, deal in sorted(deals.deals.items())],
        orders=orders.orders,
        bindings=bindings,
        invoices=orders.invoices,
        receipts=list(erp.receipts(ReceiptQuery())),
        periods=periods,
        invoice_bindings=invoice_bindings,
        invoice_totals=orders.invoice_totals,
        overtyped=_overtyped(deals.deals.values(), journal.written("Opportunity")),
        deal_field=options.deal_field,
        accepted={f.id: f.accepted_sha for f in journal.findings() if f.accepted_sha is not None},
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
        document_url=erp.record_url,
    )
    return whole if options.period is None else _at_period_end(whole, journal, options)


def _at_period_end(snapshot: Snapshot, journal: JournalView, options: Options) -> Snapshot:
    """Return the snapshot as of the last day of the period that was asked for."""
    from reconcile.period import as_of_period, end_of, find_period

    period = find_period(options.period or "", snapshot.periods)
    end = end_of(period, options.time_zone)
    touched = [deal.id for deal in snapshot.deals if deal.modified >= end]
    return as_of_period(snapshot, period, options.time_zone, journal.deal_amounts(touched, end))


def _with_shown(crm: CrmReader, options: Options) -> Options:
    """Ask for what Salesforce shows of payments only where its fields exist."""
    if not options.receivables:
        return options
    schema = crm.describe("Opportunity")
    return replace(options, receivables=all(schema.find(name) is not None for name in SHOWN_FIELDS))


def _overtyped(deals: Iterable[Deal], written: Mapping[str, Mapping[str, Value]]) -> frozenset[str]:
    """Return the deals that show other figures than Tieout last wrote."""
    return frozenset(
        deal.id
        for deal in deals
        if deal.shown is not None
        and any(
            name in written.get(deal.id, {}) and written[deal.id][name] != value
            for name, value in zip(SHOWN_FIELDS, astuple(deal.shown), strict=True)
        )
    )


def _field_stamps(invoices: Iterable[Invoice], deal_field: str | None) -> list[str]:
    return [i.stamps[deal_field] for i in invoices if deal_field in i.stamps] if deal_field else []


def deal_of_external_id(external_id: str | None) -> tuple[str, int] | None:
    """Return (opportunity id, document number) that an external id of ours names, else None."""
    match = EXTERNAL_ID.fullmatch(external_id or "")
    return (match[1], int(match[2] or 1)) if match else None


def _read_erp(erp: ErpReader, deal_field: str | None) -> ErpSide:
    for _ in range(READS):
        totals = erp.order_totals()
        orders = [Order.of(order) for order in erp.orders(OrderQuery(with_lines=True))]
        if same_totals(totals, sum_by_currency((order.currency, order.net) for order in orders)):
            break
    for _ in range(READS):
        invoice_totals = erp.invoice_totals()
        invoices = list(erp.invoices(InvoiceQuery(stamp_fields=(deal_field,) if deal_field else ())))
        posted = sum_by_currency((invoice.currency, invoice.total) for invoice in invoices if invoice.posted)
        if same_totals(invoice_totals, posted):
            break
    return ErpSide(orders=orders, totals=totals, invoices=invoices, invoice_totals=invoice_totals)


def _read_crm(crm: CrmReader, options: Options, named: frozenset[str]) -> CrmSide:
    for _ in range(READS):
        side = _read_crm_once(crm, options, named)
        won = [deal for deal in side.deals.values() if deal.is_won and not deal.deleted]
        read = sum_by_currency((deal.currency, deal.header_amount) for deal in won)
        if same_totals(side.totals, read) and same_totals(side.line_totals, side.lines_read):
            break
    return side


def _read_crm_once(crm: CrmReader, options: Options, named: frozenset[str]) -> CrmSide:
    shown = SHOWN_FIELDS if options.receivables else ()
    names = tuple(dict.fromkeys((*DEAL_FIELDS, *shown, *options.scope_fields)))
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


def _named_deals(orders: Sequence[Order], bindings: Sequence[Binding], stamps: Sequence[str]) -> frozenset[str]:
    """Return the deals that an order's external id, an order's stamp, a binding or an invoice's field names."""
    names = {*stamps, *(binding.source_id for binding in bindings)}
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
        shown=_shown(record) if options.receivables else None,
    )


def _shown(record: Record) -> Shown:
    return Shown(
        invoiced=fields.number(record, "Tieout_Invoiced__c"),
        invoiced_net=fields.number(record, "Tieout_Invoiced_Net__c"),
        paid=fields.number(record, "Tieout_Paid__c"),
        credited=fields.number(record, "Tieout_Credited__c"),
        balance=fields.number(record, "Tieout_Balance__c"),
        invoice_status=fields.text(record, "Tieout_Invoice_Status__c"),
        payment_status=fields.text(record, "Tieout_Payment_Status__c"),
        due_date=fields.day(record, "Tieout_Due_Date__c"),
        last_payment=fields.day(record, "Tieout_Last_Payment_Date__c"),
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
