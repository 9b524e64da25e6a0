"""The service in a few lines, for ``tieout status``: each job's last slot and what stands still."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from config.settings import Settings
from console.service import slot_times, standstill
from console.service.roster import schedules
from journal import leases, pauses, slots
from journal.database import Tx


def lines(settings: Settings, tx: Tx, now: datetime) -> list[str]:
    """Return a line for each job that has run or stands still, each pause, and each lease in use."""
    found = [_job_line(name, job) for name, job in jobs(settings, tx, now).items() if job["last_slot"] is not None]
    found += standstill.lines(settings, tx, now)
    for name in (leases.SYNC, leases.RECONCILE):
        lease = leases.holder(tx, name)
        if lease is not None and lease.expires_at > now:
            found.append(f"at work ({name}): {lease.owner}, since {lease.taken_at:%Y-%m-%d %H:%M:%S} UTC")
    return found


def content(settings: Settings, tx: Tx, now: datetime) -> dict[str, Any]:
    """Return the same for ``--json``."""
    return {
        "jobs": jobs(settings, tx, now),
        "pauses": pauses.current(tx, now),
        "freeze_day": standstill.freeze_day(settings, now),
    }


def jobs(settings: Settings, tx: Tx, now: datetime) -> dict[str, dict[str, Any]]:
    """Return by job its schedule, last slot, how that ended, last success, next slot."""
    zone = ZoneInfo(settings.company.time_zone)
    found = {}
    for name, schedule in schedules(settings).items():
        last, success = slots.newest(tx, name), slots.newest_with(tx, name, (slots.DONE,))
        found[name] = {
            "schedule": schedule.text,
            "last_slot": last.slot_at if last else None,
            "last_outcome": (last.outcome or "under way") if last else None,
            "last_detail": last.detail if last else None,
            "last_success": success.ended_at if success else None,
            "next_slot": slot_times.following(schedule, zone, now),
        }
    return found


def _job_line(name: str, job: dict[str, Any]) -> str:
    why = f": {job['last_detail']}" if job["last_detail"] else ""
    return f"{name} ({job['schedule']}): {job['last_slot']:%Y-%m-%d %H:%M} UTC {job['last_outcome']}{why}"
