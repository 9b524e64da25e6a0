"""One deal's whole life across both systems, and why it is or is not an order. Reads only."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from connectors.errors import ConnectorError
from connectors.ports import InvoiceQuery, OrderQuery
from connectors.receivables import Invoice
from connectors.records import ErpOrder, Record, Value, salesforce_id
from journal import bindings, holds, intents, misses, receivables, runs, staging, stamps, subjects
from journal.database import Tx
from journal.nouns import KIND_INVOICE, KIND_ORDER, Binding, Hold, SubjectState
from journal.staging import StagedRecord
from mappings.outcome import FieldTrace
from sync import engine, plan
from sync.decision import Decision
from sync.errors import UnknownDeal
from sync.ownership import Owners
from sync.world import DEAL, World

ID_IN_TEXT = re.compile(r"(?<![A-Za-z0-9])(006[A-Za-z0-9]{15}|006[A-Za-z0-9]{12})(?![A-Za-z0-9])")


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to the deal, at the machine's time."""

    at: datetime
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """What is known of one deal. ``decision`` is what a sync would do with it now."""

    deal_id: str
    crm_url: str
    crm_now: Mapping[str, Value] | None
    standing: SubjectState | None
    hold: Hold | None
    binding: Binding | None
    erp_url: str | None
    order: ErpOrder | None
    invoices: Sequence[Invoice]
    """Every invoice of the deal with what was applied to it, as NetSuite has them now."""
    billing: SubjectState | None
    """What was last said of billing the order."""
    billing_hold: Hold | None
    decision: Decision | None
    events: Sequence[Event]
    unreachable: Sequence[str]

    @property
    def fields(self) -> Sequence[FieldTrace]:
        """How each NetSuite field comes about, with the line of the mapping that says so."""
        mapped = self.decision.mapped if self.decision else None
        return mapped.trace if mapped else ()


def find_deal(world: World, text: str) -> str:
    """Return the deal that an id, a Salesforce address, an order or an invoice number means.

    Raises:
        UnknownDeal: it means none.
    """
    found = ID_IN_TEXT.search(text)
    if found is not None:
        return salesforce_id(found.group(1))
    with world.journal.begin() as tx:
        for binding in (*bindings.all_of(tx, KIND_ORDER), *bindings.all_of(tx, KIND_INVOICE)):
            if text.casefold() in (str(binding.number).casefold(), binding.target_id):
                return binding.source_id
    raise UnknownDeal(text)


def trace(world: World, deal_id: str) -> Trace:
    """Collect the deal's life. What cannot be reached now is named, the rest is still told."""
    unreachable: list[str] = []
    with world.journal.begin() as tx:
        binding = bindings.get(tx, KIND_ORDER, deal_id)
        standing = subjects.state(tx, KIND_ORDER, deal_id)
        hold = holds.find(tx, KIND_ORDER, deal_id)
        billing = subjects.state(tx, KIND_INVOICE, deal_id)
        billing_hold = holds.find(tx, KIND_INVOICE, deal_id)
        owners = Owners.read(tx, world.settings.invoices.deal_field)
        known = [one.id for one in owners.by_deal(receivables.all_invoices(tx)).get(deal_id, ())]
        events = sorted(_events(tx, deal_id), key=lambda event: event.at)
    record, order, decision = None, None, None
    invoices: list[Invoice] = []
    try:
        record = next(iter(world.crm.by_ids(DEAL, ["Name", "StageName", "Amount", "CloseDate"], [deal_id])), None)
        if binding is not None:
            order = next(iter(world.erp.orders(OrderQuery(ids=[binding.target_id], with_lines=True))), None)
        invoices = _invoices(world, owners, deal_id, binding, known)
        if record is not None:
            decision = plan.plan(world, (engine.ORDERS,), only=deal_id).orders.get(deal_id)
    except ConnectorError as error:
        unreachable.append(str(error))
    if record is None and standing is None and not unreachable:
        raise UnknownDeal(deal_id)
    return Trace(
        deal_id=deal_id,
        crm_url=world.crm.record_url(world.ref(DEAL, deal_id)),
        crm_now=_shown(record),
        standing=standing,
        hold=hold,
        binding=binding,
        erp_url=world.erp.record_url("salesOrder", binding.target_id) if binding else None,
        order=order,
        invoices=invoices,
        billing=billing,
        billing_hold=billing_hold,
        decision=decision,
        events=events,
        unreachable=unreachable,
    )


