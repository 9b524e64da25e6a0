"""The clock and the random source of one simulated process."""

from __future__ import annotations


class SimulatedClock:
    """The machine's time of one worker: waiting lets the others run."""

    def __init__(self, scheduler, worker):
        self._scheduler = scheduler
        self._worker = worker

    def now(self):
        return self._scheduler.moment()

    def elapsed(self):
        return self._scheduler.now

    def sleep(self, seconds):
        self._worker.sleep(seconds)


class SimulatedRandom:
    """Ids ordered by time of making and by process; jitter from the seed."""

    def __init__(self, scheduler, rng, process):
        self._scheduler = scheduler
        self._rng = rng
        self._process = process
        self._count = 0

    def uuid(self):
        self._count += 1
        return f"{int(self._scheduler.now * 1_000_000):016x}{self._process:08x}{self._count:08x}"

    def nonce(self):
        return f"n{self.uuid()[-19:]}"

    def uniform(self, low, high):
        return self._rng.uniform(low, high)
