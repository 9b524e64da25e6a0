"""Reads ``clerk.json``: what the finance clerk does, in which phase, in order."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from sandbox.errors import SandboxError

FILE = "clerk.json"
VERSION = 1
PHASES = ("approve", "collect", "late")
"""The phases of the month, in order; each runs once."""

REQUIRED: Mapping[str, tuple[str, ...]] = {
    "approve": ("order",),
    "schedule": ("order", "schedule", "next"),
    "fulfil": ("order",),
    "bill": ("order",),
    "invoice": ("customer_of", "amount"),
    "pay": ("orders",),
    "pay_on_account": ("customer_of", "amount", "date"),
    "credit": ("order", "share", "apply"),
    "deposit": ("order", "amount"),
    "apply_deposit": ("order",),
    "refund": ("order",),
    "void_payment": ("order",),
    "unapply": ("order",),
    "void_invoice": ("order",),
    "close_period": ("name",),
}
"""What each operation must name."""

OPTIONAL: Mapping[str, tuple[str, ...]] = {
    "fulfil": ("share", "date"),
    "bill": ("share", "date"),
    "invoice": ("deal", "memo", "date"),
    "pay": ("share", "over", "disc_share", "date", "reference"),
    "pay_on_account": ("reference",),
    "credit": ("date",),
    "deposit": ("date",),
    "apply_deposit": ("date",),
    "refund": ("date",),
}
"""What each operation may name besides."""

COMMON = ("phase", "op", "label", "refused")


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing that the clerk does.

    ``number`` is its place in the file, from 1. ``values`` holds what it names, parsed: amounts and shares as
    Decimal, days as date. ``refused`` is the code with which NetSuite is expected to refuse it, or empty.
    """

    number: int
    phase: str
    op: str
    values: Mapping[str, Any]
    label: str = ""
    refused: str = ""

    @property
    def title(self) -> str:
        """How messages call it."""
        named = self.values.get("order") or self.values.get("customer_of") or self.values.get("name") or ""
        orders = ", ".join(self.values.get("orders") or ())
        return f"action {self.number} ({' '.join(part for part in (self.op, named, orders) if part)})"


def read(path: Path) -> list[Action]:
    """Return all actions of the file in order.

    Raises:
        SandboxError: it is missing or unreadable, or an action has an unknown operation, phase or key, lacks a key,
            or a value that cannot be read; the message has the action's number.
    """
    if not path.is_file():
        raise SandboxError(f"{path} does not exist. Name the book's folder with --book.")
    try:
        plan = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal, parse_int=Decimal)
    except ValueError as error:
        raise SandboxError(f"{path} is not readable as JSON: {error}. Mend the file.") from error
    if not isinstance(plan, dict) or plan.get("version") != VERSION or not isinstance(plan.get("actions"), list):
        raise SandboxError(f'{path} must hold {{"version": {VERSION}, "actions": [...]}}.')
    return [_action(path, number, entry) for number, entry in enumerate(plan["actions"], 1)]


def _action(path: Path, number: int, entry: object) -> Action:
    where = f"{path} action {number}"
    if not isinstance(entry, dict):
        raise SandboxError(f"{where}: an action must be an object.")
    op, phase = (str(entry.get(key)) for key in ("op", "phase"))
    if op not in REQUIRED:
        raise SandboxError(f"{where}: unknown op {op!r}. Known: {', '.join(REQUIRED)}.")
    where = f"{where} ({op})"
    if phase not in PHASES:
        raise SandboxError(f"{where}: unknown phase {phase!r}. Known: {', '.join(PHASES)}.")
    missing = [key for key in REQUIRED[op] if key not in entry]
    if missing:
        raise SandboxError(f"{where}: {missing[0]} is missing. Required: {', '.join(REQUIRED[op])}.")
    known = (*REQUIRED[op], *OPTIONAL.get(op, ()))
    unknown = sorted(set(entry) - {*known, *COMMON})
    if unknown:
        raise SandboxError(f"{where}: unknown key {unknown[0]}. Known: {', '.join((*known, *COMMON))}.")
    values = {key: _value(where, key, entry[key]) for key in known if key in entry}
    texts = {name: str(entry.get(name) or "") for name in ("label", "refused")}
    return Action(number=number, phase=phase, op=op, values=values, **texts)


def _value(where: str, key: str, value: object) -> object:
    try:
        return PARSERS.get(key, _text)(value)
    except (ValueError, InvalidOperation) as error:
        raise SandboxError(f"{where}: {key} is {value!r}: {WANTED.get(key, 'a text that is not empty')}.") from error


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(value)
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise ValueError(value)
    return tuple(_text(item) for item in value)


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(value)
    return value


def _day(value: object) -> date:
    return date.fromisoformat(_text(value))


def _amount(value: object) -> Decimal:
    amount = Decimal(_text(value))
    if not amount.is_finite() or amount <= 0:
        raise ValueError(value)
    return amount


def _share(value: object) -> Decimal:
    share = _amount(value)
    if share > 1:
        raise ValueError(value)
    return share


PARSERS: Mapping[str, Callable[[object], object]] = {
    **dict.fromkeys(("share", "disc_share"), _share),
    **dict.fromkeys(("amount", "over"), _amount),
    **dict.fromkeys(("date", "next"), _day),
    "orders": _texts,
    "apply": _flag,
}
WANTED: Mapping[str, str] = {
    **dict.fromkeys(("share", "disc_share"), 'write a text above 0 and up to 1, such as "0.5"'),
    **dict.fromkeys(("amount", "over"), 'write a text above 0, such as "100.00"'),
    **dict.fromkeys(("date", "next"), "write a day such as 2026-11-24"),
    "orders": "write a list of orders",
    "apply": "write true or false",
}
