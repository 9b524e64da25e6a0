"""Which sales order a deal is or becomes. Pure: ``order_facts`` read everything beforehand.

Before a create: binding, external id, stored id, then existing orders of the customer. A hit that no
id proves is a question for a person, never an order.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from connectors.records import ErpOrder, quantize_money
from journal.bindings import CREATED
from journal.holds import HoldCause
from journal.nouns import Binding
from journal.staging import StagedRecord
from mappings.apply import apply
from mappings.fingerprint import fingerprint
from mappings.outcome import Mapped
from sync import codes, stand_alone
from sync.bound_orders import decide_bound
from sync.customers import CREATE_ANYWAY
from sync.decision import Decision, changes
from sync.eligibility import Eligibility
from sync.findings import first_hold
from sync.order_facts import OrderFacts, blocked_by_customer
from sync.order_outcomes import deal_net, decided, held, is_new, stored_id
from sync.verify import tolerance
from sync.world import World, order_external_id

DEAD = ("C", "H")
"""Orders that nobody need undo: cancelled, closed."""

SAME_DEAL_DAYS = 3
"""Two orders of one customer, currency and amount within so many days may be one sale."""


def decide(world: World, deal: StagedRecord, eligible: Eligibility, facts: OrderFacts) -> Decision:
    """Return what becomes of one deal."""
    bound = facts.bound.get(deal.source_id)
    if eligible.standing == "unreadable":
        raise ValueError(eligible.reason)
    if eligible.standing == "out":
        left = _left_behind(deal, bound, facts) or stand_alone.left_behind(deal, facts)
        if left is not None:
            return held(deal, eligible, left)
        suffix = f"; its order {bound.number or bound.target_id} stays as it is" if bound else ""
        return decided(deal, eligible, "skip", eligible.reason + suffix, recheck=_may_come_into_scope(world, deal))
    if eligible.standing == "wait" and bound is None:
        return decided(deal, eligible, "wait", eligible.reason)
    if bound is not None:
        return decide_bound(world, deal, eligible, bound, facts)
    if eligible.standing == "order" and stand_alone.applies(world, deal):
        rule = world.settings.invoices.stand_alone
        where = rule.where if rule is not None else "[jobs.invoices] stand_alone"
        return decided(deal, eligible, "skip", f"it becomes an invoice without an order by {where}", recheck=True)
    billed = stand_alone.billed_already(deal, facts)
    if isinstance(billed, HoldCause):
        return held(deal, eligible, billed)
    if billed is not None:
        return decided(deal, eligible, "wait", billed)
    if eligible.standing == "match":
        return _decide_match(world, deal, eligible, facts)
    return _decide_new(world, deal, eligible, facts)


def _left_behind(deal: StagedRecord, bound: Binding | None, facts: OrderFacts) -> HoldCause | None:
    """A deal that is no longer won, or deleted, while the order that Tieout made for it lives: nothing is undone."""
    order = facts.by_id.get(bound.target_id) if bound is not None and bound.origin == CREATED else None
    gone = deal.deleted or deal.fields.get("IsWon") is not True
    if order is None or not gone or order.status in DEAD:
        return None
    if deal.deleted:
        cause = f"The deal was deleted in Salesforce after its order {order.number} ({order.status_name}) was made."
        return codes.hold("DELETED_AFTER_PUSH", cause, order=order.id)
    cause = (
        f"The deal went back to {deal.fields.get('StageName')} after its order {order.number} "
        f"({order.status_name}) was made."
    )
    return codes.hold("REOPENED_AFTER_PUSH", cause, order=order.id)


def _may_come_into_scope(world: World, deal: StagedRecord) -> bool:
    """A won deal is out by the scope alone; where that looks at other records, their edits do not touch the deal."""
    related = world.scope is not None and any("." in path for path in world.scope.fields)
    return related and deal.fields.get("IsWon") is True and not deal.deleted


def _decide_match(world: World, deal: StagedRecord, eligible: Eligibility, facts: OrderFacts) -> Decision:
    """A deal from before go-live: bind the one order that is surely its own, or leave it be."""
    mapped = apply(world.order_mapping, deal.fields, deal.lines, facts.lookups)
    stored = _by_stored_id(world, deal, eligible, facts)
    if stored is not None:
        return stored
    candidates = _same_sale(deal, mapped, facts)
    po_number = _po_number(mapped)
    by_po = [order for order in candidates if po_number and _equal(order.po_number, po_number)]
    hits = by_po or candidates
    if len(hits) == 1 and not by_po and _fits_another(deal, hits[0], facts):
        reason = f"{eligible.reason}; {hits[0].number} could be another deal's as well"
        return decided(deal, eligible, "skip", reason)
    if len(hits) == 1:
        evidence = f"the same PO number {po_number}" if by_po else "the same customer, amount and date"
        return _adopt(world, deal, eligible, hits[0], facts, evidence)
    if hits:
        listed = ", ".join(order.number for order in hits)
        return decided(deal, eligible, "skip", f"{eligible.reason}; {len(hits)} orders could be its own: {listed}")
    return decided(deal, eligible, "skip", f"{eligible.reason}; NetSuite has no order for it")


def _fits_another(deal: StagedRecord, order: ErpOrder, facts: OrderFacts) -> bool:
    """Say whether another deal of this run has the same account, and this order's currency, amount and day."""
    return any(
        other.source_id != deal.source_id
        and other.source_id not in facts.bound
        and other.fields.get("AccountId") == deal.fields.get("AccountId")
        and _same_money(order, other)
        for other in facts.deals
    )


