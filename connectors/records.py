"""The plain values that travel between a connector, a mapping and the journal.

Standard library only. Nothing here performs I/O, reads a clock or knows a wire format.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Literal

Value = str | Decimal | bool | date | datetime | None
"""One field value as Tieout holds it: numbers are Decimal, never int or float; date-times are aware UTC."""

Day = date
"""A business date, for records that have a field of the name ``date``."""

MINOR_DIGITS: Mapping[str, int] = {
    "BHD": 3, "BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "IQD": 3, "ISK": 0, "JOD": 3, "JPY": 0,
    "KMF": 0, "KRW": 0, "KWD": 3, "LYD": 3, "OMR": 3, "PYG": 0, "RWF": 0, "TND": 3, "UGX": 0,
    "UYI": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
}  # fmt: skip
"""ISO 4217 exponents that differ from 2."""

WIDE = Context(prec=60)
"""Amounts may carry more digits than the default context of 28."""

ID_CHECK_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def minor_unit(currency: str) -> Decimal:
    """Return one minor unit of the currency: 0.01 for USD, 1 for JPY (ISO 4217)."""
    return Decimal(1).scaleb(-MINOR_DIGITS.get(currency, 2))


def quantize_money(amount: Decimal, currency: str) -> Decimal:
    """Round half up to the minor unit of the currency."""
    return amount.quantize(minor_unit(currency), rounding=ROUND_HALF_UP, context=WIDE)


def salesforce_id(text: str) -> str:
    """Return a Salesforce id in its 18-character form.

    Fifteen-character ids differ only by letter case; three check characters make them safe to
    compare without regard to case.

    Raises:
        ValueError: the text is no Salesforce id of 15 or 18 letters and digits.
    """
    text = text.strip()
    if len(text) not in (15, 18) or not text.isalnum() or not text.isascii():
        raise ValueError(f"{text!r} is not a Salesforce id (15 or 18 letters and digits)")
    base = text[:15]
    check = "".join(_check_character(base[start : start + 5]) for start in (0, 5, 10))
    return base + check


def _check_character(group: str) -> str:
    return ID_CHECK_ALPHABET[sum(1 << bit for bit, char in enumerate(group) if char.isupper())]


def require_aware(moment: datetime) -> datetime:
    """Return the moment in UTC; refuse a naive one, which would mean a guess about its zone."""
    if moment.tzinfo is None:
        raise ValueError(f"naive date-time {moment.isoformat()}: a zone is needed")
    return moment.astimezone(UTC)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class RecordRef:
    """One record of one remote account. Salesforce ids are always in 18-character form."""

    connection: str
    type: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A record as read: field paths (``Name``, ``Account.Name``) to values.

    ``modified`` is the remote system's own last-modified stamp (SystemModstamp), aware UTC.
    """

    ref: RecordRef
    fields: Mapping[str, Value]
    modified: datetime
    deleted: bool = False

    def __post_init__(self) -> None:
        require_aware(self.modified)


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a stream ordered by (stamp, id): the keyset cursor. Taken from data, never from our clock."""

    stamp: datetime
    id: str


@dataclass(frozen=True, slots=True)
class Window:
    """The span ``[low, high]`` of remote stamps that one pull reads. ``low`` None: from the beginning."""

    low: datetime | None
    high: datetime


@dataclass(frozen=True, slots=True)
class Page:
    """Records of one answer in (modified, id) order; ``last`` is the position to resume after."""

    records: Sequence[Record]
    last: Position | None


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount in one currency (ISO 4217). Refuses floats, NaN and mixed currencies."""

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if not isinstance(self.amount, Decimal) or not self.amount.is_finite():
            raise ValueError(f"{self.amount!r} is not an exact finite amount")
        if len(self.currency) != 3 or not self.currency.isupper():
            raise ValueError(f"{self.currency!r} is not an ISO 4217 currency code")

    def __add__(self, other: Money) -> Money:
        self._same_currency(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same_currency(other)
        return Money(self.amount - other.amount, self.currency)

    def _same_currency(self, other: Money) -> None:
        if other.currency != self.currency:
            raise ValueError(f"cannot combine {self.currency} with {other.currency}")

    def __str__(self) -> str:
        return f"{quantize_money(self.amount, self.currency):,} {self.currency}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A pointer to a NetSuite record: by internal id, by external id, or still by name (unresolved)."""

    type: str
    id: str | None = None
    external_id: str | None = None
    name: str | None = None


PayloadValue = Value | Reference


@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadLine:
    """One line of a document. ``key`` is our own line id (the OpportunityLineItem id), kept in a custom column."""

    key: str
    values: Mapping[str, PayloadValue]
    line: int | None = None
    """NetSuite's line number: set when an existing line is changed, None for a new one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """What a mapping yields for one target record: NetSuite field names (SOAP spelling) to values.

    ``custbody_``/``custentity_``/``custcol_`` names are custom fields. ``clear`` names fields to empty.
    ``addresses`` fills the address book of a customer; ``lines`` the item list of a transaction.
    """

    type: str
    values: Mapping[str, PayloadValue]
    clear: Sequence[str] = ()
    lines: Sequence[PayloadLine] = ()
    addresses: Sequence[Mapping[str, Value]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSchema:
    """One field of a remote object as its describe call tells it."""

    name: str
    type: str
    length: int = 0
    updateable: bool = True
    filterable: bool = True
    calculated: bool = False
    picklist: Sequence[str] = ()
    reference_to: Sequence[str] = ()
    relationship: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectSchema:
    """The fields of one remote object that the integration user can see, by lower-case name."""

    name: str
    fields: Mapping[str, FieldSchema] = field(default_factory=dict)

    def find(self, name: str) -> FieldSchema | None:
        """Return the field of that name, ignoring case, or None."""
        return self.fields.get(name.lower())


WriteStatus = Literal["success", "no_op", "rejected", "exists", "conflict", "ambiguous"]
"""What is known of a write after its answer; whatever is not on the allow-list is ``ambiguous``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOutcome:
    """One write's classified result.

    ``code`` is the remote system's code (``DUP_RCRD``, ``INVALID_KEY_OR_REF``) or one of ours
    (``TIMEOUT``, ``UNPARSABLE``); ``message`` is its text, safe to show; ``target_id`` is present on success.
    """

    status: WriteStatus
    code: str = ""
    message: str = ""
    target_id: str | None = None
    warnings: Sequence[str] = ()
    request_sha: str = ""
    response_sha: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteRequest:
    """One create or update of one NetSuite record.

    A create carries an external id and no internal id; an update carries the internal id.
    ``keep_lines`` are line numbers that exist in NetSuite and are not ours: an update leaves them in place.
    ``send_by`` is the last moment at which the first byte may leave.
    """

    key: str
    op: Literal["add", "update"]
    payload: Payload
    external_id: str | None = None
    internal_id: str | None = None
    keep_lines: Sequence[int] = ()
    send_by: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldUpdate:
    """New values for fields of one CRM record. ``send_by``: the moment after which it must not leave."""

    ref: RecordRef
    values: Mapping[str, Value]
    send_by: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordUpsert:
    """One CRM record to make or change, found by its own unique external id field: writing it twice is harmless.

    ``send_by``: the moment after which it must not leave.
    """

    type: str
    key_field: str
    key: str
    values: Mapping[str, Value]
    send_by: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ErpReference:
    """A NetSuite list entry that mappings refer to by name: item, currency, subsidiary, employee, term …

    ``name`` is what an admin types (item id, currency ISO code, subsidiary name, e-mail for an employee).
    """

    type: str
    id: str
    name: str
    external_id: str | None = None
    inactive: bool = False
    extra: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErpCustomer:
    """A NetSuite customer as matching and reconciliation see it."""

    id: str
    entity_id: str
    name: str
    external_id: str | None
    subsidiary: str | None
    parent_id: str | None
    inactive: bool
    modified: datetime
    account_id: str | None = None
    """``custentity_tieout_account_id``: the account this customer was created for; evidence, never identity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErpLine:
    """One item line of a NetSuite order; ``amount`` and ``quantity`` are positive for a sale."""

    line: int
    item_id: str | None
    item_name: str | None
    quantity: Decimal | None
    rate: Decimal | None
    amount: Decimal
    key: str | None = None
    """``custcol_tieout_line_id``: the OpportunityLineItem id on lines that Tieout wrote."""
    description: str | None = None
    fulfillable: bool = False
    """Whether the item is shipped, so that it is billed only once it was fulfilled."""
    fulfilled: Decimal = Decimal(0)
    """Quantity fulfilled so far, positive."""
    billed: Decimal = Decimal(0)
    """Quantity billed so far, positive."""
    closed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ErpOrder:
    """A NetSuite sales order. ``net`` is lines and discounts without tax and shipping, in the order's currency.

    ``status`` is the single letter of the order's type (A Pending Approval … H Closed).
    """

    id: str
    number: str
    external_id: str | None
    customer_id: str
    currency: str
    date: date
    status: str
    net: Decimal
    tax: Decimal
    total: Decimal
    po_number: str | None
    memo: str | None
    subsidiary: str | None
    modified: datetime
    created: datetime
    deal_id: str | None = None
    intent: str | None = None
    version: str | None = None
    billing_schedule: str | None = None
    """Name of the billing schedule, where finance set one."""
    next_bill: Day | None = None
    """The day on which NetSuite's billing schedule bills next; None without a schedule, or when it is not known."""
    lines: Sequence[ErpLine] = ()

    @property
    def status_name(self) -> str:
        """The status in NetSuite's words."""
        return ORDER_STATUS_NAMES.get(self.status, f"unknown status {self.status}")


ORDER_STATUS_NAMES: Mapping[str, str] = {
    "A": "Pending Approval",
    "B": "Pending Fulfillment",
    "C": "Cancelled",
    "D": "Partially Fulfilled",
    "E": "Pending Billing/Partially Fulfilled",
    "F": "Pending Billing",
    "G": "Billed",
    "H": "Closed",
}
"""Sales order status letters as SuiteQL returns them (Oracle: SalesOrderOrderStatus)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBack:
    """What a strongly consistent record ``get`` by external id shows of a document.

    ``intent`` and ``version`` are our stamps on the document; None when it carries none.
    ``values`` are the body fields that were read, ``lines`` its item lines.
    """

    id: str
    type: str
    external_id: str | None
    intent: str | None
    version: str | None
    status: str | None
    net: Decimal | None
    number: str | None
    values: Mapping[str, Value] = field(default_factory=dict)
    lines: Sequence[ErpLine] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlTotal:
    """A system's own count and sum for one population in one currency."""

    currency: str
    count: int
    amount: Decimal
