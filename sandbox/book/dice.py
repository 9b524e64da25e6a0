"""Chance that repeats: every choice of the book comes from here and from nowhere else."""

from __future__ import annotations

from random import Random as Random  # noqa: TID251 - the one place where the book gets its chance from


class Dice:
    """Independent streams of choices by name, the same for the same seed.

    A stream of its own for each part keeps the other parts as they were when one part draws more often.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def of(self, part: str) -> Random:
        """Return the part's stream from its beginning."""
        return Random(f"{self._seed}/{part}")  # noqa: S311 - a demo book, nothing secret depends on it


def portions(total: int, share: float, *, least: int = 0) -> int:
    """Return a whole number near the share of the total, at least ``least`` and at most the total."""
    return min(total, max(least, round(total * share)))
