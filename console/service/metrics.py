"""What Prometheus may ask of the service: figures by job, outcome and code; never a record's name or id."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from threading import Lock
from zoneinfo import ZoneInfo

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import DatabaseError

from config.settings import Settings
from connectors.ports import Clock
from console.service import slot_times
from console.service.outcome import JobOutcome, Worked
from console.service.roster import Task
from journal import lags, leases, pauses, slots
from journal.database import Journal, Tx
from journal.errors import DatabaseUnavailable

Figures = dict[tuple[str, ...], float]
BUCKETS = (0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)
EXCEPTIONS = "exceptions"
"""The kind of counts that say how things stand, where all others say what was done."""
WORD = re.compile(r"[A-Za-z][A-Za-z0-9_:-]{0,39}\Z")


class Metrics:
    """The service's own registry."""

    def __init__(self, settings: Settings, journal: Journal, tasks: Sequence[Task], clock: Clock) -> None:
        self._registry = CollectorRegistry()
        self._runs = Counter(
            "tieout_job_runs", "Slots of a job by how they ended.", ["job", "outcome"], registry=self._registry
        )
        self._seconds = Histogram(
            "tieout_job_duration_seconds",
            "How long a job's run took.",
            ["job"],
            buckets=BUCKETS,
            registry=self._registry,
        )
        self._records = Counter(
            "tieout_records", "Records by kind and outcome.", ["kind", "outcome"], registry=self._registry
        )
        self._exceptions = Gauge(
            "tieout_exceptions", "Exceptions of the last reconciliation.", ["state"], registry=self._registry
        )
        self._journal = _JournalFigures(settings, journal, tasks, clock)
        self._registry.register(self._journal)
        for task in tasks:
            self._runs.labels(task.name, slots.DONE)
            self._runs.labels(task.name, slots.FAILED)

    def note(self, worked: Worked) -> None:
        """Count one worked slot."""
        self._runs.labels(worked.job, worked.ending).inc()
        if worked.outcome is None and worked.error is None:
            return
        self._seconds.labels(worked.job).observe(worked.seconds)
        if worked.outcome is not None:
            self._count(worked.outcome)

    def page(self) -> bytes:
        """Return everything in Prometheus' text form."""
        return generate_latest(self._registry)

    def _count(self, outcome: JobOutcome) -> None:
        for name, count in outcome.counts.items():
            kind, _, ending = name.partition(".")
            if kind == EXCEPTIONS:
                self._exceptions.labels(_word(ending)).set(count)
                continue
            self._records.labels(_word(kind), _word(ending or "all")).inc(count)
        self._journal.note_budget(outcome)


class _JournalFigures(Collector):
    """Figures that are read from the state database when they are asked for."""

    def __init__(self, settings: Settings, journal: Journal, tasks: Sequence[Task], clock: Clock) -> None:
        self._zone = ZoneInfo(settings.company.time_zone)
        self._journal = journal
        self._tasks = tasks
        self._clock = clock
        self._budget: tuple[int, int] | None = None
        self._lock = Lock()

    def note_budget(self, outcome: JobOutcome) -> None:
        """Keep the newest word on Salesforce's calls."""
        if outcome.api_used is not None and outcome.api_limit is not None:
            with self._lock:
                self._budget = (outcome.api_used, outcome.api_limit)

    def describe(self) -> Iterator[Metric]:
        """Name nothing beforehand: registering must not read the database."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Yield every figure; without the database only that it does not answer."""
        try:
            with self._journal.begin() as tx:
                found = [*self._jobs(tx), *self._lag(tx), *_states(tx, self._clock)]
        except (DatabaseError, DatabaseUnavailable):
            yield _gauge("tieout_database_up", "Whether the state database answers.", {(): 0})
            return
        yield _gauge("tieout_database_up", "Whether the state database answers.", {(): 1})
        yield from found
        yield from self._calls()

    def _jobs(self, tx: Tx) -> Iterator[Metric]:
        now = self._clock.now()
        success: Figures = {}
        failures: Figures = {}
        for task in self._tasks:
            last = slots.newest_with(tx, task.name, (slots.DONE,))
            if last is not None and last.ended_at is not None:
                success[(task.name,)] = last.ended_at.timestamp()
            failures[(task.name,)] = float(slots.failures_since_success(tx, task.name))
        following: Figures = {
            (task.name,): slot_times.following(task.schedule, self._zone, now).timestamp() for task in self._tasks
        }
        yield _gauge("tieout_job_last_success_timestamp_seconds", "When a job last succeeded.", success, "job")
        yield _gauge("tieout_job_next_slot_timestamp_seconds", "When a job's next slot comes.", following, "job")
        yield _gauge("tieout_job_failures_since_success", "Failed slots after the last success.", failures, "job")

    def _lag(self, tx: Tx) -> Iterator[Metric]:
        now = self._clock.now()
        # What waits for a moment that has not come yet is not behind.
        waiting: Figures = {
            (kind,): max(0.0, (now - since).total_seconds()) for kind, since in lags.oldest_waiting(tx).items()
        }
        cursors: Figures = {(stream,): (now - stamp).total_seconds() for stream, stamp in lags.cursors(tx).items()}
        unclear = lags.oldest_open_write(tx)
        age = 0.0 if unclear is None else (now - unclear).total_seconds()
        yield _gauge("tieout_waiting_lag_seconds", "Age of the oldest record that waits for its turn.", waiting, "kind")
        yield _gauge("tieout_cursor_age_seconds", "Age of the newest change that was read.", cursors, "stream")
        yield _gauge("tieout_open_write_age_seconds", "Age of the oldest write without a clear answer.", {(): age})

    def _calls(self) -> Iterator[Metric]:
        with self._lock:
            budget = self._budget
        if budget is not None:
            used, limit = budget
            yield _gauge("tieout_salesforce_api_calls_used", "Calls of the last 24 hours.", {(): used})
            yield _gauge("tieout_salesforce_api_calls_limit", "Calls that the org allows in 24 hours.", {(): limit})


def _states(tx: Tx, clock: Clock) -> Iterator[Metric]:
    now = clock.now()
    codes: Figures = {(code,): float(count) for code, count in lags.holds_by_code(tx).items()}
    by_class = lags.holds_by_class(tx).items()
    classes: Figures = {(name.replace(" ", "_"),): float(count) for name, count in by_class}
    standing: Figures = {(pause.name,): 1.0 for pause in pauses.current(tx, now)}
    held: Figures = {}
    for name in (leases.SYNC, leases.RECONCILE):
        lease = leases.holder(tx, name)
        held[(name,)] = float(lease is not None and lease.expires_at > now)
    yield _gauge("tieout_open_holds", "Records that wait for a person.", codes, "code")
    yield _gauge("tieout_open_holds_by_class", "The same by what heals them.", classes, "class")
    yield _gauge("tieout_paused", "What stands still: a job, all, or freeze.", standing, "name")
    yield _gauge("tieout_lease_held", "Whether somebody is at work under a lease.", held, "lease")


def _gauge(name: str, text: str, values: Mapping[tuple[str, ...], float], label: str = "") -> Metric:
    family = GaugeMetricFamily(name, text, labels=[label] if label else [])
    for labels, value in values.items():
        family.add_metric([_word(each) for each in labels], float(value))
    return family


def _word(text: str) -> str:
    """Return a label's value; whatever is not a plain word stays out of the metrics."""
    return text if WORD.match(text) else "other"
