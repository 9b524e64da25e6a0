from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.positions import positions

TEXT = '''# first
title = "x # no comment" # comment
[owner]
name."first name" = 'T]'
inner = { a = 1, b = [ 1,
  { c = "}" } ] }
[ deep . er ]
"quoted.key" = """
many [lines]
"""
raw = \'\'\'
it's
\'\'\'\'
after = 2026-11-03T10:00:00Z
[[rules]]
when = "a"
[rules.sub]
x = 1
[[rules]]
when = "b"
[[rules.parts]]
[[rules.parts]]
y = "\\"]" # end'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("title",), 2),
        (("owner",), 3),
        (("owner", "name"), 4),
        (("owner", "name", "first name"), 4),
        (("owner", "inner", "b", 0), 5),
        (("owner", "inner", "b", 1, "c"), 6),
        (("deep",), 7),
        (("deep", "er", "quoted.key"), 8),
        (("deep", "er", "raw"), 11),
        (("deep", "er", "after"), 14),
        (("rules",), 15),
        (("rules", 0, "when"), 16),
        (("rules", 0, "sub", "x"), 18),
        (("rules", 1), 19),
        (("rules", 1, "when"), 20),
        (("rules", 1, "parts", 1, "y"), 23),
    ],
)
def test_each_key_has_its_line(path: tuple[str | int, ...], line: int) -> None:
    assert positions(TEXT)[path] == line


def paths(value: Any, at: tuple[str | int, ...] = ()) -> set[tuple[str | int, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return {at} | {path for key, inner in items for path in paths(inner, (*at, key))}


def test_the_scanner_finds_exactly_the_keys_that_the_parser_finds() -> None:
    assert set(positions(TEXT)) == paths(tomllib.loads(TEXT)) - {()}


KEYS = st.text(st.sampled_from("ab1-_"), min_size=1, max_size=3)
TEXTS = st.text(st.sampled_from("a#[]{}=,.'\" \\"), max_size=6)
SCALARS = st.one_of(st.integers(), st.booleans(), TEXTS)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=6
)


def written(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case int():
            return str(value)
        case str():
            return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        case list():
            return "[ " + ", ".join(f"\n{written(each)}" for each in value) + " ]"
        case _:
            return "{ " + ", ".join(f"'{key}' = {written(each)}" for key, each in value.items()) + " }"


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(KEYS, st.dictionaries(KEYS, VALUES, max_size=3), max_size=3))
def test_any_written_file_is_followed(tables: dict[str, dict[str, Any]]) -> None:
    lines = []
    for name, table in tables.items():
        lines.append(f"[{name}] # {name}")
        lines.extend(f"{key} = {written(value)}" for key, value in table.items())
    text = "\n".join(lines)
    assert tomllib.loads(text) == tables
    assert set(positions(text)) == paths(tables) - {()}
