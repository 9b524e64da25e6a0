"""The wish to stop: the service sets it, a running job looks at it between batches."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event


class StopFlag:
    """Set once, never unset. Its method :meth:`wanted` is what a use case takes as ``stop``."""

    def __init__(self) -> None:
        self._asked = Event()
        self._reasons: list[Callable[[], bool]] = []

    def ask(self) -> None:
        """Ask for an orderly stop."""
        self._asked.set()

    def asked(self) -> bool:
        """Whether an orderly stop of the whole service was asked for."""
        return self._asked.is_set()

    def wanted(self) -> bool:
        """Whether a running job should end at the next safe place."""
        return self._asked.is_set() or any(reason() for reason in list(self._reasons))

    def wait(self, seconds: float) -> bool:
        """Wait in real time until a stop is asked for, at most that long; return whether it was."""
        return self._asked.wait(seconds)

    def also(self, reason: Callable[[], bool]) -> Callable[[], None]:
        """Stop jobs for a further reason too, such as a lost lease; call what is returned to take it back."""
        self._reasons.append(reason)
        return lambda: self._reasons.remove(reason)
