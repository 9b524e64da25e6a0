"""Where the nouns of one kind stand, with a log of what was changed on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from sandbox.book.nouns import Noun

NounT = TypeVar("NounT", bound=Noun)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A noun before and after; None where it was not yet, or is no more."""

    old: Noun | None
    new: Noun | None


class Shelf(Generic[NounT]):
    """Nouns by id, in the order in which they came."""

    def __init__(self, changes: list[Change]) -> None:
        self._nouns: dict[str, NounT] = {}
        self._changes = changes

    def put(self, noun: NounT) -> NounT:
        """Add the noun or replace the one of its id, and return it."""
        self._changes.append(Change(old=self._nouns.get(noun.id), new=noun))
        self._nouns[noun.id] = noun
        return noun

    def drop(self, id_: str) -> None:
        """Take the noun away."""
        self._changes.append(Change(old=self._nouns.pop(id_), new=None))

    def __getitem__(self, id_: str) -> NounT:
        return self._nouns[id_]

    def __contains__(self, id_: str) -> bool:
        return id_ in self._nouns

    def __iter__(self) -> Iterator[NounT]:
        return iter(list(self._nouns.values()))

    def __len__(self) -> int:
        return len(self._nouns)
