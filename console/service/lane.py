"""A lane: the jobs that share a lease, run one after another, each slot once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.exc import DatabaseError

from config.settings import Settings
from config.system import SystemClock
from connectors.ports import Clock
from console.service import slot_times, standstill
from console.service.failures import Failures
from console.service.outcome import JobOutcome, JobOver, Worked, nobody
from console.service.roster import Task
from console.service.stopping import StopFlag
from journal import slots
from journal.database import Journal
from journal.errors import DatabaseUnavailable
from journal.leases import LeaseTaken, held

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Due:
    """A task whose slot has come and was not worked yet."""

    task: Task
    slot_at: datetime


@dataclass(slots=True, kw_only=True)
class Lane:
    """The jobs of one lease.

    Args:
        settings: the operator's configuration.
        journal: the state database.
        tasks: the lane's jobs, in the order in which those of the same moment run.
        clock: the service's notion of now.
        owner: who claims slots and holds the lease, for other processes and logs.
        stop: no slot is begun after it was asked.
        over: is told of each worked slot.
        stopwatch: measures how long a job takes, in real time.
    """

    settings: Settings
    journal: Journal
    tasks: Sequence[Task]
    clock: Clock
    owner: str
    stop: StopFlag
    over: JobOver = nobody
    stopwatch: Clock = field(default_factory=SystemClock)
    running: str | None = None
    failures: Failures = field(default_factory=Failures)
    _seen: dict[str, datetime] = field(default_factory=dict)
    _waiting: dict[str, datetime] = field(default_factory=dict)
    _checked: bool = False
    """Whether the lease was once held, and with that every dead owner of before was found."""
    _turning: Lock = field(default_factory=Lock)

    @property
    def lease(self) -> str:
        """Name of the lease that the lane's jobs share."""
        return self.tasks[0].lease

    def turn(self) -> bool:
        """Work every slot that is due, oldest first; return whether any was worked.

        Called again and again. While another process holds the lease nothing happens, until a job's next slot comes:
        then the one that was waited for is noted as ``busy``. A database that does not answer leaves all as it is.
        """
        if not self._turning.acquire(blocking=False):
            return False
        try:
            return self._turn()
        except DatabaseError as error:
            self.failures.note_database(str(error.orig or error))
            return False
        except (DatabaseUnavailable, OSError) as error:
            self.failures.note_database(str(error))
            return False
        finally:
            self._turning.release()

    def idle(self) -> bool:
        """Whether nothing runs and nothing is due."""
        return self._checked and not self.busy() and not self._due()

    def busy(self) -> bool:
        """Whether a slot is being worked, or about to be."""
        return self.running is not None or self._turning.locked()

    def _turn(self) -> bool:
        due = self._due()
        if self.stop.asked() or (self._checked and not due):
            return False
        worked = False
        try:
            with held(self.journal, self.settings.state, self.lease, self.owner, self.clock) as lease:
                forget = self.stop.also(lambda: lease.lost)
                try:
                    self._report_dead()
                    self._checked = True
                    while (due := self._due()) and not self.stop.wanted():
                        worked = self._work(due[0]) or worked
                finally:
                    forget()
        except LeaseTaken as taken:
            self._wait(due, str(taken))
        return worked

    def _due(self) -> list[Due]:
        """Return what to work now, oldest slot first; slots of jobs that stand still are noted and left out."""
        now = self.clock.now()
        found = [due for task in self.tasks if (due := self._due_of(task, now)) is not None]
        return sorted(found, key=lambda due: due.slot_at)

    def _due_of(self, task: Task, now: datetime) -> Due | None:
        slot_at = slot_times.latest(task.schedule, self._zone, now)
        if slot_at <= self._last_seen(task, now, slot_at):
            return None
        with self.journal.begin() as tx:
            still = standstill.reason(self.settings, tx, task.name, now)
            if still is None:
                return Due(task, slot_at)
            if slots.claim(tx, task.name, slot_at, self.owner, now):
                slots.finish(tx, task.name, slot_at, slots.PAUSED, now, detail=still)
                log.info("slot_paused", job=task.name, slot=slot_at.isoformat(), why=still)
        self._seen[task.name] = slot_at
        return None

    def _last_seen(self, task: Task, now: datetime, slot_at: datetime) -> datetime:
        """Return the job's last slot that needs no work; at first from the journal.

        A job at a time of the day that never ran waits for its next time; one that runs every so often begins at once.
        """
        if task.name not in self._seen:
            with self.journal.begin() as tx:
                last = slots.newest(tx, task.name, before=now)
            first = slot_at if task.schedule.every is None else slot_times.EPOCH
            self._seen[task.name] = first if last is None else last.slot_at
        return self._seen[task.name]

    def _report_dead(self) -> None:
        """Slots are worked under the lease: one that is open when the lease is taken has nobody left."""
        with self.journal.begin() as tx:
            dead = slots.abandon(tx, [task.name for task in self.tasks], self.clock.now())
        for slot in dead:
            log.warning("slot_abandoned", job=slot.job, slot=slot.slot_at.isoformat(), owner=slot.owner)
            self.over(Worked(job=slot.job, slot_at=slot.slot_at, ending=slots.ABANDONED))

    def _work(self, due: Due) -> bool:
        """Claim and run one slot; False where another service was first."""
        self._waiting.pop(due.task.name, None)
        with self.journal.begin() as tx:
            mine = slots.claim(tx, due.task.name, due.slot_at, self.owner, self.clock.now())
        self._seen[due.task.name] = due.slot_at
        if mine:
            self.running = due.task.name
            try:
                with structlog.contextvars.bound_contextvars(job=due.task.name, slot=due.slot_at.isoformat()):
                    self._run(due)
            finally:
                self.running = None
        return mine

    def _run(self, due: Due) -> None:
        log.info("job_started")
        began = self.stopwatch.elapsed()
        outcome, error = _attempt(due.task)
        seconds = self.stopwatch.elapsed() - began
        ending = slots.FAILED if outcome is None else outcome.outcome
        run_id = None if outcome is None else outcome.run_id
        detail = str(error) if outcome is None else outcome.detail
        with self.journal.begin() as tx:
            slots.finish(tx, due.task.name, due.slot_at, ending, self.clock.now(), run_id=run_id, detail=detail)
        if error is not None:
            self.failures.note(due.task.name, error)
        elif outcome is not None:
            self.failures.forget(due.task.name)
            log.info("job_ended", run=run_id, outcome=ending, seconds=round(seconds, 3), **dict(outcome.counts))
        self.over(
            Worked(job=due.task.name, slot_at=due.slot_at, ending=ending, outcome=outcome, error=error, seconds=seconds)
        )

    def _wait(self, due: Sequence[Due], why: str) -> None:
        """Note as busy what has waited in vain until its next slot."""
        for each in due:
            job, waited = each.task.name, self._waiting.get(each.task.name)
            if waited is not None and waited < each.slot_at:
                self._give_up(job, waited, why)
            elif waited is None:
                log.info("job_waits", job=job, slot=each.slot_at.isoformat(), why=why)
            self._waiting[job] = each.slot_at

    def _give_up(self, job: str, slot_at: datetime, why: str) -> None:
        now = self.clock.now()
        with self.journal.begin() as tx:
            mine = slots.claim(tx, job, slot_at, self.owner, now)
            if mine:
                slots.finish(tx, job, slot_at, slots.BUSY, now, detail=why)
        if mine:
            log.warning("slot_busy", job=job, slot=slot_at.isoformat(), why=why)
            self.over(Worked(job=job, slot_at=slot_at, ending=slots.BUSY))

    @property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.settings.company.time_zone)


def _attempt(task: Task) -> tuple[JobOutcome | None, Exception | None]:
    try:
        return task.run(), None
    except Exception as error:  # noqa: BLE001  one job's fault must not end the others
        return None, error
