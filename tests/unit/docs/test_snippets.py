"""Every snippet of the documentation works: settings load, mappings parse, commands and options exist."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from config.document import parse_document
from config.load import load
from config.maps import base_document
from connectors.netsuite.fields import body_fields, line_fields
from mappings.conditions import compile_condition
from mappings.examples import run_examples
from mappings.parse import parse
from mappings.targets import is_custom
from tests.unit.docs import command_line, pages

SETTINGS = "# sync.toml"
BASES = {
    "# mappings/sales_order.toml": "order_to_cash/opportunity_to_sales_order",
    "# mappings/customer.toml": "order_to_cash/account_to_customer",
    "# mappings/invoice.toml": "order_to_cash/opportunity_to_invoice",
}
FILLER = """
company = { time_zone = "UTC", go_live = 2026-11-01 }
jobs = { reconcile = { sla = "4h" } }
[connections.salesforce]
url = "https://acme.my.salesforce.com"
auth = { client_id = "env:A", client_secret = "env:B" }
[connections.netsuite]
account = "1234567"
auth = { consumer_key = "env:C", consumer_secret = "env:D", token_id = "env:E", token_secret = "env:F" }
"""
MADE_WITH = re.compile(r"^make ([\w-]+)", re.MULTILINE)


def found(*languages: str) -> list[Any]:
    """Return every snippet in one of these languages, named by its place."""
    every = (snippet for path in pages.PAGES for snippet in pages.snippets(path))
    return [pytest.param(snippet.text, id=snippet.where) for snippet in every if snippet.language in languages]


def first_line(text: str) -> str:
    return text.splitlines()[0].strip()


def toml(*heads: str) -> list[Any]:
    return [case for case in found("toml") if first_line(case.values[0]) in heads]


def test_every_toml_snippet_says_which_file_it_belongs_to() -> None:
    heads = {case.id: first_line(case.values[0]) for case in found("toml")}
    assert heads
    assert {place: head for place, head in heads.items() if head not in (SETTINGS, *BASES)} == {}


def test_every_snippet_has_a_language_that_is_known() -> None:
    languages = {snippet.language for path in pages.PAGES for snippet in pages.snippets(path)}
    assert languages <= {"toml", "sh", "text", "mermaid"}


@pytest.mark.parametrize("text", toml(SETTINGS))
def test_a_snippet_of_sync_toml_loads(text: str, tmp_path: Path) -> None:
    filler = tomllib.loads(FILLER, parse_float=Decimal)
    given = tomllib.loads(text, parse_float=Decimal)
    path = tmp_path / "sync.toml"
    path.write_text("\n".join(written(merged(filler, given))), encoding="utf-8")
    for job in given.get("jobs", {}).values():
        if "mapping" in job:
            (tmp_path / job["mapping"]).parent.mkdir(exist_ok=True)
            (tmp_path / job["mapping"]).touch()
    settings = load(path)
    for condition in (settings.orders.scope, settings.invoices.stand_alone):
        if condition is not None:
            compile_condition(condition.text, condition.where)


@pytest.mark.parametrize("text", toml(*BASES))
def test_a_snippet_of_a_mapping_parses_over_its_base(text: str) -> None:
    head, base = first_line(text), BASES[first_line(text)]
    whole = text if "extends" in tomllib.loads(text) else f'extends = "{base}"\n{text}'
    mapping = parse(parse_document(whole, head), base_document)
    body, lines = body_fields(mapping.target), line_fields(mapping.target)
    assert [rule.target for rule in mapping.fields if not is_custom(rule.target) and rule.target not in body] == []
    if mapping.lines is not None:
        named = [rule.target for rule in mapping.lines.fields if not is_custom(rule.target)]
        assert [name for name in named if name not in lines] == []
    assert [str(problem) for problem in run_examples(mapping)] == []


@pytest.mark.parametrize("text", found("sh"))
def test_a_shell_snippet_names_commands_options_and_targets_that_exist(text: str) -> None:
    targets = set(re.findall(r"^([\w-]+):", (pages.ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(MADE_WITH.findall(text)) <= targets
    for words in tieout_calls(text):
        command_line.parse(words)


@pytest.mark.parametrize("path", pages.PAGES, ids=lambda path: path.name)
def test_a_command_in_running_text_exists(path: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    first_words = {name.split()[0] for name in command_line.commands()}
    for call in re.findall(r"`(tieout [^`]+)`", text):
        words = shlex.split(call)[1:]
        if words[0] not in ("COMMAND",):
            assert words[0] in first_words, f"{path.name}: {call}"
            if len(words) > 1 and any(name.startswith(f"{words[0]} ") for name in command_line.commands()):
                assert f"{words[0]} {words[1]}" in command_line.commands(), f"{path.name}: {call}"
            known = {spelling for name in command_line.commands() for spelling in command_line.spellings(name)}
            assert {word for word in words if word.startswith("-")} <= known, f"{path.name}: {call}"


def tieout_calls(text: str) -> Iterator[list[str]]:
    """Yield the words after ``tieout`` of every call in a shell snippet."""
    for line in text.replace("\\\n", " ").splitlines():
        for part in re.split(r"&&|\|\||;|\|", line):
            words = shlex.split(part.strip().removeprefix("$ "), comments=True)
            if words and words[0] == "tieout":
                yield words[1:]


def merged(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Lay one tree of tables over another."""
    both = dict(under)
    for key, value in over.items():
        old = both.get(key)
        both[key] = merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return both


def written(tables: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield a tree of tables as lines of TOML."""
    if path:
        yield f"[{'.'.join(path)}]"
    yield from (f"{key} = {literal(value)}" for key, value in tables.items() if not isinstance(value, dict))
    for key, value in tables.items():
        if isinstance(value, dict):
            yield from written(value, (*path, key))


def literal(value: object) -> str:
    """Write a single value of TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return str(value)
