"""Workbooks that cannot be taken back: what is spoilt, and what the message must say."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from tests.acceptance.bad_input import Case
from tests.acceptance.stage import Stage

ROW = 3
"""The first row of a list below its title and its headings."""


def workbook_cases(stage: Stage) -> list[Case]:
    """Faults in the workbook that finance sends back. The newest run's own workbook would be taken."""
    old = reconciled(stage, "old")
    good = reconciled(stage, "good")

    def spoilt(name: str, edit: Callable[[Any], None], *says: str) -> Case:
        path = stage.folder / f"{name.replace(' ', '-')}.xlsx"
        book = load_workbook(good)
        edit(book)
        book.save(path)
        return taken(name, path, says)

    text = stage.folder / "text.xlsx"
    text.write_text("owner,reason\n")
    return [
        taken("workbook that is not there", stage.folder / "no.xlsx", ("no.xlsx", "no such file", "Check the path")),
        taken("workbook that is a text", text, ("text.xlsx", "cannot be read", "Save it as .xlsx")),
        taken("workbook that is a folder", stage.folder, ("no such file", "Check the path")),
        taken("workbook of an older run", old, ("of an older run", "newest workbook")),
        spoilt("no workbook of ours", lambda book: book.remove(book["Parameters"]), "sheets are missing",
               "newest file"),
        spoilt("workbook of another company", foreign, "belongs to another company", "--config"),
        spoilt("workbook without a heading", lambda book: put(book, "Reason", "Because", row=2),
               "lacks the column Reason", "restore the headings"),
        spoilt("unknown reason", lambda book: put(book, "Reason", "no idea"), "sheet Exceptions, row 3", "no idea"),
        spoilt("formula in a cell", lambda book: put(book, "Comment", "=1+1"), "sheet Exceptions, row 3", "formula"),
        spoilt("comment of a novel's length", lambda book: put(book, "Comment", "x" * 5000), "sheet Exceptions, row 3",
               "4000"),
        spoilt("row of an unknown exception", unknown, "sheet Exceptions, row 3", "is not known"),
        spoilt("row taken twice", twice, "twice"),
    ]  # fmt: skip


def taken(name: str, path: Path, says: Sequence[str]) -> Case:
    """An import of this file."""
    return Case(name=name, commands=(("exceptions", "import", str(path)),), says=says)


def reconciled(stage: Stage, name: str) -> Path:
    """Reconcile and return a copy of the workbook."""
    stage.step("5h")
    book = Path(stage.json("reconcile")["workbook"])
    target = stage.folder / f"{name}.xlsx"
    shutil.copy(book if book.is_absolute() else stage.admin / book, target)
    return target


def column(book: Any, name: str) -> int:
    """Return the number of a column of the list of exceptions."""
    heads = [cell.value for cell in book["Exceptions"][2]]
    return heads.index(name) + 1


def put(book: Any, name: str, value: str, row: int = ROW) -> None:
    """Write into a column of the list of exceptions."""
    book["Exceptions"].cell(row=row, column=column(book, name)).value = value


def foreign(book: Any) -> None:
    """Have every value of the parameters say something else."""
    for row in book["Parameters"].iter_rows(max_col=2):
        row[1].value = "somebody else's"


def unknown(book: Any) -> None:
    """Let the first row be of an exception that nobody recorded, and say something about it."""
    put(book, "Exception id", "0" * 32)
    put(book, "Comment", "Seen.")


def twice(book: Any) -> None:
    """Append the first row once more."""
    sheet = book["Exceptions"]
    values = [cell.value for cell in sheet[ROW]]
    for at, value in enumerate(values, 1):
        sheet.cell(row=sheet.max_row + (at == 1), column=at).value = value
