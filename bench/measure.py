"""One measurement in a process of its own: what it took, as one JSON line."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent


def run(module: str, *arguments: object) -> dict:
    """Run ``bench.<module>`` in a fresh interpreter and return the JSON of its last line."""
    command = [sys.executable, "-m", f"bench.{module}", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout}\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


@contextmanager
def timed(figures: dict):
    """Add ``seconds`` on the clock and ``cpu`` seconds of this process for the block."""
    start, before = time.perf_counter(), time.process_time()
    yield figures
    figures["seconds"] = round(time.perf_counter() - start, 3)
    figures["cpu"] = round(time.process_time() - before, 3)


def tell(figures: dict) -> None:
    """Print the figures with the peak memory of this process in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({**figures, "peak_mb": round(peak)}))
