"""The first sheet: whether the two systems agree, on one printed page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import zip_longest

from reconcile.bridge import CAUSES, LINES, Sum
from reconcile.chain import COLLECTED, GROSS, INVOICED, Stage
from reconcile.report import BUCKETS, Control, Excluded, Report
from reconcile.sheet import Sheet
from reconcile.sheet_pen import WIDTHS, Figures, Pen
from reconcile.text import movement

WRAPPED_ROW = 39
"""Height in points of a row whose texts take three lines."""
REASONS_SHOWN = 6
PARAMETERS_SHOWN = (
    "Period", "Salesforce read as of", "NetSuite read as of", "Go-live", "Scope", "SLA won to ordered",
    "Mapping version", "Software version",
)  # fmt: skip
LONG_PARAMETERS = ("Tolerance", "Tolerance cap")
FirstRows = Mapping[tuple[str, str], int]
CAUSE_SHEETS = {"not yet due": "In flight", "held": "Holds", "split": "Bridge", "tolerated": "Bridge"}
"""Where the rows of a cause of won -> ordered are; all others are exceptions."""
UNBILLED_CAUSES = (
    "not approved", "not yet due", "held", "unbilled", "invoice not approved", "later period", "closed",
    "order in question", "not offered",
)  # fmt: skip
"""Causes of ordered -> invoiced whose rows are on the sheet Unbilled."""


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
    page.set_margins(left=0.4, right=0.4, top=0.4, bottom=0.5)
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
        pen.line(f"- and {len(report.reasons) - REASONS_SHOWN} more kinds of exceptions, see the sheet Exceptions")
    pen.line(f"Unexplained: {report.unexplained}", "bold")


def currencies_of(report: Report) -> list[str]:
    """Return every currency of the report, in alphabetical order."""
    return sorted({*(c.currency for c in report.bridge.columns), *report.chain.currencies})


def _chain(pen: Pen, report: Report) -> None:
    pen.section("2. Won -> ordered -> invoiced -> collected; won, ordered and invoiced net of tax and shipping")
    rows = [
        Figures(label="Won in Salesforce", of=lambda code: _ends(report, code)[0], quiet=False),
        Figures(label="    gap", of=lambda code: _ends(report, code)[1] - _ends(report, code)[0], quiet=False),
        Figures(label="Ordered in NetSuite", of=lambda code: _ends(report, code)[1], quiet=False),
        Figures(label="    gap", of=lambda code: report.chain.find(INVOICED, code).gap, quiet=False),
        Figures(label="Invoiced, net", of=lambda code: report.chain.find(INVOICED, code).closing, quiet=False),
        Figures(label="    tax and shipping", of=lambda code: report.chain.find(GROSS, code).gap, quiet=False),
        Figures(label="Invoiced, gross", of=lambda code: report.chain.find(COLLECTED, code).opening, quiet=False),
        Figures(label="    gap", of=lambda code: report.chain.find(COLLECTED, code).gap, quiet=False),
        Figures(label="Collected in cash", of=lambda code: report.chain.find(COLLECTED, code).closing, quiet=False),
        Figures(label="Unexplained, all steps (must be 0)", of=lambda code: _left(report, code), total=True,
                quiet=False),
    ]  # fmt: skip
    pen.table(currencies_of(report), rows, "Items are deals, orders, invoices")
    pen.line(f"{report.matched} deals agree with their order and appear in no exception.", "note")
    _ageing(pen, report)


def _ends(report: Report, currency: str) -> tuple[Sum, Sum]:
    """Return what was won and what was ordered."""
    column = next((one for one in report.bridge.columns if one.currency == currency), None)
    return (column.crm, column.erp) if column else (Sum(), Sum())


def _left(report: Report, currency: str) -> Sum:
    """Return what all steps leave over; parts of different signs are not set off against each other."""
    columns = [one.unexplained for one in report.bridge.columns if one.currency == currency]
    links = [one.unexplained for one in report.chain.links if one.currency == currency]
    return sum((Sum(abs(one.items), abs(one.amount)) for one in (*columns, *links)), Sum())


def _ageing(pen: Pen, report: Report) -> None:
    """Write the whole account's open receivables by age; a bucket without any amount is left out."""
    if not report.ageing:
        return

    def bucket(n: int) -> Figures:
        label = f"    {BUCKETS[n]}" + ("" if n == 0 else " days past due")
        return Figures(label=label, of=lambda code: _aged(report, code, n), items=False)

    rows = [
        *(bucket(n) for n in range(len(BUCKETS))),
        Figures(label="Open receivables, gross", of=lambda code: _aged(report, code, None), total=True, items=False,
                quiet=False, target=("AR ageing", 1)),
        Figures(label="Money on account, not applied", of=lambda code: _on_account(report, code), items=False,
                target=("Unapplied cash", 1)),
    ]  # fmt: skip
    pen.table(sorted({row.currency for row in report.ageing}), rows, "Receivables of the whole NetSuite account")


