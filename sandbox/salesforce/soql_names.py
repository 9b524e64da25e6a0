"""Field paths of a query, resolved against the schema and made into fast getters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.objects import OBJECTS, find_object
from sandbox.salesforce.schema import Field, ObjectType
from sandbox.salesforce.security import Access
from sandbox.salesforce.soql_syntax import Path, refuse
from sandbox.store import Body

Getter = Callable[[Body], Any]
Tables = Mapping[str, Mapping[str, Body]]
MAX_LEVELS = 5
ADVICE = "Please reference your WSDL or the describe call for the appropriate names."


@dataclass(frozen=True, slots=True)
class Resolved:
    """A path's meaning: the reference fields to follow, then the field."""

    steps: tuple[Field, ...]
    field: Field

    def getter(self, tables: Tables) -> Getter:
        """Return a function from a record to the value; None when a parent on the way is missing."""
        read: Getter = itemgetter(self.field.name)
        for step in reversed(self.steps):
            read = _through(step.name, tables[step.reference_to], read)
        return read


def _through(reference: str, parents: Mapping[str, Body], read: Getter) -> Getter:
    def get(row: Body) -> Any:  # noqa: ANN401  a field value
        parent = parents.get(row[reference])
        return None if parent is None else read(parent)

    return get


@dataclass(frozen=True, slots=True)
class Scope:
    """The object that a query reads, and what its paths may be prefixed with."""

    text: str
    kind: ObjectType
    alias: str
    access: Access

    def resolve(self, path: Path) -> Resolved:
        """Return the path's meaning.

        Raises:
            ApiError: INVALID_FIELD for an unknown column or relationship, or more than five levels.
        """
        parts = self._without_prefix(path)
        if len(parts) - 1 > MAX_LEVELS:
            raise self.refuse(path.at, f"SELECT of more than {MAX_LEVELS} parent levels: {path.text}")
        kind, steps = self.kind, []
        for name in parts[:-1]:
            step = kind.relation(name)
            if step is None or not self.access.readable(kind, step):
                raise self._unknown_relationship(name, path)
            steps.append(step)
            kind = OBJECTS[step.reference_to]
        field = kind.find(parts[-1])
        if field is None or not self.access.readable(kind, field):
            raise self._unknown_column(parts[-1], kind, path)
        return Resolved(tuple(steps), field)

    def filterable(self, path: Path, verb: str = "filtered") -> Resolved:
        """Return the path's meaning for a WHERE, ORDER BY or GROUP BY.

        Raises:
            ApiError: as :meth:`resolve`, or the field cannot be used so.
        """
        resolved = self.resolve(path)
        if not resolved.field.filterable:
            raise self.refuse(path.at, f"field '{resolved.field.name}' can not be {verb} in a query call")
        return resolved

    def refuse(self, at: int, message: str, code: str = "INVALID_FIELD") -> ApiError:
        """Return a refusal that points into the query's text."""
        return refuse(self.text, at, message, code)

    def _without_prefix(self, path: Path) -> tuple[str, ...]:
        first = path.parts[0].lower()
        own = first in (self.alias.lower(), self.kind.name.lower())
        return path.parts[1:] if own and len(path.parts) > 1 and self.kind.relation(first) is None else path.parts

    def _unknown_relationship(self, name: str, path: Path) -> ApiError:
        return self.refuse(
            path.at,
            f"Didn't understand relationship '{name}' in field path. If you are attempting to use a custom"
            f" relationship, be sure to append the '__r' after the custom relationship name. {ADVICE}",
        )

    def _unknown_column(self, name: str, kind: ObjectType, path: Path) -> ApiError:
        return self.refuse(
            path.at,
            f"No such column '{name}' on entity '{kind.name}'. If you are attempting to use a custom field, be sure to"
            f" append the '__c' after the custom field name. {ADVICE}",
        )


def scope_of(text: str, name: str, at: int, alias: str, access: Access) -> Scope:
    """Return the scope of a query on an object.

    Raises:
        ApiError: INVALID_TYPE, there is no such object.
    """
    kind = find_object(name)
    if kind is None:
        raise refuse(
            text,
            at,
            f"sObject type '{name}' is not supported. If you are attempting to use a custom object, be sure to append"
            f" the '__c' after the entity name. {ADVICE}",
            "INVALID_TYPE",
        )
    return Scope(text, kind, alias, access)
