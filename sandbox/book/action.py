"""One thing that finance does in NetSuite in the weeks after the first sync."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

ActionPhase = Literal["approve", "collect", "late"]
Value = str | bool | list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One action: ``values`` are what the operation needs; amounts and shares are texts.

    Phase ``approve`` comes before the sync that bills the orders, ``collect`` before the one that notes the
    payments, and ``late`` after it.
    """

    phase: ActionPhase
    op: str
    label: str
    values: Mapping[str, Value]

    def to_json(self) -> dict[str, Any]:
        """Return the action as it stands in ``clerk.json``."""
        return {"phase": self.phase, "op": self.op, **self.values, "label": self.label}

    @property
    def orders(self) -> list[str]:
        """The orders that the action names, by external id or document number."""
        named = self.values.get("orders")
        if isinstance(named, list):
            return named
        return [str(self.values[key]) for key in ("order", "customer_of") if key in self.values]

    def text(self, key: str) -> str:
        """Return a value as text, empty where the action has none."""
        return str(self.values.get(key, ""))


def action(phase: ActionPhase, op: str, label: str, **values: Value | None) -> Action:
    """Return an action; values that are None are left out."""
    kept = {key: value for key, value in values.items() if value is not None}
    return Action(phase=phase, op=op, label=label, values=kept)
