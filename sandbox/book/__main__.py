"""``python -m sandbox.book FOLDER --seed N [--now INSTANT] [--clean]``: write a book and say what is in it."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from sandbox.book.generate import generate
from sandbox.book.shape import DEMO, SMALL
from sandbox.clock import SandboxClock


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the book that the command line asks for and print its counts as one JSON line."""
    options = _parser().parse_args(arguments)
    now = options.now or SandboxClock().now()
    shape = SMALL if options.small else DEMO.times(options.times)
    truth = generate(options.folder, seed=options.seed, now=now, defects=not options.clean, shape=shape)
    summary = {"folder": str(options.folder), "seed": truth.seed, "clean": truth.clean, "counts": dict(truth.counts)}
    sys.stdout.write(json.dumps(summary | {"planted": asdict(truth.planted)}) + "\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox.book", description="Write a demo book.")
    parser.add_argument("folder", type=Path, help="folder to write; made if it does not exist")
    parser.add_argument("--seed", type=int, required=True, help="what everything left to chance follows from")
    parser.add_argument("--now", type=_instant, help="moment at which the book is opened (default: the current one)")
    parser.add_argument("--clean", action="store_true", help="plant no defects")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--small", action="store_true", help="a book of 25 deals, for tests")
    size.add_argument("--times", type=int, default=1, metavar="N", help="N times the deals and accounts")
    return parser


def _instant(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


if __name__ == "__main__":
    raise SystemExit(main())
