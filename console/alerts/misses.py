"""The alert of deals that the cursor lost: told once, for the sweep has healed them by then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from config.settings import Settings
from console.alerts.addresses import link, operators
from console.alerts.message import Alert
from journal import alerts, misses
from journal.database import Tx
from journal.misses import CURSOR_MISS, CursorMiss
from journal.nouns import KIND_ORDER

MOST = 40
"""Deals listed in one message."""
TOLD = "told_misses"


def take(settings: Settings, tx: Tx) -> list[Alert]:
    """Return the alert of misses that nobody was told yet, and note them as told."""
    found = misses.since(tx, alerts.marked(tx, TOLD))
    if not found:
        return []
    alerts.mark(tx, TOLD, found[-1].found_at)
    return [_alert(settings, found)]


def _alert(settings: Settings, found: Sequence[CursorMiss]) -> Alert:
    many = f"deal {found[0].label}" if len(found) == 1 else f"{len(found)} deals"
    return Alert(
        key="cursor_miss",
        kind="cursor_miss",
        subject=f"A fault in Tieout: the cursor lost {many}, healed",
        what="\n".join(
            [f"{CURSOR_MISS}: the sweep found what reading the changes had lost.", *_listed(settings, found)]
        ),
        since=found[0].found_at,
        todo="Nothing to mend: each was read and is treated like any other deal. See whether it had only become visible"
        " to the integration user (sharing, permissions); if not, report it with the deal's trace.",
        command=f"tieout trace {found[0].source_id}",
        to=operators(settings),
        repeats=False,
        details={"deals": str(len({miss.source_id for miss in found})), "misses": str(len(found))},
    )


def _listed(settings: Settings, found: Sequence[CursorMiss]) -> Iterator[str]:
    for miss in found[:MOST]:
        yield f"  - {miss.label}  {link(settings, KIND_ORDER, miss.source_id)}"
        yield f"    {miss.text}."
    if len(found) > MOST:
        yield f"and {len(found) - MOST} more."
