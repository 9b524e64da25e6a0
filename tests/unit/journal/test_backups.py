"""Backups are consistent, private, complete before they have their name, and known as backups when they come back."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from journal import backup, checkup, epoch, leases, restore, runs, subjects
from journal.database import recall, remember
from journal.errors import JournalError
from journal.leases import held
from journal.schema import HEAD
from journal.tables import metadata
from tests import postgres_server
from tests.fakes.time_and_chance import VirtualClock

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def fill(journal, name="a", count=3):
    with journal.begin() as tx:
        remember(tx, "sf_org_id", "00D1")
        runs.start(tx, f"run {name}", "sync", NOW)
        for number in range(count):
            subjects.mark(tx, "so", f"{name}{number}", label="Größe 😀", state=subjects.READY, at=NOW)


def ids(journal):
    with journal.begin() as tx:
        return {one.source_id for one in subjects.all_states(tx, "so")}


def rows(path):
    with closing(sqlite3.connect(path)) as db:
        return {name: db.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in metadata.tables}


def test_a_backup_holds_everything_and_is_its_owners_only(journal, tmp_path):
    fill(journal)
    file = tmp_path / "b.db"
    assert backup.make(journal.engine, file, NOW) == file.stat().st_size
    assert file.stat().st_mode & 0o077 == 0
    assert rows(file)["subject"] == 3
    with closing(sqlite3.connect(file)) as db:
        assert db.execute("SELECT version_num FROM alembic_version").fetchone() == (HEAD,)
        assert db.execute("SELECT label FROM subject LIMIT 1").fetchone() == ("Größe 😀",)
        assert db.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["b.db"]
    assert not [one for one in checkup.check_file(file) if one.bad]


def test_a_backup_never_replaces_a_file(journal, tmp_path):
    file = tmp_path / "b.db"
    file.write_text("precious")
    with pytest.raises(JournalError, match="exists already"):
        backup.make(journal.engine, file, NOW)
    assert file.read_text() == "precious"


def test_a_backup_that_fails_leaves_nothing_behind(journal, tmp_path, monkeypatch):
    def broken(_file):
        raise sqlite3.DatabaseError("page 7 is never used")

    monkeypatch.setattr(backup, "require_whole", broken)
    with pytest.raises(JournalError, match="could not be written: page 7"):
        backup.make(journal.engine, tmp_path / "b.db", NOW)
    with pytest.raises(JournalError, match="could not be written"):
        backup.make(journal.engine, tmp_path / "missing" / "b.db", NOW)
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == []


WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from journal import subjects
from journal.database import open_journal
journal = open_journal(Path(sys.argv[1]), "salesforce>netsuite", sys.argv[2] or None)
print("ready", flush=True)
number = 0
while True:
    with journal.begin() as tx:
        for twin in ("left", "right"):
            subjects.mark(tx, twin, f"{number}", label="x", state="ready", at=datetime.now(UTC))
    number += 1
"""


def test_a_backup_made_while_another_process_writes_shows_one_moment(journal, state, tmp_path):
    url = postgres_server.databases().at(state) if journal.on_postgresql else ""
    writer = subprocess.Popen([sys.executable, "-c", WRITER, state, url], stdout=subprocess.PIPE, text=True)
    try:
        assert writer.stdout.readline() == "ready\n"
        for number in range(3):
            backup.make(journal.engine, tmp_path / f"{number}.db", NOW)
    finally:
        writer.kill()
        writer.communicate()
    for number in range(3):
        with closing(sqlite3.connect(tmp_path / f"{number}.db")) as db:
            counts = dict(db.execute("SELECT kind, count(*) FROM subject GROUP BY kind").fetchall())
        assert counts.get("left") == counts.get("right")


# bringing one back


def restored(journal, opened, state, file):
    """Put a backup in the place of the live state and open that."""
    if journal.on_postgresql:
        kept = restore.onto_postgresql(journal, file, state, NOW)
        return journal, kept
    journal.close()
    kept = restore.onto_file(state, file, NOW)
    return opened(state), kept


def test_a_restored_backup_is_noticed_and_what_it_replaced_is_kept(journal, opened, state, tmp_path):
    fill(journal)
    assert epoch.enter(journal, state, NOW, "first") is None
    backup.make(journal.engine, tmp_path / "b.db", NOW)
    fill(journal, "later")
    back, kept = restored(journal, opened, state, tmp_path / "b.db")
    assert ids(back) == {"a0", "a1", "a2"}
    assert rows(kept)["subject"] == 6
    assert kept.name == "tieout.db.replaced-20261122-120000"
    why = epoch.enter(back, state, NOW, "second")
    assert why == "the state is a backup of 2026-11-22 12:00 UTC"
    with back.begin() as tx:
        assert epoch.in_recovery(tx)
        assert recall(tx, backup.MARK) is None
        assert not [one for one in checkup.check(tx) if one.bad]


