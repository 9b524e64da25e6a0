"""CSV files of a book as rows that know their place."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from sandbox.errors import BookError

Row = tuple[str, dict[str, str]]
"""(``file:line``, column to trimmed cell)."""


@dataclass(frozen=True, slots=True)
class Table:
    """One file: its path, its columns in order, its rows."""

    path: Path
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def read(path: Path) -> Table:
    """Return a file's rows; blank lines are skipped, a byte order mark is allowed.

    Raises:
        BookError: it is not UTF-8, a column is named twice or not at all, or a line has too many or too few cells.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise BookError(f"{path}:1", f"the file is not UTF-8 ({error.reason}).", "Save it as UTF-8.") from error
    lines = csv.reader(text.splitlines(keepends=True), strict=True)
    try:
        header = tuple(cell.strip() for cell in next(lines, []))
        _check_header(path, header)
        return Table(path, header, tuple(_rows(path, header, lines)))
    except csv.Error as error:
        raise BookError(f"{path}:{lines.line_num}", f"not readable as CSV: {error}.", "Mend the quotes.") from error


def _check_header(path: Path, header: tuple[str, ...]) -> None:
    if not header:
        raise BookError(f"{path}:1", "the file is empty.", "Write a first line with column names, or remove the file.")
    lower = [name.lower() for name in header]
    for name in header:
        if not name:
            raise BookError(f"{path}:1", "a column has no name.", "Name it or remove it.")
        if lower.count(name.lower()) > 1:
            raise BookError(f"{path}:1", f"column {name} is there twice.", "Keep one of them.")


def _rows(path: Path, header: tuple[str, ...], lines: csv._reader) -> list[Row]:  # type: ignore[name-defined]
    found: list[Row] = []
    start = lines.line_num + 1
    for cells in lines:
        where, start = f"{path}:{start}", lines.line_num + 1
        if not cells:
            continue
        if len(cells) != len(header):
            raise BookError(where, f"{len(cells)} cells for {len(header)} columns.", "Quote cells that hold a comma.")
        found.append((where, {name: cell.strip() for name, cell in zip(header, cells, strict=True)}))
    return found
