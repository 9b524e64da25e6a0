"""A person's recorded edit in NetSuite's user interface: found by field values, saved as the interface saves.

An edit is ``{"op": "update" | "delete" | "insert" | "void", "type": …, "match": {…}, "set": {…}, "lines": […],
"label": …}``.
``match`` compares stored values for equality and must find exactly one record; references may be names. A line edit
is ``{"match": {"index": 0} | {"item": …}, "set": {…}}``, or with ``"delete": true``, or only ``"set"``: a new line.
The lines of a payment, deposit application or refund say what is applied: ``{"set": {"doc": "INV2001", "amount":
"10"}}``. Receivables change what they touch, as over SOAP, but the user may post into closed periods. ``void`` does
what the Void button does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sandbox.clock import SandboxClock
from sandbox.errors import BookError
from sandbox.netsuite import order_progress, sales_orders
from sandbox.netsuite.custom_fields import VOID
from sandbox.netsuite.draft import Draft
from sandbox.netsuite.failure import RecordError
from sandbox.netsuite.finder import Finder
from sandbox.netsuite.ledger import Ledger
from sandbox.netsuite.load import LINES, LOAD_ORDER, STAMPS, advance, new_record
from sandbox.netsuite.money import plain
from sandbox.netsuite.periods import ensure_lists
from sandbox.netsuite.record_types import RECORD_TYPES, SALES_ORDER
from sandbox.netsuite.rules import RULES, removed, saved
from sandbox.netsuite.written import APPLYING, ITEMISED, column_of, value_of
from sandbox.store import Body, Store

Edit = Mapping[str, Any]
RECEIVABLES = (*ITEMISED, *APPLYING, "customerDeposit")
"""Types that are no part of a book's files: people enter them later."""

TYPES = {name.lower(): name for name in (*LOAD_ORDER, *RECEIVABLES) if name != LINES}


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
        actions = {"update": self._update, "delete": self._delete, "insert": self._insert, "void": self._void}
        action = actions.get(str(self._edit.get("op")))
        if action is None:
            raise BookError(self.where, f"unknown op {self._edit.get('op')!r}.", f"Use {', '.join(actions)}.")
        action()

    def _update(self) -> None:
        base = self._matched()
        values = self._values(self._type, self._edit.get("set") or {})
        if self._type == "salesOrder" and "lines" in self._edit:
            self._ledger.save(self._type, self._order(base, values))
        elif self._type in RULES:
            body = saved(self._ledger, base, self._draft(values, base), strict=False)
            if self._type == "salesOrder" and "orderStatus" in values:
                self._ledger.save(self._type, order_progress.presumed(self._ledger, body))
        else:
            self._ledger.save(self._type, {**base, **values})

    def _void(self) -> None:
        if self._type not in RECEIVABLES:
            raise BookError(self.where, f"{self._type} has no Void button.", f"Use {', '.join(RECEIVABLES)}.")
        draft = Draft(kind=RECORD_TYPES[self._type], values={VOID: True})
        saved(self._ledger, self._matched(), draft, strict=False)

    def _draft(self, values: dict[str, Any], base: Body | None) -> Draft:
        """Return the draft of the edit; its lines are item lines, or what is applied."""
        draft = Draft(kind=RECORD_TYPES[self._type], values=values, replace_lines=False)
        if "lines" not in self._edit:
            return draft
        lines = [self._wanted_line(edit, base) for edit in self._edit["lines"] or ()]
        if self._type in APPLYING:
            deposits = self._ledger.store.table("customerDeposit")
            for line in lines:
                name = "depositList" if self._type == "customerRefund" and line["doc"] in deposits else "applyList"
                draft.rows.setdefault(name, []).append({"apply": True, **line})
                draft.replace_rows[name] = False
        elif self._type in ITEMISED:
            draft.lines = lines
        else:
            raise BookError(self.where, f"{self._type} has no lines.", "Leave the lines out.")
        return draft

    def _wanted_line(self, edit: Edit, base: Body | None) -> dict[str, Any]:
        line = self._values(f"{self._type}.lines", edit.get("set") or {})
        if base is not None and edit.get("match") is not None and self._type in ITEMISED:
            line["line"] = self._line(base["lines"], edit["match"])
        return line

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
        removed(self._ledger, self._type, self._matched())

    def _insert(self) -> None:
        values = self._values(self._type, self._edit.get("set") or {})
        id_ = values.pop("id", None)
        if id_ is not None and self._ledger.peek(self._type, id_) is not None:
            raise BookError(self.where, f"the id {id_} is taken.", "Leave the id out, or take another.")
        if self._type in RECEIVABLES:
            self._post(values, id_)
            return
        body = new_record(self._ledger, self._type, values, id_)
        lines = self._edit.get("lines") or ()
        if self._type == "salesOrder" and lines:
            wanted = [self._values(LINES, line.get("set") or {}) for line in lines]
            draft = Draft(kind=SALES_ORDER, lines=wanted, replace_lines=False)
            body = order_progress.presumed(self._ledger, sales_orders.built(self._ledger, body, draft, strict=False))
        self._ledger.save(self._type, body)
        advance(self._ledger, self._type, body)

    def _post(self, values: dict[str, Any], id_: str | None) -> None:
        """Enter a new receivable; the account's standard periods are there even when no server runs yet."""
        ensure_lists(self._ledger)
        stamps = {name: values.pop(name) for name in STAMPS if name in values}
        external_id = values.pop("externalId", None) or ""
        draft = self._draft(values, None)
        draft.external_id = external_id
        self._ledger.claim_external_id(self._type, external_id, None)
        body = saved(self._ledger, None, draft, strict=False, id_=id_ or "")
        if stamps:
            self._ledger.put(self._type, {**body, **stamps})
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
