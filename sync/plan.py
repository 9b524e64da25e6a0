"""A plan: exactly what a sync would write, found by walking the same line with hands that write nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sync import attempts, engine, settle
from sync.account_status import AccountUpdates
from sync.decision import Decision
from sync.world import World
from sync.writeback import StatusUpdate


class PlanningHands:
    """Notes what would be written."""

    def write_documents(self, world: World, run_id: str, decisions: Sequence[Decision]) -> Mapping[str, Decision]:
        """Return the decisions as they are; a customer to be created counts as there for its orders."""
        go, refused = attempts.admit(world, decisions)
        for decision in go:
            settle.noted(world, replace(decision, action="wait"))
        for decision in refused:
            settle.locally(world, decision)
        return {decision.source_id: decision for decision in (*go, *refused)}

    def write_accounts(self, world: World, updates: AccountUpdates) -> Mapping[str, int]:
        """Count what would be written under accounts."""
        return {"planned": len(updates.rows)}

    def write_status(self, world: World, updates: Sequence[StatusUpdate]) -> Mapping[str, int]:
        """Count what would be written back."""
        return {"planned": len(updates)}


def plan(world: World, jobs: Sequence[str] | None = None, *, only: str | None = None) -> engine.RunResult:
    """Return what a sync would do now. Neither the remote systems nor the journal change."""
    scratch = world.journal.scratch()
    try:
        result = engine.run(world.on(scratch), jobs, only=only, hands=PlanningHands())
    finally:
        scratch.close()
    # What comes back onto a deal whose order does not exist yet is known only after the write.
    planned = {deal for deal, decision in result.orders.items() if decision.action in ("create", "update")}
    result.status = [update for update in result.status if update.deal_id not in planned]
    return result
