"""Checks mappings and scope against both systems before a run touches anything."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.errors import MappingError, Problem, SchemaError
from connectors.records import ObjectSchema, Reference, Value
from mappings.check import check, check_condition
from mappings.model import FieldRule
from sync.account_rows import WRITTEN
from sync.lookups import Lookups
from sync.world import ACCOUNT, ACCOUNT_BALANCE, DEAL, FINANCIAL, KEY, LINE, World

PREPARE = "Create them (docs/how-to/prepare-salesforce.md) and give the integration user edit access."


def problems(world: World) -> list[Problem]:
    """Return everything wrong or doubtful in mappings, scope and custom fields; reads describe calls only."""
    deal, line, account = (world.crm.describe(type_) for type_ in (DEAL, LINE, ACCOUNT))
    found = _mapping_problems(world, deal, line, account)
    if world.scope is not None:
        found += check_condition(world.scope, deal)
    if world.stand_alone is not None:
        found += check_condition(world.stand_alone, deal)
    return found + _own_fields(world, deal) + _own_objects(world)


def require_sound(world: World) -> list[Problem]:
    """Return the warnings of the preflight.

    Raises:
        MappingError: at least one error was found; all of them are listed.
    """
    found = [problem for problem in problems(world) if not _about_shipped_map(problem)]
    errors = [problem for problem in found if problem.severity == "error"]
    if errors:
        raise MappingError(errors)
    return found


def _about_shipped_map(problem: Problem) -> bool:
    """A warning about a line of a shipped map is nothing that an admin can mend there."""
    return problem.severity == "warning" and problem.where.startswith("order_to_cash/")


def unknown_names(world: World, lookups: Lookups) -> list[Problem]:
    """Return the names in value tables and constants that NetSuite does not know."""
    found = []
    for mapping in world.mappings:
        rules = [*mapping.fields, *(mapping.lines.fields if mapping.lines else ())]
        for rule in rules:
            found += _unknown(rule, lookups)
    return found


def _unknown(rule: FieldRule, lookups: Lookups) -> list[Problem]:
    if rule.lookup is None or rule.lookup.kind == "customer":
        return []
    named: list[tuple[str, Value]] = []
    if rule.table is not None:
        named += [(f"{rule.table.where} [tables.{rule.table.name}]", value) for value in rule.table.entries.values()]
    if rule.constant is not None:
        named.append((rule.where, rule.constant))
    lookup = rule.lookup
    fix = f"Correct the name, or create the {lookup.kind} in NetSuite."
    return [
        Problem(where, f"NetSuite has no usable {lookup.kind} '{value}' ({lookup}).", fix)
        for where, value in named
        if not isinstance(lookups.resolve(lookup.kind, lookup.by, str(value)), Reference)
    ]


def _mapping_problems(world: World, deal: ObjectSchema, line: ObjectSchema, account: ObjectSchema) -> list[Problem]:
    customers, orders, invoices = world.customer_mapping, world.order_mapping, world.invoice_mapping
    writer = world.erp_writer
    found = check(customers, account, None, writer.body_fields(customers.target), ())
    for mapping in (orders, invoices):
        if mapping is not None:
            found += check(mapping, deal, line, writer.body_fields(mapping.target), writer.line_fields(mapping.target))
    return found


def _own_fields(world: World, deal: ObjectSchema) -> list[Problem]:
    """The fields that Tieout writes must exist and be writable, or nobody would see an error on the deal."""
    missing = _unwritable(deal, world.status_fields)
    if not missing:
        return []
    what = f"Opportunity lacks the fields that Tieout writes, or may not write them: {', '.join(missing)}."
    return [Problem("Salesforce", what, PREPARE)]


def _own_objects(world: World) -> list[Problem]:
    """The objects under the accounts are found by their key, which must be an external id."""
    if not world.settings.status.receivables:
        return []
    found = []
    for type_ in (FINANCIAL, ACCOUNT_BALANCE):
        try:
            key = world.crm.describe(type_).find(KEY)
        except SchemaError:
            key = None
        if key is None or not key.updateable:
            what = f"Salesforce lacks the object {type_} with its key {KEY}, or Tieout may not write it."
        elif missing := _unwritable(world.crm.describe(type_), WRITTEN[type_]):
            what = f"{type_} lacks fields that Tieout writes, or may not write them: {', '.join(missing)}."
        else:
            continue
        found.append(Problem("Salesforce", what, f"{PREPARE} Or set receivables = false in [jobs.status]."))
    return found


def _unwritable(schema: ObjectSchema, names: Sequence[str]) -> list[str]:
    return [name for name in names if (field := schema.find(name)) is None or not field.updateable]
