"""The org's records over a store: canonical bodies, new ids, stamps, children by parent."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sandbox.clock import SandboxClock
from sandbox.ids import POD, number_of, salesforce_id
from sandbox.salesforce.objects import OBJECTS
from sandbox.salesforce.schema import Field, ObjectType
from sandbox.salesforce.values import stamp
from sandbox.store import Body, Store

SEQUENCE = "_sequence"
Index = dict[tuple[str, str], dict[str, dict[str, None]]]
"""Per object and field, value to ids; an entry may be stale, so what it leads to is looked at again."""
INTEGRATION_USER_ID = salesforce_id("005", 0)
"""The user that API writes are made by."""


class Org:
    """One Salesforce org.

    Every body holds every field of its object under its canonical name. Writing goes through :meth:`put`,
    so that :meth:`children` stays right.
    """

    def __init__(self, store: Store, clock: SandboxClock) -> None:
        self.store = store
        self.clock = clock
        self._children: Index = {}
        self._values: Index = {}
        for kind in OBJECTS.values():
            for body in store.all(kind.name):
                self._index(kind, self._completed(kind, body))

    def stamp(self) -> str:
        """Return the sandbox's time in wire form, whole seconds."""
        return stamp(self.clock.now())

    def table(self, name: str) -> Mapping[str, Body]:
        """Return the live records of an object by id, deleted ones included."""
        return self.store.table(name)

    def get(self, name: str, id_: str) -> Body | None:
        """Return the stored record, deleted or not; it must not be changed."""
        return self.store.peek(name, id_)

    def children(self, name: str, field: str, parent_id: str) -> list[Body]:
        """Return the records of an object that refer to the parent by that field, deleted ones included."""
        table = self.table(name)
        ids = self._children.get((name, field), {}).get(parent_id, ())
        found = [table[id_] for id_ in ids if id_ in table]
        return [body for body in found if body[field] == parent_id]

    def live_children(self, name: str, field: str, parent_id: str) -> list[Body]:
        """Return the records of :meth:`children` that are not deleted."""
        return [body for body in self.children(name, field, parent_id) if not body["IsDeleted"]]

    def holders(self, kind: ObjectType, field: Field, value: str) -> list[Body]:
        """Return the live records whose unique field has the value, ignoring case."""
        table = self.table(kind.name)
        ids = self._values.get((kind.name, field.name), {}).get(value.lower(), ())
        found = [table[id_] for id_ in ids if id_ in table]
        return [body for body in found if not body["IsDeleted"] and _same_text(body[field.name], value)]

    def put(self, kind: ObjectType, body: Body) -> None:
        """Write a complete body; it must not be changed afterwards."""
        self.store.put(kind.name, body["Id"], body)
        self._index(kind, body)

    def change(self, kind: ObjectType, body: Body, values: Mapping[str, Any], *, by: str | None = None) -> Body:
        """Write a record with some values changed and its stamps moved to now; return the new body."""
        now = self.stamp()
        new = {**body, **values, "LastModifiedDate": now, "SystemModstamp": now}
        if by is not None:
            new["LastModifiedById"] = by
        self.put(kind, new)
        return new

    def new_id(self, kind: ObjectType) -> str:
        """Return the next id of an object: above every id of the sandbox's form that it holds."""
        kept = self.store.peek(SEQUENCE, kind.name)
        number = int(kept["next"]) if kept else self._highest(kind) + 1
        self.store.put(SEQUENCE, kind.name, {"next": Decimal(number + 1)})
        return salesforce_id(kind.prefix, number)

    def skip_to(self, kind: ObjectType, number: int) -> None:
        """Have the next new id of an object come after that number."""
        kept = self.store.peek(SEQUENCE, kind.name)
        if kept is None or int(kept["next"]) <= number:
            self.store.put(SEQUENCE, kind.name, {"next": Decimal(number + 1)})

    def _highest(self, kind: ObjectType) -> int:
        ours = (number_of(id_) for id_ in self.table(kind.name) if id_[3:5] == POD)
        return max(ours, default=0)

    def _index(self, kind: ObjectType, body: Body) -> None:
        for field in kind.references():
            if field.children and body[field.name] is not None:
                parents = self._children.setdefault((kind.name, field.name), {})
                parents.setdefault(body[field.name], {})[body["Id"]] = None
        for field in kind.unique_fields():
            if body[field.name] is not None:
                values = self._values.setdefault((kind.name, field.name), {})
                values.setdefault(body[field.name].lower(), {})[body["Id"]] = None

    def _completed(self, kind: ObjectType, body: Body) -> Body:
        """Return the body, with fields that the object gained since it was written (and kept so)."""
        if len(body) >= len(kind.fields) and all(name in body for name in kind.fields):
            return body
        new = {**blank(kind), **body}
        self.store.put(kind.name, body["Id"], new)
        return new


def _same_text(held: str | None, value: str) -> bool:
    return held is not None and held.lower() == value.lower()


def blank(kind: ObjectType) -> Body:
    """Return a body with every field of the object empty or at its default."""
    return {name: field.default for name, field in kind.fields.items()}
