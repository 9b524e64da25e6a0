"""What is to become of one record in this run: the value that ``plan`` prints and ``push`` carries out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from connectors.records import Payload, PayloadLine, PayloadValue, Reference
from journal.bindings import ADOPTED
from journal.holds import HoldCause
from mappings.outcome import Finding, Mapped

SPECIAL: Mapping[tuple[str, str | None], str] = {("priceLevel", "-1"): "Custom"}
"""What a person calls references that have no name of their own."""

Action = Literal["create", "update", "adopt", "unchanged", "skip", "wait", "hold"]


OUTCOMES: Mapping[str, str] = {
    "create": "created",
    "update": "updated",
    "adopt": "matched",
    "unchanged": "unchanged",
    "skip": "skipped",
    "wait": "waiting",
    "hold": "held",
}
"""How a decision is counted and shown once it was carried out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One field of a plan: what NetSuite holds by our knowledge, what it would hold, and which line says so."""

    field: str
    before: str | None
    after: str | None
    where: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One record's outcome before anything is sent.

    ``reason`` is a sentence for a person. ``target_id`` is the NetSuite record to update or adopt.
    """

    kind: str
    source_id: str
    label: str
    action: Action
    reason: str
    version: str = ""
    doc_no: int = 1
    """Which document of the source record: a deal may become several invoices."""
    external_id: str | None = None
    target_id: str | None = None
    number: str | None = None
    evidence: str = ""
    origin: str = ADOPTED
    """How a binding that this decision makes came about: an existing record, or one that Tieout had made."""
    recheck: bool = False
    """Whether the record is looked at again in every run: what decides lies outside its own fields."""
    takes_from: str | None = None
    """The merged CRM record whose binding this one takes over."""
    replaces: str | None = None
    """The vanished NetSuite record in whose place a person named this one."""
    payload: Payload | None = None
    fingerprint: str = ""
    mapped: Mapped | None = None
    keep_lines: Sequence[int] = ()
    changes: Sequence[Change] = ()
    hold: HoldCause | None = None
    looked_at: datetime | None = None
    """When the record to be changed was read: from then on somebody else may change it."""
    eligible_at: datetime | None = None
    fence: int | None = None
    """The claim under which this was decided; None: nothing that another worker could be working on."""

    @property
    def warnings(self) -> Sequence[Finding]:
        """What a person should know although the record goes through."""
        return self.mapped.warnings if self.mapped else ()


def shown(value: PayloadValue) -> str:
    """Return a value as a person reads it: references by name, dates in ISO form."""
    if isinstance(value, Reference):
        return value.name or SPECIAL.get((value.type, value.id)) or value.external_id or f"{value.type} {value.id}"
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return "" if value is None else str(value)


def changes(before: Payload | None, after: Payload, mapped: Mapped | None) -> list[Change]:
    """Return the fields in which two payloads differ, body first, then lines by their key."""
    where = {trace.target: trace.where for trace in mapped.trace} if mapped else {}
    old = before.values if before else {}
    found = _differences("", old, after.values, where)
    found += [Change(field=name, before=shown(old.get(name)), after=None) for name in after.clear]
    for number, address in enumerate(after.addresses, start=1):
        old_address = before.addresses[number - 1] if before and len(before.addresses) >= number else {}
        found += _differences(f"address {number} ", old_address, address, where)
    old_lines = {line.key: line for line in before.lines} if before else {}
    for number, line in enumerate(after.lines, start=1):
        origins = {name: where.get(f"lines[{line.key}].{name}", "") for name in line.values}
        found += _differences(f"line {number} ", _values(old_lines.pop(line.key, None)), line.values, origins)
    found += [Change(field=f"line {_item(line)}", before="present", after=None) for line in old_lines.values()]
    return found


def _differences(
    prefix: str,
    before: Mapping[str, PayloadValue],
    after: Mapping[str, PayloadValue],
    where: Mapping[str, str],
) -> list[Change]:
    return [
        Change(
            field=f"{prefix}{name}",
            before=shown(before[name]) if name in before else None,
            after=shown(value),
            where=where.get(name, ""),
        )
        for name, value in after.items()
        if name not in before or shown(before[name]) != shown(value)
    ]


def _values(line: PayloadLine | None) -> Mapping[str, PayloadValue]:
    return line.values if line else {}


def _item(line: PayloadLine) -> str:
    return shown(line.values.get("item"))
