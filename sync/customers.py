"""Which NetSuite customer an account is: bound, matched, to be created, or a question for a person.

Order of proof: binding, our external id, the id stored on the account, the exact normalised name.
A name that is only close is never decided here. Parents come before their children.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connectors.records import ErpCustomer, Reference
from journal import bindings, subjects
from journal.bindings import CREATED
from journal.holds import HoldCause
from journal.nouns import KIND_CUSTOMER, Binding
from journal.staging import StagedRecord
from mappings.apply import apply
from mappings.fingerprint import fingerprint
from sync import codes
from sync.decision import Decision, changes
from sync.findings import first_hold
from sync.lookups import Customers, Lookups
from sync.pull import stage_accounts
from sync.world import World, customer_external_id

MAX_LEVELS = 10
CREATE_ANYWAY = "new"
"""What an admin types as the stored id to say: this is none of the existing records."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What deciding about a customer needs to know, read beforehand."""

    customers: Customers
    bound: Mapping[str, Binding]
    owners: dict[str, str]
    """NetSuite customer id to the account it is bound to; grows as accounts are matched."""
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
        wanted = sorted({parent for account in accounts.values() if (parent := _parent(account))})
    levels: dict[int, list[StagedRecord]] = {}
    for account in accounts.values():
        levels.setdefault(depth(account, accounts) or 0, []).append(account)
    return [sorted(levels[level], key=lambda account: account.source_id) for level in sorted(levels)]


def depth(account: StagedRecord, accounts: Mapping[str, StagedRecord]) -> int | None:
    """Return how many parents an account has, or None for a circle or more than ten."""
    count, parent = 0, _parent(account)
    while parent is not None and parent in accounts:
        count += 1
        if count > MAX_LEVELS:
            return None
        parent = _parent(accounts[parent])
    return count


def _parent(account: StagedRecord) -> str | None:
    parent = account.fields.get("ParentId")
    return None if parent is None else str(parent)


def decide(
    world: World,
    account: StagedRecord,
    accounts: Mapping[str, StagedRecord],
    facts: Facts,
    lookups: Lookups,
    *,
    may_create: bool,
) -> Decision:
    """Return what becomes of one account's customer. Pure: everything was read beforehand."""
    bound = facts.bound.get(account.source_id)
    if bound is not None:
        return _decide_bound(world, account, bound, facts, lookups)
    found = _existing(world, account, facts)
    if found is not None:
        return found
    if not may_create:
        return _decision(account, "skip", "no NetSuite customer has this name")
    if depth(account, accounts) is None:
        return _held(account, codes.hold("PARENT_CYCLE", "Its chain of parent accounts has no end within ten levels."))
    parent = _parent(account)
    if parent in facts.held:
        cause = f"The customer of its parent account {parent} is held."
        return _held(account, codes.hold("PARENT_HELD", cause, blocked_by=str(parent)))
    return _decide_create(world, account, lookups)


def _decide_bound(world: World, account: StagedRecord, bound: Binding, facts: Facts, lookups: Lookups) -> Decision:
    if bound.target_id not in facts.customers.by_id:
        cause = f"The customer with the NetSuite id {bound.target_id} no longer exists."
        return _held(account, codes.hold("TARGET_VANISHED", cause, target=bound.target_id))
    unchanged = _decision(account, "unchanged", "the customer is as Tieout left it", target_id=bound.target_id)
    if bound.origin != CREATED or bound.fingerprint is None:
        return unchanged
    mapped = apply(world.customer_mapping, account.fields, (), lookups)
    now = fingerprint(mapped.payload, mapped.create_only)
    if now == bound.fingerprint:
        return unchanged
    if mapped.problems:
        return _held(account, first_hold(mapped.problems))
    return _decision(
        account,
        "update",
        "owned fields have changed",
        external_id=bound.external_id,
        target_id=bound.target_id,
        payload=mapped.for_update(),
        fingerprint=now,
        mapped=mapped,
        changes=changes(None, mapped.for_update(), mapped),
    )


def _existing(world: World, account: StagedRecord, facts: Facts) -> Decision | None:
    """Return the decision that an existing customer asks for, or None when there is none."""
    by_external = facts.customers.by_external.get(customer_external_id(account.source_id).lower())
    if by_external is not None:
        return _adopt(account, by_external, facts, "our external id")
    stored = _stored_id(world, account)
    if stored is not None and stored.casefold() == CREATE_ANYWAY:
        return None
    if stored:
        known = facts.customers.by_id.get(stored)
        if known is None:
            cause = f"The account's stored NetSuite id is {stored}, but NetSuite has no customer with that id."
            fix = f"Correct or empty the account's field {world.customer_mapping.match.stored_id}."
            return _held(account, codes.hold("STORED_ID_CONFLICT", cause, fix=fix, stored_id=stored))
        return _adopt(account, known, facts, "the NetSuite id stored on the account")
    return _by_name(world, account, facts)


