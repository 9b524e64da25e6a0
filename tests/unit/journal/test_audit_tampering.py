"""Whatever is done to the rows behind Tieout's back is found, and the first bad row is named."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from journal import audit, audit_check
from journal.audit_check import Head
from journal.database import open_journal

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
N = 9
COLUMNS = ("at", "pair", "actor", "action", "object", "before", "after", "detail", "prev_hash", "hash")
NUMBERS = st.integers(1, N)
VALUES = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters="\0")), st.integers(-5, 5), st.binary(), st.none()
)
FAST = settings(deadline=None, max_examples=80)


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """A state database with nine rows whose triggers somebody has dropped."""
    path = tmp_path_factory.mktemp("audit") / "original.db"
    journal = open_journal(path, "salesforce>netsuite")
    for i in range(N):
        with journal.begin() as tx:
            after = None if i % 3 else f"s{i}"
            audit.record(tx, f"step.{i}", audit.document("so", f"006{i}"), NOW + timedelta(i), after=after, n=str(i))
    journal.close()
    with closing(sqlite3.connect(path)) as db:
        db.executescript(
            "DROP TRIGGER audit_refuses_update; DROP TRIGGER audit_refuses_delete; "
            "DROP TRIGGER audit_refuses_replacement;"
        )
    return path


class _Undo(Exception):  # noqa: N818
    """Takes back what an example did."""


@pytest.fixture(scope="module")
def tampered(original):
    """Do some SQL behind Tieout's back, check, undo it, and return the verdict."""
    path = original.with_name("copy.db")
    shutil.copy(original, path)
    journal = open_journal(path, "salesforce>netsuite")

    def do(change, head=None, kept=()):
        verdicts = []
        with contextlib.suppress(_Undo), journal.begin() as tx:
            change(tx.conn.connection.driver_connection)
            verdicts.append(audit_check.check(audit_check.rows_in(tx), head, kept))
            raise _Undo
        return verdicts[0]

    yield do
    journal.close()


def sql(text, *values):
    return lambda db: db.execute(text, values)


def everything(db):
    cursor = db.cursor()
    cursor.row_factory = sqlite3.Row
    return [dict(row) for row in cursor.execute("SELECT * FROM audit ORDER BY seq")]


def put(db, row):
    names = ", ".join(row)
    db.execute(f"INSERT INTO audit ({names}) VALUES ({', '.join('?' * len(row))})", list(row.values()))


@pytest.fixture(scope="module")
def kept(original):
    with closing(sqlite3.connect(original)) as db:
        return [(row["seq"], row["hash"]) for row in everything(db)]


def test_an_untouched_trail_is_good(tampered, kept):
    head = Head(seq=N, hash=kept[-1][1])
    assert tampered(lambda db: None, head, kept).bad is None
    assert tampered(lambda db: None, Head(hash=kept[4][1])).bad is None


@FAST
@given(seq=NUMBERS, column=st.sampled_from(COLUMNS), value=VALUES)
def test_any_changed_cell_is_found(tampered, seq, column, value):
    changed = []

    def change(db):
        before = db.execute(f"SELECT {column} FROM audit WHERE seq = ?", (seq,)).fetchone()
        try:
            db.execute(f"UPDATE audit SET {column} = ? WHERE seq = ?", (value, seq))
        except sqlite3.IntegrityError:
            return
        changed.append(before != db.execute(f"SELECT {column} FROM audit WHERE seq = ?", (seq,)).fetchone())

    bad = tampered(change).bad
    assume(changed == [True])
    assert bad is not None
    assert bad.seq == seq


@FAST
@given(seq=NUMBERS, column=st.sampled_from(COLUMNS), raw=st.binary(min_size=1, max_size=3))
def test_bytes_that_are_no_text_are_found(tampered, seq, column, raw):
    bad = tampered(sql(f"UPDATE audit SET {column} = CAST(? AS TEXT) WHERE seq = ?", raw, seq)).bad
    assert bad is not None
    assert bad.seq == seq


