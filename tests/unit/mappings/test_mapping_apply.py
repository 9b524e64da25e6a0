from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from connectors.records import Reference
from mappings.apply import Mapped, apply
from mappings.findings import CODES
from mappings.model import Mapping
from mappings.resolver import Unresolved

OneField = Callable[..., Mapped]


def codes(mapped: Mapped) -> list[str]:
    return [finding.code for finding in mapped.problems]


def only(mapped: Mapped, code: str) -> Any:
    found = [finding for finding in mapped.problems if finding.code == code]
    assert len(found) == 1, mapped.problems
    return found[0]


def test_a_won_deal_becomes_a_complete_sales_order(sales_order: Mapping, deal: dict, line: dict, resolver: Any) -> None:
    mapped = apply(sales_order, deal, [line], resolver)
    assert mapped.problems == ()
    assert mapped.warnings == ()
    assert mapped.payload.type == "salesOrder"
    assert mapped.payload.values == {
        "entity": Reference(type="customer", id="10", name="001000000000001AAA"),
        "currency": Reference(type="currency", id="1", name="USD"),
        "subsidiary": Reference(type="subsidiary", id="2", name="Acme Inc"),
        "tranDate": date(2026, 11, 3),
        "orderStatus": "_pendingApproval",
        "memo": "Blue Harbor renewal",
        "salesRep": Reference(type="employee", id="55", name="ana@acme.example"),
        "custbody_tieout_deal_id": "006000000000001AAA",
        "otherRefNum": "PO-1",
        "terms": Reference(type="term", id="7", name="Net 30"),
    }
    assert mapped.payload.lines[0].key == "00k000000000001AAA"


def test_every_field_is_traced_to_its_source_and_line_of_the_mapping(
    sales_order: Mapping, deal: dict, line: dict, resolver: Any
) -> None:
    trace = {each.target: each for each in apply(sales_order, deal, [line], resolver).trace}
    assert trace["terms"].source == "Payment_Terms__c"
    assert trace["terms"].source_value == "30 days"
    assert trace["terms"].where.startswith("map.toml:")
    assert trace["terms"].steps == ("table terms: Net 30", "lookup term.name: 7")
    assert trace["memo"].where.startswith("order_to_cash/opportunity_to_sales_order.toml:")
    assert trace["lines[00k000000000001AAA].rate"].result == Decimal("25.00")


def test_a_deal_without_an_account_is_held_for_that_first(sales_order: Mapping, deal: dict, resolver: Any) -> None:
    deal |= {"AccountId": None, "Account.BillingCountryCode": None, "PO_Required__c": True, "PO_Number__c": None}
    assert codes(apply(sales_order, deal, [], resolver))[:3] == ["NO_ACCOUNT", "NO_LINES", "RULE_HOLD"]


def test_a_deal_without_lines_becomes_a_hold(sales_order: Mapping, deal: dict, resolver: Any) -> None:
    finding = only(apply(sales_order, deal, [], resolver), "NO_LINES")
    assert finding.owner == "data"
    assert "Salesforce" in finding.fix


def test_a_rule_holds_with_the_admins_words(sales_order: Mapping, deal: dict, line: dict, resolver: Any) -> None:
    deal |= {"PO_Required__c": True, "PO_Number__c": " "}
    finding = only(apply(sales_order, deal, [line], resolver), "RULE_HOLD")
    assert finding.cause.startswith("PO number missing")
    assert finding.owner == "data"
    assert finding.fix == "Enter the customer's PO number on the deal, or clear the box 'PO required'."
    assert finding.where.startswith("map.toml:")


def test_a_value_outside_the_table_names_value_table_and_line(
    sales_order: Mapping, deal: dict, line: dict, resolver: Any
) -> None:
    deal["Payment_Terms__c"] = "45 days"
    finding = only(apply(sales_order, deal, [line], resolver), "VALUE_NOT_IN_TABLE")
    assert finding.field == "terms"
    assert finding.cause == "Payment terms '45 days' is not in the value table 'terms'."
    assert '"45 days" = "…"' in finding.fix
    assert finding.where == sales_order.tables["terms"].where


def test_a_table_entry_that_netsuite_does_not_know_is_named_with_both_words(
    sales_order: Mapping, deal: dict, line: dict, resolver: Any
) -> None:
    deal["Payment_Terms__c"] = "60 days"
    finding = only(apply(sales_order, deal, [line], resolver), "REFERENCE_NOT_FOUND")
    assert finding.cause == "Payment terms '60 days' (in NetSuite 'Net 60') is not a payment term in NetSuite."


def test_an_unknown_sales_rep_is_left_out_with_a_warning(
    sales_order: Mapping, deal: dict, line: dict, resolver: Any
) -> None:
    deal["Owner.Email"] = "gone@acme.example"
    mapped = apply(sales_order, deal, [line], resolver)
    assert mapped.problems == ()
    assert "salesRep" not in mapped.payload.values
    assert [warning.cause for warning in mapped.warnings] == [
        "Owner email 'gone@acme.example' is not an employee in NetSuite."
    ]


