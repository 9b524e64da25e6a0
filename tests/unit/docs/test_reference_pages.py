"""The reference pages say exactly what the code does: the same codes, keys, defaults, options."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection
from dataclasses import fields, is_dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from config.load import load
from config.maps import base_names
from config.reading import Table
from config.secrets import SecretRef
from console.exits import Exit
from console.service.roster import JOBS
from journal.findings import REASONS
from mappings import layers
from mappings.parse_fields import LOOKUPS
from mappings.targets import ADDRESS
from mappings.transforms import TRANSFORMS
from reconcile.rules import RULES
from sandbox.clerk.plan import PHASES, REQUIRED
from sandbox.faults import SERVER_ACTIONS, Rule
from sandbox.netsuite.load import LINES, LOAD_ORDER
from sandbox.netsuite.preferences import STANDARD
from sync.codes import CODES
from tests.unit.docs import pages
from tests.unit.docs.command_line import commands, spellings

SYNC_TOML = pages.text_of("reference/sync-toml.md")
MAPPING = pages.text_of("reference/mapping-files.md")
COMMANDS = pages.text_of("reference/commands.md")
SANDBOX = pages.text_of("reference/sandbox.md")

MANDATORY = """
[company]
time_zone = "UTC"
go_live = 2026-11-01
[connections.salesforce]
url = "https://acme.my.salesforce.com"
auth = { client_id = "env:A", client_secret = "env:B" }
[connections.netsuite]
account = "1234567"
auth = { consumer_key = "env:C", consumer_secret = "env:D", token_id = "env:E", token_secret = "env:F" }
[jobs.customers]
[jobs.orders]
[jobs.invoices]
[jobs.status]
[jobs.reconcile]
sla = "4h"
[guard]
[alerts]
[alerts.smtp]
host = "smtp.acme.example"
sender = "tieout@acme.example"
[service]
[state]
"""
OPTIONAL = {"smtp"}
"""Tables that may be left out although they hold mandatory keys."""


# holds and exceptions


def test_the_page_of_holds_is_the_table_of_codes() -> None:
    page = pages.text_of("reference/holds.md")
    listed = [[pages.bare(row[0]), *row[1:]] for row in pages.rows(page)]
    assert listed == [[code, known.title, known.class_, known.owner, known.fix] for code, known in CODES.items()]
    assert pages.headings(page, 2) == list(CODES)


def test_the_page_of_exceptions_is_the_list_of_rules() -> None:
    page = pages.text_of("reference/exceptions.md")
    listed = [[pages.bare(row[0]), *row[1:]] for row in pages.rows(pages.section(page, "## Rules"))]
    assert listed == [[rule.code, rule.title, rule.severity, rule.owner, rule.action] for rule in RULES]
    assert pages.headings(pages.section(page, "## Rules"), 3) == [rule.code for rule in RULES]


def test_the_page_of_exceptions_names_every_doubt_about_the_run() -> None:
    source = (pages.ROOT / "reconcile" / "controls.py").read_text(encoding="utf-8")
    used = dict(re.findall(r'_control\(\s*"([A-Z_]+)", "(\w+)"', source))
    part = pages.section(pages.text_of("reference/exceptions.md"), "## Doubts about the run itself")
    assert used
    assert {pages.bare(code): severity for code, _, severity, _ in pages.rows(part)} == used
    assert set(pages.headings(part, 3)) == set(used)


def test_the_page_of_exceptions_names_every_reason_and_whether_it_accepts() -> None:
    life = pages.all_rows(pages.section(pages.text_of("reference/exceptions.md"), "## Life of an exception"))
    listed = {pages.bare(row[0]): row[1] == "yes" for row in life if row[0].startswith("`")}
    assert listed == dict(REASONS)


# sync.toml


@pytest.fixture
def known_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Every table that the loader reads with the keys it asks for."""
    seen: dict[str, list[str]] = {}
    close = Table.close

    def noted(self: Table) -> None:
        seen[self.name] = list(dict.fromkeys(self.known))
        close(self)

    monkeypatch.setattr(Table, "close", noted)
    (tmp_path / "sync.toml").write_text(MANDATORY, encoding="utf-8")
    load(tmp_path / "sync.toml")
    return seen


def documented_keys() -> dict[str, list[list[str]]]:
    found = {}
    for heading in pages.headings(SYNC_TOML, 2):
        if heading.startswith("`["):
            listed = pages.rows(pages.section(SYNC_TOML, f"## {heading}"))
            found[heading.strip("`[]")] = [[pages.bare(cell) for cell in row] for row in listed]
    return found


def test_the_page_of_sync_toml_names_every_key_and_no_other(known_keys: dict[str, list[str]]) -> None:
    documented = {table: sorted(row[0] for row in found) for table, found in documented_keys().items()}
    # [owners] takes any key, [reconcile] is [jobs.reconcile] under another name, the rest only holds tables.
    free = {"owners", "reconcile", "", "connections", "jobs"}
    expected = {table: sorted(keys) for table, keys in known_keys.items() if table not in free}
    assert {table: keys for table, keys in documented.items() if table != "owners"} == expected
    assert documented["owners"] == sorted({known.owner for known in CODES.values()})


def test_the_page_of_sync_toml_gives_the_true_defaults(tmp_path: Path) -> None:
    plain = tmp_path / "sync.toml"
    plain.write_text(MANDATORY, encoding="utf-8")
    expected = _values(load(plain))
    text = MANDATORY
    for table, found in documented_keys().items():
        for key, _, default, _ in found:
            if default not in ("mandatory", "none", "the key itself"):
                text = text.replace(f"[{table}]\n", f"[{table}]\n{key} = {default}\n")
    assert text.count("\n") > MANDATORY.count("\n") + 40
    plain.write_text(text, encoding="utf-8")
    assert _values(load(plain)) == expected


