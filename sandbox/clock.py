"""The common clock of both servers, and the sandbox's only source of real time and fresh entropy."""

from __future__ import annotations

import json
import secrets
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path


class SandboxClock:
    """A clock that a test can set and step; aware UTC.

    With ``start`` the clock stands still there and moves only by :meth:`step`. Without it, it is the
    machine's clock plus every step so far. With ``path`` its state outlives the process: a later clock
    on the same file goes on where the earlier one stood, unless it is given another ``start``.
    """

    def __init__(self, start: datetime | None = None, *, path: Path | None = None) -> None:
        if start is not None and start.tzinfo is None:
            raise ValueError(f"the sandbox clock needs a zone: {start.isoformat()}")
        self._path = path
        self._lock = threading.Lock()
        self._start = None if start is None else start.astimezone(UTC)
        self._stepped = timedelta(0)
        self._resume()
        self._save()

    def now(self) -> datetime:
        """Return the sandbox's current moment, aware UTC."""
        with self._lock:
            return (self._start or datetime.now(UTC)) + self._stepped

    def step(self, seconds: float) -> datetime:
        """Move the clock forward and return the new moment.

        Raises:
            ValueError: the step is negative; the clock of a server never goes back.
        """
        if seconds < 0:
            raise ValueError(f"the sandbox clock does not go back ({seconds} seconds)")
        with self._lock:
            self._stepped += timedelta(seconds=seconds)
            self._save()
        return self.now()

    @property
    def fixed(self) -> bool:
        """Whether the clock moves by steps only."""
        return self._start is not None

    def _resume(self) -> None:
        if self._path is None or not self._path.exists():
            return
        state = json.loads(self._path.read_text(encoding="utf-8"))
        start = None if state["start"] is None else datetime.fromisoformat(state["start"])
        if self._start is None or self._start == start:
            self._start = start
            self._stepped = timedelta(seconds=state["stepped"])

    def _save(self) -> None:
        if self._path is None:
            return
        start = None if self._start is None else self._start.isoformat()
        text = json.dumps({"start": start, "stepped": self._stepped.total_seconds()})
        spare = self._path.with_suffix(".tmp")
        spare.write_text(text, encoding="utf-8")
        spare.replace(self._path)


def sleep(seconds: float) -> None:
    """Keep the calling thread waiting for that long in real time (a slow server)."""
    time.sleep(seconds)


def entropy(size: int = 32) -> bytes:
    """Return fresh unpredictable bytes, for credentials of a sandbox without a seed."""
    return secrets.token_bytes(size)
