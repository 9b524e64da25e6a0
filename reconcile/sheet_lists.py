"""The listing sheets: exceptions, timing differences, holds, control totals, exclusions, sample, parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from journal.nouns import Finding
from reconcile.exceptions import Discrepancy
from reconcile.report import Report, instant
from reconcile.sheet import Sheet

EXCEPTION_COLUMNS = (
    ("Exception id", 18), ("Code", 18), ("What", 34), ("Severity", 9), ("Status", 8), ("Owner", 20),
    ("Customer", 26), ("Deal (link)", 21), ("Deal name", 30), ("Order number", 13), ("NetSuite id (link)", 12),
    ("Field", 16), ("Salesforce value", 18), ("NetSuite value", 18), ("Difference", 15), ("Currency", 9),
    ("Tolerance", 10), ("At stake", 15), ("Age, days", 9), ("Since (UTC)", 20), ("Hold code", 20), ("Detail", 46),
    ("Suggested action", 46),
)  # fmt: skip
RUN, BOOK = "Run", "Reconciliation book"
"""Parameters by which a workbook that comes back is recognised."""
VALUES = "Values"
"""The column with the hash of the compared values: what is said of an exception is said of these."""
LIFE = (("First seen (UTC)", 20), ("Runs", 7), (VALUES, 18))
TO_FILL = (("Assigned to", 18), ("Reason", 20), ("Comment", 40))
"""Columns that finance types into."""
FIXED = ("timing", "accepted difference", "to be corrected", "false positive", "other")
"""The reasons that may be chosen."""

NOBODY: Mapping[str, Finding] = {}
HEADER_ROW = 1
MOST_ROWS = 50_000
"""Rows a listing may hold; the rest stays in the JSON form and the sheet says so."""


def write_discrepancies(
    sheet: Sheet,
    title: str,
    rows: Sequence[Discrepancy],
    *,
    to_fill: bool,
    life: Mapping[str, Finding] = NOBODY,
) -> None:
    """Write discrepancies in their given order, worst first; ``to_fill`` adds their life and the columns to type into.

    ``life`` is what the journal keeps of each, by its id.
    """
    columns = (*EXCEPTION_COLUMNS, *((*LIFE, *TO_FILL) if to_fill else ()))
    shown = rows[:MOST_ROWS]
    sheet.columns([width for _, width in columns])
    rest = f"; only the first {MOST_ROWS:,} are listed" if len(rows) > MOST_ROWS else ""
    sheet.text(0, 0, f"{title}: {len(rows):,}{rest}", "title")
    sheet.header(HEADER_ROW, [name for name, _ in columns])
    for row, one in enumerate(shown, start=HEADER_ROW + 1):
        _discrepancy(sheet, row, one)
        if to_fill:
            _life(sheet, row, one, life.get(one.id))
    if to_fill and shown:
        _reasons(sheet, HEADER_ROW + len(shown))
    sheet.listing(HEADER_ROW, HEADER_ROW + len(shown), len(columns))


def _life(sheet: Sheet, row: int, one: Discrepancy, known: Finding | None) -> None:
    at = len(EXCEPTION_COLUMNS)
    sheet.text(row, at, instant(known.first_seen_at) if known else "")
    sheet.count(row, at + 1, known.runs if known else None)
    sheet.text(row, at + 2, one.values_sha)
    said = (known.owner, known.reason, known.comment) if known else (None, None, None)
    for column, words in enumerate(said, start=at + len(LIFE)):
        sheet.text(row, column, words, "input")


def _reasons(sheet: Sheet, last_row: int) -> None:
    """Let the reason be chosen from the list; anything else is refused by Excel, and again by the import."""
    at = len(EXCEPTION_COLUMNS) + len(LIFE) + 1
    rule = {
        "validate": "list",
        "source": list(FIXED),
        "error_title": "Reason",
        "error_message": f"Choose one of: {', '.join(FIXED)}.",
    }
    sheet.page.data_validation(HEADER_ROW + 1, at, last_row, at, rule)


def first_rows(rows: Sequence[Discrepancy]) -> dict[tuple[str, str], int]:
    """Return the row, as Excel numbers it, at which each code and currency first appears in the listing."""
    found: dict[tuple[str, str], int] = {}
    for row, one in enumerate(rows[:MOST_ROWS], start=HEADER_ROW + 2):
        found.setdefault((one.code, one.currency), row)
    return found


def _discrepancy(sheet: Sheet, row: int, one: Discrepancy) -> None:
    texts: dict[int, str] = {
        0: one.id, 1: one.code, 2: one.title, 3: one.severity, 4: "open", 5: one.owner, 6: one.customer,
        8: one.crm_name, 9: one.order_number, 11: one.field, 15: one.currency, 20: one.hold_code,
    }  # fmt: skip
    for column, words in texts.items():
        sheet.text(row, column, words)
    sheet.link(row, 7, one.crm_url, one.crm_id or "")
    sheet.link(row, 10, one.erp_url, one.erp_id or "")
    for column, amount, value in ((12, one.crm_amount, one.crm_value), (13, one.erp_amount, one.erp_value)):
        if amount is None:
            sheet.text(row, column, value)
        else:
            sheet.money(row, column, amount, one.currency)
    sheet.money(row, 14, one.difference, one.currency)
    sheet.money(row, 16, one.tolerance, one.currency)
    sheet.money(row, 17, one.at_stake, one.currency)
    sheet.count(row, 18, one.age_days)
    sheet.text(row, 19, instant(one.since) if one.since else "")
    sheet.text(row, 21, one.detail, "wrap")
    sheet.text(row, 22, one.action, "wrap")


def write_holds(sheet: Sheet, report: Report) -> None:
    """Write every open hold, those on customers included, with its cause and its fix."""
    columns = (
        ("Code", 22), ("Kind", 9), ("Record (link)", 21), ("Label", 34), ("Cause", 60), ("Fix", 60), ("Owner", 22),
        ("Open since (UTC)", 20), ("Attempts", 9),
    )  # fmt: skip
    head(sheet, f"Open holds: {len(report.holds)}", columns)
    for row, held in enumerate(report.holds[:MOST_ROWS], start=HEADER_ROW + 1):
        hold = held.hold
        sheet.text(row, 0, hold.code)
        sheet.text(row, 1, hold.kind)
        sheet.link(row, 2, held.url, hold.source_id)
        sheet.text(row, 3, hold.label)
        sheet.text(row, 4, hold.cause, "wrap")
        sheet.text(row, 5, hold.fix, "wrap")
        sheet.text(row, 6, held.owner)
        sheet.text(row, 7, instant(hold.opened_at))
        sheet.count(row, 8, hold.attempts)
    sheet.listing(HEADER_ROW, HEADER_ROW + len(report.holds[:MOST_ROWS]), len(columns))


def write_controls(sheet: Sheet, report: Report) -> None:
    """Write the three-way completeness proof."""
    columns = (
        ("System", 12), ("Population", 28), ("Currency", 10), ("Own count", 11), ("Own amount", 20), ("Read", 11),
        ("Read amount", 20), ("Compared", 11), ("Compared amount", 20), ("Check", 10),
    )  # fmt: skip
    head(sheet, "Control totals: the system's own = read = compared", columns)
    for row, check in enumerate(report.controls, start=HEADER_ROW + 1):
        sheet.text(row, 0, check.system)
        sheet.text(row, 1, check.population)
        sheet.text(row, 2, check.currency or "(none)")
        for at, total in ((3, check.own), (5, check.read), (7, check.compared)):
            sheet.count(row, at, total.items)
            sheet.money(row, at + 1, total.amount, check.currency)
        sheet.text(row, 9, "agrees" if check.ok else "DIFFERS", "good" if check.ok else "bad")
    sheet.listing(HEADER_ROW, HEADER_ROW + len(report.controls), len(columns))


def write_excluded(sheet: Sheet, report: Report) -> None:
    """Write what was read and not compared, so that the scope itself can be audited."""
    columns = (("System", 12), ("Reason", 70), ("Currency", 10), ("Items", 10), ("Amount", 20))
    head(sheet, "Read and left out of the comparison", columns)
    for row, one in enumerate(report.excluded, start=HEADER_ROW + 1):
        sheet.text(row, 0, one.system)
        sheet.text(row, 1, one.reason)
        sheet.text(row, 2, one.currency or "(none)")
        sheet.count(row, 3, one.total.items)
        sheet.money(row, 4, one.total.amount, one.currency)
    sheet.listing(HEADER_ROW, HEADER_ROW + len(report.excluded), len(columns))


def write_sample(sheet: Sheet, report: Report) -> None:
    """Write matched records for the reviewer to test by hand, with columns for the result."""
    columns = (
        ("Deal (link)", 21), ("Deal name", 34), ("Customer", 30), ("Order number", 14), ("NetSuite id (link)", 12),
        ("Currency", 10), ("Salesforce amount", 18), ("NetSuite amount", 18), ("Tested by", 18), ("Result", 24),
    )  # fmt: skip
    title = f"{len(report.sample)} of {report.matched} matched deals, drawn with seed {report.sample_seed}"
    head(sheet, title, columns)
    for row, match in enumerate(report.sample, start=HEADER_ROW + 1):
        sheet.link(row, 0, match.crm_url, match.deal_id)
        sheet.text(row, 1, match.deal_name)
        sheet.text(row, 2, match.customer)
        sheet.text(row, 3, match.order_number)
        sheet.link(row, 4, match.erp_url, match.order_id)
        sheet.text(row, 5, match.currency)
        sheet.money(row, 6, match.crm_amount, match.currency)
        sheet.money(row, 7, match.erp_amount, match.currency)
        for column in (8, 9):
            sheet.text(row, column, "", "input")
    sheet.listing(HEADER_ROW, HEADER_ROW + len(report.sample), len(columns))


def write_parameters(sheet: Sheet, report: Report) -> None:
    """Write what a reviewer needs to repeat the run: limits, versions, the texts of the queries."""
    columns = (("Parameter", 48), ("Value", 110))
    head(sheet, "Parameters and queries", columns)
    rows = [*report.parameters, (RUN, report.run_id), (BOOK, report.book_id)]
    for row, (name, value) in enumerate(rows, start=HEADER_ROW + 1):
        sheet.text(row, 0, name)
        sheet.text(row, 1, value, "wrap")
    sheet.listing(HEADER_ROW, HEADER_ROW + len(rows), len(columns))


def head(sheet: Sheet, title: str, columns: Sequence[tuple[str, int]]) -> None:
    """Begin a listing: its title and its column headings."""
    sheet.columns([width for _, width in columns])
    sheet.text(0, 0, title, "title")
    sheet.header(HEADER_ROW, [name for name, _ in columns])
