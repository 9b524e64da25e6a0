"""Reads, in few calls, what deciding about this run's deals needs to know of NetSuite and the journal."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from connectors.ports import InvoiceQuery, OrderQuery
from connectors.receivables import Invoice
from connectors.records import ErpOrder, PayloadValue
from journal import bindings, intents
from journal.database import Tx
from journal.holds import HoldCause
from journal.nouns import KIND_INVOICE, KIND_ORDER, Binding
from journal.staging import StagedRecord
from sync import codes, payloads
from sync.decision import Decision
from sync.lookups import Lookups
from sync.order_outcomes import is_internal_id, stored_id
from sync.world import World, order_external_id


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFacts:
    """What NetSuite and the journal know that may concern the deals of this run."""

    deals: Sequence[StagedRecord]
    bound: Mapping[str, Binding]
    owners: dict[str, str]
    """NetSuite order id to the deal it is bound to; grows as deals are matched."""
    sent: Mapping[str, Mapping[str, PayloadValue]]
    """Deal id to every body field that was ever written for it, with its last value: an update carries only some."""
    by_external: Mapping[str, ErpOrder]
    by_id: Mapping[str, ErpOrder]
    by_customer: Mapping[str, list[ErpOrder]]
    alone: Mapping[str, Binding]
    """Deal id to the invoice that was made for it without an order."""
    standing_alone: Mapping[str, Invoice]
    """NetSuite id to such an invoice, for the deals that are no longer won."""
    being_billed: frozenset[str]
    """Deals for which the outcome of writing an invoice is not known."""
    customers: Mapping[str, Decision]
    """Account id to what became of its customer."""
    lookups: Lookups


def read(
    world: World, deals: Sequence[StagedRecord], customers: Mapping[str, Decision], lookups: Lookups
) -> OrderFacts:
    """Return the facts about these deals."""
    with world.journal.begin() as tx:
        bound = {binding.source_id: binding for binding in bindings.all_of(tx, KIND_ORDER)}
        due = [bound[deal.source_id] for deal in deals if deal.source_id in bound]
        sent = {binding.source_id: _sent(tx, binding) for binding in due}
        invoiced = {one.source_id: one for one in bindings.all_of(tx, KIND_INVOICE) if one.source_id not in bound}
        being_billed = intents.in_doubt(tx, KIND_INVOICE)
        being_written = intents.in_doubt(tx, KIND_ORDER)
    unbound = [deal for deal in deals if deal.source_id not in bound]
    external = [order_external_id(deal.source_id) for deal in unbound]
    stored = {id_ for deal in deals if (id_ := stored_id(world, deal)) is not None and is_internal_id(id_)}
    ids = sorted(stored | {binding.target_id for binding in due})
    customer_ids = _customer_ids(unbound, lookups)
    by_customer: dict[str, list[ErpOrder]] = {}
    for order in _orders(world, OrderQuery(customer_ids=customer_ids)) if customer_ids else []:
        by_customer.setdefault(order.customer_id, []).append(order)
    by_id = {order.id: order for order in _orders(world, OrderQuery(ids=ids))} if ids else {}
    known = [*by_id.values(), *chain.from_iterable(by_customer.values())]
    owners = _written_for(known, being_written) | {binding.target_id: binding.source_id for binding in bound.values()}
    return OrderFacts(
        deals=deals,
        bound=bound,
        owners=owners,
        sent=sent,
        by_external={str(order.external_id).lower(): order for order in written(world, external)},
        by_id=by_id,
        by_customer=by_customer,
        alone=invoiced,
        standing_alone={one.id: one for one in _lost_but_billed(world, unbound, invoiced)},
        being_billed=being_billed,
        customers=customers,
        lookups=lookups,
    )


def _written_for(orders: Iterable[ErpOrder], being_written: Collection[str]) -> dict[str, str]:
    """Return by order the deal for which it was written, where that write is in doubt: it is not bound yet."""
    external = {order_external_id(deal).lower(): deal for deal in being_written}
    found = ((order.id, external.get(str(order.external_id).lower())) for order in orders)
    return {id_: deal for id_, deal in found if deal is not None}


def _lost_but_billed(world: World, deals: Sequence[StagedRecord], invoiced: Mapping[str, Binding]) -> Iterable[Invoice]:
    lost = [deal.source_id for deal in deals if deal.deleted or deal.fields.get("IsWon") is not True]
    ids = [invoiced[deal].target_id for deal in lost if deal in invoiced]
    return world.erp.invoices(InvoiceQuery(ids=ids)) if ids else ()


def _sent(tx: Tx, binding: Binding) -> Mapping[str, PayloadValue]:
    digests = [*intents.applied_payloads(tx, binding.kind, binding.source_id), binding.payload_sha]
    values: dict[str, PayloadValue] = {}
    for digest in digests:
        values |= payloads.load(tx, digest).values if digest else {}
    return values


def written(world: World, external_ids: Sequence[str]) -> list[ErpOrder]:
    """Return the orders that carry these external ids of ours."""
    return _orders(world, OrderQuery(external_ids=external_ids)) if external_ids else []


def blocked_by_customer(deal: StagedRecord, facts: OrderFacts) -> HoldCause | None:
    """Return why the deal's customer stops it, or None."""
    account = deal.fields.get("AccountId")
    if account is None:
        return codes.hold("NO_ACCOUNT", "The opportunity has no account, so NetSuite has no customer to bill.")
    customer = facts.customers.get(str(account))
    if customer is not None and customer.hold is not None:
        cause = f'Its customer "{customer.label}" is held: {customer.hold.cause}'
        return codes.hold(
            "CUSTOMER_HELD", cause, fix=customer.hold.fix, owner=customer.hold.owner, blocked_by=customer.source_id
        )
    return None


def _customer_ids(deals: Iterable[StagedRecord], lookups: Lookups) -> list[str]:
    references = (lookups.accounts.get(str(deal.fields.get("AccountId"))) for deal in deals)
    return sorted({reference.id for reference in references if reference is not None and reference.id is not None})


def _orders(world: World, query: OrderQuery) -> list[ErpOrder]:
    return list(world.erp.orders(query))
