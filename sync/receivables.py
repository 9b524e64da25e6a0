"""Brings the ERP's receivables into the journal: what changed since the last look, or everything open.

A payment need not touch its invoice's own stamp, so changed payments and credits drive the refresh as well;
the nightly sweep looks at every open document whatever its stamp says.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from connectors.ports import InvoiceQuery, ReceiptQuery
from connectors.receivables import Invoice, Receipt
from connectors.records import Position
from journal import bindings, database, receivables, staging, subjects
from journal.database import Tx
from journal.nouns import KIND_ACCOUNT_STATUS, KIND_CUSTOMER
from journal.receivables import INVOICE
from sync.world import World

log = structlog.get_logger(__name__)

STREAM = "netsuite:receivables"
LEAST_OVERLAP = timedelta(minutes=2)
"""Stamps have whole minutes: less than this could pass over a change of the same minute."""
SERVER_ZONE = "America/Los_Angeles"
"""Zone in which NetSuite's servers keep their dates."""
HOUR = timedelta(hours=1)
RECEIPTS = ("CustPymt", "CustDep", "CustCred", "CustRfnd")
READ_WITH = "receivables_deal_field"
"""Remembers the admin's deal field with which invoices were read: they are kept with that field's value alone."""


@dataclass(frozen=True, slots=True)
class Refreshed:
    """How many documents a refresh read, and whether it looked at everything."""

    invoices: int = 0
    receipts: int = 0
    gone: int = 0
    full: bool = False


def refresh(world: World, *, sweep: bool = False) -> Refreshed:
    """Read what changed since the last look; in a sweep every open document too.

    The first time everything is read, and again when the admin names another deal field, or when the last look lies
    ahead of the ERP's clock.

    The ERP's clock is taken before the first query, and the documents and the position are kept in one transaction.

    Raises:
        Overtaken: another worker has begun to read since; nothing was kept.
    """
    at = world.erp.server_time()
    with world.journal.begin() as tx:
        position = staging.position(tx, STREAM)
        read_with = database.recall(tx, READ_WITH)
    overlap = world.settings.status.overlap
    if position is None or position.stamp > at + overlap or read_with != _deal_field(world):
        return _first(world, at)
    since = _since(world, position.stamp, at)
    changed, deleted = world.erp.changed_transactions(since), world.erp.deleted(since)
    invoices: dict[str, Invoice] = {}
    receipts: dict[str, Receipt] = {}
    if changed or deleted:
        receipts = {one.id: one for one in world.erp.receipts(ReceiptQuery(changed_since=since))}
        invoices = {one.id: one for one in world.erp.invoices(_query(world, changed_since=since))}
    gone = {(type_, id_) for type_, id_ in deleted if type_ in (INVOICE, *RECEIPTS)}
    if sweep:
        gone |= _sweep(world, invoices, receipts)
    moved = {id_ for type_, id_ in (*changed, *deleted) if type_ != INVOICE} | receipts.keys()
    wanted = _settled_by(world, moved)
    invoices |= _by_ids(world, sorted(wanted - invoices.keys()))
    gone |= {(INVOICE, id_) for id_ in wanted - invoices.keys()}
    if not sweep:
        gone |= _left_over(world, invoices, receipts, gone)
    _keep(world, invoices.values(), receipts.values(), gone, at)
    return _told(Refreshed(len(invoices), len(receipts), len(gone), full=sweep))


def _since(world: World, reached: datetime, at: datetime) -> datetime:
    """Return from when on to look: behind the last look by the overlap, and by an hour that the clocks had twice.

    NetSuite shows stamps to the minute in zones that are set back in autumn; in the hour that comes twice it may
    tell the first one's time.
    """
    since = reached - max(world.settings.status.overlap, LEAST_OVERLAP)
    zones = {SERVER_ZONE, world.settings.netsuite.time_zone}
    return since - max(_set_back(ZoneInfo(zone), since - 2 * HOUR, at) for zone in zones)


def _set_back(zone: ZoneInfo, earlier: datetime, later: datetime) -> timedelta:
    """Return by how much a zone's clocks were set back between two moments."""
    before, after = (moment.astimezone(zone).utcoffset() or timedelta(0) for moment in (earlier, later))
    return max(before - after, timedelta(0))


def _first(world: World, at: datetime) -> Refreshed:
    invoices = list(world.erp.invoices(_query(world)))
    receipts = list(world.erp.receipts(ReceiptQuery()))
    found = {one.id for one in invoices} | {one.id for one in receipts}
    with world.journal.begin() as tx:
        known = {(type_, id_) for type_ in (INVOICE, *RECEIPTS) for id_ in receivables.known_ids(tx, type_)}
        staging.require(tx, world.acquired)
        staging.forget_position(tx, STREAM)
    gone = {(type_, id_) for type_, id_ in known if id_ not in found}
    _keep(world, invoices, receipts, gone, at)
    return _told(Refreshed(len(invoices), len(receipts), len(gone), full=True))


