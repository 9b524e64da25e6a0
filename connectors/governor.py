"""How many requests may be under way to one remote account at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Condition

from connectors.ports import Clock

CLEAN_SPAN = timedelta(minutes=1)


class Governor:
    """A limit on requests in flight that yields when the remote system asks to slow down.

    The limit halves on each such signal (never below one) and grows back by one per clean minute up to
    ``slots``. Safe for use from several threads.

    Args:
        slots: the configured limit, at least one.
        clock: measures the clean minutes.
    """

    def __init__(self, slots: int, *, clock: Clock) -> None:
        if slots < 1:
            raise ValueError(f"a governor needs at least one slot, not {slots}")
        self._slots = slots
        self._clock = clock
        self._limit = slots
        self._in_flight = 0
        self._clean_since = clock.now()
        self._changed = Condition()

    @property
    def limit(self) -> int:
        """The number of requests that may be under way now."""
        with self._changed:
            self._grow()
            return self._limit

    @property
    def in_flight(self) -> int:
        """The number of requests under way."""
        return self._in_flight

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Hold one slot for the duration of a request; waits until one is free."""
        self._take()
        try:
            yield
        finally:
            self._give_back()

    def slow_down(self) -> None:
        """Halve the limit: the remote system refused a request because of too many at a time."""
        with self._changed:
            self._grow()
            self._limit = max(1, self._limit // 2)
            self._clean_since = self._clock.now()

    def _take(self) -> None:
        with self._changed:
            self._grow()
            while self._in_flight >= self._limit:
                self._changed.wait()
                self._grow()
            self._in_flight += 1

    def _give_back(self) -> None:
        with self._changed:
            self._in_flight -= 1
            self._grow()
            self._changed.notify_all()

    def _grow(self) -> None:
        now = self._clock.now()
        if self._limit >= self._slots:
            self._clean_since = now
            return
        minutes = (now - self._clean_since) // CLEAN_SPAN
        if minutes > 0:
            self._limit = min(self._slots, self._limit + minutes)
            self._clean_since += minutes * CLEAN_SPAN
