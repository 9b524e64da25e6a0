"""The demo's first screen: what happened, what it proves, and where to look further."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from console.demo_judge import Judgement
from console.output import Output
from journal.nouns import Hold
from reconcile.chain import COLLECTED, GROSS, INVOICED
from reconcile.exceptions import shown
from reconcile.report import Report, to_json
from sync.engine import RunResult
from sync.world import BALANCE, INVOICE_STATUS, ORDER_NUMBER, ORDER_STATUS, PAID, PAYMENT_STATUS, SYNC_STATE


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """Everything that the first screen shows."""

    first: RunResult
    billed: RunResult
    last: RunResult
    collected: Mapping[str, int]
    held: Sequence[Hold]
    report: Report
    workbook: Path
    judged: Judgement
    edits: int
    followed: Mapping[str, Any]

    def content(self) -> dict[str, Any]:
        """Return the screen for ``--json``."""
        return {
            "counts": self.first.counts(),
            "billed": self.billed.counts(),
            "last": self.last.counts(),
            "collected": dict(self.collected),
            "judged": self.judged,
            "followed": self.followed,
            "workbook": str(self.workbook),
            "report": to_json(self.report),
        }


def show(output: Output, screen: Screen) -> None:
    """Print the first screen."""
    output.line()
    _deals(output, screen)
    _billing(output, screen)
    _money(output, screen.report)
    _holds(output, screen.held)
    _proof(output, screen)
    _followed(output, screen.followed)
    output.line()
    output.line(f"Workbook: {screen.workbook}", style="bold")


def _deals(output: Output, screen: Screen) -> None:
    counts = screen.first.counts()
    orders = {name: counts.get(f"orders.{name}", 0) for name in ("created", "matched", "held", "skipped")}
    won = sum(orders.values())
    output.line(
        f"{won} won deals: {orders['created']} orders created, {orders['matched']} already there and matched, "
        f"{orders['held']} held for a person, {orders['skipped']} from before go-live without an order.",
        style="bold",
    )


def _billing(output: Output, screen: Screen) -> None:
    counts, last = screen.billed.counts(), screen.last
    made = counts.get("invoices.created", 0) + last.counts().get("invoices.created", 0)
    output.line(
        f"{made} invoices made by Tieout, {screen.judged.invoices.by_hand} by finance; "
        f"{_collected(screen.collected)}. "
        f"Status written onto {last.status_counts.get('written', 0)} deals, "
        f"{last.account_counts.get('written', 0)} rows under accounts.",
        style="bold",
    )


def _collected(done: Mapping[str, int]) -> str:
    words = (("pay", "payments"), ("credit", "credits"), ("apply_deposit", "deposits applied"), ("refund", "refunds"))
    return ", ".join(f"{done[op]} {word}" for op, word in words if done.get(op))


def _money(output: Output, report: Report) -> None:
    """One line a currency: each step, what it lacks of the one before, and what no cause explains."""
    output.line()
    output.line("Won -> ordered -> invoiced -> collected since go-live, after people edited both systems:")
    rows = []
    for column in report.bridge.columns:
        code = column.currency
        links = [report.chain.find(stage, code) for stage in (INVOICED, GROSS, COLLECTED)]
        unexplained = [column.unexplained, *(link.unexplained for link in links)]
        items = sum(abs(part.items) for part in unexplained)
        amount = sum((abs(part.amount) for part in unexplained), unexplained[0].amount * 0)
        money = (column.crm, column.erp, links[0].closing, links[1].closing, links[2].closing)
        rows.append(
            [code, column.crm.items, *(shown(part.amount, code) for part in money), f"{items} / {shown(amount, code)}"]
        )
    heads = ["currency", "deals", "won", "ordered", "invoiced net", "with tax", "collected", "unexplained"]
    output.table(heads, rows, right=heads[1:])
    output.line(f"Verdict: {report.verdict}, {len(report.exceptions)} exceptions named in the workbook.")


def _holds(output: Output, held: Sequence[Hold]) -> None:
    output.line()
    output.line("Held, by cause:")
    example = {hold.code: hold for hold in reversed(held)}
    counted = Counter(hold.code for hold in held)
    rows = [[count, code, f"{example[code].cause} {example[code].fix}"] for code, count in counted.most_common()]
    output.table(["", "cause", "one of them, and how to mend it"], rows, right=[""])


def _proof(output: Output, screen: Screen) -> None:
    judged = screen.judged
    output.line()
    log, invoices = judged.log, judged.invoices
    output.line(
        f"By NetSuite's own log: {log.orders_created} orders and {invoices.created} invoices created, "
        f"duplicates {log.duplicates + invoices.duplicates}, lost {log.lost + invoices.lost}, "
        f"second run {log.second_run_writes} writes.",
        style="bold",
    )
    output.line(
        f"Planted: {judged.planted} defects of {judged.kinds} kinds ({screen.edits} by later hand edits). "
        f"Found: {judged.found} of {judged.planted}. False alarms: {len(judged.false_alarms)}.",
        style="bold",
    )
    for sign in [*judged.missing, *judged.false_alarms]:
        output.line(f"    {'missed' if sign in judged.missing else 'false alarm'}: {' '.join(sign)}", style="red")


def _followed(output: Output, followed: Mapping[str, Any]) -> None:
    deal, order = followed["deal"], followed["order"]
    currency = str(deal["CurrencyIsoCode"])
    output.line()
    output.line(f"One deal followed: {deal['Name']} ({deal['Id']})")
    output.line(f"    NetSuite    sales order {order['tranId']}, external id {order['externalId']}")
    for invoice in followed["invoices"]:
        total, left = shown(invoice["total"], currency), shown(invoice["amountRemaining"], currency)
        output.line(f"    NetSuite    invoice {invoice['tranId']} of {invoice['tranDate']} over {total}, open {left}")
    for payment in followed["payments"]:
        amount = shown(payment["payment"], currency)
        output.line(f"    NetSuite    payment {payment['tranId']} of {payment['tranDate']} over {amount}")
    output.line(
        f"    Salesforce  order {deal.get(ORDER_NUMBER)}, {deal.get(ORDER_STATUS)}; {deal.get(INVOICE_STATUS)}; "
        f"{deal.get(PAYMENT_STATUS)}: {shown(deal.get(PAID), currency)} {currency}, "
        f"balance {shown(deal.get(BALANCE), currency)}; "
        f"{deal.get(SYNC_STATE)}"
    )
