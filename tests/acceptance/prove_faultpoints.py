"""Proof: a sync that fails, goes on failing or is killed at any of its fault points ends as if nothing had happened.

One sync that creates customers and orders, updates, bills and brings everything back is run once without a fault, and
its fault points are counted. Then it is run once for each point: failing there once, failing there from then on until
it is healed, and killed there with kill -9. After healing, runs go on until one has nothing left to do; then the
servers' own stores must equal those of the run without a fault. With the read-back switched off, cases go wrong.

    prove_faultpoints.py [--every N] [--mode once|for_ever|kill] [--point NAME:VISIT]
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter, deque
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.acceptance.faultpoint_stage import Theatre, finished, judged, own_folder, prepare  # noqa: E402
from tests.acceptance.stage import verdict  # noqa: E402

WORKERS = 2
MODES = ("once", "for_ever", "kill")
CONTROL = ("netsuite.write.sent", "netsuite.write.answered")
"""Where a write has reached NetSuite and Tieout does not know it."""


@dataclass(frozen=True, slots=True)
class Case:
    """A visit to a fault point, and what happens there."""

    place: str
    nth: int
    mode: str

    def __str__(self):
        return f"{self.place}:{self.nth} {self.mode}"


def blind():
    """Switch off in this process what finds one's own writes again."""
    import sync.resolve

    sync.resolve.read_back = lambda *_: None


def played(theatre, cases, patch=None):
    """Yield each case with what it found, a few at a time."""
    waiting, under_way = iter(cases), deque()
    for case in waiting:
        under_way.append((case, theatre.case(case.place, case.nth, case.mode, patch)))
        if len(under_way) == WORKERS:
            one, begun = under_way.popleft()
            yield one, finished(*begun)
    for one, begun in under_way:
        yield one, finished(*begun)


def chosen(seen, every, modes):
    """Return the cases: every point in every mode, or each n-th point in one mode after the other."""
    points = [(place, nth) for place, count in sorted(seen.items()) for nth in range(1, count + 1)]
    if every == 1:
        return [Case(*point, mode) for point in points for mode in modes]
    return [Case(*point, modes[number % len(modes)]) for number, point in enumerate(points[::every])]


def control(theatre, truth, seen):
    """Return how many cases go wrong with the read-back switched off, and how many were tried."""
    cases = [Case(place, 1, mode) for place in CONTROL if place in seen for mode in ("once", "kill")]
    found = [one for _, one in played(theatre, cases, blind)]
    # A case that could not be played to its end proves nothing here.
    caught = [one for one in found if "error" not in one and one["struck"] and judged(one, truth)]
    return len(caught), len(found)


def prove(every=1, modes=MODES, points=()):
    """Play the cases; return whether all went well, and the figures."""
    begun = time.monotonic()
    with own_folder() as folder:
        theatre = Theatre(prepare(Path(folder)))
        plain = finished(*theatre.case())
        if "error" in plain or plain["unexpected"]:
            raise AssertionError(plain.get("error") or plain["unexpected"][0])
        theatre.know(plain)
        truth, seen = plain["stores"], plain["seen"]
        counts = {name: len(records) for name, records in truth.items()}
        print(
            f"without a fault: {sum(seen.values())} points of {len(seen)} kinds; {plain['endings']}, {counts}",
            flush=True,
        )
        for place, count in sorted(seen.items()):
            print(f"    {count:5} {place}", flush=True)
        cases = [Case(*point, mode) for point in points for mode in modes] or chosen(seen, every, modes)
        wrong, kinds, endings = [], {}, Counter()
        for case, found in played(theatre, cases):
            fault = judged(found, truth)
            kind = kinds.setdefault(case.place, {"points": seen.get(case.place, 0), "cases": 0, "wrong": 0})
            kind["cases"] += 1
            kind["wrong"] += bool(fault)
            endings.update(found.get("endings", {}))
            if fault:
                wrong.append(str(case))
                print(f"{case}: {fault[:3000]}", flush=True)
        caught, tried = control(theatre, truth, seen)
    seconds = round(time.monotonic() - begun)
    print(f"{len(cases)} cases in {seconds} s; runs ended: {dict(endings)}", flush=True)
    return not wrong and bool(cases) and caught > 0, {
        "points": sum(seen.values()),
        "seen": dict(sorted(seen.items())),
        "cases": len(cases),
        "modes": dict(Counter(case.mode for case in cases)),
        "wrong": wrong,
        "wrong_without_read_back": f"{caught} of {tried}",
        "seconds": seconds,
        "kinds": kinds,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--every", type=int, default=1, help="only each n-th point, in one mode after the other")
    parser.add_argument("--mode", choices=MODES, action="append", help="only this mode")
    parser.add_argument("--point", action="append", default=[], help="only this visit to a point (NAME:VISIT)")
    options = parser.parse_args()
    points = [(name, int(nth)) for name, _, nth in (point.rpartition(":") for point in options.point)]
    ok, figures = prove(options.every, tuple(options.mode or MODES), points)
    verdict("faultpoints", ok, **figures)


if __name__ == "__main__":
    main()
