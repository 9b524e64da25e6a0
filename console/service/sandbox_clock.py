"""The clock of a running sandbox, so that a stepped week can be lived through."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock

import structlog

from config.errors import ConfigError, ConfigProblem
from connectors.ports import Clock
from sandbox import control_client
from sandbox.errors import SandboxError

log = structlog.get_logger(__name__)

ASKED_EVERY = timedelta(seconds=0.2)


class FollowedClock:
    """Asks the sandbox for the time, a few times a second; while it does not answer, time stands still.

    Args:
        directory: where ``tieout sandbox serve`` keeps its data.
        real: the machine's clock; it paces the questions, and waiting is real waiting.

    Raises:
        ConfigError: no sandbox answers there.
    """

    def __init__(self, directory: Path, real: Clock) -> None:
        self._directory = directory
        self._real = real
        self._lock = Lock()
        self._silent = False
        try:
            self._moment = self._ask()
        except SandboxError as error:
            raise ConfigError([ConfigProblem("--clock", str(error))]) from error
        self._asked_at = real.now()

    def now(self) -> datetime:
        """Return the sandbox's moment, aware UTC."""
        with self._lock:
            if self._real.now() - self._asked_at >= ASKED_EVERY:
                self._follow()
            return self._moment

    def sleep(self, seconds: float) -> None:
        """Wait for that long in real time."""
        self._real.sleep(seconds)

    def elapsed(self) -> float:
        """Return seconds of the sandbox's time, which is never set back."""
        return self.now().timestamp()

    def _follow(self) -> None:
        try:
            # Never back: a server's clock does not go back either.
            self._moment = max(self._moment, self._ask())
            self._silent = False
        except (SandboxError, OSError) as error:
            if not self._silent:
                log.warning("sandbox_clock_silent", error=type(error).__name__)
            self._silent = True
        self._asked_at = self._real.now()

    def _ask(self) -> datetime:
        return datetime.fromisoformat(str(control_client.get(self._directory, "clock")["now"]))
