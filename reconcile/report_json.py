"""A report in its JSON form."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from reconcile.bridge import CAUSES, LINES, Column, Sum
from reconcile.chain import Link
from reconcile.exceptions import Discrepancy, plain
from reconcile.report import BUCKETS, Ageing, Control, HeldRecord, Match, OnAccount, OpenInvoice, Report, Rest

VERSION = 1


def as_json(report: Report) -> dict[str, object]:
    """Return the report as JSON values; amounts are texts, so that no digit is lost."""
    return {
        "version": VERSION,
        "company": report.company,
        "go_live": report.go_live.isoformat(),
        "scope": report.scope,
        "as_of": {"salesforce": _stamp(report.crm_at), "netsuite": _stamp(report.erp_at)},
        "verdict": report.verdict,
        "reasons": list(report.reasons),
        "signed": False,
        "matched": report.matched,
        "bridge": {"foots": report.bridge.foots, "currencies": [_column(c) for c in report.bridge.columns]},
        "exceptions": [_discrepancy(d) | _life(report, d) for d in report.exceptions],
        "in_flight": [_discrepancy(d) for d in report.in_flight],
        "holds": [_hold(held) for held in report.holds],
        "excluded": [
            {"system": e.system, "reason": e.reason, "currency": e.currency, **_sum(e.total, e.currency)}
            for e in report.excluded
        ],
        "controls": [_control(c) for c in report.controls],
        "sample": {"seed": report.sample_seed, "matches": [_match(m) for m in report.sample]},
        "parameters": dict(report.parameters),
        "period": _period(report),
        "run": report.run_id,
        "chain": [_link(link) for link in report.chain.links],
        "accepted": [_discrepancy(d) | _life(report, d) for d in report.accepted],
        "ageing": [_ageing(row) for row in report.ageing],
        "unapplied": [_on_account(row) for row in report.on_account],
        "unbilled": [_rest(row) for row in report.rests],
        "open_invoices": [_open_invoice(row) for row in report.open_invoices],
        "roll_forward": _roll(report),
    }


def _period(report: Report) -> dict[str, str] | None:
    if report.period is None:
        return None
    return {"name": report.period.name, "start": report.period.start.isoformat(), "end": report.period.end.isoformat()}


def _life(report: Report, one: Discrepancy) -> dict[str, object]:
    found = report.life.get(one.id)
    if found is None:
        return {}
    return {
        "first_seen": _stamp(found.first_seen_at),
        "runs": found.runs,
        "state": found.state,
        "assigned_to": found.owner,
        "reason": found.reason,
        "comment": found.comment,
    }


def _roll(report: Report) -> dict[str, object] | None:
    roll = report.roll
    if roll is None:
        return None
    return {
        "opening": roll.opening,
        "new": roll.new,
        "resolved": roll.resolved,
        "accepted": roll.accepted,
        "closing": roll.closing,
        "previous_at": _stamp(roll.previous_at),
        "complete": roll.complete,
    }


def _link(link: Link) -> dict[str, object]:
    currency = link.currency
    return {
        "stage": link.stage.key,
        "currency": currency,
        "opening": _sum(link.opening, currency),
        "lines": [
            {"line": line.key, "label": line.label, "cause": line.cause, **_sum(link.leg(line.key), currency)}
            for line in link.stage.lines
        ],
        "closing": _sum(link.closing, currency),
        "gap": _sum(link.gap, currency),
        "causes": {cause: _sum(link.cause(cause), currency) for cause in link.stage.causes},
        "unexplained": _sum(link.unexplained, currency),
        "faults": link.faults(),
    }


def _ageing(row: Ageing) -> dict[str, object]:
    return {
        "customer": row.customer,
        "currency": row.currency,
        **{name: _money(part, row.currency) for name, part in zip(BUCKETS, row.buckets, strict=True)},
        "open": _money(row.open, row.currency),
        "unapplied": _money(row.unapplied, row.currency),
    }


def _on_account(row: OnAccount) -> dict[str, object]:
    receipt = row.receipt
    return {
        "type": receipt.type,
        "number": receipt.number,
        "customer": row.customer,
        "of_salesforce": row.of_salesforce,
        "date": receipt.date.isoformat(),
        "currency": receipt.currency,
        "total": _money(receipt.total, receipt.currency),
        "unapplied": _money(receipt.unapplied, receipt.currency),
    }


def _rest(row: Rest) -> dict[str, object]:
    return {
        "order": row.number,
        "deal": row.deal_id,
        "customer": row.customer,
        "status": row.status,
        "currency": row.currency,
        "net": _money(row.net, row.currency),
        "invoiced": _money(row.invoiced, row.currency),
        "rest": _money(row.left, row.currency),
        "line": row.line,
        "why": row.why,
        "date": None if row.ordered_on is None else row.ordered_on.isoformat(),
        "next_bill": None if row.next_bill is None else row.next_bill.isoformat(),
    }


def _open_invoice(row: OpenInvoice) -> dict[str, object]:
    invoice = row.invoice
    sums = {"total": invoice.total, "cash": row.cash, "credited": row.credited, "written_off": row.written,
            "open": invoice.unpaid}  # fmt: skip
    return {
        "number": invoice.number,
        "deal": row.deal_id,
        "customer": row.customer,
        "compared": row.compared,
        "date": invoice.date.isoformat(),
        "due": None if invoice.due_date is None else invoice.due_date.isoformat(),
        "days_over": row.days_over,
        "currency": invoice.currency,
        **{name: _money(amount, invoice.currency) for name, amount in sums.items()},
    }


def _stamp(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")


def _money(amount: Decimal | None, currency: str) -> str | None:
    return None if amount is None else f"{plain(amount, currency):f}"


def _sum(total: Sum, currency: str) -> dict[str, object]:
    return {"items": total.items, "amount": _money(total.amount, currency)}


def _column(column: Column) -> dict[str, object]:
    currency = column.currency
    return {
        "currency": currency,
        "won": _sum(column.crm, currency),
        "lines": [
            {"line": line.key, "label": line.label, "cause": line.cause, **_sum(column.leg(line.key), currency)}
            for line in LINES
        ],
        "ordered": _sum(column.erp, currency),
        "unexplained": _sum(column.unexplained, currency),
        "gap": _sum(column.gap, currency),
        "causes": {cause: _sum(column.cause(cause), currency) for cause in CAUSES},
        "tolerated_items": column.tolerated_items,
        "independent": {"deals_without_order": column.without_order, "orders_without_deal": column.without_deal},
        "faults": column.faults(),
    }


def _discrepancy(one: Discrepancy) -> dict[str, object]:
    return {
        "id": one.id,
        "code": one.code,
        "family": one.family,
        "severity": one.severity,
        "owner": one.owner,
        "title": one.title,
        "entity": one.entity,
        "key": one.key,
        "field": one.field,
        "crm": {"id": one.crm_id, "name": one.crm_name, "url": one.crm_url, "value": one.crm_text()},
        "erp": {"id": one.erp_id, "number": one.order_number, "url": one.erp_url, "value": one.erp_text()},
        "customer": one.customer,
        "difference": _money(one.difference, one.currency),
        "currency": one.currency,
        "tolerance": _money(one.tolerance, one.currency),
        "at_stake": _money(one.at_stake, one.currency),
        "detail": one.detail,
        "hold_code": one.hold_code,
        "action": one.action,
        "since": _stamp(one.since),
        "age_days": one.age_days,
    }


def _hold(held: HeldRecord) -> dict[str, object]:
    hold = held.hold
    return {
        "kind": hold.kind,
        "record": hold.source_id,
        "label": hold.label,
        "url": held.url,
        "code": hold.code,
        "cause": hold.cause,
        "owner": held.owner,
        "fix": hold.fix,
        "opened_at": _stamp(hold.opened_at),
        "attempts": hold.attempts,
    }


def _control(check: Control) -> dict[str, object]:
    return {
        "system": check.system,
        "population": check.population,
        "currency": check.currency,
        "own": _sum(check.own, check.currency),
        "read": _sum(check.read, check.currency),
        "compared": _sum(check.compared, check.currency),
        "ok": check.ok,
    }


def _match(match: Match) -> dict[str, object]:
    return {
        "deal": match.deal_id,
        "order": match.order_number,
        "currency": match.currency,
        "crm_amount": _money(match.crm_amount, match.currency),
        "erp_amount": _money(match.erp_amount, match.currency),
        "crm_url": match.crm_url,
        "erp_url": match.erp_url,
    }
