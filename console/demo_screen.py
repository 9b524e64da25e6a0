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
from reconcile.exceptions import shown
from reconcile.report import Report, to_json
from sync.engine import RunResult
from sync.world import ORDER_NUMBER, ORDER_STATUS, SYNC_STATE


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """Everything that the first screen shows."""

    first: RunResult
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
            "judged": self.judged,
            "followed": self.followed,
            "workbook": str(self.workbook),
            "report": to_json(self.report),
        }


def show(output: Output, screen: Screen) -> None:
    """Print the first screen."""
    output.line()
    _deals(output, screen)
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


def _money(output: Output, report: Report) -> None:
    output.line()
    output.line("Won -> ordered since go-live, net of tax, after people edited both systems:")
    rows = [
        [
            column.currency,
            column.crm.items,
            shown(column.crm.amount, column.currency),
            column.erp.items,
            shown(column.erp.amount, column.currency),
            shown(column.gap.amount, column.currency),
            f"{column.unexplained.items} / {shown(column.unexplained.amount, column.currency)}",
        ]
        for column in report.bridge.columns
    ]
    heads = ["currency", "deals", "won", "orders", "ordered", "gap", "unexplained"]
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
    output.line(
        f"By NetSuite's own log: {judged.log.orders_created} orders created, duplicates {judged.log.duplicates}, "
        f"lost {judged.log.lost}, second run {judged.log.second_run_writes} writes.",
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
    deal = followed["deal"]
    output.line()
    output.line(f"One deal followed: {deal['Name']} ({deal['Id']})")
    output.line(f"    NetSuite   sales order {followed['netsuite_id']}, external id {followed['external_id']}")
    output.line(
        f"    Salesforce record now says: order {deal.get(ORDER_NUMBER)}, "
        f"{deal.get(ORDER_STATUS)}, {deal.get(SYNC_STATE)}"
    )
