"""Collects everything wrong with a mapping file, so that an admin mends it in one go."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Literal

from connectors.errors import MappingError, Problem


class Problems:
    """The faults found so far."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def add(self, where: str, what: str, fix: str = "", severity: Literal["error", "warning"] = "error") -> None:
        """Note one fault; the same one is noted once."""
        problem = Problem(where, what, fix, severity)
        if problem not in self.found:
            self.found.append(problem)

    def extend(self, error: MappingError) -> None:
        """Note the faults of a part that was refused."""
        self.found.extend(error.problems)

    def raise_if_any(self) -> None:
        """Raise all of them together.

        Raises:
            MappingError: at least one fault was noted.
        """
        if self.found:
            raise MappingError(sorted(self.found, key=_by_line))


def _by_line(problem: Problem) -> tuple[str, int]:
    file, _, rest = problem.where.partition(":")
    digits = rest.split(",", 1)[0]
    return file, int(digits) if digits.isdigit() else 0


def nearest(name: str, options: Iterable[str], otherwise: str = "") -> str:
    """Return ``Did you mean 'memo'?`` for the most similar option, else the other text."""
    by_lower = {option.lower(): option for option in sorted(options, reverse=True)}
    hits = get_close_matches(name.lower(), sorted(by_lower), n=1, cutoff=0.6)
    return f"Did you mean '{by_lower[hits[0]]}'?" if hits else otherwise


def listing(options: Iterable[str]) -> str:
    """Return ``a, b, c`` in order of the alphabet."""
    return ", ".join(sorted(options))
