"""The command ``tieout``. Each command reads its files, wires the world and prints; the work is done elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from config import logging as log_setup
from console.exits import explained
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

Config = Annotated[Path, typer.Option("--config", "-c", help="The configuration file.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object with a version field.")]
Strict = Annotated[bool, typer.Option("--strict", help="Exit with 1 when there are holds or exceptions.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Log each step as JSON on standard error.")]
Deal = Annotated[Optional[str], typer.Option("--deal", help="Only this opportunity: id or address.")]  # noqa: UP045
SYNC_TOML = Path("sync.toml")


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

    log_setup.set_up(verbose=verbose)
    output = Output(as_json=as_json)
    with explained(output):
        execute(config, output, deal)


@app.command()
def sync(
    jobs: Annotated[Optional[list[str]], typer.Argument(help="customers, orders, status; all by default.")] = None,  # noqa: UP045
    config: Config = SYNC_TOML,
    deal: Deal = None,
    as_json: Json = False,
    strict: Strict = False,
    verbose: Verbose = False,
) -> None:
    """Bring won deals into NetSuite and their order status back."""
    from console.commands.sync import execute

    log_setup.set_up(verbose=verbose)
    output = Output(as_json=as_json)
    with explained(output):
        execute(config, output, jobs or [], deal, strict=strict)


@app.command()
def reconcile(config: Config = SYNC_TOML, as_json: Json = False, strict: Strict = False) -> None:
    """Compare both systems as of now and write the workbook."""
    from console.commands.reconcile import execute

    log_setup.set_up(verbose=False)
    output = Output(as_json=as_json)
    with explained(output):
        execute(config, output, strict=strict)


@app.command()
def status(config: Config = SYNC_TOML, as_json: Json = False, strict: Strict = False) -> None:
    """Print where things stand by Tieout's own books, without asking either system."""
    from console.commands.status import execute

    output = Output(as_json=as_json)
    with explained(output):
        execute(config, output, strict=strict)


@app.command()
def holds(config: Config = SYNC_TOML, as_json: Json = False, strict: Strict = False) -> None:
    """List the records that wait for a person: cause, owner and fix."""
    from console.commands.holds import execute

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

    log_setup.set_up(verbose=False)
    output = Output(as_json=as_json)
    with explained(output):
        execute(config, output, deal)


@app.command()
def demo(
    directory: Annotated[Path, typer.Option("--dir", help="Where the demo's files go; emptied first.")] = Path("demo"),
    seed: Annotated[int, typer.Option(help="Another number, another book.")] = 1,
    as_json: Json = False,
) -> None:
    """Run the whole way on a local Salesforce and a local NetSuite, with planted defects."""
    from console.commands.demo import execute

    log_setup.set_up(verbose=False)
    output = Output(as_json=as_json)
    with explained(output):
        execute(directory, seed, output)


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


def run() -> None:
    """Start the command line."""
    app()
