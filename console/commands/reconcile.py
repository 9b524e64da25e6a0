"""``tieout reconcile``: compare both systems and write the workbook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from importlib.metadata import version
from pathlib import Path

import typer

from connectors.errors import MappingError
from connectors.records import Value
from console.bootstrap import opened_world
from console.commands.exceptions import BOOK_KEY
from console.exits import Exit
from console.output import Output
from journal import findings
from journal.database import remember
from journal.view import JournalView
from mappings.check import check_condition
from reconcile.exceptions import CONTROL
from reconcile.options import Options, everything
from reconcile.report import Report, to_json
from reconcile.run import reconcile
from reconcile.text import render_text
from reconcile.workbook import write_workbook
from sync.world import DEAL, World


def execute(config: Path, output: Output, *, strict: bool, period: str | None = None) -> None:
    """Reconcile, write the workbook, print the report; with ``period`` as of that period's last day."""
    with opened_world(config) as world:
        _require_sound_scope(world)
        report, book = reconciled(world, period)
    for line in render_text(report).splitlines():
        output.line(line)
    output.line(f"Workbook: {book}", style="bold")
    output.json("reconcile", {"report": to_json(report), "workbook": str(book)})
    if strict and report.exceptions:
        raise typer.Exit(int(Exit.FINDINGS))


def _require_sound_scope(world: World) -> None:
    """Which deals are compared is asked of Salesforce; a wrong field is named with its line, not as a failed query.

    Raises:
        MappingError: the scope names a field that Salesforce does not have.
    """
    problems = check_condition(world.scope, world.crm.describe(DEAL)) if world.scope else []
    if problems:
        raise MappingError(problems)


def reconciled(world: World, period: str | None = None) -> tuple[Report, Path]:
    """Reconcile both systems; return the report and where its workbook is. Exceptions keep their age from run to run.

    A run as of a period's end is not recorded: its values are not the present ones.
    """
    found = reconcile(world.crm, world.erp, JournalView(world.journal), options(world, period))
    report = _recorded(world, found)
    folder = world.settings.reconcile.output
    folder.mkdir(parents=True, exist_ok=True)
    name = f"-{report.period.start:%Y-%m}" if report.period else ""
    book = folder / f"reconciliation{name}-{world.now():%Y-%m-%d-%H%M%S}.xlsx"
    write_workbook(report, book)
    return report, book


def _recorded(world: World, report: Report) -> Report:
    """Keep what the run saw, and return the report with age, owner, reason and comment of each exception."""
    seen = [
        findings.Sighting(
            id=one.id, code=one.code, entity=one.entity, key=one.key, field=one.field, values_sha=one.values_sha
        )
        for one in (*report.exceptions, *report.accepted)
        if one.family != CONTROL
    ]
    run_id, roll = world.random.uuid(), None
    with world.journal.begin() as tx:
        book_id = remember(tx, f"{BOOK_KEY} {tx.pair}", world.random.uuid())
        if report.period is None:
            roll = findings.record(tx, run_id, seen, world.now(), complete=report.complete)
        last = findings.last_run(tx)
        life = {one.id: one for one in findings.all_of(tx)}
    return replace(report, life=life, roll=roll, run_id=last.id if last else "", book_id=book_id)


def options(world: World, period: str | None = None) -> Options:
    """Return what decides a reconciliation, from the settings."""
    settings, scope = world.settings, world.settings.orders.scope
    return Options(
        go_live=settings.company.go_live,
        sla=settings.reconcile.sla,
        wait=settings.orders.wait,
        tolerance_cap=settings.reconcile.tolerance_cap,
        in_scope=world.scope.evaluate if world.scope else everything,
        scope_text=f"{scope.text} ({scope.where})" if scope else "every won deal",
        scope_fields=sorted(world.scope.fields) if world.scope else (),
        won_on=_close_date,
        company=settings.company.name,
        time_zone=settings.company.time_zone,
        mapping_version=world.mapping_sha,
        software_version=version("tieout"),
        owners=settings.owners,
        approval_sla=settings.reconcile.approval_sla,
        billing_grace=settings.reconcile.billing_grace,
        unapplied_after=settings.reconcile.unapplied_after,
        deal_field=settings.invoices.deal_field,
        receivables=settings.status.enabled and settings.status.receivables,
        period=period,
    )


def _close_date(fields: Mapping[str, Value]) -> date | None:
    """A deal's business day is its close date, as for go-live."""
    closed = fields.get("CloseDate")
    return closed if isinstance(closed, date) else None
