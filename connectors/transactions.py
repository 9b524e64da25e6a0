"""No request may leave while a database transaction is open: it would hold the write lock for as long as it takes.

The journal marks its transactions here, and the transport asks before every request.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_open: ContextVar[int] = ContextVar("open_transactions", default=0)


class OpenTransactionError(RuntimeError):
    """A request was about to leave inside a transaction: a fault in Tieout, not in any record."""


@contextmanager
def inside_transaction() -> Iterator[None]:
    """Mark this thread of work as holding a transaction while the block runs."""
    token = _open.set(_open.get() + 1)
    try:
        yield
    finally:
        _open.reset(token)


def require_no_transaction(what: str) -> None:
    """Refuse a request that would be made inside a transaction.

    Raises:
        OpenTransactionError: this thread of work holds one.
    """
    if _open.get():
        raise OpenTransactionError(f"{what} inside a database transaction")
