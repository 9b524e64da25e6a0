"""Turns the rows that a rule found into discrepancies with names, links, owners and ages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from journal.nouns import Hold
from reconcile.arrow import eligible_since, since_of
from reconcile.exceptions import Discrepancy, days_between
from reconcile.options import Options
from reconcile.rule import Rule
from reconcile.snapshot import Deal, Order, Snapshot

Row = Mapping[str, object]
AGED_BY_DEAL = frozenset({"MISSING_IN_ERP", "IN_FLIGHT"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """The snapshot's records by id, to dress findings for people."""

    snapshot: Snapshot
    options: Options
    deals: Mapping[str, Deal]
    orders: Mapping[str, Order]
    holds: Mapping[str, Hold]
    eligible: Mapping[str, datetime]

    @classmethod
    def of(cls, snapshot: Snapshot, options: Options) -> Directory:
        """Index a snapshot."""
        return cls(
            snapshot=snapshot,
            options=options,
            deals={deal.id.lower(): deal for deal in snapshot.deals},
            orders={order.id: order for order in snapshot.orders},
            holds={hold.id: hold for hold in snapshot.holds},
            eligible=eligible_since(snapshot),
        )

    def discrepancy(self, rule: Rule, row: Row) -> Discrepancy:
        """Return what a rule found in one row, dressed with what is known of both records."""
        crm_id, erp_id = _text(row, "crm_id"), _text(row, "erp_id")
        deal = self.deals.get((crm_id or "").lower())
        order = self.orders.get(erp_id or "")
        hold = self.holds.get(_text(row, "hold_id") or "")
        since = self._since(rule, deal, order, hold)
        return Discrepancy(
            code=rule.code,
            family=rule.family,
            severity=rule.severity,
            owner=self.owner_of(hold) if hold else rule.owner,
            title=rule.title,
            action=(hold.fix or rule.action) if hold else rule.action,
            entity=_text(row, "entity") or "",
            key=_text(row, "key") or "",
            field=_text(row, "field") or "",
            crm_id=deal.id if deal else crm_id,
            crm_name=deal.name if deal else "",
            customer=self._customer(deal, order),
            crm_url=self.snapshot.crm_url(deal.id if deal else crm_id) if crm_id else "",
            erp_id=erp_id,
            order_number=self._number(deal, order),
            erp_url=self.snapshot.erp_url(erp_id) if erp_id else "",
            crm_value=self._value(row, "crm_value"),
            erp_value=self._value(row, "erp_value"),
            crm_amount=_money(row, "crm_amount"),
            erp_amount=_money(row, "erp_amount"),
            difference=_money(row, "difference"),
            currency=_text(row, "currency") or "",
            tolerance=_money(row, "tolerance"),
            exposure=_money(row, "exposure"),
            detail=_text(row, "detail") or "",
            hold_code=hold.code if hold else "",
            since=since,
            age_days=days_between(since, self.snapshot.crm_at),
        )

    def owner_of(self, hold: Hold) -> str:
        """Return who looks after a hold: the configured person, else the owner's key."""
        return self.options.owners.get(hold.owner, hold.owner)

    def _since(self, rule: Rule, deal: Deal | None, order: Order | None, hold: Hold | None) -> datetime | None:
        if hold is not None:
            return hold.opened_at
        if deal is not None and rule.code in AGED_BY_DEAL:
            return since_of(deal, self.eligible)
        return max((record.modified for record in (deal, order) if record is not None), default=None)

    def _customer(self, deal: Deal | None, order: Order | None) -> str:
        if deal is not None and deal.account_name:
            return deal.account_name
        return self.snapshot.customers.get(order.customer_id, "") if order else ""

    def _number(self, deal: Deal | None, order: Order | None) -> str:
        if order is not None:
            return order.number
        return (deal.order_number or "") if deal else ""

    def _value(self, row: Row, name: str) -> str | None:
        """Return a compared value; customers are shown with their name."""
        value = _text(row, name)
        if value is None or row.get("field") != "customer":
            return value
        return f"{self.snapshot.customers.get(value, '')} (id {value})".strip()


def _text(row: Row, name: str) -> str | None:
    value = row.get(name)
    return None if value is None else str(value)


def _money(row: Row, name: str) -> Decimal | None:
    value = row.get(name)
    return value if isinstance(value, Decimal) else None
