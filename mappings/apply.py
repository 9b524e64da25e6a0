"""Applies a mapping to one record: pure, no remote call, no clock."""

from __future__ import annotations

from collections import abc
from collections.abc import Sequence

from connectors.records import Payload, Value
from mappings import findings
from mappings.apply_addresses import Address, address, address_book
from mappings.apply_field import FieldResult, Place, map_field
from mappings.apply_lines import LinesResult, map_lines
from mappings.model import AddressRule, HoldRule, Mapping
from mappings.outcome import ADDRESSES
from mappings.outcome import FieldTrace as FieldTrace
from mappings.outcome import Finding as Finding
from mappings.outcome import Mapped as Mapped
from mappings.resolver import Resolver as Resolver
from mappings.resolver import Unresolved as Unresolved
from mappings.tables import key_text


def apply(
    mapping: Mapping,
    fields: abc.Mapping[str, Value],
    lines: Sequence[abc.Mapping[str, Value]],
    resolver: Resolver,
) -> Mapped:
    """Map one record and its lines (none for a customer).

    Args:
        mapping: the flow's mapping.
        fields: the record's values by field path; an absent path counts as empty.
        lines: the values of each line, in any order.
        resolver: turns names into references.

    Returns:
        The payload with all findings. Problems come in this order: no account, no lines, rules, body fields,
        addresses, lines.
    """
    body = [map_field(rule, fields, resolver) for rule in mapping.fields]
    books = [_address(rule, fields, resolver) for rule in mapping.addresses]
    mapped_lines = _lines(mapping, fields, lines, resolver)
    results = body + [result for _, results in books for result in results]
    payload = Payload(
        type=mapping.target,
        values={result.rule.target: result.value for result in body if result.value is not None},
        lines=tuple(mapped_lines.lines),
        addresses=tuple(address_book([found for found, _ in books if found is not None])),
    )
    rules = [_held(rule) for rule in mapping.rules if rule.when.evaluate(fields)]
    problems = [*rules, *(result.problem for result in results if result.problem), *mapped_lines.problems]
    return Mapped(
        payload=payload,
        create_only=_create_only(mapping),
        empty=frozenset(result.rule.target for result in body if _cleared(result)),
        problems=tuple(sorted(problems, key=_precedence)),
        warnings=(*(result.warning for result in results if result.warning), *mapped_lines.warnings),
        trace=(*(result.trace for result in results), *mapped_lines.trace),
    )


def _precedence(finding: Finding) -> int:
    first = (findings.NO_ACCOUNT, findings.NO_LINES)
    return first.index(finding.code) if finding.code in first else len(first)


def _lines(
    mapping: Mapping, fields: abc.Mapping[str, Value], lines: Sequence[abc.Mapping[str, Value]], resolver: Resolver
) -> LinesResult:
    if mapping.lines is None:
        return LinesResult()
    header = fields.get(mapping.lines.total) if mapping.lines.total else None
    return map_lines(mapping.lines, lines, _currency(mapping, fields), resolver, header)


def _currency(mapping: Mapping, fields: abc.Mapping[str, Value]) -> str | None:
    rule = mapping.rule("currency")
    if rule is None or rule.source is None:
        return None if rule is None or rule.constant is None else key_text(rule.constant)
    return key_text(fields.get(rule.source)) or None


def _address(
    rule: AddressRule, fields: abc.Mapping[str, Value], resolver: Resolver
) -> tuple[Address | None, list[FieldResult]]:
    place = Place(field=f"{ADDRESSES}.", trace=f"{ADDRESSES}[{rule.name}].")
    results = [map_field(each, fields, resolver, place) for each in rule.fields]
    return address(rule, results), results


def _held(rule: HoldRule) -> Finding:
    fault = findings.rule_hold(rule)
    return Finding(
        code=fault.code, field="", cause=fault.cause, owner=fault.owner, fix=fault.fix, where=rule.where,
        about=fault.about,
    )  # fmt: skip


def _create_only(mapping: Mapping) -> frozenset[str]:
    names = {rule.target for rule in mapping.fields if rule.write == "create_only"}
    return frozenset(names | ({ADDRESSES} if mapping.addresses else set()))


def _cleared(result: FieldResult) -> bool:
    rule = result.rule
    return result.emptied and rule.clears and rule.write == "always"
