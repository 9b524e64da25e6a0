"""The report as plain lines for a terminal: first the verdict, then the proof, then the records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal

from reconcile.bridge import CAUSES, LINES, Sum
from reconcile.exceptions import shown
from reconcile.report import BUCKETS, Report, instant

Row = Sequence[str]
LIST_LIMIT = 40
INDENT = "  "


def render_text(report: Report, limit: int = LIST_LIMIT) -> str:
    """Return the report as lines of at most some 130 columns; at most ``limit`` exceptions are listed."""
    parts = [
        _verdict(report),
        _section("Won -> ordered (net of tax and shipping)", _won_to_ordered(report)),
        _section("Why they differ", _causes(report)),
        _section("Ordered -> invoiced (net) -> invoiced (gross) -> collected (cash)", _chain(report)),
        _section("Why they differ, behind the order", _chain_causes(report)),
        _section("Open receivables by days past due, money on account", _ageing(report)),
        _section("Bridge from Salesforce to NetSuite", _bridge(report)),
        _section("Source proof (system's own total = read = compared)", _controls(report)),
        _section("Left out of the comparison", _excluded(report)),
        _section(f"Exceptions by kind ({len(report.exceptions)})", _kinds(report)),
        _section(
            "Exceptions" if len(report.exceptions) <= limit else f"Exceptions, the first {limit}",
            _exceptions(report, limit),
        ),  # fmt: skip
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _verdict(report: Report) -> str:
    lines = [
        report.headline,
        "UNSIGNED DRAFT: nobody has signed this report.",
        *(f"{INDENT}- {reason}" for reason in report.reasons),
        f"Unexplained: {report.unexplained}",
        f"{report.matched} deals agree with their order, {len(report.exceptions)} exceptions, "
        f"{len(report.in_flight)} on their way, {len(report.holds)} holds.",
        f"{movement(report)}." if report.roll else "",
        f"Read as of Salesforce {instant(report.crm_at)}, NetSuite {instant(report.erp_at)}.",
    ]
    return "\n".join(line for line in lines if line)


def movement(report: Report) -> str:
    """Return the movement of open exceptions since the last recorded run, in words."""
    roll = report.roll
    if roll is None:
        return "This run was not recorded; exceptions keep their state"
    return (
        f"Since the last run: opening {roll.opening} + new {roll.new} - resolved {roll.resolved}"
        f" - accepted {roll.accepted} = closing {roll.closing}"
        + ("" if roll.complete else " (incomplete run: nothing was closed)")
    )


def _chain(report: Report) -> list[str]:
    rows = [
        (link.currency or "(none)", link.stage.key, *_cells(link.opening, link.currency),
         *_cells(link.closing, link.currency), *_cells(link.gap, link.currency),
         *_cells(link.unexplained, link.currency))
        for link in sorted(report.chain.links, key=lambda link: link.currency)
    ]  # fmt: skip
    head = ("currency", "to", "from", "amount", "to", "amount", "gap", "amount", "unexplained", "amount")
    return aligned([head, *rows], right=range(2, 10)) if rows else []


def _chain_causes(report: Report) -> list[str]:
    rows = [
        (link.currency or "(none)", link.stage.key, cause, *_cells(link.cause(cause), link.currency))
        for link in sorted(report.chain.links, key=lambda link: link.currency)
        for cause in link.stage.causes
        if link.cause(cause)
    ]
    return aligned([("currency", "to", "cause", "items", "amount"), *rows], right=(3, 4)) if rows else []


def _ageing(report: Report) -> list[str]:
    return [f"{code or '(none)'}: {aged(report, code)}" for code in sorted({row.currency for row in report.ageing})]


def aged(report: Report, currency: str) -> str:
    """Return the open receivables of a currency by days past due, and what is on account, in words."""
    rows = [row for row in report.ageing if row.currency == currency]
    sums = [sum((row.buckets[n] for row in rows), Decimal(0)) for n in range(len(BUCKETS))]
    parts = [f"{name} {shown(part, currency)}" for name, part in zip(BUCKETS, sums, strict=True)]
    unapplied = sum((row.unapplied for row in rows), Decimal(0))
    return ", ".join(parts) + f"; unapplied {shown(unapplied, currency)}"


def _section(title: str, lines: Sequence[str]) -> str:
    return "\n".join([title, *(INDENT + line for line in lines)]) if lines else ""


def _won_to_ordered(report: Report) -> list[str]:
    rows = [("currency", "won", "amount", "ordered", "amount", "gap", "amount")]
    rows += [
        (column.currency or "(none)", *_cells(column.crm, column.currency), *_cells(column.erp, column.currency),
         *_cells(column.gap, column.currency))
        for column in report.bridge.columns
    ]  # fmt: skip
    return aligned(rows, right=range(1, 7)) if len(rows) > 1 else ["no deal and no order is in scope"]


def _causes(report: Report) -> list[str]:
    rows = [
        (column.currency or "(none)", cause, *_cells(column.cause(cause), column.currency))
        for column in report.bridge.columns
        for cause in CAUSES
        if column.cause(cause)
    ]
    return aligned([("currency", "cause", "items", "amount"), *rows], right=(2, 3)) if rows else []


def _bridge(report: Report) -> list[str]:
    columns = report.bridge.columns
    used = [line for line in LINES if any(column.leg(line.key) for column in columns)]
    head = ["", *(name for c in columns for name in ("items", c.currency or "(none)"))]
    rows = [
        head,
        ["Won in Salesforce, in scope", *(cell for c in columns for cell in _cells(c.crm, c.currency))],
        *(
            [f"+ {line.label}", *(cell for c in columns for cell in _cells(c.leg(line.key), c.currency))]
            for line in used
        ),
        ["= Ordered in NetSuite, in scope", *(cell for c in columns for cell in _cells(c.erp, c.currency))],
        ["Unexplained", *(cell for c in columns for cell in _cells(c.unexplained, c.currency))],
    ]
    return aligned(rows, right=range(1, len(head))) if columns else []


def _controls(report: Report) -> list[str]:
    rows = [
        (check.system, check.population, check.currency or "(none)", *_cells(check.own, check.currency),
         str(check.read.items), str(check.compared.items), "ok" if check.ok else "DIFFERS")
        for check in report.controls
    ]  # fmt: skip
    head = ("system", "population", "currency", "own", "amount", "read", "compared", "")
    return aligned([head, *rows], right=(3, 4, 5, 6)) if rows else []


def _excluded(report: Report) -> list[str]:
    rows = [(e.system, e.reason, e.currency or "(none)", *_cells(e.total, e.currency)) for e in report.excluded]
    return aligned([("system", "reason", "currency", "items", "amount"), *rows], right=(3, 4)) if rows else []


def _kinds(report: Report) -> list[str]:
    titles = {(one.severity, one.code): one.title for one in report.exceptions}
    counts = Counter((one.severity, one.code) for one in report.exceptions)
    rows = [(severity, code, str(counts[severity, code]), titles[severity, code]) for severity, code in titles]
    return aligned(rows, right=(2,))


def _exceptions(report: Report, limit: int) -> list[str]:
    rows = [
        (
            one.severity,
            f"{one.code} {one.hold_code}".rstrip(),
            one.crm_id or one.key,
            one.order_number,
            f"{shown(one.difference, one.currency)} {one.currency}" if one.difference is not None else "",
            one.owner,
            one.detail,
        )
        for one in report.exceptions[:limit]
    ]
    return aligned(rows, right=(4,))


def _cells(total: Sum, currency: str) -> tuple[str, str]:
    return str(total.items), shown(total.amount, currency)


def aligned(rows: Sequence[Row], right: Iterable[int] = ()) -> list[str]:
    """Pad every column to its widest cell; columns in ``right`` are flush right."""
    if not rows:
        return []
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    flush = frozenset(right)
    return [
        "  ".join(
            cell.rjust(width) if i in flush else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
