"""The command ``tieout``. Each command reads its files, wires the world and prints; the work is done elsewhere."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Optional

import typer

from console.exits import explained
from console.holds_app import holds_app
from console.options import SYNC_TOML, Config, Json, Strict
from console.output import Output

app = typer.Typer(
    name="tieout",
    help="Moves won Salesforce deals into NetSuite and proves that both systems agree.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    add_completion=False,
)
sandbox_app = typer.Typer(
    help="A local Salesforce and a local NetSuite, for tests and the demo.", no_args_is_help=True, rich_markup_mode=None
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
audit_app = typer.Typer(
    help="The trail of every change that concerns money.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(audit_app, name="audit")
db_app = typer.Typer(
    help="The state database: schema, backups, whether it is whole.", no_args_is_help=True, rich_markup_mode=None
)
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


@audit_app.command("verify")
def audit_verify(
    config: Config = SYNC_TOML,
    head: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(metavar="HASH|FILE", help="A head kept elsewhere: its hash, or the file that export made."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Check that every row of the trail is as it was written and none is missing; exit with 1 when not."""
    from console.commands.audit import verify

    output = Output(as_json=as_json)
    with explained(output):
        verify(config, output, head=head)


@audit_app.command("export")
def audit_export(
    file: Annotated[Optional[Path], typer.Argument(help="A new file; standard output without it.")] = None,  # noqa: UP045
    config: Config = SYNC_TOML,
    since: Annotated[int, typer.Option(metavar="ROW", min=0, help="Only rows after this number.")] = 0,
    as_json: Json = False,
) -> None:
    """Write the trail as JSON lines with its head, for keeping elsewhere."""
    from console.commands.audit import export

    output = Output(as_json=as_json)
    with explained(output):
        export(config, output, file=file, since=since)


@audit_app.command("list")
def audit_list(
    config: Config = SYNC_TOML,
    record: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="Only this record: id or address of a deal or account, number of a document."),
    ] = None,
    last: Annotated[int, typer.Option(min=1, help="How many rows at most, the newest.")] = 100,
    as_json: Json = False,
) -> None:
    """Print the newest rows of the trail, or one record's."""
    from console.commands.audit import list_

    output = Output(as_json=as_json)
    with explained(output):
        list_(config, output, record=record, last=last)


@db_app.command("upgrade")
def db_upgrade(config: Config = SYNC_TOML, as_json: Json = False) -> None:
    """Bring the schema of the state database up to date, after a backup; every other command does so too."""
    from console.commands.db import upgrade

    output = Output(as_json=as_json)
    with explained(output):
        upgrade(config, output)


@db_app.command("backup")
def db_backup(
    file: Annotated[Optional[Path], typer.Argument(help="The new file; beside the state without it.")] = None,  # noqa: UP045
    config: Config = SYNC_TOML,
    as_json: Json = False,
) -> None:
    """Write a consistent copy of the whole state into one file, while the service works."""
    from console.commands.db import backup

    output = Output(as_json=as_json)
    with explained(output):
        backup(config, output, file)


@db_app.command("verify")
def db_verify(
    file: Annotated[Optional[Path], typer.Argument(help="A backup to look at instead of the live state.")] = None,  # noqa: UP045
    config: Config = SYNC_TOML,
    as_json: Json = False,
) -> None:
    """Check that the state database is whole, and say what was checked; exit with 1 when it is not."""
    from console.commands.db import verify

    output = Output(as_json=as_json)
    with explained(output):
        verify(config, output, file)


@db_app.command("restore")
def db_restore(
    file: Annotated[Path, typer.Argument(help="A backup.")],
    config: Config = SYNC_TOML,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Really replace the live state; it is kept beside.")] = False,
    as_json: Json = False,
) -> None:
    """Put a backup in the place of the live state; the next run looks for every document before it creates any."""
    from console.commands.db import restore

    output = Output(as_json=as_json)
    with explained(output):
        restore(config, output, file, yes=yes)


@db_app.command("recover")
def db_recover(
    config: Config = SYNC_TOML,
    reason: Annotated[str, typer.Option(help="Why, such as: the machine was set back to yesterday's snapshot.")] = "",
    as_json: Json = False,
) -> None:
    """Have the next run look for every document before it creates any: after a restore that Tieout cannot notice."""
    from console.commands.db import recover

    output = Output(as_json=as_json)
    with explained(output):
        recover(config, output, reason)


@sandbox_app.command("serve")
def sandbox_serve(
    directory: Annotated[Path, typer.Option("--dir", help="Where the servers keep their data.")],
    book: Annotated[str, typer.Option(help="demo, clean, empty, or a folder of CSV files.")] = "empty",
    salesforce_port: Annotated[int, typer.Option(help="0: any free port.")] = 0,
    netsuite_port: Annotated[int, typer.Option(help="0: any free port.")] = 0,
    seed: Annotated[Optional[int], typer.Option(help="Makes ids, credentials and the demo book repeatable.")] = None,  # noqa: UP045
    now: Annotated[str | None, typer.Option(help="Start of the common clock, ISO 8601; it then moves by step.")] = None,  # noqa: UP045,E501
    latency: Annotated[float, typer.Option(help="Seconds that each request takes.")] = 0.0,
) -> None:
    """Start both servers and print one JSON line with addresses and credentials when they are ready."""
    from console.commands.sandbox import serve

    with explained(Output()):
        serve(directory, book, salesforce_port, netsuite_port, seed, now, latency)


@sandbox_app.command("dump")
def sandbox_dump(
    system: Annotated[str, typer.Argument(help="salesforce or netsuite.")],
    type_: Annotated[str, typer.Argument(metavar="TYPE", help="A record type, or requests.")],
    directory: Annotated[Path, typer.Option("--dir", help="Where the servers keep their data.")],
) -> None:
    """Print as JSON lines what a server holds, from its own store."""
    from console.commands.sandbox import dump

    with explained(Output()):
        dump(directory, system, type_)


@sandbox_app.command("step")
def sandbox_step(
    duration: Annotated[str, typer.Argument(help="How far, such as 90s, 5m, 2h, 1d.")],
    directory: Annotated[Path, typer.Option("--dir", help="Where the servers keep their data.")],
    as_json: Json = False,
) -> None:
    """Advance the common clock of the running servers."""
    from console.commands.sandbox import step

    output = Output(as_json=as_json)
    with explained(output):
        step(directory, duration, output)


@sandbox_app.command("clerk")
def sandbox_clerk(
    phase: Annotated[str, typer.Argument(help="approve, collect or late.")],
    directory: Annotated[Path, typer.Option("--dir", help="Where the servers keep their data.")],
    book: Annotated[Optional[Path], typer.Option(help="The book's folder; by default the one in --dir.")] = None,  # noqa: UP045
    as_json: Json = False,
) -> None:
    """Have the finance clerk do one phase of the book's month in the running NetSuite, each action once."""
    from console.commands.sandbox import clerk

    output = Output(as_json=as_json)
    with explained(output):
        clerk(directory, phase, book, output)


def run() -> None:
    """Start the command line."""
    app()
