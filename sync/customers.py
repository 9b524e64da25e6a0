"""Which NetSuite customer an account is: bound, matched, to be created, or a question for a person.

Order of proof: binding, our external id, the id stored on the account, the exact normalised name.
A name that is only close is never decided here. Parents come before their children.
"""

from __future__ import annotations

from collections.abc import Mapping

from connectors.records import ErpCustomer, Reference
from journal.bindings import CREATED
from journal.holds import HoldCause
from journal.nouns import KIND_CUSTOMER, Binding
from journal.staging import StagedRecord
from mappings.apply import apply
from mappings.fingerprint import fingerprint
from sync import codes
from sync.customer_facts import Facts, depth, parent_of
from sync.decision import Decision, changes
from sync.findings import first_hold
from sync.lookups import Lookups, normalised
from sync.world import World, customer_external_id

CREATE_ANYWAY = "new"
"""What an admin types as the stored id to say: this is none of the existing records."""


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
    if account.source_id in facts.doubtful:
        return _decision(account, "wait", "its last write is being checked")
    bound = facts.bound.get(account.source_id)
    if bound is None and account.source_id in facts.losers:
        return _inherit(account, facts)
    if bound is not None:
        return _decide_bound(world, account, bound, facts, lookups)
    found = _existing(world, account, facts)
    if found is not None:
        return found
    if not may_create:
        return _decision(account, "skip", "no NetSuite customer has this name")
    obstacle = _obstacle(world, account, accounts, facts)
    return _held(account, obstacle) if obstacle is not None else _decide_create(world, account, facts, lookups)


def _obstacle(
    world: World, account: StagedRecord, accounts: Mapping[str, StagedRecord], facts: Facts
) -> HoldCause | None:
    """Return why no customer may be created for an account, or None."""
    if account.deleted:
        return codes.hold("ACCOUNT_GONE", "The account was deleted or merged in Salesforce.")
    twin = facts.made.get(normalised(_name(world, account)))
    if twin not in (None, account.source_id) and _stored_id(world, account) != CREATE_ANYWAY:
        cause = f"Another account of the same name ({twin}) becomes a new customer in this very run."
        fix = f'Merge the two accounts, or enter "{CREATE_ANYWAY}" as the stored NetSuite id of this one.'
        return codes.hold("CUSTOMER_AMBIGUOUS", cause, fix=fix, twin=str(twin))
    if depth(account, accounts) is None:
        return codes.hold("PARENT_CYCLE", "Its chain of parent accounts has no end within ten levels.")
    parent = parent_of(account)
    if parent in facts.held:
        cause = f"The customer of its parent account {parent} is held."
        return codes.hold("PARENT_HELD", cause, blocked_by=str(parent))
    return None


def _inherit(account: StagedRecord, facts: Facts) -> Decision:
    """An account that took in another one by merging takes over that one's customer."""
    loser = facts.losers[account.source_id]
    bound = facts.bound[loser]
    facts.owners[bound.target_id] = account.source_id
    evidence = f"account {loser}, which was merged into this one"
    return _decision(
        account,
        "adopt",
        f"its customer is that of {evidence}",
        external_id=bound.external_id,
        target_id=bound.target_id,
        number=bound.number,
        evidence=evidence,
        takes_from=loser,
    )


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
    name = _name(world, account)
    same = facts.customers.named(name)
    if len(same) == 1 and not same[0].inactive:
        return _adopt(account, same[0], facts, "the same name")
    field = world.customer_mapping.match.stored_id
    if same:
        listed = ", ".join(_called(customer) for customer in same)
        cause = f'NetSuite has {len(same)} customers named like "{name}": {listed}.'
        if len(same) == 1:
            cause = f"NetSuite has the customer {listed}, but it is inactive."
        fix = _say_which(field, "Enter the NetSuite id of the right one", same[0].id, "none of them is it")
        return _held(account, codes.hold("CUSTOMER_AMBIGUOUS", cause, fix=fix, candidates=listed))
    near = facts.customers.nearly_named(name)
    if near:
        listed = ", ".join(_called(customer) for customer in near)
        cause = f'Is "{name}" the same company as {listed}?'
        fix = _say_which(field, "If yes, enter its NetSuite id", near[0].id, "no")
        return _held(account, codes.hold("CUSTOMER_NEAR_MATCH", cause, fix=fix, candidates=listed))
    return None


def _name(world: World, account: StagedRecord) -> str:
    return str(account.fields.get(world.customer_mapping.match.name or "Name") or "")


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


def _decide_create(world: World, account: StagedRecord, facts: Facts, lookups: Lookups) -> Decision:
    mapped = apply(world.customer_mapping, account.fields, (), lookups)
    if mapped.problems:
        return _held(account, first_hold(mapped.problems))
    facts.made.setdefault(normalised(_name(world, account)), account.source_id)
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


def reference(decision: Decision) -> Reference | None:
    """Return how an order refers to the customer of this decision, or None while there is none."""
    if decision.target_id and decision.action in ("adopt", "unchanged", "update", "create"):
        return Reference(type="customer", id=decision.target_id, name=decision.label)
    if decision.action == "create":
        return Reference(type="customer", external_id=decision.external_id, name=decision.label)
    return None
