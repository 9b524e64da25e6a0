"""How alike two company names are; the generator's own measure, shared with nobody."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

LEGAL_FORMS = frozenset(
    {"inc", "llc", "gmbh", "ltd", "corp", "co", "kk", "ag", "limited", "incorporated", "corporation", "company"}
)
DISTINCT_BELOW = 85
"""Two companies' names are less alike than this (percent), unless the truth says otherwise."""
NEAR_FROM = 94
"""A planted misspelling is at least as alike as this (percent)."""
ALL_PAIRS_UP_TO = 600
"""Larger sets of names compare only names that share a word."""
_PLACES = 32
_MOST_OF_ONE = 64


def normalised(name: str) -> str:
    """Return the name without case, punctuation and legal form: what an exact match compares."""
    words = re.sub(r"[\W_]+", " ", unicodedata.normalize("NFKC", name).casefold()).split()
    while len(words) > 1 and words[-1] in LEGAL_FORMS:
        words.pop()
    return " ".join(words)


def likeness(left: str, right: str) -> int:
    """Return 0 to 100: the longest common subsequence of the sorted words, relative to their mean length.

    Both are normalised names. This is the measure that "token sort ratio" names.
    """
    return _ratio(_sorted_words(left), _sorted_words(right))


def too_alike(names: Iterable[str]) -> Iterator[tuple[str, str, int]]:
    """Yield the pairs of different normalised names that are at least ``DISTINCT_BELOW`` alike."""
    index = NameIndex()
    for name in names:
        for other, score in index.neighbours(name):
            yield other, name, score
        index.add(name)


class NameIndex:
    """Names taken so far; tells which of them a new one resembles."""

    def __init__(self) -> None:
        self._names: dict[str, tuple[str, int]] = {}
        self._by_word: dict[str, list[str]] = defaultdict(list)

    def add(self, name: str) -> None:
        """Take a normalised name."""
        if name in self._names:
            return
        self._names[name] = (_sorted_words(name), _letters(name))
        for word in name.split():
            self._by_word[word].append(name)

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def neighbours(self, name: str) -> Iterator[tuple[str, int]]:
        """Yield each other name that is at least ``DISTINCT_BELOW`` alike, with its likeness."""
        sorted_name, letters = _sorted_words(name), _letters(name)
        for other in self._candidates(name):
            sorted_other, other_letters = self._names[other]
            most = 200 * (letters & other_letters).bit_count() // max(1, len(sorted_name) + len(sorted_other))
            if most < DISTINCT_BELOW or other == name:
                continue
            score = _ratio(sorted_name, sorted_other)
            if score >= DISTINCT_BELOW:
                yield other, score

    def _candidates(self, name: str) -> Iterable[str]:
        if len(self._names) <= ALL_PAIRS_UP_TO:
            return list(self._names)
        return dict.fromkeys(other for word in name.split() for other in self._by_word[word])


def _sorted_words(name: str) -> str:
    return " ".join(sorted(name.split()))


def _letters(name: str) -> int:
    """Return the name's characters as a bit set, the n-th occurrence of one as a bit of its own.

    The bits that two names share are at least as many as the characters of their longest common subsequence.
    """
    bits = 0
    seen: Counter[int] = Counter()
    for char in name:
        place = ord(char) % _PLACES
        bits |= 1 << (place * _MOST_OF_ONE + min(seen[place], _MOST_OF_ONE - 1))
        seen[place] += 1
    return bits


def _ratio(left: str, right: str) -> int:
    if not left and not right:
        return 100
    return 200 * _common(left, right) // (len(left) + len(right))


def _common(left: str, right: str) -> int:
    """Length of the longest common subsequence, one bit of an integer a character (Hyyrö 2004)."""
    places: dict[str, int] = {}
    for index, char in enumerate(left):
        places[char] = places.get(char, 0) | 1 << index
    full = (1 << len(left)) - 1
    row = full
    for char in right:
        hits = row & places.get(char, 0)
        row = ((row + hits) | (row - hits)) & full
    return len(left) - row.bit_count()
