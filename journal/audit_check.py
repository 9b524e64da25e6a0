"""Checking the audit trail: whether every row still says what it said when it was written, and none is missing.

The chain alone shows a changed, moved, inserted or missing row. That nothing was cut off its end, and that nobody has
reckoned the whole chain anew, only a head can show that was kept elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import DatabaseError

from journal import tables
from journal.audit import GENESIS, Row, digest
from journal.database import Journal, Tx
from journal.stamps import from_text

PAGE = 2_000
"""Rows read in one transaction: a long trail must not keep writers waiting."""
_COLUMNS = frozenset(column.name for column in tables.audit.c)


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRow:
    """The first row that is not as it was written: its number (of a missing one: the number it had) and what is wrong.

    ``action`` and ``object`` are what the row says now, None for a missing one.
    """

    seq: int
    why: str
    action: str | None = None
    object: str | None = None

    def __str__(self) -> str:
        told = f" ({self.action} {self.object})" if self.action else ""
        return f"row {self.seq}{told}: {self.why}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The end of the trail at one time: its last row's number, if known, and hash. ``seq`` 0: there was no row."""

    hash: str
    seq: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a check found: how many rows fit, from when to when, where they end, and the first one that does not."""

    rows: int
    first_at: datetime | None
    last_at: datetime | None
    head: Head
    bad: BadRow | None


class Chain:
    """Takes rows in order and says of each whether it fits the ones before."""

    def __init__(self) -> None:
        self.rows = 0
        self.first_at: datetime | None = None
        self.last_at: datetime | None = None
        self.seq = 0
        self.hash = GENESIS

    def take(self, row: Row) -> BadRow | None:
        """Go on to this row, or return what is wrong with it."""
        bad = self._judged(row)
        if bad is None:
            moment = from_text(row["at"])
            self.rows += 1
            self.first_at = self.first_at or moment
            self.last_at = moment
            self.seq, self.hash = row["seq"], row["hash"]
        return bad

    def _judged(self, row: Row) -> BadRow | None:
        seq, expected = row["seq"], self.seq + 1
        if seq > expected:
            until = f"rows {expected} to {seq - 1} are" if seq - 1 > expected else "it is"
            return BadRow(seq=expected, why=f"{until} missing: row {seq} follows on {self.seq or 'nothing'}")
        if row.keys() != _COLUMNS:
            return BadRow(seq=seq, why="it cannot be read")
        if seq < expected:
            return _bad(row, f"a number that no row was ever given: row {expected} is expected here")
        if _digest(row) != row["hash"]:
            return _bad(row, "its content does not fit its hash: it was changed after it was written")
        if row["prev_hash"] != self.hash:
            return _bad(row, f"it does not follow on row {self.seq}: this row or the ones before were written anew")
        return None if _is_stamp(row["at"]) else _bad(row, "its time is none that Tieout writes")


def check(rows: Iterable[Row], head: Head | None = None, kept: Iterable[tuple[int, str]] = ()) -> Verdict:
    """Check a trail from its first row.

    Args:
        rows: every row in order, see :func:`rows_of`.
        head: the end that the trail had when it was noted elsewhere: everything up to there must still be there.
        kept: numbers and hashes of rows kept elsewhere, in order; each must be the same in the trail.
    """
    chain, expected = Chain(), iter(kept)
    awaited, found = next(expected, None), head is None or head.hash == GENESIS
    for row in rows:
        bad = chain.take(row)
        if bad is None and awaited is not None and awaited[0] == chain.seq:
            bad = None if awaited[1] == chain.hash else _bad(row, "it is not the row that was exported")
            awaited = next(expected, None)
        if bad is None and head is not None and head.seq == chain.seq and head.hash != chain.hash:
            bad = _bad(row, "it is not the row whose hash was kept: the trail was written anew up to here")
        if bad is not None:
            return _verdict(chain, bad)
        found = found or (head is not None and head.hash == chain.hash)
    return _verdict(chain, None if found or head is None else _cut_off(chain, head))


def rows_of(journal: Journal) -> Iterator[Row]:
    """Yield every row in order, page by page, each page in a transaction of its own."""
    after: int | None = None
    while True:
        with journal.begin() as tx:
            page = list(_page(tx, after))
        if not page:
            return
        yield from page
        after = page[-1]["seq"]


def first_bad(tx: Tx) -> BadRow | None:
    """Return the first row that is not as it was written, or None; in one transaction, for other checks beside it."""
    return check(rows_in(tx)).bad


def rows_in(tx: Tx) -> Iterator[Row]:
    """Yield every row in order within one transaction."""
    after: int | None = None
    while page := list(_page(tx, after)):
        yield from page
        after = page[-1]["seq"]


def _page(tx: Tx, after: int | None) -> Iterator[Row]:
    query = select(tables.audit).order_by(tables.audit.c.seq).limit(PAGE)
    if after is not None:
        query = query.where(tables.audit.c.seq > after)
    try:
        found = [dict(row._mapping) for row in tx.conn.execute(query)]
    except DatabaseError:
        if tx.conn.dialect.name != "sqlite":
            raise
        # SQLite keeps any bytes in a text column and fails only when they are read.
        numbers = select(tables.audit.c.seq).order_by(tables.audit.c.seq).limit(PAGE)
        numbers = numbers if after is None else numbers.where(tables.audit.c.seq > after)
        found = [_read(tx, seq) for seq in tx.conn.scalars(numbers).all()]
    return iter(found)


def _read(tx: Tx, seq: int) -> dict[str, object]:
    try:
        return dict(tx.conn.execute(select(tables.audit).where(tables.audit.c.seq == seq)).one()._mapping)
    except DatabaseError:
        return {"seq": seq}


def _digest(row: Row) -> str | None:
    """Return the hash that the row should have; None if it holds what no row can (bytes)."""
    try:
        return digest(row)
    except TypeError:
        return None


def _is_stamp(text: object) -> bool:
    try:
        return isinstance(text, str) and from_text(text).tzinfo is not None
    except ValueError:
        return False


def _bad(row: Row, why: str) -> BadRow:
    return BadRow(seq=row["seq"], why=why, action=str(row["action"]), object=str(row["object"]))


def _cut_off(chain: Chain, head: Head) -> BadRow:
    missing = chain.seq + 1
    if head.seq is None:
        return BadRow(seq=missing, why="no row has the hash that was kept: the end was cut off or written anew")
    return BadRow(seq=missing, why=f"cut off: the trail once reached row {head.seq} and now ends at row {chain.seq}")


def _verdict(chain: Chain, bad: BadRow | None) -> Verdict:
    return Verdict(
        rows=chain.rows,
        first_at=chain.first_at,
        last_at=chain.last_at,
        head=Head(seq=chain.seq, hash=chain.hash),
        bad=bad,
    )
