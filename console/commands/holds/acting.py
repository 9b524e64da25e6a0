"""``tieout holds retry``, ``release`` and ``dismiss``: what a person decides about holds, audited under their name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import typer

from config.load import load
from config.system import SystemClock
from console.commands.apply import user_name
from console.commands.holds.finding import named, noun, one
from console.output import Output
from console.state import opened_journal
from journal import dismissals, holds
from journal.database import Tx
from journal.dismissals import HoldMoved
from journal.errors import JournalError
from journal.nouns import Hold


@contextmanager
def _acting(config: Path, by: str | None) -> Iterator[tuple[Tx, datetime]]:
    """Open the state on behalf of a person; everything in the block happens, or nothing."""
    with opened_journal(load(config)) as journal:
        journal.actor = (by or "").strip() or user_name()
        with journal.begin() as tx:
            yield tx, SystemClock().now()


def retry(config: Path, output: Output, text: str, *, by: str | None, seen: str | None) -> None:
    """Have a record tried once more in the next run; a dismissed one is taken up again."""
    with _acting(config, by) as (tx, now):
        hold = one(tx, text) if seen is not None else None
        found = [hold] if hold is not None else named(tx, text)
        for each in found:
            _retry(tx, each, now, seen)
    for each in found:
        output.line(f"{each.id}: the next run tries the {noun(each)} {each.label} once more.")
    output.line("Wait for it, or run `tieout sync`.")
    output.json("holds retry", {"retried": [_named(each) for each in found]})


def _retry(tx: Tx, hold: Hold, now: datetime, seen: str | None) -> None:
    aside = dismissals.find(tx, hold.kind, hold.source_id)
    if aside is not None and aside.id == hold.id:
        dismissals.take_up(tx, hold, now)
    else:
        dismissals.retry(tx, hold, now, as_seen=seen)


def release(config: Path, output: Output, like: str, *, by: str | None, yes: bool) -> None:
    """Have every record tried once more whose hold is exactly like this; ask first, unless told not to."""
    with opened_journal(load(config)) as journal, journal.begin() as tx:
        before = _alike(tx, like)
    for hold in before[:10]:
        output.line(f"  {hold.id}  {noun(hold)} {hold.label} ({hold.source_id})")
    if len(before) > 10:
        output.line(f"  and {len(before) - 10} more")
    output.line(f"{len(before)} holds are alike: {like}")
    if not yes and (output.as_json or not _agreed(f"Try all {len(before)} once more?")):
        raise JournalError("nothing was released. Add --yes to release without being asked.")
    released, left = [], []
    with _acting(config, by) as (tx, now):
        for hold in _alike(tx, like):
            try:
                dismissals.retry(tx, hold, now)
                released.append(hold)
            except HoldMoved as moved:
                left.append((hold, str(moved)))
    for _hold, why in left:
        output.line(f"left out: {why}", "yellow")
    output.line(f"{len(released)} released: the next run tries them once more.", style="bold")
    content = {"released": [_named(hold) for hold in released], "left_out": [_named(hold) for hold, _why in left]}
    output.json("holds release", {"like": like, **content})


def _agreed(question: str) -> bool:
    try:
        return typer.confirm(question, err=True)
    except typer.Abort:  # nobody is there to answer
        return False


def _alike(tx: Tx, like: str) -> Sequence[Hold]:
    every = holds.open_holds(tx)
    found = [hold for hold in every if hold.likeness.casefold() == like.strip().casefold()]
    if found:
        return found
    near = sorted({hold.likeness for hold in every if hold.likeness.casefold().startswith(like.strip().casefold())})
    hint = f" There are: {', '.join(near[:10])}." if near else " `tieout holds list --groups` prints what there is."
    raise JournalError(f"no open hold is like {like!r}.{hint}")


def dismiss(config: Path, output: Output, text: str, *, reason: str, by: str | None, seen: str | None) -> None:
    """Close a hold without action: its record is left alone until it or the mapping changes."""
    if not reason.strip():
        raise JournalError('a reason is expected, for example: --reason "credited by hand in SO-1234".')
    with _acting(config, by) as (tx, now):
        hold = one(tx, text)
        aside = dismissals.find(tx, hold.kind, hold.source_id)
        if aside is not None and aside.id == hold.id:
            raise JournalError(f"hold {hold.id} of {hold.label} is dismissed already.")
        dismissals.dismiss(tx, hold, reason.strip(), now, as_seen=seen)
    output.line(f"{hold.id}: the {noun(hold)} {hold.label} is left alone until it or the mapping changes.")
    output.line("Reconciliation goes on listing what is missing. To take it up again: tieout holds retry " + hold.id)
    output.json("holds dismiss", {"dismissed": _named(hold), "reason": reason.strip()})


def _named(hold: Hold) -> dict[str, str]:
    return {"id": hold.id, "key": hold.key, "kind": hold.kind, "source_id": hold.source_id, "code": hold.code}
