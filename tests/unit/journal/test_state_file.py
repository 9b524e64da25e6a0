"""The SQLite file: durable by the library's own limits, and refused where it cannot be trusted."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from connectors.fault_points import listening
from journal import database, file_system, migrate, sqlite_file
from journal.database import open_journal, remember
from journal.errors import DatabaseUnavailable, JournalError
from journal.schema import HEAD

PAIR = "salesforce>netsuite"


@pytest.mark.parametrize(
    ("version", "mode"),
    [
        ((3, 40, 1), "DELETE"),
        ((3, 44, 5), "DELETE"),
        ((3, 44, 6), "WAL"),
        ((3, 45, 0), "DELETE"),
        ((3, 50, 6), "DELETE"),
        ((3, 50, 7), "WAL"),
        ((3, 51, 2), "DELETE"),
        ((3, 51, 3), "WAL"),
        ((3, 52, 0), "WAL"),
        ((4, 0, 0), "WAL"),
    ],
)
def test_wal_is_used_only_where_the_library_keeps_what_it_committed(version, mode):
    assert sqlite_file.durability(version) == (mode, {"WAL": "FULL", "DELETE": "EXTRA"}[mode])


def test_the_file_is_opened_with_the_mode_of_the_library(state):
    journal = open_journal(state, PAIR)
    with journal.begin() as tx:
        mode = tx.conn.exec_driver_sql("PRAGMA journal_mode").scalar_one()
        synchronous = tx.conn.exec_driver_sql("PRAGMA synchronous").scalar_one()
    journal.close()
    wanted = sqlite_file.durability()
    assert (mode.upper(), {2: "FULL", 3: "EXTRA"}[synchronous]) == wanted


def mounts(tmp_path, *lines):
    file = tmp_path / "mountinfo"
    file.write_text("".join(f"{number} 1 0:{number} / {rest}\n" for number, rest in enumerate(lines, 20)))
    return file


@pytest.mark.parametrize("type_", ["nfs4", "cifs", "fuse.sshfs", "smb3"])
def test_a_network_file_system_is_refused(type_, tmp_path, monkeypatch):
    share = tmp_path / "a share"
    share.mkdir()
    escaped = str(share).replace(" ", "\\040")
    file = mounts(tmp_path, "/ rw - ext4 /dev/a rw", f"{escaped} rw shared:1 - {type_} server:/x rw")
    monkeypatch.setattr(file_system, "MOUNTS", file)
    with pytest.raises(JournalError, match=rf"network file system \({type_}\).*local disk"):
        open_journal(share / "deep" / "tieout.db", PAIR)
    open_journal(tmp_path / "local" / "tieout.db", PAIR).close()
    assert not (share / "deep").exists()


def test_the_innermost_and_latest_mount_decides(tmp_path):
    file = mounts(
        tmp_path,
        "/ rw - nfs4 root rw",
        f"{tmp_path} rw - nfs4 first rw",
        f"{tmp_path} rw - tmpfs over rw",
        "/elsewhere rw - nfs4 x rw",
    )
    assert file_system.file_system(tmp_path / "tieout.db", file) == "tmpfs"
    assert file_system.file_system(tmp_path.parent / "tieout.db", file) == "nfs4"
    assert file_system.file_system(tmp_path, tmp_path / "no such list") is None


def filled(state, rows=400):
    journal = open_journal(state, PAIR)
    with journal.begin() as tx:
        for number in range(rows):
            remember(tx, f"key {number}", "x" * 500)
    journal.close()


def test_a_truncated_database_is_refused(state):
    filled(state)
    os.truncate(state, state.stat().st_size // 2)
    with pytest.raises(JournalError, match=r"cannot be opened: .*malformed.*tieout db restore"):
        open_journal(state, PAIR)


def test_a_database_with_damaged_pages_is_refused_by_the_check_at_the_start(state):
    filled(state)
    with state.open("r+b") as file:
        file.seek(state.stat().st_size - 40 * 4096)
        file.write(os.urandom(30 * 4096))
    with pytest.raises(JournalError, match=r"damaged|malformed"):
        journal = open_journal(state, PAIR)
        try:
            sqlite_file.quick_check(journal.engine, journal.place)
        finally:
            journal.close()


def test_a_whole_database_passes_the_check(state):
    filled(state)
    journal = open_journal(state, PAIR)
    sqlite_file.quick_check(journal.engine, journal.place)
    journal.close()


def test_another_file_in_its_place_is_refused(state):
    state.parent.mkdir()
    state.write_bytes(b"this is no database" * 100)
    with pytest.raises(JournalError, match="file is not a database"):
        open_journal(state, PAIR)


def test_waiting_for_the_lock_ends_and_the_next_transaction_works(state, monkeypatch):
    monkeypatch.setattr(sqlite_file, "BUSY", 0.2)
    journal = open_journal(state, PAIR)
    with closing(sqlite3.connect(state, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseUnavailable, match=r"is locked\. What was committed stays"), journal.begin():
            raise AssertionError("two writers")
        other.execute("ROLLBACK")
    with journal.begin() as tx:
        remember(tx, "a", "1")
    journal.close()


def test_a_disk_that_is_full_is_told_as_such(state):
    journal = open_journal(state, PAIR)
    with pytest.raises(DatabaseUnavailable, match="full"), journal.begin() as tx:
        pages = tx.conn.exec_driver_sql("PRAGMA page_count").scalar_one()
        tx.conn.exec_driver_sql(f"PRAGMA max_page_count={pages}")
        for number in range(100):
            remember(tx, f"key {number}", "x" * 5000)
    journal.close()


# migrations


def at_revision(state, revision):
    """Make a state database of an older program, with something in it."""
    engine = sqlite_file.engine(state)
    with engine.begin() as conn:
        migrate.run(conn, str(state), revision)
        conn.exec_driver_sql("INSERT INTO meta (key, value) VALUES ('sf_org_id', '00D1')")
    engine.dispose()


def revision_of(path):
    with closing(sqlite3.connect(path)) as db:
        return db.execute("SELECT version_num FROM alembic_version").fetchone()[0]


def tables_of(path):
    with closing(sqlite3.connect(path)) as db:
        return {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


KILLED = """
import os, signal, sys
from pathlib import Path
from connectors.fault_points import listening
from journal.database import open_journal

