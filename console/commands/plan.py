"""``tieout plan``: the writes that a sync would make, each field with before, after and its reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from console.bootstrap import opened_world
from console.commands.sync import chosen_jobs, write_again
from console.output import Output
from journal.approvals import KeptPlan
from journal.nouns import KIND_CUSTOMER, KIND_INVOICE
from sync.approval import documents, keep
from sync.decision import OUTCOMES, Decision
from sync.engine import RunResult
from sync.plan import plan
from sync.preflight import require_sound
from sync.trace import find_deal
from sync.writeback import StatusUpdate

ROWS_SHOWN = 20
NOUNS = {KIND_CUSTOMER: "customer", KIND_INVOICE: "invoice"}
VERBS = {"create": "create", "update": "change", "adopt": "match"}


def execute(config: Path, output: Output, deal: str | None) -> None:
    """Print the plan and keep it by its hash, for ``tieout apply``."""
    with output.progress() as observer, opened_world(config, observer) as world:
        require_sound(world)
        only = find_deal(world, deal) if deal else None
        result = plan(world, chosen_jobs(world.settings, ()), only=only)
        kept = keep(world, result, only)
    decisions = documents(result)
    if result.recovered is not None and not result.recovered.over:
        when = write_again(result.recovered)
        output.line(f"Recovery: {result.recovered.why}. No run writes before {when}, and nothing is planned.", "yellow")
    for decision in decisions:
        if decision.action in VERBS:
            _print(output, decision)
    for update in result.status:
        _print_status(output, update)
    _print_holds(output, decisions)
    for row in result.accounts[:ROWS_SHOWN]:
        output.line(f"write row {row.row.key} under the account of customer {row.label}")
    if len(result.accounts) > ROWS_SHOWN:
        output.line(f"and {len(result.accounts) - ROWS_SHOWN} more rows under accounts; --json names each")
    writes = sum(decision.action in ("create", "update") for decision in decisions)
    writes += len(result.status) + len(result.accounts)
    output.line(f"{writes} writes planned, nothing written.", style="bold")
    if kept is not None:
        output.line(f"Plan {kept.plan}: `tieout apply {kept.plan}` writes exactly its records into NetSuite.")
    output.json("plan", _content(result, writes, kept))


def _print(output: Output, decision: Decision) -> None:
    kind = NOUNS.get(decision.kind, "sales order")
    target = decision.number or decision.external_id or decision.target_id
    output.line(
        f"{VERBS[decision.action]} {kind} {target} for {decision.label} ({decision.source_id}): {decision.reason}"
    )
    for change in decision.changes:
        output.line(f"    {change.field}: {_side(change.before)} -> {_side(change.after)}   {change.where}".rstrip())
    for warning in decision.warnings:
        output.line(f"    warning: {warning.cause} {warning.fix}", style="yellow")


def _print_status(output: Output, update: StatusUpdate) -> None:
    output.line(f"write status back onto {update.label} ({update.deal_id})")
    for change in update.changes():
        output.line(f"    {change.field}: {_side(change.before)} -> {_side(change.after)}")


def _side(value: str | None) -> str:
    return "(empty)" if value in (None, "") else str(value)


def _print_holds(output: Output, decisions: list[Decision]) -> None:
    for decision in decisions:
        if decision.hold is not None:
            output.line(
                f"hold {decision.label} ({decision.source_id}): {decision.hold.cause} {decision.hold.fix}", "red"
            )


def _content(result: RunResult, writes: int, kept: KeptPlan | None) -> dict[str, Any]:
    return {
        "hash": None if kept is None else kept.plan,
        "writes": writes,
        "counts": result.counts(),
        "records": [
            {
                "kind": decision.kind,
                "source_id": decision.source_id,
                "label": decision.label,
                "outcome": OUTCOMES[decision.action],
                "reason": decision.reason,
                "external_id": decision.external_id,
                "target_id": decision.target_id,
                "changes": [
                    {"field": change.field, "before": change.before, "after": change.after, "where": change.where}
                    for change in decision.changes
                ],
                "warnings": [warning.cause for warning in decision.warnings],
            }
            for decision in documents(result)
        ],
        "rows": [
            {
                "row": update.row.key,
                "type": update.row.type,
                "changes": [
                    {"field": change.field, "before": change.before, "after": change.after}
                    for change in update.changes()
                ],
            }
            for update in result.accounts
        ],
        "status": [
            {
                "deal": update.deal_id,
                "changes": [
                    {"field": change.field, "before": change.before, "after": change.after}
                    for change in update.changes()
                ],
            }
            for update in result.status
        ],
    }
