"""One run: resolve doubts, pull, decide, write, verify, write status back. A straight line.

``plan`` walks the same line over a scratch copy of the journal with hands that write nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Protocol

import structlog

from config.settings import Settings
from connectors.errors import ConnectorError
from connectors.fault_points import fault_point
from journal import claims, epoch, intents, runs, staging, subjects
from journal.nouns import KIND_INVOICE, KIND_ORDER
from journal.staging import StagedRecord
from sync import (
    account_status,
    account_writes,
    amend,
    claiming,
    eligibility,
    guard,
    long_doubt,
    order_facts,
    orders,
    push,
    settle,
    stand_alone,
    status_writes,
    verify,
    writeback,
)
from sync.account_status import AccountUpdates, RowUpdate
from sync.billing import bill
from sync.customer_facts import due_accounts
from sync.customer_stage import Settled, settle_customers
from sync.decision import OUTCOMES, Decision
from sync.errors import UnknownDeal
from sync.identity import check_identity, note_mapping
from sync.isolation import isolated
from sync.lookups import load as load_lookups
from sync.pull import Pulled, pull, pull_one, record_label
from sync.receivables import Refreshed
from sync.receivables import refresh as refresh_receivables
from sync.recovery import Recovered, recover
from sync.resolve import resolve_open
from sync.sweep import Swept
from sync.sweep import sweep as sweep_deals
from sync.world import DEAL, World
from sync.writeback import StatusUpdate

log = structlog.get_logger(__name__)

CUSTOMERS, ORDERS, INVOICES, STATUS = "customers", "orders", "invoices", "status"
JOBS = (CUSTOMERS, ORDERS, INVOICES, STATUS)


PROBE = ("currency", "symbol")
"""The list that is read to see that SuiteQL answers: every account has it, and it is short."""


NOTED_TOGETHER = 100
"""How many decisions that send nothing are committed at a time: others, such as the lease, write in between."""


class Hands(Protocol):
    """What touches the remote systems on behalf of a run."""

    def write_documents(self, world: World, run_id: str, decisions: Sequence[Decision]) -> Mapping[str, Decision]:
        """Carry out creates and updates; return each decision as it came out, by source id."""

    def write_status(self, world: World, updates: Sequence[StatusUpdate]) -> Mapping[str, int]:
        """Write status onto deals; return counts."""

    def write_accounts(self, world: World, updates: AccountUpdates) -> Mapping[str, int]:
        """Write balances and documents under accounts; return counts."""


class WritingHands:
    """Writes for real, through the crash-safe protocol."""

    def write_documents(self, world: World, run_id: str, decisions: Sequence[Decision]) -> Mapping[str, Decision]:
        """See :class:`Hands`. What exceeds a ceiling waits for a person."""
        return guard.write(world, run_id, decisions, push.push) if decisions else {}

    def write_status(self, world: World, updates: Sequence[StatusUpdate]) -> Mapping[str, int]:
        """See :class:`Hands`."""
        return status_writes.write(world, updates)

    def write_accounts(self, world: World, updates: AccountUpdates) -> Mapping[str, int]:
        """See :class:`Hands`."""
        return account_writes.write(world, updates)


@dataclass(slots=True)
class RunResult:
    """What one run did, record by record: each record's last decision, by the id of its CRM record.

    ``invoices`` are keyed by deal: a run makes at most one invoice for a deal.
    """

    run_id: str
    pulled: Pulled = field(default_factory=Pulled)
    swept: Swept | None = None
    recovered: Recovered | None = None
    customers: dict[str, Decision] = field(default_factory=dict)
    orders: dict[str, Decision] = field(default_factory=dict)
    invoices: dict[str, Decision] = field(default_factory=dict)
    receivables: Refreshed = field(default_factory=Refreshed)
    accounts: list[RowUpdate] = field(default_factory=list)
    account_counts: Mapping[str, int] = field(default_factory=dict)
    status: list[StatusUpdate] = field(default_factory=list)
    status_counts: Mapping[str, int] = field(default_factory=dict)

    def counts(self) -> dict[str, int]:
        """Return the number of records by kind and outcome (``orders.created``), rows read and status writes."""
        totals = {"rows.read": self.pulled.read, "rows.staged": self.pulled.staged}
        if self.swept is not None:
            totals |= {f"sweep.{name}": count for name, count in self.swept.counts().items()}
        for name, decisions in ((CUSTOMERS, self.customers), (ORDERS, self.orders), (INVOICES, self.invoices)):
            for decision in decisions.values():
                key = f"{name}.{OUTCOMES[decision.action]}"
                totals[key] = totals.get(key, 0) + 1
        totals |= {f"status.{name}": count for name, count in self.status_counts.items() if count}
        totals |= {f"accounts.{name}": count for name, count in self.account_counts.items() if count}
        seen = {"invoices": self.receivables.invoices, "receipts": self.receivables.receipts}
        return totals | {f"receivables.{name}": count for name, count in seen.items() if count}


def enabled_jobs(settings: Settings) -> list[str]:
    """Return the jobs that are switched on, in their fixed order."""
    switches = {
        CUSTOMERS: settings.customers.enabled,
        ORDERS: settings.orders.enabled,
        INVOICES: settings.invoices.enabled,
        STATUS: settings.status.enabled,
    }
    return [name for name in JOBS if switches[name]]


def run(
    world: World,
    jobs: Sequence[str] | None = None,
    *,
    only: str | None = None,
    hands: Hands | None = None,
    sweep: bool = False,
) -> RunResult:
    """Run the jobs once, those that are switched on by default, for every due deal or for one.

    ``sweep``: compare every won deal with the journal, look at every open receivable whatever its stamp says, and
    compare Salesforce's rows with ours; a run for one deal looks at no other.

    Raises:
        ConnectorError: a remote system could not be reached or refused; what was committed stays.
        UnknownDeal: ``only`` names no visible opportunity.
    """
    hands = hands or WritingHands()
    jobs = enabled_jobs(world.settings) if jobs is None else jobs
    result = RunResult(world.random.uuid())
    with world.journal.begin() as tx:
        runs.start(tx, result.run_id, " ".join(jobs), world.now())
        world = replace(world, acquired=staging.take(tx, world.owner, world.now()))
    outcome = "failed"
    try:
        outcome = _ended(world, result, jobs, only, hands, sweep)
    finally:
        claiming.give_back(world)
        with world.journal.begin() as tx:
            runs.finish(tx, result.run_id, outcome, result.counts(), world.mapping_sha, world.now())
        log.info("run_ended", run=result.run_id, outcome=outcome, **result.counts())
    return result


def _ended(world: World, result: RunResult, jobs: Sequence[str], only: str | None, hands: Hands, sweep: bool) -> str:
    """Walk the steps and return how the run ended; one that was overtaken leaves the rest to the other run."""
    try:
        if not _ready_to_write(world, result):
            return "recovering"
        _steps(world, result, jobs, only, hands, sweep)
    except staging.Overtaken:
        log.warning("run_overtaken", run=result.run_id)
        return "overtaken"
    return "stopped" if world.wanted_stop() else "done"


def _ready_to_write(world: World, result: RunResult) -> bool:
    """Check that both systems are those of before and answer; after a restore, look for what was written since."""
    check_identity(world)
    # NetSuite is read by another service than it is written by: both must answer before anything is taken in.
    world.erp.references(*PROBE)
    with world.journal.begin() as tx:
        if not epoch.in_recovery(tx):
            return True
    result.pulled = pull(world, result.run_id)
    result.recovered = recover(world, result.run_id)
    return result.recovered is None or result.recovered.over


def _steps(world: World, result: RunResult, jobs: Sequence[str], only: str | None, hands: Hands, sweep: bool) -> None:
    for decision in resolve_open(world):
        _note(result, decision)
    status_writes.resolve(world)
    account_writes.resolve(world)
    long_doubt.show(world)
    # Before reading: what a changed mapping reopens is read again with the fields that it now needs.
    note_mapping(world)
    try:
        result.pulled = _acquire(world, result.run_id, only)
        if sweep and only is None:
            result.swept = sweep_deals(world, result.run_id)
    except staging.Overtaken:
        log.warning("pull_overtaken", run=result.run_id)  # what is staged already can still be decided
    if CUSTOMERS in jobs or ORDERS in jobs:
        _documents(world, result, jobs, only, hands)
    if INVOICES in jobs and not world.wanted_stop():
        for decision in bill(world, partial(hands.write_documents, world, result.run_id), only):
            _note(result, decision)
    if STATUS in jobs and not world.wanted_stop():
        _status(world, result, only, hands, sweep)


def _status(world: World, result: RunResult, only: str | None, hands: Hands, sweep: bool) -> None:
    receivables = world.settings.status.receivables
    if receivables:
        result.receivables = refresh_receivables(world, sweep=sweep)
    result.status = writeback.decide(world, only)
    result.status_counts = hands.write_status(world, result.status)
    if receivables and only is None and not world.wanted_stop():
        updates = account_status.decide(world, check=sweep)
        result.accounts = updates.rows
        result.account_counts = hands.write_accounts(world, updates)


def _acquire(world: World, run_id: str, only: str | None) -> Pulled:
    if only is None:
        return pull(world, run_id)
    if not pull_one(world, run_id, only):
        raise UnknownDeal(only)
    return Pulled(1, 1)


def _documents(world: World, result: RunResult, jobs: Sequence[str], only: str | None, hands: Hands) -> None:
    wrong = {decision.source_id: decision for decision in verify.verify(world)}
    for decision in wrong.values():
        _note(result, decision)
    deals, fences = _due_deals(world, only)
    if not deals and not due_accounts(world):
        return  # an idle run reads no list and no customer
    seen = claiming.seen(world, KIND_INVOICE)
    lookups = load_lookups(world)
    server_now = world.crm.server_time()
    judged = {deal.source_id: judge_safely(world, deal, server_now) for deal in deals}
    settled = settle_customers(world, result.run_id, deals, judged, lookups, hands.write_documents, whole=only is None)
    for decision in settled.decisions.values():
        _note(result, decision)
    if ORDERS in jobs:
        facts = _orders(world, result, deals, fences, judged, settled, hands, wrong)
        if INVOICES in jobs:
            _stand_alone(world, result, deals, judged, facts, seen, hands)


def _orders(
    world: World,
    result: RunResult,
    deals: Sequence[StagedRecord],
    fences: Mapping[str, int],
    judged: Mapping[str, eligibility.Eligibility],
    settled: Settled,
    hands: Hands,
    wrong: Mapping[str, Decision],
) -> order_facts.OrderFacts:
    facts = order_facts.read(world, deals, settled.decisions, settled.lookups)
    to_write: list[Decision] = []
    local: list[Decision] = []
    for deal in deals:
        decision = isolated(world, KIND_ORDER, deal, partial(orders.decide, world, deal, judged[deal.source_id], facts))
        decision = claiming.fenced(decision, fences)
        if decision.action == "update":
            decision = _guarded(world, decision)
        if decision.action == "unchanged" and deal.source_id in wrong:
            continue  # NetSuite still holds another amount than was sent; its claim ends with the run
        (to_write if decision.action in ("create", "update") else local).append(decision)
    for start in range(0, len(local), NOTED_TOGETHER):
        with world.journal.batch():
            for decision in local[start : start + NOTED_TOGETHER]:
                _note(result, settle.locally(world, decision))
    for decision in hands.write_documents(world, result.run_id, to_write).values():
        _note(result, decision)
    for decision in verify.verify(world):
        _note(result, decision)
    return facts


def _stand_alone(
    world: World,
    result: RunResult,
    deals: Sequence[StagedRecord],
    judged: Mapping[str, eligibility.Eligibility],
    facts: order_facts.OrderFacts,
    seen: Mapping[str, int],
    hands: Hands,
) -> None:
    chosen = [
        deal
        for deal in deals
        if judged[deal.source_id].standing == "order"
        and deal.source_id not in facts.bound
        and stand_alone.applies(world, deal)
    ]
    if not chosen:
        return
    labels = {deal.source_id: record_label(deal) for deal in chosen}
    fences = claiming.claim(world, KIND_INVOICE, labels, unchanged_since=seen)
    chosen = [deal for deal in chosen if deal.source_id in fences]
    known = stand_alone.read(world, chosen)
    to_write = []
    for deal in chosen:
        decide = partial(stand_alone.decide, world, deal, judged[deal.source_id], facts, known)
        decision = claiming.fenced(isolated(world, KIND_INVOICE, deal, decide), fences)
        if decision.action == "create":
            to_write.append(decision)
        else:
            _note(result, settle.locally(world, decision))
    for decision in hands.write_documents(world, result.run_id, to_write).values():
        _note(result, decision)


def judge_safely(world: World, deal: StagedRecord, server_now: datetime) -> eligibility.Eligibility:
    """Judge a deal; one whose content defies judgement counts as due, and is held where it is decided."""
    try:
        return eligibility.judge(world, deal, server_now)
    except Exception as error:  # noqa: BLE001  anything that one record's values can provoke
        log.error("record_unreadable", record=deal.source_id, error=type(error).__name__)
        return eligibility.Eligibility(standing="unreadable", reason=type(error).__name__)


def _guarded(world: World, decision: Decision) -> Decision:
    """One order that cannot be read now waits; the others go on."""
    try:
        return amend.guard(world, decision)
    except ConnectorError as error:
        return replace(decision, action="wait", reason=f"its order could not be read: {error.why}")


def _due_deals(world: World, only: str | None) -> tuple[list[StagedRecord], dict[str, int]]:
    """Take the deals that are to be decided; return each as it was last read, and the fences of the claims.

    A deal that another worker holds, or about which a write is in doubt, is not taken.
    """
    with world.journal.begin() as tx:
        doubtful = intents.in_doubt(tx, KIND_ORDER)
        ids = [id_ for id_ in ([only] if only else subjects.due(tx, KIND_ORDER)) if id_ not in doubtful]
        found = {id_: staging.newest(tx, DEAL, id_) for id_ in ids}
        labels = {id_: record_label(deal) for id_, deal in found.items() if deal is not None}
        fences = claims.claim(tx, KIND_ORDER, labels, world.owner, world.now())
    fault_point("sync.claimed")
    return [deal for id_, deal in found.items() if deal is not None and id_ in fences], fences


def _note(result: RunResult, decision: Decision) -> None:
    """Keep a record's weightiest outcome of this run: a proven write is not hidden by a later 'unchanged'."""
    book = {KIND_ORDER: result.orders, KIND_INVOICE: result.invoices}.get(decision.kind, result.customers)
    earlier = book.get(decision.source_id)
    if earlier is not None and earlier.action in ("create", "update") and decision.action == "unchanged":
        return
    book[decision.source_id] = decision
