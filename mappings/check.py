"""Checks a mapping against what both systems really have, before any record is touched."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from decimal import Decimal

from connectors.errors import Problem
from connectors.records import FieldSchema, ObjectSchema, Value
from mappings.conditions import Condition
from mappings.examples import run_examples
from mappings.labels import label
from mappings.model import FieldRule, LineRules, Mapping
from mappings.problems import Problems, nearest
from mappings.targets import is_custom

TYPE_KINDS = {
    "boolean": "bool", "date": "date", "datetime": "datetime", "currency": "number", "double": "number",
    "int": "number", "long": "number", "percent": "number",
}  # fmt: skip
"""Salesforce field types (describe call) that are not text."""

SECURITY_FIX = "Check the API name, and that the integration user may see the field."


def check(
    mapping: Mapping,
    source: ObjectSchema,
    line_source: ObjectSchema | None,
    body_fields: Collection[str],
    line_fields: Collection[str],
) -> list[Problem]:
    """Return what is wrong or doubtful in a mapping; ``severity`` tells which, errors first.

    Args:
        mapping: the flow's mapping.
        source: the CRM object's fields as the integration user sees them.
        line_source: those of the line object; None skips the check of lines.
        body_fields: names that a payload's body may carry (custom fields excepted).
        line_fields: names that a payload's line may carry (custom fields excepted).
    """
    problems = Problems()
    body = _Checker(source, problems)
    body.targets(mapping.fields, body_fields, mapping.target)
    body.rules(mapping.fields)
    for address in mapping.addresses:
        body.rules(address.fields)
    for path in (mapping.match.stored_id, mapping.match.name):
        body.path(path, mapping.match.where)
    for rule in mapping.rules:
        body.condition(rule.when)
    if mapping.lines and line_source:
        _lines(mapping.lines, line_source, line_fields, problems)
    _empty_tables(mapping, problems)
    problems.found.extend(run_examples(mapping))
    return sorted(problems.found, key=lambda problem: problem.severity)


def check_condition(condition: Condition, source: ObjectSchema) -> list[Problem]:
    """Return what is wrong in one condition, such as a job's ``scope``."""
    problems = Problems()
    _Checker(source, problems).condition(condition)
    return problems.found


def _lines(rules: LineRules, source: ObjectSchema, line_fields: Collection[str], problems: Problems) -> None:
    checker = _Checker(source, problems)
    checker.targets(rules.fields, line_fields, "line")
    checker.rules(rules.fields)
    for path in (rules.key, rules.order, rules.currency):
        checker.path(path, rules.where)


def _empty_tables(mapping: Mapping, problems: Problems) -> None:
    groups = [mapping.fields, *(address.fields for address in mapping.addresses)]
    for rule in (rule for fields in groups for rule in fields):
        if rule.table and not rule.aliases and not rule.table.entries:
            what = f"the value table '{rule.table.name}' is empty, so no value of {rule.source} can be mapped."
            problems.add(rule.table.where, what, f"Add lines to [tables.{rule.table.name}] in your own mapping file.")


