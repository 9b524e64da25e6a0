"""Many records at a time: the same outcome as one by one, and all of it or nothing."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from journal import postgresql, staging, subjects
from journal.nouns import KIND_ORDER
from journal.staging import StagedRecord

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def record(number, name="Deal", at=NOW):
    return StagedRecord(
        type="Opportunity", source_id=f"006{number}", fields={"Name": name}, lines=(), modified=at, deleted=False
    )


def mark(journal, id_, state=subjects.SETTLED):
    with journal.begin() as tx:
        subjects.mark(tx, KIND_ORDER, id_, label=id_, state=state, at=NOW)


def states(journal):
    with journal.begin() as tx:
        return {one.source_id: one.state for one in subjects.all_states(tx, KIND_ORDER)}


def seen_by_others(journal):
    """Count the subjects that another connection sees, without waiting for the lock."""
    query = "SELECT count(*) FROM subject"
    if journal.on_postgresql:
        with journal.engine.connect().execution_options(**postgresql.UNLOCKED) as conn:
            return conn.exec_driver_sql(query).scalar_one()
    with closing(sqlite3.connect(journal.engine.url.database)) as other:
        return other.execute(query).fetchone()[0]


def test_what_a_batch_did_is_there_only_once_it_has_ended(journal):
    with journal.batch():
        mark(journal, "a")
        mark(journal, "b")
        assert seen_by_others(journal) == 0
    assert states(journal) == {"a": subjects.SETTLED, "b": subjects.SETTLED}


def test_a_part_of_a_batch_that_fails_takes_only_itself_back(journal):
    with journal.batch():
        mark(journal, "a")
        with pytest.raises(RuntimeError), journal.begin() as tx:
            subjects.mark(tx, KIND_ORDER, "b", label="b", state=subjects.HELD, at=NOW)
            raise RuntimeError
        mark(journal, "c")
    assert set(states(journal)) == {"a", "c"}


def test_an_error_that_leaves_a_batch_takes_all_of_it_back(journal):
    with pytest.raises(RuntimeError), journal.batch():
        mark(journal, "a")
        raise RuntimeError
    assert states(journal) == {}
    mark(journal, "b")
    assert set(states(journal)) == {"b"}


def test_staging_together_is_staging_one_by_one(journal, opened, tmp_path):
    later = NOW + timedelta(minutes=1)
    rounds = ([record(1), record(2)], [record(1, at=later), record(2, "New", later), record(3)], [record(2, at=NOW)])
    for run, batch in enumerate(rounds):
        with journal.begin() as tx:
            together = staging.stage_all(tx, batch, f"r{run}", NOW)
        alone = opened(tmp_path / "alone.db")
        with alone.begin() as tx:
            assert together == {one.source_id for one in batch if staging.stage(tx, one, f"r{run}", NOW)}
            singly = [staging.newest(tx, "Opportunity", f"006{n}") for n in (1, 2, 3)]
        alone.close()
        with journal.begin() as tx:
            assert [staging.newest(tx, "Opportunity", f"006{n}") for n in (1, 2, 3)] == singly


def test_a_page_without_relevant_deals_stages_nothing(journal):
    with journal.begin() as tx:
        assert staging.stage_all(tx, [], "r", NOW) == set()


def test_making_records_due_leaves_those_in_doubt_alone(journal):
    mark(journal, "doubt", subjects.AMBIGUOUS)
    mark(journal, "done")
    with journal.begin() as tx:
        subjects.make_ready(tx, KIND_ORDER, {"doubt": "x", "done": "Done", "new": "New"}, NOW)
        assert subjects.states_of(tx, KIND_ORDER, ["doubt", "done", "new", "none"]) == {
            "doubt": subjects.AMBIGUOUS,
            "done": subjects.READY,
            "new": subjects.READY,
        }
