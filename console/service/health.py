"""Whether the service does its work: the answer to ``/healthz``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.exc import DatabaseError

from config.settings import Settings
from connectors.ports import Clock
from console.service import slot_times, standstill
from console.service.lane import Lane
from console.service.roster import Task
from console.service.ticker import Ticker
from journal import leases, slots
from journal.database import Journal, Tx
from journal.errors import DatabaseUnavailable
from journal.slots import Slot

GOOD = (slots.DONE, slots.PAUSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Looks at the journal and at the lanes of this process.

    Args:
        settings: ``[alerts] silent_after`` is how long behind its slot a job's success may be.
        journal: the state database.
        lanes: what this process runs.
        ticker: what this process does every minute.
        clock: the service's notion of now.
        started_at: until when a job that never ran is not expected to have run.
    """

    settings: Settings
    journal: Journal
    lanes: Sequence[Lane]
    ticker: Ticker
    clock: Clock
    started_at: datetime

    def report(self) -> dict[str, Any]:
        """Return the state as JSON values; ``ok`` is false when a job is late or the database does not answer."""
        now = self.clock.now()
        try:
            with self.journal.begin() as tx:
                jobs = {task.name: self._job(tx, lane, task, now) for lane in self.lanes for task in lane.tasks}
                held = {lane.lease: _lease(tx, lane.lease, now) for lane in self.lanes}
            caught_up = all(lane.idle() for lane in self.lanes) and self.ticker.idle()
        except (DatabaseError, DatabaseUnavailable) as error:
            return {"ok": False, "now": now.isoformat(), "database": f"does not answer: {error}"}
        return {
            "ok": not any(job["late"] for job in jobs.values()),
            "now": now.isoformat(),
            "database": "ok",
            "caught_up": caught_up,
            "jobs": jobs,
            "leases": held,
        }

    def _job(self, tx: Tx, lane: Lane, task: Task, now: datetime) -> dict[str, Any]:
        last, success = slots.newest(tx, task.name), slots.newest_with(tx, task.name, (slots.DONE,))
        zone = ZoneInfo(self.settings.company.time_zone)
        return {
            "late": is_late(self.settings, tx, task, now, self.started_at),
            "running": lane.running == task.name,
            "last_slot": _stamp(last.slot_at if last else None),
            "last_outcome": last.outcome if last else None,
            "last_success": _stamp(success.ended_at if success else None),
            "failures_since_success": slots.failures_since_success(tx, task.name),
            "next_slot": _stamp(slot_times.following(task.schedule, zone, now)),
            "standstill": standstill.reason(self.settings, tx, task.name, now),
        }


def is_late(settings: Settings, tx: Tx, task: Task, now: datetime, started_at: datetime) -> bool:
    """Whether a slot has gone without a success for longer than ``[alerts] silent_after``.

    A slot that was paused counts as well worked. A job that never ran is measured from ``started_at``.
    """
    good = slots.newest_with(tx, task.name, GOOD)
    reached = started_at if good is None else max(_since(good), good.slot_at)
    expected = slot_times.latest(
        task.schedule, ZoneInfo(settings.company.time_zone), now - settings.alerts.silent_after
    )
    return reached < expected


def _since(slot: Slot) -> datetime:
    return slot.ended_at if slot.ended_at is not None else slot.slot_at


def _lease(tx: Tx, name: str, now: datetime) -> dict[str, Any]:
    lease = leases.holder(tx, name)
    if lease is None or lease.expires_at <= now:
        return {"held": False}
    return {"held": True, "owner": lease.owner, "since": _stamp(lease.taken_at), "fence": lease.fence}


def _stamp(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")
