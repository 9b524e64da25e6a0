"""``tieout holds show``: everything about one hold, with the remote system's own words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from config.load import load
from config.settings import Settings
from console.alerts.addresses import link
from console.commands.holds.finding import content, named, next_try, noun
from console.output import Output
from console.state import opened_journal
from journal import dismissals, holds, intents
from journal.database import Tx
from journal.nouns import KIND_INVOICE, KIND_ORDER, Hold

History = list[dict[str, Any]]
MOST = 12
"""Answers printed of one record, the newest; JSON has them all."""


def execute(config: Path, output: Output, text: str) -> None:
    """Print what holds a record, what was tried, what helps, and every earlier hold of it."""
    settings = load(config)
    shown = []
    with opened_journal(settings) as journal, journal.begin() as tx:
        for hold in named(tx, text):
            aside = dismissals.find(tx, hold.kind, hold.source_id)
            is_aside = aside is not None and aside.id == hold.id
            shown.append((hold, list(_answers(tx, hold)), holds.history(tx, hold.kind, hold.source_id), is_aside))
    for hold, answers, history, is_aside in shown:
        _print(settings, output, hold, answers, history, is_aside=is_aside)
    found = [
        content(settings, hold)
        | {"answers": answers, "history": [_opening(row) for row in history]}
        | {"commands": commands(hold, is_aside=is_aside)}
        for hold, answers, history, is_aside in shown
    ]
    output.json("holds show", {"holds": found})


def _answers(tx: Tx, hold: Hold) -> Iterator[dict[str, str]]:
    for intent in intents.history(tx, hold.kind, hold.source_id):
        for attempt in intent["attempts"]:
            yield {
                "at": attempt["finished_at"],
                "status": attempt["status"],
                "code": attempt["code"],
                "message": attempt["message"],
                "intent": intent["id"],
            }


def _opening(row: dict[str, Any]) -> dict[str, Any]:
    names = ("id", "code", "class", "cause", "opened_at", "last_seen_at", "attempts", "tries", "resolved_at")
    return {name: row[name] for name in (*names, "resolution", "resolved_by")}


def commands(hold: Hold, *, is_aside: bool) -> Sequence[str]:
    """Return the commands that help with a hold; one that was put aside already is not dismissed again."""
    deal = hold.kind in (KIND_ORDER, KIND_INVOICE)
    lines = (
        [f"tieout plan --deal {hold.source_id}", f"tieout sync --deal {hold.source_id}"] if deal else ["tieout sync"]
    )
    retry = f"tieout holds retry {hold.id}"
    return [*lines, retry] if is_aside else [*lines, retry, f'tieout holds dismiss {hold.id} --reason "why"']


def _print(
    settings: Settings,
    output: Output,
    hold: Hold,
    answers: Sequence[dict[str, str]],
    history: History,
    *,
    is_aside: bool,
) -> None:
    owner = settings.owners.get(hold.owner, hold.owner)
    output.line(f"{hold.code}  {noun(hold)} {hold.label}", style="bold")
    output.line(f"    record {hold.source_id}  {link(settings, hold.kind, hold.source_id)}")
    output.line(f"    cause  {hold.cause}")
    output.line(f"    fix    {hold.fix}")
    output.line(f"    owner  {owner}")
    output.line(f"    class  {hold.class_}; alike: {hold.likeness}")
    output.line(f"    since  {hold.opened_at:%Y-%m-%d %H:%M} UTC, last met {hold.last_seen_at:%Y-%m-%d %H:%M} UTC")
    output.line(f"    hold   {hold.id}, key {hold.key}, as seen {dismissals.seen(hold)}")
    if is_aside:
        output.line(
            "    It was dismissed: left alone until it or the mapping changes, or somebody retries it.", "yellow"
        )
    else:
        output.line(f"    sent   {next_try(settings, hold)}")
    for name, value in sorted(hold.detail.items()):
        output.line(f"    {name}  {value}")
    for answer in answers[-MOST:]:
        words = " ".join(part for part in (answer["status"], answer["code"], answer["message"]) if part)
        output.line(f"    {answer['at']:.19}  answered: {words}")
    for row in history:
        if row["resolved_at"]:
            ended = f"{_minute(row['resolved_at'])}, {row['resolution']} ({row['resolved_by'] or 'tieout'})"
            output.line(f"    {row['code']} was held from {_minute(row['opened_at'])} to {ended}")
    output.line("    Commands that help:")
    for command in commands(hold, is_aside=is_aside):
        output.line(f"        {command}")


def _minute(stamp: str) -> str:
    return f"{stamp:.16} UTC".replace("T", " ", 1)
