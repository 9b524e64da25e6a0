"""Reads one mapping file into a layer of placed values, and lays the admin's layer over the base's.

Only the shape is judged here (is it a table, is the key known); what the values mean is judged after merging.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mappings.document import Document
from mappings.problems import Problems, listing, nearest

TOP_KEYS = ("extends", "source", "target", "fields", "lines", "addresses", "match", "tables", "rules", "examples")
FIELD_KEYS = (
    "from", "value", "default", "table", "lookup", "missing", "required", "write", "too_long", "max_length",
    "transform", "when", "remove",
)  # fmt: skip
LINE_SETTINGS = ("source", "key", "order", "currency", "negative", "precision", "total", "zero_total")
ADDRESS_SETTINGS = ("name", "billing", "shipping", "remove")
MATCH_KEYS = ("stored_id", "name")
RULE_KEYS = ("when", "hold", "owner", "code", "fix")
EXAMPLE_KEYS = ("given", "expect")
IDENTITIES = frozenset({
    "entity", "companyName", "custbody_tieout_deal_id", "custentity_tieout_account_id", "custcol_tieout_line_id",
})  # fmt: skip
"""Fields without which a written record could not be found again; no override may remove them."""

EXCLUSIVE = {"value": ("from", "default", "table", "transform"), "from": ("value",)}
"""A key of the override that makes the named keys of the base meaningless."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A value of a file and its ``file:line``."""

    value: Any
    where: str


@dataclass(slots=True)
class Entry:
    """The keys of one small table, such as one field."""

    where: str
    keys: dict[str, Placed] = field(default_factory=dict)

    def get(self, key: str) -> Any:
        """Return the key's value or None."""
        placed = self.keys.get(key)
        return None if placed is None else placed.value

    def place(self, key: str) -> str:
        """Return ``file:line`` of the key, or of the entry."""
        placed = self.keys.get(key)
        return self.where if placed is None else placed.where


@dataclass(slots=True)
class Group:
    """A table of settings and fields: ``[lines]``, one of ``[[addresses]]``."""

    where: str
    settings: Entry
    fields: dict[str, Entry] = field(default_factory=dict)


@dataclass(slots=True)
class Layer:
    """One file's declarations, or several laid together."""

    file: str
    head: Entry
    fields: dict[str, Entry] = field(default_factory=dict)
    lines: Group | None = None
    addresses: dict[str, Group] = field(default_factory=dict)
    match: Entry = field(default_factory=lambda: Entry(""))
    tables: dict[str, Entry] = field(default_factory=dict)
    rules: list[Entry] = field(default_factory=list)
    examples: list[Entry] = field(default_factory=list)


