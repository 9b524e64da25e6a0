"""Alerts about the service's jobs: silent, failing, abandoned, paused for long, frozen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from config.errors import ConfigError
from config.secrets import SecretError
from config.settings import Schedule, Settings
from connectors.errors import (
    AccessDeniedError,
    AuthenticationError,
    MappingError,
    ProtocolError,
    QuotaExhaustedError,
    SchemaError,
    TieoutError,
)
from console.alerts.addresses import operators
from console.alerts.message import Alert
from console.service import slot_times, standstill
from console.service.roster import schedules
from journal import alerts, pauses, slots
from journal.database import Tx

IN_A_ROW = 3
"""So many failures in a row are told; a single one may be a passing fault."""
PAUSE_TOO_LONG = timedelta(days=7)
TOLD_AT_ONCE = (
    AuthenticationError,
    AccessDeniedError,
    QuotaExhaustedError,
    SchemaError,
    MappingError,
    SecretError,
    ConfigError,
)
"""Failures that only a person can mend, or that last for hours."""


def note_end(tx: Tx, job: str, ending: str, error: Exception | None, at: datetime) -> None:
    """Remember why a job fails, and since when, until it succeeds again."""
    before = alerts.marked(tx, f"failure.{job}") or {}
    if ending == slots.DONE and before:
        alerts.mark(tx, f"failure.{job}", {})
    elif error is not None:
        hard = isinstance(error, TOLD_AT_ONCE) or _tampered(error) or bool(before.get("hard"))
        alerts.mark(tx, f"failure.{job}", {"why": _why(error), "hard": hard, "since": before.get("since", at)})


def _tampered(error: Exception) -> bool:
    return isinstance(error, ProtocolError) and error.code == "FORBIDDEN_XML"


def _why(error: Exception) -> str:
    if isinstance(error, TieoutError | SecretError | ConfigError):
        return str(error)[:1000]
    return f"This is a fault in Tieout itself ({type(error).__name__}); its log names the place."


def of_jobs(settings: Settings, tx: Tx, now: datetime) -> Iterator[Alert]:
    """Yield what is wrong with each job that is switched on."""
    zone = ZoneInfo(settings.company.time_zone)
    for job, schedule in schedules(settings).items():
        failed = _failed(settings, tx, job)
        if failed is not None:
            yield failed
        watched = failed is None and standstill.reason(settings, tx, job, now) is None
        silent = _silent(settings, tx, job, schedule, zone, now, watched=watched)
        if silent is not None:
            yield silent
        abandoned = _abandoned(settings, tx, job)
        if abandoned is not None:
            yield abandoned


def _failed(settings: Settings, tx: Tx, job: str) -> Alert | None:
    count = slots.failures_since_success(tx, job)
    last = alerts.marked(tx, f"failure.{job}") or {}
    if count < IN_A_ROW and not last.get("hard"):
        return None
    why = last.get("why") or "Its log says why."
    return Alert(
        key=f"failed:{job}",
        kind="failed_job",
        subject=f"The job {job} fails",
        what=f"The job {job} failed {_times(count)} since its last success. The last time: {why}",
        since=last.get("since"),
        todo="Mend what the message names. The job tries again at each of its times; nothing is lost.",
        command="tieout status",
        to=operators(settings),
        healed=f"The job {job} works again.",
        details={"job": job, "failures": str(count)},
    )


def _times(count: int) -> str:
    return "once" if count <= 1 else f"{count} times"


def _silent(
    settings: Settings, tx: Tx, job: str, schedule: Schedule, zone: ZoneInfo, now: datetime, *, watched: bool
) -> Alert | None:
    """A job is silent when it should have succeeded long ago; time in which it stood still does not count.

    ``watched``: it neither stands still nor is told as failing. What was told stays true until its next success.
    """
    since = _last_sign(tx, job, now)
    allowed = slot_times.following(schedule, zone, since) + settings.alerts.silent_after
    done = slots.newest_with(tx, job, (slots.DONE,))
    lasts = _still_silent(tx, job, done)
    late = watched and now > allowed
    if not lasts and not late:
        return None
    if lasts and done is not None and done.ended_at is not None:
        since = done.ended_at  # a pause in between does not make it younger
    last = f"Its last success was on {done.ended_at:%Y-%m-%d %H:%M} UTC." if done and done.ended_at else ""
    return Alert(
        key=f"silent:{job}",
        kind="silent_job",
        subject=f"The job {job} is silent",
        what=f"The job {job} ({schedule.text}) has not succeeded when it should have. {last}".strip(),
        since=since,
        todo="See that the service runs (`tieout run`) and that no other process holds its lease.",
        command="tieout status",
        to=operators(settings),
        healed=f"The job {job} has succeeded again.",
        repeats=late,
        details={"job": job},
    )


def _still_silent(tx: Tx, job: str, done: slots.Slot | None) -> bool:
    """Whether the job was told as silent and has not succeeded since."""
    told = alerts.find_open(tx, f"silent:{job}")
    if told is None:
        return False
    return done is None or done.ended_at is None or done.ended_at < told.opened_at


def _last_sign(tx: Tx, job: str, now: datetime) -> datetime:
    """Return the job's last success or standstill; where it never had one, when it was first looked at."""
    last = slots.newest_with(tx, job, (slots.DONE, slots.PAUSED))
    if last is not None and last.ended_at is not None:
        return last.ended_at
    first = alerts.marked(tx, f"seen.{job}")
    if first is None:
        alerts.mark(tx, f"seen.{job}", now)
        return now
    seen: datetime = first
    return seen


