"""Reads the documentation as data: tables under headings, fenced snippets, links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
DOCS = ROOT / "docs"
PAGES = (ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md")))
CELL_EDGE = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True, slots=True)
class Snippet:
    """A fenced block: its language, its text and where it begins."""

    language: str
    text: str
    where: str


def text_of(name: str) -> str:
    """Return a page of ``docs``."""
    return (DOCS / name).read_text(encoding="utf-8")


def section(text: str, heading: str) -> str:
    """Return what stands below a heading, up to the next one of the same or a higher level."""
    level = len(heading) - len(heading.lstrip("#"))
    start = re.search(rf"^{re.escape(heading)}$", text, re.MULTILINE)
    assert start is not None, f"there is no heading {heading!r}"
    rest = text[start.end() :]
    end = re.search(rf"^#{{1,{level}}} ", rest, re.MULTILINE)
    return rest[: end.start()] if end else rest


def rows(text: str) -> list[list[str]]:
    """Return the cells of the first table's rows, heading and rule left out."""
    lines = iter(text.splitlines())
    found: list[list[str]] = []
    for line in lines:
        if line.startswith("|"):
            found.append([cell.strip() for cell in CELL_EDGE.split(line.strip()[1:-1])])
        elif found:
            break
    return found[2:]


def all_rows(text: str) -> list[list[str]]:
    """Return the cells of every table's rows, headings and rules left out."""
    blocks = re.findall(r"(?:^\|.*\n?)+", text, re.MULTILINE)
    return [row for block in blocks for row in rows(block)]


def bare(cell: str) -> str:
    """Return a cell's text without code marks."""
    return cell.strip("`")


def names(cell: str) -> list[str]:
    """Return every code word of a cell."""
    return re.findall(r"`([^`]+)`", cell)


def headings(text: str, level: int) -> list[str]:
    """Return the headings of one level."""
    outside = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.findall(rf"^#{{{level}}} (.+)$", outside, re.MULTILINE)


def snippets(path: Path) -> Iterator[Snippet]:
    """Yield the fenced blocks of a page."""
    text = path.read_text(encoding="utf-8")
    for match in re.finditer(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        line = text.count("\n", 0, match.start()) + 1
        yield Snippet(match[1], match[2], f"{path.relative_to(ROOT)}:{line}")
