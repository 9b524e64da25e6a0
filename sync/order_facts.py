"""Reads, in few calls, what deciding about this run's deals needs to know of NetSuite and the journal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from connectors.ports import OrderQuery
from connectors.records import ErpOrder
from journal import bindings
from journal.nouns import KIND_ORDER
from journal.staging import StagedRecord
from sync.decision import Decision
from sync.lookups import Lookups
from sync.orders import OrderFacts, stored_id
from sync.world import World, order_external_id


def read(
    world: World, deals: Sequence[StagedRecord], customers: Mapping[str, Decision], lookups: Lookups
) -> OrderFacts:
    """Return the facts about these deals. Already bound deals need none but their binding."""
    with world.journal.begin() as tx:
        bound = {binding.source_id: binding for binding in bindings.all_of(tx, KIND_ORDER)}
    unbound = [deal for deal in deals if deal.source_id not in bound]
    external = [order_external_id(deal.source_id) for deal in unbound]
    stored = sorted({id_ for deal in unbound if (id_ := stored_id(world, deal)) is not None and id_.isdigit()})
    customer_ids = _customer_ids(unbound, lookups)
    by_external = _orders(world, OrderQuery(external_ids=external)) if external else []
    by_id = _orders(world, OrderQuery(ids=stored)) if stored else []
    of_customers = _orders(world, OrderQuery(customer_ids=customer_ids)) if customer_ids else []
    by_customer: dict[str, list[ErpOrder]] = {}
    for order in of_customers:
        by_customer.setdefault(order.customer_id, []).append(order)
    return OrderFacts(
        bound=bound,
        owners={binding.target_id: binding.source_id for binding in bound.values()},
        by_external={str(order.external_id).lower(): order for order in by_external},
        by_id={order.id: order for order in by_id},
        by_customer=by_customer,
        customers=customers,
        lookups=lookups,
    )


def _customer_ids(deals: Iterable[StagedRecord], lookups: Lookups) -> list[str]:
    references = (lookups.accounts.get(str(deal.fields.get("AccountId"))) for deal in deals)
    return sorted({reference.id for reference in references if reference is not None and reference.id is not None})


def _orders(world: World, query: OrderQuery) -> list[ErpOrder]:
    return list(world.erp.orders(query))
