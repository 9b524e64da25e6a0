"""Turns the merged parts around the fields (lines, addresses, tables, rules, examples) into model values."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.records import Value
from mappings.layers import Entry, Group, Layer
from mappings.model import AddressRule, Example, HoldRule, LineRules, Match
from mappings.parse_fields import FieldBuilder
from mappings.parse_values import EntryReader, flatten, scalar
from mappings.problems import Problems, listing, nearest
from mappings.tables import ValueTable
from mappings.targets import ADDRESS, LINE

LINE_SOURCE = "OpportunityLineItem"
LINE_ESSENTIALS = ("item", "quantity", "amount")
LINE_DERIVED = {
    "rate": "The rate follows from amount and quantity, so that the amount always stands.",
    "price": "The price level is always Custom, or NetSuite would price the line anew.",
}
RULE_CODE = "RULE_HOLD"


def tables(layer: Layer, problems: Problems) -> dict[str, ValueTable]:
    """Return the value tables by name."""
    return {name: _table(name, entry, problems) for name, entry in layer.tables.items()}


def _table(name: str, entry: Entry, problems: Problems) -> ValueTable:
    entries: dict[str, Value] = {}
    for key, placed in entry.keys.items():
        value, fault = scalar(placed.value)
        if fault or value is None:
            fix = 'Put a name with a dot or a blank in quotes: "30.5 days" = "Net 30".'
            problems.add(placed.where, f"the entry '{key}' of [tables.{name}] is not a single value.", fix)
        else:
            entries[key.strip()] = value
    return ValueTable(name=name, entries=entries, where=entry.where)


def lines(group: Group | None, builder: FieldBuilder, problems: Problems) -> LineRules | None:
    """Return the line rules, or None for a mapping without lines."""
    if group is None:
        return None
    reader = EntryReader(group.settings, problems)
    fields = {name: entry for name, entry in group.fields.items() if name not in LINE_DERIVED}
    for name in group.fields.keys() & LINE_DERIVED.keys():
        problems.add(group.fields[name].where, f"'{name}' of a line cannot be mapped.", LINE_DERIVED[name])
    for name, entry in fields.items():
        if "write" in entry.keys:
            what = f"'{name}': 'write' is for body fields."
            problems.add(entry.place("write"), what, "Lines are written as a whole.")
    rules = LineRules(
        where=group.where,
        source=reader.path("source") or LINE_SOURCE,
        key=reader.path("key") or "Id",
        order=reader.path("order"),
        currency=reader.path("currency"),
        negative="line" if _negative(reader) == "line" else "hold",
        precision="round" if reader.choice("precision", ("hold", "round")) == "round" else "hold",
        total=None if reader.entry.get("total") is False else reader.path("total"),
        zero_total="allow" if reader.choice("zero_total", ("hold", "allow")) == "allow" else "hold",
        fields=builder.build(fields, LINE),
    )
    _essentials(rules, problems)
    return rules


def _negative(reader: EntryReader) -> str | None:
    if reader.entry.get("negative") == "discount_line":
        fix = 'Write "hold" (a person looks at the deal) or "line" (the line is written as it is).'
        reader.complain("negative", 'negative = "discount_line" is not supported yet.', fix)
        return None
    return reader.choice("negative", ("hold", "line"))


def _essentials(rules: LineRules, problems: Problems) -> None:
    for name in LINE_ESSENTIALS:
        rule = rules.rule(name)
        if rule is None:
            fix = f'Add {name} = {{ from = "…" }} to [lines].'
            problems.add(rules.where, f"the lines have no field '{name}'.", fix)
        elif {rule.empty, rule.unfound, rule.unlisted} != {"hold"}:
            what = f"'{name}' of a line can only hold the record when it is missing."
            fix = "Remove 'missing': an order line without it would carry a wrong amount."
            problems.add(rule.where, what, fix)


def addresses(layer: Layer, builder: FieldBuilder, problems: Problems) -> tuple[AddressRule, ...]:
    """Return the address rules in the order of the file."""
    return tuple(_address(name, group, builder, problems) for name, group in layer.addresses.items())


def _address(name: str, group: Group, builder: FieldBuilder, problems: Problems) -> AddressRule:
    reader = EntryReader(group.settings, problems)
    for field, entry in group.fields.items():
        if field not in ADDRESS:
            fix = nearest(field, ADDRESS, f"Known: {listing(ADDRESS)}.")
            problems.add(entry.where, f"an address has no field '{field}'.", fix)
        if "write" in entry.keys:
            problems.add(entry.place("write"), "addresses are written on creation only.", "Remove 'write'.")
    rules = builder.build(group.fields, ADDRESS)
    return AddressRule(
        name=name, where=group.where, billing=reader.flag("billing"), shipping=reader.flag("shipping"), fields=rules
    )


def match(layer: Layer, problems: Problems) -> Match:
    """Return where the CRM record names its NetSuite record."""
    reader = EntryReader(layer.match, problems)
    return Match(stored_id=reader.path("stored_id"), name=reader.path("name"), where=layer.match.where)


def rules(layer: Layer, problems: Problems) -> tuple[HoldRule, ...]:
    """Return the hold rules, the base's first."""
    built = (_rule(EntryReader(entry, problems)) for entry in layer.rules)
    return tuple(rule for rule in built if rule is not None)


def _rule(reader: EntryReader) -> HoldRule | None:
    reader.required_text("when")
    hold = reader.required_text("hold")
    when = reader.condition("when")
    if when is None:
        return None
    return HoldRule(
        when=when,
        hold=hold,
        owner=reader.text("owner") or "data",
        code=reader.text("code") or RULE_CODE,
        fix=reader.text("fix") or "",
        where=reader.entry.where,
    )


def examples(layer: Layer, problems: Problems) -> tuple[Example, ...]:
    """Return the worked examples."""
    return tuple(_example(entry, problems) for entry in layer.examples)


def _example(entry: Entry, problems: Problems) -> Example:
    given, expect = (_values(entry, key, problems) for key in ("given", "expect"))
    hold = expect.pop("hold", None)
    return Example(given=given, expect=expect, hold=None if hold is None else str(hold), where=entry.where)


def _values(entry: Entry, key: str, problems: Problems) -> dict[str, Value]:
    values = entry.get(key)
    if not isinstance(values, Mapping):
        problems.add(entry.place(key), f"an example needs '{key}'.", f"Add {key} = {{ CloseDate = 2026-11-03 }}.")
        return {}
    pairs = {name: scalar(value) for name, value in flatten(values).items()}
    for name, (_, fault) in pairs.items():
        if fault:
            problems.add(entry.place(key), f"'{name}': {fault}.")
    return {name: value for name, (value, _) in pairs.items()}
