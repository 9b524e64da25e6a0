from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from reconcile.report import Report
from reconcile.run import evaluate
from reconcile.workbook import SHEETS, write_workbook
from tests.unit.reconcile.planted import NOW, OPTIONS, binding, deal, deal_id, order, planted, snapshot

EVIL = '=HYPERLINK("http://evil.example","click")'


def opened(report: Report, folder: Path) -> Workbook:
    return openpyxl.load_workbook(write_workbook(report, folder / "reports" / "october.xlsx"))


def cells(sheet: Worksheet) -> list[list[object]]:
    return [list(row) for row in sheet.iter_rows(values_only=True)]


@pytest.fixture(scope="module")
def report() -> Report:
    return evaluate(planted()[0], OPTIONS)


@pytest.fixture(scope="module")
def book(report: Report, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbook]:
    book = opened(report, tmp_path_factory.mktemp("book"))
    yield book
    book.close()


def test_the_sheets_are_in_their_order(book: Workbook) -> None:
    assert tuple(book.sheetnames) == SHEETS


def test_the_summary_has_its_seven_parts_in_order_and_says_that_it_is_a_draft(book: Workbook) -> None:
    first = [str(row[0]) for row in cells(book["Summary"]) if row[0] is not None]
    parts = [text for text in first if text[:2] in {f"{n}." for n in range(1, 8)}]
    assert [text[0] for text in parts] == list("1234567")
    assert parts[0].endswith("NOT SIGNABLE")
    assert "UNSIGNED DRAFT: nobody has signed this report." in first


def test_the_summary_is_one_printed_page(book: Workbook) -> None:
    sheet = book["Summary"]
    assert sheet.sheet_properties.pageSetUpPr is not None
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert (sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight or 1) == (1, 1)
    assert sheet.print_area.startswith("'Summary'!$A$1:$J$")
    assert sheet.max_row < 100


def table(rows: list[list[object]], heading: str) -> dict[str, dict[str, list[tuple[object, object]]]]:
    """The figures of a table of the first sheet: by label and currency, one pair for each block of currencies."""
    found: dict[str, dict[str, list[tuple[object, object]]]] = {}
    heads: list[object] = []
    for row in rows:
        if row[3] in CURRENCIES and row[2] == "Items":
            heads = row if row[0] == heading else []
        elif heads and row[2] is not None:
            for at in range(2, len(row) - 1, 2):
                if heads[at] == "Items":
                    figures = found.setdefault(str(row[0]), {})
                    figures.setdefault(str(heads[at + 1]), []).append((row[at], row[at + 1]))
        else:
            heads = []
    return found


CURRENCIES = {"CHF", "EUR", "GBP", "JPY", "KWD", "USD", "(none)"}


def test_the_causes_on_the_summary_add_up_to_the_gap(book: Workbook, report: Report) -> None:
    rows = table(cells(book["Summary"]), "Won -> ordered")
    assert {"missing", "held", "gap"} <= rows.keys()
    for column in report.bridge.columns:
        listed = [
            rows[label][column.currency][0] for label in rows if label != "gap" and column.currency in rows[label]
        ]
        ((items, amount),) = rows["gap"][column.currency]
        assert sum(Decimal(str(pair[1])) for pair in listed) == Decimal(str(amount)) == column.gap.amount
        assert sum(int(str(pair[0])) for pair in listed) == items == column.gap.items


def test_the_summary_shows_the_way_from_won_to_collected_for_every_currency(book: Workbook, report: Report) -> None:
    rows = table(cells(book["Summary"]), "Items are deals, orders, invoices")
    assert [label for label in rows if not label.startswith(" ")][:5] == [
        "Won in Salesforce", "Ordered in NetSuite", "Invoiced, net", "Invoiced, gross", "Collected in cash"
    ]  # fmt: skip
    for column in report.bridge.columns:
        assert rows["Won in Salesforce"][column.currency] == [(column.crm.items, float(column.crm.amount))]
        assert rows["Ordered in NetSuite"][column.currency] == [(column.erp.items, float(column.erp.amount))]
        assert rows["Unexplained, all steps (must be 0)"][column.currency] == [(0, 0)]


