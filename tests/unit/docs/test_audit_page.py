"""The page on the audit trail names every row that the program writes, and no other."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from journal.pauses import FREEZE
from journal.subjects import HELD, SETTLED
from tests.audit_judge import CLOSING
from tests.unit.docs import pages

COMPUTED = {
    *(f"intent.{outcome}" for outcome in CLOSING),
    *(f"record.{state}" for state in (SETTLED, HELD)),
    "hold.closed",
    "hold.dismissed",
    "finding.accepted",
    "finding.noted",
    *(f"{word}.{end}" for word in ("pause", FREEZE) for end in ("begun", "ended")),
}
"""Actions whose names are put together at the time."""


def test_the_page_of_the_audit_trail_names_every_action() -> None:
    part = pages.section(pages.text_of("how-to/audit.md"), "## What is told")
    listed = {name for row in pages.rows(part) for name in pages.names(row[0])}
    written = {
        name for folder in ("journal", "sync") for path in (pages.ROOT / folder).rglob("*.py") for name in of(path)
    }
    assert listed == written | COMPUTED


def of(path: Path) -> Iterator[str]:
    """Yield the actions that a module gives to ``audit.record`` or to a function of its own around it."""
    source = path.read_text(encoding="utf-8")
    if "import audit" not in source and "audit," not in source:
        return
    tree = ast.parse(source)
    constants = {
        node.targets[0].id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("audit.record", "_audited", "_told"):
            for one in node.args:
                value = constants.get(one.id) if isinstance(one, ast.Name) else getattr(one, "value", None)
                if (
                    isinstance(value, str)
                    and value.count(".") == 1
                    and value.replace(".", "").replace("_", "").isalpha()
                ):
                    yield value
