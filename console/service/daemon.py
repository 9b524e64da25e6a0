"""The background service: lanes on APScheduler's timers, the status pages, and an orderly end."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, timedelta
from types import FrameType

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor  # type: ignore[import-untyped]
from apscheduler.schedulers.background import BackgroundScheduler  # type: ignore[import-untyped]
from apscheduler.triggers.interval import IntervalTrigger  # type: ignore[import-untyped]
from sqlalchemy.exc import DatabaseError

from config.settings import Settings
from connectors.ports import Clock
from console.service.health import Health
from console.service.http import serving
from console.service.lane import Lane
from console.service.metrics import Metrics
from console.service.stopping import StopFlag
from console.service.ticker import Ticker
from journal import slots
from journal.database import Journal
from journal.errors import DatabaseUnavailable

log = structlog.get_logger(__name__)

LOOK_EVERY = 0.25
"""Seconds between two looks at the clock; a look costs nothing while no slot has come."""
TICK_LOOK = 1
PRUNE_EVERY = timedelta(hours=24)
WATCH = 0.1
SIGNALS = (signal.SIGTERM, signal.SIGINT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Daemon:
    """Runs lanes until it is told to stop.

    Args:
        settings: address, patience, schedules.
        journal: the state database.
        lanes: what to run; each lane works one job at a time.
        metrics: the figures behind ``/metrics``; the lanes feed them.
        ticker: what happens every minute beside the jobs.
        clock: the service's notion of now.
        stop: asked by a signal; the lanes and their jobs look at it.
    """

    settings: Settings
    journal: Journal
    lanes: Sequence[Lane]
    metrics: Metrics
    ticker: Ticker
    clock: Clock
    stop: StopFlag

    def run(self, on_ready: Callable[[int], None]) -> bool:
        """Work until a signal comes; ``on_ready`` gets the port of the status pages.

        Returns:
            True after an orderly end; False when a job did not end within ``[service] stop_within``: its process
            must end now, and the next run takes up its work.

        Raises:
            ConfigError: the address of the status pages is taken.
        """
        service = self.settings.service
        health = Health(
            settings=self.settings,
            journal=self.journal,
            lanes=self.lanes,
            ticker=self.ticker,
            clock=self.clock,
            started_at=self.clock.now(),
        )
        with (
            signals() as received,
            serving(service.host, service.port, health.report, self.metrics.page) as server,
        ):
            scheduler = self._scheduler()
            scheduler.start()
            jobs = [task.name for lane in self.lanes for task in lane.tasks]
            log.info("service_started", host=service.host, port=server.port, jobs=jobs, pid=os.getpid())
            on_ready(server.port)
            while not received and not self.stop.wait(WATCH):
                pass
            self.stop.ask()
            return self._end(scheduler)

    def _scheduler(self) -> BackgroundScheduler:
        scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(len(self.lanes) + 2)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        for lane in self.lanes:
            # The first look at once; a lane at work is not looked at twice (max_instances).
            scheduler.add_job(lane.turn, IntervalTrigger(seconds=LOOK_EVERY, timezone=UTC), id=lane.lease)
        scheduler.add_job(self.ticker.turn, IntervalTrigger(seconds=TICK_LOOK, timezone=UTC), id="tick")
        scheduler.add_job(self._prune, IntervalTrigger(seconds=int(PRUNE_EVERY.total_seconds()), timezone=UTC))
        return scheduler

    def _prune(self) -> None:
        try:
            with self.journal.begin() as tx:
                slots.prune(tx, self.clock.now())
        except (DatabaseError, DatabaseUnavailable) as error:
            log.warning("slots_not_pruned", error=type(error).__name__)

    def _end(self, scheduler: BackgroundScheduler) -> bool:
        log.info("service_stopping", running=self._running())
        scheduler.shutdown(wait=False)
        pause = StopFlag()
        waited = 0.0
        while self._running() and waited < self.settings.service.stop_within.total_seconds():
            pause.wait(WATCH)
            waited += WATCH
        running = self._running()
        if running:
            log.error("job_left_behind", running=running, fix="Its writes are journalled; the next run goes on.")
        log.info("service_stopped", orderly=not running)
        return not running

    def _running(self) -> list[str]:
        return [lane.lease for lane in self.lanes if lane.busy()]


@contextmanager
def signals() -> Iterator[list[int]]:
    """Collect SIGTERM and SIGINT while the block runs; the second one ends the process at once."""
    received: list[int] = []

    def receive(number: int, _frame: FrameType | None) -> None:
        # No lock is taken here: the interrupted thread may hold it.
        if received:
            os._exit(128 + number)
        received.append(number)

    before = {number: signal.signal(number, receive) for number in SIGNALS}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
