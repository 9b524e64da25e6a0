"""The book's recorded edits: what people do in either system after the book was loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from sandbox import exact_json
from sandbox.clock import SandboxClock
from sandbox.errors import BookError, SandboxError
from sandbox.store import Store

Edit = Mapping[str, Any]
KEYS = frozenset({"phase", "system", "op", "type", "match", "set", "lines", "label"})
OPS = ("update", "delete", "insert", "undelete", "merge")
SYSTEMS = ("salesforce", "netsuite")
BOOK = "_book"
BEFORE = "before"
"""The phase whose edits the book's files show already."""


def read(path: Path) -> list[dict[str, Any]]:
    """Return the edits of a file; there need not be one.

    Raises:
        BookError: it is not JSON, or an edit has an unknown key, system or operation.
    """
    if not path.exists():
        return []
    try:
        edits = exact_json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BookError(str(path), f"not readable as JSON: {error}.", "Mend the file.") from error
    if not isinstance(edits, list):
        raise BookError(str(path), "the file must hold a list of edits.", "Put [ ] around them.")
    for index, edit in enumerate(edits):
        _check(f"{path} edit {index}", edit)
    return edits


def keep(store: Store, edits: Sequence[Edit]) -> None:
    """Keep the edits beside the records, for a later request."""
    store.put(BOOK, "edits", {"edits": [dict(edit) for edit in edits]})


class RecordedEdits:
    """The kept edits, ready to be carried out, each phase once.

    Args:
        stores: system to store; the Salesforce one keeps the edits.
        appliers: system to what carries out one edit.
        clock: the sandbox's time, for the log.
    """

    def __init__(
        self, stores: Mapping[str, Store], appliers: Mapping[str, Callable[[Edit], None]], clock: SandboxClock
    ) -> None:
        self._stores = stores
        self._appliers = appliers
        self._clock = clock

    def apply(self, phase: str) -> int:
        """Carry out a phase's edits, all or none, and return how many there were.

        Each is logged as actor ``person`` with its effect.

        Raises:
            SandboxError: the phase was carried out already, or an edit cannot be.
        """
        keeper = self._stores["salesforce"]
        if phase == BEFORE or keeper.peek(BOOK, f"applied {phase}") is not None:
            raise SandboxError(f"the edits of phase {phase} were applied already; start a new sandbox folder.")
        kept = keeper.peek(BOOK, "edits") or {"edits": []}
        edits = [edit for edit in kept["edits"] if edit["phase"] == phase]
        entries = []
        with self._stores["salesforce"].transaction(), self._stores["netsuite"].transaction():
            for edit in edits:
                entries.append((edit["system"], self._one(edit)))
            keeper.put(BOOK, f"applied {phase}", {"count": Decimal(len(edits))})
        for system, entry in entries:
            self._stores[system].log(entry)
        return len(edits)

    def _one(self, edit: Edit) -> dict[str, Any]:
        store = self._stores[edit["system"]]
        with store.touched() as effects:
            self._appliers[edit["system"]](edit)
        return {
            "ordinal": None,
            "actor": "person",
            "at": self._clock.now().isoformat().replace("+00:00", "Z"),
            "system": edit["system"],
            "operation": f"{edit['op']} {edit['type']}",
            "label": edit.get("label"),
            "effect": effects,
        }


def _check(where: str, edit: object) -> None:
    if not isinstance(edit, dict):
        raise BookError(where, "an edit must be an object.", "See sandbox.book_edits.")
    unknown = sorted(set(edit) - KEYS)
    if unknown:
        raise BookError(where, f"unknown key {', '.join(unknown)}.", f"Known keys: {', '.join(sorted(KEYS))}.")
    for key, known in (("system", SYSTEMS), ("op", OPS)):
        if edit.get(key) not in known:
            raise BookError(where, f"{key} is {edit.get(key)!r}.", f"It must be one of {', '.join(known)}.")
    for key in ("phase", "type"):
        if not isinstance(edit.get(key), str):
            raise BookError(where, f"{key} is missing.", "Every edit has a phase and a type.")
