"""Completeness: each system's own totals, what was read, and what was compared must be the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from connectors.records import ControlTotal
from reconcile.bridge import Sum
from reconcile.exceptions import CONTROL, Discrepancy, shown
from reconcile.extract import sum_by_currency
from reconcile.options import Options, Severity
from reconcile.report import Control
from reconcile.snapshot import Snapshot

RERUN = "Run the reconciliation again; if it stays, report it as a defect. Nothing may be signed meanwhile."


def controls(
    snapshot: Snapshot,
    deals: Sequence[ControlTotal],
    orders: Sequence[ControlTotal],
    invoices: Sequence[ControlTotal],
) -> list[Control]:
    """Compare the three counts and sums per population and currency.

    ``deals``, ``orders`` and ``invoices`` are the totals of what the compare engine held.
    """
    won = [deal for deal in snapshot.deals if deal.is_won and not deal.deleted]
    read_deals = sum_by_currency((deal.currency, deal.header_amount) for deal in won)
    read_orders = sum_by_currency((order.currency, order.net) for order in snapshot.orders)
    read_invoices = sum_by_currency(
        (invoice.currency, invoice.total) for invoice in snapshot.invoices if invoice.posted
    )
    lines = snapshot.lines_read
    return [
        *_controls("Salesforce", "won deals, header amount", snapshot.crm_totals, read_deals, deals),
        *_controls("Salesforce", "their lines, total price", snapshot.line_totals, lines, lines),
        *_controls("NetSuite", "sales orders, net", snapshot.erp_totals, read_orders, orders),
        *_controls("NetSuite", "posted invoices, gross", snapshot.invoice_totals, read_invoices, invoices),
    ]


def control_exceptions(
    snapshot: Snapshot, checks: Iterable[Control], faults: Iterable[str], options: Options
) -> Iterator[Discrepancy]:
    """Yield what makes the run itself untrustworthy; any one of these forbids a signature."""
    for check in checks:
        if not check.ok:
            key = f"{check.system} {check.population} {check.currency}".strip()
            own, read, compared = (_words(side, check.currency) for side in (check.own, check.read, check.compared))
            yield _incomplete(key, f"{key}: own total {own}; read {read}; compared {compared}")
    yield from _miscounts(snapshot)
    skew = abs(snapshot.crm_at - snapshot.erp_at)
    if skew > options.max_skew:
        yield _control("SNAPSHOT_SKEW", "high", "snapshot", f"the two sides were read {skew} apart",
                       "The two sides are not of one instant", RERUN)  # fmt: skip
    for fault in faults:
        yield _control("BRIDGE_BREAK", "critical", fault.partition(":")[0], fault,
                       "The bridge or the chain does not foot", RERUN)  # fmt: skip


def _miscounts(snapshot: Snapshot) -> Iterator[Discrepancy]:
    live_won = sum(1 for deal in snapshot.deals if deal.is_won and not deal.deleted)
    for system, landed, kept in (
        ("Salesforce", snapshot.crm_rows_read, live_won),
        ("NetSuite", snapshot.erp_rows_read, len(snapshot.orders)),
    ):
        if landed != kept:
            yield _incomplete(f"{system} rows", f"{system}: {landed} rows arrived, {kept} are in the snapshot")
    for system, ids in (
        ("Salesforce", (deal.id for deal in snapshot.deals)),
        ("NetSuite", (order.id for order in snapshot.orders)),
        ("NetSuite invoices", (invoice.id for invoice in snapshot.invoices)),
        ("NetSuite receipts", (receipt.id for receipt in snapshot.receipts)),
    ):
        twice = sorted(id_ for id_, times in Counter(ids).items() if times > 1)
        if twice:
            yield _incomplete(f"{system} duplicates", f"{system} records read more than once: {', '.join(twice[:5])}")


def _controls(
    system: str,
    population: str,
    own: Sequence[ControlTotal],
    read: Sequence[ControlTotal],
    compared: Sequence[ControlTotal],
) -> list[Control]:
    sides = [{total.currency: Sum(total.count, total.amount) for total in side} for side in (own, read, compared)]
    return [
        Control(
            system=system,
            population=population,
            currency=currency,
            own=sides[0].get(currency, Sum()),
            read=sides[1].get(currency, Sum()),
            compared=sides[2].get(currency, Sum()),
        )
        for currency in sorted(set().union(*sides))
    ]


def _words(total: Sum, currency: str) -> str:
    return f"{total.items} with {shown(total.amount, currency)}"


def _incomplete(key: str, detail: str) -> Discrepancy:
    return _control("EXTRACT_INCOMPLETE", "critical", key, detail, "What was read is not the whole population", RERUN)


def _control(code: str, severity: Severity, key: str, detail: str, title: str, action: str) -> Discrepancy:
    return Discrepancy(
        code=code,
        family=CONTROL,
        severity=severity,
        owner="integration operations",
        title=title,
        action=action,
        entity=CONTROL,
        key=key,
        detail=detail,
    )
