"""After a restore: read back every external id before anything is created.

The restored journal does not know the writes that followed its backup. Some of them may even still be under way, so
an absence counts only once the quiet period since the restore is over; until then nothing is written at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, count

import structlog

from connectors.ports import InvoiceQuery, OrderQuery
from connectors.records import ReadBack
from journal import bindings, epoch, intents, staging, subjects
from journal.bindings import CREATED
from journal.nouns import KIND_CUSTOMER, KIND_INVOICE, KIND_ORDER
from sync import settle
from sync.decision import Decision
from sync.pull import pull_one
from sync.world import DEAL, NAMESPACE, World, customer_external_id, invoice_external_id, order_external_id

log = structlog.get_logger(__name__)

ID_LENGTH = 18
EVIDENCE = "found by its external id after the state was restored"


@dataclass(frozen=True, slots=True)
class Wanted:
    """One document that the journal does not know and that may exist."""

    kind: str
    source_id: str
    label: str
    type: str
    external_id: str
    doc_no: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """What a run of a recovery found; ``over``: it may go on to write, else runs write nothing before ``until``."""

    why: str
    adopted: int
    until: datetime
    over: bool


def recover(world: World, run_id: str) -> Recovered | None:
    """Adopt what was written after the backup; None: there is no recovery.

    Raises:
        ConnectorError: a read-back failed; the recovery stays open.
    """
    with world.journal.begin() as tx:
        recovery = epoch.recovery(tx)
    if recovery is None:
        return None
    began = world.now()
    _take_up_unknown_deals(world, run_id)
    adopted = sum(_adopt(world, wanted) for wanted in _unbound(world)) + _adopt_invoices(world)
    netsuite = world.settings.netsuite
    quiet = recovery.since + netsuite.send_window + netsuite.quiet_period
    log.warning("recovering", why=recovery.why, adopted=adopted, until=quiet.isoformat())
    over = began >= quiet
    if over:
        with world.journal.begin() as tx:
            epoch.end_recovery(tx, world.now())
    return Recovered(why=recovery.why, adopted=adopted, until=quiet, over=over)


def _take_up_unknown_deals(world: World, run_id: str) -> None:
    """Read the deals whose documents of ours NetSuite holds although the journal never heard of them.

    Such a deal may have been lost or reopened since, so that reading what is won does not bring it back.
    """
    prefixes = (f"{NAMESPACE}-so-", f"{NAMESPACE}-inv-")
    external_ids = chain(
        (order.external_id for order in world.erp.orders(OrderQuery())),
        (invoice.external_id for invoice in world.erp.invoices(InvoiceQuery(with_applications=False))),
    )
    found = {
        id_[len(prefix) :][:ID_LENGTH]
        for id_ in external_ids
        for prefix in prefixes
        if id_ is not None and id_.startswith(prefix)
    }
    with world.journal.begin() as tx:
        unknown = found - subjects.known(tx, KIND_ORDER, found)
    for deal in sorted(unknown):
        if not pull_one(world, run_id, deal):
            log.error("deal_of_document_unknown", record=deal)


def _unbound(world: World) -> Iterator[Wanted]:
    """Yield every customer and order that a deal in the journal may have led to, customers first."""
    with world.journal.begin() as tx:
        deals = subjects.all_states(tx, KIND_ORDER)
        accounts = {state.source_id: state.label for state in subjects.all_states(tx, KIND_CUSTOMER)}
        for deal in deals:
            known = staging.newest(tx, DEAL, deal.source_id)
            account = known.fields.get("AccountId") if known is not None else None
            if account is not None:
                accounts.setdefault(str(account), str(account))
        bound = {kind: {one.source_id for one in bindings.all_of(tx, kind)} for kind in (KIND_CUSTOMER, KIND_ORDER)}
    for id_, label in sorted(accounts.items()):
        if id_ not in bound[KIND_CUSTOMER]:
            yield Wanted(KIND_CUSTOMER, id_, label, "customer", customer_external_id(id_))
    for deal in deals:
        if deal.source_id not in bound[KIND_ORDER]:
            yield Wanted(KIND_ORDER, deal.source_id, deal.label, "salesOrder", order_external_id(deal.source_id))


def _adopt(world: World, wanted: Wanted) -> bool:
    found = world.erp_writer.read_back(wanted.type, external_id=wanted.external_id)
    if found is None or not found.intent:
        return False
    _bind(world, wanted, found)
    return True


def _adopt_invoices(world: World) -> int:
    """Follow each deal's invoices by their numbers until one is missing."""
    with world.journal.begin() as tx:
        known: dict[str, int] = {}
        for one in bindings.all_of(tx, KIND_INVOICE):
            known[one.source_id] = max(one.doc_no, known.get(one.source_id, 0))
        labels = {state.source_id: state.label for state in subjects.all_states(tx, KIND_ORDER)}
    adopted = 0
    for deal, label in labels.items():
        for doc_no in count(known.get(deal, 0) + 1):
            external_id = invoice_external_id(deal, doc_no)
            if not _adopt(world, Wanted(KIND_INVOICE, deal, label, "invoice", external_id, doc_no)):
                break
            adopted += 1
    return adopted


def _bind(world: World, wanted: Wanted, found: ReadBack) -> None:
    """Bind a document of ours, end the doubts about it, and have its record compared anew."""
    decision = Decision(
        kind=wanted.kind,
        source_id=wanted.source_id,
        label=wanted.label,
        action="adopt",
        reason=f"{found.number or found.id} was {EVIDENCE}",
        doc_no=wanted.doc_no,
        external_id=wanted.external_id,
        target_id=found.id,
        number=found.number,
        evidence=EVIDENCE,
        origin=CREATED,
    )
    log.warning("adopted_after_restore", kind=wanted.kind, record=wanted.source_id, target=found.id)
    with world.journal.begin() as tx:
        for intent in intents.open_of(tx, wanted.kind, wanted.source_id, wanted.doc_no):
            intents.close(tx, intent, "adopted", EVIDENCE, world.now())
    if settle.adopted(world, decision).action == "adopt" and wanted.kind != KIND_INVOICE:
        with world.journal.begin() as tx:
            subjects.make_ready(tx, wanted.kind, {wanted.source_id: wanted.label}, world.now())
