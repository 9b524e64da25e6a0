"""What the deals are to show of order, invoices, payments and sync state. Unchanged means no write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from connectors.ports import OrderQuery
from connectors.receivables import Invoice
from connectors.records import ErpOrder, Value
from journal import bindings, holds, intents, receivables, runs, staging, subjects
from journal.bindings import CREATED
from journal.database import Tx
from journal.nouns import KIND_INVOICE, KIND_ORDER, KIND_STATUS, Binding, Hold, SubjectState
from sync import claiming, settle
from sync.bound_orders import vanished
from sync.decision import Change, Decision
from sync.ownership import Owners
from sync.rollup import deal_figures
from sync.world import (
    DEAL,
    ORDER_ID,
    ORDER_NUMBER,
    ORDER_STATUS,
    STATUS_FIELDS,
    STATUS_VERSION,
    SYNC_ERROR,
    SYNC_STATE,
    World,
)

ERROR_LENGTH = 1000
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
    seen: int = 0
    """The claim on this deal's status that was the last one before its facts were read."""
    version: int = 0
    """The version that the deal shows now."""

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
    seen: Mapping[str, int]
    doubtful: frozenset[str]
    """Deals onto which a write may be under way: nothing is decided about them until it is proven."""


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
            gone = _note_vanished(world, state, binding)
            if gone is not None:
                known.held[state.source_id] = gone
    updates = []
    with world.journal.begin() as tx:
        for state in states:
            update = _update(world, tx, state, known)
            if update is not None:
                updates.append(update)
            elif state.source_id not in known.doubtful:
                holds.resolve(tx, KIND_STATUS, state.source_id, "the deal shows what is so", world.now())
    return updates


def _read(world: World, states: Sequence[SubjectState]) -> Known:
    status = world.settings.status
    seen = claiming.seen(world, KIND_STATUS)
    with world.journal.begin() as tx:
        doubtful = intents.in_doubt(tx, KIND_STATUS)
        bound = {binding.source_id: binding for binding in bindings.all_of(tx, KIND_ORDER)}
        open_ = holds.open_holds(tx)
        owners = Owners.read(tx, world.settings.invoices.deal_field)
        invoices = owners.by_deal(receivables.all_invoices(tx)) if status.receivables else {}
    # An order's own hold weighs more than its invoice's: it comes last and stays.
    held = {hold.source_id: hold for kind in (KIND_INVOICE, KIND_ORDER) for hold in open_ if hold.kind == kind}
    ids = [bound[state.source_id].target_id for state in states if state.source_id in bound]
    orders = {order.id: order for order in world.erp.orders(OrderQuery(ids=ids))} if ids else {}
    return Known(bound=bound, held=held, orders=orders, invoices=invoices, seen=seen, doubtful=doubtful)


def _note_vanished(world: World, state: SubjectState, binding: Binding) -> Hold | None:
    """Hold a deal whose order has gone: its deal must not go on saying that all is well.

    None where a person has put exactly that aside.
    """
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
        return holds.find(tx, KIND_ORDER, state.source_id)


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
    if deal is None or deal.deleted or state.source_id in known.doubtful:
        return None
    binding = known.bound.get(state.source_id)
    order = known.orders.get(binding.target_id) if binding else None
    invoices = known.invoices.get(state.source_id, ())
    values = dict(wanted(state, binding, order, known.held.get(state.source_id)))
    if binding is None and any(invoice.posted for invoice in invoices) and values[SYNC_STATE] is None:
        values[SYNC_STATE] = "Synced"  # a deal that is billed without an order
    if world.settings.status.receivables:
        values |= deal_figures(order, invoices, str(deal.fields.get("CurrencyIsoCode")))
    if all(value is None for value in values.values()):
        values[STATUS_VERSION] = None  # a copy of a deal, or one that was never ours: nothing of Tieout's stays
    before = {name: deal.fields.get(name) for name in world.status_fields}
    last = runs.last_written(tx, DEAL, state.source_id)
    if last is not None and last[1] >= deal.modified:
        # The deal has not been read since Tieout wrote it.
        before |= last[0]
    differing = {name: value for name, value in values.items() if before.get(name) != value}
    if not differing:
        return None
    return StatusUpdate(
        deal_id=state.source_id,
        label=state.label,
        wanted=values,
        before=before,
        differing=differing,
        seen=known.seen.get(state.source_id, 0),
        version=_version(before.get(STATUS_VERSION)),
    )


def _version(value: Value) -> int:
    return int(value) if isinstance(value, Decimal) else 0
