"""Reads back what finance typed into the workbook: owner, reason and comment of each exception.

The workbook is somebody else's file by now: nothing in it is trusted, formulas are refused, and every fault is named
by sheet and row before anything is taken.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from connectors.errors import TieoutError
from reconcile.sheet_lists import BOOK, FIXED, HEADER_ROW, RUN, TO_FILL, VALUES

if TYPE_CHECKING:
    from openpyxl.cell.cell import Cell, MergedCell
    from openpyxl.workbook import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

LISTS = ("Exceptions", "Accepted")
OWNER, REASON, COMMENT = (name for name, _ in TO_FILL)
ID = "Exception id"
LONGEST = 4000
"""Characters that a comment may have."""


class ReturnedBookError(TieoutError):
    """A workbook cannot be taken back; the message lists every fault. Nothing was changed."""

    def __init__(self, path: Path, problems: Sequence[str]) -> None:
        super().__init__("\n".join(f"{path.name}: {problem}" for problem in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnedRow:
    """What one row says: ``where`` names sheet and row, ``values_sha`` the values that the reader saw."""

    where: str
    id: str
    values_sha: str
    owner: str | None
    reason: str | None
    comment: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnedBook:
    """A workbook that came back: of which book and run it is, and its rows."""

    book_id: str
    run_id: str
    company: str
    rows: Sequence[ReturnedRow]


def read_returned(path: Path) -> ReturnedBook:
    """Read a workbook that ``tieout reconcile`` wrote and people filled in.

    Raises:
        ReturnedBookError: it is no such workbook, or cells hold what cannot be taken; all faults are listed.
    """
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    if not path.is_file():
        raise ReturnedBookError(path, ["there is no such file. Check the path."])
    try:
        book = load_workbook(path)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile, InvalidFileException) as error:
        raise ReturnedBookError(path, [f"cannot be read as an XLSX workbook: {error}. Save it as .xlsx."]) from error
    try:
        return _read(path, book)
    finally:
        book.close()


def _read(path: Path, book: Workbook) -> ReturnedBook:
    if "Parameters" not in book.sheetnames or LISTS[0] not in book.sheetnames:
        what = "is no workbook of `tieout reconcile`: sheets are missing. Import the newest file that it wrote."
        raise ReturnedBookError(path, [what])
    known = {str(row[0].value): str(row[1].value or "") for row in book["Parameters"].iter_rows(max_col=2)}
    problems: list[str] = []
    rows = [row for name in LISTS if name in book.sheetnames for row in _rows(book[name], problems)]
    problems += _twice(rows)
    if problems:
        raise ReturnedBookError(path, problems)
    return ReturnedBook(
        book_id=known.get(BOOK, ""), run_id=known.get(RUN, ""), company=known.get("Company", ""), rows=rows
    )


def _rows(sheet: Worksheet, problems: list[str]) -> Iterator[ReturnedRow]:
    heads = {str(cell.value): at for at, cell in enumerate(sheet[HEADER_ROW + 1])}
    missing = [name for name in (ID, VALUES, OWNER, REASON, COMMENT) if name not in heads]
    if missing:
        problems.append(f"sheet {sheet.title} lacks the column {', '.join(missing)}; restore the headings in row 2.")
        return
    for cells in sheet.iter_rows(min_row=HEADER_ROW + 2):
        row = _row(f"sheet {sheet.title}, row {cells[0].row}", cells, heads, problems)
        if row is not None:
            yield row


def _row(
    where: str, cells: Sequence[Cell | MergedCell], heads: Mapping[str, int], problems: list[str]
) -> ReturnedRow | None:
    found: dict[str, str | None] = {}
    for name in (ID, VALUES, OWNER, REASON, COMMENT):
        cell = cells[heads[name]]
        if cell.data_type == "f":
            problems.append(f"{where}: {name} is a formula; type the text itself.")
            return None
        found[name] = str(cell.value).strip() or None if cell.value is not None else None
    if found[ID] is None:
        if any(found[name] for name in (OWNER, REASON, COMMENT)):
            problems.append(f"{where}: the exception id is empty; copy the row again from the original workbook.")
        return None
    reason = (found[REASON] or "").casefold() or None
    if reason is not None and reason not in FIXED:
        problems.append(f"{where}: reason {found[REASON]!r} is not one of {', '.join(FIXED)}.")
    if len(found[COMMENT] or "") > LONGEST:
        problems.append(f"{where}: the comment is longer than {LONGEST} characters. Shorten it.")
    return ReturnedRow(
        where=where,
        id=found[ID] or "",
        values_sha=found[VALUES] or "",
        owner=found[OWNER],
        reason=reason,
        comment=found[COMMENT],
    )


def _twice(rows: Sequence[ReturnedRow]) -> Iterator[str]:
    first: dict[str, str] = {}
    for row in rows:
        if row.id in first:
            yield f"{row.where}: exception {row.id} stands in {first[row.id]} already; delete one of the two rows."
        first.setdefault(row.id, row.where)
