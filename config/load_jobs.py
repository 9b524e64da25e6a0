"""Reads ``[jobs.*]``: what runs, when, and by which map."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from config import schedules, values
from config.load_connections import span
from config.origin import Origin, located
from config.reading import Table
from config.settings import DateRule, InvoiceSettings, JobSettings, ReconcileSettings, Schedule, StatusSettings

REPORTS = "reports"
ORDERS_EVERY = schedules.every("5m")
INVOICES_EVERY = schedules.every("15m")
STATUS_EVERY = schedules.every("15m")
SWEEP_AT = schedules.at("daily 02:30")
RECONCILE_AT = schedules.at("weekdays 06:30")


def customers(table: Table, origin: Origin) -> JobSettings:
    """Read ``[jobs.customers]``; customers are settled together with the orders that need them."""
    settings = JobSettings(
        name="customers",
        enabled=table.flag("enabled", default=True),
        mapping=origin.mapping(table),
        wait=timedelta(0),
    )
    table.close()
    return settings


def orders(table: Table, origin: Origin) -> JobSettings:
    """Read ``[jobs.orders]``."""
    settings = JobSettings(
        name="orders",
        enabled=table.flag("enabled", default=True),
        mapping=origin.mapping(table),
        scope=located(table, "scope"),
        wait=table.duration("wait", timedelta(minutes=30)),
        schedule=_schedule(table, ORDERS_EVERY),
    )
    table.close()
    return settings


def invoices(table: Table, origin: Origin) -> InvoiceSettings:
    """Read ``[jobs.invoices]``."""
    plain = InvoiceSettings()
    settings = InvoiceSettings(
        enabled=table.flag("enabled", default=plain.enabled),
        date=table.read("date", plain.date, _date_rule),
        stand_alone=located(table, "stand_alone"),
        mapping=origin.mapping(table),
        deal_field=table.optional("deal_field", values.body_field),
        schedule=_schedule(table, INVOICES_EVERY),
    )
    table.close()
    return settings


def status(table: Table) -> StatusSettings:
    """Read ``[jobs.status]``."""
    plain = StatusSettings()
    settings = StatusSettings(
        enabled=table.flag("enabled", default=plain.enabled),
        receivables=table.flag("receivables", default=plain.receivables),
        schedule=_schedule(table, STATUS_EVERY),
        sweep=table.read("sweep", SWEEP_AT, schedules.at),
        overlap=table.duration("overlap", plain.overlap),
    )
    table.close()
    return settings


def reconcile(apart: Table, job: Table, origin: Origin) -> ReconcileSettings:
    """Read ``[jobs.reconcile]``; ``[reconcile]`` is the same table under another name, one key in one place."""
    for key in [key for key in apart.found if job.has(key)]:
        apart.refuse(key, f"it is set in [{job.name}] too.", "Keep one of the two.")
    if not job.has("sla") and not apart.has("sla"):
        fix = 'Add under [jobs.reconcile]: sla = "4h"'
        table = apart if apart.found and not job.found else job
        job.faults.add(table.where(), "'sla' is missing in [jobs.reconcile].", fix)
    pick = _Either(apart, job)
    plain = ReconcileSettings(sla=timedelta(0))
    settings = ReconcileSettings(
        sla=pick("sla").duration("sla", plain.sla),
        tolerance_cap=pick("tolerance_cap").amount("tolerance_cap", Decimal("1.00")),
        output=origin.inside(pick("output").text("output", REPORTS)),
        approval_sla=pick("approval_sla").duration("approval_sla", plain.approval_sla),
        billing_grace=pick("billing_grace").duration("billing_grace", plain.billing_grace),
        unapplied_after=span(pick("unapplied_after"), "unapplied_after", plain.unapplied_after),
        schedule=_schedule_of(pick("every"), pick("at"), RECONCILE_AT),
        send_to=pick("send_to").read("send_to", plain.send_to, values.mail_addresses),
    )
    for table in (apart, job):
        table.known = pick.asked
        table.close()
    return settings


class _Either:
    """Finds which of two tables holds a key, and remembers what was asked for."""

    def __init__(self, apart: Table, job: Table) -> None:
        self._tables = (apart, job)
        self.asked: list[str] = []

    def __call__(self, key: str) -> Table:
        self.asked.append(key)
        apart, job = self._tables
        return apart if apart.has(key) else job


def _schedule(table: Table, default: Schedule) -> Schedule:
    return _schedule_of(table, table, default)


def _schedule_of(often: Table, timed: Table, default: Schedule) -> Schedule:
    """Return the schedule under ``every`` or ``at``; neither gives the default, both are refused."""
    absent: Schedule | None = None
    every = often.read("every", absent, schedules.every)
    at = timed.read("at", absent, schedules.at)
    if often.has("every") and timed.has("at"):
        timed.refuse("at", "'every' is set too.", 'Keep one of the two: every = "5m", or at = "weekdays 06:30".')
    return every or at or default


def _date_rule(value: object) -> DateRule:
    rules: Sequence[DateRule] = ("order", "today", "first_open_period")
    for rule in rules:
        if value == rule:
            return rule
    raise ValueError(f"this is no rule for an invoice's date.|Write one of: {', '.join(rules)}.")
