"""Taking records before working on them, and giving them back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import structlog

from connectors.fault_points import fault_point
from journal import claims, subjects
from journal.claims import FenceLost
from journal.database import Tx
from journal.nouns import KIND_CUSTOMER, KIND_ORDER
from journal.staging import newest_version
from sync.decision import Decision
from sync.world import ACCOUNT, DEAL, World

log = structlog.get_logger(__name__)

SOURCES: Mapping[str, str] = {KIND_ORDER: DEAL, KIND_CUSTOMER: ACCOUNT}
"""Kinds whose records are decided from one staged source record."""


def seen(world: World, kind: str) -> dict[str, int]:
    """Return the fences of a kind, to be read before the facts on which decisions about its records stand."""
    with world.journal.begin() as tx:
        return claims.fences(tx, kind)


def claim(
    world: World,
    kind: str,
    labels: Mapping[str, str],
    *,
    unchanged_since: Mapping[str, int] | None = None,
) -> dict[str, int]:
    """Take those of these records that no other worker holds; return their fences by id.

    ``unchanged_since``: what :func:`seen` returned before the facts were read; a record that somebody has taken
    since then is left, because what was read of it is out of date.
    """
    if not labels:
        return {}
    with world.journal.begin() as tx:
        taken = claims.claim(
            tx,
            kind,
            labels,
            world.owner,
            world.now(),
            unchanged_since=unchanged_since,
        )
    fault_point("sync.claimed")
    return taken


def fenced(decision: Decision, fences: Mapping[str, int]) -> Decision:
    """Return the decision under the claim of its record."""
    return replace(decision, fence=fences.get(decision.source_id))


def give_back(world: World) -> None:
    """End whatever claims are left at the end of a run, so that the next one need not wait for them."""
    with world.journal.begin() as tx:
        claims.release(tx, world.owner)


def require(world: World, tx: Tx, decision: Decision) -> None:
    """Assert, in the transaction of a change, that the claim under which it was decided still stands.

    Raises:
        FenceLost: another worker has taken the record since.
    """
    if decision.fence is not None:
        claims.require(tx, decision.kind, decision.source_id, decision.fence, world.now())


def finish(tx: Tx, decision: Decision) -> None:
    """Give the decision's record back, in the transaction that ends the work on it."""
    if decision.fence is not None:
        claims.finish(tx, decision.kind, decision.source_id, decision.fence)


def overtaken(decision: Decision) -> Decision:
    """Return what a decision becomes whose record another worker has taken: that worker's word counts."""
    log.warning("record_overtaken", kind=decision.kind, record=decision.source_id)
    return replace(decision, action="wait", reason="another worker has taken it over", hold=None)


def unless_overtaken(decision: Decision, change: Callable[[], Decision]) -> Decision:
    """Carry a change out, or drop it when another worker has taken the record."""
    try:
        return change()
    except FenceLost:
        return overtaken(decision)


def standing(tx: Tx, decision: Decision, state: str) -> str:
    """Return the state to note: a record whose source was read anew while it was worked on is due again."""
    source = SOURCES.get(decision.kind)
    if source is None or state != subjects.SETTLED or not decision.version:
        return state
    latest = newest_version(tx, source, decision.source_id)
    return subjects.READY if latest is not None and latest > decision.version else state
