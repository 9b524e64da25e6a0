"""Records as JSON text: one template a query, values in the order of the SELECT list, numbers exact."""

from __future__ import annotations

from collections.abc import Callable
from json.encoder import encode_basestring
from typing import Any

from sandbox.salesforce.schema import NUMBER_TYPES, TEXT_TYPES, Field, ObjectType
from sandbox.salesforce.soql_names import Tables
from sandbox.store import Body

Renderer = Callable[[Body], str]


class Shape:
    """What is selected of one object: fields, parents and children, in the order of their first mention."""

    def __init__(self, kind: ObjectType) -> None:
        self.kind = kind
        self.items: dict[str, Field | tuple[Field, Shape] | Renderer] = {}

    def add(self, steps: tuple[Field, ...], field: Field, kinds: Callable[[str], ObjectType]) -> bool:
        """Add a field at the end of a path of references; False when it is there already."""
        if not steps:
            fresh = field.name not in self.items
            self.items[field.name] = field
            return fresh
        step = steps[0]
        kept = self.items.setdefault(step.relationship, (step, Shape(kinds(step.reference_to))))
        assert isinstance(kept, tuple), f"{step.relationship} is a relationship"
        return kept[1].add(steps[1:], field, kinds)

    def add_children(self, name: str, render: Renderer) -> None:
        """Add a child sub-query under its relationship name."""
        self.items[name] = render

    def renderer(self, base: str, tables: Tables) -> Renderer:
        """Return a function from a record to its JSON text.

        Args:
            base: path of the API version (``/services/data/v67.0``), for the records' addresses.
            tables: records by object and id.
        """
        head = f'{{"attributes":{{"type":"{self.kind.name}","url":"{base}/sobjects/{self.kind.name}/'
        template = [head.replace("%", "%%"), "%s", '"}']
        readers: list[Renderer] = [lambda row: row["Id"]]
        for name, item in self.items.items():
            template.append(f',"{name}":%s')
            readers.append(_reader(item, base, tables))
        text = "".join([*template, "}"])
        return lambda row: text % tuple([read(row) for read in readers])


def _reader(item: Field | tuple[Field, Shape] | Renderer, base: str, tables: Tables) -> Renderer:
    if isinstance(item, Field):
        return field_renderer(item)
    if isinstance(item, tuple):
        step, shape = item
        return _parent(step, shape.renderer(base, tables), tables)
    return item


def _parent(step: Field, render: Renderer, tables: Tables) -> Renderer:
    name, parents = step.name, tables[step.reference_to]
    kept: dict[int, tuple[Body, str]] = {}

    def text(row: Body) -> str:
        parent = parents.get(row[name])
        if parent is None:
            return "null"
        known = kept.get(id(parent))
        if known is None:
            known = kept[id(parent)] = (parent, render(parent))
        return known[1]

    return text


def field_renderer(field: Field) -> Renderer:
    """Return a function from a record to the JSON text of one field."""
    name = field.name
    if field.type in TEXT_TYPES:
        return lambda row: "null" if (value := row[name]) is None else encode_basestring(value)
    if field.type in NUMBER_TYPES:
        return lambda row: "null" if (value := row[name]) is None else str(value)
    if field.type == "boolean":
        return lambda row: "true" if row[name] else "false"
    return lambda row: "null" if (value := row[name]) is None else f'"{value}"'


def scalar(field: Field, value: Any) -> str:  # noqa: ANN401  a field value
    """Return the JSON text of one value of a field."""
    return field_renderer(field)({field.name: value})
