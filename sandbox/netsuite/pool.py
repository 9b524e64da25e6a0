"""The account-wide pool of requests in flight, shared by SOAP and REST.

Oracle, "Web Services and RESTlet Concurrency Governance" (bridgehead_1500275603): a request over the limit is
rejected at once, never queued.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

STANDARD_SLOTS = 5


class PoolFullError(Exception):
    """All slots of the account are taken."""


class Pool:
    """A number of slots; taking one fails at once when none is left."""

    def __init__(self, slots: int = STANDARD_SLOTS) -> None:
        self._lock = threading.Lock()
        self._slots = slots
        self._taken = 0

    @property
    def slots(self) -> int:
        """How many requests may be in flight."""
        return self._slots

    def resize(self, slots: int) -> None:
        """Set how many requests may be in flight; those already running finish.

        Raises:
            ValueError: the number is negative.
        """
        if slots < 0:
            raise ValueError(f"a pool cannot have {slots} slots")
        with self._lock:
            self._slots = slots

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Hold one slot.

        Raises:
            PoolFullError: none is free.
        """
        with self._lock:
            if self._taken >= self._slots:
                raise PoolFullError
            self._taken += 1
        try:
            yield
        finally:
            with self._lock:
                self._taken -= 1
