"""``tieout holds list``: open holds, all or of one owner, class, code or likeness, grouped by what mends them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from config.load import load
from config.settings import Settings
from console.commands.holds.finding import content, next_try, noun
from console.exits import Exit
from console.output import Output
from console.state import opened_journal
from journal import dismissals, epoch, holds
from journal.errors import JournalError
from journal.nouns import Hold
from sync.codes import CLASSES


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which holds a person wants to see; None: whatever it is."""

    owner: str | None = None
    class_: str | None = None
    code: str | None = None
    like: str | None = None

    def fits(self, settings: Settings, hold: Hold) -> bool:
        """Say whether a hold is wanted: an owner is named by key or by name, a likeness from its beginning."""
        owners = {hold.owner.casefold(), settings.owners.get(hold.owner, hold.owner).casefold()}
        return (
            (self.owner is None or self.owner.casefold() in owners)
            and (self.class_ is None or plain_class(self.class_) == hold.class_)
            and (self.code is None or self.code.upper() == hold.code)
            and (self.like is None or hold.likeness.casefold().startswith(self.like.casefold()))
        )


def plain_class(text: str) -> str:
    """Return the class that a person wrote, in whatever spelling.

    Raises:
        JournalError: there is no such class.
    """
    word = text.strip().casefold().replace("_", " ").replace("-", " ")
    if word not in CLASSES:
        raise JournalError(f"there is no class {text!r}. Classes are: {', '.join(CLASSES)}.")
    return word


def execute(config: Path, output: Output, wanted: Wanted, *, groups: bool, dismissed: bool, strict: bool) -> None:
    """Print the wanted holds with cause, owner and fix, or one line for all with the same remedy."""
    settings = load(config)
    with opened_journal(settings) as journal, journal.begin() as tx:
        every = dismissals.all_of(tx) if dismissed else holds.open_holds(tx)
        recovery = epoch.notice(tx, settings.state)
    if recovery is not None:
        output.line(f"{recovery}. Nothing is created before it was looked for.", style="bold")
    found = [hold for hold in every if wanted.fits(settings, hold)]
    if groups:
        _print_groups(settings, output, found)
    else:
        for hold in found:
            _print(settings, output, hold)
    output.line(_total(found, len(every), dismissed=dismissed), style="bold")
    listed = [{"likeness": name, "count": len(alike)} for name, alike in grouped(found)]
    output.json("holds", {"holds": [content(settings, hold) for hold in found], "alike": listed, "recovery": recovery})
    if strict and found:
        raise typer.Exit(int(Exit.FINDINGS))


def _total(found: Sequence[Hold], every: int, *, dismissed: bool) -> str:
    word = "dismissed" if dismissed else "held"
    if not found:
        return f"Nothing is {word}." if not every else f"None of the {every} {word} records fits."
    if len(found) < every:
        return f"{len(found)} of {every} {word} records."
    return f"1 record is {word}." if every == 1 else f"{every} records are {word}."


def grouped(found: Sequence[Hold]) -> list[tuple[str, list[Hold]]]:
    """Return the holds by likeness, the most frequent first."""
    alike: dict[str, list[Hold]] = {}
    for hold in found:
        alike.setdefault(hold.likeness, []).append(hold)
    return sorted(alike.items(), key=lambda item: (-len(item[1]), item[0]))


def _print_groups(settings: Settings, output: Output, found: Sequence[Hold]) -> None:
    rows = [
        (len(alike), name, alike[0].class_, settings.owners.get(alike[0].owner, alike[0].owner),
         f"{min(hold.opened_at for hold in alike):%Y-%m-%d}", alike[0].label)
        for name, alike in grouped(found)
    ]  # fmt: skip
    if rows:
        output.table(("Records", "Alike", "Class", "Owner", "Since", "For example"), rows, right=("Records",))


def _print(settings: Settings, output: Output, hold: Hold) -> None:
    owner = settings.owners.get(hold.owner, hold.owner)
    output.line(f"{hold.code}  {noun(hold)} {hold.label} ({hold.source_id})", style="bold")
    output.line(f"    cause  {hold.cause}")
    output.line(f"    fix    {hold.fix}")
    output.line(f"    owner  {owner}, since {hold.opened_at:%Y-%m-%d %H:%M} UTC, tried {hold.attempts} times")
    output.line(f"    hold   {hold.id}, {hold.class_}, alike: {hold.likeness}")
    if hold.content:
        output.line(f"    sent   {next_try(settings, hold)}")
    for name, value in sorted(hold.detail.items()):
        output.line(f"    {name}  {value}")
