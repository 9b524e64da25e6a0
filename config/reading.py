"""Reads typed settings from one table of a configuration file, and notes every fault with its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, TypeVar

from config import values
from config.document import TomlDocument
from config.errors import ConfigError, ConfigProblem

T = TypeVar("T")


@dataclass(slots=True)
class Faults:
    """The faults found so far in one file."""

    found: list[ConfigProblem] = field(default_factory=list)

    def add(self, where: str, what: str, fix: str = "") -> None:
        """Note one fault."""
        self.found.append(ConfigProblem(where, what, fix))

    def raise_if_any(self) -> None:
        """Raise all faults together.

        Raises:
            ConfigError: at least one fault was noted.
        """
        if self.found:
            raise ConfigError(sorted(self.found, key=_by_line))


def _by_line(problem: ConfigProblem) -> tuple[str, int]:
    file, _, line = problem.where.rpartition(":")
    return file, int(line) if line.isdigit() else 0


def nearest(name: str, options: Sequence[str]) -> str:
    """Return ``Did you mean 'scope'?`` or the list of what is known."""
    hits = get_close_matches(name.lower(), options, n=1, cutoff=0.6)
    return f"Did you mean '{hits[0]}'?" if hits else f"Known here: {', '.join(options)}."


def _is_table(value: object) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and all(isinstance(each, dict) for each in value))


class Table:
    """One table of the file, such as ``[company]``; an absent one reads as empty.

    Each reading method returns ``default`` when the key is absent. A fault is noted and gives the default too,
    so that one pass finds all faults.
    """

    def __init__(self, document: TomlDocument, path: tuple[str, ...], faults: Faults, found: object = None) -> None:
        self.document = document
        self.path = path
        self.faults = faults
        self.known: list[str] = []
        self.found: Mapping[str, Any] = found if isinstance(found, dict) else {}
        if found is not None and not isinstance(found, dict):
            self.faults.add(self.where(), f"'{self.name}' must be a table.", f"Write [{self.name}].")

    @property
    def name(self) -> str:
        """The table's name as written between brackets."""
        return ".".join(self.path)

    def where(self, key: str | None = None) -> str:
        """Return ``file:line`` of a key, or of the table."""
        return self.document.where(self.path if key is None else (*self.path, key))

    def table(self, key: str) -> Table:
        """Return the table of that name inside this one."""
        self.known.append(key)
        return Table(self.document, (*self.path, key), self.faults, self.found.get(key))

    def has(self, key: str) -> bool:
        """Return whether the key is written."""
        return key in self.found

    def refuse(self, key: str, what: str, fix: str = "") -> None:
        """Note a fault of one key."""
        self.faults.add(self.where(key), f"[{self.name}] {key}: {what}", fix)

    def close(self) -> None:
        """Note every key that nobody read."""
        for key in self.found:
            if key not in self.known:
                label = f"[{self.name}] has an" if self.path else "the file has an"
                kind = "table" if _is_table(self.found[key]) else "key"
                self.faults.add(self.where(key), f"{label} unknown {kind} '{key}'.", nearest(key, self.known))

    def need(self, key: str, example: str) -> None:
        """Note a fault when a mandatory key is absent."""
        if not self.has(key):
            fix = f"Add under [{self.name}]: {key} = {example}"
            self.faults.add(self.where(), f"'{key}' is missing in [{self.name}].", fix)

    def read(self, key: str, default: T, convert: Callable[[Any], T]) -> T:
        """Return a key's converted value; ``convert`` raises ValueError whose text says what is wrong."""
        self.known.append(key)
        if key not in self.found:
            return default
        try:
            return convert(self.found[key])
        except ValueError as error:
            what, _, fix = str(error).partition("|")
            self.refuse(key, what, fix)
            return default

    def text(self, key: str, default: str) -> str:
        """Return a text that is not blank."""
        return self.read(key, default, values.text)

    def optional(self, key: str, convert: Callable[[Any], T]) -> T | None:
        """Return a converted value, or None when the key is absent."""

        def converted(value: Any) -> T | None:
            return convert(value)

        return self.read(key, None, converted)

    def flag(self, key: str, *, default: bool) -> bool:
        """Return true or false."""
        return self.read(key, default, values.flag)

    def count(self, key: str, default: int) -> int:
        """Return a whole number of at least 1."""
        return self.read(key, default, values.count)

    def duration(self, key: str, default: timedelta) -> timedelta:
        """Return a duration such as ``30s``, ``5m``, ``4h``, ``1d``."""
        return self.read(key, default, values.duration)

    def amount(self, key: str, default: Decimal) -> Decimal:
        """Return an exact amount of zero or more."""
        return self.read(key, default, values.amount)

    def day(self, key: str, default: date) -> date:
        """Return a calendar day."""

        def converted(value: Any) -> date:
            if isinstance(value, date) and not isinstance(value, datetime):
                return value
            raise ValueError("a date without quotes is expected.|For example: 2026-11-01")

        return self.read(key, default, converted)