@pytest.mark.parametrize("reason", list(Unresolved))
def test_an_unusable_reference_says_why(
    reason: Unresolved, sales_order: Mapping, deal: dict, line: dict, resolver: Any
) -> None:
    resolver.blocked["term", "name", "Net 30"] = reason
    finding = only(apply(sales_order, deal, [line], resolver), "REFERENCE_NOT_FOUND")
    assert {"INACTIVE": "inactive", "AMBIGUOUS": "more than one"}[reason.name] in finding.cause


def test_an_optional_field_without_value_is_left_out_and_named_as_empty(
    sales_order: Mapping, deal: dict, line: dict, resolver: Any
) -> None:
    deal |= {"PO_Number__c": None, "Payment_Terms__c": None}
    mapped = apply(sales_order, deal, [line], resolver)
    assert mapped.problems == ()
    assert mapped.empty == {"otherRefNum", "terms"}


def test_an_update_carries_no_create_only_field_and_clears_only_what_was_written(
    sales_order: Mapping, deal: dict, line: dict, resolver: Any
) -> None:
    deal |= {"PO_Number__c": None, "Payment_Terms__c": None}
    update = apply(sales_order, deal, [line], resolver).for_update(written={"otherRefNum", "memo", "entity"})
    assert set(update.values) == {"memo"}
    assert update.clear == ("otherRefNum",)
    assert len(update.lines) == 1


def test_a_long_memo_is_cut_with_a_warning(one_field: OneField) -> None:
    mapped = one_field('memo = { from = "Name" }', {"Name": "x" * 1200})
    assert mapped.payload.values["memo"] == "x" * 999
    assert [warning.code for warning in mapped.warnings] == ["TOO_LONG"]


def test_a_long_po_number_is_held_and_not_cut(one_field: OneField) -> None:
    mapped = one_field('otherRefNum = { from = "PO_Number__c" }', {"PO_Number__c": "P" * 46})
    assert "46 characters, otherRefNum takes at most 45" in only(mapped, "TOO_LONG").cause
    assert mapped.payload.values == {}


def test_a_length_may_be_set_by_the_admin(one_field: OneField) -> None:
    entry = 'custbody_note = { from = "Name", max_length = 3, too_long = "truncate" }'
    assert one_field(entry, {"Name": "abcdef"}).payload.values == {"custbody_note": "abc"}


def test_a_too_long_value_may_be_left_out(one_field: OneField) -> None:
    mapped = one_field('email = { from = "Email__c", too_long = "skip" }', {"Email__c": "a" * 300})
    assert mapped.payload.values == {}
    assert [warning.code for warning in mapped.warnings] == ["TOO_LONG"]


@pytest.mark.parametrize(
    ("entry", "value", "expected"),
    [
        ('memo = { value = "Web" }', None, "Web"),
        ('memo = { from = "F", default = "none" }', None, "none"),
        ('memo = { from = "F", default = "none" }', "  ", "none"),
        ('memo = { from = "F", transform = ["trim", "upper"] }', " ab ", "AB"),
        ('memo = { from = "F" }', Decimal("12.50"), "12.5"),
        ('memo = { from = "F" }', True, "true"),
        ('memo = { from = "F" }', date(2026, 11, 3), "2026-11-03"),
        ('exchangeRate = { from = "F" }', "1.25", Decimal("1.25")),
        ('tranDate = { from = "F" }', "2026-11-03", date(2026, 11, 3)),
        ('shipComplete = { from = "F" }', False, False),
        ('custbody_x = { from = "F" }', Decimal(3), Decimal(3)),
        ('memo = { from = "F", table = "t" }', "a", "A1"),
        ('memo = { from = "F", table = "t", default = "other" }', "zz", "other"),
        ('memo = { from = "F", table = "t" }', Decimal("1.50"), "half"),
        ('memo = { from = "F", table = "t" }', True, "yes"),
        ('memo = { from = "F", when = "F == \'x\'" }', "x", "x"),
    ],
)
def test_one_value_passes_transform_default_table_and_type(
    entry: str, value: Any, expected: Any, one_field: OneField
) -> None:
    tables = '[tables.t]\na = "A1"\n"1.5" = "half"\ntrue = "yes"'
    mapped = one_field(entry, {"F": value}, tables)
    assert mapped.problems == ()
    assert list(mapped.payload.values.values()) == [expected]


def test_a_field_whose_condition_does_not_hold_is_left_alone(one_field: OneField) -> None:
    mapped = one_field('memo = { from = "F", when = "F == \'x\'" }', {"F": "y"})
    assert mapped.payload.values == {}
    assert mapped.empty == frozenset()
    assert mapped.trace[0].steps == ("left out: not F == 'x'",)


