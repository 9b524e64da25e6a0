"""The catalogue as a page for readers; ``python -m tests.faults.page`` writes it."""

from __future__ import annotations

import re
from itertools import groupby

from tests.faults.catalogue import TESTS, Row, rows

PAGE = TESTS.parent / "docs" / "reference" / "faults.md"
HEAD = """\
# Faults

What goes wrong between two systems, what Tieout does then, and which test shows it. `make prove-faults` runs the tests
named here, and only them: a fault without a test that ran and passed counts as unhandled, and the proof fails. The page
is generated from `tests/faults/catalogue.toml`; a test compares the two.

Three rules stand behind most rows. Any doubt about a *write* is cleared by reading back, never by sending again. One
bad record never stops the others: it is held with a reason ([holds](holds.md)). Only what concerns a whole system stops
a job, and somebody is told ([alerts](../how-to/alerts.md)).
"""


def render() -> str:
    """Return the page's text."""
    parts = [HEAD]
    for area, faults in groupby(rows(), key=lambda row: row.area):
        parts.append(f"\n## {area}\n\n| fault | what happens | what Tieout does | shown by |\n|---|---|---|---|\n")
        parts += [_line(row) for row in faults]
    return "".join(parts)


def _line(row: Row) -> str:
    shown = "<br>".join(f"`{_short(test)}`" for test in row.tests) or "nothing yet"
    return f"| {row.id} | {_cell(row.title)} | {_cell(row.required)} | {shown} |\n"


def _short(test: str) -> str:
    file, _, name = test.partition("::")
    return _cell(f"{file.rsplit('/', 1)[-1].removesuffix('.py')}::{name.removeprefix('test_')}")


def _cell(text: str) -> str:
    return re.sub(r"(?<!\\)\|", r"\\|", text)


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
