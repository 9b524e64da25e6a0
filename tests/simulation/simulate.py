"""Plays seeds of the deterministic simulation on both cores, or one seed with its whole course of events.

``simulate.py --seeds 200 [--base N]``, ``simulate.py --seconds 300``, ``simulate.py --seed 12345 --trace``. The seeds
of ``regressions.txt`` come first. The last line of output is one JSON object.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time
import traceback
from concurrent.futures import ProcessPoolExecutor
from itertools import count
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.acceptance.stage import verdict as print_verdict  # noqa: E402
from tests.simulation.run import Stage, play  # noqa: E402

CORES = 2
PORTION = 6
"""Seeds that a process plays between two reports."""
REGRESSIONS = Path(__file__).with_name("regressions.txt")
KINDS = {"duplicates": ("I1",), "lost": ("I2", "I9"), "stale": ("I4", "I11"), "unfinished": ("I3",), "shown": ("I6",)}


def regressions():
    """Return the seeds that failed once."""
    lines = (line.partition("#")[0].strip() for line in REGRESSIONS.read_text().splitlines())
    return [int(line) for line in lines if line]


def portion(seeds):
    """Play some seeds in this process; return (seed, complaints, options, counts) of each."""
    played = []
    with Stage() as stage:
        gc.collect()
        gc.freeze()
        gc.disable()
        for seed in seeds:
            came = play(stage, seed)
            failures = ["".join(traceback.format_exception(one)) for one in came.failures]
            played.append((seed, came.complaints, came.options, came.counts, failures))
            del came
        gc.enable()
    return played


def one(seed, with_trace):
    """Play one seed and show it."""
    with Stage() as stage:
        came = play(stage, seed)
    if with_trace:
        for at, who, what in came.trace:
            print(f"{at:10.3f} {who:14} {what}")
    for failure in came.failures:
        traceback.print_exception(failure)
    for invariant, text in came.complaints:
        print(f"{invariant}: {text}")
    print(f"options {came.options}")
    figures = {**came.counts, "trace": came.digest, "complaints": len(came.complaints)}
    print_verdict("simulate", came.ok, seed=seed, **figures)


def report(seed, complaints, chosen, failures):
    """Print a bad seed with everything needed to play it again."""
    print(f"bad seed {seed}: {chosen}")
    for invariant, text in complaints[:12]:
        print(f"  {invariant}: {text}")
    for failure in failures[:2]:
        print(failure)
    print(f"  again: .venv/bin/python tests/simulation/simulate.py --seed {seed} --trace", flush=True)


def many(seeds, seconds, base, cores):
    """Play seeds on both cores until they or the time are used up."""
    begun = time.monotonic()
    source = iter(regressions())
    rest = count(base)
    wanted = len(regressions()) + seeds if seeds is not None else None
    figures = {"seeds": 0, "bad": 0, **dict.fromkeys(KINDS, 0)}
    totals = {}
    with ProcessPoolExecutor(cores) as pool:
        waiting, given = [], 0

        def more():
            nonlocal given
            size = PORTION if wanted is None else min(PORTION, wanted - given)
            late = seconds is not None and time.monotonic() - begun > seconds
            if size <= 0 or late:
                return
            taken = [next(source, None) or next(rest) for _ in range(size)]
            given += size
            waiting.append(pool.submit(portion, taken))

        for _ in range(cores + 1):
            more()
        while waiting:
            for seed, complaints, chosen, counts, failures in waiting.pop(0).result():
                figures["seeds"] += 1
                for name, number in counts.items():
                    totals[name] = totals.get(name, 0) + number
                found = {invariant for invariant, _ in complaints}
                for name, invariants in KINDS.items():
                    figures[name] += bool(found.intersection(invariants))
                if complaints:
                    figures["bad"] += 1
                    report(seed, complaints, chosen, failures)
            print(f"{figures['seeds']} seeds, {figures['bad']} bad, {time.monotonic() - begun:.0f} s", flush=True)
            more()
    took = time.monotonic() - begun
    rate = round(figures["seeds"] / took, 2)
    ok = figures["bad"] == 0 and figures["seeds"] > 0
    print_verdict("simulate", ok, base=base, **figures, **totals, seconds=round(took), seeds_per_second=rate)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, help="play this one seed")
    parser.add_argument("--trace", action="store_true", help="show every event of it")
    parser.add_argument("--seeds", type=int, help="play so many seeds")
    parser.add_argument("--seconds", type=float, help="play as many seeds as fit into so many seconds")
    parser.add_argument("--base", type=int, default=0, help="the first seed")
    parser.add_argument("--cores", type=int, default=CORES)
    chosen = parser.parse_args()
    if chosen.seed is not None:
        one(chosen.seed, chosen.trace)
    if chosen.seeds is None and chosen.seconds is None:
        parser.error("say --seed, --seeds or --seconds")
    many(chosen.seeds, chosen.seconds, chosen.base, chosen.cores)


if __name__ == "__main__":
    main()
