"""A moment that never goes back and misses no sleep of the machine, for deadlines that must not open again."""

from __future__ import annotations

from datetime import datetime, timedelta
from threading import Lock

from connectors.ports import Clock


class ForwardClock:
    """The later of the wall clock and of what must have passed since it was last read.

    The wall clock can be set back; the monotonic clock of Linux stands still while the machine is suspended. The
    boot-time clock (``Clock.elapsed``) does neither. Safe to use from several threads.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._moment = clock.now()
        self._elapsed = clock.elapsed()

    def now(self) -> datetime:
        """Return the present moment, aware UTC, never earlier than one returned before."""
        with self._lock:
            elapsed = self._clock.elapsed()
            passed = timedelta(seconds=max(0.0, elapsed - self._elapsed))
            self._moment = max(self._clock.now(), self._moment + passed)
            self._elapsed = elapsed
            return self._moment
