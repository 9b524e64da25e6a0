"""The seams through which the use cases reach the world. Standard library only; no wire format passes here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from connectors.receivables import Billable, CreditTerms, Invoice, Period, Receipt, ReceiptType
from connectors.records import (
    ControlTotal,
    ErpCustomer,
    ErpOrder,
    ErpReference,
    FieldUpdate,
    ObjectSchema,
    Page,
    Position,
    ReadBack,
    Record,
    RecordRef,
    RecordUpsert,
    Value,
    Window,
    WriteOutcome,
    WriteRequest,
)


class Clock(Protocol):
    """The machine's time. Remote stamps never come from here."""

    def now(self) -> datetime:
        """Return the current moment, aware UTC."""

    def sleep(self, seconds: float) -> None:
        """Wait for that long."""

    def elapsed(self) -> float:
        """Return seconds since some moment, on a clock that nobody sets and that runs while the machine sleeps."""


class Random(Protocol):
    """Everything that must not repeat: ids, nonces, jitter."""

    def uuid(self) -> str:
        """Return a new identifier (32 hexadecimal digits), ordered by time of making."""

    def nonce(self) -> str:
        """Return 20 fresh alphanumeric characters for a signature."""

    def uniform(self, low: float, high: float) -> float:
        """Return a number between the two, for jitter."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison in a CRM query; several are joined by AND. ``in`` takes a tuple of values."""

    field: str
    op: Literal["=", "!=", "<", "<=", ">", ">=", "in"]
    value: Value | tuple[Value, ...]


class CrmReader(Protocol):
    """Reads records of the CRM. Every id it returns has 18 characters, every number is Decimal."""

    @property
    def connection(self) -> str:
        """Name of the connection."""

    def server_time(self) -> datetime:
        """Return the CRM's own clock, aware UTC, from a fresh answer."""

    def organization(self) -> str:
        """Return the id of the org, to notice when a connection points elsewhere than before."""

    def describe(self, type_: str) -> ObjectSchema:
        """Return the fields of an object as the integration user sees them."""

    def changed(
        self, type_: str, fields: Sequence[str], window: Window, after: Position | None = None
    ) -> Iterator[Page]:
        """Yield pages of records whose stamp lies in the window, deleted ones included.

        Ordered by (SystemModstamp, Id); with ``after`` only what follows that position.
        Fields may be paths (``Account.Name``).
        """

    def by_ids(self, type_: str, fields: Sequence[str], ids: Sequence[str]) -> list[Record]:
        """Return the records with these ids, deleted ones included; unknown ids are left out."""

    def children(self, type_: str, fields: Sequence[str], parent_field: str, parent_ids: Sequence[str]) -> list[Record]:
        """Return all live children of these parents, every page of them, ordered by (parent, Id)."""

    def scan(
        self, type_: str, fields: Sequence[str], where: Sequence[Condition] = (), *, include_deleted: bool = False
    ) -> Iterator[Record]:
        """Yield the whole population in Id order."""

    def totals(self, type_: str, amount: str, where: Sequence[Condition] = ()) -> list[ControlTotal]:
        """Return the CRM's own count and sum of ``amount`` per currency for the live population."""

    def record_url(self, ref: RecordRef) -> str:
        """Return the address at which a person sees the record."""


