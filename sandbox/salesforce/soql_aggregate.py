"""Aggregate queries: COUNT, SUM, MIN, MAX, AVG over groups.

In a multi-currency org an aggregated amount is in the org's default currency, converted at the org's rates
(SOQL Reference: Querying Currency Fields in Multi-Currency Orgs): a sum per record currency cannot be asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sandbox.salesforce.field_kinds import currency_code
from sandbox.salesforce.objects import CONVERSION_RATES, DEFAULT_CURRENCY
from sandbox.salesforce.schema import NUMBER_TYPES, Field
from sandbox.salesforce.soql_names import Getter, Resolved, Scope, Tables
from sandbox.salesforce.soql_render import scalar
from sandbox.salesforce.soql_syntax import Aggregate, Fields, Path, Query
from sandbox.salesforce.values import number
from sandbox.store import Body

CURRENCY_FIELD = currency_code()


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    compute: Callable[[Sequence[Body]], str]


def is_aggregate(query: Query) -> bool:
    """Whether a query answers groups and not records (``COUNT()`` alone answers a number)."""
    return bool(query.group_by) or any(isinstance(item, Aggregate) for item in query.select)


def is_bare_count(query: Query) -> bool:
    """Whether the query is ``SELECT COUNT() …``."""
    return any(isinstance(item, Aggregate) and item.path is None for item in query.select)


def groups(query: Query, scope: Scope, tables: Tables, rows: Sequence[Body]) -> list[str]:
    """Return the JSON text of each group's AggregateResult, in the order of first appearance of its rows.

    Raises:
        ApiError: a selected field is neither grouped nor aggregated, or a function does not suit its field.
    """
    keys = [scope.filterable(path, "grouped").getter(tables) for path in query.group_by]
    columns = [_column(item, query, scope, tables) for item in query.select]
    parts: dict[tuple[Any, ...], list[Body]] = {} if keys else {(): []}
    for row in rows:
        parts.setdefault(tuple([key(row) for key in keys]), []).append(row)
    return [_text(columns, members) for members in parts.values()]


def _text(columns: Sequence[_Column], members: Sequence[Body]) -> str:
    cells = "".join(f',"{column.name}":{column.compute(members)}' for column in columns)
    return '{"attributes":{"type":"AggregateResult"}' + cells + "}"


def _column(item: Path | Aggregate | Fields | Query, query: Query, scope: Scope, tables: Tables) -> _Column:
    if isinstance(item, Aggregate):
        return _Column(item.alias, _computed(item, scope, tables))
    if isinstance(item, Path):
        return _grouped(item, query, scope, tables)
    raise scope.refuse(item.at, "aggregate queries select fields and functions only", "MALFORMED_QUERY")


def _grouped(path: Path, query: Query, scope: Scope, tables: Tables) -> _Column:
    resolved = scope.resolve(path)
    if resolved not in [scope.resolve(grouped) for grouped in query.group_by]:
        raise scope.refuse(path.at, f"Field must be grouped or aggregated: {path.text}", "MALFORMED_QUERY")
    read = resolved.getter(tables)
    return _Column(resolved.field.name, lambda members: scalar(resolved.field, read(members[0])))


def _computed(item: Aggregate, scope: Scope, tables: Tables) -> Callable[[Sequence[Body]], str]:
    if item.path is None:
        raise scope.refuse(item.at, "COUNT() must be the only element in the SELECT list", "MALFORMED_QUERY")
    resolved = scope.filterable(item.path, "aggregated")
    read, field = resolved.getter(tables), resolved.field
    if item.function in ("SUM", "AVG") and field.type not in NUMBER_TYPES:
        raise scope.refuse(item.at, f"field {field.name} does not support aggregate operator {item.function}")
    if item.function.startswith("COUNT"):
        distinct = item.function == "COUNT_DISTINCT"
        return lambda members: str(_count(_values(read, members), distinct))
    if field.type == "currency":
        read = _converted(read, Resolved(resolved.steps, CURRENCY_FIELD).getter(tables))
    return lambda members: scalar(field, _reduced(item.function, field, _values(read, members)))


def _converted(read: Getter, read_currency: Getter) -> Getter:
    """Return a getter of the amount in the org's default currency."""

    def get(row: Body) -> Decimal | None:
        amount = read(row)
        return None if amount is None else amount / CONVERSION_RATES[read_currency(row) or DEFAULT_CURRENCY]

    return get


def _count(values: list[Any], distinct: bool) -> int:
    return len(set(values)) if distinct else len(values)


def _values(read: Getter, members: Sequence[Body]) -> list[Any]:
    return [value for row in members if (value := read(row)) is not None]


def _reduced(function: str, field: Field, values: list[Any]) -> Any:  # noqa: ANN401  a field value
    if not values:
        return None
    if function in ("MIN", "MAX"):
        found = min(values) if function == "MIN" else max(values)
        return number(found, field.scale) if field.type == "currency" else found
    total = sum(values, Decimal(0))
    return number(total if function == "SUM" else total / len(values), field.scale)
