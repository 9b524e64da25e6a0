"""The command ``tieout``. Each command reads its files, wires the world and prints; the work is done elsewhere."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Optional

import typer

from console.audit_app import audit_app
from console.db_app import db_app
from console.exits import explained
from console.holds_app import holds_app
from console.options import SYNC_TOML, Config, Json, Strict
from console.output import Output
from console.sandbox_app import sandbox_app

app = typer.Typer(
    name="tieout",
    help="Moves won Salesforce deals into NetSuite and proves that both systems agree.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    add_completion=False,
)
app.add_typer(sandbox_app, name="sandbox")
exceptions_app = typer.Typer(
    help="What the reconciliation found, and what finance says about it.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(exceptions_app, name="exceptions")
alerts_app = typer.Typer(
    help="The messages that tell people when something needs them.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(alerts_app, name="alerts")
app.add_typer(audit_app, name="audit")
app.add_typer(db_app, name="db")
app.add_typer(holds_app, name="holds")

Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Log each step as JSON on standard error.")]
Deal = Annotated[Optional[str], typer.Option("--deal", help="Only this opportunity: id or address.")]  # noqa: UP045
SandboxClock = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option("--clock", metavar="DIR", help="Follow the clock of the sandbox running in this folder."),
]
Until = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(help="A day (its beginning), a moment such as 2026-12-03T18:00, or a span such as 4h."),
]
Reason = Annotated[str, typer.Option(help="Why; shown wherever the pause is.")]


def _set_up_log(*, verbose: bool) -> None:
    # Imported late: structlog costs a quarter of the start of commands that log nothing.
    from config import logging as log_setup

    log_setup.set_up(verbose=verbose)


class LogFormat(StrEnum):
    """How the service's log looks."""

    JSON = "json"
    CONSOLE = "console"


@app.command()
def init(
    directory: Annotated[Path, typer.Argument(help="Where sync.toml and the mapping files go.")] = Path(),
) -> None:
    """Write the files to start with: sync.toml and two mapping files. Existing files stay."""
    from console.commands.init import execute

    output = Output()
    with explained(output):
        execute(directory, output)


@app.command()
def check(config: Config = SYNC_TOML, as_json: Json = False) -> None:
    """Check sync.toml, the mappings, the credentials and both systems; write nothing."""
    from console.commands.check import execute

    output = Output(as_json=as_json)
    with explained(output):
        execute(config, output)


@app.command()
def plan(config: Config = SYNC_TOML, deal: Deal = None, as_json: Json = False, verbose: Verbose = False) -> None:
    """Print what a sync would write, per record and field; write nothing."""
    from console.commands.plan import execute

    _set_up_log(verbose=verbose)
    output = Output(as_json=as_json)
    with explained(output):
        execute(config, output, deal)


