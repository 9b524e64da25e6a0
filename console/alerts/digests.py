"""Holds, told to those whose turn it is: one message an address, grouped by cause.

Each is told once when it opens, and once more when it was refused so often that it is not sent again by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from config.settings import Settings
from console.alerts.addresses import link, owner
from console.alerts.message import Alert
from journal import alerts, holds
from journal.database import Tx
from journal.nouns import Hold
from sync.attempts import used_up
from sync.codes import CODES

MOST = 40
"""Records listed in one message; the command lists them all."""
TOLD = "told_holds"


def take(settings: Settings, tx: Tx, now: datetime) -> list[Alert]:
    """Return the digests that are due, and note their holds as told.

    An address gets one at most every ``holds_after``; what comes in between is told together.
    """
    held = holds.open_holds(tx)
    before = alerts.marked(tx, TOLD) or []
    told = set(before) & {mark for hold in held for mark in _marks(settings, hold)}
    found = []
    for key, new in _by_address(settings, [hold for hold in held if not _marks(settings, hold) <= told]).items():
        last = alerts.newest(tx, key)
        if last is not None and now - last.opened_at < settings.alerts.holds_after:
            continue
        found.append(_digest(settings, key, new))
        told |= {mark for hold in new for mark in _marks(settings, hold)}
    if sorted(told) != before:
        alerts.mark(tx, TOLD, sorted(told))
    return found


def _marks(settings: Settings, hold: Hold) -> set[str]:
    """Return by what one knows that a hold was told: as open, and as given up."""
    return {hold.id, f"{hold.id}!"} if used_up(hold, settings.holds) else {hold.id}


def _by_address(settings: Settings, held: Sequence[Hold]) -> Mapping[str, list[Hold]]:
    found: dict[str, list[Hold]] = {}
    for hold in held:
        found.setdefault(f"holds:{','.join(owner(settings, hold.owner))}", []).append(hold)
    return found


def _digest(settings: Settings, key: str, held: Sequence[Hold]) -> Alert:
    many = "1 record waits" if len(held) == 1 else f"{len(held)} records wait"
    first = f"{many} for a person. Each goes on by itself once its cause is mended."
    return Alert(
        key=key,
        kind="holds",
        subject=f"{many} for you",
        what="\n".join([first, *_listed(settings, held)]),
        todo="Mend each record as its entry says.",
        command="tieout holds",
        to=owner(settings, held[0].owner),
        repeats=False,
        details={code: str(sum(hold.code == code for hold in held)) for code in sorted({hold.code for hold in held})},
    )


def _listed(settings: Settings, held: Sequence[Hold]) -> Iterator[str]:
    shown = held[:MOST]
    for code in dict.fromkeys(hold.code for hold in shown):
        title = CODES[code].title if code in CODES else ""
        yield f"\n{code}: {title}".rstrip(": ")
        for hold in shown:
            if hold.code == code:
                yield f"  - {hold.label}  {link(settings, hold.kind, hold.source_id)}"
                yield f"    {hold.cause}"
                yield f"    Fix: {hold.fix}"
                if used_up(hold, settings.holds):
                    yield f"    It was refused {hold.tries} times as it is, and is not sent again by itself."
    if len(held) > MOST:
        yield f"\nand {len(held) - MOST} more."
