"""Brings order, invoices, payments and sync state back onto the deals. Unchanged means no write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog

from connectors.ports import OrderQuery
from connectors.receivables import Invoice
from connectors.records import ErpOrder, FieldUpdate, Value, WriteOutcome
from journal import bindings, holds, receivables, runs, staging, subjects
from journal.bindings import CREATED
from journal.database import Tx
from journal.holds import HoldCause
from journal.nouns import KIND_INVOICE, KIND_ORDER, KIND_STATUS, Binding, Hold, SubjectState
from sync import codes, settle
from sync.bound_orders import vanished
from sync.decision import Change, Decision
from sync.ownership import Owners
from sync.rollup import deal_figures
from sync.world import DEAL, ORDER_ID, ORDER_NUMBER, ORDER_STATUS, STATUS_FIELDS, SYNC_ERROR, SYNC_STATE, World

log = structlog.get_logger(__name__)

ERROR_LENGTH = 1000
BATCH = 200
IN_HAND = (subjects.WAITING, subjects.AMBIGUOUS, subjects.READY)
"""States of a deal whose order is still to come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusUpdate:
    """What one deal is to show, and in which fields it does not yet."""

    deal_id: str
    label: str
    wanted: Mapping[str, Value]
    before: Mapping[str, Value]
    differing: Mapping[str, Value]

    def changes(self) -> list[Change]:
        """Return the differing fields for a plan."""
        return [
            Change(field=name, before=_text(self.before.get(name)), after=_text(value))
            for name, value in self.differing.items()
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Everything that the deals' status is made of, read at once."""

    bound: Mapping[str, Binding]
    held: dict[str, Hold]
    orders: Mapping[str, ErpOrder]
    invoices: Mapping[str, Sequence[Invoice]]


def _text(value: Value) -> str | None:
    return None if value is None else str(value)


def decide(world: World, only: str | None = None) -> list[StatusUpdate]:
    """Return the deals whose shown status differs from what is so. Reads the bound orders' status."""
    with world.journal.begin() as tx:
        states = [state for state in subjects.all_states(tx, KIND_ORDER) if only in (None, state.source_id)]
    known = _read(world, states)
    for state in states:
        binding = known.bound.get(state.source_id)
        if binding is not None and binding.target_id not in known.orders and state.state != subjects.AMBIGUOUS:
            known.held[state.source_id] = _note_vanished(world, state, binding)
    updates = []
    with world.journal.begin() as tx:
        for state in states:
            update = _update(world, tx, state, known)
            if update is not None:
                updates.append(update)
            else:
                holds.resolve(tx, KIND_STATUS, state.source_id, "the deal shows what is so", world.now())
    return updates


def _read(world: World, states: Sequence[SubjectState]) -> Known:
    status = world.settings.status
    with world.journal.begin() as tx:
        bound = {binding.source_id: binding for binding in bindings.all_of(tx, KIND_ORDER)}
        open_ = holds.open_holds(tx)
        owners = Owners.read(tx, world.settings.invoices.deal_field)
        invoices = owners.by_deal(receivables.all_invoices(tx)) if status.receivables else {}
    # An order's own hold weighs more than its invoice's: it comes last and stays.
    held = {hold.source_id: hold for kind in (KIND_INVOICE, KIND_ORDER) for hold in open_ if hold.kind == kind}
    ids = [bound[state.source_id].target_id for state in states if state.source_id in bound]
    orders = {order.id: order for order in world.erp.orders(OrderQuery(ids=ids))} if ids else {}
    return Known(bound=bound, held=held, orders=orders, invoices=invoices)


def _note_vanished(world: World, state: SubjectState, binding: Binding) -> Hold:
    """Hold a deal whose order has gone: its deal must not go on saying that all is well."""
    cause = vanished(world, binding.number, binding.target_id)
    decision = Decision(
        kind=KIND_ORDER,
        source_id=state.source_id,
        label=state.label,
        action="hold",
        reason=cause.cause,
        target_id=binding.target_id,
        number=binding.number,
        hold=cause,
    )
    settle.held(world, decision)
    with world.journal.begin() as tx:
        found = holds.find(tx, KIND_ORDER, state.source_id)
    if found is None:
        raise RuntimeError(f"the hold of {state.source_id} was not kept")
    return found


def wanted(
    state: SubjectState, binding: Binding | None, order: ErpOrder | None, hold: Hold | None
) -> Mapping[str, Value]:
    """Return what a deal's five fields of order and sync are to say. Pure."""
    values: dict[str, Value] = dict.fromkeys(STATUS_FIELDS)
    if binding is not None:
        values[ORDER_NUMBER] = order.number if order else binding.number
        values[ORDER_ID] = binding.target_id
        values[ORDER_STATUS] = order.status_name if order else "not found in NetSuite"
        values[SYNC_STATE] = "Synced" if binding.origin == CREATED else "Matched"
    if hold is not None:
        values[SYNC_STATE] = "Held"
        values[SYNC_ERROR] = f"{hold.cause} {hold.fix} [{hold.code}]"[:ERROR_LENGTH]
    elif binding is None and state.outcome != "skip" and state.state in IN_HAND:
        values[SYNC_STATE] = "Waiting"
    return values


def _update(world: World, tx: Tx, state: SubjectState, known: Known) -> StatusUpdate | None:
    deal = staging.newest(tx, DEAL, state.source_id)
    if deal is None or deal.deleted:
        return None
    binding = known.bound.get(state.source_id)
    order = known.orders.get(binding.target_id) if binding else None
    invoices = known.invoices.get(state.source_id, ())
    values = dict(wanted(state, binding, order, known.held.get(state.source_id)))
    if binding is None and any(invoice.posted for invoice in invoices) and values[SYNC_STATE] is None:
        values[SYNC_STATE] = "Synced"  # a deal that is billed without an order
    if world.settings.status.receivables:
        values |= deal_figures(order, invoices, str(deal.fields.get("CurrencyIsoCode")))
    before = {name: deal.fields.get(name) for name in world.status_fields}
    last = runs.last_written(tx, DEAL, state.source_id)
    if last is not None and last[1] >= deal.modified:
        # The deal has not been read since Tieout wrote it.
        before |= last[0]
    differing = {name: value for name, value in values.items() if before.get(name) != value}
    if not differing:
        return None
    return StatusUpdate(deal_id=state.source_id, label=state.label, wanted=values, before=before, differing=differing)


def write(world: World, updates: Sequence[StatusUpdate]) -> Mapping[str, int]:
    """Write the differing fields; a refused record becomes a hold and stops no other."""
    counts = {"written": 0, "refused": 0, "doubtful": 0}
    for start in range(0, len(updates), BATCH):
        if world.wanted_stop():
            break
        batch = updates[start : start + BATCH]
        at = world.crm.server_time()
        requests = [FieldUpdate(ref=world.ref(DEAL, update.deal_id), values=update.differing) for update in batch]
        outcomes = world.crm_writer.update(requests)
        with world.journal.begin() as tx:
            for update, outcome in zip(batch, outcomes, strict=True):
                if outcome.status == "success":
                    runs.note_written(tx, DEAL, update.deal_id, update.wanted, at)
                    holds.resolve(tx, KIND_STATUS, update.deal_id, "written", world.now())
        for update, outcome in zip(batch, outcomes, strict=True):
            counts[_settle(world, update, outcome)] += 1
        world.observer.progress("write status back", min(start + BATCH, len(updates)), len(updates))
    return counts


def _settle(world: World, update: StatusUpdate, outcome: WriteOutcome) -> str:
    now = world.now()
    if outcome.status == "success":
        return "written"
    log.warning("status_not_written", record=update.deal_id, status=outcome.status, code=outcome.code)
    if outcome.status != "rejected":
        # The values are absolute: writing them again next time is harmless.
        return "doubtful"
    with world.journal.begin() as tx:
        holds.open_hold(tx, KIND_STATUS, update.deal_id, update.label, refused("the status of this deal", outcome), now)
    return "refused"


def refused(what: str, outcome: WriteOutcome) -> HoldCause:
    """Return the hold for a record that Salesforce refused, in Salesforce's own words."""
    return codes.hold(
        "WRITEBACK_REJECTED",
        f"Salesforce refused {what}: {outcome.message} ({outcome.code})",
        fix="Mend what Salesforce names (a validation rule, a permission, a field's length); the next run tries again.",
    )