@app.command()
def apply(
    plan_hash: Annotated[str, typer.Argument(metavar="HASH", help="The hash that tieout plan printed.")],
    config: Config = SYNC_TOML,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Write exactly what a printed plan showed, above any ceiling; what has moved since is left out and named."""
    from console.commands.apply import execute

    _set_up_log(verbose=verbose)
    output = Output(as_json=as_json)
    with explained(output):
        execute(config, output, plan_hash, yes=yes)


@app.command()
def sync(
    jobs: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Argument(help="customers, orders, invoices, status; by default those switched on."),
    ] = None,
    config: Config = SYNC_TOML,
    deal: Deal = None,
    anyway: Annotated[bool, typer.Option("--anyway", help="Also while paused or frozen.")] = False,
    sweep: Annotated[bool, typer.Option("--sweep", help="Compare every won deal with what was read, too.")] = False,
    as_json: Json = False,
    strict: Strict = False,
    verbose: Verbose = False,
) -> None:
    """Bring won deals into NetSuite, bill approved orders, and bring the status back."""
    from console.commands.sync import execute

    _set_up_log(verbose=verbose)
    output = Output(as_json=as_json)
    with explained(output):
        execute(config, output, jobs or [], deal, strict=strict, anyway=anyway, sweep=sweep)


@app.command()
def reconcile(
    config: Config = SYNC_TOML,
    period: Annotated[
        str | None, typer.Option(help="As of the last day of this period: 2026-11 or 'Nov 2026'; now without it.")
    ] = None,
    as_json: Json = False,
    strict: Strict = False,
) -> None:
    """Compare both systems as of now, or of a period's end, and write the workbook."""
    from console.commands.reconcile import execute

    _set_up_log(verbose=False)
    output = Output(as_json=as_json)
    with explained(output):
        execute(config, output, strict=strict, period=period)


@exceptions_app.command("list")
def exceptions_list(config: Config = SYNC_TOML, as_json: Json = False, strict: Strict = False) -> None:
    """List the exceptions that are open or accepted: age, owner, reason, comment."""
    from console.commands.exceptions import list_

    output = Output(as_json=as_json)
    with explained(output):
        list_(config, output, strict=strict)


@exceptions_app.command("import")
def exceptions_import(
    file: Annotated[Path, typer.Argument(help="The workbook that finance filled in.")],
    config: Config = SYNC_TOML,
    by: Annotated[str, typer.Option(help="Who says so, kept with each note.")] = "workbook",
    as_json: Json = False,
) -> None:
    """Take owner, reason and comment of each exception back from a workbook, all or nothing."""
    from console.commands.exceptions import import_

    output = Output(as_json=as_json)
    with explained(output):
        import_(config, file, by, output)


@app.command()
def status(config: Config = SYNC_TOML, as_json: Json = False, strict: Strict = False) -> None:
    """Print where things stand by Tieout's own books, without asking either system."""
    from console.commands.status import execute

    output = Output(as_json=as_json)
    with explained(output):
        execute(config, output, strict=strict)


@app.command()
def trace(
    deal: Annotated[str, typer.Argument(help="Opportunity id, its address, or an order number.")],
    config: Config = SYNC_TOML,
    as_json: Json = False,
) -> None:
    """Print one deal's life across both systems, also why it is out of scope."""
    from console.commands.trace import execute

    _set_up_log(verbose=False)
    output = Output(as_json=as_json)
    with explained(output):
        execute(config, output, deal)


@app.command("run")
def run_service(
    config: Config = SYNC_TOML,
    once: Annotated[Optional[str], typer.Option(metavar="JOB", help="Run this job once, now, and end.")] = None,  # noqa: UP045
    clock: SandboxClock = None,
    log_format: Annotated[LogFormat, typer.Option(help="json, or console for people.")] = LogFormat.JSON,
    as_json: Json = False,
) -> None:
    """Run every job at its times until SIGTERM or Ctrl-C; /healthz and /metrics tell how it goes."""
    from console.commands.run import execute
    from console.jobs import wire

    output = Output(as_json=as_json)
    with explained(output):
        execute(config, output, wire, once=once, follow=clock, log_format=log_format.value)


@app.command()
def pause(
    job: Annotated[str, typer.Argument(help="orders, invoices, status, sweep, reconcile, or all.")] = "all",
    until: Until = None,
    reason: Reason = "",
    config: Config = SYNC_TOML,
    clock: SandboxClock = None,
    as_json: Json = False,
) -> None:
    """Let a job stand still; after `resume` its next run covers the whole gap."""
    from console.commands import pause as commands

    output = Output(as_json=as_json)
    with explained(output):
        commands.pause(config, output, job, until=until, reason=reason, follow=clock)


@app.command()
def resume(
    job: Annotated[str, typer.Argument(help="A paused job, freeze, or all.")] = "all",
    config: Config = SYNC_TOML,
    clock: SandboxClock = None,
    as_json: Json = False,
) -> None:
    """End a pause or a freeze."""
    from console.commands import pause as commands

    output = Output(as_json=as_json)
    with explained(output):
        commands.resume(config, output, job, follow=clock)


@app.command()
def freeze(
    until: Until = None,
    reason: Reason = "",
    config: Config = SYNC_TOML,
    clock: SandboxClock = None,
    as_json: Json = False,
) -> None:
    """Write nothing into NetSuite and Salesforce, as at a month's end; reconciliation goes on."""
    from console.commands import pause as commands

    output = Output(as_json=as_json)
    with explained(output):
        commands.freeze(config, output, until=until, reason=reason, follow=clock)


@app.command()
def demo(
    directory: Annotated[Path, typer.Option("--dir", help="Where the demo's files go; emptied first.")] = Path("demo"),
    seed: Annotated[int, typer.Option(help="Another number, another book.")] = 1,
    as_json: Json = False,
) -> None:
    """Run the whole way on a local Salesforce and a local NetSuite, with planted defects."""
    from console.commands.demo import execute

    _set_up_log(verbose=False)
    output = Output(as_json=as_json)
    with explained(output):
        execute(directory, seed, output)


@alerts_app.command("test")
def alerts_test(config: Config = SYNC_TOML, as_json: Json = False) -> None:
    """Send a test message on every configured channel."""
    from console.commands.alerts import test

    output = Output(as_json=as_json)
    with explained(output):
        test(config, output)


@alerts_app.command("list")
def alerts_list(config: Config = SYNC_TOML, as_json: Json = False) -> None:
    """List the alerts that are open, and those of the last seven days."""
    from console.commands.alerts import show

    output = Output(as_json=as_json)
    with explained(output):
        show(config, output)


@alerts_app.command("check")
def alerts_check(
    config: Config = SYNC_TOML, clock: SandboxClock = None, as_json: Json = False, verbose: Verbose = False
) -> None:
    """Look once and tell what is due; from cron it also notices a service that is gone."""
    from console.commands.alerts import look

    _set_up_log(verbose=verbose)
    output = Output(as_json=as_json)
    with explained(output):
        look(config, output, follow=clock)


def run() -> None:
    """Start the command line."""
    app()