def _abandoned(settings: Settings, tx: Tx, job: str) -> Alert | None:
    last = slots.newest_with(tx, job, (slots.ABANDONED, slots.DONE))
    if last is None or last.outcome != slots.ABANDONED:
        return None
    return Alert(
        key=f"abandoned:{job}",
        kind="dead_owner",
        subject=f"The process that ran the job {job} died",
        what=f"The job {job} was under way when its process ({last.owner}) ended. Its next time takes up the work.",
        since=last.claimed_at,
        todo="Find out why the process ended: out of memory, killed, or the machine went down.",
        command="tieout status",
        to=operators(settings),
        healed=f"The job {job} has run to its end again.",
        details={"job": job, "owner": last.owner},
    )


def of_standstill(settings: Settings, tx: Tx, now: datetime) -> Iterator[Alert]:
    """Yield pauses that were forgotten, and the freeze so that its end is told."""
    frozen = standstill.freeze_day(settings, now)
    for pause in pauses.current(tx, now):
        if pause.name == pauses.FREEZE:
            frozen = pause.told()
        elif now - pause.since > PAUSE_TOO_LONG:
            yield _long_pause(settings, pause)
    if frozen is not None:
        yield Alert(
            key="freeze",
            kind="freeze_ended",
            subject="The freeze",
            what=f"Nothing is written: {frozen}",
            todo="",
            command="tieout status",
            to=operators(settings),
            healed="The freeze has ended. The jobs run again; the next runs cover all that happened meanwhile.",
            silent=True,
        )


def _long_pause(settings: Settings, pause: pauses.Pause) -> Alert:
    what = "Every job is" if pause.name == pauses.ALL else f"The job {pause.name} is"
    return Alert(
        key=f"pause:{pause.name}",
        kind="long_pause",
        subject=f"Paused for more than {PAUSE_TOO_LONG.days} days: {pause.name}",
        what=f"{what} {pause.told()}",
        since=pause.since,
        todo=f"If the pause is no longer wanted, run `tieout resume {pause.name}`.",
        command="tieout status",
        to=operators(settings),
        healed=f"The pause of {pause.name} is over.",
        repeats=False,
        details={"job": pause.name, "by": pause.by},
    )
