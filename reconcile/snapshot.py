"""Both populations and the journal's state as of one instant, as plain values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from connectors.receivables import Invoice, Period, Receipt
from connectors.records import ControlTotal, Day, ErpOrder, require_aware
from journal.nouns import Binding, Hold, OpenIntent, SubjectState
from reconcile.order_lines import open_parts


def no_link(_: str) -> str:
    """Return no address: for snapshots that were built without a live connection."""
    return ""


def no_document_link(_type: str, _id: str) -> str:
    """Return no address: for snapshots that were built without a live connection."""
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What Salesforce shows on a deal of its invoices and payments; None where a field is empty."""

    invoiced: Decimal | None = None
    invoiced_net: Decimal | None = None
    paid: Decimal | None = None
    credited: Decimal | None = None
    balance: Decimal | None = None
    invoice_status: str | None = None
    payment_status: str | None = None
    due_date: date | None = None
    last_payment: date | None = None


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
    shown: Shown | None = None
    """None: the fields were not read, and are not compared."""

    def __post_init__(self) -> None:
        require_aware(self.modified)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One sales order as read from the ERP; ``net`` excludes tax and shipping.

    ``service_open`` is the net of service lines that NetSuite would bill now, ``goods_open`` of goods that were
    fulfilled and not billed, ``goods_waiting`` of goods not yet fulfilled, ``closed_open`` of lines closed unbilled,
    ``billed_net`` of what the lines say was billed. ``scheduled`` tells that a billing schedule decides when it is
    billed, ``next_bill`` the day, where it is known. ``stand_alone``: an invoice that stands for its deal's order.
    """

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
    service_open: Decimal = Decimal(0)
    goods_open: Decimal = Decimal(0)
    goods_waiting: Decimal = Decimal(0)
    closed_open: Decimal = Decimal(0)
    billed_net: Decimal = Decimal(0)
    scheduled: bool = False
    next_bill: Day | None = None
    stand_alone: bool = False

    @classmethod
    def of(cls, order: ErpOrder) -> Order:
        """Keep what is compared of an order; its lines are added up and let go, so that large books fit in memory."""
        parts = open_parts(order)
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
            service_open=parts.service,
            goods_open=parts.goods,
            goods_waiting=parts.waiting,
            closed_open=parts.closed,
            billed_net=parts.billed,
            scheduled=order.billing_schedule is not None,
            next_bill=order.next_bill,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Everything one reconciliation compares.

    ``crm_at`` and ``erp_at`` are the two systems' own clocks when reading began. ``crm_totals`` (won, live deals by
    ``Amount``), ``line_totals`` (their lines by ``TotalPrice``) and ``erp_totals`` (all sales orders, net) are what
    the systems say of themselves; ``lines_read`` and the row counts are what arrived.
    ``customers`` maps ERP customer ids to names for display. ``queries`` names what was asked, for the evidence.

    ``invoice_totals`` (posted invoices, gross) is NetSuite's own figure for ``invoices``. ``overtyped`` are deals whose
    figures were changed by somebody after Tieout wrote them. ``period`` None: everything as of now. ``accepted`` maps
    the ids of accepted exceptions to the hash of the values that were accepted.
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
    invoices: Sequence[Invoice] = ()
    receipts: Sequence[Receipt] = ()
    periods: Sequence[Period] = ()
    invoice_bindings: Sequence[Binding] = ()
    invoice_totals: Sequence[ControlTotal] = ()
    overtyped: frozenset[str] = frozenset()
    deal_field: str | None = None
    period: Period | None = None
    later: frozenset[str] = frozenset()
    """Ids of invoices and receipts that belong to a period after ``period``."""
    doubts: Sequence[str] = ()
    """Why the state at the period's end cannot be rebuilt; empty when it can, or when no period was asked for."""
    accepted: Mapping[str, str] = field(default_factory=dict)
    customers: Mapping[str, str] = field(default_factory=dict)
    queries: Sequence[tuple[str, str]] = ()
    crm_name: str = "salesforce"
    erp_name: str = "netsuite"
    crm_url: Callable[[str], str] = no_link
    account_url: Callable[[str], str] = no_link
    erp_url: Callable[[str], str] = no_link
    document_url: Callable[[str, str], str] = no_document_link
    """Address of a NetSuite record by its type and id."""

    def __post_init__(self) -> None:
        require_aware(self.crm_at)
        require_aware(self.erp_at)
