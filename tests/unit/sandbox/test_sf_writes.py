"""Writes to the local Salesforce: checks, stamps and the rules of opportunities and their lines."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.fakes.salesforce_org import LocalOrg

START = "2026-11-22T12:00:00.000+0000"
LATER = "2026-11-22T12:00:10.000+0000"


@pytest.fixture
def org() -> LocalOrg:
    return LocalOrg()


def patch(org: LocalOrg, name: str, id_: str, **values: Any) -> tuple[int, Any]:
    return org.call("PATCH", f"/sobjects/{name}/{id_}", values)


def test_a_created_record_can_be_read_back_with_every_field(org: LocalOrg) -> None:
    status, made = org.call("POST", "/sobjects/Account", {"Name": " Acme ", "CurrencyIsoCode": "GBP", "Phone": ""})
    assert (status, made["success"], made["errors"]) == (201, True, [])
    status, record = org.call("GET", f"/sobjects/Account/{made['id']}")
    assert status == 200
    assert (record["Name"], record["CurrencyIsoCode"], record["Phone"]) == ("Acme", "GBP", None)
    assert record["CreatedDate"] == record["SystemModstamp"] == START
    assert next(iter(record)) == "attributes"
    assert len(made["id"]) == 18 and made["id"].startswith("001")


def test_any_write_moves_the_stamp_even_when_nothing_differs(org: LocalOrg) -> None:
    account = org.add("Account", Name="Acme")
    org.clock.step(10.9)
    assert patch(org, "Account", account, Name="Acme") == (204, None)
    body = org.get("Account", account)
    assert body["SystemModstamp"] == body["LastModifiedDate"] == LATER
    assert body["CreatedDate"] == START


def test_the_stage_decides_what_follows_from_it(org: LocalOrg) -> None:
    deal = org.deal()
    org.clock.step(10)
    patch(org, "Opportunity", deal, StageName="Closed Won")
    body = org.get("Opportunity", deal)
    assert (body["IsWon"], body["IsClosed"], body["Probability"], body["ForecastCategory"]) == (
        True,
        True,
        100,
        "Closed",
    )
    assert body["LastStageChangeDate"] == LATER
    org.clock.step(10)
    patch(org, "Opportunity", deal, StageName="Closed Won", NextStep="call")
    assert org.get("Opportunity", deal)["LastStageChangeDate"] == LATER
    patch(org, "Opportunity", deal, StageName="Closed Lost")
    assert org.get("Opportunity", deal)["IsWon"] is False


def test_a_line_gets_product_currency_and_total_from_its_surroundings(org: LocalOrg) -> None:
    deal, entry = org.deal(), org.entry("P-1", "12.345")
    line = org.get("OpportunityLineItem", org.line(deal, entry, "3", Discount=Decimal("10")))
    assert line["ProductCode"] == "P-1"
    assert line["Name"] == "Deal Product P-1"
    assert line["CurrencyIsoCode"] == "USD"
    assert line["UnitPrice"] == Decimal("12.345")
    assert line["TotalPrice"] == Decimal("33.33")
    deal_body = org.get("Opportunity", deal)
    assert (deal_body["Amount"], deal_body["HasOpportunityLineItem"]) == (Decimal("33.33"), True)


def test_totals_round_half_up_to_the_currency(org: LocalOrg) -> None:
    deal = org.deal(CurrencyIsoCode="JPY")
    line = org.line(deal, org.entry("P-2", "100.5", "JPY"))
    assert org.get("OpportunityLineItem", line)["TotalPrice"] == 101


def test_the_amount_of_a_deal_with_lines_ignores_a_write(org: LocalOrg) -> None:
    deal = org.deal(Amount=Decimal("5"))
    assert patch(org, "Opportunity", deal, Amount=7)[0] == 204
    assert org.get("Opportunity", deal)["Amount"] == 7
    org.line(deal, org.entry())
    assert patch(org, "Opportunity", deal, Amount=999) == (204, None)
    assert org.get("Opportunity", deal)["Amount"] == 10


def test_a_line_edit_touches_the_deal_only_when_the_amount_moves(org: LocalOrg) -> None:
    deal = org.deal()
    line = org.line(deal, org.entry())
    org.clock.step(10)
    patch(org, "OpportunityLineItem", line, Description="new text")
    assert org.get("OpportunityLineItem", line)["SystemModstamp"] == LATER
    assert org.get("Opportunity", deal)["SystemModstamp"] == START
    patch(org, "OpportunityLineItem", line, Quantity=2)
    assert org.get("Opportunity", deal)["SystemModstamp"] == LATER
    assert org.get("Opportunity", deal)["Amount"] == 20


def test_the_last_line_gone_leaves_the_amount_and_clears_the_flag(org: LocalOrg) -> None:
    deal = org.deal()
    line = org.line(deal, org.entry())
    assert org.call("DELETE", f"/sobjects/OpportunityLineItem/{line}")[0] == 204
    body = org.get("Opportunity", deal)
    assert (body["HasOpportunityLineItem"], body["Amount"]) == (False, 10)


def test_a_given_total_price_sets_the_unit_price(org: LocalOrg) -> None:
    line = org.get("OpportunityLineItem", org.line(org.deal(), org.entry(), "4", TotalPrice=Decimal("30")))
    assert line["UnitPrice"] == Decimal("7.5")


def test_deleting_a_deal_deletes_its_lines(org: LocalOrg) -> None:
    deal = org.deal()
    line = org.line(deal, org.entry())
    org.clock.step(10)
    assert org.call("DELETE", f"/sobjects/Opportunity/{deal}")[0] == 204
    assert org.get("OpportunityLineItem", line)["IsDeleted"] is True
    assert org.get("Opportunity", deal)["SystemModstamp"] == LATER
    assert org.get("Opportunity", deal)["Amount"] == 10
    assert org.call("DELETE", f"/sobjects/Opportunity/{deal}")[1][0]["errorCode"] == "ENTITY_IS_DELETED"


def test_an_account_with_a_won_deal_is_not_deleted(org: LocalOrg) -> None:
    account = org.add("Account", Name="Acme")
    deal = org.deal(AccountId=account)
    patch(org, "Opportunity", deal, StageName="Closed Won")
    assert org.call("DELETE", f"/sobjects/Account/{account}")[1][0]["errorCode"] == "DELETE_FAILED"
    assert org.get("Account", account)["IsDeleted"] is False


@pytest.mark.parametrize(
    ("values", "code", "fields"),
    [
        ({"Nope": 1}, "INVALID_FIELD", []),
        ({"IsWon": True}, "INVALID_FIELD_FOR_INSERT_UPDATE", ["IsWon"]),
        ({"SystemModstamp": START}, "INVALID_FIELD_FOR_INSERT_UPDATE", ["SystemModstamp"]),
        ({"Name": "x" * 121}, "STRING_TOO_LONG", ["Name"]),
        ({"PO_Number__c": "x" * 46}, "STRING_TOO_LONG", ["PO_Number__c"]),
        ({"Name": None}, "REQUIRED_FIELD_MISSING", ["Name"]),
        ({"StageName": "Dreaming"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", ["StageName"]),
        ({"Payment_Terms__c": "Never"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", ["Payment_Terms__c"]),
        ({"CurrencyIsoCode": "XXX"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", ["CurrencyIsoCode"]),
        ({"AccountId": "nonsense"}, "MALFORMED_ID", ["AccountId"]),
        ({"AccountId": "006Tt0000000001IAA"}, "MALFORMED_ID", ["AccountId"]),
        ({"AccountId": "001Tt0000000zzzIAB"}, "MALFORMED_ID", ["AccountId"]),
        ({"Amount": Decimal("1e16").__int__()}, "NUMBER_OUTSIDE_VALID_RANGE", ["Amount"]),
    ],
)
def test_bad_data_is_refused_with_code_and_fields(
    org: LocalOrg, values: dict[str, Any], code: str, fields: list[str]
) -> None:
    deal = org.deal()
    before = org.get("Opportunity", deal)
    status, answer = patch(org, "Opportunity", deal, **values)
    assert status == 400
    assert (answer[0]["errorCode"], answer[0]["fields"]) == (code, fields)
    assert org.get("Opportunity", deal) == before


@pytest.mark.parametrize(
    "values", [{"Amount": "ten"}, {"CloseDate": "30.11.2026"}, {"PO_Required__c": 5}, {"Name": {}}]
)
def test_values_of_the_wrong_json_type_are_a_parser_error(org: LocalOrg, values: dict[str, Any]) -> None:
    status, answer = patch(org, "Opportunity", org.deal(), **values)
    assert (status, answer[0]["errorCode"]) == (400, "JSON_PARSER_ERROR")


def test_a_reference_to_nothing_is_refused(org: LocalOrg) -> None:
    other = org.add("Account", Name="Gone")
    org.call("DELETE", f"/sobjects/Account/{other}")
    deal = org.deal()
    assert patch(org, "Opportunity", deal, AccountId=other)[1][0]["errorCode"] == "ENTITY_IS_DELETED"
    assert (
        patch(org, "Opportunity", deal, OwnerId="005Tt0000000009IAA")[1][0]["errorCode"]
        == "INVALID_CROSS_REFERENCE_KEY"
    )


def test_a_line_needs_an_entry_of_the_deals_currency(org: LocalOrg) -> None:
    deal, entry = org.deal(CurrencyIsoCode="EUR"), org.entry(currency="USD")
    status, answer = org.call(
        "POST", "/sobjects/OpportunityLineItem",
        {"OpportunityId": deal, "PricebookEntryId": entry, "Quantity": 1, "UnitPrice": 5},
    )  # fmt: skip
    assert (status, answer[0]["errorCode"]) == (400, "FIELD_INTEGRITY_EXCEPTION")


def test_missing_records_and_objects_are_not_found(org: LocalOrg) -> None:
    assert org.call("GET", "/sobjects/Account/001Tt0000000009IAA")[1] == [
        {"message": "The requested resource does not exist", "errorCode": "NOT_FOUND"}
    ]
    assert org.call("GET", "/sobjects/Shop/describe")[0] == 404
    assert patch(org, "Account", "001Tt000000000AIAQ", Name="x")[0] == 404
    assert org.call("PUT", "/sobjects/Account/001Tt0000000009IAA")[0] == 405


def test_text_goes_in_and_out_unchanged(org: LocalOrg) -> None:
    text = 'Zeile 1\nZeile 2 "quoted" \\ é 😀 %s {x}'
    account = org.add("Account", Name='A "B" 100% \\', Description=text)
    row = org.query(f"SELECT Name, Description FROM Account WHERE Id = '{account}'")["records"][0]
    assert (row["Name"], row["Description"]) == ('A "B" 100% \\', text)


def test_large_amounts_keep_their_cents(org: LocalOrg) -> None:
    org.deal("big", Amount=Decimal("1234567890123456.78"))
    assert org.query("SELECT Amount FROM Opportunity")["records"][0]["Amount"] == Decimal("1234567890123456.78")
