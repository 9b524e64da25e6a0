"""Says once why a job fails, and then only that it still does: a day's outage fills no log."""

from __future__ import annotations

import traceback
from dataclasses import dataclass, field

import structlog

from config.errors import ConfigError
from config.secrets import SecretError
from connectors.errors import ConnectorError, TieoutError
from journal.errors import JournalError

log = structlog.get_logger(__name__)

DATABASE = "database"
EXPECTED = (TieoutError, ConfigError, SecretError, JournalError)
"""Errors that say in plain words what to do; anything else is a fault of our own."""
REPEATED_EVERY = 12
"""The full cause is said again at every so many equal failures: hourly for a job of five minutes."""


@dataclass(slots=True)
class Failures:
    """The present cause of each job's failures, and how often in a row it came."""

    _causes: dict[str, tuple[str, int]] = field(default_factory=dict)

    def note(self, job: str, error: Exception) -> None:
        """Log a failed job with cause and fix."""
        told = {"why": str(error)[:1000]}
        if not isinstance(error, EXPECTED):
            # Places only: the values of variables may be secret.
            told["places"] = "".join(traceback.format_tb(error.__traceback__)[-6:])
        if isinstance(error, ConnectorError):
            told = {"system": error.connection, "what": error.what, "why": error.why[:1000], "fix": error.fix}
        self._note(job, "job_failed", type(error).__name__, told)

    def note_database(self, why: str) -> None:
        """Log that the state database does not answer."""
        fix = "Check the disk and the rights on the state folder."
        self._note(DATABASE, "database_unreachable", "DatabaseError", {"why": why[:1000], "fix": fix})

    def forget(self, job: str) -> None:
        """Note a success: a later failure is told in full again."""
        for name in (job, DATABASE):
            cause = self._causes.pop(name, None)
            if cause is not None:
                log.info("works_again", what=name, after_failures=cause[1])

    def _note(self, name: str, event: str, kind: str, told: dict[str, str]) -> None:
        cause = f"{kind}|{told.get('system', '')}|{told.get('what', '')}"
        last, count = self._causes.get(name, ("", 0))
        count = count + 1 if cause == last else 1
        self._causes[name] = (cause, count)
        if (count - 1) % REPEATED_EVERY == 0:
            log.error(event, error=kind, times=count, **told)
        else:
            log.warning(f"{event}_again", error=kind, times=count)