def test_a_damaged_state_is_replaced_and_its_journal_goes_with_it(opened, tmp_path):
    state = tmp_path / "live" / "tieout.db"
    journal = postgres_server.opened(state, postgresql=False)
    fill(journal)
    backup.make(journal.engine, tmp_path / "b.db", NOW)
    journal.close()
    state.write_bytes(b"rubbish" * 1000)
    state.with_name("tieout.db-journal").write_bytes(b"hot")
    kept = restore.onto_file(state, tmp_path / "b.db", NOW)
    assert kept.read_bytes().startswith(b"rubbish")
    assert kept.with_name(f"{kept.name}-journal").read_bytes() == b"hot"
    assert not state.with_name("tieout.db-journal").exists()
    journal = postgres_server.opened(state, postgresql=False)
    assert len(ids(journal)) == 3
    journal.close()


@pytest.mark.parametrize("content", [b"", b"no database at all" * 99])
def test_what_is_no_backup_is_refused(content, journal, opened, state, tmp_path):
    fill(journal)
    (tmp_path / "b.db").write_bytes(content)
    with pytest.raises(JournalError, match="no whole backup"):
        restored(journal, opened, state, tmp_path / "b.db")
    with pytest.raises(JournalError, match="no such file"):
        restore.require_backup(tmp_path / "none.db")
    assert len(ids(opened(state))) == 3


def test_a_backup_of_a_newer_program_is_refused(journal, tmp_path):
    file = tmp_path / "b.db"
    backup.make(journal.engine, file, NOW)
    with closing(sqlite3.connect(file)) as db, db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(JournalError, match="newer tieout"):
        restore.require_backup(file)


def test_on_postgresql_nothing_is_restored_while_somebody_holds_a_lease(state, tmp_path):
    journal = postgres_server.opened(state, postgresql=True)
    fill(journal)
    backup.make(journal.engine, tmp_path / "b.db", NOW)
    clock = VirtualClock()
    with (
        held(journal, state, leases.RECONCILE, "tieout run on web2", clock),
        pytest.raises(JournalError, match="worked on by tieout run on web2"),
    ):
        restore.onto_postgresql(journal, tmp_path / "b.db", state, clock.now())
    fill(journal, "later")
    restore.onto_postgresql(journal, tmp_path / "b.db", state, clock.now() + timedelta(seconds=1))
    assert len(ids(journal)) == 3
    journal.close()


@pytest.mark.parametrize("revision", ["0001", "0002"])
def test_a_backup_of_an_older_program_comes_back_on_postgresql_and_is_upgraded(revision, state, tmp_path):
    from journal import migrate, sqlite_file

    file = tmp_path / "old.db"
    engine = sqlite_file.engine(file)
    with engine.begin() as conn:
        migrate.run(conn, "old", revision)
        conn.exec_driver_sql("INSERT INTO meta (key, value) VALUES ('sf_org_id', '00D9')")
    engine.dispose()
    journal = postgres_server.opened(state, postgresql=True)
    fill(journal)
    restore.onto_postgresql(journal, file, state, NOW)
    with journal.begin() as tx:
        assert recall(tx, "sf_org_id") == "00D9"
        assert epoch.notice(tx, state).startswith("The next run begins a recovery: the state is a backup")
        assert not [one for one in checkup.check(tx) if one.bad]
    journal.close()


# whether it is whole


def found(journal):
    with journal.begin() as tx:
        return {one.name: one for one in checkup.check(tx)}


def test_a_whole_database_is_told_to_be_whole(journal):
    fill(journal)
    checks = found(journal)
    assert not [one for one in checks.values() if one.bad]
    assert {"schema", "integrity", "references", "intents", "contents", "open"} <= set(checks)
    if journal.on_postgresql:
        assert "a crash of the server" in checks["fsync"].found  # the tests' own server is a hasty one


def test_looking_at_the_live_state_keeps_no_writer_waiting_and_leaves_nothing_behind(journal, state):
    fill(journal)
    files = set(state.parent.iterdir())
    if journal.on_postgresql:
        with journal.begin():
            checks = checkup.check_live(journal)
    else:
        checks = checkup.check_live(journal)
    assert not [one for one in checks if one.bad]
    assert set(state.parent.iterdir()) == files


def test_what_is_amiss_is_named(journal, state):
    if journal.on_postgresql:
        connection = psycopg.connect(
            journal.engine.url.set(drivername="postgresql").render_as_string(hide_password=False), autocommit=True
        )
        connection.execute("SET session_replication_role = replica")
    else:
        connection = sqlite3.connect(journal.engine.url.database, isolation_level=None)
    with closing(connection) as db:
        db.execute("INSERT INTO blob (sha, kind, content, kept_at) VALUES ('aa', 'body', 'x', 'y')")
        db.execute(
            "INSERT INTO attempt (intent_id, n, finished_at, status, code, message, request_sha, response_sha)"
            " VALUES ('gone', 1, '', '', '', '', '', '')"
        )
        db.execute("DROP INDEX one_open_intent")
    checks = found(journal)
    assert "1 rows of attempt name a row of intent that is missing" in checks["references"].found
    assert "the content aa is not what it was" in checks["contents"].found
    assert "the index that forbids a second one is missing" in checks["intents"].found
    assert all(checks[name].bad for name in ("references", "contents", "intents"))
    journal.close()
    postgres_server.forget(state)
