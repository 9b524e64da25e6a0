"""SuiteQL text as tokens."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

TOKEN = re.compile(
    r"""
      (?P<space>\s+|--[^\n]*|/\*.*?\*/)
    | (?P<text>'(?:[^']|'')*')
    | (?P<quoted>"[^"]+")
    | (?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\.\d+)
    | (?P<word>[A-Za-z_][\w$\#]*)
    | (?P<sign><=|>=|<>|!=|\|\||[-+*/%(),.=<>])
    """,
    re.VERBOSE | re.DOTALL,
)


class SqlError(Exception):
    """The query is not one that SuiteQL accepts; the text is the search error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """One token: its kind (text, quoted, number, word, sign) and its spelling."""

    kind: str
    text: str

    @property
    def word(self) -> str:
        """The token as an upper-case keyword, or empty when it is no word."""
        return self.text.upper() if self.kind == "word" else ""


def tokens_of(query: str) -> list[Token]:
    """Return the query's tokens without blanks and comments.

    Raises:
        SqlError: a character is not part of SuiteQL (among them ``;``, ``::`` and ``?``).
    """
    found: list[Token] = []
    position = 0
    while position < len(query):
        match = TOKEN.match(query, position)
        if match is None:
            raise SqlError(f"Invalid or unsupported search: unexpected {query[position]!r}")
        position = match.end()
        if match.lastgroup and match.lastgroup != "space":
            found.append(Token(kind=match.lastgroup, text=match.group()))
    return found


def closing(tokens: Sequence[Token], start: int) -> int:
    """Return the index of the bracket that closes the one at ``start``.

    Raises:
        SqlError: it is never closed.
    """
    depth = 0
    for index in range(start, len(tokens)):
        depth += {"(": 1, ")": -1}.get(tokens[index].text, 0)
        if depth == 0:
            return index
    raise SqlError("Invalid or unsupported search: a bracket is not closed")


def arguments(tokens: Sequence[Token]) -> list[list[Token]]:
    """Return a call's arguments, split at its own commas."""
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if token.text == "," and depth == 0:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts
