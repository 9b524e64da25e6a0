"""The commands under ``tieout audit``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from console.exits import explained
from console.options import SYNC_TOML, Config, Json
from console.output import Output

audit_app = typer.Typer(
    help="The trail of every change that concerns money.", no_args_is_help=True, rich_markup_mode=None
)


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
