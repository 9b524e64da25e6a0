"""The first sheet: whether the two systems agree, on one printed page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reconcile.bridge import CAUSES, LINES, Sum
from reconcile.chain import STAGES
from reconcile.exceptions import shown
from reconcile.report import Excluded, Report, instant
from reconcile.sheet import Sheet
from reconcile.text import aged, movement

WIDTHS = (11, 24, 22, 9, 15, 10, 15, 11, 20, 26)
WRAPPED_ROW = 42
"""Height in points of a row whose texts take three lines."""
REASONS_SHOWN = 6
PARAMETERS_SHOWN = (
    "Go-live", "Period", "Scope", "Salesforce read as of", "NetSuite read as of", "SLA won to ordered", "Tolerance",
    "Tolerance cap", "Mapping version", "Software version",
)  # fmt: skip
FirstRows = Mapping[tuple[str, str], int]
CAUSE_SHEETS = {"not yet due": "In flight", "held": "Holds", "split": "Bridge", "tolerated": "Bridge"}
"""Where the rows of a cause are; all others are exceptions."""


@dataclass(slots=True)
class Pen:
    """The sheet and the next row to write."""

    sheet: Sheet
    row: int = 0

    def line(self, text: str, style: str = "plain", column: int = 0) -> None:
        """Write one line of text and move on."""
        self.sheet.text(self.row, column, text, style)
        self.row += 1

    def section(self, text: str) -> None:
        """Begin a part of the page."""
        self.row += 1
        self.line(text, "section")

    def heads(self, names: Sequence[str]) -> None:
        """Write column headings and move on."""
        self.sheet.header(self.row, names)
        self.row += 1


def write_summary(sheet: Sheet, report: Report, first_rows: FirstRows) -> None:
    """Write the page. ``first_rows`` gives the first row of each code and currency on the sheet Exceptions."""
    pen = Pen(sheet)
    sheet.columns(WIDTHS)
    _verdict(pen, report)
    _chain(pen, report)
    _causes(pen, report, first_rows)
    _source_proof(pen, report)
    _excluded(pen, report)
    _largest(pen, report)
    _signatures(pen, report)
    page = sheet.page
    page.hide_gridlines(2)
    page.set_portrait()
    page.set_paper(9)
    page.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.5)
    page.print_area(0, 0, pen.row, len(WIDTHS) - 1)
    page.fit_to_pages(1, 1)
    page.set_footer("&L&F&RPage &P of &N")


def _verdict(pen: Pen, report: Report) -> None:
    pen.line(f"{report.company}: won deals in Salesforce to cash in NetSuite", "title")
    pen.line(f"1. {report.headline}", "good" if report.signable else "bad")
    pen.line("UNSIGNED DRAFT: nobody has signed this report.", "bold")
    for reason in report.reasons[:REASONS_SHOWN]:
        pen.line(f"- {reason}")
    if len(report.reasons) > REASONS_SHOWN:
        pen.line(f"- and {len(report.reasons) - REASONS_SHOWN} more, see Exceptions")
    pen.line(f"Unexplained: {report.unexplained}", "bold")


def _chain(pen: Pen, report: Report) -> None:
    pen.section("2. Won -> ordered -> invoiced (net of tax and shipping) -> invoiced gross -> collected (cash)")
    pen.heads(("Currency", "Step", "", "From", "Amount", "To", "Amount", "Gap", "Amount", "Unexplained"))
    for currency in sorted({*(c.currency for c in report.bridge.columns), *report.chain.currencies}):
        for label, opening, closing, left in steps(report, currency):
            pen.sheet.text(pen.row, 0, currency or "(none)")
            pen.sheet.text(pen.row, 1, label)
            for at, total in ((3, opening), (5, closing), (7, closing - opening)):
                pen.sheet.count(pen.row, at, total.items)
                pen.sheet.money(pen.row, at + 1, total.amount, currency)
            words = f"{left.items} items, {shown(left.amount, currency)}"
            pen.sheet.text(pen.row, 9, words, "bad" if left else "plain")
            pen.row += 1
    pen.line(f"{report.matched} deals agree with their order and appear in no exception.", "note")
    for currency in sorted({row.currency for row in report.ageing}):
        pen.line(f"Open receivables {currency or '(none)'}: {aged(report, currency)}", "note")


def steps(report: Report, currency: str) -> list[tuple[str, Sum, Sum, Sum]]:
    """Return (step, from, to, unexplained) of the whole way in one currency."""
    column = next((one for one in report.bridge.columns if one.currency == currency), None)
    first = [("won -> ordered", column.crm, column.erp, column.unexplained)] if column else []
    links = ((stage, report.chain.find(stage, currency)) for stage in STAGES)
    return first + [(STEP[stage.key], link.opening, link.closing, link.unexplained) for stage, link in links]


STEP = {"invoiced": "ordered -> invoiced", "gross": "net -> gross", "collected": "invoiced -> collected"}


def _causes(pen: Pen, report: Report, first_rows: FirstRows) -> None:
    pen.section("3. Each gap in causes that sum to it")
    pen.heads(("Currency", "Cause", "Rows", "Items", "Amount"))
    for column in report.bridge.columns:
        for cause in CAUSES:
            part = column.cause(cause)
            if not part:
                continue
            pen.sheet.text(pen.row, 0, column.currency or "(none)")
            pen.sheet.text(pen.row, 1, cause)
            target = CAUSE_SHEETS.get(cause, "Exceptions")
            row = _first_row(cause, column.currency, first_rows) if target == "Exceptions" else 1
            pen.sheet.link(pen.row, 2, f"#'{target}'!A{row}", f"see {target}")
            pen.sheet.count(pen.row, 3, part.items)
            pen.sheet.money(pen.row, 4, part.amount, column.currency)
            pen.row += 1
        pen.sheet.text(pen.row, 0, column.currency or "(none)", "total")
        pen.sheet.text(pen.row, 1, "gap", "total")
        pen.sheet.text(pen.row, 2, "", "total")
        pen.sheet.count(pen.row, 3, column.gap.items, "total_count")
        pen.sheet.money(pen.row, 4, column.gap.amount, column.currency, total=True)
        pen.row += 1
    _further_causes(pen, report)


def _further_causes(pen: Pen, report: Report) -> None:
    """Write the causes behind the order, a currency and step in one line; the sheet Chain has the rows."""
    pen.row += 1
    for link in report.chain.links:
        parts = [
            f"{cause} {shown(link.cause(cause).amount, link.currency)}"
            for cause in link.stage.causes
            if link.cause(cause)
        ]
        if parts:
            pen.sheet.text(pen.row, 0, link.currency or "(none)")
            pen.sheet.link(pen.row, 1, "#'Chain'!A1", STEP[link.stage.key])
            pen.sheet.text(pen.row, 3, "; ".join(parts))
            pen.row += 1


CODES_OF_LINE = {
    "missing": "MISSING_IN_ERP", "cancelled": "CANCEL_ERP_ONLY", "erp_only": "MISSING_IN_CRM",
    "deal_deleted": "DELETED_CRM", "deal_lost": "LOST_LIVE_ORDER", "extra_copies": "DUP_ERP",
    "currency_out": "CURRENCY", "currency_in": "CURRENCY", "amount_variance": "AMOUNT",
}  # fmt: skip


def _first_row(cause: str, currency: str, first_rows: FirstRows) -> int:
    """Return the first row on Exceptions that belongs to a cause, preferably of that currency."""
    codes = {CODES_OF_LINE.get(line.key, "") for line in LINES if line.cause == cause}
    rows = [(other != currency, row) for (code, other), row in first_rows.items() if code in codes]
    return min(rows, default=(True, 1))[1]


def _source_proof(pen: Pen, report: Report) -> None:
    pen.section("4. Source proof: the system's own total = read = compared")
    pen.heads(("System", "Population", "Currency", "Own", "Amount", "Read", "Amount", "Compared", "Amount", ""))
    for check in report.controls:
        pen.sheet.text(pen.row, 0, check.system)
        pen.sheet.text(pen.row, 1, check.population)
        pen.sheet.text(pen.row, 2, check.currency or "(none)")
        for at, total in ((3, check.own), (5, check.read), (7, check.compared)):
            pen.sheet.count(pen.row, at, total.items)
            pen.sheet.money(pen.row, at + 1, total.amount, check.currency)
        pen.sheet.text(pen.row, 9, "agrees" if check.ok else "DIFFERS", "good" if check.ok else "bad")
        pen.row += 1
    pen.line("The queries that repeat these totals are on the sheet Parameters. AR against GL is not compared.", "note")


def _excluded(pen: Pen, report: Report) -> None:
    pen.section("5. Read and left out of the comparison")
    pen.heads(("System", "Reason", "", "Items", "Amounts"))
    groups: dict[tuple[str, str], list[Excluded]] = {}
    for one in report.excluded:
        groups.setdefault((one.system, one.reason), []).append(one)
    for (system, reason), members in groups.items():
        pen.sheet.text(pen.row, 0, system)
        pen.sheet.text(pen.row, 1, reason)
        pen.sheet.count(pen.row, 3, sum(member.total.items for member in members))
        amounts = (f"{m.currency or '(none)'} {shown(m.total.amount, m.currency)}" for m in members)
        pen.sheet.text(pen.row, 4, "; ".join(amounts))
        pen.row += 1


def _largest(pen: Pen, report: Report) -> None:
    pen.section(f"6. The {len(report.largest)} largest of {len(report.exceptions)} exceptions")
    pen.heads(("Severity", "Exception", "Customer", "Age, days", "At stake", "Currency", "Order", "Owner", "Deal",
               "Next step"))  # fmt: skip
    for one in report.largest:
        pen.sheet.page.set_row(pen.row, WRAPPED_ROW)
        pen.sheet.text(pen.row, 0, one.severity)
        pen.sheet.text(pen.row, 1, one.title, "wrap")
        pen.sheet.text(pen.row, 2, one.customer, "wrap")
        pen.sheet.count(pen.row, 3, one.age_days)
        pen.sheet.money(pen.row, 4, one.at_stake, one.currency)
        pen.sheet.text(pen.row, 5, one.currency)
        pen.sheet.link(pen.row, 6, one.erp_url, one.order_number or one.erp_id or "")
        pen.sheet.text(pen.row, 7, one.owner, "wrap")
        pen.sheet.link(pen.row, 8, one.crm_url, one.crm_id or one.key)
        pen.sheet.text(pen.row, 9, one.action, "wrap")
        pen.row += 1
    pen.line(movement(report), "note")


def _signatures(pen: Pen, report: Report) -> None:
    pen.section("7. Instants, tolerances, versions, signatures")
    known = dict(report.parameters)
    for name in PARAMETERS_SHOWN:
        if name in known:
            pen.sheet.text(pen.row, 0, name)
            pen.sheet.text(pen.row, 2, known[name])
            pen.row += 1
    for role in ("Prepared by", "Reviewed by"):
        pen.sheet.text(pen.row, 0, role)
        pen.sheet.text(pen.row, 2, "not signed (UNSIGNED DRAFT)", "input")
        pen.row += 1
    pen.line(f"Read from both systems at {instant(report.crm_at)} / {instant(report.erp_at)}.", "note")