def _by_name(world: World, account: StagedRecord, facts: Facts) -> Decision | None:
    name = str(account.fields.get(world.customer_mapping.match.name or "Name") or "")
    same = facts.customers.named(name)
    if len(same) == 1:
        return _adopt(account, same[0], facts, "the same name")
    field = world.customer_mapping.match.stored_id
    if same:
        listed = ", ".join(_called(customer) for customer in same)
        cause = f'NetSuite has {len(same)} customers named like "{name}": {listed}.'
        fix = _say_which(field, "Enter the NetSuite id of the right one", same[0].id, "none of them is it")
        return _held(account, codes.hold("CUSTOMER_AMBIGUOUS", cause, fix=fix, candidates=listed))
    near = facts.customers.nearly_named(name)
    if near:
        listed = ", ".join(_called(customer) for customer in near)
        cause = f'Is "{name}" the same company as {listed}?'
        fix = _say_which(field, "If yes, enter its NetSuite id", near[0].id, "no")
        return _held(account, codes.hold("CUSTOMER_NEAR_MATCH", cause, fix=fix, candidates=listed))
    return None


def _say_which(field: str | None, order: str, example: str, otherwise: str) -> str:
    if field is None:
        return "Make the two names equal, or name a stored_id field in the [match] table of the customer mapping."
    return (
        f"{order} (for example {example}) in the account's field {field}; "
        f'if {otherwise}, enter "{CREATE_ANYWAY}" there.'
    )


def _adopt(account: StagedRecord, customer: ErpCustomer, facts: Facts, evidence: str) -> Decision:
    owner = facts.owners.get(customer.id)
    if owner is not None and owner != account.source_id:
        cause = f"{_called(customer)} fits this account by {evidence}, but it already belongs to account {owner}."
        fix = (
            "Merge the two accounts, or, if they are different companies, "
            f'enter "{CREATE_ANYWAY}" as the stored NetSuite id of this one.'
        )
        return _held(account, codes.hold("BINDING_CONFLICT", cause, fix=fix, target=customer.id, bound_to=owner))
    return _decision(
        account,
        "adopt",
        f"matched with {_called(customer)} by {evidence}",
        external_id=customer.external_id,
        target_id=customer.id,
        number=customer.entity_id,
        evidence=evidence,
    )


def _decide_create(world: World, account: StagedRecord, lookups: Lookups) -> Decision:
    mapped = apply(world.customer_mapping, account.fields, (), lookups)
    if mapped.problems:
        return _held(account, first_hold(mapped.problems))
    return _decision(
        account,
        "create",
        "NetSuite has no customer of this name",
        external_id=customer_external_id(account.source_id),
        payload=mapped.payload,
        fingerprint=fingerprint(mapped.payload, mapped.create_only),
        mapped=mapped,
        changes=changes(None, mapped.payload, mapped),
    )


def _stored_id(world: World, account: StagedRecord) -> str | None:
    field = world.customer_mapping.match.stored_id
    value = account.fields.get(field) if field else None
    return None if value is None else str(value).strip() or None


def _called(customer: ErpCustomer) -> str:
    prefix = "" if customer.entity_id == customer.name else f"{customer.entity_id} "
    return f"{prefix}{customer.name} (NetSuite id {customer.id})"


def _held(account: StagedRecord, cause: HoldCause) -> Decision:
    return _decision(account, "hold", cause.cause, hold=cause)


def _decision(account: StagedRecord, action: str, reason: str, **more: object) -> Decision:
    label = str(account.fields.get("Name") or account.source_id)
    values = {
        "kind": KIND_CUSTOMER,
        "source_id": account.source_id,
        "label": label,
        "action": action,
        "reason": reason,
        "version": account.version,
        **more,
    }
    return Decision(**values)  # type: ignore[arg-type]


def read_facts(world: World) -> Facts:
    """Read NetSuite's customers and what the journal knows of them."""
    customers = Customers(world.erp.customers())
    with world.journal.begin() as tx:
        bound = {binding.source_id: binding for binding in bindings.all_of(tx, KIND_CUSTOMER)}
    owners = {binding.target_id: binding.source_id for binding in bound.values()}
    return Facts(customers=customers, bound=bound, owners=owners, held=frozenset())


def due_accounts(world: World) -> list[str]:
    """Return accounts that are due on their own account: followed ones that changed."""
    with world.journal.begin() as tx:
        return subjects.due(tx, KIND_CUSTOMER)


def reference(decision: Decision) -> Reference | None:
    """Return how an order refers to the customer of this decision, or None while there is none."""
    if decision.target_id and decision.action in ("adopt", "unchanged", "update", "create"):
        return Reference(type="customer", id=decision.target_id, name=decision.label)
    if decision.action == "create":
        return Reference(type="customer", external_id=decision.external_id, name=decision.label)
    return None
