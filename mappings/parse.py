"""Reads a mapping file over its base into a :class:`mappings.model.Mapping`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from mappings import parse_parts
from mappings.document import Document as Document
from mappings.layers import Entry, Group, Layer, LayerReader, lay_over
from mappings.model import Mapping
from mappings.parse_fields import FieldBuilder
from mappings.parse_values import EntryReader, scalar
from mappings.problems import Problems, nearest
from mappings.tables import key_text
from mappings.targets import BODY

MAX_BASES = 5
DEFAULT_SOURCES = {"salesOrder": "Opportunity", "customer": "Account"}


def parse(document: Document, bases: Callable[[str], Document], target: str | None = None) -> Mapping:
    """Return the mapping that a file declares, laid over the base that it extends.

    Args:
        document: the admin's file, or a base itself.
        bases: gives the document of the base named in ``extends``; raises LookupError, whose text says which
            names there are, for an unknown one.
        target: the record type that the job writes; a file for another one is refused.

    Raises:
        MappingError: with every fault of the file, each with ``file:line`` and how to mend it.
    """
    problems = Problems()
    layer, texts = _layers(document, bases, problems)
    mapping = _build(layer, texts, problems)
    if target and mapping.target in BODY and mapping.target != target:
        what = f"this file maps to {mapping.target}, but its job writes {target}."
        problems.add(layer.head.place("extends"), what, "Name the other mapping file in sync.toml.")
    problems.raise_if_any()
    return mapping


def _layers(document: Document, bases: Callable[[str], Document], problems: Problems) -> tuple[Layer, dict[str, str]]:
    chain, documents = [LayerReader(document, problems).read()], [document]
    while name := EntryReader(chain[-1].head, problems).text("extends"):
        if len(chain) > MAX_BASES:
            where = chain[-1].head.place("extends")
            problems.add(where, "maps extend each other in a circle.", "Remove one 'extends'.")
            break
        try:
            documents.append(bases(name))
        except LookupError as error:
            fix = str(error.args[0]) if error.args else "Name a base map that Tieout ships."
            problems.add(chain[-1].head.place("extends"), f"there is no base map '{name}'.", fix)
            problems.raise_if_any()
        chain.append(LayerReader(documents[-1], problems).read())
    merged = Layer(document.file, Entry(f"{document.file}:1"))
    for layer in reversed(chain):
        merged = lay_over(merged, layer, problems)
    return merged, {each.file: each.text for each in documents}


def _build(layer: Layer, texts: dict[str, str], problems: Problems) -> Mapping:
    tables = parse_parts.tables(layer, problems)
    builder = FieldBuilder(tables, problems)
    head = EntryReader(layer.head, problems)
    target = _target(head)
    content = _content(layer)
    return Mapping(
        file=layer.file,
        source=head.path("source") or DEFAULT_SOURCES.get(target, ""),
        target=target,
        fields=builder.build(layer.fields, BODY.get(target, {})),
        lines=parse_parts.lines(layer.lines, builder, problems),
        addresses=parse_parts.addresses(layer, builder, problems),
        match=parse_parts.match(layer, problems),
        rules=parse_parts.rules(layer, problems),
        examples=parse_parts.examples(layer, problems),
        tables=tables,
        content=content,
        content_sha=_sha(content),
        source_texts=texts,
    )


def _target(head: EntryReader) -> str:
    target = head.text("target")
    if target is None and "target" not in head.entry.keys:
        known = 'For example: extends = "order_to_cash/opportunity_to_sales_order".'
        head.complain("target", "the file names neither a base map nor a target.", f"Add 'extends'. {known}")
    elif target is not None and target not in BODY:
        head.complain("target", f"unknown target '{target}'.", nearest(target, BODY, f"Known: {', '.join(BODY)}."))
    return target or ""


def _content(layer: Layer) -> dict[str, Any]:
    """Return what decides the outcome: everything but places, examples and comments."""
    return {
        "head": {key: value for key, value in _plain(layer.head).items() if key != "extends"},
        "fields": {name: _plain(entry) for name, entry in layer.fields.items()},
        "lines": None if layer.lines is None else _plain_group(layer.lines),
        "addresses": [{"name": name, **_plain_group(group)} for name, group in layer.addresses.items()],
        "match": _plain(layer.match),
        "tables": {name: _plain(entry) for name, entry in layer.tables.items()},
        "rules": [_plain(entry) for entry in layer.rules],
    }


def _plain(entry: Entry) -> dict[str, Any]:
    return {key: placed.value for key, placed in entry.keys.items()}


def _plain_group(group: Group) -> dict[str, Any]:
    return {"settings": _plain(group.settings), "fields": {name: _plain(entry) for name, entry in group.fields.items()}}


def _sha(content: dict[str, Any]) -> str:
    def typed(value: object) -> list[str]:
        converted, _ = scalar(value)
        return [type(value).__name__, key_text(converted)]

    text = json.dumps(content, default=typed, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