def _left_over(
    world: World, invoices: dict[str, Invoice], receipts: dict[str, Receipt], gone: set[tuple[str, str]]
) -> set[tuple[str, str]]:
    """Add what these customers have on account; return what of it no longer exists.

    Using a deposit or a credit, and taking that back, is a change of another document and need not touch its stamp.
    """
    with world.journal.begin() as tx:
        customers = {one.customer_id for one in invoices.values()} | {one.customer_id for one in receipts.values()}
        customers |= receivables.customers_of(tx, gone)
        known = {
            one.id: one.type
            for one in receivables.receipts_of_customers(tx, customers)
            if one.counts and one.unapplied and (one.type, one.id) not in gone
        }
    if not customers:
        return set()
    query = ReceiptQuery(customer_ids=sorted(customers), unapplied_only=True)
    receipts |= {one.id: one for one in world.erp.receipts(query)}
    unseen = sorted(known.keys() - receipts.keys())
    if unseen:
        receipts |= {one.id: one for one in world.erp.receipts(ReceiptQuery(ids=unseen))}
    return {(known[id_], id_) for id_ in unseen if id_ not in receipts}


def _sweep(world: World, invoices: dict[str, Invoice], receipts: dict[str, Receipt]) -> set[tuple[str, str]]:
    """Add every document that is open by the ERP's books or by ours; return those that no longer exist."""
    with world.journal.begin() as tx:
        known = receivables.open_ids(tx)
    invoices |= {one.id: one for one in world.erp.invoices(_query(world, open_only=True))}
    receipts |= {one.id: one for one in world.erp.receipts(ReceiptQuery(unapplied_only=True))}
    missing = sorted(id_ for type_, id_ in known if type_ == INVOICE and id_ not in invoices)
    invoices |= _by_ids(world, missing)
    unseen = sorted(id_ for type_, id_ in known if type_ != INVOICE and id_ not in receipts)
    if unseen:
        receipts |= {one.id: one for one in world.erp.receipts(ReceiptQuery(ids=unseen))}
    return {(type_, id_) for type_, id_ in known if id_ not in invoices and id_ not in receipts}


def _query(
    world: World, *, changed_since: datetime | None = None, open_only: bool = False, ids: Sequence[str] | None = None
) -> InvoiceQuery:
    field = _deal_field(world)
    return InvoiceQuery(
        ids=ids, changed_since=changed_since, open_only=open_only, stamp_fields=(field,) if field else ()
    )


def _deal_field(world: World) -> str:
    return world.settings.invoices.deal_field or ""


def _by_ids(world: World, ids: Sequence[str]) -> dict[str, Invoice]:
    return {one.id: one for one in world.erp.invoices(_query(world, ids=ids))} if ids else {}


def _settled_by(world: World, transactions: Collection[str]) -> set[str]:
    """Return the invoices that by our books these transactions settle: a void leaves no trace of them in the ERP."""
    if not transactions:
        return set()
    with world.journal.begin() as tx:
        return receivables.settled_by(tx, transactions)


def _keep(
    world: World,
    invoices: Iterable[Invoice],
    receipts: Iterable[Receipt],
    gone: set[tuple[str, str]],
    at: datetime,
) -> None:
    invoices, receipts, now = list(invoices), list(receipts), world.now()
    with world.journal.begin() as tx:
        staging.require(tx, world.acquired)
        customers = {one.customer_id for one in invoices} | {one.customer_id for one in receipts}
        customers |= receivables.customers_of(tx, {*gone, *((INVOICE, one.id) for one in invoices)})
        customers |= receivables.customers_of(tx, {(one.type, one.id) for one in receipts})
        receivables.keep_invoices(tx, invoices, now)
        receivables.keep_receipts(tx, receipts, now)
        for type_ in {type_ for type_, _id in gone}:
            receivables.mark_gone(tx, type_, {id_ for kind, id_ in gone if kind == type_}, now)
        make_due(tx, customers, now)
        staging.advance(tx, STREAM, Position(at, ""), now)
        database.replace(tx, READ_WITH, _deal_field(world))


def make_due(tx: Tx, customer_ids: Iterable[str], now: datetime) -> None:
    """Have the accounts of these customers shown anew; customers that belong to no account are nobody's concern."""
    wanted = set(customer_ids)
    for binding in bindings.all_of(tx, KIND_CUSTOMER):
        if binding.target_id in wanted:
            label = binding.number or binding.target_id
            subjects.mark(
                tx, KIND_ACCOUNT_STATUS, binding.target_id, label=label, state=subjects.READY, at=now, outcome="wait"
            )


def _told(refreshed: Refreshed) -> Refreshed:
    log.info(
        "receivables_read",
        invoices=refreshed.invoices,
        receipts=refreshed.receipts,
        gone=refreshed.gone,
        full=refreshed.full,
    )
    return refreshed
