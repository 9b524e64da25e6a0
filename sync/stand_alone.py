"""Deals that become an invoice without an order, by the admin's condition in ``[jobs.invoices] stand_alone``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from connectors.ports import InvoiceQuery
from connectors.receivables import REVERSED, Invoice, Period
from connectors.records import Payload
from journal import bindings, intents
from journal.bindings import CREATED
from journal.holds import HoldCause
from journal.nouns import KIND_INVOICE, Binding
from journal.staging import StagedRecord
from mappings.apply import apply
from mappings.fingerprint import fingerprint
from sync import codes
from sync.account_status import business_day
from sync.decision import Decision, changes
from sync.eligibility import Eligibility
from sync.findings import first_hold
from sync.invoice_dates import dated
from sync.order_facts import OrderFacts, blocked_by_customer
from sync.order_outcomes import decided, held
from sync.world import World, invoice_external_id


@dataclass(frozen=True, slots=True, kw_only=True)
class StandAloneFacts:
    """What deciding about these deals needs to know, read beforehand."""

    bound: dict[str, Binding]
    by_external: dict[str, Invoice]
    doubtful: frozenset[str]
    periods: list[Period]
    today: date


def applies(world: World, deal: StagedRecord) -> bool:
    """Say whether a deal becomes an invoice without an order."""
    if world.stand_alone is None or world.invoice_mapping is None:
        return False
    return world.stand_alone.evaluate(deal.fields)


def billed_already(deal: StagedRecord, facts: OrderFacts) -> HoldCause | str | None:
    """Return why a deal that the condition no longer names gets no order: it was billed without one, or may be."""
    if deal.source_id in facts.being_billed:
        return "an invoice without an order is being made of it; its last write is being checked"
    bound = facts.alone.get(deal.source_id)
    if bound is None:
        return None
    number = bound.number or bound.target_id
    cause = f"The deal was billed by {number} without an order. Tieout makes no order that would be billed once more."
    fix = "Take the deal's change back, or credit the invoice and enter the order in NetSuite."
    return codes.hold("LOCKED_DOWNSTREAM", cause, fix=fix, invoice=bound.target_id)


def left_behind(deal: StagedRecord, facts: OrderFacts) -> HoldCause | None:
    """A deal that is no longer won, or deleted, while its invoice stands: nothing is undone."""
    bound = facts.alone.get(deal.source_id)
    invoice = facts.standing_alone.get(bound.target_id) if bound is not None and bound.origin == CREATED else None
    if invoice is None or _undone(invoice):
        return None
    fix = "Win the deal again, or void or credit the invoice in NetSuite."
    if deal.deleted:
        cause = f"The deal was deleted in Salesforce after its invoice {invoice.number} was made."
        return codes.hold("DELETED_AFTER_PUSH", cause, fix=fix, invoice=invoice.id)
    cause = f"The deal went back to {deal.fields.get('StageName')} after its invoice {invoice.number} was made."
    return codes.hold("REOPENED_AFTER_PUSH", cause, fix=fix, invoice=invoice.id)


def _undone(invoice: Invoice) -> bool:
    credited = sum((one.amount for one in invoice.applications if one.kind == "credit"), Decimal(0))
    return invoice.status in REVERSED or credited >= invoice.total


def read(world: World, deals: list[StagedRecord]) -> StandAloneFacts:
    """Return the facts about these deals."""
    with world.journal.begin() as tx:
        bound = {one.source_id: one for one in bindings.all_of(tx, KIND_INVOICE) if one.doc_no == 1}
        doubtful = intents.in_doubt(tx, KIND_INVOICE)
    external = [invoice_external_id(deal.source_id) for deal in deals if deal.source_id not in bound]
    found = world.erp.invoices(InvoiceQuery(external_ids=external, with_applications=False)) if external else ()
    return StandAloneFacts(
        bound=bound,
        by_external={str(one.external_id).lower(): one for one in found},
        doubtful=doubtful,
        periods=world.erp.periods(),
        today=business_day(world.erp.server_time(), world.settings.company.time_zone),
    )


def decide(
    world: World, deal: StagedRecord, eligible: Eligibility, orders: OrderFacts, facts: StandAloneFacts
) -> Decision:
    """Return what becomes of one such deal."""
    decision = _decide(world, deal, eligible, orders, facts)
    return replace(decision, kind=KIND_INVOICE)


def _decide(
    world: World, deal: StagedRecord, eligible: Eligibility, orders: OrderFacts, facts: StandAloneFacts
) -> Decision:
    if world.invoice_mapping is None:
        raise ValueError("deals that become invoices need a mapping for them")
    if deal.source_id in facts.doubtful:
        return decided(deal, eligible, "wait", "its last write is being checked")
    external = invoice_external_id(deal.source_id)
    ours = facts.by_external.get(external.lower())
    if ours is not None:
        return _adopt(deal, eligible, ours, external)
    blocked = blocked_by_customer(deal, orders)
    if blocked is not None:
        return held(deal, eligible, blocked)
    customer = orders.customers.get(str(deal.fields.get("AccountId")))
    if customer is not None and customer.action == "wait":
        return decided(deal, eligible, "wait", f"its customer waits: {customer.reason}")
    mapped = apply(world.invoice_mapping, deal.fields, deal.lines, orders.lookups)
    bound = facts.bound.get(deal.source_id)
    if bound is not None:
        return _bound(deal, eligible, bound, fingerprint(mapped.payload, mapped.create_only))
    if mapped.problems:
        return held(deal, eligible, first_hold(mapped.problems))
    payload = _dated(world, mapped.payload, facts)
    if isinstance(payload, HoldCause):
        return held(deal, eligible, payload)
    return decided(
        deal,
        eligible,
        "create",
        "won, and billed without an order",
        external_id=external,
        payload=payload,
        fingerprint=fingerprint(mapped.payload, mapped.create_only),
        mapped=mapped,
        changes=changes(None, payload, mapped),
    )


def _dated(world: World, payload: Payload, facts: StandAloneFacts) -> Payload | HoldCause:
    wanted = payload.values.get("tranDate")
    day = dated(
        world.settings.invoices.date, wanted if isinstance(wanted, date) else facts.today, facts.today, facts.periods
    )
    return day if isinstance(day, HoldCause) else replace(payload, values={**payload.values, "tranDate": day})


def _bound(deal: StagedRecord, eligible: Eligibility, bound: Binding, now: str) -> Decision:
    number = bound.number or bound.target_id
    if bound.fingerprint in (None, now):
        reason = f"its invoice {number} already says what the deal says"
        return decided(deal, eligible, "unchanged", reason, target_id=bound.target_id)
    cause = f"The deal changed after its invoice {number} was made. Tieout never changes an invoice."
    fix = "Credit the invoice or correct it in NetSuite, or take the deal's change back."
    return held(deal, eligible, codes.hold("LOCKED_DOWNSTREAM", cause, fix=fix, invoice=bound.target_id))


def _adopt(deal: StagedRecord, eligible: Eligibility, ours: Invoice, external: str) -> Decision:
    if ours.deal_id != deal.source_id:
        cause = f"{ours.number} carries Tieout's external id for this deal's invoice but was not written by it."
        return held(deal, eligible, codes.hold("EXTID_FOREIGN", cause, target=ours.id))
    return decided(
        deal,
        eligible,
        "adopt",
        f"matched with {ours.number} by our external id",
        external_id=external,
        target_id=ours.id,
        number=ours.number,
        evidence="our external id",
        origin=CREATED,
    )
