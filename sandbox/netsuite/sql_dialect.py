"""Rewrites SuiteQL (Oracle's dialect with NetSuite's own functions) for DuckDB.

Refused as NetSuite refuses them: ``LIMIT``, several statements, anything but a query. Rewritten: ``BUILTIN.DF``,
``TO_CHAR``, ``TO_DATE`` and ``TO_TIMESTAMP`` with Oracle's formats, ``TRUNC`` of dates, ``SYSDATE`` and its kin
(which are the sandbox's clock), ``MINUS``. Other functions mean the same in both dialects or are macros.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from sandbox.netsuite.sql_tables import DISPLAYED
from sandbox.netsuite.sql_tokens import SqlError, Token, arguments, closing, tokens_of

REFUSED = {
    "LIMIT": "LIMIT is not supported; use FETCH FIRST n ROWS ONLY or the parameters limit and offset",
    "ROWNUM": "ROWNUM is not supported by the sandbox; use FETCH FIRST n ROWS ONLY",
    "ILIKE": "ILIKE is not supported",
    "QUALIFY": "QUALIFY is not supported",
}
NOW_WORDS = ("SYSDATE", "SYSTIMESTAMP", "CURRENT_TIMESTAMP", "CURRENT_DATE")
FORMATS: Mapping[str, str] = {
    "YYYY": "%Y",
    "YY": "%y",
    "MONTH": "%B",
    "MON": "%b",
    "MM": "%m",
    "DDD": "%j",
    "DD": "%d",
    "DAY": "%A",
    "DY": "%a",
    "HH24": "%H",
    "HH12": "%I",
    "HH": "%I",
    "MI": "%M",
    "SS": "%S",
    "FF3": "%g",
    "AM": "%p",
    "PM": "%p",
}
FORMAT_PART = re.compile(
    r'"[^"]*"|' + "|".join(sorted(FORMATS, key=len, reverse=True)) + r"|[A-Za-z]+|[^A-Za-z\"]+", re.IGNORECASE
)
ACCOUNT_FORMAT = "'%m/%d/%Y'"
TRUNC_UNITS = {
    "YYYY": "year",
    "YEAR": "year",
    "MM": "month",
    "MONTH": "month",
    "Q": "quarter",
    "IW": "week",
    "DD": "day",
}


def rewritten(query: str, now: datetime) -> str:
    """Return the query in DuckDB's dialect.

    Args:
        query: SuiteQL.
        now: the server's time.

    Raises:
        SqlError: NetSuite would not accept the query.
    """
    tokens = tokens_of(query)
    if not tokens or tokens[0].word not in ("SELECT", "WITH") and tokens[0].text != "(":
        raise SqlError("Invalid or unsupported search: only a SELECT is possible")
    for token in tokens:
        if token.word in REFUSED:
            raise SqlError(f"Invalid or unsupported search: {REFUSED[token.word]}")
    return _text(tokens, now)


def tables_in(query: str) -> Mapping[str, str]:
    """Return the tables of a query by alias (and by name), in lower case."""
    found: dict[str, str] = {}
    tokens = tokens_of(query)
    for index, token in enumerate(tokens[:-1]):
        if token.word not in ("FROM", "JOIN") or tokens[index + 1].kind != "word":
            continue
        table = tokens[index + 1].text.lower()
        found[table] = table
        rest = [part for part in tokens[index + 2 : index + 4] if part.word != "AS"]
        if rest and rest[0].kind == "word":
            found.setdefault(rest[0].text.lower(), table)
    return found


def _text(tokens: Sequence[Token], now: datetime) -> str:
    parts: list[str] = []
    index = 0
    while index < len(tokens):
        part, index = _next(tokens, index, now)
        parts.append(part)
    return " ".join(parts)


def _next(tokens: Sequence[Token], index: int, now: datetime) -> tuple[str, int]:
    """Return the text for the token at ``index`` (and those it takes along) and the index after them."""
    token = tokens[index]
    follower = tokens[index + 1].text if index + 1 < len(tokens) else ""
    after_dot = index > 0 and tokens[index - 1].text == "."
    if token.word == "BUILTIN" and follower == ".":
        return _built_in(tokens, index, now)
    if after_dot or token.kind != "word":
        return token.text, index + 1
    if token.word in NOW_WORDS:
        return _moment(tokens, index, now)
    if follower == "(" and token.word in CALLS:
        end = closing(tokens, index + 1)
        return CALLS[token.word](arguments(tokens[index + 2 : end]), now), end + 1
    return ("EXCEPT" if token.word == "MINUS" else token.text), index + 1


def _built_in(tokens: Sequence[Token], index: int, now: datetime) -> tuple[str, int]:
    name = tokens[index + 2].word if index + 3 < len(tokens) else ""
    if name != "DF" or tokens[index + 3].text != "(":
        raise SqlError(f"Invalid or unsupported search: BUILTIN.{name} is not supported by the sandbox")
    end = closing(tokens, index + 3)
    inner = tokens[index + 4 : end]
    column = inner[-1].text.lower() if inner and inner[-1].kind == "word" else ""
    text = _text(inner, now)
    if column == "status":
        # The letter means nothing without the type, which stands in the same row.
        return f"df_status({_text(inner[:-1], now)}type, {text})", end + 1
    return (f"df_{column}({text})" if column in DISPLAYED or column == "type" else text), end + 1


def _moment(tokens: Sequence[Token], index: int, now: datetime) -> tuple[str, int]:
    """Return the server's time; ``SYSDATE - 7`` and ``SYSDATE + 1/24`` move it by days."""
    literal = f"TIMESTAMPTZ '{now.astimezone(UTC).isoformat(sep=' ', timespec='seconds')}'"
    sign = tokens[index + 1].text if index + 2 < len(tokens) else ""
    if sign not in ("+", "-") or tokens[index + 2].kind != "number":
        return literal, index + 1
    days, end = tokens[index + 2].text, index + 3
    if end + 1 < len(tokens) and tokens[end].text in ("/", "*") and tokens[end + 1].kind == "number":
        days, end = f"{days} {tokens[end].text} {tokens[end + 1].text}", end + 2
    return f"({literal} {sign} to_seconds(86400.0 * {days}))", end