@pytest.mark.parametrize(
    ("entry", "value"),
    [
        ('tranDate = { from = "F" }', datetime(2026, 11, 3, tzinfo=UTC)),
        ('tranDate = { from = "F" }', "3.11.2026"),
        ('exchangeRate = { from = "F" }', "much"),
        ('exchangeRate = { from = "F" }', "NaN"),
        ('exchangeRate = { from = "F" }', date(2026, 11, 3)),
        ('shipComplete = { from = "F" }', "yes"),
    ],
)
def test_a_value_of_the_wrong_type_is_held(entry: str, value: Any, one_field: OneField) -> None:
    mapped = one_field(entry, {"F": value})
    assert codes(mapped) == ["BAD_VALUE"]
    assert mapped.payload.values == {}


@pytest.mark.parametrize(("policy", "problems", "warnings"), [("hold", 1, 0), ("warn", 0, 1), ("skip", 0, 0)])
@pytest.mark.parametrize("value", [None, "nobody@acme.example"])
def test_the_missing_policy_covers_empty_and_unknown_values(
    policy: str, problems: int, warnings: int, value: str | None, one_field: OneField
) -> None:
    mapped = one_field(f'salesRep = {{ from = "Owner.Email", missing = "{policy}" }}', {"Owner.Email": value})
    assert (len(mapped.problems), len(mapped.warnings)) == (problems, warnings)
    assert mapped.empty == frozenset()


def test_a_required_field_holds_whatever_missing_says(one_field: OneField) -> None:
    mapped = one_field('memo = { from = "Name", required = true, missing = "skip" }', {"Name": None})
    assert only(mapped, "VALUE_MISSING").cause == "Name is empty, memo needs it."


def test_a_table_beside_a_lookup_only_renames(one_field: OneField) -> None:
    entry = 'terms = { from = "F", lookup = "term.name", table = "t" }'
    mapped = one_field(entry, {"F": "Net 30"}, '[tables.t]\n"30" = "Net 30"')
    assert mapped.payload.values["terms"] == Reference(type="term", id="7", name="Net 30")


def test_every_finding_is_complete(sales_order: Mapping, line: dict, resolver: Any) -> None:
    line |= {"Product2.ProductCode": "GTX-9", "TotalPrice": Decimal(-5), "CurrencyIsoCode": "EUR"}
    mapped = apply(sales_order, {"CurrencyIsoCode": "USD", "PO_Required__c": True}, [line], resolver)
    assert len(mapped.problems) > 5
    for finding in mapped.problems:
        assert finding.code in CODES
        assert finding.owner in {"data", "finance", "admin"}
        assert finding.cause.endswith(".")
        assert finding.fix.endswith(".")
        assert ".toml:" in finding.where


def test_a_customer_carries_name_subsidiary_and_addresses(customer: Mapping, resolver: Any) -> None:
    fields = {
        "Id": "001000000000001AAA",
        "Name": "Blue Harbor",
        "BillingCountryCode": "US",
        "CurrencyIsoCode": "USD",
        "Website": "blueharbor.example",
        "Phone": "5" * 40,
        "BillingStreet": "1 Quay\nDock 4",
        "BillingCity": "Boston",
    }
    mapped = apply(customer, fields, (), resolver)
    assert mapped.problems == ()
    assert [warning.field for warning in mapped.warnings] == ["phone"]
    values = mapped.payload.values
    assert values["companyName"] == "Blue Harbor"
    assert values["isPerson"] is False
    assert values["url"] == "https://blueharbor.example"
    assert values["custentity_tieout_account_id"] == "001000000000001AAA"
    assert mapped.payload.addresses == (
        {
            "addr1": "1 Quay", "addr2": "Dock 4", "city": "Boston", "country": "US",
            "defaultBilling": True, "defaultShipping": False,
        },
    )  # fmt: skip


def test_after_creation_netsuite_owns_the_customer(customer: Mapping, resolver: Any) -> None:
    fields = {"Id": "x", "Name": "A", "BillingCountryCode": "US", "CurrencyIsoCode": "USD", "BillingCity": "Boston"}
    update = apply(customer, fields, (), resolver).for_update()
    assert (update.values, update.addresses, update.clear) == ({}, (), ())


def test_a_customer_with_an_unknown_parent_waits_for_it(customer: Mapping, resolver: Any) -> None:
    fields = {
        "Id": "x", "Name": "A", "BillingCountryCode": "US", "CurrencyIsoCode": "USD", "ParentId": "001000000000009AAA",
    }  # fmt: skip
    assert only(apply(customer, fields, (), resolver), "REFERENCE_NOT_FOUND").field == "parent"


def test_a_name_over_83_characters_is_held(customer: Mapping, resolver: Any) -> None:
    fields = {"Id": "x", "Name": "N" * 84, "BillingCountryCode": "US", "CurrencyIsoCode": "USD"}
    finding = only(apply(customer, fields, (), resolver), "TOO_LONG")
    assert finding.field == "companyName"
    assert "84 characters" in finding.cause


def test_mapping_twice_gives_the_same(sales_order: Mapping, deal: dict, line: dict, resolver: Any) -> None:
    assert apply(sales_order, deal, [line], resolver) == apply(sales_order, deal, [line], resolver)
    assert replace(sales_order) == sales_order
