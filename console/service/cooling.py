"""Keeps jobs from calling a system before the moment that it asked for; connections end with a run and forget it."""

from __future__ import annotations

from dataclasses import dataclass, field

from connectors.errors import RateLimitedError
from connectors.ports import Clock
from console.service.outcome import Job, JobOutcome


@dataclass(slots=True)
class Cooling:
    """What each system last asked for (``Retry-After``), for as long as the service lives."""

    clock: Clock
    _asked: dict[str, RateLimitedError] = field(default_factory=dict)

    def around(self, job: Job) -> Job:
        """Return the job as one that fails at once, without a call, while a system wants to be left alone."""

        def run() -> JobOutcome:
            self._require_calm()
            try:
                return job()
            except RateLimitedError as error:
                if error.until is not None:
                    self._asked[error.connection] = error
                raise

        return run

    def _require_calm(self) -> None:
        for error in self._asked.values():
            if error.until is not None and self.clock.now() < error.until:
                raise error