def _aged(report: Report, currency: str, bucket: int | None) -> Sum:
    rows = [row for row in report.ageing if row.currency == currency]
    return Sum(0, sum((row.open if bucket is None else row.buckets[bucket] for row in rows), Decimal(0)))


def _on_account(report: Report, currency: str) -> Sum:
    return Sum(0, sum((row.unapplied for row in report.ageing if row.currency == currency), Decimal(0)))


def _causes(pen: Pen, report: Report, first_rows: FirstRows) -> None:
    pen.section("3. Each gap in causes that sum to it")
    currencies = currencies_of(report)
    columns = {column.currency: column for column in report.bridge.columns}

    def ordered(cause: str) -> Figures:
        target = CAUSE_SHEETS.get(cause, "Exceptions")
        row = _first_row(cause, first_rows) if target == "Exceptions" else 1
        return Figures(
            label=cause,
            of=lambda code: columns[code].cause(cause) if code in columns else Sum(),
            target=(target, row),
        )

    gap = Figures(label="gap", of=lambda code: columns[code].gap if code in columns else Sum(), total=True, quiet=False)
    pen.table(currencies, [*(ordered(cause) for cause in CAUSES), gap], "Won -> ordered")
    for stage, title in ((INVOICED, "Ordered -> invoiced, net"), (COLLECTED, "Invoiced, gross -> collected")):
        pen.table(currencies, list(_stage(report, stage)), title)


def _stage(report: Report, stage: Stage) -> Iterator[Figures]:
    def figures(cause: str) -> Figures:
        return Figures(
            label=cause,
            of=lambda code: report.chain.find(stage, code).cause(cause),
            target=(_sheet_of(stage, cause), 1),
        )

    yield from (figures(cause) for cause in stage.causes)
    yield Figures(label="gap", of=lambda code: report.chain.find(stage, code).gap, total=True, quiet=False)


def _sheet_of(stage: Stage, cause: str) -> str:
    """Return the sheet that has the rows of a cause behind the order."""
    if stage is COLLECTED:
        return "Open invoices"
    if cause in UNBILLED_CAUSES:
        return "Unbilled"
    return "Exceptions" if cause == "over-billed" else "Chain"


CODES_OF_LINE = {
    "missing": "MISSING_IN_ERP", "cancelled": "CANCEL_ERP_ONLY", "erp_only": "MISSING_IN_CRM",
    "deal_deleted": "DELETED_CRM", "deal_lost": "LOST_LIVE_ORDER", "extra_copies": "DUP_ERP",
    "currency_out": "CURRENCY", "currency_in": "CURRENCY", "amount_variance": "AMOUNT",
}  # fmt: skip


def _first_row(cause: str, first_rows: FirstRows) -> int:
    """Return the first row on Exceptions that belongs to a cause."""
    codes = {CODES_OF_LINE.get(line.key, "") for line in LINES if line.cause == cause}
    return min((row for (code, _), row in first_rows.items() if code in codes), default=1)


def _source_proof(pen: Pen, report: Report) -> None:
    pen.section("4. Source proof: the system's own total = rows read = rows compared")
    checks: dict[tuple[str, str], dict[str, Control]] = {}
    for check in report.controls:
        checks.setdefault((check.system, check.population), {})[check.currency] = check
    rows = [row for (system, words), found in checks.items() for row in _proved(f"{system}: {words}", found)]
    if rows:
        pen.table(sorted({check.currency for check in report.controls}), rows, "Population")
    pen.line("The queries that repeat these totals are on the sheet Parameters. AR against GL is not compared.", "note")


