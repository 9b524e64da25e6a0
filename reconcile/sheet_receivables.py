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
    row = HEADER_ROW + len(rows) + 1
    for currency, sums in totals.items():
        sheet.text(row, 0, currency or "(none)", "total")
        sheet.text(row, 1, "all customers", "total")
        for at, amount in enumerate(sums, start=2):
            sheet.money(row, at, amount, currency, total=True)
        row = _tie(sheet, row + 1, currency, report)
    sheet.listing(HEADER_ROW, HEADER_ROW + len(rows), len(columns))


def _tie(sheet: Sheet, row: int, currency: str, report: Report) -> int:
    """Split the open amount of a currency into what the chain shows as open and what is left out of it."""
    at = 2 + len(BUCKETS)
    for label, compared in (("of it in the chain (sheet Chain)", True), ("of it left out (sheet Excluded)", False)):
        part = sum(
            (one.invoice.unpaid for one in report.open_invoices
             if one.compared is compared and one.invoice.currency == currency), Decimal(0)
        )  # fmt: skip
        sheet.text(row, 0, currency or "(none)", "note")
        sheet.text(row, 1, label, "note")
        sheet.money(row, at, part, currency)
        row += 1
    return row


def _totals(report: Report) -> dict[str, list[Decimal]]:
    totals: dict[str, list[Decimal]] = {}
    for one in report.ageing:
        sums = totals.setdefault(one.currency, [Decimal(0)] * (len(BUCKETS) + 2))
        for at, amount in enumerate((*one.buckets, one.open, one.unapplied)):
            sums[at] += amount
    return totals


def write_open_invoices(sheet: Sheet, report: Report) -> None:
    """Write every posted invoice that cash has not paid in full: the rows behind the gap from invoiced to collected."""
    columns = (
        ("Invoice (link)", 14), ("Deal (link)", 21), ("Customer", 38), ("In the chain", 9), ("Date", 11),
        ("Due", 11), ("Days overdue", 9), ("Currency", 9), ("Total, gross", 17), ("Cash", 17), ("Credited", 17),
        ("Written off", 15), ("Open", 17),
    )  # fmt: skip
    rows = report.open_invoices[:MOST_ROWS]
    head(sheet, f"Invoices not paid in full by cash: {len(report.open_invoices)}", columns)
    for row, one in enumerate(rows, start=HEADER_ROW + 1):
        invoice = one.invoice
        sheet.link(row, 0, one.erp_url, invoice.number)
        sheet.link(row, 1, one.crm_url, one.deal_id or "")
        sheet.text(row, 2, one.customer)
        sheet.text(row, 3, "yes" if one.compared else "no")
        sheet.text(row, 4, invoice.date.isoformat())
        sheet.text(row, 5, invoice.due_date.isoformat() if invoice.due_date else "")
        sheet.count(row, 6, max(0, one.days_over) if invoice.unpaid else None)
        sheet.text(row, 7, invoice.currency)
        amounts = (invoice.total, one.cash, one.credited, one.written, invoice.unpaid)
        for at, amount in enumerate(amounts, start=8):
            sheet.money(row, at, amount, invoice.currency)
    sheet.listing(HEADER_ROW, HEADER_ROW + len(rows), len(columns))


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
    """Write every order in scope that is not billed in full, a row for each line of the chain that explains it."""
    columns = (
        ("Order (link)", 14), ("Deal (link)", 21), ("Customer", 36), ("Status", 22), ("Order date", 11),
        ("Bill next on", 11), ("Currency", 9), ("Ordered, net", 17), ("Invoices", 9), ("Invoiced, net", 17),
        ("Left to bill", 17), ("Why (line of the sheet Chain)", 44),
    )  # fmt: skip
    orders = len({one.order_id for one in report.rests})
    title = f"Orders not billed in full: {orders}; the rows of a reason add up to its line on the sheet Chain"
    head(sheet, title, columns)
    rows = report.rests[:MOST_ROWS]
    for row, one in enumerate(rows, start=HEADER_ROW + 1):
        sheet.link(row, 0, one.erp_url, one.number)
        sheet.link(row, 1, one.crm_url, one.deal_id or "")
        sheet.text(row, 2, one.customer)
        sheet.text(row, 3, one.status)
        sheet.text(row, 4, one.ordered_on.isoformat() if one.ordered_on else "")
        sheet.text(row, 5, one.next_bill.isoformat() if one.next_bill else "")
        sheet.text(row, 6, one.currency or "(none)")
        sheet.money(row, 7, one.net, one.currency)
        sheet.count(row, 8, one.invoices)
        sheet.money(row, 9, one.invoiced, one.currency)
        sheet.money(row, 10, one.left, one.currency)
        sheet.text(row, 11, one.why)
    for row, ((currency, why), left) in enumerate(_by_reason(report).items(), start=HEADER_ROW + len(rows) + 1):
        sheet.text(row, 6, currency or "(none)", "total")
        sheet.money(row, 10, left, currency, total=True)
        sheet.text(row, 11, why, "total")
    sheet.listing(HEADER_ROW, HEADER_ROW + len(rows), len(columns))


def _by_reason(report: Report) -> dict[tuple[str, str], Decimal]:
    sums: dict[tuple[str, str], Decimal] = {}
    for one in report.rests:
        key = one.currency, one.why
        sums[key] = sums.get(key, Decimal(0)) + one.left
    return dict(sorted(sums.items()))
