"""Runs the worked examples of a mapping file, without any remote system: every name counts as known."""

from __future__ import annotations

from connectors.errors import Problem
from connectors.records import PayloadValue, Reference, Value
from mappings.apply import Mapped, apply
from mappings.findings import quoted
from mappings.model import Example, Mapping
from mappings.problems import listing
from mappings.tables import key_text


class AnyName:
    """A resolver that knows every name, for examples."""

    def resolve(self, kind: str, by: str, name: str) -> Reference:
        """Return a reference that carries the name itself."""
        return Reference(type=kind, name=name)


def run_examples(mapping: Mapping) -> list[Problem]:
    """Return one problem per example that does not come out as written."""
    return [problem for example in mapping.examples for problem in _run(mapping, example)]


def _run(mapping: Mapping, example: Example) -> list[Problem]:
    mapped = apply(mapping, example.given, (), AnyName())
    problems = [
        _differs(mapped, target, expected, example)
        for target, expected in example.expect.items()
        if not _same(expected, mapped.payload.values.get(target))
    ]
    codes = {finding.code for finding in mapped.problems}
    if example.hold and example.hold not in codes:
        what = f"example: expected the hold {example.hold}, got {listing(codes) or 'no hold'}."
        problems.append(Problem(example.where, what, "Correct the example, or the rule that should hold it."))
    return problems


def _differs(mapped: Mapped, target: str, expected: Value, example: Example) -> Problem:
    causes = [finding.cause for finding in mapped.problems if finding.field == target]
    got = quoted(_shown(mapped.payload.values.get(target))) if target in mapped.payload.values else "nothing"
    what = f"example: {target} is expected to be {quoted(expected)}, got {got}."
    return Problem(example.where, " ".join([what, *causes]), "Correct the example, or the mapping of this field.")


def _same(expected: Value, got: PayloadValue) -> bool:
    return type(expected) is type(_shown(got)) and expected == _shown(got)


def _shown(value: PayloadValue) -> Value:
    return key_text(value.name) if isinstance(value, Reference) else value
