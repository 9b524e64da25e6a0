"""Characters of a text that NetSuite cannot take, that mislead a reader, or that a cut must not tear apart."""

from __future__ import annotations

import re
import unicodedata

ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""Control characters and what XML 1.0 cannot carry (XML 1.0, 2.2); tab and line ends stay."""

DIRECTION_MARKS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Invisible marks that change the reading direction (Unicode Standard Annex 9): they can make 001 look like 100."""

JOINER = "\u200d"
SKIN_TONES = ("\U0001f3fb", "\U0001f3ff")
FLAG_LETTERS = ("\U0001f1e6", "\U0001f1ff")
TAGS = ("\U000e0020", "\U000e007f")


def points(characters: list[str]) -> str:
    """Return characters by their code points, each once: ``U+0000, U+202E``."""
    return ", ".join(f"U+{ord(char):04X}" for char in dict.fromkeys(characters))


def cut(text: str, limit: int) -> str:
    """Return at most so many characters of a text, never half of what a reader sees as one character.

    A cut goes before a letter whose accent, an emoji whose skin tone or partner, or a flag whose second half would
    be lost (a simple form of the grapheme clusters of Unicode Standard Annex 29).
    """
    if len(text) <= limit:
        return text
    end = limit
    while end > 0 and _joined(text, end):
        end -= 1
    return text[: end or limit].rstrip()


def _joined(text: str, at: int) -> bool:
    """Say whether the characters before and at a place belong together."""
    before, char = text[at - 1], text[at]
    if unicodedata.category(char) in ("Mn", "Me", "Mc") or _between(char, SKIN_TONES) or _between(char, TAGS):
        return True
    if JOINER in (before, char):
        return True
    return _between(char, FLAG_LETTERS) and _flags_before(text, at) % 2 == 1


def _flags_before(text: str, at: int) -> int:
    count = 0
    while at > 0 and _between(text[at - 1], FLAG_LETTERS):
        count, at = count + 1, at - 1
    return count


def _between(char: str, span: tuple[str, str]) -> bool:
    return span[0] <= char <= span[1]
