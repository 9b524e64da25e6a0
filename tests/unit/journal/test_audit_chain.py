"""Every change writes its row, in order, in one chain, in the transaction of the change."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import DatabaseError

from connectors.fault_points import listening
from journal import audit, audit_check, tables
from journal.database import Tx, recall, remember
from tests import postgres_server

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[3]


def add(tx, n=1, action="intent.armed", **detail):
    for i in range(n):
        audit.record(tx, action, audit.document("so", f"006{i}"), NOW + timedelta(seconds=i), **detail)


def rows(journal):
    return list(audit_check.rows_of(journal))


def test_the_first_row_follows_on_nothing_and_each_other_on_the_one_before(journal):
    with journal.begin() as tx:
        add(tx, 2)
    with journal.begin() as tx:
        add(tx, 1)
    found = rows(journal)
    assert [row["seq"] for row in found] == [1, 2, 3]
    assert [row["prev_hash"] for row in found] == [audit.GENESIS, found[0]["hash"], found[1]["hash"]]
    verdict = audit_check.check(found)
    assert (verdict.bad, verdict.rows, verdict.first_at, verdict.last_at) == (None, 3, NOW, NOW)
    assert verdict.head == audit_check.Head(seq=3, hash=found[2]["hash"])


def test_the_hash_is_of_every_column():
    full = {column.name: "x" for column in tables.audit.c}
    plain = audit.digest(full)
    changed = [name for name in full if audit.digest({**full, name: "y"}) != plain]
    assert sorted(changed) == sorted(set(full) - {"hash"})


def test_a_row_says_who_acted(journal):
    journal.actor = "ada"
    with journal.begin() as tx:
        add(tx)
    assert [(row["actor"], row["pair"]) for row in rows(journal)] == [("ada", "salesforce>netsuite")]


def test_a_change_that_is_undone_leaves_no_row(journal):
    with pytest.raises(ZeroDivisionError), journal.begin() as tx:
        add(tx)
        _ = 1 / 0
    assert rows(journal) == []


def test_a_process_that_dies_before_the_commit_leaves_neither_change_nor_row(journal):
    def die(name):
        if name == "journal.committing":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), listening(die), journal.begin() as tx:
        remember(tx, "a", "1")
        add(tx)
    with journal.begin() as tx:
        assert recall(tx, "a") is None
    assert rows(journal) == []


def test_who_acts_for_somebody_else_adds_to_the_same_transaction(journal):
    with journal.begin() as tx:
        add(tx, action="one")
        add(replace(tx, actor="ada"), action="two")
    assert [(row["action"], row["actor"]) for row in rows(journal)] == [("one", "tieout"), ("two", "ada")]


def test_in_a_batch_only_the_failed_part_loses_its_rows(journal):
    with journal.batch():
        with journal.begin() as tx:
            add(tx, action="one")
        with pytest.raises(ZeroDivisionError), journal.begin() as tx:
            add(tx, action="two")
            _ = 1 / 0
        with journal.begin() as tx:
            add(tx, action="three")
    assert [row["action"] for row in rows(journal)] == ["one", "three"]
    assert audit_check.check(rows(journal)).bad is None


def test_a_batch_that_fails_leaves_no_row_and_the_next_one_starts_clean(journal):
    with pytest.raises(ZeroDivisionError), journal.batch():
        with journal.begin() as tx:
            add(tx)
        _ = 1 / 0
    with journal.batch(), journal.begin() as tx:
        add(tx, action="after")
    assert [row["action"] for row in rows(journal)] == ["after"]


def test_a_batch_of_hundreds_looks_once_for_the_end_of_the_chain_and_writes_once(journal):
    said = []

    def listen(conn, cursor, statement, parameters, context, executemany):
        if "audit" in statement:
            said.append(statement.split()[0])

    with journal.begin() as tx:
        engine = tx.conn.engine
    event.listen(engine, "before_cursor_execute", listen)
    with journal.batch():
        for _ in range(300):
            with journal.begin() as tx:
                add(tx, 3)
    event.remove(engine, "before_cursor_execute", listen)
    assert said == ["SELECT", "INSERT"]
    assert audit_check.check(rows(journal)).rows == 900


def test_in_a_transaction_that_no_journal_opened_a_row_is_written_at_once(journal):
    with journal.begin() as tx:
        bare = Tx(tx.conn, "p")
        add(bare)
        assert tx.conn.scalar(select(tables.audit.c.seq)) == 1
        add(bare)
    assert audit_check.check(rows(journal)).rows == 2


@pytest.mark.parametrize(
    "change", [tables.audit.update().values(actor="eve"), tables.audit.delete()], ids=["update", "delete"]
)
def test_the_database_itself_refuses_to_change_or_delete_a_row(journal, change):
    with journal.begin() as tx:
        add(tx, 2)
    with pytest.raises(DatabaseError, match="append-only"), journal.begin() as tx:
        tx.conn.execute(change)
    assert audit_check.check(rows(journal)).rows == 2


REPLACE = {
    "sqlite": "INSERT OR REPLACE INTO audit ({0}) SELECT {1} FROM audit",
    "postgresql": "INSERT INTO audit ({0}) SELECT {1} FROM audit ON CONFLICT (seq) DO UPDATE SET actor = 'eve'",
}


def test_replacing_a_row_by_another_of_its_number_is_refused(journal):
    with journal.begin() as tx:
        add(tx, 2)
        dialect = tx.conn.dialect.name
    columns = "seq, at, pair, actor, action, object, before, after, detail, prev_hash, hash"
    with pytest.raises(DatabaseError, match="append-only"), journal.begin() as tx:
        tx.conn.exec_driver_sql(REPLACE[dialect].format(columns, columns.replace("actor", "'eve'")))
    assert {row["actor"] for row in rows(journal)} == {"tieout"}


def test_a_trail_is_not_emptied_at_once_either(journal):
    with journal.begin() as tx:
        add(tx, 2)
        dialect = tx.conn.dialect.name
    with pytest.raises(DatabaseError, match="append-only"), journal.begin() as tx:
        tx.conn.exec_driver_sql("TRUNCATE audit" if dialect == "postgresql" else "DELETE FROM audit")


APPEND = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from journal import audit
from journal.database import open_journal
journal = open_journal(Path(sys.argv[1]), sys.argv[2], *sys.argv[3:])
for i in range(20):
    with journal.begin() as tx:
        for j in range(i % 4):
            audit.record(tx, "a", f"so/{i}/{j}", datetime(2026, 11, 22, tzinfo=UTC))
journal.close()
"""


@pytest.mark.parametrize("pairs", [("a>b", "a>b"), ("a>b", "c>d")], ids=["one pair", "two pairs"])
def test_two_processes_append_to_one_chain(journal, state, pairs):
    url = [postgres_server.databases().at(state), "here"] if journal.on_postgresql else []
    command = [sys.executable, "-c", APPEND, str(state)]
    both = [subprocess.Popen([*command, pair, *url], cwd=ROOT) for pair in pairs]
    assert [process.wait(60) for process in both] == [0, 0]
    verdict = audit_check.check(rows(journal))
    assert (verdict.bad, verdict.rows) == (None, 60)
    assert {row["pair"] for row in rows(journal)} == set(pairs)


def test_a_long_trail_is_read_page_by_page(journal, monkeypatch):
    monkeypatch.setattr(audit_check, "PAGE", 7)
    with journal.begin() as tx:
        add(tx, 50)
    assert audit_check.check(rows(journal)).rows == 50
    with journal.begin() as tx:
        assert audit_check.first_bad(tx) is None