def test_totals_that_do_not_agree_are_shown_all_three(tmp_path: Path) -> None:
    whole = snapshot([deal(1)], [order(1, "1.00")], bindings=[binding(1)])
    short = replace(whole, erp_totals=[replace(whole.erp_totals[0], count=2)])
    rows = cells(opened(evaluate(short, OPTIONS), tmp_path)["Summary"])
    assert [row[1] for row in rows if "DIFFERS" in str(row[1])] == [
        "DIFFERS: own", "DIFFERS: read", "DIFFERS: compared"
    ]  # fmt: skip


def test_the_bridge_is_made_of_live_formulas_that_give_zero(book: Workbook, report: Report) -> None:
    rows = cells(book["Bridge"])
    labels = [str(row[0]) for row in rows]
    opening = labels.index("Won in Salesforce, in scope (direct scan)")
    expected, scanned = (
        labels.index("= Expected in NetSuite"),
        labels.index("Ordered in NetSuite, in scope (direct scan)"),
    )
    left = labels.index("Unexplained (must be 0 items and 0)")
    for index, column in enumerate(report.bridge.columns):
        items, amounts = 1 + 2 * index, 2 + 2 * index
        for at in (items, amounts):
            summed = sum(Decimal(str(rows[row][at])) for row in range(opening, expected))
            assert summed == Decimal(str(rows[scanned][at]))
            letter = "ABCDEFGHIJKLMN"[at]
            assert f"SUM({letter}{opening + 1}:{letter}{expected})" in str(rows[expected][at])
            assert f"{letter}{scanned + 1}-{letter}{expected + 1}" in str(rows[left][at])
        assert Decimal(str(rows[scanned][amounts])) == column.erp.amount
    assert str(rows[1][0]).startswith("=IF(AND(B")


def test_the_check_cell_shows_its_value_to_readers_that_do_not_calculate(report: Report, tmp_path: Path) -> None:
    path = write_workbook(report, tmp_path / "x.xlsx")
    values = openpyxl.load_workbook(path, data_only=True)
    assert values["Bridge"]["A2"].value == "FOOTS: unexplained is 0"


def test_every_exception_is_a_row_with_links_amounts_as_numbers_and_ids_as_text(book: Workbook, report: Report) -> None:
    rows = cells(book["Exceptions"])
    names = rows[1]
    listed = [dict(zip(names, row, strict=True)) for row in rows[2:]]
    assert [row["Exception id"] for row in listed] == [one.id for one in report.exceptions]
    amount = next(row for row in listed if row["Code"] == "AMOUNT" and row["Currency"] == "USD")
    assert amount["Deal (link)"] == f'=HYPERLINK("https://crm.example/{deal_id(5)}","{deal_id(5)}")'
    assert amount["NetSuite id (link)"] == '=HYPERLINK("https://erp.example/?id=9005","9005")'
    assert (amount["Salesforce value"], amount["NetSuite value"], amount["Difference"]) == (5000.5, 5100, 99.5)
    assert (amount["Tolerance"], amount["Order number"]) == (0.02, "SO5")
    assert names[-3:] == ["Assigned to", "Reason", "Comment"]


def test_number_formats_follow_the_currency(book: Workbook) -> None:
    rows = list(book["Excluded"].iter_rows(min_row=3))
    assert {row[4].number_format.split(";")[0] for row in rows if row[2].value == "USD"} == {"#,##0.00"}
    bridge = {cell.value: at for at, cell in enumerate(book["Bridge"][4], start=1)}
    assert book["Bridge"].cell(5, bridge["JPY"]).number_format.startswith("#,##0;")
    assert book["Bridge"].cell(5, bridge["KWD"]).number_format.startswith("#,##0.000;")


