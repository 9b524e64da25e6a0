"""``tieout run``: the background service, or one run of one job."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from config.load import load
from config.logging import Form, set_up_service
from config.settings import Settings
from config.system import SystemClock, SystemRandom
from connectors.ports import Clock
from console.exits import Exit
from console.output import Output
from console.service.assembly import Wire, daemon_of, owner_name
from console.service.daemon import signals
from console.service.once import check_name, run_once
from console.service.outcome import JobOutcome
from console.service.stopping import StopFlag
from console.state import opened_for_writing

PRIVATE = 0o077


def execute(
    config: Path, output: Output, wire: Wire, *, once: str | None, follow: Path | None, log_format: Form
) -> None:
    """Run the service until a signal comes, or one job once.

    Args:
        config: the file ``sync.toml``.
        output: where a single run's result goes.
        wire: makes the jobs.
        once: the job to run once; None runs the service.
        follow: folder of a running sandbox whose clock is the service's.
        log_format: the form of the log on standard error.
    """
    os.umask(PRIVATE)
    set_up_service(log_format)
    settings = load(config)
    clock = clock_of(follow)
    if once is not None:
        check_name(once)
        _once(config, settings, output, wire, once, clock)
    elif not _serve(config, settings, output, wire, clock):
        # A job that does not end would keep the process alive.
        sys.stderr.flush()
        os._exit(int(Exit.FAULT))


def clock_of(follow: Path | None) -> Clock:
    """Return the machine's clock, or that of the sandbox running in a folder.

    Raises:
        ConfigError: no sandbox answers there.
    """
    if follow is None:
        return SystemClock()
    from console.service.sandbox_clock import FollowedClock

    return FollowedClock(follow, SystemClock())


def _serve(config: Path, settings: Settings, output: Output, wire: Wire, clock: Clock) -> bool:
    stop = StopFlag()
    wiring = wire(config, clock, stop)
    with opened_for_writing(settings, clock, SystemRandom(), thorough=True) as journal:
        owner = owner_name("tieout run", SystemRandom())
        daemon = daemon_of(settings, journal, wiring, clock=clock, owner=owner, stop=stop)
        address = settings.service.host
        return daemon.run(lambda port: output.json("run", {"ready": True, "host": address, "port": port}))


def _once(config: Path, settings: Settings, output: Output, wire: Wire, job: str, clock: Clock) -> None:
    stop = StopFlag()
    with opened_for_writing(settings, clock, SystemRandom(), thorough=True) as journal, signals() as received:
        stop.also(lambda: bool(received))
        owner = owner_name(f"tieout run --once {job}", SystemRandom())
        found = run_once(settings, journal, wire(config, clock, stop), job, clock=clock, owner=owner, stop=stop)
    if isinstance(found, JobOutcome):
        counts = ", ".join(f"{name} {count}" for name, count in sorted(found.counts.items()))
        output.line(f"{job}: {found.outcome}. {counts}".strip())
        output.json("run", {"job": job, "outcome": found.outcome, "run": found.run_id, "counts": dict(found.counts)})
    else:
        output.line(f"{job} does not run: {found}")
        output.json("run", {"job": job, "outcome": "paused", "why": found})
