from __future__ import annotations

from collections.abc import Callable

import pytest

from connectors.errors import Problem
from connectors.netsuite import fields as netsuite_fields
from connectors.records import FieldSchema, ObjectSchema
from mappings import targets
from mappings.check import check, check_condition
from mappings.conditions import compile_condition
from mappings.model import Mapping

MappingOf = Callable[[str], Mapping]
BODY = frozenset(netsuite_fields.body_fields("salesOrder"))
LINE = frozenset(netsuite_fields.line_fields("salesOrder"))


def schema(name: str, *found: FieldSchema) -> ObjectSchema:
    return ObjectSchema(name=name, fields={each.name.lower(): each for each in found})


OPPORTUNITY = schema(
    "Opportunity",
    FieldSchema(name="Id", type="id", length=18),
    FieldSchema(name="Name", type="string", length=120),
    FieldSchema(name="AccountId", type="reference", length=18, reference_to=("Account",), relationship="Account"),
    FieldSchema(name="OwnerId", type="reference", length=18, reference_to=("User",), relationship="Owner"),
    FieldSchema(name="CurrencyIsoCode", type="picklist", length=3),
    FieldSchema(name="CloseDate", type="date"),
    FieldSchema(name="LastStageChangeDate", type="datetime"),
    FieldSchema(name="Amount", type="currency"),
    FieldSchema(name="IsWon", type="boolean"),
    FieldSchema(name="PO_Number__c", type="string", length=45),
    FieldSchema(name="PO_Required__c", type="boolean"),
    FieldSchema(name="Long_Ref__c", type="string", length=255),
    FieldSchema(name="Formula__c", type="string", length=40, calculated=True),
    FieldSchema(
        name="Payment_Terms__c", type="picklist", length=255, picklist=("30 days", "60 days", "Due on receipt")
    ),
    FieldSchema(name="netsuite_conn__NetSuite_Id__c", type="string", length=18),
)
LINES = schema(
    "OpportunityLineItem",
    FieldSchema(name="Id", type="id", length=18),
    FieldSchema(name="Product2Id", type="reference", length=18, relationship="Product2"),
    FieldSchema(name="Quantity", type="double"),
    FieldSchema(name="TotalPrice", type="currency"),
    FieldSchema(name="Description", type="string", length=255),
    FieldSchema(name="SortOrder", type="int"),
    FieldSchema(name="CurrencyIsoCode", type="picklist", length=3),
)


def checked(mapping: Mapping) -> list[Problem]:
    return check(mapping, OPPORTUNITY, LINES, BODY, LINE)


def over(mapping_of: MappingOf, text: str) -> list[Problem]:
    subsidiary = '[tables.subsidiary]\nUS = "Acme Inc"\n'
    return checked(mapping_of('extends = "order_to_cash/opportunity_to_sales_order"\n' + subsidiary + text))


def test_the_mapping_that_a_newcomer_starts_with_has_no_fault(sales_order: Mapping) -> None:
    assert checked(sales_order) == []


def test_the_known_targets_exist_in_netsuite() -> None:
    for type_, known in targets.BODY.items():
        assert set(known) <= set(netsuite_fields.body_fields(type_)), type_
    assert set(targets.LINE) <= LINE
    address = set(netsuite_fields.writable("common", "Address"))
    entry = set(netsuite_fields.writable("relationships", "CustomerAddressbook"))
    assert set(targets.ADDRESS) - {"street"} <= address | entry


