"""The jobs of the background service, each wired anew from the operator's files: an edit counts from the next run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import structlog

from config.errors import ConfigError
from config.load import load
from config.settings import Settings
from config.settled import files_of, settle
from config.system import SystemClock
from connectors.errors import TieoutError
from connectors.ports import Clock
from console.alerts.desk import AlertDesk
from console.alerts.send import send_workbook
from console.bootstrap import opened_world
from console.service import standstill
from console.service.assembly import Wiring
from console.service.cooling import Cooling
from console.service.outcome import Job, JobOutcome, Worked
from console.service.stopping import StopFlag
from console.state import opened_journal
from sync import engine
from sync.preflight import require_sound
from sync.world import World

log = structlog.get_logger(__name__)


def wire(config: Path, clock: Clock, stop: StopFlag) -> Wiring:
    """Return the service's jobs, and what tells people how they went."""
    newest = _Newest(config, load(config))
    return Wiring(
        jobs=jobs(config, clock, stop),
        over=partial(_over, newest, clock),
        tick=lambda: _desk(newest, clock, lambda desk: desk.tick()),
    )


def jobs(config: Path, clock: Clock, stop: StopFlag) -> dict[str, Job]:
    """Return the jobs by name."""
    sync = partial(_sync, config, clock, stop)
    found: dict[str, Job] = {
        "orders": lambda: sync([engine.CUSTOMERS, engine.ORDERS], sweep=False),
        "invoices": lambda: sync([engine.INVOICES], sweep=False),
        "status": lambda: sync([engine.STATUS], sweep=False),
        "sweep": lambda: sync([engine.CUSTOMERS, engine.ORDERS, engine.STATUS], sweep=True),
        "reconcile": lambda: _reconcile(config, clock),
    }
    cooling = Cooling(clock)
    return {name: cooling.around(partial(_on_settled_files, config, job)) for name, job in found.items()}


def _on_settled_files(config: Path, job: Job) -> JobOutcome:
    """Run a job once nobody is in the middle of saving the operator's files."""
    machine = SystemClock()
    settle(files_of(config), lambda modified: machine.now().timestamp() - modified, machine.sleep)
    return job()


def _sync(config: Path, clock: Clock, stop: StopFlag, names: Sequence[str], *, sweep: bool) -> JobOutcome:
    with opened_world(config, clock=clock, wanted_stop=stop.wanted) as world:
        chosen = _swept(world, names, clock) if sweep else _chosen(world, names, clock)
        if engine.ORDERS in chosen:
            require_sound(world)
        result = engine.run(world, chosen, sweep=sweep)
        budget = world.budget()
    return JobOutcome(
        run_id=result.run_id,
        outcome="stopped" if stop.wanted() else "done",
        counts=result.counts(),
        api_used=budget[0] if budget else None,
        api_limit=budget[1] if budget else None,
    )


def _chosen(world: World, names: Sequence[str], clock: Clock) -> list[str]:
    """Return the engine's jobs: a deal that is billed without an order is met where deals are decided."""
    wanted = list(names)
    if engine.INVOICES in names and world.stand_alone is not None:
        with world.journal.begin() as tx:
            still = standstill.reason(world.settings, tx, "orders", clock.now())
        wanted += [] if still else [engine.CUSTOMERS, engine.ORDERS]
    return [name for name in engine.enabled_jobs(world.settings) if name in wanted]


def _swept(world: World, names: Sequence[str], clock: Clock) -> list[str]:
    """Return the engine's jobs of the sweep: what it finds is ordered at once, unless orders stand still."""
    with world.journal.begin() as tx:
        still = standstill.reason(world.settings, tx, "orders", clock.now())
    wanted = [name for name in names if still is None or name == engine.STATUS]
    return [name for name in engine.enabled_jobs(world.settings) if name in wanted]


def _reconcile(config: Path, clock: Clock) -> JobOutcome:
    # The compare engine takes a second to import, which a service that only syncs need not pay.
    from console.commands.reconcile import reconciled
    from reconcile.exceptions import CONTROL

    with opened_world(config, clock=clock) as world:
        report, book = reconciled(world)
        settings = world.settings
    try:
        body = "\n".join([report.headline, *report.reasons])
        send_workbook(settings, book, report.headline, body, clock.now())
    except TieoutError as error:
        # The workbook stands in its folder; that nobody was sent it must not undo that.
        log.error("workbook_not_sent", why=str(error))
    counts = {"exceptions.open": len(report.exceptions), "exceptions.in_flight": len(report.in_flight)}
    for one in report.exceptions:
        if one.family == CONTROL:
            key = f"controls.{one.code}"
            counts[key] = counts.get(key, 0) + 1
    return JobOutcome(counts=counts, detail=report.headline)


@dataclass(slots=True)
class _Newest:
    """The newest settings that could be read: a faulty edit must not silence the alert that tells of it."""

    config: Path
    settings: Settings

    def read(self) -> Settings:
        try:
            self.settings = load(self.config)
        except ConfigError as error:
            log.warning("settings_unreadable", why=str(error))
        return self.settings


def _over(newest: _Newest, clock: Clock, worked: Worked) -> None:
    _desk(newest, clock, lambda desk: desk.after_job(worked.job, worked.ending, worked.outcome, worked.error))


def _desk(newest: _Newest, clock: Clock, use: Callable[[AlertDesk], None]) -> None:
    settings = newest.read()
    with opened_journal(settings) as journal:
        use(AlertDesk(settings, journal, clock))
