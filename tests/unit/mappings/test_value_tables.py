from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from connectors.records import Value
from mappings.labels import label, noun
from mappings.tables import ValueTable, key_text
from mappings.transforms import TRANSFORMS


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (" 30 days ", "30 days"),
        (Decimal("1E+3"), "1000"),
        (Decimal("0.250"), "0.25"),
        (Decimal("-0.00"), "0"),
        (True, "true"),
        (False, "false"),
        (date(2026, 11, 3), "2026-11-03"),
        (None, ""),
    ],
)
def test_a_value_is_listed_under_its_plain_text(value: Value, text: str) -> None:
    assert key_text(value) == text


def test_a_table_tells_letter_case_apart() -> None:
    table = ValueTable(name="t", entries={"US": "Acme Inc"}, where="m.toml:3")
    assert table.find("US") == "Acme Inc"
    assert table.find("us") is None


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("digits", "PO 47-11", "4711"),
        ("first_line", "\n \n one \ntwo", "one"),
        ("first_line", " ", ""),
        ("one_line", " a\n b  c ", "a b c"),
        ("web_address", "acme.example", "https://acme.example"),
        ("web_address", " HTTP://acme.example ", "HTTP://acme.example"),
        ("web_address", " ", ""),
        ("upper", "ab", "AB"),
        ("lower", "AB", "ab"),
        ("trim", " a ", "a"),
    ],
)
def test_a_transform_changes_text(name: str, text: str, expected: str) -> None:
    assert TRANSFORMS[name](text) == expected


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("Payment_Terms__c", "Payment terms"),
        ("Product2.ProductCode", "Product code"),
        ("Account.BillingCountryCode", "Account billing country code"),
        ("Owner.Email", "Owner email"),
        ("PO_Number__c", "PO number"),
        ("TotalPrice", "Total price"),
        ("CurrencyIsoCode", "Currency"),
    ],
)
def test_a_field_path_reads_as_words(path: str, words: str) -> None:
    assert label(path) == words


def test_a_list_that_is_not_known_keeps_its_name() -> None:
    assert noun("term") == "a payment term"
    assert noun("project") == "a project"
