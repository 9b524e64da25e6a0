"""Finds records by what people write: an internal id, an external id, or a name."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.netsuite.custom_fields import TRANSACTIONS
from sandbox.netsuite.ledger import Ledger
from sandbox.netsuite.record_types import BUILT_IN, stored_type
from sandbox.store import Body

NAMES: Mapping[str, tuple[str, ...]] = {
    "customer": ("entityId", "companyName"),
    "employee": ("entityId", "email"),
    "item": ("itemId", "displayName"),
    "currency": ("symbol", "name"),
    "accountingPeriod": ("periodName",),
    **dict.fromkeys(TRANSACTIONS, ("tranId",)),
}
"""Fields that name a record, by type; all others are named by ``name``."""


SEVERAL: Mapping[str, tuple[str, ...]] = {
    "transaction": TRANSACTIONS,
    "usable": ("creditMemo", "customerPayment", "customerDeposit", "journalEntry"),
}
"""Targets that several types answer to; ``usable`` are documents that a refund can pay out."""


class Finder:
    """Looks records up without regard to case; an index per type is built once, at its first use."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._index: dict[str, dict[str, list[str]]] = {}

    def find(self, target: str, text: str) -> str:
        """Return the internal id of the record that the text means.

        Raises:
            LookupError: none is meant, or several are; the text says which.
        """
        if target in SEVERAL:
            return self._among(SEVERAL[target], text)
        type_ = stored_type(target)
        if type_ in BUILT_IN:
            return _built_in(type_, text)
        if text.isdigit() and self._ledger.peek(type_, text) is not None:
            return text
        by_external_id = self._ledger.by_external_id(type_, text)
        if by_external_id is not None:
            return str(by_external_id["id"])
        found = self._names(type_).get(text.strip().lower(), [])
        if len(found) > 1:
            raise LookupError(f"{text!r} means several {type_} records: ids {', '.join(found)}.")
        if not found:
            raise LookupError(f"there is no {type_} with the id or name {text!r}.")
        return found[0]

    def _among(self, types: tuple[str, ...], text: str) -> str:
        for type_ in types:
            try:
                return self.find(type_, text)
            except LookupError:
                continue
        raise LookupError(f"there is no {' or '.join(types)} with the id or name {text!r}.")

    def is_empty(self, type_: str) -> bool:
        """Whether there is no record of the type at all."""
        return not self._ledger.store.ids(type_)

    def _names(self, type_: str) -> Mapping[str, list[str]]:
        if type_ not in self._index:
            index: dict[str, list[str]] = {}
            for body in self._ledger.store.all(type_):
                for name in {_spelling(body, field) for field in NAMES.get(type_, ("name",))} - {""}:
                    index.setdefault(name, []).append(str(body["id"]))
            self._index[type_] = index
        return self._index[type_]


def _spelling(body: Body, field: str) -> str:
    return str(body.get(field) or "").strip().lower()


def _built_in(type_: str, text: str) -> str:
    for id_, name in BUILT_IN[type_].items():
        if text in (id_, name):
            return id_
    raise LookupError(f"there is no {type_} with the id or name {text!r}.")
