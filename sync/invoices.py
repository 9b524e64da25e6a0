"""Bills approved orders: what NetSuite itself offers to bill, dated by the admin's rule, never twice.

The order says what may be billed, not the deal: finance approved the order. An invoice that finance raised takes
its quantities from what NetSuite offers, so that it is never raised again here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from hashlib import sha256

from connectors.errors import ConnectorError
from connectors.ports import InvoiceQuery, OrderQuery
from connectors.receivables import REVERSED, Billable, BillableLine, Invoice, Period
from connectors.records import ErpLine, ErpOrder, Payload, PayloadLine, PayloadValue, Reference
from journal import bindings, holds, intents, staging, subjects
from journal.bindings import CREATED
from journal.database import Tx
from journal.holds import HoldCause
from journal.nouns import KIND_INVOICE, KIND_ORDER, Binding, SubjectState
from sync import codes
from sync.account_status import business_day
from sync.decision import Action, Decision, changes
from sync.invoice_dates import dated
from sync.world import DEAL, World, invoice_external_id

BILLABLE_STATUSES = ("B", "D", "E", "F")
"""Sales orders of which something may still be billed: approved, neither billed nor closed nor cancelled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceFacts:
    """What deciding about this run's orders needs to know; read in few calls beforehand."""

    bound: Mapping[str, Sequence[Binding]]
    """Deal id to the invoices that Tieout made for it, in order of their number."""
    invoices: Mapping[str, Invoice]
    by_external: Mapping[str, Invoice]
    disputed: Mapping[str, str]
    """Deal id to why its order is not to be billed now: the order itself is held or its deal is no longer won."""
    doubtful: frozenset[str]
    standing: Mapping[str, SubjectState]
    """Deal id to where its order stands."""
    billing: Mapping[str, SubjectState]
    """Deal id to what was last said of billing it."""
    periods: Sequence[Period]
    today: date


def due(world: World, only: str | None = None) -> list[tuple[str, ErpOrder]]:
    """Return (deal id, order with lines) of every order of ours that may have something to bill."""
    with world.journal.begin() as tx:
        made = [one for one in bindings.all_of(tx, KIND_ORDER) if one.origin == CREATED]
    deals = {one.target_id: one.source_id for one in made if only in (None, one.source_id)}
    if not deals:
        return []
    heads = world.erp.orders(OrderQuery(ids=list(deals)))
    ids = [order.id for order in heads if order.status in BILLABLE_STATUSES]
    orders = world.erp.orders(OrderQuery(ids=ids, with_lines=True)) if ids else ()
    return [(deals[order.id], order) for order in orders]


def read(world: World, orders: Sequence[tuple[str, ErpOrder]]) -> InvoiceFacts:
    """Return the facts about these orders."""
    deals = [deal for deal, _order in orders]
    with world.journal.begin() as tx:
        bound: dict[str, list[Binding]] = {}
        for one in bindings.all_of(tx, KIND_INVOICE):
            bound.setdefault(one.source_id, []).append(one)
        held = {hold.source_id: hold for hold in holds.open_holds(tx) if hold.kind == KIND_ORDER}
        standing = {state.source_id: state for state in subjects.all_states(tx, KIND_ORDER)}
        billing = {state.source_id: state for state in subjects.all_states(tx, KIND_INVOICE)}
        doubtful = intents.in_doubt(tx, KIND_INVOICE) | intents.in_doubt(tx, KIND_ORDER)
        disputed = {deal: why for deal in deals if (why := _dispute(world, tx, deal, standing.get(deal))) is not None}
    disputed |= {deal: f"its order is held: {held[deal].cause}" for deal in deals if deal in held}
    known = [one.target_id for deal in deals for one in bound.get(deal, ())]
    external = [invoice_external_id(deal, _next_number(bound.get(deal, ()))) for deal in deals]
    return InvoiceFacts(
        bound=bound,
        invoices={one.id: one for one in _invoices(world, InvoiceQuery(ids=known))} if known else {},
        by_external={str(one.external_id).lower(): one for one in _invoices(world, InvoiceQuery(external_ids=external))}
        if external
        else {},
        disputed=disputed,
        doubtful=doubtful,
        standing=standing,
        billing=billing,
        periods=world.erp.periods() if orders else (),
        today=business_day(world.erp.server_time(), world.settings.company.time_zone),
    )


