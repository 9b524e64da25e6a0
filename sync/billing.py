"""The job ``invoices``: decide about every order that may be billed, write, and check what NetSuite saved."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial

from connectors.ports import InvoiceQuery
from connectors.receivables import REVERSED, Invoice
from connectors.records import ErpOrder
from journal import bindings, holds, intents, subjects
from journal.nouns import KIND_INVOICE, KIND_ORDER, Binding
from sync import claiming, codes, invoices, payloads, settle
from sync.decision import Decision
from sync.isolation import guarded
from sync.verify import payload_net, tolerance
from sync.world import World

MISMATCH = "AMOUNT_MISMATCH"
AT_ONCE = 20
"""How many orders are looked at before what is due of them is billed."""
Write = Callable[[Sequence[Decision]], Mapping[str, Decision]]


def bill(world: World, write: Write, only: str | None = None) -> list[Decision]:
    """Bill what is due; return every decision as it came out."""
    seen = claiming.seen(world, KIND_INVOICE)
    done = verify(world)
    wrong = {decision.source_id for decision in done}
    due = invoices.due(world, only)
    orders = [(deal, order) for deal, order in due if deal not in wrong]
    facts = invoices.read(world, orders)
    for start in range(0, len(orders), AT_ONCE):
        if world.wanted_stop():
            break
        done += _bill_some(world, orders[start : start + AT_ONCE], facts, seen, write)
        world.observer.progress("bill orders", min(start + AT_ONCE, len(orders)), len(orders))
    if only is None and not world.wanted_stop():
        _release(world, [deal for deal, _order in due])
    return done + verify(world)


def _bill_some(
    world: World,
    orders: Sequence[tuple[str, ErpOrder]],
    facts: invoices.InvoiceFacts,
    seen: Mapping[str, int],
    write: Write,
) -> list[Decision]:
    """Ask what may be billed of a few orders and bill it at once, before finance can do so by hand."""
    done, to_write = [], []
    labels = {deal: invoices.label_of(deal, facts) for deal, _order in orders}
    fences = claiming.claim(world, KIND_INVOICE, labels, unchanged_since=seen)
    for deal, order in orders:
        if deal not in fences:
            continue
        decide = partial(invoices.decide, world, deal, order, facts)
        decision = claiming.fenced(guarded(world, KIND_INVOICE, deal, labels[deal], decide), fences)
        if decision.action == "create":
            to_write.append(decision)
        else:
            done.append(_noted(world, decision, facts))
    return done + list(write(to_write).values())


def _noted(world: World, decision: Decision, facts: invoices.InvoiceFacts) -> Decision:
    """Write down a decision unless it says, once more, what was said last time."""
    said = facts.billing.get(decision.source_id)
    repeated = said is not None and (said.outcome, said.reason) == (decision.action, decision.reason)
    if repeated and decision.action not in ("hold", "adopt"):
        return decision
    return settle.locally(world, decision)


def _release(world: World, orders: Sequence[str]) -> None:
    """Close the holds of orders that no longer have anything to bill: finance has billed or closed them."""
    now = world.now()
    with world.journal.begin() as tx:
        bound = {one.source_id for one in bindings.all_of(tx, KIND_ORDER)}
        for hold in holds.open_holds(tx):
            passed = hold.kind == KIND_INVOICE and hold.code != MISMATCH
            if passed and hold.source_id in bound and hold.source_id not in orders:
                holds.resolve(tx, KIND_INVOICE, hold.source_id, "nothing is left to bill", now)


def verify(world: World) -> list[Decision]:
    """Look once at every invoice that Tieout made: its number, and whether NetSuite saved the amount that was sent."""
    with world.journal.begin() as tx:
        doubtful = intents.in_doubt(tx, KIND_INVOICE)
        doubted = {hold.source_id for hold in holds.open_holds(tx) if hold.code == MISMATCH}
        unseen = [
            one
            for one in bindings.all_of(tx, KIND_INVOICE)
            if (one.snapshot is None or one.source_id in doubted) and one.source_id not in doubtful
        ]
    if not unseen:
        return []
    query = InvoiceQuery(ids=[one.target_id for one in unseen], with_applications=False, with_lines=True)
    found = {one.id: one for one in world.erp.invoices(query)}
    for one in unseen:
        if one.target_id not in found:
            _confirm(world, one, f"{one.number or one.target_id} is gone from NetSuite")
    checked = [_check(world, one, found[one.target_id]) for one in unseen if one.target_id in found]
    return [decision for decision in checked if decision is not None]


def _check(world: World, binding: Binding, invoice: Invoice) -> Decision | None:
    with world.journal.begin() as tx:
        payload = payloads.load(tx, binding.payload_sha) if binding.payload_sha else None
        bindings.record_found(
            tx,
            binding,
            number=invoice.number,
            currency=invoice.currency,
            net=invoice.net,
            snapshot="[]",
            at=world.now(),
        )
        standing = subjects.state(tx, KIND_INVOICE, binding.source_id)
    sent = payload_net(payload) if payload is not None else None
    lines = len(payload.lines) if payload is not None else 0
    saved = sum((line.amount for line in invoice.lines), Decimal(0))  # a discount of the whole order is NetSuite's part
    if invoice.status in REVERSED:
        _confirm(world, binding, f"{invoice.number} is {invoice.status_name}")
        return None
    if sent is None or abs(saved - sent) <= tolerance(invoice.currency, lines):
        _confirm(world, binding, f"{invoice.number} now has the amount sent")
        return None
    return _mismatch(world, binding, invoice, saved, sent, standing.label if standing else binding.source_id)


def _confirm(world: World, binding: Binding, why: str) -> None:
    """Close the hold that this invoice has another amount than was sent."""
    with world.journal.begin() as tx:
        held = holds.find(tx, KIND_INVOICE, binding.source_id)
        if held is not None and held.code == MISMATCH and held.detail.get("invoice") == binding.target_id:
            holds.resolve(tx, KIND_INVOICE, binding.source_id, why, world.now())


def _mismatch(world: World, binding: Binding, invoice: Invoice, saved: Decimal, sent: Decimal, label: str) -> Decision:
    cause = f"{invoice.number} was saved over {saved} {invoice.currency} net, but {sent} was sent."
    fix = "Compare the invoice with its order in NetSuite and correct it there."
    decision = Decision(
        kind=KIND_INVOICE,
        source_id=binding.source_id,
        label=label,
        action="hold",
        reason=cause,
        target_id=invoice.id,
        number=invoice.number,
        hold=codes.hold(MISMATCH, cause, fix=fix, invoice=invoice.id, sent=str(sent), saved=str(saved)),
    )
    return settle.held(world, decision)
