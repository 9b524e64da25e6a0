"""``tieout holds``: the records that wait for a person."""

from __future__ import annotations

from pathlib import Path

import typer

from config.load import load
from console.exits import Exit
from console.output import Output
from console.state import opened_journal
from journal import holds
from journal.nouns import KIND_ACCOUNT_STATUS, KIND_CUSTOMER, KIND_INVOICE, KIND_STATUS

NOUNS = {
    KIND_CUSTOMER: "customer of account",
    KIND_INVOICE: "invoice of deal",
    KIND_STATUS: "status of deal",
    KIND_ACCOUNT_STATUS: "account rows of customer",
}


def execute(config: Path, output: Output, *, strict: bool) -> None:
    """Print every open hold with cause, owner and fix."""
    settings = load(config)
    with opened_journal(settings) as journal, journal.begin() as tx:
        held = holds.open_holds(tx)
    for hold in held:
        owner = settings.owners.get(hold.owner, hold.owner)
        noun = NOUNS.get(hold.kind, "order of deal")
        output.line(f"{hold.code}  {noun} {hold.label} ({hold.source_id})", style="bold")
        output.line(f"    cause  {hold.cause}")
        output.line(f"    fix    {hold.fix}")
        output.line(f"    owner  {owner}, since {hold.opened_at:%Y-%m-%d %H:%M} UTC, tried {hold.attempts} times")
        for name, value in sorted(hold.detail.items()):
            output.line(f"    {name}  {value}")
    output.line(f"{len(held)} records are held." if held else "Nothing is held.", style="bold")
    output.json("holds", {"holds": held})
    if strict and held:
        raise typer.Exit(int(Exit.FINDINGS))
