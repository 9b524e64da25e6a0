"""Checks mappings and scope against both systems before a run touches anything."""

from __future__ import annotations

from connectors.errors import MappingError, Problem
from connectors.records import ObjectSchema
from mappings.check import check, check_condition
from sync.world import ACCOUNT, DEAL, LINE, STATUS_FIELDS, World


def problems(world: World) -> list[Problem]:
    """Return everything wrong or doubtful in mappings, scope and custom fields; reads describe calls only."""
    deal, line, account = (world.crm.describe(type_) for type_ in (DEAL, LINE, ACCOUNT))
    found = _mapping_problems(world, deal, line, account)
    if world.scope is not None:
        found += check_condition(world.scope, deal)
    return found + _own_fields(deal)


def require_sound(world: World) -> list[Problem]:
    """Return the warnings of the preflight.

    Raises:
        MappingError: at least one error was found; all of them are listed.
    """
    found = problems(world)
    errors = [problem for problem in found if problem.severity == "error"]
    if errors:
        raise MappingError(errors)
    return found


def _mapping_problems(world: World, deal: ObjectSchema, line: ObjectSchema, account: ObjectSchema) -> list[Problem]:
    customers, orders = world.customer_mapping, world.order_mapping
    writer = world.erp_writer
    found = check(customers, account, None, writer.body_fields(customers.target), ())
    return found + check(orders, deal, line, writer.body_fields(orders.target), writer.line_fields(orders.target))


def _own_fields(deal: ObjectSchema) -> list[Problem]:
    """The fields that Tieout writes must exist and be writable, or nobody would see an error on the deal."""
    missing = [name for name in STATUS_FIELDS if (field := deal.find(name)) is None or not field.updateable]
    if not missing:
        return []
    what = f"Opportunity lacks the fields that Tieout writes, or may not write them: {', '.join(missing)}."
    fix = "Create them (docs/how-to/prepare-salesforce.md) and give the integration user edit access."
    return [Problem("Salesforce", what, fix)]
