"""The jobs of the background service, each wired anew from the operator's files: an edit counts from the next run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import structlog

from config.load import load
from connectors.errors import TieoutError
from connectors.ports import Clock
from console.alerts.desk import AlertDesk
from console.alerts.send import send_workbook
from console.bootstrap import opened_world
from console.service.assembly import Wiring
from console.service.outcome import Job, JobOutcome, Worked
from console.service.stopping import StopFlag
from console.state import opened_journal
from sync import engine
from sync.preflight import require_sound

log = structlog.get_logger(__name__)


def wire(config: Path, clock: Clock, stop: StopFlag) -> Wiring:
    """Return the service's jobs, and what tells people how they went."""
    return Wiring(
        jobs=jobs(config, clock, stop),
        over=partial(_over, config, clock),
        tick=lambda: _desk(config, clock, lambda desk: desk.tick()),
    )


def jobs(config: Path, clock: Clock, stop: StopFlag) -> dict[str, Job]:
    """Return the jobs by name."""
    sync = partial(_sync, config, clock, stop)
    return {
        "orders": lambda: sync([engine.CUSTOMERS, engine.ORDERS], sweep=False),
        "invoices": lambda: sync([engine.INVOICES], sweep=False),
        "status": lambda: sync([engine.STATUS], sweep=False),
        "sweep": lambda: sync([engine.STATUS], sweep=True),
        "reconcile": lambda: _reconcile(config, clock),
    }


def _sync(config: Path, clock: Clock, stop: StopFlag, names: Sequence[str], *, sweep: bool) -> JobOutcome:
    with opened_world(config, clock=clock, wanted_stop=stop.wanted) as world:
        switched_on = engine.enabled_jobs(world.settings)
        chosen = [name for name in names if name in switched_on]
        if engine.ORDERS in chosen:
            if world.stand_alone is not None and engine.INVOICES in switched_on:
                chosen.append(engine.INVOICES)  # deals without an order are billed together with the others' orders
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


def _over(config: Path, clock: Clock, worked: Worked) -> None:
    _desk(config, clock, lambda desk: desk.after_job(worked.job, worked.ending, worked.outcome, worked.error))


def _desk(config: Path, clock: Clock, use: Callable[[AlertDesk], None]) -> None:
    settings = load(config)
    with opened_journal(settings) as journal:
        use(AlertDesk(settings, journal, clock))
