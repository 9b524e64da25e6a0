"""``tieout status``: where things stand by the journal alone."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import typer

from config.load import load
from config.system import SystemClock
from console.exits import Exit
from console.output import Output
from console.service import overview
from console.state import opened_journal
from journal import alerts, bindings, epoch, holds, intents, misses, runs, staging, subjects
from journal.nouns import KIND_INVOICE, KIND_ORDER
from sync.decision import OUTCOMES

STREAM = "Opportunity"


def execute(config: Path, output: Output, *, strict: bool) -> None:
    """Print last runs, how far Salesforce was read, outcomes, doubts and holds."""
    settings, now = load(config), SystemClock().now()
    with opened_journal(settings) as journal, journal.begin() as tx:
        latest = runs.latest(tx)
        position = staging.position(tx, STREAM)
        outcomes = Counter(
            OUTCOMES.get(state.outcome or "", "not decided") for state in subjects.all_states(tx, KIND_ORDER)
        )
        origins = Counter(binding.origin for binding in bindings.all_of(tx, KIND_ORDER))
        doubtful = intents.open_intents(tx)
        held = holds.open_holds(tx)
        billed = Counter(binding.origin for binding in bindings.all_of(tx, KIND_INVOICE))
        missed, last_miss = misses.count(tx), misses.newest(tx)
        budget = alerts.marked(tx, "budget")
        service = overview.lines(settings, tx, now)
        details = overview.content(settings, tx, now)
        recovery = epoch.notice(tx, settings.state)
    if recovery is not None:
        output.line(f"{recovery}. Nothing is created before it was looked for.", style="bold")
    if not latest:
        output.line("No run yet. Start with: tieout check, then tieout plan, then tieout sync.")
    for run in latest:
        ended = run.outcome or "interrupted"
        output.line(f"{run.started_at:%Y-%m-%d %H:%M:%S} UTC  {ended:<11} {run.job}  run {run.id[:12]}")
    output.line(f"Salesforce read up to: {position.stamp.isoformat() if position else 'nothing read'}")
    output.line(f"Orders: {origins['created']} created, {origins['adopted']} matched.")
    if billed:
        output.line(f"Invoices made by Tieout: {sum(billed.values())}.")
    output.line(f"Deals by last outcome: {', '.join(f'{name} {count}' for name, count in sorted(outcomes.items()))}")
    output.line(f"Writes without a clear answer: {len(doubtful)}. Open holds: {len(held)}.")
    if last_miss is not None:
        output.line(
            f"{misses.CURSOR_MISS}: the cursor lost {missed} deals or edits so far, all healed; the last:"
            f" {last_miss.label} ({last_miss.source_id}), found {last_miss.found_at:%Y-%m-%d %H:%M} UTC.",
            style="red",
        )
    if budget:
        output.line(f"Salesforce's calls of 24 hours at the last run: {budget['used']} of {budget['limit']}.")
    if service:
        output.line("Service:")
    for line in service:
        output.line(f"  {line}")
    output.json(
        "status",
        {
            "recovery": recovery,
            "service": details,
            "invoices": dict(billed),
            "runs": latest,
            "read_up_to": position.stamp if position else None,
            "orders": dict(origins),
            "deals": dict(outcomes),
            "doubtful": doubtful,
            "open_holds": len(held),
            "salesforce_calls": budget,
            "cursor_misses": missed,
        },
    )
    if strict and held:
        raise typer.Exit(int(Exit.FINDINGS))
