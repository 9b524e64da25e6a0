"""Reads single settings of an entry with the right type; a wrong one is noted and replaced by a neutral value."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from connectors.errors import MappingError
from connectors.records import Value
from mappings.conditions import Condition, compile_condition
from mappings.layers import Entry
from mappings.problems import Problems, listing, nearest

PATH = re.compile(r"[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*){0,5}\Z")
EXAMPLE_TEXT = {"from": "CloseDate", "when": "IsWon", "hold": "PO number missing", "owner": "data"}


class EntryReader:
    """Reads the keys of one entry."""

    def __init__(self, entry: Entry, problems: Problems) -> None:
        self.entry = entry
        self.problems = problems

    def complain(self, key: str, what: str, fix: str = "") -> None:
        """Note a fault of one key."""
        self.problems.add(self.entry.place(key), what, fix)

    def text(self, key: str) -> str | None:
        """Return a text that is not blank, or None."""
        value = self.entry.get(key)
        if value is None or (isinstance(value, str) and value.strip()):
            return value
        fix = f'For example: {key} = "{EXAMPLE_TEXT.get(key, "text")}".'
        self.complain(key, f"'{key}' must be a text in quotes.", fix)
        return None

    def required_text(self, key: str) -> str:
        """Return a text that must be there."""
        if key not in self.entry.keys:
            self.complain(key, f"'{key}' is missing.", f'Add {key} = "{EXAMPLE_TEXT.get(key, "text")}".')
        return self.text(key) or ""

    def path(self, key: str) -> str | None:
        """Return a field path such as ``Account.Name``, or None."""
        value = self.text(key)
        if value is None or PATH.match(value):
            return value
        fix = "Write an API field name such as CloseDate or Account.Name."
        self.complain(key, f"'{value}' is not a field path.", fix)
        return None

    def flag(self, key: str) -> bool:
        """Return a switch; absent means off."""
        value = self.entry.get(key)
        if value is not None and not isinstance(value, bool):
            self.complain(key, f"'{key}' must be true or false.")
        return value is True

    def count(self, key: str) -> int | None:
        """Return a whole number above zero, or None."""
        value = self.entry.get(key)
        if value is None or (isinstance(value, int) and not isinstance(value, bool) and value > 0):
            return value
        self.complain(key, f"'{key}' must be a whole number above 0.")
        return None

    def choice(self, key: str, options: Sequence[str]) -> str | None:
        """Return one of the given words, or None."""
        value = self.text(key)
        if value is None or value in options:
            return value
        fix = nearest(value, options, f"Known: {listing(options)}.")
        self.complain(key, f"unknown word '{value}' for '{key}'.", fix)
        return None

    def scalar(self, key: str) -> Value:
        """Return a constant of the file as a field value, or None."""
        value, fault = scalar(self.entry.get(key))
        if fault:
            fix = "Write a text in quotes, a number, true, false or a date like 2026-11-03."
            self.complain(key, f"'{key}': {fault}.", fix)
        return value

    def condition(self, key: str) -> Condition | None:
        """Return a compiled condition, or None."""
        text = self.text(key)
        if text is None:
            return None
        try:
            return compile_condition(text, self.entry.place(key))
        except MappingError as error:
            self.problems.extend(error)
            return None

    def names(self, key: str) -> tuple[str, ...]:
        """Return one text or a list of texts."""
        value = self.entry.get(key)
        names = [value] if isinstance(value, str) else value
        if names is None:
            return ()
        if isinstance(names, list) and all(isinstance(name, str) for name in names):
            return tuple(names)
        self.complain(key, f"'{key}' must be a name or a list of names.", f'For example: {key} = ["trim", "upper"].')
        return ()


def scalar(value: Any) -> tuple[Value, str]:
    """Return a TOML value as a field value, and what is wrong with it ('' if nothing)."""
    match value:
        case None | bool() | str():
            return value, ""
        case Decimal():
            return (value, "") if value.is_finite() else (None, "this is not a number")
        case int():
            return Decimal(value), ""
        case datetime():
            aware = value.tzinfo is not None
            return (value.astimezone(UTC), "") if aware else (None, "a time without zone is not allowed")
        case date():
            return value, ""
        case _:
            return None, "this kind of value is not allowed"


def flatten(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested tables as dotted names: ``{Account = {Name = "x"}}`` is ``{"Account.Name": "x"}``."""
    flat: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, dict):
            flat |= flatten(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat
