"""What the book consists of, before it becomes rows of files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

CURRENCIES = ("USD", "EUR", "GBP", "JPY")


def minor_digits(currency: str) -> int:
    """Return the decimals of the currency's minor unit (ISO 4217): 0 for JPY, else 2."""
    return 0 if currency == "JPY" else 2


def money(amount: Decimal, currency: str) -> Decimal:
    """Round half up to the minor unit of the currency, as both systems do."""
    return amount.quantize(Decimal(1).scaleb(-minor_digits(currency)), rounding=ROUND_HALF_UP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A country of the demo company: its ISO code and name, currency and the subsidiary that sells there."""

    code: str
    name: str
    currency: str
    subsidiary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rep:
    """A sales rep. ``employee_id`` None: NetSuite does not know this person."""

    id: str
    first: str
    last: str
    email: str
    employee_id: str | None

    @property
    def name(self) -> str:
        """Full name as Salesforce shows it."""
        return f"{self.first} {self.last}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A Salesforce product with its price and price book entry per currency.

    ``item`` is NetSuite's item id; ``goods`` are delivered before they are billed, services are not.
    """

    id: str
    code: str
    name: str
    family: str
    item: str
    prices: dict[str, Decimal]
    entries: dict[str, str]
    created: datetime
    goods: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A NetSuite item; ``code`` is its ``itemid``. ``goods`` are kept in stock and delivered."""

    id: str
    code: str
    name: str
    external_id: str
    inactive: bool = False
    goods: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A Salesforce account. ``stored_id``: the NetSuite customer that an earlier connector noted."""

    id: str
    name: str
    parent_id: str | None
    type: str
    number: str
    industry: str
    phone: str
    website: str
    owner_id: str
    currency: str
    street: str
    city: str
    state: str
    postal_code: str
    country: str
    country_code: str
    billing_email: str
    created: datetime
    modified: datetime
    stored_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A person at an account."""

    id: str
    account_id: str
    first: str
    last: str
    email: str
    phone: str
    title: str
    owner_id: str
    created: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A product on a deal. ``discount`` is in percent; ``total`` is what Salesforce computes from the others."""

    id: str
    product_id: str
    entry_id: str
    quantity: Decimal
    price: Decimal
    discount: Decimal | None
    total: Decimal
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamps:
    """Values of Tieout's own fields on a deal."""

    order_number: str
    order_id: str
    order_status: str
    sync_state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal:
    """A Salesforce opportunity with its lines. ``amount`` counts only where there are no lines."""

    id: str
    name: str
    account_id: str
    stage: str
    close_date: date
    stage_changed: datetime
    created: datetime
    modified: datetime
    type: str
    lead_source: str
    owner_id: str
    record_type_id: str
    currency: str
    lines: tuple[Line, ...]
    amount: Decimal
    po_number: str = ""
    po_required: bool = False
    terms: str = ""
    stored_id: str = ""
    stamps: Stamps | None = None

    @property
    def won(self) -> bool:
        """Whether the deal is won."""
        return self.stage == "Closed Won"

    @property
    def net(self) -> Decimal:
        """Sum of the lines; the typed amount where there are none."""
        return sum((line.total for line in self.lines), Decimal(0)) if self.lines else self.amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where NetSuite bills a customer; the state decides on US sales tax."""

    street: str
    city: str
    state: str
    postal_code: str
    country_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """A NetSuite customer that exists before the first sync."""

    id: str
    entity_id: str
    name: str
    external_id: str
    email: str
    phone: str
    subsidiary: str
    currency: str
    address: Address
    created: datetime
    parent_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """A line of a NetSuite order; ``amount`` is positive for a sale."""

    item: str
    quantity: Decimal
    rate: Decimal
    amount: Decimal
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A NetSuite sales order that people entered. ``status`` is its letter (A Pending Approval … H Closed)."""

    id: str
    number: str
    customer_id: str
    currency: str
    subsidiary: str
    date: date
    status: str
    lines: tuple[OrderLine, ...]
    entered: datetime
    po_number: str = ""
    memo: str = ""

    @property
    def net(self) -> Decimal:
        """Sum of the lines."""
        return sum((line.amount for line in self.lines), Decimal(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class ListEntry:
    """A row of a small NetSuite list (subsidiary, currency, term, department …) with its own columns."""

    type: str
    id: str
    columns: tuple[tuple[str, str], ...]


Noun = Rep | Product | Item | Account | Contact | Deal | Customer | Order | ListEntry
