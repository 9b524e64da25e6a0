from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

from reconcile.report import Report
from reconcile.returned import ReturnedBookError, read_returned
from reconcile.run import evaluate
from reconcile.workbook import write_workbook
from tests.unit.reconcile.planted import OPTIONS, deal, snapshot

ASSIGNED, REASON, COMMENT = 27, 28, 29


@pytest.fixture(scope="module")
def report() -> Report:
    found = evaluate(snapshot([deal(1), deal(2)], []), OPTIONS)
    return replace(found, run_id="run-1", book_id="book-1")


def filled(report: Report, folder: Path, cells: dict[tuple[int, int], str]) -> Path:
    path = write_workbook(report, folder / "book.xlsx")
    book = openpyxl.load_workbook(path)
    for (row, column), value in cells.items():
        book["Exceptions"].cell(row, column).value = value
    book.save(path)
    return path


def test_what_was_typed_comes_back_with_the_exception_it_belongs_to(report: Report, tmp_path: Path) -> None:
    path = filled(report, tmp_path, {(3, ASSIGNED): "anna", (3, REASON): "Timing", (3, COMMENT): "ships on the 3rd"})
    book = read_returned(path)
    assert (book.book_id, book.run_id, book.company) == ("book-1", "run-1", "Acme Inc")
    first = book.rows[0]
    assert (first.id, first.values_sha) == (report.exceptions[0].id, report.exceptions[0].values_sha)
    assert (first.owner, first.reason, first.comment) == ("anna", "timing", "ships on the 3rd")
    assert (book.rows[1].owner, book.rows[1].reason) == (None, None)


def test_the_reasons_can_be_chosen_from_a_list(report: Report, tmp_path: Path) -> None:
    sheet = openpyxl.load_workbook(write_workbook(report, tmp_path / "x.xlsx"))["Exceptions"]
    rule = sheet.data_validations.dataValidation[0]
    assert "accepted difference" in rule.formula1
    assert str(rule.sqref) == "AB3:AB4"


@pytest.mark.parametrize(
    ("cells", "fault"),
    [
        ({(3, REASON): "because"}, "row 3: reason 'because' is not one of"),
        ({(3, COMMENT): "=1+1"}, "row 3: Comment is a formula"),
        ({(3, 1): "", (3, COMMENT): "x"}, "row 3: the exception id is empty"),
        ({(2, REASON): "Why"}, "lacks the column Reason"),
    ],
)
def test_a_cell_that_cannot_be_taken_is_named_by_its_row(
    cells: dict[tuple[int, int], str], fault: str, report: Report, tmp_path: Path
) -> None:
    with pytest.raises(ReturnedBookError, match=fault):
        read_returned(filled(report, tmp_path, cells))


def test_an_exception_in_two_rows_is_refused(report: Report, tmp_path: Path) -> None:
    with pytest.raises(ReturnedBookError, match="row 4: exception .* stands in sheet Exceptions, row 3"):
        read_returned(filled(report, tmp_path, {(4, 1): report.exceptions[0].id}))


def test_a_file_that_is_no_workbook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    path.write_text("no")
    with pytest.raises(ReturnedBookError, match=r"x\.xlsx: cannot be read"):
        read_returned(path)
