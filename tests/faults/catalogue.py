"""The fault catalogue as data: what can happen, what Tieout then does, and the tests that show it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
TESTS = HERE.parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One fault. ``tests`` are ids below ``tests/``; without one that passes the fault counts as unhandled.

    A test id without brackets stands for all its parameters. ``note`` says what is still missing, or why.
    """

    id: str
    area: str
    title: str
    required: str
    tests: tuple[str, ...]
    note: str = ""


def rows() -> list[Row]:
    """Return the catalogue in its order."""
    content = tomllib.loads((HERE / "catalogue.toml").read_text(encoding="utf-8"))
    return [
        Row(
            id=id_,
            area=area["title"],
            title=fault["title"],
            required=fault["required"],
            tests=tuple(fault["tests"]),
            note=fault.get("note", ""),
        )
        for area in content["area"]
        for id_, fault in area.items()
        if id_ != "title"
    ]
