"""``tieout audit`` over the state of a real run: good, tampered with, cut off, exported, one record's part."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from console.main import app
from tests.fakes.run import sync
from tests.fakes.world import make_world
from tests.unit.console.service_world import SETTINGS

DEAL = "006000000000001AAA"


@pytest.fixture(scope="module")
def worked(tmp_path_factory):
    """A folder with settings and the state that a small sync left."""
    folder = tmp_path_factory.mktemp("worked")
    (folder / "sync.toml").write_text(SETTINGS.format(more='[state]\npath = "tieout.db"'), encoding="utf-8")
    world = make_world(folder)
    world.crm.put_account(1, "Blue Harbor Inc.")
    for number in (1, 2):
        world.crm.put_deal(number)
    sync(world)
    on_file = not getattr(world.journal, "on_postgresql", False)
    world.journal.close()
    if not on_file:
        pytest.skip("the commands open the file that sync.toml names")
    return folder


@pytest.fixture
def folder(worked, tmp_path):
    return Path(shutil.copytree(worked, tmp_path / "folder"))


def run(folder, *words):
    return CliRunner().invoke(app, ["audit", *words, "--config", str(folder / "sync.toml")])


def said(folder, *words):
    result = run(folder, *words, "--json")
    return result.exit_code, json.loads(result.stdout)


def tamper(folder, *statements):
    with closing(sqlite3.connect(folder / "tieout.db")) as db:
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'"):
            db.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            db.execute(statement)
        db.commit()


def test_a_good_trail_is_told_with_its_span_and_head(folder):
    result = run(folder, "verify")
    assert result.exit_code == 0
    first, head, hint = result.stdout.splitlines()
    assert first.endswith("UTC.")
    assert "rows are as they were written, 2026-11-22" in first
    assert head.startswith("head: row ")
    assert "kept elsewhere" in hint


def test_a_changed_row_is_named_and_the_exit_code_says_so(folder):
    tamper(folder, "UPDATE audit SET actor = 'eve' WHERE seq = 5")
    result = run(folder, "verify")
    assert result.exit_code == 1
    assert result.stdout.startswith("4 rows are as they were written")
    assert "bad: row 5 (" in result.stdout
    assert "its content does not fit its hash" in result.stdout
    code, body = said(folder, "verify")
    assert (code, body["ok"], body["bad"]["seq"], body["rows"]) == (1, False, 5, 4)


def test_an_export_and_its_head_prove_that_nothing_was_cut_off(folder):
    code, body = said(folder, "export", str(folder / "audit.jsonl"))
    assert (code, body["ok"]) == (0, True)
    head = body["head"]
    for kept in (head["hash"], str(folder / "audit.jsonl")):
        assert run(folder, "verify", "--head", kept).exit_code == 0
    tamper(folder, f"DELETE FROM audit WHERE seq > {head['seq'] - 2}")
    assert run(folder, "verify").exit_code == 0
    for kept in (head["hash"], str(folder / "audit.jsonl")):
        code, body = said(folder, "verify", "--head", kept)
        assert (code, body["bad"]["seq"]) == (1, head["seq"] - 1)


def test_an_export_of_another_database_is_refused(folder):
    run(folder, "export", str(folder / "audit.jsonl"))
    tamper(folder, "UPDATE meta SET value = '00D-other' WHERE key = 'sf_org_id'")
    result = run(folder, "verify", "--head", str(folder / "audit.jsonl"))
    assert result.exit_code == 2
    assert "the trail of another database" in result.stderr


def test_without_a_file_the_export_is_lines_on_standard_output(folder):
    lines = [json.loads(line) for line in run(folder, "export").stdout.splitlines()]
    assert [line["seq"] for line in lines[:-1]] == list(range(1, len(lines)))
    assert lines[-1]["head"] == {"seq": len(lines) - 1, "hash": lines[-2]["hash"]}
    since = run(folder, "export", "--since", str(len(lines) - 3)).stdout.splitlines()
    assert len(since) == 3


def test_a_broken_trail_is_not_exported(folder):
    tamper(folder, "DELETE FROM audit WHERE seq = 2")
    result = run(folder, "export", str(folder / "audit.jsonl"))
    assert (result.exit_code, "bad: row 2: it is missing" in result.stdout) == (1, True)
    assert not (folder / "audit.jsonl").exists()


@pytest.mark.parametrize("record", [DEAL, DEAL[:15], f"https://x.my.salesforce.com/{DEAL}", f"tieout-so-{DEAL}"])
def test_one_records_part_is_listed_by_id_address_and_external_id(folder, record):
    code, body = said(folder, "list", "--record", record)
    actions = [row["action"] for row in body["rows"]]
    assert code == 0
    assert {row["object"] for row in body["rows"]} == {f"so/{DEAL}/1", f"Opportunity/{DEAL}"}
    assert actions[:2] == ["intent.armed", "binding.made"]
    assert {"intent.applied", "record.settled", "binding.found", "status.written"} <= set(actions)


def test_the_list_is_readable_and_ends_with_the_newest(folder):
    lines = run(folder, "list", "--last", "3").stdout.splitlines()
    assert lines[0].split() == ["Row", "When", "(UTC)", "Who", "What", "Record", "Before", "After", "More"]
    assert len(lines) == 4


def test_a_record_that_nobody_knows_is_refused(folder):
    result = run(folder, "list", "--record", "SO999")
    assert result.exit_code == 2
    assert "names no record" in result.stderr
