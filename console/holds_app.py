"""The commands under ``tieout holds``."""

from __future__ import annotations

from typing import Annotated, Optional

import typer

from console.exits import explained
from console.options import SYNC_TOML, Config, Json, Strict
from console.output import Output

holds_app = typer.Typer(
    help="The records that wait for a person: what holds them, and what people decide.", rich_markup_mode=None
)
Which = Annotated[str, typer.Argument(help="A hold's id or key, a record's id or address, or an order number.")]
By = Annotated[Optional[str], typer.Option("--by", help="Who decides, for the audit; by default who is logged in.")]  # noqa: UP045
Seen = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--seen", metavar="DIGITS", help="As `show` printed it: refuse if it has changed since."),
]


@holds_app.callback(invoke_without_command=True)
def holds(context: typer.Context, config: Config = SYNC_TOML, as_json: Json = False, strict: Strict = False) -> None:
    """List the records that wait for a person, and decide about them."""
    if context.invoked_subcommand is None:
        holds_list(config, as_json=as_json, strict=strict)


@holds_app.command("list")
def holds_list(
    config: Config = SYNC_TOML,
    owner: Annotated[Optional[str], typer.Option(help="Only those of this owner: key or name.")] = None,  # noqa: UP045
    class_: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--class", help="Only this class, such as data, permission, reference-missing."),
    ] = None,
    code: Annotated[Optional[str], typer.Option(help="Only this code.")] = None,  # noqa: UP045
    like: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="Only holds like this, from its beginning: ITEM_NOT_FOUND:OLD-SKU."),
    ] = None,
    groups: Annotated[bool, typer.Option("--groups", help="One line for all that the same remedy mends.")] = False,
    dismissed: Annotated[bool, typer.Option("--dismissed", help="Those that somebody has put aside.")] = False,
    as_json: Json = False,
    strict: Strict = False,
) -> None:
    """List the records that wait for a person: cause, owner and fix."""
    from console.commands.holds.listing import Wanted, execute

    output = Output(as_json=as_json)
    with explained(output):
        wanted = Wanted(owner=owner, class_=class_, code=code, like=like)
        execute(config, output, wanted, groups=groups, dismissed=dismissed, strict=strict)


@holds_app.command("show")
def holds_show(which: Which, config: Config = SYNC_TOML, as_json: Json = False) -> None:
    """Print everything about a hold: cause, fix, every answer, the next try, earlier holds, and what helps."""
    from console.commands.holds.showing import execute

    output = Output(as_json=as_json)
    with explained(output):
        execute(config, output, which)


@holds_app.command("retry")
def holds_retry(
    which: Which, config: Config = SYNC_TOML, by: By = None, seen: Seen = None, as_json: Json = False
) -> None:
    """Have a record tried once more in the next run, whatever was refused before."""
    from console.commands.holds.acting import retry

    output = Output(as_json=as_json)
    with explained(output):
        retry(config, output, which, by=by, seen=seen)


@holds_app.command("release")
def holds_release(
    like: Annotated[str, typer.Option("--all-like", metavar="KEY", help="What they share: ITEM_NOT_FOUND:OLD-SKU.")],
    config: Config = SYNC_TOML,
    by: By = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Have all records tried once more whose holds are alike."""
    from console.commands.holds.acting import release

    output = Output(as_json=as_json)
    with explained(output):
        release(config, output, like, by=by, yes=yes)


@holds_app.command("dismiss")
def holds_dismiss(
    which: Which,
    reason: Annotated[str, typer.Option(help="Why; kept with the hold and in the audit.")],
    config: Config = SYNC_TOML,
    by: By = None,
    seen: Seen = None,
    as_json: Json = False,
) -> None:
    """Close a hold without action: the record is left alone until it or the mapping changes."""
    from console.commands.holds.acting import dismiss

    output = Output(as_json=as_json)
    with explained(output):
        dismiss(config, output, which, reason=reason, by=by, seen=seen)
