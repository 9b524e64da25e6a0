"""What the accounts are to show of balances and financial documents. Unchanged means no write."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

import structlog

from connectors.receivables import CreditTerms, Invoice, Receipt
from connectors.records import RecordUpsert, Value
from journal import bindings, database, receivables, runs, staging, subjects
from journal.database import Tx
from journal.nouns import KIND_ACCOUNT_STATUS, KIND_CUSTOMER, KIND_ROW, Binding
from sync import claiming, crm_writes
from sync.account_rows import balance_row, financial_rows, retired, says_nothing
from sync.decision import Change
from sync.ownership import Owners
from sync.receivables import make_due
from sync.rollup import account_balances
from sync.world import ACCOUNT_BALANCE, DEAL, FINANCIAL, KEY, World

log = structlog.get_logger(__name__)

T = TypeVar("T", Invoice, Receipt)

SHOWN_ON = "balances_shown_on"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowUpdate:
    """One row under an account that is to change; ``before`` is what was last written."""

    customer_id: str
    label: str
    row: RecordUpsert
    before: Mapping[str, Value]

    def changes(self) -> list[Change]:
        """Return the differing fields for a plan."""
        return [
            Change(field=name, before=_text(self.before.get(name)), after=_text(value))
            for name, value in self.row.values.items()
            if self.before.get(name) != value
        ]


def _text(value: Value) -> str | None:
    return None if value is None else str(value)


@dataclass(slots=True)
class AccountUpdates:
    """The rows to write, and the customers that are settled once these are written."""

    rows: list[RowUpdate]
    customers: list[str]
    seen: Mapping[str, int] = field(default_factory=dict)
    """The last claim on each customer's rows before their facts were read."""


def decide(world: World, *, check: bool = False) -> AccountUpdates:
    """Return the rows that no longer say what is so. ``check`` compares with what Salesforce holds, not our books."""
    today = business_day(world.erp.server_time(), world.settings.company.time_zone)
    _make_due(world, today)
    if check:
        _compare_with_salesforce(world)
    seen = claiming.seen(world, KIND_ACCOUNT_STATUS)
    doubtful = {one.owner for one in crm_writes.pending(world, KIND_ROW)}
    with world.journal.begin() as tx:
        due = subjects.due(tx, KIND_ACCOUNT_STATUS)
        bound = {binding.target_id: binding for binding in bindings.all_of(tx, KIND_CUSTOMER)}
    due = [customer for customer in due if customer in bound and customer not in doubtful]
    terms = {one.customer_id: one for one in world.erp.credit_terms(due)} if due else {}
    with world.journal.begin() as tx:
        rows = _rows(world, tx, [bound[customer] for customer in due], terms, today)
    return AccountUpdates(rows=rows, customers=due, seen=seen)


def business_day(moment: datetime, zone: str) -> date:
    """Return the calendar day of a moment where the company is."""
    return moment.astimezone(ZoneInfo(zone)).date()


def _make_due(world: World, today: date) -> None:
    """Accounts new to Tieout are shown for the first time; at a new day, what has become overdue is shown."""
    now = world.now()
    with world.journal.begin() as tx:
        customers = {binding.target_id for binding in bindings.all_of(tx, KIND_CUSTOMER)}
        due = customers - subjects.known(tx, KIND_ACCOUNT_STATUS, customers)
        if database.recall(tx, SHOWN_ON) != today.isoformat():
            due |= set(receivables.open_customers(tx))
            database.replace(tx, SHOWN_ON, today.isoformat())
        make_due(tx, due, now)