def _dispute(world: World, tx: Tx, deal: str, standing: SubjectState | None) -> str | None:
    """Say why a deal as last read stops billing, though its order may not have been looked at since."""
    known = staging.newest(tx, DEAL, deal)
    if known is not None and (known.deleted or known.fields.get("IsWon") is not True):
        return "its deal was deleted" if known.deleted else "its deal is no longer won"
    if world.settings.orders.enabled and standing is not None and standing.state == subjects.READY:
        return "its deal changed, and the orders have not been compared since"
    return None


def _invoices(world: World, query: InvoiceQuery) -> Iterable[Invoice]:
    return world.erp.invoices(replace(query, with_applications=False))


def _next_number(bound: Sequence[Binding]) -> int:
    return max((one.doc_no for one in bound), default=0) + 1


def decide(world: World, deal: str, order: ErpOrder, facts: InvoiceFacts) -> Decision:
    """Return what is to be billed of one order now. Asks NetSuite only once everything else speaks for billing."""
    bound = facts.bound.get(deal, ())
    if deal in facts.doubtful:
        return _decided(deal, facts, "wait", "its last write is being checked")
    if deal in facts.disputed:
        return _decided(deal, facts, "wait", f"not billed: {facts.disputed[deal]}")
    taken_back = _taken_back(bound, facts)
    if taken_back is not None:
        return _held(deal, facts, taken_back)
    waits = not_yet(order, facts.today)
    if waits is not None:
        return _decided(deal, facts, "skip", waits)
    number = _next_number(bound)
    external = invoice_external_id(deal, number)
    ours = facts.by_external.get(external.lower())
    if ours is not None:
        return _adopt(deal, order, ours, facts, number, external)
    day = dated(world.settings.invoices.date, order.date, facts.today, facts.periods)
    if isinstance(day, HoldCause):
        return _held(deal, facts, day)
    try:
        offered = world.erp_writer.billable(order.id)
    except ConnectorError as error:
        return _decided(deal, facts, "wait", f"NetSuite did not say what is to be billed: {error.why}")
    if not offered.lines:
        return _held(deal, facts, _refusal(order, offered))
    if sum((line.amount for line in offered.lines), offered.discount) < 0:
        return _negative(deal, order, offered, facts)
    return _create(deal, order, offered, day, facts, number, external)


def not_yet(order: ErpOrder, today: date) -> str | None:
    """Say why nothing of an order is due to be billed, or None when something is. Pure."""
    if order.status == "A":
        return f"{order.number} is not approved yet"
    if order.status not in BILLABLE_STATUSES:
        return f"{order.number} is {order.status_name}: nothing is left to bill"
    if order.billing_schedule is not None and order.next_bill is None:
        return f"{order.number} follows the billing schedule {order.billing_schedule}: not yet due"
    if order.next_bill is not None and order.next_bill > today:
        return f"{order.number} is billed next on {order.next_bill} by its billing schedule: not yet due"
    if not any(open_quantity(line) for line in order.lines):
        return f"{order.number} has nothing to bill yet: its goods are not fulfilled"
    return None


def open_quantity(line: ErpLine) -> bool:
    """Say whether something of a line may be billed: goods once fulfilled, services at once."""
    if line.closed:
        return False
    basis = line.fulfilled if line.fulfillable else line.quantity
    return line.billed == 0 if basis is None else basis > line.billed


def _taken_back(bound: Sequence[Binding], facts: InvoiceFacts) -> HoldCause | None:
    """An invoice that finance voided, rejected or deleted is a decision of finance's: Tieout does not bill again."""
    for one in bound:
        invoice = facts.invoices.get(one.target_id)
        name = one.number or one.target_id
        if invoice is None:
            cause = f"The invoice {name} that Tieout made was deleted in NetSuite."
        elif invoice.status in REVERSED:
            cause = f"The invoice {invoice.number} that Tieout made is {invoice.status_name} in NetSuite."
        else:
            continue
        return codes.hold("INVOICE_REVERSED", cause, invoice=one.target_id)
    return None


def _refusal(order: ErpOrder, offered: Billable) -> HoldCause:
    words = f"{offered.reason} ({offered.code})" if offered.code else offered.reason or "it offers no line"
    return codes.hold("BILLING_REFUSED", f"NetSuite bills nothing of {order.number}: {words}", remote_code=offered.code)