class LayerReader:
    """Reads one document; faults go to ``problems``."""

    def __init__(self, document: Document, problems: Problems) -> None:
        self.document = document
        self.problems = problems

    def read(self) -> Layer:
        """Return the document's declarations."""
        values = self.document.values
        self.unknown((), values, TOP_KEYS)
        head = self.entry((), {key: values[key] for key in ("extends", "source", "target") if key in values})
        layer = Layer(self.document.file, head)
        layer.fields = self.fields(("fields",), self.table(("fields",), values.get("fields", {})))
        layer.lines = self.group(("lines",), values["lines"], LINE_SETTINGS) if "lines" in values else None
        layer.addresses = self.addresses(values.get("addresses", []))
        layer.match = self.entry(("match",), self.table(("match",), values.get("match", {})), MATCH_KEYS)
        tables = self.table(("tables",), values.get("tables", {}))
        for name, values_of_table in tables.items():
            layer.tables[name] = self.entry(("tables", name), self.table(("tables", name), values_of_table))
        layer.rules = self.entries("rules", values.get("rules", []), RULE_KEYS)
        layer.examples = self.entries("examples", values.get("examples", []), EXAMPLE_KEYS)
        return layer

    def where(self, path: tuple[str | int, ...]) -> str:
        """Return ``file:line`` of a key."""
        return f"{self.document.file}:{self.document.line_of(path)}"

    def unknown(self, path: tuple[str | int, ...], found: Mapping[str, Any], known: tuple[str, ...]) -> None:
        """Note every key that is not a known one."""
        for key in found:
            if key not in known:
                kind = "table" if isinstance(found[key], dict | list) and not path else "key"
                fix = nearest(key, known, f"Known here: {listing(known)}.")
                self.problems.add(self.where((*path, key)), f"unknown {kind} '{key}'.", fix)

    def table(self, path: tuple[str | int, ...], value: object) -> Mapping[str, Any]:
        """Return a value that must be a table."""
        if isinstance(value, dict):
            return value
        self.problems.add(self.where(path), f"'{path[-1]}' must be a table.", f"Write [{'.'.join(map(str, path))}].")
        return {}

    def entry(
        self, path: tuple[str | int, ...], values: Mapping[str, Any], known: tuple[str, ...] | None = None
    ) -> Entry:
        """Return a table's values with their places."""
        if known is not None:
            self.unknown(path, values, known)
        keys = {key: Placed(value, self.where((*path, key))) for key, value in values.items()}
        return Entry(self.where(path), keys)

    def entries(self, name: str, values: object, known: tuple[str, ...]) -> list[Entry]:
        """Return each table of ``[[name]]``."""
        if not isinstance(values, list):
            self.problems.add(self.where((name,)), f"'{name}' is a list of tables.", f"Write [[{name}]].")
            return []
        paths = [(name, index) for index in range(len(values))]
        return [self.entry(path, self.table(path, value), known) for path, value in zip(paths, values, strict=True)]

    def fields(self, path: tuple[str | int, ...], values: Mapping[str, Any]) -> dict[str, Entry]:
        """Return the declarations of fields by target name."""
        return {name: entry for name in values if (entry := self.field((*path, name), values[name])) is not None}

    def field(self, path: tuple[str | int, ...], value: object) -> Entry | None:
        """Return one field's declaration, or None when it is no table."""
        if isinstance(value, dict):
            return self.entry(path, value, FIELD_KEYS)
        name = path[-1]
        fix = f'Write {name} = {{ from = "Name" }} for a CRM field or {name} = {{ value = "Net 30" }} for a constant.'
        self.problems.add(self.where(path), f"'{name}' does not say where its value comes from.", fix)
        return None

    def group(self, path: tuple[str | int, ...], value: object, known: tuple[str, ...]) -> Group:
        """Return settings and fields; fields stand beside the settings or in a table ``fields`` of their own."""
        values = self.table(path, value)
        settings = {key: value for key, value in values.items() if key in known}
        direct = {key: value for key, value in values.items() if key not in known and key != "fields"}
        for key in [key for key, value in direct.items() if not isinstance(value, dict)]:
            if hint := nearest(key, known):
                self.problems.add(self.where((*path, key)), f"unknown key '{key}'.", hint)
                del direct[key]
        apart = (*path, "fields")
        fields = self.fields(path, direct) | self.fields(apart, self.table(apart, values.get("fields", {})))
        return Group(self.where(path), self.entry(path, settings), fields)

    def addresses(self, values: object) -> dict[str, Group]:
        """Return each of ``[[addresses]]`` by its name."""
        groups: dict[str, Group] = {}
        if not isinstance(values, list):
            self.problems.add(self.where(("addresses",)), "'addresses' is a list of tables.", "Write [[addresses]].")
            return groups
        for index, value in enumerate(values):
            group = self.group(("addresses", index), value, ADDRESS_SETTINGS)
            name = group.settings.get("name")
            if not isinstance(name, str) or name in groups:
                self.problems.add(group.where, "an address needs a name of its own.", 'For example: name = "billing".')
            else:
                groups[name] = group
        return groups


def lay_over(base: Layer, top: Layer, problems: Problems) -> Layer:
    """Return the base with the top layer's entries laid over it, key by key."""
    return Layer(
        file=top.file,
        head=_entry(base.head, top.head),
        fields=_fields(base.fields, top.fields, problems),
        lines=_group(base.lines, top.lines, problems),
        addresses=_addresses(base.addresses, top.addresses, problems),
        match=_entry(base.match, top.match),
        tables=base.tables | {name: _table(base.tables.get(name), entry) for name, entry in top.tables.items()},
        rules=base.rules + top.rules,
        examples=base.examples + top.examples,
    )


def _entry(base: Entry | None, top: Entry) -> Entry:
    if base is None:
        return top
    dropped = {gone for key in top.keys for gone in EXCLUSIVE.get(key, ())}
    kept = {key: placed for key, placed in base.keys.items() if key not in dropped}
    return Entry(top.where if top.keys else base.where, kept | top.keys)


def _table(base: Entry | None, top: Entry) -> Entry:
    return top if base is None else Entry(top.where, base.keys | top.keys)


def _fields(base: dict[str, Entry], top: dict[str, Entry], problems: Problems) -> dict[str, Entry]:
    merged = dict(base)
    for name, entry in top.items():
        if entry.get("remove") is not True:
            merged[name] = _entry(base.get(name), entry)
        elif name in IDENTITIES:
            problems.add(
                entry.where, f"'{name}' cannot be removed: it ties the record to Salesforce.", "Delete this line."
            )
        elif merged.pop(name, None) is None:
            fix = nearest(name, base, "Delete this line.")
            problems.add(entry.where, f"the base map has no field '{name}' to remove.", fix)
    return merged


def _group(base: Group | None, top: Group | None, problems: Problems) -> Group | None:
    if base is None or top is None:
        return top or base
    return Group(top.where, _entry(base.settings, top.settings), _fields(base.fields, top.fields, problems))


def _addresses(base: dict[str, Group], top: dict[str, Group], problems: Problems) -> dict[str, Group]:
    merged = dict(base)
    for name, group in top.items():
        laid = _group(base.get(name), group, problems)
        if laid is not None and group.settings.get("remove") is not True:
            merged[name] = laid
        else:
            merged.pop(name, None)
    return merged
