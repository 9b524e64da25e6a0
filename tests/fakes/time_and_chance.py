"""A clock that only moves when told, and a random source that repeats."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class VirtualClock:
    def __init__(self, start=datetime(2026, 11, 22, 12, tzinfo=UTC)):
        self.moment = start
        self.slept = []

    def now(self):
        return self.moment

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.moment += timedelta(seconds=seconds)

    def elapsed(self):
        return self.moment.timestamp()

    def step(self, **span):
        self.moment += timedelta(**span)


class CountingRandom:
    def __init__(self):
        self.count = 0

    def uuid(self):
        self.count += 1
        return f"{self.count:032x}"

    def nonce(self):
        return f"n{self.uuid()[-19:]}"

    def uniform(self, low, high):
        return (low + high) / 2