def _decide_new(world: World, deal: StagedRecord, eligible: Eligibility, facts: OrderFacts) -> Decision:
    external = order_external_id(deal.source_id)
    ours = facts.by_external.get(external.lower())
    if ours is not None:
        return _adopt_ours(world, deal, eligible, ours, facts)
    stored = _by_stored_id(world, deal, eligible, facts)
    if stored is not None:
        return stored
    blocked = blocked_by_customer(deal, facts)
    if blocked is not None:
        return held(deal, eligible, blocked)
    customer = facts.customers.get(str(deal.fields.get("AccountId")))
    if customer is not None and customer.action == "wait":
        return decided(deal, eligible, "wait", f"its customer waits: {customer.reason}")
    mapped = apply(world.order_mapping, deal.fields, deal.lines, facts.lookups)
    if mapped.problems:
        return held(deal, eligible, first_hold(mapped.problems))
    if not is_new(world, deal):
        hits = _same_sale(deal, mapped, facts)
        if hits:
            return held(deal, eligible, _possible_duplicate(world, hits, _po_number(mapped)))
    return decided(
        deal,
        eligible,
        "create",
        "won, and NetSuite has no order for it",
        external_id=external,
        payload=mapped.payload,
        fingerprint=fingerprint(mapped.payload, mapped.create_only),
        mapped=mapped,
        changes=changes(None, mapped.payload, mapped),
    )


def _adopt_ours(
    world: World, deal: StagedRecord, eligible: Eligibility, order: ErpOrder, facts: OrderFacts
) -> Decision:
    """The order carries our external id for this deal: ours if its stamp names the deal too."""
    if order.deal_id != deal.source_id:
        cause = f"{order.number} carries Tieout's external id for this deal but was not written by Tieout."
        return held(deal, eligible, codes.hold("EXTID_FOREIGN", cause, target=order.id))
    # Made by Tieout, although this journal does not know it: followed from now on.
    return replace(_adopt(world, deal, eligible, order, facts, "our external id"), origin=CREATED)


def _by_stored_id(world: World, deal: StagedRecord, eligible: Eligibility, facts: OrderFacts) -> Decision | None:
    stored = stored_id(world, deal)
    if stored is None or stored.casefold() == CREATE_ANYWAY:
        return None
    order = facts.by_id.get(stored)
    if order is None:
        cause = f"The deal's stored NetSuite id is {stored}, but NetSuite has no sales order with that id."
        return held(deal, eligible, codes.hold("STORED_ID_CONFLICT", cause, fix=_correct(world), stored_id=stored))
    customer = facts.lookups.accounts.get(str(deal.fields.get("AccountId")))
    fits = order.currency == deal.fields.get("CurrencyIsoCode") and customer is not None
    if not fits or customer is None or customer.id != order.customer_id:
        cause = f"The deal's stored NetSuite id {stored} is {order.number}, an order of another customer or currency."
        return held(deal, eligible, codes.hold("STORED_ID_CONFLICT", cause, fix=_correct(world), stored_id=stored))
    return _adopt(world, deal, eligible, order, facts, "the NetSuite id stored on the deal")


