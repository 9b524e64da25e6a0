"""Proof: every deliberately broken protocol is caught by an invariant, by random seeds or by its directed schedule.

For each mutant the seeds from ``--base`` on are played until one is bad, ``--limit`` at most; then the directed
schedules, first on the real engine, which must be clean.
"""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.acceptance.stage import verdict  # noqa: E402
from tests.simulation.directed import SCHEDULES  # noqa: E402
from tests.simulation.mutants import MUTANTS  # noqa: E402
from tests.simulation.run import Stage, play  # noqa: E402

CORES = 2
DIRECTED_SEED = 1


def hunt(name, *, base, limit, seconds):
    """Return (mutant, seeds needed or None, invariants that caught it, seeds played)."""
    mutant, begun = MUTANTS[name], time.monotonic()
    with mutant.installed(), Stage(**mutant.settings) as stage:
        for number in range(limit):
            if number and time.monotonic() - begun > seconds:
                return name, None, [], number
            came = play(stage, base + number)
            if came.caught:
                return name, number + 1, came.caught, number + 1
    return name, None, [], limit


def direct(name):
    """Return (schedule, its mutant or None, complaints about the real engine, invariants that caught the mutant)."""
    schedule = SCHEDULES[name]
    with Stage() as stage:
        clean = play(stage, DIRECTED_SEED, directed=schedule.prepare, **schedule.options)
    if schedule.mutant is None:
        return name, None, clean.complaints, []
    mutant = MUTANTS[schedule.mutant]
    with mutant.installed(), Stage(**mutant.settings) as stage:
        broken = play(stage, DIRECTED_SEED, directed=schedule.prepare, **schedule.options)
    return name, schedule.mutant, clean.complaints, broken.caught


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", type=int, default=1)
    parser.add_argument("--limit", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=40.0, help="for each mutant")
    parser.add_argument("--cores", type=int, default=CORES)
    chosen = parser.parse_args()
    search = partial(hunt, base=chosen.base, limit=chosen.limit, seconds=chosen.seconds)
    caught, by_seeds, unclean = {}, {}, []
    with ProcessPoolExecutor(chosen.cores) as pool:
        for name, mutant, complaints, invariants in pool.map(direct, SCHEDULES):
            print(f"directed: {name}: real engine {complaints or 'clean'}; {mutant}: {invariants}", flush=True)
            if mutant is not None:
                caught.setdefault(mutant, []).extend(invariants)
            unclean += [f"{name}: {invariant} {text}" for invariant, text in complaints]
        for name, needed, invariants, played in pool.map(search, MUTANTS):
            by_seeds[name] = needed
            print(f"seeds: {name}: {needed or f'not in {played}'} {invariants}", flush=True)
            caught.setdefault(name, []).extend(invariants)
    escaped = [name for name in MUTANTS if not caught[name]]
    verdict(
        "mutants",
        not escaped and not unclean,
        mutants=len(MUTANTS),
        caught=len(MUTANTS) - len(escaped),
        escaped=escaped,
        unclean=unclean,
        seeds_needed=by_seeds,
        invariants={name: sorted(set(found)) for name, found in caught.items()},
        directed=len(SCHEDULES),
    )


if __name__ == "__main__":
    main()
