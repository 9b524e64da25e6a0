"""How a payload becomes a SuiteTalk message."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from lxml import etree

from connectors.netsuite import safe_xml, suitetalk
from connectors.netsuite.countries import COUNTRIES, country_name
from connectors.netsuite.payload import record
from connectors.netsuite.wire_values import PayloadError
from connectors.records import Payload, PayloadLine, PayloadValue, Reference, WriteRequest
from tests.unit.connectors.netsuite_account import CORE, LINE, SALES, add_order, order_payload

PACIFIC = ZoneInfo("America/Los_Angeles")
XSI = "{http://www.w3.org/2001/XMLSchema-instance}type"


def message(request: WriteRequest, zone: ZoneInfo = PACIFIC, endpoint: str = "2025_2") -> etree._Element:
    types = suitetalk.load(endpoint)
    sent = types.envelope(request.op, {}, record=record(request, types, zone))
    return next(item for item in safe_xml.parse(sent).iter() if item.tag.endswith("}record"))


def texts(element: etree._Element, name: str) -> Iterator[str | None]:
    return (item.text for item in element.iter() if safe_xml.local_name(item) == name)


def attributes(element: etree._Element) -> dict[str, str]:
    return {str(name): str(value) for name, value in element.items()}


def customer(**changes: Any) -> WriteRequest:
    values: dict[str, Any] = {
        "companyName": "Acme",
        "isPerson": False,
        "subsidiary": Reference(type="subsidiary", id="2"),
    }
    payload = Payload(**({"type": "customer", "values": values} | changes))
    return WriteRequest(key="c", op="add", payload=payload, external_id="tieout-cust-001Hs00001A0000IAA")


def test_a_create_carries_the_external_id_and_the_fields_in_the_schemas_order() -> None:
    found = message(add_order())
    assert found.get("externalId") == "tieout-so-006Hs00001A0000IAA"
    assert found.get("internalId") is None
    assert (found.get(XSI) or "").endswith(":SalesOrder")
    assert [safe_xml.local_name(item) for item in found] == [
        "entity", "currency", "tranDate", "orderStatus", "otherRefNum", "memo", "subsidiary",
        "itemList", "customFieldList",
    ]  # fmt: skip


def test_numbers_are_sent_digit_for_digit() -> None:
    values: dict[str, PayloadValue] = {
        "item": Reference(type="item", id="1"),
        "quantity": Decimal("1E+2"),
        "rate": Decimal("0.00000001"),
        "amount": Decimal("99999999999999.99"),
    }
    found = message(add_order(payload=order_payload(lines=[PayloadLine(key=LINE, values=values)])))
    assert list(texts(found, "quantity")) == ["100"]
    assert list(texts(found, "rate")) == ["0.00000001"]
    assert list(texts(found, "amount")) == ["99999999999999.99"]


@pytest.mark.parametrize(
    ("zone", "sent"),
    [("America/Los_Angeles", "2026-11-20T12:00:00-08:00"), ("Asia/Tokyo", "2026-11-20T12:00:00+09:00")],
)
def test_a_date_is_noon_of_the_integration_users_zone(zone: str, sent: str) -> None:
    assert list(texts(message(add_order(), ZoneInfo(zone)), "tranDate")) == [sent]


def test_a_moment_keeps_its_instant() -> None:
    payload = order_payload(values={"startDate": datetime(2026, 3, 8, 9, 30, tzinfo=UTC)})
    assert list(texts(message(add_order(payload=payload)), "startDate")) == ["2026-03-08T01:30:00-08:00"]


def test_control_characters_are_removed() -> None:
    assert list(texts(message(add_order()), "memo")) == ["Acme upgrade"]


def test_references_go_by_internal_else_external_id() -> None:
    found = message(add_order())
    entity, item = found.find(f"{{{SALES}}}entity"), next(found.iter(f"{{{SALES}}}item"))[0]
    assert entity is not None
    assert attributes(entity) == {"externalId": "tieout-cust-001Hs00001A0000IAA", "type": "customer"}
    assert attributes(item) == {"internalId": "44"}
    price = next(found.iter(f"{{{SALES}}}price"))
    assert attributes(price) == {"internalId": "-1", "type": "priceLevel"}


def test_each_kind_of_custom_field_is_typed_by_its_value() -> None:
    values = {
        "custbody_text": "a",
        "custbody_number": Decimal("1.50"),
        "custbody_flag": True,
        "custbody_day": date(2026, 11, 20),
        "custbody_choice": Reference(type="customList", id="2"),
        "custbody_none": None,
    }
    found = {
        item.get("scriptId"): ((item.get(XSI) or "").partition(":")[2], item[0])
        for item in message(add_order(payload=order_payload(values=values))).iter(f"{{{CORE}}}customField")
        if (item.get("scriptId") or "").startswith("custbody")
    }
    assert {name: (kind, value.text or attributes(value)) for name, (kind, value) in found.items()} == {
        "custbody_text": ("StringCustomFieldRef", "a"),
        "custbody_number": ("DoubleCustomFieldRef", "1.50"),
        "custbody_flag": ("BooleanCustomFieldRef", "true"),
        "custbody_day": ("DateCustomFieldRef", "2026-11-20T12:00:00-08:00"),
        "custbody_choice": ("SelectCustomFieldRef", {"internalId": "2"}),
    }


def test_an_update_names_the_record_replaces_our_lines_and_keeps_the_others() -> None:
    line = PayloadLine(key=LINE, values={"amount": Decimal("5")}, line=3)
    request = WriteRequest(
        key="k",
        op="update",
        payload=order_payload(lines=[line], clear=("memo", "custbody_x")),
        internal_id="512",
        keep_lines=[7, 9],
    )
    found = message(request)
    assert (found.get("internalId"), found.get("externalId")) == ("512", None)
    items = next(found.iter(f"{{{SALES}}}itemList"))
    assert items.get("replaceAll") == "true"
    assert list(texts(items, "line")) == ["3", "7", "9"]
    assert [len(item) for item in items] == [2, 1, 1]
    assert list(texts(found[0], "name")) == ["memo", "custbody_x"]


def test_an_update_without_lines_leaves_the_item_list_alone() -> None:
    request = WriteRequest(key="k", op="update", payload=order_payload(lines=()), internal_id="512")
    assert list(message(request).iter(f"{{{SALES}}}itemList")) == []


def test_addresses_fill_the_address_book_with_netsuites_country() -> None:
    address = {
        "defaultBilling": True,
        "addr1": "1 Main St",
        "city": "Springfield",
        "state": "IL",
        "country": "us",
        "zip": None,
    }
    found = message(customer(addresses=[address]))
    book = next(item for item in found if safe_xml.local_name(item) == "addressbookList")
    assert book.get("replaceAll") == "true"
    assert [(safe_xml.local_name(item), item.text) for item in book.iter() if item.text] == [
        ("defaultBilling", "true"),
        ("country", "_unitedStates"),
        ("addr1", "1 Main St"),
        ("city", "Springfield"),
        ("state", "IL"),
    ]


@pytest.mark.parametrize("word", ["_closed", "H", "Closed", "closed"])
def test_an_order_status_may_be_written_in_any_spelling(word: str) -> None:
    found = message(add_order(payload=order_payload(values={"orderStatus": word})))
    assert list(texts(found, "orderStatus")) == ["_closed"]


BAD: list[tuple[str, dict[str, Any], str]] = [
    ("unknown field", {"values": {"memmo": "x"}}, "field memmo: a salesOrder has no field"),
    ("computed field", {"values": {"total": Decimal(1)}}, "field total: a salesOrder has no field"),
    (
        "unresolved name",
        {"values": {"entity": Reference(type="customer", name="Acme")}},
        "field entity: customer 'Acme' has no",
    ),
    ("text for a reference", {"values": {"entity": "Acme"}}, "field entity: 'Acme' is not a reference"),
    ("text for a number", {"values": {"exchangeRate": "1"}}, "field exchangeRate: '1' is not a number"),
    ("not a number", {"values": {"exchangeRate": Decimal("NaN")}}, "field exchangeRate: NaN"),
    ("text for a date", {"values": {"tranDate": "2026-11-20"}}, "field tranDate"),
    ("naive moment", {"values": {"tranDate": datetime(2026, 1, 1)}}, "field tranDate: naive"),  # noqa: DTZ001
    ("text for a flag", {"values": {"toBeEmailed": "yes"}}, "field toBeEmailed: 'yes' is not true or false"),
    (
        "unknown status",
        {"values": {"orderStatus": "_bogus"}},
        "field orderStatus: '_bogus' is not one of _pendingApproval",
    ),
    ("custom field of a line on the body", {"values": {"custcol_x": "1"}}, "field custcol_x"),
    ("clear of an unknown field", {"clear": ["memmo"]}, "field memmo"),
    ("unknown line field", {"lines": [PayloadLine(key="L1", values={"qty": Decimal(1)})]}, "line L1: field qty"),
    ("addresses of an order", {"addresses": [{"city": "x"}]}, "no address book"),
]


@pytest.mark.parametrize(("changes", "words"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_what_cannot_be_written_is_refused_and_names_the_field(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(PayloadError, match=words):
        message(add_order(payload=order_payload(**changes)))


def test_an_unknown_country_is_refused() -> None:
    with pytest.raises(PayloadError, match="field country: 'Freedonia' is not a country code"):
        message(customer(addresses=[{"country": "Freedonia"}]))


@pytest.mark.parametrize("changes", [{"external_id": None}, {"internal_id": "5"}, {"op": "update"}])
def test_a_create_has_an_external_and_an_update_an_internal_id(changes: dict[str, Any]) -> None:
    with pytest.raises(PayloadError, match="carries"):
        message(add_order(**changes))


def test_another_endpoint_has_other_name_spaces() -> None:
    assert (
        message(add_order(), endpoint="2024_1")[0].tag
        == "{urn:sales_2024_1.transactions.webservices.netsuite.com}entity"
    )


def test_every_country_has_one_name() -> None:
    assert len(COUNTRIES) == 252
    assert len(set(COUNTRIES.values())) == 252
    assert country_name("DE") == country_name("_germany") == "_germany"
