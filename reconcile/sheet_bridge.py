"""The bridge with live formulas and a check cell."""

from __future__ import annotations

from xlsxwriter.utility import xl_rowcol_to_cell

from connectors.records import MINOR_DIGITS
from reconcile.bridge import LINES, Column, Sum
from reconcile.report import Report
from reconcile.sheet import Sheet, quoted

HEADER_ROW, OPENING_ROW = 3, 4
FIRST_LINE = OPENING_ROW + 1
EXPECTED_ROW = FIRST_LINE + len(LINES)
SCANNED_ROW, UNEXPLAINED_ROW = EXPECTED_ROW + 1, EXPECTED_ROW + 2
GUARD_ROW = UNEXPLAINED_ROW + 2
FOOTS, BREAK = "FOOTS: unexplained is 0", "BREAK: unexplained is not 0"
SPARE_DIGITS = 2
"""Digits beyond the minor unit at which formulas round away the noise of Excel's binary arithmetic."""


def write_bridge(sheet: Sheet, report: Report) -> None:
    """Write one pair of columns (items, amount) a currency; formulas add the lines and compare with the scan."""
    columns = report.bridge.columns
    sheet.columns((50, *(n for _ in columns for n in (10, 20))))
    sheet.text(0, 0, "Bridge from Salesforce to NetSuite, net of tax and shipping", "title")
    _check(sheet, report)
    sheet.header(HEADER_ROW, ("", *(name for c in columns for name in ("Items", c.currency or "(none)"))))
    _sums(sheet, OPENING_ROW, "Won in Salesforce, in scope (direct scan)", [c.crm for c in columns], report)
    for offset, line in enumerate(LINES):
        _sums(sheet, FIRST_LINE + offset, f"+ {line.label}", [c.leg(line.key) for c in columns], report)
    _expected(sheet, report)
    _sums(sheet, SCANNED_ROW, "Ordered in NetSuite, in scope (direct scan)", [c.erp for c in columns], report)
    _unexplained(sheet, report)
    _guards(sheet, report)
    sheet.page.freeze_panes(HEADER_ROW + 1, 1)
    sheet.page.set_landscape()
    sheet.page.set_paper(9)
    sheet.page.fit_to_pages(1, 1)


def _check(sheet: Sheet, report: Report) -> None:
    cells = [
        xl_rowcol_to_cell(UNEXPLAINED_ROW, 1 + 2 * index + part)
        for index in range(len(report.bridge.columns))
        for part in (0, 1)
    ]
    tests = ",".join(f"{cell}=0" for cell in cells) or "TRUE"
    left = any(column.unexplained for column in report.bridge.columns)
    formula = f"=IF(AND({tests}),{quoted(FOOTS)},{quoted(BREAK)})"
    sheet.formula(1, 0, formula, sheet.styles.of("bold"), BREAK if left else FOOTS)
    for word, style in ((FOOTS, "good"), (BREAK, "bad")):
        sheet.page.conditional_format(
            1, 0, 1, 0,
            {"type": "text", "criteria": "begins with", "value": word, "format": sheet.styles.of(style)},
        )  # fmt: skip


def _sums(sheet: Sheet, row: int, label: str, sums: list[Sum], report: Report) -> None:
    sheet.text(row, 0, label)
    for index, (total, column) in enumerate(zip(sums, report.bridge.columns, strict=True)):
        sheet.count(row, 1 + 2 * index, total.items)
        sheet.money(row, 2 + 2 * index, total.amount, column.currency)


def _expected(sheet: Sheet, report: Report) -> None:
    sheet.text(EXPECTED_ROW, 0, "= Expected in NetSuite", "total")
    for at, column, part in _parts(report):
        first, last = (xl_rowcol_to_cell(row, at) for row in (OPENING_ROW, EXPECTED_ROW - 1))
        value = column.erp - column.unexplained
        _live(sheet, EXPECTED_ROW, at, f"SUM({first}:{last})", column, part, value)


def _unexplained(sheet: Sheet, report: Report) -> None:
    sheet.text(UNEXPLAINED_ROW, 0, "Unexplained (must be 0 items and 0)", "total")
    for at, column, part in _parts(report):
        scanned, expected = (xl_rowcol_to_cell(row, at) for row in (SCANNED_ROW, EXPECTED_ROW))
        _live(sheet, UNEXPLAINED_ROW, at, f"{scanned}-{expected}", column, part, column.unexplained)


def _live(sheet: Sheet, row: int, at: int, sum_: str, column: Column, part: int, value: Sum) -> None:
    digits = MINOR_DIGITS.get(column.currency, 2) + SPARE_DIGITS
    if part == 0:
        sheet.formula(row, at, f"={sum_}", sheet.styles.of("total_count"), value.items)
    else:
        look = sheet.styles.money(column.currency, total=True)
        sheet.formula(row, at, f"=ROUND({sum_},{digits})", look, float(value.amount))


def _parts(report: Report) -> list[tuple[int, Column, int]]:
    """Return every (sheet column, bridge column, 0 for items or 1 for amount)."""
    return [
        (1 + 2 * index + part, column, part) for index, column in enumerate(report.bridge.columns) for part in (0, 1)
    ]


def _guards(sheet: Sheet, report: Report) -> None:
    sheet.text(GUARD_ROW, 0, "Counted a second, independent way (NOT IN)", "section")
    for offset, (label, values) in enumerate((
        ("Deals in scope without an order", [c.without_order for c in report.bridge.columns]),
        ("Orders in scope without a deal in scope", [c.without_deal for c in report.bridge.columns]),
        ("Deals whose difference rounding explains", [c.tolerated_items for c in report.bridge.columns]),
    )):  # fmt: skip
        sheet.text(GUARD_ROW + 1 + offset, 0, label)
        for index, value in enumerate(values):
            sheet.count(GUARD_ROW + 1 + offset, 1 + 2 * index, value)
    for offset, fault in enumerate(report.bridge.faults()):
        sheet.text(GUARD_ROW + 5 + offset, 0, fault, "bad")
