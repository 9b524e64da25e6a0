"""Who may take source records in: whoever began last. A reader that slept and wakes must not stage what is old by now.

What was read last is the truth, so an old reading that is staged late would hide a newer one, and the cursor would
never lead past it again. Nobody waits for this lease: taking it overtakes the reader before.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.exc import IntegrityError

from journal import tables
from journal.database import Tx
from journal.errors import JournalError
from journal.stamps import to_text

PULL = "pull"
"""Name of the lease row."""
UNFENCED = 0
"""The fence of who works on a scratch copy, where nobody else is."""

_KEY = (tables.lease.c.pair == bindparam("its_pair")) & (tables.lease.c.name == PULL)
_FENCE = select(tables.lease.c.fence).where(_KEY)
_GROW = tables.lease.update().where(_KEY).values(fence=tables.lease.c.fence + 1)
# Writes what is there: on PostgreSQL that keeps a taker waiting until this transaction has ended.
_HOLD = tables.lease.update().where(_KEY & (tables.lease.c.fence == bindparam("its_fence"))).values(name=PULL)


class Overtaken(JournalError):  # noqa: N818  a refusal, not a fault
    """Another worker has begun to take records in since: what this one has read is out of date."""

    def __init__(self) -> None:
        super().__init__(
            "another run has begun to read from Salesforce or NetSuite: what this one had read was not kept."
            " Nothing is lost; the other run reads it again."
        )


def take(tx: Tx, owner: str, now: datetime) -> int:
    """Begin to take records in, and overtake whoever did before; return the fence, which only grows.

    Args:
        tx: the transaction.
        owner: who begins, for people who look at the row.
        now: the machine's time, for them too.
    """
    values = {"owner": owner, "taken_at": to_text(now), "expires_at": to_text(now)}
    grown = {**values, "its_pair": tx.pair}
    if tx.conn.execute(_GROW, grown).rowcount == 0:
        try:
            with tx.conn.begin_nested():
                tx.conn.execute(tables.lease.insert().values(pair=tx.pair, name=PULL, fence=1, **values))
        except IntegrityError:  # another one was the first, at the same moment
            tx.conn.execute(_GROW, grown)
    return int(tx.conn.execute(_FENCE, {"its_pair": tx.pair}).scalar_one())


def require(tx: Tx, fence: int) -> None:
    """Assert, in the transaction that stages rows or moves a cursor, that nobody has begun since.

    Raises:
        Overtaken: somebody has; the transaction must not be committed.
    """
    if fence != UNFENCED and tx.conn.execute(_HOLD, {"its_pair": tx.pair, "its_fence": fence}).rowcount != 1:
        raise Overtaken
