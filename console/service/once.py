"""One run of one job now, outside its schedule: for cron, for a person, for a test."""

from __future__ import annotations

from config.errors import ConfigError, ConfigProblem
from config.settings import Settings
from connectors.ports import Clock
from console.service import standstill
from console.service.assembly import Wiring
from console.service.outcome import JobOutcome, Worked
from console.service.roster import JOBS, lease_of
from console.service.stopping import StopFlag
from journal import slots
from journal.database import Journal
from journal.leases import held


def run_once(
    settings: Settings,
    journal: Journal,
    wiring: Wiring,
    job: str,
    *,
    clock: Clock,
    owner: str,
    stop: StopFlag | None = None,
) -> JobOutcome | str:
    """Run a job under its lease and note it as a slot of this moment; a lost lease asks the job to ``stop``.

    Returns:
        The outcome, or why the job stands still.

    Raises:
        ConfigError: there is no such job.
        LeaseTaken: another process is at work.
        Exception: whatever the job raised, after it was noted as failed.
    """
    check_name(job)
    with journal.begin() as tx:
        still = standstill.reason(settings, tx, job, clock.now())
    if still is not None:
        return still
    with held(journal, settings.state, lease_of(job), owner, clock) as lease:
        if stop is not None:
            stop.also(lambda: lease.lost)
        return _worked(journal, wiring, job, clock, owner)


def check_name(job: str) -> None:
    """Raise ConfigError when there is no such job."""
    if job not in JOBS:
        raise ConfigError([ConfigProblem("tieout run", f"there is no job {job!r}.", f"Jobs are: {', '.join(JOBS)}.")])


def _worked(journal: Journal, wiring: Wiring, job: str, clock: Clock, owner: str) -> JobOutcome:
    slot_at = clock.now()
    with journal.begin() as tx:
        slots.abandon(tx, [job], slot_at)
        slots.claim(tx, job, slot_at, owner, slot_at)
    ending, detail, run_id = slots.FAILED, "", None
    outcome: JobOutcome | None = None
    failure: Exception | None = None
    try:
        outcome = wiring.jobs[job]()
        ending, detail, run_id = outcome.outcome, outcome.detail, outcome.run_id
        return outcome
    except Exception as error:
        detail, failure = str(error), error
        raise
    finally:
        with journal.begin() as tx:
            slots.finish(tx, job, slot_at, ending, clock.now(), run_id=run_id, detail=detail)
        wiring.over(Worked(job=job, slot_at=slot_at, ending=ending, outcome=outcome, error=failure))
