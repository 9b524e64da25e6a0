"""Recorded edits: what people changed on the clean book."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

System = Literal["salesforce", "netsuite"]
EditPhase = Literal["before", "middle", "after"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineEdit:
    """A change of one line of a document: ``match`` finds it, ``set`` changes or makes it."""

    match: Mapping[str, str | int] | None = None
    set: Mapping[str, str] | None = None
    delete: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the edit as it stands in ``edits.json``."""
        body: dict[str, Any] = {}
        if self.match is not None:
            body["match"] = dict(self.match)
        if self.set is not None:
            body["set"] = dict(self.set)
        return body | ({"delete": True} if self.delete else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One person's edit of one record.

    Phase ``before`` is part of the files, ``middle`` follows the sync that billed the orders, and ``after`` the
    one that noted the payments.
    """

    phase: EditPhase
    system: System
    op: Literal["update", "delete", "insert"]
    type: str
    label: str
    match: Mapping[str, str] | None = None
    set: Mapping[str, str] | None = None
    lines: Sequence[LineEdit] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the edit as it stands in ``edits.json``."""
        body: dict[str, Any] = {"phase": self.phase, "system": self.system, "op": self.op, "type": self.type}
        if self.match is not None:
            body["match"] = dict(self.match)
        if self.set is not None:
            body["set"] = dict(self.set)
        if self.lines:
            body["lines"] = [line.to_json() for line in self.lines]
        return body | {"label": self.label}
