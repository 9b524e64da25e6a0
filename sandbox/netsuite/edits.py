"""A person's recorded edit in NetSuite's user interface: found by field values, saved as the interface saves.

An edit is ``{"op": "update" | "delete" | "insert", "type": …, "match": {…}, "set": {…}, "lines": […], "label": …}``.
``match`` compares stored values for equality and must find exactly one record; references may be names. A line edit
is ``{"match": {"index": 0} | {"item": …}, "set": {…}}``, or with ``"delete": true``, or only ``"set"``: a new line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sandbox.clock import SandboxClock
from sandbox.errors import BookError
from sandbox.netsuite import customers, sales_orders
from sandbox.netsuite.draft import Draft
from sandbox.netsuite.failure import RecordError
from sandbox.netsuite.finder import Finder
from sandbox.netsuite.ledger import Ledger
from sandbox.netsuite.load import LINES, LOAD_ORDER, advance, new_record
from sandbox.netsuite.money import plain
from sandbox.netsuite.record_types import CUSTOMER, SALES_ORDER
from sandbox.netsuite.written import column_of, value_of
from sandbox.store import Body, Store

Edit = Mapping[str, Any]
TYPES = {name.lower(): name for name in LOAD_ORDER if name != LINES}


def apply(store: Store, clock: SandboxClock, edit: Edit) -> None:
    """Carry out one edit: totals and taxes are computed anew, the modification stamp moves.

    Raises:
        BookError: the edit names no known type, field or record, or more than one record.
    """
    editor = _Editor(Ledger(store, clock), edit)
    with store.transaction():
        try:
            editor.carry_out()
        except RecordError as error:
            raise BookError(editor.where, error.message, "Correct the edit.") from error


class _Editor:
    """One edit at work."""

    def __init__(self, ledger: Ledger, edit: Edit) -> None:
        self._ledger = ledger
        self._edit = edit
        self._finder = Finder(ledger)
        self.where = (
            f"edit {edit.get('label') or edit.get('op')!s} of {edit.get('type')} {dict(edit.get('match') or {})}"
        )
        self._type = TYPES.get(str(edit.get("type", "")).lower(), "")

    def carry_out(self) -> None:
        """Do what the edit says."""
        if not self._type:
            raise BookError(self.where, f"unknown record type {self._edit.get('type')!r}.", f"Use {', '.join(TYPES)}.")
        actions = {"update": self._update, "delete": self._delete, "insert": self._insert}
        action = actions.get(str(self._edit.get("op")))
        if action is None:
            raise BookError(self.where, f"unknown op {self._edit.get('op')!r}.", f"Use {', '.join(actions)}.")
        action()

    def _update(self) -> None:
        base = self._matched()
        values = self._values(self._type, self._edit.get("set") or {})
        if "lines" in self._edit and self._type == "salesOrder":
            body = self._order(base, values)
        else:
            body = self._changed(base, values)
        self._ledger.save(self._type, body)

    def _changed(self, base: Body, values: dict[str, Any]) -> Body:
        if self._type == "salesOrder":
            return sales_orders.built(self._ledger, base, Draft(kind=SALES_ORDER, values=values), strict=False)
        if self._type == "customer":
            return customers.built(self._ledger, base, Draft(kind=CUSTOMER, values=values), strict=False)
        return {**base, **values}

    def _order(self, base: Body, values: dict[str, Any]) -> Body:
        gone: set[int] = set()
        wanted: list[dict[str, Any]] = []
        for edit in self._edit.get("lines") or ():
            number = None if edit.get("match") is None else self._line(base["lines"], edit["match"])
            if edit.get("delete") and number is not None:
                gone.add(number)
                continue
            line = self._values(LINES, edit.get("set") or {})
            wanted.append(line if number is None else {**line, "line": number})
        kept = {**base, "lines": [line for line in base["lines"] if int(line["line"]) not in gone]}
        draft = Draft(kind=SALES_ORDER, values=values, lines=wanted, replace_lines=False)
        return sales_orders.built(self._ledger, kept, draft, strict=False)

    def _delete(self) -> None:
        base = self._matched()
        if self._type == "customer" and any(o["entity"] == base["id"] for o in self._ledger.store.all("salesOrder")):
            raise BookError(self.where, "the customer has sales orders.", "Delete or move them first.")
        self._ledger.delete(self._type, base)

    def _insert(self) -> None:
        values = self._values(self._type, self._edit.get("set") or {})
        id_ = values.pop("id", None)
        if id_ is not None and self._ledger.peek(self._type, id_) is not None:
            raise BookError(self.where, f"the id {id_} is taken.", "Leave the id out, or take another.")
        body = new_record(self._ledger, self._type, values, id_)
        lines = self._edit.get("lines") or ()
        if self._type == "salesOrder" and lines:
            wanted = [self._values(LINES, line.get("set") or {}) for line in lines]
            draft = Draft(kind=SALES_ORDER, lines=wanted, replace_lines=False)
            body = sales_orders.built(self._ledger, body, draft, strict=False)
        self._ledger.save(self._type, body)
        advance(self._ledger, self._type, body)

    def _values(self, type_: str, written: Mapping[str, Any]) -> dict[str, Any]:
        """Return the written values as kept ones; an empty one clears its field."""
        values: dict[str, Any] = {}
        for name, value in written.items():
            column = column_of(type_, name)
            if column is None or column.place != "body":
                raise BookError(self.where, f"{type_} has no field {name!r}.", "Correct the field's name.")
            try:
                values[column.field.name] = value_of(column.field, _text(value), self._finder)
            except (ValueError, LookupError) as error:
                raise BookError(self.where, f"{name}: {_text(value)!r}: {error.args[0]}", "Correct it.") from error
        return values

    def _matched(self) -> Body:
        match = self._edit.get("match") or {}
        wanted = {name: self._wanted(self._type, name, value) for name, value in match.items()}
        found = [body for body in self._ledger.store.all(self._type) if _agrees(body, wanted)]
        if not match or len(found) != 1:
            raise BookError(self.where, f"{len(found)} records match.", "The match must find exactly one record.")
        return found[0]

    def _line(self, lines: Sequence[Body], match: Mapping[str, Any]) -> int:
        if "index" in match:
            index = int(match["index"])
            if not 0 <= index < len(lines):
                raise BookError(
                    self.where, f"there is no line with index {index}.", f"The order has {len(lines)} lines."
                )
            return int(lines[index]["line"])
        wanted = {name: self._wanted(LINES, name, value) for name, value in match.items()}
        found = [line for line in lines if _agrees(line, wanted)]
        if len(found) != 1:
            raise BookError(self.where, f"{len(found)} lines match {dict(match)}.", "Match exactly one line.")
        return int(found[0]["line"])

    def _wanted(self, type_: str, name: str, value: Any) -> str:  # noqa: ANN401  any JSON value
        """Return a match value in the form in which it is stored; a reference's name becomes its id."""
        column = column_of(type_, name)
        if column is None:
            return _text(value)
        try:
            return _text(value_of(column.field, _text(value), self._finder))
        except (ValueError, LookupError):
            return _text(value)


def _agrees(body: Mapping[str, Any], wanted: Mapping[str, str]) -> bool:
    lowered = {name.lower(): value for name, value in body.items()}
    return all(_text(lowered.get(name.lower())) == value for name, value in wanted.items())


def _text(value: Any) -> str:  # noqa: ANN401  any kept or written value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "T" if value else "F"
    return plain(value) if isinstance(value, Decimal) else str(value)
