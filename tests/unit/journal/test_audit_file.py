"""An export can be kept elsewhere and proves later what the trail was."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime

import pytest

from journal import audit, audit_check, audit_file
from journal.audit_check import Head
from journal.database import remember
from journal.errors import JournalError

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def org(journal):
    with journal.begin() as tx:
        remember(tx, "sf_org_id", "00D1")


def add(journal, n):
    with journal.begin() as tx:
        for i in range(n):
            audit.record(tx, "intent.armed", audit.document("so", f"006é{i}"), NOW)


def export(journal, path, since=0):
    with journal.begin() as tx:
        own = audit_file.identity(tx)
    return audit_file.save(path, audit_file.lines(audit_check.rows_of(journal), own, NOW, since))


def test_an_export_holds_every_row_and_the_head_and_is_its_owners_alone(journal, tmp_path):
    add(journal, 3)
    path = tmp_path / "audit.jsonl"
    head = export(journal, path)
    *rows, last = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert rows == list(audit_check.rows_of(journal))
    assert last == {
        "version": 1,
        "head": {"seq": 3, "hash": rows[-1]["hash"]},
        "since": 0,
        "at": "2026-11-22T12:00:00.000000Z",
        "database": {"pair": "salesforce>netsuite", "sf_org_id": "00D1"},
    }
    assert head == Head(seq=3, hash=rows[-1]["hash"])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    kept = audit_file.read(str(path))
    assert (kept.head, kept.database) == (head, last["database"])
    assert list(kept.rows()) == [(row["seq"], row["hash"]) for row in rows]


def test_an_export_since_a_row_goes_on_where_the_last_one_ended(journal, tmp_path):
    add(journal, 2)
    first = export(journal, tmp_path / "1.jsonl")
    add(journal, 2)
    export(journal, tmp_path / "2.jsonl", since=first.seq)
    kept = audit_file.read(str(tmp_path / "2.jsonl"))
    assert [seq for seq, _ in kept.rows()] == [3, 4]
    assert audit_check.check(audit_check.rows_of(journal), kept.head, kept.rows()).bad is None


def test_the_last_line_alone_is_a_head_too(journal, tmp_path):
    add(journal, 2)
    export(journal, tmp_path / "1.jsonl")
    line = (tmp_path / "1.jsonl").read_text("utf-8").splitlines()[-1]
    (tmp_path / "head.json").write_text(line)
    kept = audit_file.read(str(tmp_path / "head.json"))
    assert (kept.head.seq, list(kept.rows())) == (2, [])


def test_an_empty_trail_has_a_head_that_every_later_one_covers(journal, tmp_path):
    head = export(journal, tmp_path / "1.jsonl")
    assert head == Head(seq=0, hash=audit.GENESIS)
    assert audit_check.check(audit_check.rows_of(journal), head).bad is None
    add(journal, 1)
    assert audit_check.check(audit_check.rows_of(journal), head).bad is None


def test_an_existing_file_is_never_written_over(journal, tmp_path):
    path = tmp_path / "audit.jsonl"
    path.write_text("evidence")
    with pytest.raises(JournalError, match="this file exists"):
        export(journal, path)
    assert path.read_text() == "evidence"


def test_a_folder_that_is_not_there_is_named(journal, tmp_path):
    with pytest.raises(JournalError, match="cannot be written there: No such file"):
        export(journal, tmp_path / "nowhere" / "audit.jsonl")


def test_a_broken_trail_is_not_exported(tmp_path):
    with pytest.raises(audit_file.BrokenTrail, match="row 1: it is missing"):
        audit_file.save(tmp_path / "audit.jsonl", audit_file.lines([{"seq": 2}], {}, NOW))
    assert list(tmp_path.glob("*audit*")) == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "its last line tells no head"),
        ('{"seq": 1, "hash": "x"}\n', "its last line tells no head"),
        ("hello\n", "head.json:1: this is no line"),
        ('{"seq": 1, "hash": "x"}\n[]\n', "head.json:2: this is no line"),
        ('{"seq": 1, "hash": "x"}\n{"seq": 2, "ha', "head.json:2: this is no line"),
        ('{"head": 7}', "head.json:1: this is no line"),
    ],
)
def test_a_file_that_is_no_export_is_refused_by_its_line(tmp_path, text, why):
    (tmp_path / "head.json").write_text(text)
    with pytest.raises(JournalError, match=why):
        audit_file.read(str(tmp_path / "head.json"))


def test_a_file_of_bytes_is_refused(tmp_path):
    (tmp_path / "head.json").write_bytes(b"\xff\xfe")
    with pytest.raises(JournalError, match="no UTF-8 text"):
        audit_file.read(str(tmp_path / "head.json"))


def test_a_word_that_is_neither_hash_nor_file_is_refused(tmp_path):
    with pytest.raises(JournalError, match="neither a hash of 64 digits nor a file"):
        audit_file.read(str(tmp_path / "abc"))
    assert audit_file.read("a" * 64).head == Head(hash="a" * 64)