class CrmWriter(Protocol):
    """Writes status back onto CRM records."""

    def update(self, updates: Sequence[FieldUpdate]) -> list[WriteOutcome]:
        """Write each record's fields; one outcome per update, in order. One record's failure stops no other."""

    def upsert(self, rows: Sequence[RecordUpsert]) -> list[WriteOutcome]:
        """Make or change each record by its external id field; one outcome per row, in order.

        Rows may be of several types. Repeating a row whose answer was lost is harmless.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderQuery:
    """Which sales orders to read; the given parts are joined by AND, all empty means every order."""

    ids: Sequence[str] | None = None
    customer_ids: Sequence[str] | None = None
    external_ids: Sequence[str] | None = None
    with_lines: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceQuery:
    """Which invoices to read; the given parts are joined by AND, all empty means every invoice.

    ``changed_since`` takes invoices that changed, and those that a changed payment, credit, deposit, refund or
    journal is applied to: an application need not touch the invoice's own stamp. ``stamp_fields`` are further
    custom body fields to bring along.
    """

    ids: Sequence[str] | None = None
    order_ids: Sequence[str] | None = None
    customer_ids: Sequence[str] | None = None
    external_ids: Sequence[str] | None = None
    changed_since: datetime | None = None
    open_only: bool = False
    with_applications: bool = True
    with_lines: bool = False
    stamp_fields: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptQuery:
    """Which payments, deposits, credit memos and refunds to read; given parts are joined by AND."""

    ids: Sequence[str] | None = None
    customer_ids: Sequence[str] | None = None
    types: Sequence[ReceiptType] | None = None
    changed_since: datetime | None = None
    unapplied_only: bool = False


class ErpReader(Protocol):
    """Reads NetSuite by SuiteQL."""

    @property
    def connection(self) -> str:
        """Name of the connection."""

    def server_time(self) -> datetime:
        """Return NetSuite's own clock, aware UTC."""

    def account(self) -> str:
        """Return the account id that answered."""

    def references(self, kind: str, by: str) -> list[ErpReference]:
        """Return every entry of a list with ``name`` taken from the column ``by``.

        Kinds: item, customer, subsidiary, currency, employee, term, department, classification, location.
        """

    def list_mark(self, kind: str) -> str:
        """Return a text that changes whenever the list (``customer`` or ``item``) does; it costs one small query.

        Take it before the list is read: what was read then stays right while the mark is the same.
        """

    def customers(self, changed_since: datetime | None = None) -> Iterator[ErpCustomer]:
        """Yield customers in internal-id order: every one, or those that changed at or after a moment."""

    def orders(self, query: OrderQuery) -> Iterator[ErpOrder]:
        """Yield sales orders in internal-id order."""

    def order_totals(self) -> list[ControlTotal]:
        """Return NetSuite's own count and net sum of all sales orders per currency."""

    def invoices(self, query: InvoiceQuery) -> Iterator[Invoice]:
        """Yield invoices in internal-id order."""

    def receipts(self, query: ReceiptQuery) -> Iterator[Receipt]:
        """Yield payments, deposits, credit memos and refunds in internal-id order."""

    def changed_transactions(self, since: datetime) -> list[tuple[str, str]]:
        """Return (transaction type, internal id) of what changed at or after a moment; one small query.

        Types: SalesOrd, ItemShip, CustInvc, CustPymt, CustCred, CustDep, DepAppl, CustRfnd, Journal. A payment that
        was unapplied or voided is here, while the invoice that it had settled need not be: look for it among the
        applications known from before.
        """

    def deleted(self, since: datetime) -> list[tuple[str, str]]:
        """Return (transaction type, internal id) of transactions deleted since then, by NetSuite's own list."""

    def periods(self) -> list[Period]:
        """Return the accounting periods (months), oldest first."""

    def credit_terms(self, customer_ids: Sequence[str]) -> list[CreditTerms]:
        """Return the credit limit and hold of these customers."""

    def invoice_totals(self) -> list[ControlTotal]:
        """Return NetSuite's own count and gross sum of all posted invoices per currency."""

    def record_url(self, type_: str, id_: str) -> str:
        """Return the address at which a person sees the record."""


class ErpWriter(Protocol):
    """Writes NetSuite records, one request a record; reads one record back with strong consistency."""

    def write(self, requests: Iterable[WriteRequest]) -> Iterator[tuple[WriteRequest, WriteOutcome]]:
        """Send the requests with at most the configured number in flight; yield each as it is answered.

        Each is taken from the iterable, in the calling thread, only when it can be sent at once.
        Never retries: one request here is at most one request on the wire. Never raises for one
        record's failure; what cannot be classified is ``ambiguous``.
        """

    def read_back(
        self, type_: str, *, external_id: str | None = None, internal_id: str | None = None
    ) -> ReadBack | None:
        """Return the record by its external or internal id (record ``get``), or None when it does not exist.

        Raises:
            ConnectorError: the probe itself failed; that says nothing about the record.
        """

    def billable(self, order_id: str) -> Billable:
        """Return what NetSuite would put on an invoice of the order now (``initialize``; nothing is saved).

        Raises:
            ConnectorError: the question could not be answered; that says nothing about the order.
        """

    def body_fields(self, type_: str) -> frozenset[str]:
        """Return the body field names that a payload of this type may carry (custom fields excepted)."""

    def line_fields(self, type_: str) -> frozenset[str]:
        """Return the line field names that a payload of this type may carry (custom fields excepted)."""
