"""Turns the rows that a rule found into discrepancies with names, links, owners and ages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from journal.nouns import Hold
from reconcile.arrow import eligible_since, since_of
from reconcile.exceptions import Discrepancy, days_between
from reconcile.options import SEVERITIES, Options, Severity
from reconcile.rule import Rule
from reconcile.snapshot import Deal, Order, Snapshot
from reconcile.stand_alone import PREFIX

Row = Mapping[str, object]
ACCOUNT_PREFIX = "001"
"""Begins the id of a Salesforce account."""
AGED_BY_DEAL = frozenset({"MISSING_IN_ERP", "IN_FLIGHT"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """An invoice, payment, deposit, credit memo or refund: NetSuite's name of its type, and how people call it."""

    type: str
    number: str
    customer_id: str
    created: datetime


RECEIPT_TYPES = {
    "CustPymt": "customerPayment", "CustDep": "customerDeposit", "CustCred": "creditMemo", "CustRfnd": "customerRefund"
}  # fmt: skip


def _documents(snapshot: Snapshot) -> dict[str, Document]:
    found = {
        i.id: Document(type="invoice", number=i.number, customer_id=i.customer_id, created=i.created)
        for i in snapshot.invoices
    }
    return found | {
        r.id: Document(type=RECEIPT_TYPES[r.type], number=r.number, customer_id=r.customer_id, created=r.created)
        for r in snapshot.receipts
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """The snapshot's records by id, to dress findings for people."""

    snapshot: Snapshot
    options: Options
    deals: Mapping[str, Deal]
    orders: Mapping[str, Order]
    holds: Mapping[str, Hold]
    documents: Mapping[str, Document]
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
            documents=_documents(snapshot),
            eligible=eligible_since(snapshot),
        )

    def discrepancy(self, rule: Rule, row: Row) -> Discrepancy:
        """Return what a rule found in one row, dressed with what is known of both records."""
        crm_id, erp_id = _text(row, "crm_id"), _text(row, "erp_id")
        deal = self.deals.get((crm_id or "").lower())
        erp_id = erp_id.removeprefix(PREFIX) if erp_id else None
        order = self.orders.get(erp_id or "")
        document = None if order else self.documents.get(erp_id or "")
        hold = self.holds.get(_text(row, "hold_id") or "")
        since = self._since(rule, deal, order, hold, document)
        return Discrepancy(
            code=rule.code,
            family=rule.family,
            severity=_severity(row) or rule.severity,
            owner=self.owner_of(hold) if hold else rule.owner,
            title=rule.title,
            action=(hold.fix or rule.action) if hold else rule.action,
            entity=_text(row, "entity") or "",
            key=_text(row, "key") or "",
            field=_text(row, "field") or "",
            crm_id=deal.id if deal else crm_id,
            crm_name=deal.name if deal else "",
            customer=self._customer(deal, order, document),
            crm_url=self._crm_url(deal.id if deal else crm_id),
            erp_id=erp_id,
            order_number=document.number if document else self._number(deal, order),
            erp_url=self._erp_url(erp_id, document),
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

    def _crm_url(self, crm_id: str | None) -> str:
        if not crm_id:
            return ""
        address = self.snapshot.account_url if crm_id.startswith(ACCOUNT_PREFIX) else self.snapshot.crm_url
        return address(crm_id)

    def _erp_url(self, erp_id: str | None, document: Document | None) -> str:
        if not erp_id:
            return ""
        return self.snapshot.document_url(document.type, erp_id) if document else self.snapshot.erp_url(erp_id)

    def _since(
        self, rule: Rule, deal: Deal | None, order: Order | None, hold: Hold | None, document: Document | None
    ) -> datetime | None:
        if hold is not None:
            return hold.opened_at
        if deal is not None and rule.code in AGED_BY_DEAL:
            return since_of(deal, self.eligible)
        if document is not None:
            return document.created
        return max((record.modified for record in (deal, order) if record is not None), default=None)

    def _customer(self, deal: Deal | None, order: Order | None, document: Document | None) -> str:
        if deal is not None and deal.account_name:
            return deal.account_name
        record = order or document
        return self.snapshot.customers.get(record.customer_id, "") if record else ""

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


def _severity(row: Row) -> Severity | None:
    found = row.get("severity")
    return next((severity for severity in SEVERITIES if severity == found), None)


def _money(row: Row, name: str) -> Decimal | None:
    value = row.get(name)
    return value if isinstance(value, Decimal) else None
