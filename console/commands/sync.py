"""``tieout sync``: one run now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import typer

from config.errors import ConfigError, ConfigProblem
from config.settings import Settings
from console.bootstrap import declared, opened_world
from console.exits import Exit
from console.output import Output
from console.service.standstill import require_moving
from journal import holds
from journal.misses import CURSOR_MISS
from journal.nouns import Hold
from sync.decision import OUTCOMES
from sync.engine import CUSTOMERS, JOBS, RunResult, enabled_jobs, run
from sync.preflight import require_sound
from sync.recovery import Recovered
from sync.sweep import Swept
from sync.trace import find_deal
from sync.world import World


def execute(
    config: Path,
    output: Output,
    jobs: Sequence[str],
    deal: str | None,
    *,
    strict: bool,
    anyway: bool = False,
    sweep: bool = False,
) -> None:
    """Run the jobs and print what became of every record; ``anyway`` also while they are paused or frozen.

    ``sweep``: compare every won deal with the journal too, and look at everything that is still open.
    """
    if sweep and deal:
        what = "--sweep looks at all deals and --deal at one."
        raise ConfigError([ConfigProblem("tieout sync", what, "Give one of the two.")])
    chosen = chosen_jobs(declared(config).settings, jobs)
    with output.progress() as observer, opened_world(config, observer, alone=True) as world:
        if not anyway:
            refuse_standing_still(world, chosen, "tieout sync", "Use --anyway to sync all the same.")
        require_sound(world)
        only = find_deal(world, deal) if deal else None
        result = run(world, chosen, only=only, sweep=sweep)
        with world.journal.begin() as tx:
            held = holds.open_holds(tx)
    if only is not None:
        held = [hold for hold in held if hold.source_id in {*result.orders, *result.customers, *result.invoices}]
    print_result(output, result, held)
    output.json("sync", content(result, held))
    if strict and held:
        raise typer.Exit(int(Exit.FINDINGS))


def refuse_standing_still(world: World, jobs: Sequence[str], what: str, fix: str) -> None:
    """Refuse to write by hand what is paused or frozen.

    Raises:
        StandsStill: the message says by whom, why and until when.
    """
    names = ["orders" if job == CUSTOMERS else job for job in jobs]
    with world.journal.begin() as tx:
        require_moving(world.settings, tx, names, world.now(), what=what, fix=fix)


def chosen_jobs(settings: Settings, names: Sequence[str]) -> list[str]:
    """Return the jobs to run, in their fixed order: those named, else those enabled.

    Raises:
        ConfigError: a name is no job.
    """
    for name in names:
        if name not in JOBS:
            what = f"there is no job {name!r}."
            raise ConfigError([ConfigProblem("tieout sync", what, f"Jobs are: {', '.join(JOBS)}.")])
    # A named job runs even where it is switched off for everyday runs.
    enabled = enabled_jobs(settings)
    return [job for job in JOBS if job in (names or enabled)]


def print_result(output: Output, result: RunResult, held: Sequence[Hold]) -> None:
    """Print counts by outcome, then what waits for a person."""
    counts = result.counts()
    output.line(f"Read {counts['rows.read']} changed rows from Salesforce, {counts['rows.staged']} with new content.")
    if result.recovered is not None:
        print_recovery(output, result.recovered)
        if not result.recovered.over:
            return
    if result.swept is not None:
        print_sweep(output, result.swept)
    _print_outcomes(output, result)
    print_hold_causes(output, held)


def _print_outcomes(output: Output, result: RunResult) -> None:
    counts = result.counts()
    words = list(dict.fromkeys(OUTCOMES.values()))
    rows = [
        [name, *(str(counts.get(f"{name}.{word}", 0)) for word in words)]
        for name in ("customers", "orders", "invoices")
    ]
    output.table(["", *words], rows, right=words)
    output.line(f"Status written back onto {result.status_counts.get('written', 0)} deals.")
    if result.account_counts:
        output.line(f"Balances and documents under accounts: {result.account_counts.get('written', 0)} rows written.")
    for written, what in ((result.status_counts, "deals"), (result.account_counts, "rows under accounts")):
        for word in ("refused", "doubtful"):
            if written.get(word):
                output.line(f"    {written[word]} {what} {word}; `tieout holds` says why.", style="red")
    for decision in result.orders.values():
        if decision.action == "wait":
            output.line(f"waiting: {decision.label} ({decision.source_id}): {decision.reason}")
    skipped = Counter(decision.reason for decision in result.orders.values() if decision.action == "skip")
    for reason, count in skipped.most_common():
        output.line(f"skipped {count}: {reason}")


def print_recovery(output: Output, found: Recovered) -> None:
    """Print what a run after a restore looked for, and when runs write again."""
    output.line(
        f"Recovery: {found.why}. Every document was looked for in NetSuite; taken up again, because the state did not"
        f" know them: {found.adopted}.",
        style="bold",
    )
    if found.over:
        output.line("The recovery is over.")
    else:
        when = write_again(found)
        output.line(f"Nothing was written: a late write may still appear. The first run from {when} on writes again.")


def write_again(found: Recovered) -> str:
    """Return from when on runs write again: a second more, so that whoever waits for it has waited long enough."""
    return f"{found.until + timedelta(seconds=1):%Y-%m-%d %H:%M:%S} UTC"


def print_sweep(output: Output, swept: Swept) -> None:
    """Print what the comparison of all won deals with the journal found."""
    output.line(f"Compared {swept.looked} won deals with the journal.")
    if swept.missed:
        text = f"{CURSOR_MISS}: {swept.missed} of them were lost by the cursor, a fault in Tieout; they were healed."
        output.line(f"{text} `tieout status` counts them, `tieout trace` shows each.", style="red")
    if swept.moved or swept.gone:
        output.line(f"Read anew: {swept.moved}; no longer readable: {swept.gone}.")


def print_hold_causes(output: Output, held: Sequence[Hold]) -> None:
    """Print open holds by cause."""
    if not held:
        output.line("Nothing is held.")
        return
    causes = Counter((hold.code, hold.owner) for hold in held)
    examples = {hold.code: hold for hold in reversed(held)}
    output.line(f"{len(held)} records are held:", style="bold")
    rows = [[str(count), code, owner, examples[code].cause] for (code, owner), count in causes.most_common()]
    output.table(["held", "cause", "owner", "for example"], rows, right=["held"])
    output.line("`tieout holds` names each record and its fix.")


def content(result: RunResult, held: Sequence[Hold]) -> dict[str, Any]:
    """Return the run for ``--json``."""
    decisions = [*result.customers.values(), *result.orders.values(), *result.invoices.values()]
    return {
        "run": result.run_id,
        "counts": result.counts(),
        "open_holds": len(held),
        "recovery": result.recovered,
        "records": [
            {
                "kind": decision.kind,
                "source_id": decision.source_id,
                "label": decision.label,
                "outcome": OUTCOMES[decision.action],
                "reason": decision.reason,
                "target_id": decision.target_id,
            }
            for decision in decisions
        ],
    }
