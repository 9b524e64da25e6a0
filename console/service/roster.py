"""Which jobs the service runs, when, and which of them must not run at the same time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from config.settings import Schedule, Settings
from console.service.outcome import Job
from journal.leases import RECONCILE, SYNC

JOBS = ("orders", "invoices", "status", "sweep", "reconcile")
"""In the order in which jobs of the same moment run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A job with its schedule and the lease under which it works."""

    name: str
    schedule: Schedule
    run: Job
    lease: str = SYNC


def lease_of(job: str) -> str:
    """Return the lease that a job needs: all that write share one."""
    return RECONCILE if job == "reconcile" else SYNC


def schedules(settings: Settings) -> dict[str, Schedule]:
    """Return the schedules of the jobs that are switched on, in their order."""
    status = settings.status
    found = {
        "orders": settings.orders.schedule if settings.orders.enabled else None,
        "invoices": settings.invoices.schedule if settings.invoices.enabled else None,
        "status": status.schedule if status.enabled else None,
        "sweep": status.sweep if settings.orders.enabled or (status.enabled and status.receivables) else None,
        "reconcile": settings.reconcile.schedule,
    }
    return {name: schedule for name, schedule in found.items() if schedule is not None}


def roster(settings: Settings, jobs: Mapping[str, Job]) -> list[Task]:
    """Return the tasks of the service: every job that is switched on."""
    return [
        Task(name=name, schedule=schedule, run=jobs[name], lease=lease_of(name))
        for name, schedule in schedules(settings).items()
    ]
