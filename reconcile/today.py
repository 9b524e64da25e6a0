"""The day as of which a run judges what is due."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from reconcile.options import Options
from reconcile.snapshot import Snapshot


def as_of_day(snapshot: Snapshot, options: Options) -> date:
    """Return the company's business day of NetSuite's clock, or the last day of the period that is reconciled."""
    today = snapshot.erp_at.astimezone(ZoneInfo(options.time_zone)).date()
    return today if snapshot.period is None else min(today, snapshot.period.end)