def test_the_page_of_sync_toml_says_what_is_mandatory(tmp_path: Path) -> None:
    values = tomllib.loads(MANDATORY, parse_float=Decimal)
    for table, found in documented_keys().items():
        present: Any = values
        for part in table.split("."):
            present = present.get(part, {})
        present = set(present) - OPTIONAL
        assert {row[0] for row in found if row[2] == "mandatory"} == present


def _values(value: object) -> object:
    """Return settings as plain values, without the lines of the file that secrets remember."""
    if isinstance(value, SecretRef):
        return value.reference
    if is_dataclass(value):
        return {field.name: _values(getattr(value, field.name)) for field in fields(value)}
    return value


# mapping files


@pytest.mark.parametrize(
    ("heading", "known"),
    [
        ("## The file", layers.TOP_KEYS),
        ("## Fields", layers.FIELD_KEYS),
        ("### Transforms", TRANSFORMS),
        ("### Lookups", LOOKUPS),
        ("## Lines", layers.LINE_SETTINGS),
        ("## Addresses", layers.ADDRESS_SETTINGS),
        ("## Match", layers.MATCH_KEYS),
        ("## Rules", layers.RULE_KEYS),
        ("## Examples", layers.EXAMPLE_KEYS),
    ],
)
def test_the_page_of_mapping_files_names_every_word_and_no_other(heading: str, known: Collection[str]) -> None:
    listed = [pages.bare(row[0]) for row in pages.rows(pages.section(MAPPING, heading))]
    assert sorted(listed) == sorted(known)


def test_the_page_of_mapping_files_names_every_base_map() -> None:
    listed = [pages.bare(row[0]) for row in pages.rows(MAPPING)]
    assert sorted(listed) == base_names()


def test_the_page_of_mapping_files_names_what_cannot_be_removed_and_every_address_field() -> None:
    assert all(f"`{name}`" in pages.section(MAPPING, "## Fields") for name in layers.IDENTITIES)
    assert all(f"`{name}`" in pages.section(MAPPING, "## Addresses") for name in ADDRESS)


# commands


def test_every_command_has_its_section() -> None:
    sections = [name.removeprefix("tieout ") for name in pages.headings(COMMANDS, 2) if name.startswith("tieout ")]
    assert sections == list(commands())
    assert len(pages.rows(COMMANDS)) == len(sections)


@pytest.mark.parametrize("name", commands())
def test_a_commands_section_names_every_option_and_no_other(name: str) -> None:
    listed = [word for row in pages.rows(pages.section(COMMANDS, f"## tieout {name}")) for word in pages.names(row[0])]
    assert sorted(listed) == sorted(spellings(name))


def test_the_commands_page_names_the_jobs_of_the_service() -> None:
    assert [row[0] for row in pages.all_rows(pages.section(COMMANDS, "## tieout run")) if row[0] in JOBS] == list(JOBS)
    for name in ("tieout run", "tieout pause"):
        words = [word for row in pages.rows(pages.section(COMMANDS, f"## {name}")) for word in pages.names(row[1])]
        assert set(JOBS) <= set(words), name


def test_the_exit_codes_are_those_of_the_program() -> None:
    listed = [(int(row[0]), row[1]) for row in pages.rows(pages.section(COMMANDS, "## Exit codes"))]
    assert listed == [(int(code), code.name) for code in Exit]


# sandbox


def test_the_sandbox_page_names_every_key_of_a_fault_rule_and_every_action_of_the_servers() -> None:
    found = [pages.bare(row[0]) for row in pages.all_rows(pages.section(SANDBOX, "## Fault rules"))]
    keys, actions = found[: len(Rule.__dataclass_fields__)], found[len(Rule.__dataclass_fields__) :]
    assert sorted(keys) == sorted(Rule.__dataclass_fields__)
    assert set(SERVER_ACTIONS) <= set(actions)
    sources = "".join(path.read_text(encoding="utf-8") for path in (pages.ROOT / "sandbox").rglob("*.py"))
    own = set(actions) - set(SERVER_ACTIONS)
    assert all(f'"{action}"' in sources for action in own)


def test_the_sandbox_page_names_every_operation_and_phase_of_the_clerk() -> None:
    part = pages.section(SANDBOX, "## The clerk")
    assert sorted(pages.bare(row[0]) for row in pages.rows(part)) == sorted(REQUIRED)
    assert re.findall(r"tieout sandbox clerk (\w+)", part) == list(PHASES)


def test_the_sandbox_page_names_every_preference_and_its_standard() -> None:
    listed = pages.all_rows(pages.section(SANDBOX, "## Control"))
    found = {pages.bare(row[0]): pages.bare(row[1]) == "true" for row in listed if pages.bare(row[0]) in STANDARD}
    assert found == dict(STANDARD)


def test_the_sandbox_page_names_every_file_of_a_book_for_netsuite() -> None:
    cell = next(row[1] for row in pages.rows(pages.section(SANDBOX, "## Books")) if row[0] == "`netsuite/<type>.csv`")
    assert set(pages.names(cell)) == set(LOAD_ORDER) - {LINES}


# glossary


def test_the_glossary_is_in_order_and_explains_each_word_once() -> None:
    words = [row[0] for row in pages.rows(pages.text_of("glossary.md"))]
    assert len(words) == len(set(words))
    assert words == sorted(words, key=str.casefold)
