"""The commands under ``tieout sandbox``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from console.exits import explained
from console.options import Json
from console.output import Output

sandbox_app = typer.Typer(
    help="A local Salesforce and a local NetSuite, for tests and the demo.", no_args_is_help=True, rich_markup_mode=None
)


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