def _proved(label: str, checks: Mapping[str, Control]) -> Iterator[Figures]:
    """Yield one row where all three totals agree in every currency, else each of the three."""

    def figures(words: str, part: str, remark: str) -> Figures:
        def of(code: str) -> Sum:
            total: Sum = getattr(checks[code], part) if code in checks else Sum()
            return total

        return Figures(label=words, of=of, remark=remark, quiet=False)

    if all(check.ok for check in checks.values()):
        yield figures(label, "own", "all three agree")
        return
    yield figures(label, "own", "DIFFERS: own")
    yield figures("", "read", "DIFFERS: read")
    yield figures("", "compared", "DIFFERS: compared")


def _excluded(pen: Pen, report: Report) -> None:
    pen.section("5. Read and left out of the comparison")
    groups: dict[tuple[str, str], dict[str, Excluded]] = {}
    for one in report.excluded:
        groups.setdefault((one.system, one.reason), {})[one.currency] = one

    def figures(system: str, reason: str, members: Mapping[str, Excluded]) -> Figures:
        return Figures(
            label=f"{system}: {reason}", of=lambda code: members[code].total if code in members else Sum(), quiet=True
        )

    rows = [figures(system, reason, members) for (system, reason), members in groups.items()]
    if rows:
        pen.table(sorted({one.currency for one in report.excluded}), rows, "Population and reason")


def _largest(pen: Pen, report: Report) -> None:
    pen.section(f"6. The {len(report.largest)} largest of {len(report.exceptions)} exceptions")
    pen.heads(("Exception and customer", "Owner", "Severity", "At stake", "", "Order", "Days", "Deal", "Next step",
               ""))  # fmt: skip
    for one in report.largest:
        pen.sheet.page.set_row(pen.row, WRAPPED_ROW)
        pen.sheet.text(pen.row, 0, f"{one.title}: {one.customer}" if one.customer else one.title, "wrap")
        pen.sheet.text(pen.row, 1, one.owner, "wrap")
        pen.sheet.text(pen.row, 2, one.severity)
        pen.sheet.money(pen.row, 3, one.at_stake, one.currency)
        pen.sheet.text(pen.row, 4, one.currency)
        pen.sheet.link(pen.row, 5, one.erp_url, one.order_number or one.erp_id or "")
        pen.sheet.count(pen.row, 6, one.age_days)
        pen.sheet.link(pen.row, 7, one.crm_url, one.crm_id or one.key)
        pen.sheet.page.merge_range(pen.row, 8, pen.row, 9, "", pen.sheet.styles.of("wrap"))
        pen.sheet.text(pen.row, 8, one.action, "wrap")
        pen.row += 1
    pen.line(movement(report), "note")


def _signatures(pen: Pen, report: Report) -> None:
    pen.section("7. Period end and instants, tolerances, versions, signatures (instants in UTC)")
    known = dict(report.parameters)
    shown = [(name, known[name]) for name in PARAMETERS_SHOWN if name in known]
    half = (len(shown) + 1) // 2
    for left, right in zip_longest(shown[:half], shown[half:]):
        _pair(pen, 0, left)
        if right is not None:
            _pair(pen, 5, right)
        pen.row += 1
    for name in LONG_PARAMETERS:
        _pair(pen, 0, (name, known.get(name, "")))
        pen.row += 1
    for role in ("Prepared by", "Reviewed by"):
        pen.sheet.text(pen.row, 0, role)
        pen.sheet.page.merge_range(pen.row, 1, pen.row, 4, "", pen.sheet.styles.of("input"))
        pen.sheet.text(pen.row, 1, "not signed (UNSIGNED DRAFT)", "input")
        pen.row += 1


def _pair(pen: Pen, column: int, pair: Sequence[str]) -> None:
    pen.sheet.text(pen.row, column, pair[0])
    pen.sheet.text(pen.row, column + (1 if column == 0 else 2), pair[1])
