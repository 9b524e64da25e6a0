"""Reads what deciding about customers needs to know: accounts with their parents, NetSuite's customers, the journal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connectors.ports import Condition
from journal import bindings, intents, subjects
from journal.nouns import KIND_CUSTOMER, Binding
from journal.staging import StagedRecord
from sync.lookups import Customers
from sync.pull import stage_accounts
from sync.world import ACCOUNT, World, customer_external_id

MAX_LEVELS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What deciding about a customer needs to know, read beforehand."""

    customers: Customers
    bound: Mapping[str, Binding]
    owners: dict[str, str]
    """NetSuite customer id to the account it is bound to; grows as accounts are matched."""
    made: dict[str, str]
    """Normalised name to the account that becomes a new customer in this run; grows as accounts are decided."""
    doubtful: frozenset[str]
    """Accounts with a write whose outcome is unknown: nothing new is sent for them."""
    losers: Mapping[str, str]
    """Account id to a bound account that was merged into it."""
    held: frozenset[str]
    """Accounts whose customer is held: their children wait for them."""


def gather_accounts(
    world: World, run_id: str, account_ids: Sequence[str], *, parents: bool = True
) -> list[list[StagedRecord]]:
    """Read the accounts and their parents, parents first: one list per level.

    An account whose chain of parents is a circle, or longer than ten, comes in the first level and is
    held there.
    """
    accounts: dict[str, StagedRecord] = {}
    wanted = sorted(set(account_ids))
    for _level in range(MAX_LEVELS + 1):
        missing = [id_ for id_ in wanted if id_ not in accounts]
        if not missing:
            break
        accounts.update(stage_accounts(world, run_id, missing))
        if not parents:
            break
        wanted = sorted({parent for account in accounts.values() if (parent := parent_of(account))})
    levels: dict[int, list[StagedRecord]] = {}
    for account in accounts.values():
        levels.setdefault(depth(account, accounts) or 0, []).append(account)
    return [sorted(levels[level], key=lambda account: account.source_id) for level in sorted(levels)]


def depth(account: StagedRecord, accounts: Mapping[str, StagedRecord]) -> int | None:
    """Return how many parents an account has, or None for a circle or more than ten."""
    count, parent = 0, parent_of(account)
    while parent is not None and parent in accounts:
        count += 1
        if count > MAX_LEVELS:
            return None
        parent = parent_of(accounts[parent])
    return count


def parent_of(account: StagedRecord) -> str | None:
    """Return the id of the parent account, or None."""
    parent = account.fields.get("ParentId")
    return None if parent is None else str(parent)


def read_facts(world: World) -> Facts:
    """Read NetSuite's customers and what the journal knows of them."""
    customers = Customers(world.erp.customers())
    with world.journal.begin() as tx:
        bound = {binding.source_id: binding for binding in bindings.all_of(tx, KIND_CUSTOMER)}
        doubtful = intents.in_doubt(tx, KIND_CUSTOMER)
    # One that was written for an account whose write is in doubt is that account's, though it is not bound yet.
    written = {id_: customers.by_external.get(customer_external_id(id_).lower()) for id_ in doubtful}
    owners = {customer.id: id_ for id_, customer in written.items() if customer is not None}
    return Facts(
        customers=customers,
        bound=bound,
        owners=owners | {binding.target_id: binding.source_id for binding in bound.values()},
        made={},
        doubtful=doubtful,
        losers={},
        held=frozenset(),
    )


def merged_into(world: World, account_ids: Sequence[str], bound: Mapping[str, Binding]) -> dict[str, str]:
    """Return the bound accounts that Salesforce merged into these unbound ones (MasterRecordId)."""
    winners = sorted(set(account_ids) - bound.keys())
    if not winners or not bound:
        return {}
    found = world.crm.scan(
        ACCOUNT, ["MasterRecordId"], [Condition("MasterRecordId", "in", tuple(winners))], include_deleted=True
    )
    return {str(loser.fields["MasterRecordId"]): loser.ref.id for loser in found if loser.ref.id in bound}


def due_accounts(world: World) -> list[str]:
    """Return accounts that are due on their own account: followed ones that changed."""
    with world.journal.begin() as tx:
        return subjects.due(tx, KIND_CUSTOMER)
