"""``tieout apply``: write exactly what a printed plan showed, on a person's word."""

from __future__ import annotations

import os
import pwd
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import typer

from console.bootstrap import opened_world
from console.commands.sync import chosen_jobs, content, print_result, refuse_standing_still
from console.output import Output
from journal import approvals, holds
from journal.approvals import KeptPlan, PlannedRecord
from sync.approval import ApprovedHands, Fit, fit, usable
from sync.engine import RunResult, run
from sync.plan import plan
from sync.preflight import require_sound
from sync.world import World

NOUNS = {"cust": "customer", "so": "sales order", "inv": "invoice"}


def execute(config: Path, output: Output, plan_hash: str, *, yes: bool) -> None:
    """Plan again, name what dropped out, ask, and carry out what still holds.

    Raises:
        PlanRefused: no such plan, it was carried out already, or nothing of it holds any more.
    """
    with opened_world(config) as world:
        refuse_standing_still(world, (), "tieout apply", "Wait, or end it with `tieout resume`.")
        require_sound(world)
        kept = usable(world, plan_hash)
        fitting = _compared(world, kept, output)
    _show(output, kept, fitting)
    # Nobody else's work waits while a person makes up their mind.
    if not yes:
        typer.confirm(f"Write these {len(fitting.records)} records into NetSuite?", abort=True, err=True)
    user = user_name()
    with opened_world(config, alone=True) as world:
        result = _carried_out(world, usable(world, plan_hash), fitting, user, output)
        with world.journal.begin() as tx:
            held = holds.open_holds(tx)
    print_result(output, result, held)
    approved = {"hash": kept.plan, "by": user, "records": len(fitting.records)}
    dropped = [{"source_id": record.source_id, "label": record.label, "reason": why} for record, why in fitting.dropped]
    output.json("apply", {**approved, "dropped": dropped, "run": content(result, held)})


def _compared(world: World, kept: KeptPlan, output: Output) -> Fit:
    with output.progress() as observer:
        present = plan(replace(world, observer=observer), chosen_jobs(world.settings, ()), only=kept.only)
    return fit(world, kept, present)


def _show(output: Output, kept: KeptPlan, fitting: Fit) -> None:
    output.line(f"Plan {kept.plan} of {kept.planned_at:%Y-%m-%d %H:%M} UTC", style="bold")
    for record in fitting.records:
        output.line(f"{record.action} {_noun(record)} for {record.label} ({record.source_id})")
    for record, why in fitting.dropped:
        output.line(f"left out: {_noun(record)} for {record.label} ({record.source_id}): {why}", style="yellow")


def _noun(record: PlannedRecord) -> str:
    return NOUNS.get(record.kind, record.kind)


def _carried_out(world: World, kept: KeptPlan, fitting: Fit, user: str, output: Output) -> RunResult:
    """Write the approval down before the first write, and its use after the run's end.

    A run that broke off leaves the approval unused: the same hash finishes what is left.
    """
    records: Sequence[PlannedRecord] = fitting.records
    with world.journal.begin() as tx:
        approvals.approve(tx, kept, records, by=user, at=world.now())
    with output.progress() as observer:
        hands = ApprovedHands(kept.plan, records)
        result = run(replace(world, observer=observer), chosen_jobs(world.settings, ()), only=kept.only, hands=hands)
    with world.journal.begin() as tx:
        approvals.use(tx, kept, world.now())
    return result


def user_name() -> str:
    """Return the name of the operating system's user who started this process."""
    number = os.getuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"
