"""The demo's course of events: sync, finance approves, sync, finance collects, sync, late work, reconcile."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from console import demo_judge
from console.commands.reconcile import reconciled
from console.commands.sandbox import SECONDS
from console.demo_screen import Screen
from console.output import Output
from journal import holds
from journal.nouns import Hold
from sandbox import clerk, control_client
from sandbox.dump import dump
from sync.engine import RunResult, run
from sync.preflight import require_sound
from sync.world import World

SLA_PASSES = 5 * SECONDS["h"]


def play(world: World, sandbox: Path, output: Output) -> Screen:
    """Play the month and return what the first screen shows."""
    require_sound(world)
    output.line("Day 1: won deals become customers and sales orders ...")
    first = run(world)
    held = _open_holds(world)
    log = _again(world, sandbox, first, output)
    control_client.step(sandbox, SECONDS["d"])
    output.line("Day 2: finance approves, fulfils and bills some by hand; Tieout bills the rest ...")
    clerk.carry_out(sandbox, "approve")
    billed = run(world)
    control_client.step(sandbox, 14 * SECONDS["d"])
    output.line("Day 16: payments, credits and refunds come in, a period is closed, people change deals ...")
    collected = clerk.carry_out(sandbox, "collect")
    edits = _edit(sandbox, "middle")
    control_client.step(sandbox, 10 * SECONDS["m"])
    output.line("Status goes back onto deals and accounts ...")
    last = run(world)
    held = _merged(held, _open_holds(world))
    invoices = demo_judge.logged_invoices(sandbox, (first, billed, last))
    followed = _followed(sandbox)
    output.line("Both sides go on working by hand, and nobody syncs ...")
    clerk.carry_out(sandbox, "late")
    control_client.step(sandbox, SLA_PASSES)
    edits += _edit(sandbox, "after")
    output.line("Reconciling the whole chain ...")
    report, book = reconciled(world)
    return Screen(
        first=first,
        billed=billed,
        last=last,
        collected=collected.counts,
        held=held,
        report=report,
        workbook=book,
        judged=demo_judge.judge(_truth(sandbox), held, report, log, invoices),
        edits=edits,
        followed=followed,
    )


def _again(world: World, sandbox: Path, first: RunResult, output: Output) -> demo_judge.Logged:
    output.line("Syncing again, an hour later: nothing may be written twice ...")
    control_client.step(sandbox, SECONDS["h"])
    before = demo_judge.writes(sandbox)
    run(world)
    return demo_judge.logged(sandbox, first, demo_judge.writes(sandbox) - before)


def _open_holds(world: World) -> list[Hold]:
    with world.journal.begin() as tx:
        return holds.open_holds(tx)


def _merged(before: Sequence[Hold], now: Sequence[Hold]) -> list[Hold]:
    """Return every hold that ever showed: those of the first sync and those that came later."""
    return list({(hold.kind, hold.source_id, hold.code): hold for hold in (*before, *now)}.values())


def _edit(sandbox: Path, phase: str) -> int:
    return int(control_client.post(sandbox, "edits", {"phase": phase})["applied"])


def _truth(sandbox: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((sandbox / "book" / "truth.json").read_text(encoding="utf-8"))
    return found


def _followed(sandbox: Path) -> Mapping[str, Any]:
    """Follow one deal from its order to "Paid", as both systems themselves hold it."""
    id_ = _truth(sandbox)["circle"]["followed"]
    deal = next(row for row in _stored(sandbox, "salesforce", "Opportunity") if row["Id"] == id_)
    order = next(
        row
        for row in _stored(sandbox, "netsuite", "salesOrder")
        if str(row.get("externalId") or "").lower() == f"tieout-so-{id_}".lower()
    )
    invoices = [row for row in _stored(sandbox, "netsuite", "invoice") if row.get("createdFrom") == order["id"]]
    paid = {row["id"] for row in invoices}
    payments = [
        row
        for row in _stored(sandbox, "netsuite", "customerPayment")
        if any(part["doc"] in paid for part in row.get("apply") or ())
    ]
    return {"deal": deal, "order": order, "invoices": invoices, "payments": payments}


def _stored(sandbox: Path, system: str, type_: str) -> list[dict[str, Any]]:
    return [json.loads(line, parse_float=Decimal) for line in dump(sandbox, system, type_)]