class _Checker:
    """Checks paths, types and conditions against one object."""

    def __init__(self, source: ObjectSchema, problems: Problems) -> None:
        self.source = source
        self.problems = problems

    def targets(self, rules: Iterable[FieldRule], known: Collection[str], what: str) -> None:
        for rule in rules:
            if not is_custom(rule.target) and rule.target not in known:
                fix = nearest(rule.target, known, "Custom fields begin with custbody_, custentity_ or custcol_.")
                self.problems.add(rule.where, f"NetSuite's {what} has no field '{rule.target}'.", fix)

    def rules(self, rules: Iterable[FieldRule]) -> None:
        for rule in rules:
            found = self.path(rule.source, rule.where)
            if found:
                self.fit(rule, found)
                self.listed(rule, found)
            if rule.when:
                self.condition(rule.when)

    def path(self, path: str | None, where: str) -> FieldSchema | None:
        """Check a path; return the field when it is one of this object itself."""
        if path is None:
            return None
        first, dot, _ = path.partition(".")
        if dot:
            self.relation(first, path, where)
            return None
        found = self.source.find(first)
        if found is None:
            fix = nearest(first, self.names(), SECURITY_FIX)
            self.problems.add(where, f"{self.source.name} has no field '{first}'.", fix)
        elif found.name != first:
            self.problems.add(where, f"the field '{first}' is spelt '{found.name}'.", f"Write {found.name}.")
        return found

    def relation(self, first: str, path: str, where: str) -> None:
        known = {found.relationship for found in self.source.fields.values() if found.relationship}
        if first not in known:
            fix = nearest(first, known, f"Relationships of {self.source.name}: {', '.join(sorted(known)) or 'none'}.")
            self.problems.add(where, f"{self.source.name} has no relationship '{first}' for '{path}'.", fix)

    def names(self) -> list[str]:
        return [found.name for found in self.source.fields.values()]

    def fit(self, rule: FieldRule, found: FieldSchema) -> None:
        """Warn where the type cannot fit, a text may be too long, or the field is computed."""
        kind = TYPE_KINDS.get(found.type, "text")
        if rule.kind in ("number", "date", "bool") and kind != rule.kind:
            what = f"{rule.target} takes a {rule.kind}, but {found.name} is of type {found.type}."
            self.warn(rule.where, what, "Map it from a field of that type.")
        limited = rule.kind in ("text", "any") and kind == "text" and rule.max_length and not rule.table
        if limited and rule.max_length and found.length > rule.max_length and rule.too_long == "error":
            what = f"{found.name} may have {found.length} characters, {rule.target} takes {rule.max_length}."
            self.warn(
                rule.where, what, 'Records with more are held. Set too_long = "truncate" if cutting is acceptable.'
            )
        if found.calculated:
            what = f"{found.name} is a formula: a change of its result alone does not mark the record as changed."
            self.warn(rule.where, what, "It is read again when the record itself changes.")

    def listed(self, rule: FieldRule, found: FieldSchema) -> None:
        """Warn of picklist values that the value table lacks, and of table entries that no picklist value has."""
        if rule.table is None or rule.aliases or rule.default is not None:
            return
        if not found.picklist or not rule.table.entries:
            return
        lacking = [value for value in found.picklist if rule.table.find(value) is None]
        if lacking:
            what = f"{label(found.name)}: the value table '{rule.table.name}' lacks {', '.join(lacking)}."
            self.warn(rule.table.where, what, "Records with these values are held.")
        for entry in rule.table.entries.keys() - set(found.picklist):
            fix = nearest(entry, found.picklist, "Remove the line.")
            self.warn(rule.table.where, f"'{entry}' in [tables.{rule.table.name}] is no value of {found.name}.", fix)

    def condition(self, condition: Condition) -> None:
        for path in sorted(condition.fields):
            self.path(path, condition.where)
        for comparison in condition.comparisons:
            found = self.source.find(comparison.field)
            if found and not _comparable(TYPE_KINDS.get(found.type, "text"), comparison.value):
                what = f"{found.name} ({found.type}) is compared with {comparison.value!r}, which it can never equal."
                self.problems.add(condition.where, what, "Texts stand in quotes; numbers, true and false do not.")

    def warn(self, where: str, what: str, fix: str) -> None:
        self.problems.add(where, what, fix, "warning")


def _comparable(kind: str, value: Value) -> bool:
    if value is None:
        return True
    if kind in ("date", "datetime"):
        return isinstance(value, str) and _is_date(value, with_time=kind == "datetime")
    expected = {"bool": bool, "number": Decimal}.get(kind, str)
    return isinstance(value, expected)


def _is_date(text: str, *, with_time: bool) -> bool:
    if not with_time and len(text) != len("2026-11-01"):
        return False
    try:
        date.fromisoformat(text[:10])
    except ValueError:
        return False
    return True