def _rows(
    world: World, tx: Tx, customers: Sequence[Binding], terms: Mapping[str, CreditTerms], today: date
) -> list[RowUpdate]:
    ids = [binding.target_id for binding in customers]
    invoices = _grouped(receivables.invoices_of_customers(tx, ids))
    receipts = _grouped(receivables.receipts_of_customers(tx, ids))
    owners = Owners.read(tx, world.settings.invoices.deal_field)
    wanted_of: dict[str, list[RecordUpsert]] = {}
    for binding in customers:
        id_ = binding.target_id
        own_invoices, own_receipts = invoices.get(id_, []), receipts.get(id_, [])
        wanted = financial_rows(
            binding.source_id,
            own_invoices,
            own_receipts,
            lambda invoice: _living_deal(tx, owners.deal_of(invoice)),
            lambda type_, key: _link(world, type_, key),
        )
        called = binding.number or id_
        for balance in account_balances(id_, own_invoices, own_receipts, terms.get(id_), today):
            wanted.append(balance_row(balance, binding.source_id, called))
        wanted_of[id_] = wanted
    # A document may have gone over to another customer: it is that one's row now, and does not end.
    living = {(row.type, row.key) for rows in wanted_of.values() for row in rows}
    return [update for binding in customers for update in _differing(tx, binding, wanted_of[binding.target_id], living)]


def _living_deal(tx: Tx, deal: str | None) -> str | None:
    """Return the deal unless it was deleted: Salesforce empties the lookup, and refuses it for a deleted record."""
    known = staging.newest(tx, DEAL, deal) if deal is not None else None
    return None if known is not None and known.deleted else deal


def _link(world: World, type_: str, id_: str) -> str | None:
    try:
        return world.erp.record_url(type_, id_)
    except ValueError:
        return None


def _grouped(found: Iterable[T]) -> dict[str, list[T]]:
    grouped: dict[str, list[T]] = {}
    for one in found:
        grouped.setdefault(one.customer_id, []).append(one)
    return grouped


def _differing(
    tx: Tx, binding: Binding, wanted: Sequence[RecordUpsert], living: Collection[tuple[str, str]]
) -> list[RowUpdate]:
    """Compare with what was last written; a row that is no longer wanted is retired, never deleted."""
    updates = []
    label = binding.number or binding.target_id
    before = runs.written_for(tx, (FINANCIAL, ACCOUNT_BALANCE), binding.target_id)
    for row in wanted:
        known = before.pop((row.type, row.key), {})
        if known != row.values and (known or not says_nothing(row)):
            updates.append(RowUpdate(customer_id=binding.target_id, label=label, row=row, before=known))
    for (type_, key), known in before.items():
        if (type_, key) in living:
            continue
        gone = _retired(tx, binding, known)
        if gone != known:
            row = RecordUpsert(type=type_, key_field=KEY, key=key, values=gone)
            updates.append(RowUpdate(customer_id=binding.target_id, label=label, row=row, before=known))
    return updates


def _retired(tx: Tx, binding: Binding, known: Mapping[str, Value]) -> dict[str, Value]:
    """Return what an ended row says; Salesforce refuses one that names a deleted deal or a merged account."""
    gone = retired(known) | {"Tieout_Account__c": binding.source_id}
    deal = known.get("Tieout_Opportunity__c")
    return gone | {"Tieout_Opportunity__c": _living_deal(tx, str(deal))} if deal is not None else gone


def _compare_with_salesforce(world: World) -> None:
    """Forget what was written wherever Salesforce holds something else, so that it is written again."""
    for type_ in (FINANCIAL, ACCOUNT_BALANCE):
        with world.journal.begin() as tx:
            known = runs.written_of(tx, type_)
        fields = sorted({name for _owner, values in known.values() for name in values})
        if not known:
            continue
        found = {
            str(record.fields[KEY]): {name: record.fields.get(name) for name in fields}
            for record in world.crm.scan(type_, [KEY, *fields])
        }
        other = {key: owner for key, (owner, values) in known.items() if found.get(key) != dict(values)}
        if other:
            log.warning("rows_differ", type=type_, rows=len(other))
        # A credit limit or hold changes without any document: every balance is reckoned anew.
        shown = {owner for owner, _values in known.values()} if type_ == ACCOUNT_BALANCE else set()
        with world.journal.begin() as tx:
            runs.forget_written(tx, type_, other)
            make_due(tx, {owner for owner in (*other.values(), *shown) if owner}, world.now())