def _to_char(parts: Sequence[Sequence[Token]], now: datetime) -> str:
    value = _text(parts[0], now)
    if len(parts) == 1:
        return f"CAST({value} AS VARCHAR)"
    return f"strftime({value}, {_format(parts[1])})"


def _to_timestamp(parts: Sequence[Sequence[Token]], now: datetime) -> str:
    pattern = _format(parts[1]) if len(parts) > 1 else ACCOUNT_FORMAT
    return f"strptime({_text(parts[0], now)}, {pattern})"


def _to_date(parts: Sequence[Sequence[Token]], now: datetime) -> str:
    moment = _to_timestamp(parts, now)
    has_time = len(parts) > 1 and any(mark in parts[1][0].text.upper() for mark in ("HH", "MI", "SS"))
    return moment if has_time else f"CAST({moment} AS DATE)"


def _trunc(parts: Sequence[Sequence[Token]], now: datetime) -> str:
    value = _text(parts[0], now)
    if len(parts) == 1:
        return f"ns_trunc({value})"
    if parts[1][0].kind == "number":
        return f"trunc({value}, {parts[1][0].text})"
    unit = TRUNC_UNITS.get(parts[1][0].text.strip("'").upper())
    if unit is None:
        raise SqlError(f"Invalid or unsupported search: TRUNC to {parts[1][0].text}")
    return f"CAST(date_trunc('{unit}', {value}) AS DATE)"


def _to_number(parts: Sequence[Sequence[Token]], now: datetime) -> str:
    return f"CAST({_text(parts[0], now)} AS DECIMAL(38,10))"


def _format(tokens: Sequence[Token]) -> str:
    """Return Oracle's date format literal in strftime's language."""
    if len(tokens) != 1 or tokens[0].kind != "text":
        raise SqlError("Invalid or unsupported search: a date format must be a literal")
    out = ""
    for part in FORMAT_PART.findall(tokens[0].text[1:-1].replace("''", "'")):
        if part.startswith('"'):
            out += part[1:-1].replace("%", "%%")
        elif part.upper() in FORMATS:
            out += FORMATS[part.upper()]
        elif part[0].isalpha():
            raise SqlError(f"Invalid or unsupported search: date format {part} is not recognized")
        else:
            out += part.replace("%", "%%")
    return "'" + out.replace("'", "''") + "'"


CALLS: Mapping[str, Callable[[Sequence[Sequence[Token]], datetime], str]] = {
    "TO_CHAR": _to_char,
    "TO_DATE": _to_date,
    "TO_TIMESTAMP": _to_timestamp,
    "TRUNC": _trunc,
    "TO_NUMBER": _to_number,
}
"""Functions whose arguments must be rewritten, by name."""