@pytest.mark.parametrize(
    ("text", "severity", "expected"),
    [
        ('[fields]\notherRefNumber = { from = "PO_Number__c" }', "error", "Did you mean 'otherRefNum'?"),
        ('[fields]\notherRefNum = { from = "PO_Nummer__c" }', "error", "Did you mean 'PO_Number__c'?"),
        ('[fields]\notherRefNum = { from = "po_number__c" }', "error", "is spelt 'PO_Number__c'"),
        ('[fields]\nmemo = { from = "Acount.Name" }', "error", "Did you mean 'Account'?"),
        ('[fields]\nmemo = { when = "empty(Nam)" }', "error", "Did you mean 'Name'?"),
        ('[[rules]]\nwhen = "PO_Requird__c"\nhold = "x"', "error", "Did you mean 'PO_Required__c'?"),
        ('[match]\nstored_id = "Old__c"', "error", "Opportunity has no field 'Old__c'."),
        ('[lines]\ndescription = { from = "Descripton" }', "error", "OpportunityLineItem has no field 'Descripton'."),
        ('[lines]\nlineMemo = { from = "Description" }', "error", "NetSuite's line has no field 'lineMemo'."),
        ('[lines]\norder = "Sort"', "error", "Did you mean 'SortOrder'?"),
        ('[fields]\notherRefNum = { from = "Long_Ref__c" }', "warning", "Long_Ref__c may have 255 characters"),
        ('[fields]\nmemo = { from = "Formula__c" }', "warning", "Formula__c is a formula"),
        ('[fields]\nshipDate = { from = "LastStageChangeDate" }', "warning", "shipDate takes a date"),
        ('[fields]\nshipDate = { from = "Name" }', "warning", "shipDate takes a date"),
        ('[fields]\nterms = { from = "Payment_Terms__c", table = "terms" }\n[tables.terms]\n"30 days" = "Net 30"',
         "warning", "lacks 60 days, Due on receipt"),
        ('[fields]\nterms = { from = "Payment_Terms__c", table = "terms" }\n[tables.terms]\n"30 dys" = "Net 30"',
         "warning", "Did you mean '30 days'?"),
        ('[fields]\nterms = { from = "Payment_Terms__c", table = "terms" }\n[tables.terms]',
         "error", "the value table 'terms' is empty"),
    ],
)  # fmt: skip
def test_a_mapping_that_does_not_fit_the_systems_is_told(
    text: str, severity: str, expected: str, mapping_of: MappingOf
) -> None:
    found = [problem for problem in over(mapping_of, text) if expected in str(problem)]
    assert [problem.severity for problem in found] == [severity], over(mapping_of, text)
    assert ".toml:" in found[0].where


def test_errors_come_before_warnings(mapping_of: MappingOf) -> None:
    found = over(mapping_of, '[fields]\nmemo = { from = "Formula__c" }\nshipDate = { from = "Nope" }')
    assert [problem.severity for problem in found] == ["error", "warning"]


def test_an_example_that_comes_out_differently_is_told_with_both_values(mapping_of: MappingOf) -> None:
    text = '[[examples]]\ngiven = { Name = "a" }\nexpect = { memo = "b", tranDate = 2026-11-03 }'
    found = [problem.what for problem in over(mapping_of, text)]
    assert found == [
        "example: memo is expected to be 'b', got 'a'.",
        "example: tranDate is expected to be '2026-11-03', got nothing. Close date is empty, tranDate needs it.",
    ]


def test_an_example_can_expect_a_hold(mapping_of: MappingOf) -> None:
    text = (
        '[[rules]]\nwhen = "IsWon"\nhold = "x"\n'
        '[[examples]]\ngiven = { IsWon = true }\nexpect = { hold = "RULE_HOLD" }\n'
        '[[examples]]\ngiven = { IsWon = false }\nexpect = { hold = "RULE_HOLD" }'
    )
    (problem,) = over(mapping_of, text)
    assert "expected the hold RULE_HOLD" in problem.what


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("IsWon == 'true'", True),
        ("IsWon == true", False),
        ("Amount > '5'", True),
        ("Amount > 5", False),
        ("Name == 5", True),
        ("Name in ['a', 5]", True),
        ("CloseDate > '2026-11-01'", False),
        ("CloseDate > 'soon'", True),
        ("CloseDate == null", False),
        ("Stage == 'x'", True),
    ],
)
def test_a_comparison_that_can_never_hold_is_told(text: str, fault: bool) -> None:
    problems = check_condition(compile_condition(text, "sync.toml:9"), OPPORTUNITY)
    assert bool(problems) is fault
    assert all(problem.where == "sync.toml:9" for problem in problems)
