"""Links lead somewhere, and the pages speak of the project alone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.unit.docs import pages

LINK = re.compile(r"\]\(([^)\s]+)\)")
ADDRESS = re.compile(r"https?://([^/\s)\"`:]+)")
NUMBERED = re.compile(r"(?<![\w/(])#\d+\b")
HOSTS = ("keepachangelog.com", "semver.org", "my.salesforce.com", "127.0.0.1")
REFERRED = re.compile(r"docs/[\w./-]+\.md")


def named(path: Path) -> str:
    """Return a page's name for the test report."""
    return str(path.relative_to(pages.ROOT))


@pytest.mark.parametrize("path", pages.PAGES, ids=named)
def test_every_link_leads_to_a_file_and_a_heading(path: Path) -> None:
    for target in LINK.findall(path.read_text(encoding="utf-8")):
        if target.startswith(("https://", "http://")):
            continue
        name, _, anchor = target.partition("#")
        page = (path.parent / name).resolve() if name else path
        assert page.exists(), f"{path.name}: {target}"
        if anchor:
            assert anchor in anchors(page), f"{path.name}: {target}"


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub makes of a page's headings."""
    text = page.read_text(encoding="utf-8")
    found = [heading for level in range(1, 5) for heading in pages.headings(text, level)]
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


@pytest.mark.parametrize("path", pages.PAGES, ids=named)
def test_a_page_names_public_addresses_only_and_no_numbered_threads(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    # An address that ends at "://" stands for its scheme alone.
    assert [host for host in ADDRESS.findall(text) if not host.endswith(HOSTS)] == []
    assert NUMBERED.findall(text) == []


@pytest.mark.parametrize("path", pages.PAGES, ids=named)
def test_every_row_of_a_table_has_as_many_cells_as_its_heading(path: Path) -> None:
    for block in re.findall(r"(?:^\|.*\n?)+", path.read_text(encoding="utf-8"), re.MULTILINE):
        widths = {len(pages.CELL_EDGE.split(line)) for line in block.strip().splitlines()}
        assert len(widths) == 1, f"{path.name}: {block.splitlines()[0]}"


def test_the_program_refers_only_to_pages_that_exist() -> None:
    folders = ("config", "connectors", "mappings", "journal", "sync", "reconcile", "console", "sandbox")
    texts = (path.read_text(encoding="utf-8") for folder in folders for path in (pages.ROOT / folder).rglob("*.py"))
    mentioned = {name for text in texts for name in REFERRED.findall(text)}
    assert mentioned
    assert [name for name in sorted(mentioned) if not (pages.ROOT / name).exists()] == []


def test_every_page_is_reached_from_the_index() -> None:
    linked = {pages.DOCS / "README.md"}
    for index in (pages.DOCS / "README.md", pages.DOCS / "adr" / "README.md"):
        targets = LINK.findall(index.read_text(encoding="utf-8"))
        linked |= {(index.parent / target).resolve() for target in targets}
    assert [named(page) for page in pages.DOCS.rglob("*.md") if page.resolve() not in linked] == []
