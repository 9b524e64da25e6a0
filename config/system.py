"""The real clock and the real random source: the only module that touches either."""

from __future__ import annotations

import random
import secrets
import string
import time
from datetime import UTC, datetime

ALPHANUMERIC = string.ascii_letters + string.digits


class SystemClock:
    """The machine's wall clock."""

    def now(self) -> datetime:
        """Return the current moment, aware UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Wait for that long."""
        time.sleep(seconds)

    def elapsed(self) -> float:
        """Return the seconds since this machine was started, those of its sleep included.

        Where there is no boot-time clock (Linux has one), what a suspended machine sleeps through is missing.
        """
        boot_time = getattr(time, "CLOCK_BOOTTIME", None)
        return time.monotonic() if boot_time is None else time.clock_gettime(boot_time)


class SystemRandom:
    """The operating system's random source."""

    def uuid(self) -> str:
        """Return 32 hexadecimal digits that begin with the time in milliseconds (RFC 9562, version 7)."""
        stamp = time.time_ns() // 1_000_000
        tail = secrets.randbits(74)
        value = (stamp << 80) | (0x7 << 76) | ((tail >> 62) << 64) | (0b10 << 62) | (tail & ((1 << 62) - 1))
        return f"{value:032x}"

    def nonce(self) -> str:
        """Return 20 fresh alphanumeric characters."""
        return "".join(secrets.choice(ALPHANUMERIC) for _ in range(20))

    def uniform(self, low: float, high: float) -> float:
        """Return a number between the two."""
        return random.uniform(low, high)  # noqa: S311  jitter needs no secrecy
