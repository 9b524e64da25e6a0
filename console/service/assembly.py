"""Puts the service together: lanes by lease, the figures that they feed, and who is told of each slot."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import structlog

from config.settings import Settings
from connectors.ports import Clock, Random
from console.service.daemon import Daemon
from console.service.lane import Lane
from console.service.metrics import Metrics
from console.service.outcome import Job, JobOver, Worked, nobody
from console.service.roster import roster
from console.service.stopping import StopFlag
from console.service.ticker import Ticker
from journal.database import Journal

log = structlog.get_logger(__name__)


def nothing() -> None:
    """Do nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """What the service runs: its jobs by name, who is told of each worked slot, and what happens every minute."""

    jobs: Mapping[str, Job]
    over: JobOver = nobody
    tick: Callable[[], None] = nothing


Wire = Callable[[Path, Clock, StopFlag], Wiring]
"""Makes the wiring from the configuration file; the jobs end early when the flag wants it."""


def owner_name(what: str, random: Random) -> str:
    """Return how a process calls itself in leases and slots: ``tieout run on web1, process 4711 (a1b2c3)``."""
    return f"{what} on {socket.gethostname()}, process {os.getpid()} ({random.uuid()[-6:]})"


def lanes_of(
    settings: Settings, journal: Journal, wiring: Wiring, *, clock: Clock, owner: str, stop: StopFlag
) -> list[Lane]:
    """Return a lane for each lease, with the jobs that are switched on."""
    tasks = sorted(roster(settings, wiring.jobs), key=lambda task: task.lease, reverse=True)
    return [
        Lane(
            settings=settings,
            journal=journal,
            tasks=list(group),
            clock=clock,
            owner=owner,
            stop=stop,
            over=wiring.over,
        )
        for _, group in groupby(tasks, key=lambda task: task.lease)
    ]


def daemon_of(
    settings: Settings, journal: Journal, wiring: Wiring, *, clock: Clock, owner: str, stop: StopFlag
) -> Daemon:
    """Return the service, ready to run."""
    metrics = Metrics(settings, journal, roster(settings, wiring.jobs), clock)
    told = Wiring(jobs=wiring.jobs, over=_both(metrics.note, wiring.over), tick=wiring.tick)
    return Daemon(
        settings=settings,
        journal=journal,
        lanes=lanes_of(settings, journal, told, clock=clock, owner=owner, stop=stop),
        metrics=metrics,
        ticker=Ticker(tick=wiring.tick, clock=clock),
        clock=clock,
        stop=stop,
    )


def _both(first: JobOver, second: JobOver) -> JobOver:
    def tell(worked: Worked) -> None:
        first(worked)
        try:
            second(worked)
        except Exception as error:  # noqa: BLE001  telling people must not end the work
            log.error("telling_failed", job=worked.job, error=type(error).__name__, why=str(error)[:500])

    return tell
