"""Both populations and the journal's state as of one instant, as plain values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from connectors.records import ControlTotal, ErpOrder, require_aware
from journal.nouns import Binding, Hold, OpenIntent, SubjectState


def no_link(_: str) -> str:
    """Return no address: for snapshots that were built without a live connection."""
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal:
    """One opportunity as read from the CRM.

    ``amount`` is the sum of TotalPrice of its lines, or the header amount when it has none; None when both are
    empty. ``header_amount`` is ``Opportunity.Amount`` as stored, which the CRM's own totals add up.
    ``won_on`` is the business day it was won on, by which go-live is judged; None when it is not won.
    ``scope_reason`` says in plain words why the deal is out of scope.
    """

    id: str
    name: str
    owner: str | None
    account_id: str | None
    account_name: str | None = None
    currency: str
    amount: Decimal | None
    header_amount: Decimal | None = None
    n_lines: int = 0
    is_won: bool
    is_closed: bool
    stage: str
    close_date: date | None
    won_at: datetime | None
    won_on: date | None
    modified: datetime
    deleted: bool = False
    order_number: str | None = None
    order_id: str | None = None
    in_scope: bool = True
    scope_reason: str = ""

    def __post_init__(self) -> None:
        require_aware(self.modified)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One sales order as read from the ERP; ``net`` excludes tax and shipping."""

    id: str
    number: str
    external_id: str | None
    customer_id: str
    currency: str
    date: date
    status: str
    status_name: str
    net: Decimal
    tax: Decimal
    total: Decimal
    po_number: str | None
    modified: datetime
    created: datetime
    deal_stamp: str | None = None
    n_lines: int = 0

    @classmethod
    def of(cls, order: ErpOrder) -> Order:
        """Keep what is compared of an order; its lines are counted and let go, so that large books fit in memory."""
        return cls(
            id=order.id,
            number=order.number,
            external_id=order.external_id,
            customer_id=order.customer_id,
            currency=order.currency,
            date=order.date,
            status=order.status,
            status_name=order.status_name,
            net=order.net,
            tax=order.tax,
            total=order.total,
            po_number=order.po_number,
            modified=order.modified,
            created=order.created,
            deal_stamp=order.deal_id,
            n_lines=len(order.lines),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Everything one reconciliation compares.

    ``crm_at`` and ``erp_at`` are the two systems' own clocks when reading began. ``crm_totals`` (won, live deals by
    ``Amount``), ``line_totals`` (their lines by ``TotalPrice``) and ``erp_totals`` (all sales orders, net) are what
    the systems say of themselves; ``lines_read`` and the row counts are what arrived.
    ``customers`` maps ERP customer ids to names for display. ``queries`` names what was asked, for the evidence.
    """

    crm_at: datetime
    erp_at: datetime
    go_live: date
    deals: Sequence[Deal]
    orders: Sequence[Order]
    bindings: Sequence[Binding] = ()
    customer_bindings: Sequence[Binding] = ()
    holds: Sequence[Hold] = ()
    intents: Sequence[OpenIntent] = ()
    subjects: Sequence[SubjectState] = ()
    crm_totals: Sequence[ControlTotal] = ()
    line_totals: Sequence[ControlTotal] = ()
    erp_totals: Sequence[ControlTotal] = ()
    lines_read: Sequence[ControlTotal] = ()
    crm_rows_read: int = 0
    erp_rows_read: int = 0
    customers: Mapping[str, str] = field(default_factory=dict)
    queries: Sequence[tuple[str, str]] = ()
    crm_name: str = "salesforce"
    erp_name: str = "netsuite"
    crm_url: Callable[[str], str] = no_link
    account_url: Callable[[str], str] = no_link
    erp_url: Callable[[str], str] = no_link

    def __post_init__(self) -> None:
        require_aware(self.crm_at)
        require_aware(self.erp_at)
