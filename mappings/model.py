"""A mapping as frozen values: what an admin declared, checked, with the place of each declaration.

Built by ``mappings.parse``; nothing here reads a file.
"""

from __future__ import annotations

from collections import abc
from dataclasses import dataclass, field
from typing import Any, Literal

from connectors.records import Value
from mappings.conditions import Condition
from mappings.tables import ValueTable

Missing = Literal["hold", "warn", "skip"]
"""What to do without a value: hold the record, leave the field out and say so, or leave it out silently."""

WriteRule = Literal["always", "create_only"]
TooLong = Literal["error", "truncate", "skip"]
NegativeRule = Literal["hold", "line"]
PrecisionRule = Literal["hold", "round"]
ZeroRule = Literal["hold", "allow"]
Kind = Literal["text", "number", "date", "bool", "reference", "any"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """A reference by name: the NetSuite list and the column that holds the name (``employee.email``)."""

    kind: str
    by: str

    def __str__(self) -> str:
        return f"{self.kind}.{self.by}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRule:
    """How one target field gets its value.

    Exactly one of ``source`` (a field path of the CRM record) and ``constant`` is set. The value passes
    ``transforms``, then ``table``, then ``lookup``. ``aliases``: the table only renames, a value that it
    does not list stays as it is. ``empty``, ``unlisted`` and ``unfound`` say what happens without a source
    value, with a value outside the table and with a name that NetSuite does not know.
    """

    target: str
    where: str
    kind: Kind = "any"
    source: str | None = None
    constant: Value = None
    default: Value = None
    transforms: tuple[str, ...] = ()
    table: ValueTable | None = None
    aliases: bool = False
    lookup: Lookup | None = None
    empty: Missing = "skip"
    unlisted: Missing = "hold"
    unfound: Missing = "hold"
    clears: bool = True
    """Whether an emptied source empties the target too; not when the admin chose ``missing`` himself."""
    write: WriteRule = "always"
    max_length: int | None = None
    too_long: TooLong = "error"
    when: Condition | None = None

    def sources(self) -> frozenset[str]:
        """Return the field paths that this rule reads."""
        own = frozenset() if self.source is None else frozenset({self.source})
        return own | (self.when.fields if self.when else frozenset())


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRules:
    """How the lines of a deal become the lines of an order.

    ``key``, ``order`` and ``currency`` are field paths of the line: its identity, its place, its currency. ``total`` is
    a field path of the deal: what the lines must add up to, or None where that is not asked.
    """

    where: str
    source: str
    key: str
    order: str | None
    currency: str | None
    negative: NegativeRule
    precision: PrecisionRule
    total: str | None
    zero_total: ZeroRule
    fields: tuple[FieldRule, ...]

    def source_fields(self) -> frozenset[str]:
        """Return every field path of the line that the mapping reads."""
        settings = {path for path in (self.key, self.order, self.currency) if path}
        return frozenset(settings).union(*(rule.sources() for rule in self.fields))

    def rule(self, target: str) -> FieldRule | None:
        """Return the rule of one line field, or None."""
        return next((rule for rule in self.fields if rule.target == target), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressRule:
    """One entry of a customer's address book. ``street`` (a target name) is split into addr1 to addr3."""

    name: str
    where: str
    billing: bool
    shipping: bool
    fields: tuple[FieldRule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldRule:
    """A condition under which a record waits for a person (``[[rules]]``)."""

    when: Condition
    hold: str
    owner: str
    code: str
    fix: str
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Where the CRM record says which NetSuite record it already is: field paths, or None."""

    stored_id: str | None = None
    name: str | None = None
    where: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A worked example of the mapping file: CRM values in, NetSuite values (names, never ids) out.

    ``hold`` is the code that the example must be held with, or None.
    """

    given: abc.Mapping[str, Value]
    expect: abc.Mapping[str, Value]
    hold: str | None
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """One flow's mapping, base and override laid together.

    ``content`` is that effective content as plain values and ``content_sha`` its hash: the mapping's version.
    ``source_texts`` are the files it came from, by shown name.
    """

    file: str
    source: str
    target: str
    fields: tuple[FieldRule, ...]
    lines: LineRules | None
    addresses: tuple[AddressRule, ...]
    match: Match
    rules: tuple[HoldRule, ...]
    examples: tuple[Example, ...]
    tables: abc.Mapping[str, ValueTable]
    content: abc.Mapping[str, Any] = field(repr=False)
    content_sha: str
    source_texts: abc.Mapping[str, str] = field(repr=False)

    def source_fields(self) -> frozenset[str]:
        """Return every field path of the source record that the mapping reads, rules and matching included."""
        match = {path for path in (self.match.stored_id, self.match.name) if path}
        rules = (rule.sources() for rule in self.fields)
        addresses = (rule.sources() for address in self.addresses for rule in address.fields)
        conditions = (rule.when.fields for rule in self.rules)
        match |= {self.lines.total} if self.lines is not None and self.lines.total else set()
        return frozenset(match).union(*rules, *addresses, *conditions)

    def line_source_fields(self) -> frozenset[str]:
        """Return every field path of the line object that the mapping reads; empty without lines."""
        return self.lines.source_fields() if self.lines else frozenset()

    def rule(self, target: str) -> FieldRule | None:
        """Return the rule of one body field, or None."""
        return next((rule for rule in self.fields if rule.target == target), None)
