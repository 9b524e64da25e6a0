"""Texts of other people on a terminal: nothing in them moves the cursor, forges a line or turns the reading order."""

from __future__ import annotations

import re
import unicodedata

DIRECTION_MARKS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Invisible marks of Unicode Standard Annex 9: shown by their code points, because a reader must see them."""
RIGHT_TO_LEFT = ("R", "AL", "AN")
ISOLATE, END = "\u2068", "\u2069"


def readable(text: str) -> str:
    """Return a text with what is not to be seen made visible; line ends and tabs stay."""
    if text.isprintable():
        return text
    return "".join(_shown(char) for char in text)


def isolated(text: str) -> str:
    """Return a cell's text so that one written from right to left does not turn what stands beside it."""
    shown = readable(text)
    if shown.isascii() or not any(unicodedata.bidirectional(char) in RIGHT_TO_LEFT for char in shown):
        return shown
    return f"{ISOLATE}{shown}{END}"


def _shown(char: str) -> str:
    if DIRECTION_MARKS.match(char):
        return f"<U+{ord(char):04X}>"
    if char in "\n\t" or unicodedata.category(char) not in ("Cc", "Cs"):
        return char
    return char.encode("unicode_escape", "backslashreplace").decode()
