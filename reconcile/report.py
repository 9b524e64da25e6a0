"""The result of one reconciliation, as plain values, and its JSON form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from journal.nouns import Hold
from reconcile.bridge import CAUSES, LINES, Bridge, Column, Sum
from reconcile.exceptions import CONTROL, Discrepancy, plain, shown

Verdict = Literal["SIGNABLE", "NOT SIGNABLE"]
VERSION = 1
LARGEST = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One population in one currency, three times: what the system says, what was read, what was compared."""

    system: str
    population: str
    currency: str
    own: Sum
    read: Sum
    compared: Sum

    @property
    def ok(self) -> bool:
        """Whether all three agree."""
        return self.own == self.read == self.compared


@dataclass(frozen=True, slots=True, kw_only=True)
class Excluded:
    """Records that were read and not compared, with the reason, so that the scope itself can be audited."""

    system: str
    reason: str
    currency: str
    total: Sum


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """One deal and its order that agree, for a reviewer to test by hand."""

    deal_id: str
    deal_name: str
    customer: str
    crm_url: str
    order_id: str
    order_number: str
    erp_url: str
    currency: str
    crm_amount: Decimal
    erp_amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRecord:
    """An open hold with the address of its record, where there is one."""

    hold: Hold
    url: str
    owner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one reconciliation found. ``exceptions`` excludes timing differences, which are in ``in_flight``.

    ``matched`` counts the deals that have their order and appear in no exception.
    """

    company: str
    go_live: date
    scope: str
    crm_at: datetime
    erp_at: datetime
    verdict: Verdict
    reasons: Sequence[str]
    bridge: Bridge
    exceptions: Sequence[Discrepancy]
    in_flight: Sequence[Discrepancy]
    holds: Sequence[HeldRecord]
    excluded: Sequence[Excluded]
    controls: Sequence[Control]
    sample: Sequence[Match]
    sample_seed: int
    matched: int
    parameters: Sequence[tuple[str, str]]

    @property
    def headline(self) -> str:
        """The verdict in one line."""
        return f"{self.company}, deals won since {self.go_live}, as of {instant(self.crm_at)}: {self.verdict}"

    @property
    def unexplained(self) -> str:
        """What the bridge leaves over, per currency, in one line."""
        parts = (
            f"{c.currency or '(no currency)'} {c.unexplained.items} items {shown(c.unexplained.amount, c.currency)}"
            for c in self.bridge.columns
        )
        return "; ".join(parts) or "nothing was compared"

    @property
    def largest(self) -> Sequence[Discrepancy]:
        """The records to look at first; doubts about the run itself are reasons of the verdict."""
        return [one for one in self.exceptions if one.family != CONTROL][:LARGEST]

    @property
    def signable(self) -> bool:
        """Whether nothing stands against a signature."""
        return self.verdict == "SIGNABLE"


def instant(moment: datetime) -> str:
    """Write an instant to the second, in UTC."""
    return moment.strftime("%Y-%m-%d %H:%M:%SZ")


def to_json(report: Report) -> dict[str, object]:
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
        "exceptions": [_discrepancy(d) for d in report.exceptions],
        "in_flight": [_discrepancy(d) for d in report.in_flight],
        "holds": [_hold(held) for held in report.holds],
        "excluded": [
            {"system": e.system, "reason": e.reason, "currency": e.currency, **_sum(e.total, e.currency)}
            for e in report.excluded
        ],
        "controls": [_control(c) for c in report.controls],
        "sample": {"seed": report.sample_seed, "matches": [_match(m) for m in report.sample]},
        "parameters": dict(report.parameters),
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
