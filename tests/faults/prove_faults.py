"""Proof: every row of the fault catalogue has tests that exist, ran and passed. Runs them, and only them.

The tests of all rows run in one process. A row is proven when each of its tests passed with every one of its
parameters; a skipped test proves nothing. The last line is one JSON object.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import pytest  # noqa: E402

from tests.faults.catalogue import TESTS, Row, rows  # noqa: E402

PASSED, MISSING = "passed", "missing"


class Chosen:
    """Leaves only the wanted tests in, and keeps how each of them ended."""

    def __init__(self, wanted: Iterable[str]) -> None:
        self.wanted = set(wanted)
        self.ended: dict[str, list[str]] = {name: [] for name in self.wanted}
        self._verdict: dict[str, str] = {}

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        kept = [item for item in items if self.named(item.nodeid)]
        config.hook.pytest_deselected(items=[item for item in items if not self.named(item.nodeid)])
        items[:] = kept

    def named(self, node: str) -> list[str]:
        """Return the wanted ids that a test answers to: its own, with and without parameters, and its class's."""
        full = node.removeprefix("tests/")
        plain = full.split("[", 1)[0]
        return [name for name in {full, plain, plain.rpartition("::")[0]} if name in self.wanted]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        before = self._verdict.get(report.nodeid, PASSED)
        if before == PASSED:
            self._verdict[report.nodeid] = report.outcome
        if report.when == "teardown":
            for name in self.named(report.nodeid):
                self.ended[name].append(self._verdict[report.nodeid])

    def outcome(self, name: str) -> str:
        """Return ``passed``, ``missing``, or the worst that any of its parameters came to."""
        found = self.ended[name]
        return next((word for word in found if word != PASSED), PASSED) if found else MISSING


def main(only: list[str]) -> int:
    """Run the proof, for the rows named on the command line or for all of them; return the exit code."""
    catalogue = [row for row in rows() if not only or row.id in only]
    chosen = Chosen(test for row in catalogue for test in row.tests)
    files = sorted({str(TESTS / test.split("::")[0]) for row in catalogue for test in row.tests})
    here = [file for file in files if Path(file).exists()]
    pytest.main(["--continue-on-collection-errors", "--no-header", "-p", "no:cacheprovider", *here], plugins=[chosen])
    unproven = {row.id: why for row in catalogue if (why := _why(row, chosen))}
    _table(catalogue, chosen, unproven)
    verdict = {
        "proof": "faults",
        "ok": not unproven and bool(catalogue),
        "rows": len(catalogue),
        "proven": len(catalogue) - len(unproven),
        "unproven": sorted(unproven),
        "tests": sum(len(ended) for ended in chosen.ended.values()),
    }
    print(json.dumps(verdict))
    return 0 if verdict["ok"] else 1


def _why(row: Row, chosen: Chosen) -> str:
    """Return why a row is not proven, or ''."""
    if not row.tests:
        return row.note or "no test"
    counts = Counter(chosen.outcome(test) for test in row.tests)
    bad = [f"{test}: {chosen.outcome(test)}" for test in row.tests if chosen.outcome(test) != PASSED]
    return "; ".join(bad) if counts[PASSED] < len(row.tests) else ""


def _table(catalogue: list[Row], chosen: Chosen, unproven: dict[str, str]) -> None:
    for row in catalogue:
        runs = sum(len(chosen.ended[test]) for test in row.tests)
        print(f"{row.id:5} {'NO ' if row.id in unproven else 'yes'} {runs:4} runs  {row.title}")
        for test in row.tests:
            print(f"           {chosen.outcome(test):8} {test}")
        if row.id in unproven:
            print(f"           UNPROVEN {unproven[row.id]}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
