"""Reads orders back after the write: their numbers, their lines, and whether the amount is the one sent."""

from __future__ import annotations

from decimal import Decimal

from connectors.ports import OrderQuery
from connectors.records import ErpOrder, Payload, minor_unit
from journal import bindings, holds, intents, subjects
from journal.bindings import CREATED
from journal.nouns import KIND_ORDER, Binding
from sync import codes, payloads, settle
from sync.amend import sent_snapshot, snapshot
from sync.decision import Decision
from sync.world import World

MISMATCH = "AMOUNT_MISMATCH"


def verify(world: World) -> list[Decision]:
    """Check every order whose content has not been seen since its last write; return those that are wrong."""
    with world.journal.begin() as tx:
        in_doubt = intents.in_doubt(tx, KIND_ORDER)
        doubted = {hold.source_id for hold in holds.open_holds(tx) if hold.code == MISMATCH}
        unseen = [
            binding
            for binding in bindings.all_of(tx, KIND_ORDER)
            if (binding.snapshot is None or binding.source_id in doubted) and binding.source_id not in in_doubt
        ]
    if not unseen:
        return []
    query = OrderQuery(ids=[binding.target_id for binding in unseen], with_lines=True)
    found = {order.id: order for order in world.erp.orders(query)}
    with world.journal.batch():
        checked = [_check(world, binding, found[binding.target_id]) for binding in unseen if binding.target_id in found]
    return [decision for decision in checked if decision is not None]


def _check(world: World, binding: Binding, order: ErpOrder) -> Decision | None:
    created = binding.origin == CREATED
    with world.journal.begin() as tx:
        now = bindings.get(tx, KIND_ORDER, binding.source_id)
        if now is None or (now.target_id, now.payload_sha) != (binding.target_id, binding.payload_sha):
            return None  # another worker has written it since it was read: that worker looks for itself
        payload = payloads.load(tx, binding.payload_sha) if binding.payload_sha else None
        bindings.record_found(
            tx,
            binding,
            number=order.number,
            currency=order.currency,
            net=order.net,
            snapshot=sent_snapshot(payload) if payload is not None and created else snapshot(order.lines),
            at=world.now(),
        )
    if not created or payload is None:
        return None
    sent = payload_net(payload)
    if sent is None or abs(own_net(order) - sent) <= tolerance(order.currency, len(payload.lines)):
        _confirm(world, binding, order)
        return None
    return _mismatch(world, binding, order, sent)


def _confirm(world: World, binding: Binding, order: ErpOrder) -> None:
    with world.journal.begin() as tx:
        held = holds.find(tx, KIND_ORDER, binding.source_id)
        if held is not None and held.code == MISMATCH:
            holds.resolve(tx, KIND_ORDER, binding.source_id, f"{order.number} now has the amount sent", world.now())


def _mismatch(world: World, binding: Binding, order: ErpOrder, sent: Decimal) -> Decision:
    cause = f"{order.number} was saved over {own_net(order)} {order.currency} net, but {sent} was sent."
    with world.journal.begin() as tx:
        standing = subjects.state(tx, KIND_ORDER, binding.source_id)
    decision = Decision(
        kind=KIND_ORDER,
        source_id=binding.source_id,
        label=standing.label if standing else binding.source_id,
        action="hold",
        reason=cause,
        target_id=order.id,
        number=order.number,
        hold=codes.hold(MISMATCH, cause, sent=str(sent), saved=str(own_net(order))),
    )
    return settle.held(world, decision)


def own_net(order: ErpOrder) -> Decimal:
    """Return the net of the lines that Tieout wrote and of header discounts; lines that finance added are finance's."""
    own = [line.amount for line in order.lines if line.key or line.item_id is None]
    return sum(own, Decimal(0)) if own else order.net


def payload_net(payload: Payload) -> Decimal | None:
    """Return the sum of a payload's line amounts, or None where it has no lines."""
    amounts = [amount for line in payload.lines if isinstance(amount := line.values.get("amount"), Decimal)]
    return sum(amounts, Decimal(0)) if amounts else None


def tolerance(currency: str, lines: int) -> Decimal:
    """Return how far a total may differ by rounding its lines one by one."""
    return minor_unit(currency) * max(1, (lines + 2) // 2)
