"""The listing sheets of receivables: age of what is open, money on account, what is left to bill."""

from __future__ import annotations

from decimal import Decimal

from reconcile.report import BUCKETS, Report
from reconcile.sheet import Sheet
from reconcile.sheet_lists import HEADER_ROW, MOST_ROWS, head

TYPES = {
    "CustPymt": "payment", "CustDep": "deposit", "CustCred": "credit memo", "CustRfnd": "refund"
}  # fmt: skip


def write_ageing(sheet: Sheet, report: Report) -> None:
    """Write open receivables by days past due; money on account stands in its own column and is never netted."""
    columns = (
        ("Currency", 10), ("Customer", 40), *((name, 16) for name in BUCKETS), ("Open", 18), ("Unapplied", 18),
    )  # fmt: skip
    totals = _totals(report)
    head(sheet, "Open receivables by days past due, whole NetSuite account, gross", columns)
    rows = report.ageing[:MOST_ROWS]
    for row, one in enumerate(rows, start=HEADER_ROW + 1):
        sheet.text(row, 0, one.currency or "(none)")
        sheet.text(row, 1, one.customer)
        for at, amount in enumerate((*one.buckets, one.open, one.unapplied), start=2):
            sheet.money(row, at, amount, one.currency)
    for row, (currency, sums) in enumerate(totals.items(), start=HEADER_ROW + len(rows) + 1):
        sheet.text(row, 0, currency or "(none)", "total")
        sheet.text(row, 1, "all customers", "total")
        for at, amount in enumerate(sums, start=2):
            sheet.money(row, at, amount, currency, total=True)
    sheet.listing(HEADER_ROW, HEADER_ROW + len(rows), len(columns))


def _totals(report: Report) -> dict[str, list[Decimal]]:
    totals: dict[str, list[Decimal]] = {}
    for one in report.ageing:
        sums = totals.setdefault(one.currency, [Decimal(0)] * (len(BUCKETS) + 2))
        for at, amount in enumerate((*one.buckets, one.open, one.unapplied)):
            sums[at] += amount
    return totals


def write_on_account(sheet: Sheet, report: Report) -> None:
    """Write every payment, deposit and credit memo that is not fully applied."""
    columns = (
        ("Kind", 12), ("Number", 14), ("Customer", 40), ("Of Salesforce", 12), ("Date", 12), ("Currency", 10),
        ("Amount", 18), ("Applied", 18), ("Unapplied", 18), ("Memo", 40),
    )  # fmt: skip
    head(sheet, f"Money and credits on account: {len(report.on_account)}", columns)
    for row, one in enumerate(report.on_account[:MOST_ROWS], start=HEADER_ROW + 1):
        receipt = one.receipt
        sheet.text(row, 0, TYPES[receipt.type])
        sheet.text(row, 1, receipt.number)
        sheet.text(row, 2, one.customer)
        sheet.text(row, 3, "yes" if one.of_salesforce else "no")
        sheet.text(row, 4, receipt.date.isoformat())
        sheet.text(row, 5, receipt.currency)
        for at, amount in ((6, receipt.total), (7, receipt.applied), (8, receipt.unapplied)):
            sheet.money(row, at, amount, receipt.currency)
        sheet.text(row, 9, receipt.memo)
    sheet.listing(HEADER_ROW, HEADER_ROW + len(report.on_account[:MOST_ROWS]), len(columns))


def write_rests(sheet: Sheet, report: Report) -> None:
    """Write every order in scope that is not billed in full, and why."""
    columns = (
        ("Order", 14), ("Deal", 21), ("Customer", 36), ("Status", 26), ("Currency", 10), ("Ordered, net", 18),
        ("Invoices", 9), ("Invoiced, net", 18), ("Left to bill", 18), ("Why", 46),
    )  # fmt: skip
    head(sheet, f"Orders not billed in full: {len(report.rests)}", columns)
    for row, one in enumerate(report.rests[:MOST_ROWS], start=HEADER_ROW + 1):
        sheet.text(row, 0, one.number)
        sheet.text(row, 1, one.deal_id)
        sheet.text(row, 2, one.customer)
        sheet.text(row, 3, one.status)
        sheet.text(row, 4, one.currency or "(none)")
        sheet.money(row, 5, one.net, one.currency)
        sheet.count(row, 6, one.invoices)
        sheet.money(row, 7, one.invoiced, one.currency)
        sheet.money(row, 8, one.rest, one.currency)
        sheet.text(row, 9, one.why)
    sheet.listing(HEADER_ROW, HEADER_ROW + len(report.rests[:MOST_ROWS]), len(columns))
