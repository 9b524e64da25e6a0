"""The commands under ``tieout db``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from console.exits import explained
from console.options import SYNC_TOML, Config, Json
from console.output import Output

db_app = typer.Typer(
    help="The state database: schema, backups, whether it is whole.", no_args_is_help=True, rich_markup_mode=None
)


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
