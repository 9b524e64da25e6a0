"""SOQL text to tokens."""

from __future__ import annotations

import re

from sandbox.salesforce.soql_syntax import Token, refuse

MAX_LENGTH = 100_000
"""Characters of a query (Salesforce: SOQL and SOSL limits)."""

TOKEN = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<datetime>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))
  | (?P<date>\d{4}-\d\d-\d\d)(?![\dT])
  | (?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?![A-Za-z_])
  | (?P<string>'(?:[^'\\]|\\.)*')
  | (?P<name>[A-Za-z]\w*(?:\.[A-Za-z]\w*)*)
  | (?P<op><=|>=|!=|<>|=|<|>)
  | (?P<mark>[(),:])
    """,
    re.VERBOSE | re.DOTALL,
)
ESCAPES = {"n": "\n", "N": "\n", "r": "\r", "R": "\r", "t": "\t", "T": "\t", "b": "\b", "B": "\b", "f": "\f",
           "F": "\f", '"': '"', "'": "'", "\\": "\\"}  # fmt: skip
WILD = {"_": "\ue0fe", "%": "\ue0ff"}
"""Private characters that stand for ``\\_`` and ``\\%``: only LIKE tells them from the bare ones."""


def tokens(text: str) -> list[Token]:
    """Return the tokens of a query, an ``end`` token last.

    In the value of a string ``\\_`` and ``\\%`` are marked as in :data:`WILD`.

    Raises:
        ApiError: a character outside the language, or an escape that SOQL does not know.
    """
    if len(text) > MAX_LENGTH:
        raise refuse(
            text, 0, f"SOQL statements cannot be longer than {MAX_LENGTH} characters.", "QUERY_TOO_COMPLICATED"
        )
    found: list[Token] = []
    at = 0
    while at < len(text):
        match = TOKEN.match(text, at)
        if match is None:
            raise refuse(text, at, f"line 1:{at} no viable alternative at character '{text[at]}'")
        kind = match.lastgroup or ""
        if kind == "string":
            found.append(Token(kind, _unescape(text, match.group()[1:-1], at + 1), at))
        elif kind != "space":
            found.append(Token(kind, match.group(), at))
        at = match.end()
    found.append(Token("end", "<EOF>", len(text)))
    return found


def _unescape(text: str, inner: str, at: int) -> str:
    if "\\" not in inner:
        return inner
    out: list[str] = []
    chars = iter(enumerate(inner))
    for index, char in chars:
        if char != "\\":
            out.append(char)
            continue
        _, code = next(chars)
        if code in WILD:
            out.append(WILD[code])
        elif code in ESCAPES:
            out.append(ESCAPES[code])
        else:
            raise refuse(text, at + index, f"Illegal character sequence '\\{code}' in string literal")
    return "".join(out)
