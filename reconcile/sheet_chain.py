"""The chain behind the order, stage by stage, with live formulas; and the movement of open exceptions."""

from __future__ import annotations

from xlsxwriter.utility import xl_rowcol_to_cell

from connectors.records import MINOR_DIGITS
from reconcile.bridge import Sum
from reconcile.chain import STAGES, Stage
from reconcile.report import Report, instant
from reconcile.sheet import Sheet

SPARE_DIGITS = 2
HEADER_ROW = 3


def write_chain(sheet: Sheet, report: Report) -> None:
    """Write one pair of columns (items, amount) a currency; every stage is added up by formulas and must leave 0."""
    currencies = report.chain.currencies
    sheet.columns((50, *(n for _ in currencies for n in (10, 20))))
    sheet.text(0, 0, "Ordered -> invoiced -> collected in NetSuite", "title")
    faults = report.chain.faults()
    sheet.text(1, 0, "FOOTS: unexplained is 0" if not faults else "BREAK: see below", "bad" if faults else "good")
    sheet.header(HEADER_ROW, ("", *(name for code in currencies for name in ("Items", code or "(none)"))))
    row = HEADER_ROW + 1
    for stage in STAGES:
        row = _stage(sheet, row, stage, report) + 1
    for fault in faults:
        sheet.text(row, 0, fault, "bad")
        row += 1
    sheet.page.freeze_panes(HEADER_ROW + 1, 1)
    sheet.page.set_landscape()
    sheet.page.set_paper(9)
    sheet.page.fit_to_pages(1, 1)


def _stage(sheet: Sheet, row: int, stage: Stage, report: Report) -> int:
    links = [report.chain.find(stage, currency) for currency in report.chain.currencies]
    sheet.text(row, 0, stage.title, "section")
    opening = row + 1
    _sums(sheet, opening, stage.opening, [link.opening for link in links], report)
    lines = [line for line in stage.lines if any(link.leg(line.key) for link in links)] or list(stage.lines[:1])
    for offset, line in enumerate(lines, start=1):
        _sums(sheet, opening + offset, f"+ {line.label}", [link.leg(line.key) for link in links], report)
    closing = opening + len(lines) + 1
    _sums(sheet, closing, stage.closing, [link.closing for link in links], report)
    sheet.text(closing + 1, 0, "Unexplained (must be 0 items and 0)", "total")
    for index, link in enumerate(links):
        for part in (0, 1):
            at = 1 + 2 * index + part
            first, last, scanned = (xl_rowcol_to_cell(r, at) for r in (opening, closing - 1, closing))
            formula = f"{scanned}-SUM({first}:{last})"
            if part == 0:
                value: float = link.unexplained.items
                sheet.formula(closing + 1, at, f"={formula}", sheet.styles.of("total_count"), value)
            else:
                digits = MINOR_DIGITS.get(link.currency, 2) + SPARE_DIGITS
                look = sheet.styles.money(link.currency, total=True)
                sheet.formula(closing + 1, at, f"=ROUND({formula},{digits})", look, float(link.unexplained.amount))
    return closing + 2


def _sums(sheet: Sheet, row: int, label: str, sums: list[Sum], report: Report) -> None:
    sheet.text(row, 0, label)
    for index, (total, currency) in enumerate(zip(sums, report.chain.currencies, strict=True)):
        sheet.count(row, 1 + 2 * index, total.items)
        sheet.money(row, 2 + 2 * index, total.amount, currency)


def write_roll(sheet: Sheet, report: Report) -> None:
    """Write the movement of open exceptions since the last recorded run."""
    sheet.columns((44, 16, 60))
    sheet.text(0, 0, "Open exceptions from the last run to this one", "title")
    roll = report.roll
    if roll is None:
        sheet.text(2, 0, "This run was not recorded: exceptions keep their state.", "note")
        return
    since = f"as of {instant(roll.previous_at)}" if roll.previous_at else "no run was recorded before"
    rows = (
        ("Opening", roll.opening, since),
        ("+ New, come back, or acceptance lapsed", roll.new, ""),
        ("- Resolved", -roll.resolved, "" if roll.complete else "nothing is closed by a run that did not see all"),
        ("- Accepted", -roll.accepted, "net of acceptances taken back"),
    )
    sheet.header(2, ("", "Exceptions", ""))
    for row, (label, number, note) in enumerate(rows, start=3):
        sheet.text(row, 0, label)
        sheet.count(row, 1, number)
        sheet.text(row, 2, note, "note")
    end = 3 + len(rows)
    sheet.text(end, 0, "= Closing", "total")
    sheet.formula(end, 1, f"=SUM(B4:B{end})", sheet.styles.of("total_count"), roll.closing)
    open_ = sum(1 for one in report.exceptions if one.id in report.life)
    sheet.text(end + 1, 0, "Counted on the sheet Exceptions")
    sheet.count(end + 1, 1, open_)