def _invoices(
    world: World, owners: Owners, deal_id: str, binding: Binding | None, known: Sequence[str]
) -> list[Invoice]:
    """Read the deal's invoices: those of its order, and those that the journal knows to be its own."""
    ids = sorted({*known, *(id_ for id_, deal in owners.of_invoice.items() if deal == deal_id)})
    found = {one.id: one for one in world.erp.invoices(InvoiceQuery(ids=ids))} if ids else {}
    if binding is not None:
        found |= {one.id: one for one in world.erp.invoices(InvoiceQuery(order_ids=[binding.target_id]))}
    return [found[id_] for id_ in sorted(found, key=int)]


def _shown(record: Record | None) -> Mapping[str, Value] | None:
    return None if record is None else {**record.fields, "IsDeleted": record.deleted}


def _events(tx: Tx, deal_id: str) -> Sequence[Event]:
    return [
        *_read_events(tx, deal_id),
        *(event for kind in (KIND_ORDER, KIND_INVOICE) for event in _hold_events(tx, kind, deal_id)),
        *(event for kind in (KIND_ORDER, KIND_INVOICE) for event in _write_events(tx, kind, deal_id)),
        *_bound_events(tx, deal_id),
        *_status_events(tx, deal_id),
        *(Event(miss.found_at, miss.text) for miss in misses.of_source(tx, deal_id)),
    ]


def _read_events(tx: Tx, deal_id: str) -> Sequence[Event]:
    versions = staging.versions(tx, DEAL, deal_id)
    newest = staging.newest(tx, DEAL, deal_id)
    return [
        Event(at, f"read from Salesforce, version {version}{_of_newest(newest, version)} (run {run_id[:12]})")
        for version, at, run_id in versions
    ]


def _of_newest(newest: StagedRecord | None, version: str) -> str:
    if newest is None or newest.version != version:
        return ""
    return f": {newest.fields.get('StageName')}, {len(newest.lines)} lines"


def _hold_events(tx: Tx, kind: str, deal_id: str) -> Sequence[Event]:
    events = []
    for row in holds.history(tx, kind, deal_id):
        events.append(Event(stamps.from_text(row["opened_at"]), f"held, {row['code']}: {row['cause']}"))
        if row["resolved_at"]:
            events.append(Event(stamps.from_text(row["resolved_at"]), f"hold released: {row['resolution']}"))
    return events


def _write_events(tx: Tx, kind: str, deal_id: str) -> Sequence[Event]:
    events = []
    noun = "invoice" if kind == KIND_INVOICE else "order"
    for row in intents.history(tx, kind, deal_id):
        verb = f"create the {noun}" if row["op"] == "add" else f"change {noun} {row['target_id']}"
        name = f"intent {row['id'][:12]}"
        text = f"{name} committed: {verb}, mapping {row['mapping_sha']}, payload {row['payload_sha'][:12]}"
        events.append(Event(stamps.from_text(row["created_at"]), text))
        for attempt in row["attempts"]:
            answer = " ".join(part for part in (attempt["status"], attempt["code"], attempt["message"]) if part)
            events.append(Event(stamps.from_text(attempt["finished_at"]), f"{name}, NetSuite answered: {answer}"))
        if row["closed_at"]:
            closed = f"{name} closed: {row['outcome_class']}, {row['outcome_text']}"
            events.append(Event(stamps.from_text(row["closed_at"]), closed))
    return events


def _bound_events(tx: Tx, deal_id: str) -> Sequence[Event]:
    found = [one for kind in (KIND_ORDER, KIND_INVOICE) for one in bindings.of_source(tx, kind, deal_id)]
    return [
        Event(one.bound_at, f"bound to {one.number or one.target_id} ({one.origin}; {one.evidence})") for one in found
    ]


def _status_events(tx: Tx, deal_id: str) -> Sequence[Event]:
    last = runs.last_written(tx, DEAL, deal_id)
    if last is None:
        return []
    values = ", ".join(f"{name} = {value}" for name, value in sorted(last[0].items()) if value is not None)
    return [Event(last[1], f"status on the deal: {values}")]
