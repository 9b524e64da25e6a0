"""A state that is older than the one last in use is noticed, whoever brought it back."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime

import pytest

from journal import audit_check, bindings, epoch, postgresql
from journal.database import replace
from journal.nouns import Binding
from tests import postgres_server

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def file_journal(state):
    journal = postgres_server.opened(state, postgresql=False)
    yield journal
    journal.close()


def enter(journal, state, token="other"):
    return epoch.enter(journal, state, NOW, token)


def in_recovery(journal):
    with journal.begin() as tx:
        return epoch.in_recovery(tx)


def test_ordinary_runs_are_in_no_recovery(journal, state):
    for token in "abc":
        assert enter(journal, state, token) is None
    assert not in_recovery(journal)
    assert epoch.beside(state).read_text() == "a.3\n"
    assert epoch.beside(state).stat().st_mode & 0o077 == 0
    with journal.begin() as tx:
        assert epoch.notice(tx, state) is None


def test_an_older_copy_of_the_file_is_noticed(file_journal, state):
    enter(file_journal, state, "a")
    file_journal.close()
    shutil.copy(state, state.with_name("yesterday"))
    enter(file_journal, state)
    file_journal.close()
    shutil.copy(state.with_name("yesterday"), state)
    back = postgres_server.opened(state, postgresql=False)
    with back.begin() as tx:
        assert epoch.notice(tx, state).startswith("The next run begins a recovery: the state is older")
    assert enter(back, state, "b") == "the state is older than the one that was last in use here"
    assert in_recovery(back)
    assert epoch.beside(state).read_text() == "b.1\n"
    assert enter(back, state) is None, "noticed once"
    assert in_recovery(back), "and it lasts until somebody has read everything back"
    back.close()


def test_a_lost_state_is_noticed(file_journal, state):
    enter(file_journal, state, "a")
    file_journal.close()
    state.unlink()
    back = postgres_server.opened(state, postgresql=False)
    assert enter(back, state, "b") == "the state is another one than was last in use here"
    back.close()


def test_a_file_without_its_companion_was_copied(file_journal, state):
    enter(file_journal, state, "a")
    epoch.beside(state).unlink()
    assert enter(file_journal, state, "b") == "the file was copied from elsewhere"


def test_a_companion_that_says_nothing_is_not_trusted(journal, state):
    enter(journal, state, "a")
    epoch.beside(state).write_text("what is this")
    assert enter(journal, state, "b") is not None


def test_dying_between_database_and_companion_is_no_restore(journal, state, monkeypatch):
    enter(journal, state, "a")
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(epoch, "_note", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        enter(journal, state)
    assert enter(journal, state) is None


def test_dying_so_within_a_recovery_keeps_the_recovery(journal, state, monkeypatch):
    enter(journal, state, "a")
    epoch.beside(state).write_text("z.9")
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(epoch, "_note", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        enter(journal, state, "b")
    enter(journal, state, "c")
    assert in_recovery(journal)


def test_every_pair_of_the_database_goes_into_recovery(journal, opened, state):
    other = opened(state, "crm2>erp2")
    with other.begin() as tx:
        bindings.bind(
            tx,
            Binding(
                kind="so",
                source_id="006",
                doc_no=1,
                external_id=None,
                target_id="1",
                number=None,
                origin="created",
                evidence="",
                currency=None,
                net=None,
                bound_at=NOW,
            ),
        )
    enter(journal, state, "a")
    epoch.beside(state).write_text("z.9")
    enter(journal, state, "b")
    assert in_recovery(other)
    with journal.begin() as tx:
        epoch.end_recovery(tx, NOW)
    assert (in_recovery(journal), in_recovery(other)) == (False, True)


def test_beginning_and_ending_stand_in_the_audit_trail_once(journal):
    for _ in range(2):
        with journal.begin() as tx:
            epoch.begin_recovery(tx, "first reason", NOW)
    with journal.begin() as tx:
        epoch.begin_recovery(tx, "second reason", NOW)
        assert epoch.recovery(tx) == epoch.Recovery(why="first reason", since=NOW)
        assert epoch.notice(tx, journal_state(journal)) == "In recovery since 2026-11-22 12:00 UTC: first reason"
    for _ in range(2):
        with journal.begin() as tx:
            epoch.end_recovery(tx, NOW)
    told = [row["action"] for row in audit_check.rows_of(journal)]
    assert told == ["recovery.begun", "recovery.ended"]


def journal_state(journal):
    from pathlib import Path

    return Path("/nonexistent/tieout.db") if journal.on_postgresql else Path(journal.place)


# PostgreSQL


def test_another_machine_may_begin_to_use_the_database(state, tmp_path):
    journal = postgres_server.opened(state, postgresql=True)
    enter(journal, state, "a")
    assert enter(journal, tmp_path / "other machine.db", "b") is None
    assert enter(journal, state, "c") is None
    journal.close()


def test_a_restore_that_one_machine_noticed_is_no_news_to_the_next(state, tmp_path):
    journal = postgres_server.opened(state, postgresql=True)
    second = tmp_path / "second" / "tieout.db"
    second.parent.mkdir()
    enter(journal, state, "a")
    enter(journal, second, "a")
    with journal.begin() as tx:
        replace(tx, epoch.EPOCH, "a.1")
    assert enter(journal, second, "b") is not None
    assert enter(journal, state, "c") is None
    journal.close()


def test_another_server_behind_the_same_address_is_noticed(state, monkeypatch):
    journal = postgres_server.opened(state, postgresql=True)
    enter(journal, state, "a")
    with journal.begin() as tx:
        number, cluster, timeline = postgresql.identity(tx.conn).split("/")
    assert (number.isdigit(), cluster.isdigit(), timeline) == (True, True, "00000001")
    monkeypatch.setattr(postgresql, "identity", lambda _conn: f"{number}/{cluster}/00000002")
    assert "a stand-by took over" in enter(journal, state, "b")
    assert enter(journal, state, "c") is None
    journal.close()