met = []
def die(name):
    met.append(name)
    if name.startswith("journal.migrat") and len(met) == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)

with listening(die):
    open_journal(Path(sys.argv[1]), "salesforce>netsuite")
"""


@pytest.mark.parametrize("point", [1, 2, 3])
def test_a_process_killed_within_a_migration_leaves_the_old_schema_and_the_next_one_upgrades(state, point):
    at_revision(state, "0001")
    before = tables_of(state)
    done = subprocess.run(
        [sys.executable, "-c", KILLED, state, str(point)], check=False, capture_output=True, text=True
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert (revision_of(state), tables_of(state)) == ("0001", before)
    journal = open_journal(state, PAIR)
    with journal.begin() as tx:
        assert database.recall(tx, "sf_org_id") == "00D1"
    assert journal.upgraded.found == "0001"
    journal.close()
    assert revision_of(state) == HEAD


def test_a_database_with_content_is_backed_up_before_its_schema_changes(state):
    at_revision(state, "0002")
    journal = open_journal(state, PAIR)
    kept = journal.upgraded.backup
    journal.close()
    assert kept.name == f"tieout.db.before-{HEAD}"
    assert kept.stat().st_mode & 0o077 == 0
    assert revision_of(kept) == "0002"
    with closing(sqlite3.connect(kept)) as db:
        assert db.execute("SELECT value FROM meta WHERE key = 'sf_org_id'").fetchone() == ("00D1",)


def test_an_empty_database_is_upgraded_without_a_backup(state):
    journal = open_journal(state, PAIR)
    assert journal.upgraded == database.Upgraded(None, None)
    journal.close()
    journal = open_journal(state, PAIR)
    assert journal.upgraded is None
    journal.close()
    assert [path.name for path in state.parent.iterdir()] == ["tieout.db"]


def test_no_upgrade_without_its_backup(state):
    at_revision(state, "0002")

    def refuse(name):
        if name == "journal.migrating":
            raise AssertionError("migrated without a backup")

    state.parent.chmod(0o500)
    try:
        if os.access(state.parent, os.W_OK):
            (state.parent / f".tieout.db.before-{HEAD}.part").mkdir()  # root may write anywhere
        with listening(refuse), pytest.raises(JournalError, match="backup could not be written"):
            open_journal(state, PAIR)
    finally:
        state.parent.chmod(0o700)
    assert revision_of(state) == "0002"
