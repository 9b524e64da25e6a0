"""What the service does beside its jobs once a minute: looking whether somebody has to be told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

import structlog

from connectors.ports import Clock

log = structlog.get_logger(__name__)

EVERY = timedelta(minutes=1)


@dataclass(slots=True, kw_only=True)
class Ticker:
    """Calls ``tick`` once a minute of the service's clock; a failing tick is logged and ends nothing."""

    tick: Callable[[], None]
    clock: Clock
    _last: datetime | None = None
    _ticking: Lock = field(default_factory=Lock)

    def turn(self) -> None:
        """Call ``tick`` if its minute has come."""
        if not self._ticking.acquire(blocking=False):
            return
        try:
            now = self.clock.now()
            if self._due(now):
                self._call()
                self._last = now
        finally:
            self._ticking.release()

    def idle(self) -> bool:
        """Whether nothing is under way and nothing is due."""
        return not self._ticking.locked() and not self._due(self.clock.now())

    def _due(self, now: datetime) -> bool:
        return self._last is None or now - self._last >= EVERY

    def _call(self) -> None:
        try:
            self.tick()
        except Exception as error:  # noqa: BLE001  telling people must not end the work
            log.error("tick_failed", error=type(error).__name__, why=str(error)[:500])
