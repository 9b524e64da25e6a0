"""SOQL as a tree: the parts of a query, each with its place in the text for error messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from sandbox.salesforce.errors import ApiError


@dataclass(frozen=True, slots=True)
class Token:
    """A lexical unit: its kind, its text (of a string: the unescaped value) and its place."""

    kind: str
    text: str
    at: int


@dataclass(frozen=True, slots=True)
class Path:
    """A field path as written (``Account.Name``)."""

    parts: tuple[str, ...]
    at: int

    @property
    def text(self) -> str:
        """The path as written."""
        return ".".join(self.parts)


@dataclass(frozen=True, slots=True)
class Literal_:
    """A literal: its kind (string, number, boolean, null, date, datetime, dateliteral) and value."""

    kind: str
    value: str | Decimal | bool | None
    at: int


@dataclass(frozen=True, slots=True)
class Compare:
    """``path op literal``; op also ``like``."""

    path: Path
    op: str
    literal: Literal_


@dataclass(frozen=True, slots=True)
class InList:
    """``path [NOT] IN (literals)``."""

    path: Path
    negated: bool
    literals: tuple[Literal_, ...]


@dataclass(frozen=True, slots=True)
class InQuery:
    """``path [NOT] IN (SELECT …)``."""

    path: Path
    negated: bool
    query: Query


@dataclass(frozen=True, slots=True)
class Junction:
    """Conditions joined by ``and`` or ``or``."""

    op: Literal["and", "or"]
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """A negated condition."""

    part: Condition


Condition = Compare | InList | InQuery | Junction | Not


@dataclass(frozen=True, slots=True)
class Aggregate:
    """``COUNT()``, ``COUNT(Id)``, ``SUM(Amount) total`` …; ``path`` None is ``COUNT()``."""

    function: str
    path: Path | None
    alias: str
    at: int


@dataclass(frozen=True, slots=True)
class Fields:
    """``FIELDS(ALL | STANDARD | CUSTOM)``."""

    group: str
    at: int


@dataclass(frozen=True, slots=True)
class Order:
    """One sort key; nulls come first unless asked otherwise."""

    path: Path
    descending: bool
    nulls_last: bool


@dataclass(frozen=True, slots=True)
class Query:
    """A query or sub-query; ``object`` is the object's name, in a child sub-query the relationship's."""

    select: tuple[Path | Aggregate | Fields | Query, ...]
    object: str
    object_at: int
    alias: str
    where: Condition | None
    group_by: tuple[Path, ...]
    order_by: Sequence[Order]
    limit: int | None
    offset: int
    at: int


def refuse(text: str, at: int, message: str, code: str = "MALFORMED_QUERY") -> ApiError:
    """Return the API's refusal of a query: the text around the place, a caret, the row and column, the reason."""
    start = max(0, at - 60)
    line = text[start : at + 40]
    return ApiError(code, f"\n{line}\n{' ' * (at - start)}^\nERROR at Row:1:Column:{at + 1}\n{message}")
