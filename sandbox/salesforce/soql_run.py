"""A query from text to rows: names, filter, order, limits, and how each row becomes JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sandbox.salesforce.formulas import calculated, mentioned
from sandbox.salesforce.objects import OBJECTS
from sandbox.salesforce.org import Org
from sandbox.salesforce.schema import TEXT_TYPES, Field, ObjectType
from sandbox.salesforce.security import Access
from sandbox.salesforce.soql_aggregate import groups, is_aggregate, is_bare_count
from sandbox.salesforce.soql_filter import Filter
from sandbox.salesforce.soql_names import Scope, Tables, scope_of
from sandbox.salesforce.soql_parser import parse
from sandbox.salesforce.soql_render import Renderer, Shape
from sandbox.salesforce.soql_syntax import (
    Compare,
    Condition,
    Fields,
    InList,
    Junction,
    Literal_,
    Order,
    Path,
    Query,
    refuse,
)
from sandbox.store import Body

T = TypeVar("T")
MAX_OFFSET = 2000
MAX_FIELDS_ALL = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """A query's rows as of one moment; ``render`` makes JSON text of some of them."""

    total: int
    rows: Sequence[Any]
    render: Callable[[Sequence[Any]], list[str]]


def run(org: Org, text: str, *, base: str, access: Access, deleted: bool = False) -> Answer:
    """Return the answer of a query; with ``deleted`` records in the recycle bin count too (queryAll).

    Fields that ``access`` hides are as unknown as any that does not exist.

    Raises:
        ApiError: the query is malformed, or names what does not exist.
    """
    return _Run(org, text, base, _tables(org, text), access, deleted).answer(parse(text))


def _tables(org: Org, text: str) -> Tables:
    """Return the records as of now; calculated fields are worked out where the query may read them."""
    today = org.clock.now().date()
    return {
        name: {id_: calculated(kind, body, today) for id_, body in org.table(name).items()}
        if mentioned(kind, text)
        else dict(org.table(name))
        for name, kind in OBJECTS.items()
    }


