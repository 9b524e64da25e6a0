"""Turns the merged entries of fields into :class:`mappings.model.FieldRule`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from mappings.layers import FIELD_KEYS, Entry
from mappings.model import FieldRule, Kind, Lookup, Missing, TooLong, WriteRule
from mappings.parse_values import EntryReader
from mappings.problems import Problems, listing, nearest
from mappings.tables import ValueTable
from mappings.targets import Target, find
from mappings.transforms import TRANSFORMS

LOOKUPS = (
    "item.itemid", "item.displayname", "item.externalid", "customer.account", "subsidiary.name", "currency.symbol",
    "currency.name", "employee.email", "employee.entityid", "term.name", "department.name", "classification.name",
    "location.name",
)  # fmt: skip
"""Lists that a mapping may refer to, with the column that holds the name."""


class FieldBuilder:
    """Builds the rules of one mapping; faults go to ``problems``."""

    def __init__(self, tables: Mapping[str, ValueTable], problems: Problems) -> None:
        self.tables = tables
        self.problems = problems

    def build(self, entries: Mapping[str, Entry], targets: Mapping[str, Target]) -> tuple[FieldRule, ...]:
        """Return one rule per entry, in the order of the file."""
        return tuple(self.rule(name, entry, find(targets, name)) for name, entry in entries.items())

    def rule(self, name: str, entry: Entry, target: Target) -> FieldRule:
        """Return the rule of one target field."""
        reader = EntryReader(entry, self.problems)
        self.origin(name, reader)
        lookup = self.lookup(name, reader, target)
        table = self.table(reader)
        missing: Any = reader.choice("missing", get_args(Missing))
        write: Any = reader.choice("write", get_args(WriteRule)) or "always"
        too_long: Any = reader.choice("too_long", get_args(TooLong)) or target.too_long
        kind: Kind = "reference" if lookup else target.kind
        return FieldRule(
            target=name,
            where=entry.where,
            kind=kind,
            source=reader.path("from"),
            constant=reader.scalar("value"),
            default=reader.scalar("default"),
            transforms=self.transforms(reader),
            table=table,
            aliases="lookup" in entry.keys,
            lookup=lookup,
            empty="hold" if reader.flag("required") else missing or target.empty,
            unlisted=missing or "hold",
            unfound=missing or target.unfound,
            clears=missing is None,
            write=write,
            max_length=reader.count("max_length") or target.max_length,
            too_long=too_long,
            when=reader.condition("when"),
        )

    def origin(self, name: str, reader: EntryReader) -> None:
        """Note when it is not clear where the value comes from."""
        keys = set(reader.entry.keys)
        if "from" in keys and "value" in keys:
            reader.complain("value", f"'{name}' has both 'from' and 'value'.", "Keep one of them.")
        if not keys & {"from", "value"} and keys <= set(FIELD_KEYS):
            fix = f'Add from = "…" (a CRM field) or value = "…" (a constant) to {name}.'
            reader.complain("", f"'{name}' does not say where its value comes from.", fix)
        if "value" in keys and "table" in keys:
            reader.complain("table", f"'{name}': a constant needs no table.", "Write the NetSuite value itself.")

    def lookup(self, name: str, reader: EntryReader, target: Target) -> Lookup | None:
        """Return how the name becomes a reference: as written, or as usual for the target."""
        text = reader.text("lookup")
        if text is None:
            return target.lookup
        if text not in LOOKUPS:
            fix = nearest(text, LOOKUPS, f"Known: {listing(LOOKUPS)}.")
            reader.complain("lookup", f"unknown lookup '{text}'.", fix)
            return target.lookup
        kind, _, by = text.partition(".")
        if target.lookup and target.lookup.kind != kind:
            what = f"'{name}' refers to the list {target.lookup.kind}, not {kind}."
            reader.complain("lookup", what, f'Write lookup = "{target.lookup}".')
        return Lookup(kind=kind, by=by)

    def table(self, reader: EntryReader) -> ValueTable | None:
        """Return the value table that the field names."""
        name = reader.text("table")
        if name is None or name in self.tables:
            return None if name is None else self.tables[name]
        fix = nearest(name, self.tables, f"Add a table [tables.{name}] to the file.")
        reader.complain("table", f"there is no value table '{name}'.", fix)
        return None

    def transforms(self, reader: EntryReader) -> tuple[str, ...]:
        """Return the names of the known transforms."""
        names = reader.names("transform")
        for name in names:
            if name not in TRANSFORMS:
                fix = nearest(name, TRANSFORMS, f"Known: {listing(TRANSFORMS)}.")
                reader.complain("transform", f"unknown transform '{name}'.", fix)
        return tuple(name for name in names if name in TRANSFORMS)
