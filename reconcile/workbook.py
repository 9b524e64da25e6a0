"""The report as an XLSX workbook for finance."""

from __future__ import annotations

from pathlib import Path

from reconcile.report import Report
from reconcile.sheet import Sheet, Styles
from reconcile.sheet_bridge import write_bridge
from reconcile.sheet_chain import write_chain, write_roll
from reconcile.sheet_lists import (
    first_rows,
    write_controls,
    write_discrepancies,
    write_excluded,
    write_holds,
    write_parameters,
    write_sample,
)
from reconcile.sheet_receivables import write_ageing, write_on_account, write_open_invoices, write_rests
from reconcile.sheet_summary import write_summary

SHEETS = (
    "Summary", "Bridge", "Chain", "Exceptions", "In flight", "Accepted", "Holds", "Unbilled", "Open invoices",
    "AR ageing", "Unapplied cash", "Roll-forward", "Control totals", "Excluded", "Matched sample", "Parameters",
)  # fmt: skip


def write_workbook(report: Report, path: Path) -> Path:
    """Write the workbook and return its path. An existing file is replaced only when the new one is complete.

    Raises:
        OSError: the file cannot be written there.
    """
    from xlsxwriter import Workbook

    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.part")
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with Workbook(str(draft), options) as book:
        book.set_properties({"title": report.headline, "company": report.company, "created": report.crm_at})
        styles = Styles(book)
        pages = {name: Sheet(book.add_worksheet(name), styles) for name in SHEETS}
        _fill(pages, report)
    return draft.replace(path)


def _fill(pages: dict[str, Sheet], report: Report) -> None:
    write_summary(pages["Summary"], report, first_rows(report.exceptions))
    write_bridge(pages["Bridge"], report)
    write_chain(pages["Chain"], report)
    write_discrepancies(pages["Exceptions"], "Exceptions", report.exceptions, to_fill=True, life=report.life)
    write_discrepancies(pages["In flight"], "On their way, no exceptions yet", report.in_flight, to_fill=False)
    write_discrepancies(pages["Accepted"], "Accepted as they are", report.accepted, to_fill=True, life=report.life)
    write_holds(pages["Holds"], report)
    write_rests(pages["Unbilled"], report)
    write_open_invoices(pages["Open invoices"], report)
    write_ageing(pages["AR ageing"], report)
    write_on_account(pages["Unapplied cash"], report)
    write_roll(pages["Roll-forward"], report)
    write_controls(pages["Control totals"], report)
    write_excluded(pages["Excluded"], report)
    write_sample(pages["Matched sample"], report)
    write_parameters(pages["Parameters"], report)
