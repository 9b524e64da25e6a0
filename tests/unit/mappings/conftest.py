from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import pytest

from config.document import parse_document
from config.maps import base_document, template_files
from connectors.records import Reference, Value
from mappings.apply import Mapped, apply
from mappings.model import Mapping as FieldMapping
from mappings.parse import parse
from mappings.resolver import Unresolved

NAMES = {
    ("customer", "account", "001000000000001AAA"): "10",
    ("currency", "symbol", "USD"): "1",
    ("currency", "symbol", "JPY"): "4",
    ("subsidiary", "name", "Acme Inc"): "2",
    ("subsidiary", "name", "Acme KK"): "5",
    ("item", "itemid", "PLAT-100"): "100",
    ("item", "itemid", "GTX-PRO"): "101",
    ("term", "name", "Net 30"): "7",
    ("employee", "email", "ana@acme.example"): "55",
}


@dataclass
class BookResolver:
    """Knows a handful of names; some may be blocked."""

    names: Mapping[tuple[str, str, str], str] = field(default_factory=lambda: dict(NAMES))
    blocked: dict[tuple[str, str, str], Unresolved] = field(default_factory=dict)

    def resolve(self, kind: str, by: str, name: str) -> Reference | Unresolved | None:
        key = (kind, by, name)
        if key in self.blocked:
            return self.blocked[key]
        return Reference(type=kind, id=self.names[key], name=name) if key in self.names else None


Fields = dict[str, Value]
DEAL: Fields = {
    "Id": "006000000000001AAA",
    "Name": "Blue Harbor renewal",
    "AccountId": "001000000000001AAA",
    "Account.BillingCountryCode": "US",
    "CurrencyIsoCode": "USD",
    "CloseDate": date(2026, 11, 3),
    "Owner.Email": "ana@acme.example",
    "PO_Number__c": "PO-1",
    "PO_Required__c": False,
    "Payment_Terms__c": "30 days",
}
LINE: Fields = {
    "Id": "00k000000000001AAA",
    "Product2.ProductCode": "PLAT-100",
    "Quantity": Decimal(4),
    "TotalPrice": Decimal("100.00"),
    "CurrencyIsoCode": "USD",
    "SortOrder": Decimal(1),
    "Description": None,
}


def parsed(text: str) -> FieldMapping:
    """Parse a mapping file's text over the shipped bases."""
    return parse(parse_document(text, "map.toml"), base_document)


@pytest.fixture
def resolver() -> BookResolver:
    return BookResolver()


@pytest.fixture
def deal() -> Fields:
    return dict(DEAL)


@pytest.fixture
def line() -> Fields:
    return dict(LINE)


@pytest.fixture
def mapping_of() -> Callable[[str], FieldMapping]:
    return parsed


@pytest.fixture
def sales_order() -> FieldMapping:
    """The mapping that a newcomer starts with."""
    return parsed(template_files()["mappings/sales_order.toml"])


@pytest.fixture
def customer() -> FieldMapping:
    return parsed(template_files()["mappings/customer.toml"])


@pytest.fixture
def one_field(resolver: BookResolver) -> Callable[..., Mapped]:
    """Map a record by a single sales order field, written as TOML."""

    def run(entry: str, fields: Fields, more: str = "", lines: Sequence[Fields] = ()) -> Mapped:
        mapping = parsed(f'target = "salesOrder"\n[fields]\n{entry}\n{more}')
        return apply(mapping, fields, lines, resolver)

    return run
