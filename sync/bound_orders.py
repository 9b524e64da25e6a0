"""A deal that has its order: still there, unchanged, to be changed, or moved where no change may follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from connectors.records import PayloadValue, Reference
from journal.bindings import ADOPTED
from journal.holds import HoldCause
from journal.nouns import Binding
from journal.staging import StagedRecord
from mappings.apply import apply
from mappings.fingerprint import fingerprint
from mappings.outcome import Mapped
from sync import codes
from sync.decision import Decision, shown
from sync.eligibility import Eligibility
from sync.findings import first_hold
from sync.order_facts import OrderFacts, blocked_by_customer
from sync.order_outcomes import decided, held, stored_id
from sync.world import World

IDENTITY = {"entity": "customer", "currency": "currency", "subsidiary": "subsidiary"}
"""What makes an order this order: NetSuite does not let it change, and a change means another order."""


def decide_bound(
    world: World, deal: StagedRecord, eligible: Eligibility, bound: Binding, facts: OrderFacts
) -> Decision:
    """Return what becomes of a deal whose order is known. Pure."""
    number = bound.number or bound.target_id
    if bound.target_id not in facts.by_id:
        return _vanished(world, deal, eligible, bound, facts)
    if bound.origin == ADOPTED:
        reason = f"{number} was matched, not made by Tieout: left alone"
        return decided(deal, eligible, "unchanged", reason, target_id=bound.target_id)
    mapped = apply(world.order_mapping, deal.fields, deal.lines, facts.lookups)
    moved = _moved(number, facts.sent[deal.source_id], mapped)
    if moved is not None:
        return held(deal, eligible, moved)
    # What was written once and is never changed need not be right for ever.
    mapped = replace(
        mapped, problems=tuple(problem for problem in mapped.problems if problem.field not in mapped.create_only)
    )
    if mapped.problems:
        return held(deal, eligible, first_hold(mapped.problems))
    now = fingerprint(mapped.payload, mapped.create_only)
    if now == bound.fingerprint:
        reason = f"{number} already says what the deal says"
        return decided(deal, eligible, "unchanged", reason, target_id=bound.target_id, mapped=mapped)
    blocked = blocked_by_customer(deal, facts)
    if blocked is not None:
        return held(deal, eligible, blocked)
    return decided(
        deal,
        eligible,
        "update",
        f"what the deal asks for has changed since {number} was written",
        external_id=bound.external_id,
        target_id=bound.target_id,
        number=bound.number,
        payload=mapped.payload,
        fingerprint=now,
        mapped=mapped,
    )


def _vanished(world: World, deal: StagedRecord, eligible: Eligibility, bound: Binding, facts: OrderFacts) -> Decision:
    """The order is gone: never made again by Tieout; a person may name the one that took its place."""
    number = bound.number or bound.target_id
    named = facts.by_id.get(stored_id(world, deal) or "")
    customer = facts.lookups.accounts.get(str(deal.fields.get("AccountId")))
    fits = named is not None and customer is not None and customer.id == named.customer_id
    if named is not None and fits and named.id not in facts.owners:
        facts.owners[named.id] = deal.source_id
        evidence = f"the NetSuite id stored on the deal, in place of {number}"
        return decided(
            deal,
            eligible,
            "adopt",
            f"matched with {named.number} by {evidence}",
            external_id=named.external_id,
            target_id=named.id,
            number=named.number,
            evidence=evidence,
            replaces=bound.target_id,
        )
    return held(deal, eligible, vanished(world, bound.number, bound.target_id))


def vanished(world: World, number: str | None, target_id: str) -> HoldCause:
    """Return the hold for a deal whose order is no longer in NetSuite."""
    field = world.order_mapping.match.stored_id or "that [match] stored_id names"
    fix = (
        "If it was deleted by mistake, enter it anew in NetSuite and put its NetSuite id into the deal's field "
        f"{field}; if the sale is off, set the deal to lost."
    )
    cause = f"Its order {number or target_id} is gone from NetSuite. Tieout never makes an order a second time."
    return codes.hold("TARGET_VANISHED", cause, fix=fix, target=target_id)


def _moved(number: str, sent: Mapping[str, PayloadValue], mapped: Mapped) -> HoldCause | None:
    """Return the hold for a deal that went to another customer, currency or subsidiary after its order."""
    for name, word in IDENTITY.items():
        then, now = sent.get(name), mapped.payload.values.get(name)
        if then is not None and now is not None and _key(then) != _key(now):
            cause = f"The deal's {word} changed from {shown(then)} to {shown(now)} after order {number} was written."
            fix = f"Take the change back in Salesforce, or cancel {number} in NetSuite and enter the new order there."
            return codes.hold("IDENTITY_CHANGED", cause, fix=fix, field=name)
    return None


def _key(value: PayloadValue) -> object:
    return (value.id or value.external_id) if isinstance(value, Reference) else value
