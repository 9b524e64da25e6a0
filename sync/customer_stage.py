"""Settles the customers that this run's deals need: parents first, then everything that refers to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from journal import subjects
from journal.nouns import KIND_CUSTOMER
from journal.staging import StagedRecord
from sync import claiming, settle
from sync.customer_facts import Facts, due_accounts, gather_accounts, merged_into, read_facts
from sync.customers import decide, reference
from sync.decision import Decision
from sync.eligibility import Eligibility
from sync.isolation import isolated
from sync.lookups import Lookups
from sync.pull import record_label
from sync.world import World

Write = Callable[[World, str, Sequence[Decision]], Mapping[str, Decision]]


@dataclass(frozen=True, slots=True)
class Settled:
    """Every account's customer after this stage, and lookups that know them."""

    decisions: Mapping[str, Decision]
    lookups: Lookups


def settle_customers(
    world: World,
    run_id: str,
    deals: Sequence[StagedRecord],
    judged: Mapping[str, Eligibility],
    lookups: Lookups,
    write: Write,
    *,
    whole: bool,
) -> Settled:
    """Match or create the customer of every eligible deal's account; deals before go-live only match.

    ``whole``: these are all due deals, so that an account which none of them needs is needed by nobody.
    """
    needed = _accounts(deals, judged, "order")
    matched = _accounts(deals, judged, "match") - needed
    seen = claiming.seen(world, KIND_CUSTOMER)
    facts = read_facts(world)
    due = set(due_accounts(world)) if whole else set()
    may_create = gather_accounts(world, run_id, sorted(needed | (due & facts.bound.keys())))
    _abandon(world, due - facts.bound.keys() - {account.source_id for level in may_create for account in level})
    only_match = gather_accounts(world, run_id, sorted(matched), parents=False)
    read = [account.source_id for level in (*may_create, *only_match) for account in level]
    facts = replace(facts, losers=merged_into(world, read, facts.bound))
    decisions: dict[str, Decision] = {}
    for levels, creating in ((may_create, True), (only_match, False)):
        accounts = {account.source_id: account for level in levels for account in level}
        for level in levels:
            fresh = [account for account in level if account.source_id not in decisions]
            labels = {one.source_id: record_label(one) for one in fresh}
            fences = claiming.claim(world, KIND_CUSTOMER, labels, unchanged_since=seen)
            decided = [
                _decide(world, account, accounts, facts, lookups, fences, may_create=creating) for account in fresh
            ]
            decisions.update(_carry_out(world, run_id, decided, write, keep_quiet=not creating))
            facts = _learn(facts, decisions, lookups)
    return Settled(decisions, lookups)


def _abandon(world: World, account_ids: set[str]) -> None:
    """Release accounts that were held for a deal which is no longer won: nothing is to be created for them."""
    for account_id in sorted(account_ids):
        with world.journal.begin() as tx:
            standing = subjects.state(tx, KIND_CUSTOMER, account_id)
        label = standing.label if standing else account_id
        reason = "no won deal needs this customer any more"
        settle.noted(
            world,
            Decision(kind=KIND_CUSTOMER, source_id=account_id, label=label, action="skip", reason=reason),
        )


def _accounts(deals: Sequence[StagedRecord], judged: Mapping[str, Eligibility], standing: str) -> set[str]:
    return {
        str(account)
        for deal in deals
        if judged[deal.source_id].standing == standing and (account := deal.fields.get("AccountId")) is not None
    }


def _decide(
    world: World,
    account: StagedRecord,
    accounts: Mapping[str, StagedRecord],
    facts: Facts,
    lookups: Lookups,
    fences: Mapping[str, int],
    *,
    may_create: bool,
) -> Decision:
    decision = isolated(
        world,
        KIND_CUSTOMER,
        account,
        lambda: decide(world, account, accounts, facts, lookups, may_create=may_create),
    )
    if account.source_id not in fences and decision.action not in ("unchanged", "adopt"):
        return replace(decision, action="wait", reason="another worker is at work on it", hold=None)
    decision = claiming.fenced(decision, fences)
    if decision.action == "adopt" and decision.target_id is not None:
        facts.owners[decision.target_id] = account.source_id
    return decision


def _carry_out(
    world: World, run_id: str, decided: Sequence[Decision], write: Write, *, keep_quiet: bool
) -> dict[str, Decision]:
    """Write what is to be written and note the rest; a mere match for an old deal raises no hold."""
    results: dict[str, Decision] = {}
    to_write = []
    for decision in decided:
        if decision.action in ("create", "update"):
            to_write.append(decision)
        elif decision.action == "wait":
            results[decision.source_id] = decision
        elif decision.action == "hold":
            results[decision.source_id] = _held(world, decision, keep_quiet=keep_quiet)
        elif decision.action == "adopt":
            results[decision.source_id] = settle.locally(world, decision)
        elif keep_quiet:
            results[decision.source_id] = decision
        else:
            results[decision.source_id] = settle.locally(world, decision)
    results.update(write(world, run_id, to_write) if to_write else {})
    return results


def _held(world: World, decision: Decision, *, keep_quiet: bool) -> Decision:
    if keep_quiet:
        return replace(decision, action="skip", hold=None)
    return settle.locally(world, decision)


def _learn(facts: Facts, decisions: Mapping[str, Decision], lookups: Lookups) -> Facts:
    """Let the next level and the orders refer to what this level settled."""
    for account_id, decision in decisions.items():
        found = reference(decision)
        if found is not None:
            lookups.accounts[account_id] = found
    held = frozenset(account_id for account_id, decision in decisions.items() if decision.action == "hold")
    return replace(facts, held=held)
