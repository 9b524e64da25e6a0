"""Brings order number, order status and sync state back onto the deals. Unchanged means no write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog

from connectors.ports import OrderQuery
from connectors.records import ErpOrder, FieldUpdate, Value, WriteOutcome
from journal import bindings, holds, runs, staging, subjects
from journal.bindings import CREATED
from journal.database import Tx
from journal.nouns import KIND_ORDER, KIND_STATUS, Binding, Hold, SubjectState
from sync import codes, settle
from sync.bound_orders import vanished
from sync.decision import Change, Decision
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


def _text(value: Value) -> str | None:
    return None if value is None else str(value)


def decide(world: World, only: str | None = None) -> list[StatusUpdate]:
    """Return the deals whose shown status differs from what is so. Reads the bound orders' status."""
    with world.journal.begin() as tx:
        states = [state for state in subjects.all_states(tx, KIND_ORDER) if only in (None, state.source_id)]
        bound = {binding.source_id: binding for binding in bindings.all_of(tx, KIND_ORDER)}
        held = {hold.source_id: hold for hold in holds.open_holds(tx) if hold.kind == KIND_ORDER}
    ids = [bound[state.source_id].target_id for state in states if state.source_id in bound]
    orders = {order.id: order for order in world.erp.orders(OrderQuery(ids=ids))} if ids else {}
    for state in states:
        binding = bound.get(state.source_id)
        if binding is not None and binding.target_id not in orders and state.state != subjects.AMBIGUOUS:
            held[state.source_id] = _note_vanished(world, state, binding)
    updates = []
    with world.journal.begin() as tx:
        for state in states:
            binding = bound.get(state.source_id)
            order = orders.get(binding.target_id) if binding else None
            update = _update(tx, state, wanted(state, binding, order, held.get(state.source_id)))
            if update is not None:
                updates.append(update)
            else:
                holds.resolve(tx, KIND_STATUS, state.source_id, "the deal shows what is so", world.now())
    return updates


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
    """Return what a deal's five fields are to say. Pure."""
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


def _update(tx: Tx, state: SubjectState, wanted_values: Mapping[str, Value]) -> StatusUpdate | None:
    deal = staging.newest(tx, DEAL, state.source_id)
    if deal is None or deal.deleted:
        return None
    before = {name: deal.fields.get(name) for name in STATUS_FIELDS}
    last = runs.last_written(tx, DEAL, state.source_id)
    if last is not None and last[1] >= deal.modified:
        # The deal has not been read since Tieout wrote it.
        before |= last[0]
    differing = {name: value for name, value in wanted_values.items() if before.get(name) != value}
    if not differing:
        return None
    return StatusUpdate(
        deal_id=state.source_id, label=state.label, wanted=wanted_values, before=before, differing=differing
    )


def write(world: World, updates: Sequence[StatusUpdate]) -> Mapping[str, int]:
    """Write the differing fields; a refused record becomes a hold and stops no other."""
    counts = {"written": 0, "refused": 0, "doubtful": 0}
    for start in range(0, len(updates), BATCH):
        batch = updates[start : start + BATCH]
        at = world.crm.server_time()
        requests = [FieldUpdate(ref=world.ref(DEAL, update.deal_id), values=update.differing) for update in batch]
        outcomes = world.crm_writer.update(requests)
        for update, outcome in zip(batch, outcomes, strict=True):
            with world.journal.begin() as tx:
                if outcome.status == "success":
                    runs.note_written(tx, DEAL, update.deal_id, update.wanted, at)
            counts[_settle(world, update, outcome)] += 1
        world.observer.progress("write status back", min(start + BATCH, len(updates)), len(updates))
    return counts


def _settle(world: World, update: StatusUpdate, outcome: WriteOutcome) -> str:
    now = world.now()
    if outcome.status == "success":
        with world.journal.begin() as tx:
            holds.resolve(tx, KIND_STATUS, update.deal_id, "written", now)
        return "written"
    log.warning("status_not_written", record=update.deal_id, status=outcome.status, code=outcome.code)
    if outcome.status != "rejected":
        # The values are absolute: writing them again next time is harmless.
        return "doubtful"
    cause = codes.hold(
        "WRITEBACK_REJECTED",
        f"Salesforce refused the status of this deal: {outcome.message} ({outcome.code})",
        fix="Mend what Salesforce names (a validation rule, a permission, a field's length); the next run tries again.",
    )
    with world.journal.begin() as tx:
        holds.open_hold(tx, KIND_STATUS, update.deal_id, update.label, cause, now)
    return "refused"
