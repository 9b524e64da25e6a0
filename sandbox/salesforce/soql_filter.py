"""WHERE clauses as predicates over records.

Text compares without regard to case, ids with it (15 or 18 characters). A null satisfies ``= null``, ``!=``
and ``NOT IN`` and no other comparison.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from sandbox.ids import canonical
from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.schema import NUMBER_TYPES, TEXT_TYPES, Field
from sandbox.salesforce.soql_dates import span_of
from sandbox.salesforce.soql_lexer import WILD
from sandbox.salesforce.soql_names import Getter, Scope, Tables
from sandbox.salesforce.soql_syntax import Compare, Condition, InList, InQuery, Junction, Literal_, Not, Query
from sandbox.salesforce.values import moment_of, stamp
from sandbox.store import Body

Predicate = Callable[[Body], bool]
OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
UNMARK = str.maketrans({mark: char for char, mark in WILD.items()})


class Filter:
    """Compiles the conditions of one query.

    Args:
        scope: names of the query.
        tables: records by object and id.
        today: the day that date literals count from.
        inner: runs the query of a semi-join and returns its values.
    """

    def __init__(self, scope: Scope, tables: Tables, today: date, inner: Callable[[Query], set[Any]]) -> None:
        self._scope = scope
        self._tables = tables
        self._today = today
        self._inner = inner

    def predicate(self, condition: Condition) -> Predicate:
        """Return a function that tells whether a record satisfies the condition.

        Raises:
            ApiError: an unknown column, or a literal that does not suit it.
        """
        if isinstance(condition, Junction):
            return _joined(condition.op, [self.predicate(part) for part in condition.parts])
        if isinstance(condition, Not):
            inner = self.predicate(condition.part)
            return lambda row: not inner(row)
        if isinstance(condition, Compare):
            return self._comparison(condition)
        return self._membership(condition)

    def _comparison(self, condition: Compare) -> Predicate:
        resolved = self._scope.filterable(condition.path)
        read = _comparable(resolved.getter(self._tables), resolved.field)
        literal = condition.literal
        if condition.op == "like":
            return self._like(resolved.field, read, literal)
        if literal.kind == "null":
            return self._null(condition, read)
        if literal.kind == "dateliteral":
            return self._in_span(resolved.field, read, condition.op, literal)
        return _compared(read, condition.op, self.value(resolved.field, literal))

    def _null(self, condition: Compare, read: Getter) -> Predicate:
        if condition.op == "=":
            return lambda row: read(row) is None
        if condition.op == "!=":
            return lambda row: read(row) is not None
        raise self._scope.refuse(condition.literal.at, "unexpected token: 'null'", "MALFORMED_QUERY")

    def _like(self, field: Field, read: Getter, literal: Literal_) -> Predicate:
        if field.type not in TEXT_TYPES or literal.kind != "string":
            raise self._scope.refuse(
                literal.at, f"invalid operator on {field.type} field", "INVALID_QUERY_FILTER_OPERATOR"
            )
        pattern = like_pattern(str(literal.value))
        return lambda row: (value := read(row)) is not None and pattern.fullmatch(value) is not None

    def _in_span(self, field: Field, read: Getter, op: str, literal: Literal_) -> Predicate:
        span = span_of(str(literal.value), self._today)
        if span is None:
            raise self._scope.refuse(literal.at, f"unexpected token: '{literal.value}'", "MALFORMED_QUERY")
        if field.type not in ("date", "datetime"):
            raise self._mismatch(field, literal)
        low, high = (_day(field, day) for day in span)
        inside: Predicate = lambda row: (value := read(row)) is not None and low <= value < high  # noqa: E731
        forms: Mapping[str, Predicate] = {
            "=": inside,
            "!=": lambda row: not inside(row),
            "<": _compared(read, "<", low),
            "<=": _compared(read, "<", high),
            ">": _compared(read, ">=", high),
            ">=": _compared(read, ">=", low),
        }
        return forms[op]

    def _membership(self, condition: InList | InQuery) -> Predicate:
        resolved = self._scope.filterable(condition.path)
        read = _comparable(resolved.getter(self._tables), resolved.field)
        if isinstance(condition, InQuery):
            wanted = frozenset(self._inner(condition.query))
        else:
            wanted = frozenset(self.value(resolved.field, literal) for literal in condition.literals)
        if condition.negated:
            return lambda row: read(row) not in wanted
        return lambda row: read(row) in wanted

    def value(self, field: Field, literal: Literal_) -> Any:  # noqa: ANN401  a field value
        """Return the literal as the field's values are compared.

        Raises:
            ApiError: the literal is of another type than the field.
        """
        if literal.kind == "null":
            return None
        if literal.kind == "string" and field.type in ("id", "reference"):
            return self._id(literal)
        if literal.kind == "string" and field.type in TEXT_TYPES:
            return str(literal.value).translate(UNMARK).lower()
        if literal.kind == "number" and field.type in NUMBER_TYPES:
            return literal.value
        if literal.kind == field.type == "boolean":
            return literal.value
        if literal.kind == field.type == "date":
            return self._checked(literal, lambda text: date.fromisoformat(text).isoformat())
        if literal.kind == field.type == "datetime":
            return self._checked(literal, lambda text: _instant(moment_of(text)))
        raise self._mismatch(field, literal)

    def _id(self, literal: Literal_) -> str:
        full = canonical(str(literal.value))
        if full is None:
            raise self._scope.refuse(literal.at, f"invalid ID field: {literal.value}", "INVALID_QUERY_FILTER_OPERATOR")
        return full

    def _checked(self, literal: Literal_, read: Callable[[str], str]) -> str:
        try:
            return read(str(literal.value))
        except ValueError:
            raise self._scope.refuse(literal.at, f"Invalid date: {literal.value}") from None

    def _mismatch(self, field: Field, literal: Literal_) -> ApiError:
        quotes = "should be" if field.type in (*TEXT_TYPES, "id", "reference") else "should not be"
        named = {"textarea": "string", "reference": "ID", "id": "ID", "datetime": "dateTime"}.get(
            field.type, field.type
        )
        return self._scope.refuse(
            literal.at,
            f"value of filter criterion for field '{field.name}' must be of type {named} and {quotes} enclosed in"
            " quotes",
        )


def like_pattern(text: str) -> re.Pattern[str]:
    """Return a LIKE pattern as a regular expression over lower-case text."""
    special = {"%": ".*", "_": ".", WILD["%"]: "%", WILD["_"]: "_"}
    return re.compile("".join(special.get(char) or re.escape(char) for char in text.lower()), re.DOTALL)


def _comparable(read: Getter, field: Field) -> Getter:
    if field.type not in TEXT_TYPES:
        return read
    return lambda row: None if (value := read(row)) is None else value.lower()


def _compared(read: Getter, op: str, wanted: str | Decimal | bool | None) -> Predicate:
    if op == "=":
        return lambda row: bool(read(row) == wanted)
    if op == "!=":
        return lambda row: bool(read(row) != wanted)
    compare = OPERATORS[op]
    return lambda row: (value := read(row)) is not None and compare(value, wanted)


def _joined(op: str, parts: list[Predicate]) -> Predicate:
    if len(parts) == 2:
        first, second = parts
        if op == "and":
            return lambda row: first(row) and second(row)
        return lambda row: first(row) or second(row)
    if op == "and":
        return lambda row: all(part(row) for part in parts)
    return lambda row: any(part(row) for part in parts)


def _day(field: Field, day: date) -> str:
    return day.isoformat() if field.type == "date" else stamp(datetime.combine(day, time(), UTC))


def _instant(moment: datetime) -> str:
    """Return a moment in wire form with its milliseconds, which no stored stamp has but a literal may."""
    if moment.microsecond == 0:
        return stamp(moment)
    utc = moment.astimezone(UTC)
    return utc.strftime("%Y-%m-%dT%H:%M:%S") + f".{utc.microsecond // 1000:03d}+0000"