def _field(world: World) -> str:
    return f"the field {world.order_mapping.match.stored_id}"


def _correct(world: World) -> str:
    return f"Correct or empty {_field(world)} of the deal."


def _adopt(
    world: World, deal: StagedRecord, eligible: Eligibility, order: ErpOrder, facts: OrderFacts, evidence: str
) -> Decision:
    owner = facts.owners.get(order.id)
    if owner is not None and owner != deal.source_id:
        cause = f"{order.number} fits this deal by {evidence}, but it already belongs to opportunity {owner}."
        fix = f'Look at both deals; enter the right NetSuite id, or "{CREATE_ANYWAY}", in {_field(world)} of this one.'
        return held(deal, eligible, codes.hold("BINDING_CONFLICT", cause, fix=fix, target=order.id, bound_to=owner))
    facts.owners[order.id] = deal.source_id
    return decided(
        deal,
        eligible,
        "adopt",
        f"matched with {order.number} by {evidence}",
        external_id=order.external_id,
        target_id=order.id,
        number=order.number,
        evidence=evidence,
    )


def _possible_duplicate(world: World, hits: list[ErpOrder], po_number: str | None) -> HoldCause:
    named = ", ".join(
        f"{order.number} of {order.date} over {quantize_money(order.net, order.currency):,} {order.currency}"
        + (f" with the same PO number {po_number}" if po_number and _equal(order.po_number, po_number) else "")
        for order in hits
    )
    field = world.order_mapping.match.stored_id
    fix = "Say whether it is this deal's order."
    if field is not None:
        fix = (
            f"If it is this deal's order, enter its NetSuite id ({hits[0].id}) in the deal's field {field}; "
            f'if it is another sale, enter "{CREATE_ANYWAY}" there.'
        )
    return codes.hold(
        "POSSIBLE_DUPLICATE",
        f"NetSuite already has {named} for this customer. It may be this deal's order, entered by hand.",
        fix=fix,
        candidates=", ".join(order.id for order in hits),
    )


def _same_sale(deal: StagedRecord, mapped: Mapped, facts: OrderFacts) -> list[ErpOrder]:
    """Return unbound orders of the customer and currency with the deal's PO, or its amount near its date."""
    customer = facts.lookups.accounts.get(str(deal.fields.get("AccountId")))
    if customer is None or customer.id is None:
        return []
    orders = facts.by_customer.get(customer.id, [])
    return [order for order in orders if _is_free(order, facts) and _looks_like(order, deal, mapped)]


def _is_free(order: ErpOrder, facts: OrderFacts) -> bool:
    return order.id not in facts.owners and order.status != "C"


def _looks_like(order: ErpOrder, deal: StagedRecord, mapped: Mapped) -> bool:
    currency = str(deal.fields.get("CurrencyIsoCode"))
    if order.currency != currency:
        return False
    po_number = _po_number(mapped)
    if po_number and order.po_number:
        return _equal(order.po_number, po_number)
    return _same_money(order, deal)


def _same_money(order: ErpOrder, deal: StagedRecord) -> bool:
    currency = str(deal.fields.get("CurrencyIsoCode"))
    closed = deal.fields.get("CloseDate")
    near = isinstance(closed, date) and abs(order.date - closed) <= timedelta(days=SAME_DEAL_DAYS)
    equal = abs(order.net - deal_net(deal)) <= tolerance(currency, len(deal.lines))
    return order.currency == currency and near and equal


def _po_number(mapped: Mapped) -> str | None:
    value = mapped.payload.values.get("otherRefNum")
    return value.strip() or None if isinstance(value, str) else None


def _equal(left: str | None, right: str) -> bool:
    return left is not None and left.strip().casefold() == right.strip().casefold()