def _negative(deal: str, order: ErpOrder, offered: Billable, facts: InvoiceFacts) -> Decision:
    """A discount alone makes no invoice: it is billed with the goods that it belongs to."""
    net = sum((line.amount for line in offered.lines), offered.discount)
    goods = [line for line in order.lines if line.fulfillable and not line.closed]
    if any(line.fulfilled < (line.quantity or 0) for line in goods):
        return _decided(deal, facts, "skip", f"what {order.number} has to bill before its goods comes to {net}")
    cause = f"What NetSuite offers to bill of {order.number} comes to {net}, which is no invoice."
    return _held(deal, facts, codes.hold("BILLING_REFUSED", cause))


def _adopt(deal: str, order: ErpOrder, ours: Invoice, facts: InvoiceFacts, number: int, external: str) -> Decision:
    """An invoice with the external id that the next one would get: ours, although this journal does not know it."""
    if ours.deal_id != deal or ours.order_id not in (None, order.id):
        cause = f"{ours.number} carries Tieout's external id for this deal's invoice but belongs to something else."
        return _held(deal, facts, codes.hold("EXTID_FOREIGN", cause, target=ours.id))
    return _decided(
        deal,
        facts,
        "adopt",
        f"matched with {ours.number} by our external id",
        external_id=external,
        target_id=ours.id,
        number=ours.number,
        evidence="our external id",
        origin=CREATED,
        doc_no=number,
    )


def _create(
    deal: str, order: ErpOrder, offered: Billable, day: date, facts: InvoiceFacts, number: int, external: str
) -> Decision:
    payload = invoice_payload(deal, order, offered.lines, day)
    return _decided(
        deal,
        facts,
        "create",
        f"{order.number} is approved and has something to bill",
        external_id=external,
        doc_no=number,
        payload=payload,
        fingerprint=_fingerprint(payload),
        changes=changes(None, payload, None),
        version=f"{order.modified:%Y-%m-%dT%H:%M:%SZ}",
    )


def invoice_payload(deal: str, order: ErpOrder, lines: Sequence[BillableLine], day: date) -> Payload:
    """Return the invoice over these lines of an order. Pure. The amount decides, as on the order."""
    values: dict[str, PayloadValue] = {
        "createdFrom": Reference(type="salesOrder", id=order.id, name=order.number),
        "entity": Reference(type="customer", id=order.customer_id),
        "tranDate": day,
        "memo": order.memo,
        "otherRefNum": order.po_number,
        "custbody_tieout_deal_id": deal,
    }
    return Payload(
        type="invoice",
        values={name: value for name, value in values.items() if value is not None},
        lines=tuple(_line(line) for line in lines),
    )


def _line(line: BillableLine) -> PayloadLine:
    values: dict[str, PayloadValue] = {
        "orderLine": Decimal(line.order_line),
        "item": Reference(type="item", id=line.item_id),
        "quantity": line.quantity,
        "price": Reference(type="priceLevel", id="-1"),
        "rate": line.rate,
        "amount": line.amount,
        "custcol_tieout_line_id": line.key,
    }
    kept = {name: value for name, value in values.items() if value is not None}
    return PayloadLine(key=line.key or f"order line {line.order_line}", values=kept)


def _fingerprint(payload: Payload) -> str:
    rows = [[str(value) for value in line.values.values()] for line in payload.lines]
    text = json.dumps([sorted((name, str(value)) for name, value in payload.values.items()), rows])
    return sha256(text.encode()).hexdigest()


def _held(deal: str, facts: InvoiceFacts, cause: HoldCause) -> Decision:
    return _decided(deal, facts, "hold", cause.cause, hold=cause)


def _decided(deal: str, facts: InvoiceFacts, action: Action, reason: str, **more: object) -> Decision:
    values = {"kind": KIND_INVOICE, "source_id": deal, "label": label_of(deal, facts), "action": action}
    return Decision(**{**values, "reason": reason, **more})  # type: ignore[arg-type]


def label_of(deal: str, facts: InvoiceFacts) -> str:
    """Return what a person calls the deal."""
    standing = facts.standing.get(deal)
    return standing.label if standing else deal
