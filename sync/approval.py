"""What a plan would write, as a hash a person can approve, and the run that writes exactly that."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from connectors.errors import TieoutError
from connectors.records import Payload, PayloadValue, Reference
from journal import approvals, bindings
from journal.approvals import KeptPlan, Key, PlannedRecord
from journal.nouns import KIND_CUSTOMER
from journal.stamps import sha
from mappings.fingerprint import fingerprint
from sync import guard, push
from sync.decision import Decision
from sync.engine import RunResult, WritingHands
from sync.guard import Admitted
from sync.world import NAMESPACE, World

HASH_DIGITS = 16
CUSTOMER_PREFIX = f"{NAMESPACE}-cust-"


class PlanRefused(TieoutError):
    """A plan cannot be carried out; the message says why and what to do instead."""


@dataclass(frozen=True, slots=True)
class Fit:
    """A kept plan against the present one: what still holds, and what dropped out with the reason why."""

    records: Sequence[PlannedRecord]
    dropped: Sequence[tuple[PlannedRecord, str]]


def documents(result: RunResult) -> list[Decision]:
    """Return every decision of a run about a NetSuite record."""
    return [*result.customers.values(), *result.orders.values(), *result.invoices.values()]


def planned(world: World, decisions: Iterable[Decision]) -> list[PlannedRecord]:
    """Return the writes among these decisions, in a fixed order."""
    decided = list(decisions)
    accounts = _accounts(world, decided)
    return sorted(
        (_record(decision, accounts) for decision in decided if decision.action in ("create", "update")),
        key=lambda record: record.key,
    )


def plan_hash(records: Sequence[PlannedRecord], mapping_sha: str) -> str:
    """Return the hash of a plan (16 hexadecimal digits): equal for equal writes by the same mapping."""
    content = [[*record.key, record.action, record.content] for record in sorted(records, key=lambda one: one.key)]
    return sha(json.dumps([mapping_sha, content]))[:HASH_DIGITS]


def keep(world: World, result: RunResult, only: str | None) -> KeptPlan | None:
    """Keep what a plan would write so that it can be approved by its hash; None where it would write nothing."""
    records = planned(world, documents(result))
    if not records:
        return None
    kept = KeptPlan(
        plan=plan_hash(records, world.mapping_sha),
        planned_at=world.now(),
        mapping_sha=world.mapping_sha,
        records=records,
        only=only,
    )
    with world.journal.begin() as tx:
        approvals.keep(tx, kept)
    return kept


def usable(world: World, plan: str) -> KeptPlan:
    """Return the kept plan with this hash.

    Raises:
        PlanRefused: there is none, a run has carried it out already, or the mapping has changed since.
    """
    with world.journal.begin() as tx:
        kept = approvals.find(tx, plan.strip().lower())
    if kept is None:
        raise PlanRefused(f"no plan has the hash {plan!r}. Run `tieout plan` and copy the hash that it prints.")
    if kept.used_at is not None:
        raise PlanRefused(
            f"plan {kept.plan} was carried out already, on {kept.used_at:%Y-%m-%d %H:%M} UTC by {kept.by}."
            " An approval is used once: run `tieout plan` for what is left."
        )
    if kept.mapping_sha != world.mapping_sha:
        raise PlanRefused(
            f"plan {kept.plan} was made with another version of the mapping. Run `tieout plan` and look at the new one."
        )
    return kept


def fit(world: World, kept: KeptPlan, present: RunResult) -> Fit:
    """Compare a kept plan with what would be written now.

    Raises:
        PlanRefused: nothing of it would be written as it was shown.
    """
    decisions = {(one.kind, one.source_id, one.doc_no): one for one in documents(present)}
    now = {record.key: record for record in planned(world, decisions.values())}
    same = [record for record in kept.records if _same(record, now.get(record.key))]
    dropped = [(record, _moved(decisions.get(record.key))) for record in kept.records if record not in same]
    if not same:
        why = "; ".join(f"{record.label}: {reason}" for record, reason in dropped[:3])
        raise PlanRefused(
            f"nothing of plan {kept.plan} would be written any more as it was shown ({why})."
            " Run `tieout plan` and look at the new one."
        )
    return Fit(same, dropped)


def _same(record: PlannedRecord, now: PlannedRecord | None) -> bool:
    return now is not None and (now.action, now.content) == (record.action, record.content)


def _moved(decision: Decision | None) -> str:
    if decision is None:
        return "nothing is to be done for it any more"
    if decision.action in ("create", "update"):
        return "its content has changed"
    return decision.reason


class ApprovedHands(WritingHands):
    """Writes exactly the records that a person approved, above any ceiling; every other record waits."""

    def __init__(self, plan: str, records: Sequence[PlannedRecord]) -> None:
        self._plan = plan
        self._records: Mapping[Key, PlannedRecord] = {record.key: record for record in records}

    def write_documents(self, world: World, run_id: str, decisions: Sequence[Decision]) -> Mapping[str, Decision]:
        """Carry out what was approved and is unchanged since."""
        accounts = _accounts(world, decisions)
        go, stopped = [], []
        for decision in decisions:
            record = _record(decision, accounts)
            if _same(record, self._records.get(record.key)):
                go.append(decision)
            else:
                stopped.append(guard.waiting(decision, f"it is not part of the approved plan {self._plan}."))
        return guard.carry_out(world, run_id, Admitted(go, stopped), push.push)


def _record(decision: Decision, accounts: Mapping[str, str]) -> PlannedRecord:
    if decision.payload is None:
        raise ValueError(f"nothing to write for {decision.source_id}")
    written = fingerprint(_by_account(decision.payload, accounts))
    content = sha(json.dumps([decision.target_id, sorted(decision.payload.clear), written]))
    return PlannedRecord(
        kind=decision.kind,
        source_id=decision.source_id,
        doc_no=decision.doc_no,
        action=decision.action,
        content=content,
        label=decision.label,
    )


def _accounts(world: World, decisions: Iterable[Decision]) -> dict[str, str]:
    """Return the account of each NetSuite customer that these decisions may name."""
    with world.journal.begin() as tx:
        known = {binding.target_id: binding.source_id for binding in bindings.all_of(tx, KIND_CUSTOMER)}
    matched = {
        decision.target_id: decision.source_id
        for decision in decisions
        if decision.kind == KIND_CUSTOMER and decision.target_id is not None
    }
    return known | matched


def _by_account(payload: Payload, accounts: Mapping[str, str]) -> Payload:
    """Name customers by their account: one that a plan would create has no NetSuite id until it exists."""
    values = {name: _stable(value, accounts) for name, value in payload.values.items()}
    return replace(payload, values=values)


def _stable(value: PayloadValue, accounts: Mapping[str, str]) -> PayloadValue:
    if not isinstance(value, Reference) or value.type != "customer":
        return value
    account = accounts.get(value.id) if value.id is not None else None
    if account is None and value.external_id is not None:
        account = value.external_id.removeprefix(CUSTOMER_PREFIX)
    return value if account is None else Reference(type="account", external_id=account)
