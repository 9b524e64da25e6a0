from __future__ import annotations

from typing import Any

from mappings.apply import apply
from mappings.apply_addresses import split_street
from mappings.model import Mapping

FIELDS = {"Id": "x", "Name": "A", "BillingCountryCode": "US", "CurrencyIsoCode": "USD"}
BILLING = {"BillingStreet": "1 Quay", "BillingCity": "Boston", "BillingPostalCode": "02110"}
SAME = {
    "ShippingStreet": "1 Quay",
    "ShippingCity": "Boston",
    "ShippingPostalCode": "02110",
    "ShippingCountryCode": "US",
}


def book(customer: Mapping, resolver: Any, *parts: dict) -> list[dict]:
    fields = {key: value for part in (FIELDS, *parts) for key, value in part.items()}
    return [dict(entry) for entry in apply(customer, fields, (), resolver).payload.addresses]


def test_equal_billing_and_shipping_addresses_become_one_entry(customer: Mapping, resolver: Any) -> None:
    (entry,) = book(customer, resolver, BILLING, SAME)
    assert (entry["defaultBilling"], entry["defaultShipping"]) == (True, True)


def test_different_addresses_stay_two(customer: Mapping, resolver: Any) -> None:
    entries = book(customer, resolver, BILLING, SAME, {"ShippingCity": "Salem"})
    assert [(entry["city"], entry["defaultBilling"], entry["defaultShipping"]) for entry in entries] == [
        ("Boston", True, False),
        ("Salem", False, True),
    ]


def test_a_country_alone_is_no_address(customer: Mapping, resolver: Any) -> None:
    assert book(customer, resolver) == []


def test_a_street_of_many_lines_keeps_every_word() -> None:
    assert split_street("c/o Ana\n 1 Quay \n\nDock 4\nGate 2") == {
        "addr1": "c/o Ana", "addr2": "1 Quay", "addr3": "Dock 4, Gate 2"
    }  # fmt: skip


def test_a_very_long_street_line_is_wrapped_at_150_characters() -> None:
    text = "word " * 50
    lines = split_street(text)
    assert " ".join(str(line) for line in lines.values()).split() == text.split()
    assert all(len(str(line)) <= 150 for line in lines.values())


def test_an_admin_can_change_and_remove_addresses(mapping_of: Any, resolver: Any) -> None:
    mapping = mapping_of(
        'extends = "order_to_cash/account_to_customer"\n[tables.subsidiary]\nUS = "Acme Inc"\n'
        '[[addresses]]\nname = "shipping"\nremove = true\n'
        '[[addresses]]\nname = "billing"\nattention = { value = "Accounts payable" }'
    )
    (entry,) = book(mapping, resolver, BILLING, SAME)
    assert entry["attention"] == "Accounts payable"
    assert entry["addr1"] == "1 Quay"
    assert (entry["defaultBilling"], entry["defaultShipping"]) == (True, False)
