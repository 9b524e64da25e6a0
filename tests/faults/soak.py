"""Proof: hours of work leave memory, descriptors and threads as they were. The last line is one JSON object."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import structlog  # noqa: E402

from tests.faults.test_endurance import MOST_SLOPE, a_world, slope, worked  # noqa: E402

DEALS = 200


def main(rounds: int) -> int:
    """Change and sync every deal so many times; return the exit code."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with tempfile.TemporaryDirectory() as folder:
        world = a_world(Path(folder), DEALS)
        worked(world, 3)
        seen = worked(world, rounds)
        world.journal.close()
    figures = {
        "records": DEALS * rounds,
        "megabytes_per_1000_records": round(slope(seen, DEALS), 3),
        "megabytes": round(seen[-1][0], 1),
        "descriptors": sorted({row[1] for row in seen}),
        "threads": sorted({row[2] for row in seen}),
    }
    steady = len(figures["descriptors"]) == len(figures["threads"]) == 1
    ok = steady and figures["megabytes_per_1000_records"] < MOST_SLOPE
    print(json.dumps({"proof": "soak", "ok": ok, **figures}))
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20))
