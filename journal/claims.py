"""Claims: a worker takes a record before it works on it, and every change it makes carries the claim's fence.

A claim ends by itself after a while, so that a dead worker strands nothing. Its fence only grows: a worker that
slept and wakes after somebody else has taken the record can no longer change anything about it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select

from journal import tables
from journal.database import Tx, chunks
from journal.stamps import to_text

LASTS = timedelta(seconds=300)
"""Must exceed send window and HTTP timeout together; every step of the protocol renews it."""
NEW = "new"
"""State of a record that is known only because somebody claimed it."""

_OWN = (tables.subject.c.pair == bindparam("its_pair")) & (tables.subject.c.kind == bindparam("its_kind"))
_KEY = _OWN & (tables.subject.c.source_id == bindparam("its_id")) & (tables.subject.c.doc_no == 1)
_FENCED = _KEY & (tables.subject.c.fence == bindparam("its_fence"))
_TAKE = tables.subject.update().where(_FENCED).values(fence=tables.subject.c.fence + 1)
_RENEW = tables.subject.update().where(_FENCED)


class FenceLost(Exception):  # noqa: N818  a refusal, not a fault
    """Another worker has taken this record since: whatever one knows about it is out of date."""

    def __init__(self, kind: str, source_id: str) -> None:
        super().__init__(f"another worker has taken {kind} {source_id}")
        self.kind = kind
        self.source_id = source_id


def claim(
    tx: Tx,
    kind: str,
    labels: Mapping[str, str],
    owner: str,
    now: datetime,
    *,
    unchanged_since: Mapping[str, int] | None = None,
) -> dict[str, int]:
    """Take those of these records that nobody else holds; return their fences by id.

    Args:
        tx: the transaction.
        kind: the kind of the records.
        labels: what a person calls each record, by id; a record without a row gets one.
        owner: who takes them; an owner may take its own records again.
        now: the machine's time.
        unchanged_since: fences read earlier by :func:`fences`; only records that nobody took since then are taken.
    """
    stamp = to_text(now)
    taken: dict[str, int] = {}
    known: set[str] = set()
    for chunk in chunks(sorted(labels)):
        subject = tables.subject.c
        query = select(subject.source_id, subject.fence, subject.lease_owner, subject.lease_until).where(
            (subject.pair == tx.pair) & (subject.kind == kind) & subject.source_id.in_(chunk) & (subject.doc_no == 1)
        )
        for row in tx.conn.execute(query):
            known.add(row.source_id)
            free = row.lease_until < stamp or row.lease_owner == owner
            free = free and (unchanged_since is None or unchanged_since.get(row.source_id, 0) == row.fence)
            if free:
                taken[row.source_id] = row.fence + 1
    lease = {"lease_owner": owner, "lease_until": to_text(now + LASTS)}
    if taken:
        rows = [{**_fenced(tx, kind, id_, fence - 1), **lease} for id_, fence in taken.items()]
        tx.conn.execute(_TAKE, rows)
    new = [id_ for id_ in labels if id_ not in known]
    if new:
        base = {"pair": tx.pair, "kind": kind, "state": NEW, "updated_at": stamp, "fence": 1, **lease}
        tx.conn.execute(tables.subject.insert(), [{**base, "source_id": id_, "label": labels[id_]} for id_ in new])
        taken |= dict.fromkeys(new, 1)
    return taken


def fences(tx: Tx, kind: str) -> dict[str, int]:
    """Return every record's fence of a kind: whoever reads the world now can tell later whether others worked since."""
    own = (tables.subject.c.pair == tx.pair) & (tables.subject.c.kind == kind)
    query = select(tables.subject.c.source_id, tables.subject.c.fence).where(own & (tables.subject.c.doc_no == 1))
    return {row.source_id: row.fence for row in tx.conn.execute(query)}


def require(tx: Tx, kind: str, source_id: str, fence: int, now: datetime) -> None:
    """Assert that the claim still stands, and renew it. The row stays locked until the transaction ends.

    Raises:
        FenceLost: somebody else has taken the record since.
    """
    renewed = {**_fenced(tx, kind, source_id, fence), "lease_until": to_text(now + LASTS)}
    if tx.conn.execute(_RENEW, renewed).rowcount != 1:
        raise FenceLost(kind, source_id)


def finish(tx: Tx, kind: str, source_id: str, fence: int) -> None:
    """Give a record back after an orderly end of its work; nothing happens if it is somebody else's by now."""
    given_back = {"lease_owner": None, "lease_until": tables.EPOCH, "crash_count": 0}
    tx.conn.execute(_RENEW, {**_fenced(tx, kind, source_id, fence), **given_back})


def release(tx: Tx, owner: str) -> None:
    """Give back whatever an owner still holds, at the orderly end of its run."""
    mine = (tables.subject.c.pair == tx.pair) & (tables.subject.c.lease_owner == owner)
    tx.conn.execute(tables.subject.update().where(mine).values(lease_owner=None, lease_until=tables.EPOCH))


def release_all(tx: Tx) -> None:
    """Give back what anybody holds: for whoever knows that every earlier owner is dead."""
    held = (tables.subject.c.pair == tx.pair) & (tables.subject.c.lease_until != tables.EPOCH)
    tx.conn.execute(tables.subject.update().where(held).values(lease_owner=None, lease_until=tables.EPOCH))


def _fenced(tx: Tx, kind: str, source_id: str, fence: int) -> dict[str, str | int]:
    return {"its_pair": tx.pair, "its_kind": kind, "its_id": source_id, "its_fence": fence}