@FAST
@given(seq=NUMBERS, number=st.one_of(st.integers(-3, 0), st.integers(N + 1, N + 9)))
def test_a_row_under_another_number_is_found(tampered, seq, number):
    bad = tampered(sql("UPDATE audit SET seq = ? WHERE seq = ?", number, seq)).bad
    assert bad is not None
    assert bad.seq == (number if number < 1 else seq)


@pytest.mark.parametrize("seq", range(1, N))
def test_a_row_that_is_missing_within_the_trail_is_found_without_a_head(tampered, seq):
    bad = tampered(sql("DELETE FROM audit WHERE seq = ?", seq)).bad
    assert bad is not None
    assert (bad.seq, "missing" in bad.why) == (seq, True)


@FAST
@given(pair=st.tuples(NUMBERS, NUMBERS).filter(lambda pair: pair[0] < pair[1]), hashes_too=st.booleans())
def test_two_rows_that_changed_places_are_found(tampered, pair, hashes_too):
    stay = ("seq",) if hashes_too else ("seq", "prev_hash", "hash")

    def swap(db):
        found = {row["seq"]: row for row in everything(db)}
        for seq, other in (pair, pair[::-1]):
            row = {name: value for name, value in found[other].items() if name not in stay}
            db.execute(
                f"UPDATE audit SET {', '.join(f'{name} = ?' for name in row)} WHERE seq = ?", [*row.values(), seq]
            )

    bad = tampered(swap).bad
    assert bad is not None
    assert bad.seq == pair[0]


@FAST
@given(seq=NUMBERS, well_made=st.booleans())
def test_a_row_put_in_between_is_found(tampered, seq, well_made):
    def insert(db):
        found = everything(db)
        db.execute("DELETE FROM audit")
        new = {**found[seq - 1], "action": "forged"}
        for row in [*found[: seq - 1], {**new, "hash": audit.digest(new) if well_made else "0" * 64}]:
            put(db, row)
        for row in found[seq - 1 :]:
            put(db, {**row, "seq": row["seq"] + 1})

    bad = tampered(insert).bad
    assert bad is not None
    assert bad.seq == (seq + 1 if well_made else seq)


@FAST
@given(gone=NUMBERS)
def test_a_cut_off_end_is_found_by_a_head_that_was_kept(tampered, kept, gone):
    cut = sql("DELETE FROM audit WHERE seq > ?", N - gone)
    assert tampered(cut).bad is None
    for head in (Head(seq=N, hash=kept[-1][1]), Head(hash=kept[-1][1])):
        bad = tampered(cut, head).bad
        assert bad is not None
        assert bad.seq == N - gone + 1


@FAST
@given(seq=NUMBERS, actor=st.text("abc", min_size=1))
def test_a_trail_that_was_written_anew_from_some_row_on_is_found_by_what_was_kept(tampered, kept, seq, actor):
    def forge(db):
        found = everything(db)
        db.execute("DELETE FROM audit WHERE seq >= ?", (seq,))
        before = found[seq - 2]["hash"] if seq > 1 else audit.GENESIS
        for row in found[seq - 1 :]:
            new = {**row, "prev_hash": before, "actor": actor}
            before = audit.digest(new)
            put(db, {**new, "hash": before})

    assert tampered(forge).bad is None
    head = Head(seq=N, hash=kept[-1][1])
    by_head, by_hash, by_rows = tampered(forge, head).bad, tampered(forge, Head(hash=head.hash)).bad, None
    by_rows = tampered(forge, head, kept).bad
    assert by_head is not None
    assert by_hash is not None
    assert by_rows is not None
    assert (by_head.seq, by_rows.seq) == (N, seq)


def test_a_time_that_tieout_never_writes_is_bad_even_if_its_hash_fits(tampered):
    def forge(db):
        row = everything(db)[-1]
        db.execute("DELETE FROM audit WHERE seq = ?", (N,))
        new = {**row, "at": "yesterday"}
        put(db, {**new, "hash": audit.digest(new)})

    bad = tampered(forge).bad
    assert bad is not None
    assert (bad.seq, bad.action) == (N, f"step.{N - 1}")