class _Run:
    def __init__(self, org: Org, text: str, base: str, tables: Tables, access: Access, deleted: bool) -> None:
        self._org = org
        self._text = text
        self._base = base
        self._tables = tables
        self._access = access
        self._deleted = deleted

    def answer(self, query: Query) -> Answer:
        scope = scope_of(self._text, query.object, query.object_at, query.alias, self._access)
        self._check_limits(query)
        if is_bare_count(query):
            return self._bare_count(query, scope)
        if is_aggregate(query):
            texts = groups(query, scope, self._tables, self._ordered(query, scope, self._matching(query, scope)))
            cut = _cut(query, texts)
            return Answer(len(cut), cut, list)
        render = self._shape(query, scope).renderer(self._base, self._tables)
        rows = self._rows(query, scope)
        return Answer(len(rows), rows, lambda part: [render(row) for row in part])

    def _bare_count(self, query: Query, scope: Scope) -> Answer:
        if len(query.select) > 1 or query.group_by or query.order_by:
            raise scope.refuse(query.at, "COUNT() must be the only element in the SELECT list", "MALFORMED_QUERY")
        return Answer(len(_cut(query, self._matching(query, scope))), (), list)

    def _check_limits(self, query: Query) -> None:
        if query.offset > MAX_OFFSET:
            raise refuse(
                self._text, query.at, f"Maximum SOQL offset allowed is {MAX_OFFSET}", "NUMBER_OUTSIDE_VALID_RANGE"
            )

    # rows

    def _rows(self, query: Query, scope: Scope) -> list[Body]:
        return _cut(query, self._ordered(query, scope, self._matching(query, scope)))

    def _matching(self, query: Query, scope: Scope, among: Sequence[Body] | None = None) -> list[Body]:
        if query.where is None:
            rows = self._candidates(scope, None) if among is None else among
            return [row for row in rows if self._deleted or not row["IsDeleted"]]
        fits = self._filter(scope).predicate(query.where)
        rows = self._candidates(scope, query.where) if among is None else among
        return [row for row in rows if (self._deleted or not row["IsDeleted"]) and fits(row)]

    def _filter(self, scope: Scope) -> Filter:
        return Filter(scope, self._tables, self._org.clock.now().date(), self._inner_values)

    def _inner_values(self, query: Query) -> set[Any]:
        scope = scope_of(self._text, query.object, query.object_at, query.alias, self._access)
        if len(query.select) != 1 or not isinstance(query.select[0], Path):
            raise scope.refuse(query.at, "a semi-join selects exactly one field", "MALFORMED_QUERY")
        resolved = scope.resolve(query.select[0])
        if resolved.field.type not in ("id", "reference"):
            raise scope.refuse(query.select[0].at, "a semi-join selects an id field", "MALFORMED_QUERY")
        read = resolved.getter(self._tables)
        return {value for row in self._rows(query, scope) if (value := read(row)) is not None}

    def _candidates(self, scope: Scope, where: Condition | None) -> Sequence[Body]:
        """Return the records that can match: by id or parent where the condition pins one, else all."""
        table = self._tables[scope.kind.name]
        pinned = None if where is None else self._pinned(scope, where)
        if pinned is None:
            return list(table.values())
        field, values = pinned
        if field.type == "id":
            return [table[id_] for id_ in values if id_ in table]
        found = (row["Id"] for parent in values for row in self._org.children(scope.kind.name, field.name, parent))
        return [table[id_] for id_ in found]

    def _pinned(self, scope: Scope, condition: Condition) -> tuple[Field, list[str]] | None:
        if isinstance(condition, Junction) and condition.op == "and":
            found = (self._pinned(scope, part) for part in condition.parts)
            return next((pin for pin in found if pin is not None), None)
        if isinstance(condition, Compare) and condition.op == "=" and condition.literal.kind == "string":
            literals: tuple[Literal_, ...] = (condition.literal,)
        elif isinstance(condition, InList) and not condition.negated:
            literals = condition.literals
        else:
            return None
        resolved = scope.resolve(condition.path)
        indexed = resolved.field.type == "id" or bool(resolved.field.children)
        if resolved.steps or not indexed or any(literal.kind != "string" for literal in literals):
            return None
        checker = self._filter(scope)
        return resolved.field, list(dict.fromkeys(checker.value(resolved.field, literal) for literal in literals))

    def _ordered(self, query: Query, scope: Scope, rows: list[Body]) -> list[Body]:
        for order in reversed(query.order_by):
            rows = self._sorted(order, scope, rows)
        return rows

    def _sorted(self, order: Order, scope: Scope, rows: list[Body]) -> list[Body]:
        resolved = scope.filterable(order.path, "sorted")
        read = resolved.getter(self._tables)
        keyed = [(read(row), row) for row in rows]
        if resolved.field.type in TEXT_TYPES:
            keyed = [(None if value is None else value.lower(), row) for value, row in keyed]
        empty = [row for value, row in keyed if value is None]
        filled = [pair for pair in keyed if pair[0] is not None]
        filled.sort(key=lambda pair: pair[0], reverse=order.descending)
        full = [row for _, row in filled]
        return full + empty if order.nulls_last else empty + full

    # shape

    def _shape(self, query: Query, scope: Scope) -> Shape:
        shape = Shape(scope.kind)
        for item in query.select:
            if isinstance(item, Query):
                self._add_children(shape, item, scope)
            elif isinstance(item, Fields):
                self._add_group(shape, item, query, scope)
            elif isinstance(item, Path):
                self._add_path(shape, item, scope)
        return shape

    def _add_path(self, shape: Shape, path: Path, scope: Scope) -> None:
        resolved = scope.resolve(path)
        if not shape.add(resolved.steps, resolved.field, OBJECTS.__getitem__):
            raise scope.refuse(path.at, f"duplicate field selected: {path.text}", "MALFORMED_QUERY")

    def _add_group(self, shape: Shape, item: Fields, query: Query, scope: Scope) -> None:
        if item.group != "STANDARD" and (query.limit is None or query.limit > MAX_FIELDS_ALL):
            raise scope.refuse(
                item.at,
                f"The SOQL FIELDS function must have a LIMIT of at most {MAX_FIELDS_ALL}",
                "MALFORMED_QUERY",
            )
        for field in scope.kind.fields.values():
            wanted = item.group == "ALL" or field.custom == (item.group == "CUSTOM")
            if wanted and self._access.readable(scope.kind, field):
                shape.add((), field, OBJECTS.__getitem__)

    def _add_children(self, shape: Shape, query: Query, scope: Scope) -> None:
        found = child_relation(scope.kind, query.object)
        if found is None:
            raise scope.refuse(
                query.object_at,
                f"Didn't understand relationship '{query.object}' in FROM part of query call.",
                "INVALID_TYPE",
            )
        kind, field = found
        inner = Scope(self._text, kind, query.alias, self._access)
        self._matching(query, inner, among=())
        render = self._shape(query, inner).renderer(self._base, self._tables)
        shape.add_children(field.children, self._children_renderer(query, inner, field, render))

    def _children_renderer(self, query: Query, scope: Scope, field: Field, render: Renderer) -> Renderer:
        grouped: dict[str, list[Body]] = {}
        for row in self._tables[scope.kind.name].values():
            grouped.setdefault(row[field.name], []).append(row)

        def text(parent: Body) -> str:
            members = self._matching(query, scope, among=grouped.get(parent["Id"], []))
            rows = _cut(query, self._ordered(query, scope, members))
            if not rows:
                return "null"
            return page_text(len(rows), [render(row) for row in rows])

        return text


def child_relation(kind: ObjectType, name: str) -> tuple[ObjectType, Field] | None:
    """Return the child object and its reference field behind a child relationship name, or None."""
    for child in OBJECTS.values():
        for field in child.references():
            if field.reference_to == kind.name and field.children.lower() == name.lower():
                return child, field
    return None


def page_text(total: int, records: Sequence[str], next_url: str | None = None) -> str:
    """Return the JSON text of a query page."""
    more = "" if next_url is None else f',"nextRecordsUrl":"{next_url}"'
    done = "true" if next_url is None else "false"
    return f'{{"totalSize":{total},"done":{done}{more},"records":[{",".join(records)}]}}'


def _cut(query: Query, rows: list[T]) -> list[T]:
    end = None if query.limit is None else query.offset + query.limit
    return rows[query.offset : end] if query.offset or end is not None else rows