@pytest.mark.parametrize("name", [name for name in SHEETS[2:] if name not in ("Chain", "Roll-forward")])
def test_listings_have_frozen_filtered_headings_on_every_page(book: Workbook, name: str) -> None:
    sheet = book[name]
    assert sheet.freeze_panes == "A3"
    assert str(sheet.auto_filter.ref).startswith("A2:")
    assert sheet.print_title_rows == "$2:$2"


def test_holds_in_flight_controls_and_parameters_are_listed(book: Workbook, report: Report) -> None:
    assert [row[0] for row in cells(book["Holds"])[2:]] == ["CUSTOMER_HELD", "NO_LINES"]
    assert [row[1] for row in cells(book["In flight"])[2:]] == ["IN_FLIGHT"]
    assert {row[9] for row in cells(book["Control totals"])[2:]} == {"agrees"}
    assert [row[0] for row in cells(book["Parameters"])[2:]] == [
        *(name for name, _ in report.parameters),
        "Run",
        "Reconciliation book",
    ]
    assert len(cells(book["Matched sample"])[2:]) == len(report.sample)


@pytest.mark.parametrize("name", [EVIL, "+1", "-1", "@SUM(A1)", "{=1}", "\tx", "a\x01b", 'say "hi"'])
def test_a_name_never_becomes_a_formula(name: str, tmp_path: Path) -> None:
    bad = snapshot([deal(1, name=name, account_name=name)], [order(1, "1.00")], bindings=[binding(1)])
    sheet = opened(evaluate(bad, OPTIONS), tmp_path)["Exceptions"]
    for column in (7, 9):
        assert sheet.cell(3, column).data_type == "s"
        assert str(sheet.cell(3, column).value).replace("_x0001_", "\x01") == name


def test_an_order_number_with_quotes_cannot_leave_the_link_formula(tmp_path: Path) -> None:
    number = 'SO"&HYPERLINK("http://evil.example","x")&"'
    bad = snapshot([deal(1)], [replace(order(1, "1.00"), number=number)], bindings=[binding(1)])
    sheet = opened(evaluate(bad, OPTIONS), tmp_path)["Summary"]
    links = [cell.value for row in sheet.iter_rows() for cell in row if "evil" in str(cell.value)]
    assert links == ['=HYPERLINK("https://erp.example/?id=9001","SO""&HYPERLINK(""http://evil.example"",""x"")&""")']


def test_an_amount_beyond_excels_digits_is_written_as_text(tmp_path: Path) -> None:
    large = "123456789012345.67"
    sheet = opened(evaluate(snapshot([deal(1, large)], []), OPTIONS), tmp_path)["Exceptions"]
    assert (sheet.cell(3, 13).value, sheet.cell(3, 13).data_type) == (large, "s")


def test_a_broken_bridge_is_named_on_the_bridge_sheet(tmp_path: Path) -> None:
    book = opened(evaluate(snapshot([deal(1, currency="")], []), OPTIONS), tmp_path)
    assert "1 deals and 0 orders carry no currency" in {row[0] for row in cells(book["Bridge"])}


def test_an_empty_book_can_be_written(tmp_path: Path) -> None:
    book = opened(evaluate(snapshot([], []), OPTIONS), tmp_path)
    assert cells(book["Summary"])[1][0] == (
        "1. Acme Inc, deals won since 2026-11-01, as of 2026-11-22 12:00:00Z: SIGNABLE"
    )


def test_an_existing_workbook_is_replaced_whole(report: Report, tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(b"old")
    write_workbook(report, path)
    write_workbook(replace(report, crm_at=NOW + timedelta(days=1)), path)
    assert [one.name for one in tmp_path.iterdir()] == ["x.xlsx"]
    assert "2026-11-23" in str(openpyxl.load_workbook(path)["Summary"]["A2"].value)
