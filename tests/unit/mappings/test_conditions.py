from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from connectors.errors import MappingError
from connectors.records import Value
from mappings.conditions import MAX_LENGTH, compile_condition

WON: dict[str, Value] = {
    "IsWon": True,
    "Amount": Decimal("1000.50"),
    "Type": "New",
    "RecordType.DeveloperName": "Direct",
    "CloseDate": date(2026, 11, 3),
    "LastStageChangeDate": datetime(2026, 11, 3, 12, tzinfo=UTC),
    "NextStep": "  ",
    "PO_Number__c": None,
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("IsWon", True),
        ("not IsWon", False),
        ("IsWon and RecordType.DeveloperName != 'Partner'", True),
        ("IsWon and (Type == 'Old' or Type == 'New')", True),
        ("Type in ['New', 'Renewal']", True),
        ("Type not in ('New', 'Renewal')", False),
        ("Amount >= 1000.50", True),
        ("Amount > 1000.50", False),
        ("0 < Amount < 2000", True),
        ("Amount > -1", True),
        ("empty(PO_Number__c)", True),
        ("empty(NextStep)", True),
        ("not empty(Type)", True),
        ("PO_Number__c == null", True),
        ("IsWon == true", True),
        ("CloseDate >= '2026-11-01'", True),
        ("'2026-11-04' > CloseDate", True),
        ("CloseDate == '2026-11-03'", True),
        ("LastStageChangeDate < '2026-11-03T12:00:01Z'", True),
        ("Absent", False),
        ("IsWon\n  and Type == 'New'", True),
    ],
)
def test_a_condition_says_whether_it_holds(text: str, expected: bool) -> None:
    assert compile_condition(text, "f.toml:1").evaluate(WON) is expected


@pytest.mark.parametrize("text", ["Absent < 5", "Absent > 5", "Absent <= 'x'", "5 > Absent", "Amount < 'abc'"])
def test_an_empty_or_differently_typed_value_is_neither_less_nor_greater(text: str) -> None:
    assert compile_condition(text, "f.toml:1").evaluate(WON) is False


def test_a_text_never_equals_a_number() -> None:
    assert not compile_condition("Amount == '1000.50'", "f.toml:1").evaluate(WON)
    assert compile_condition("Amount != '1000.50'", "f.toml:1").evaluate(WON)


def test_numbers_are_exact() -> None:
    condition = compile_condition("Amount == 99999999999999.99", "f.toml:1")
    assert condition.evaluate({"Amount": Decimal("99999999999999.99")})
    assert not condition.evaluate({"Amount": Decimal("99999999999999.98")})


def test_the_fields_of_a_condition_are_known() -> None:
    condition = compile_condition("IsWon and Account.Name in ['x'] or empty(Owner.Email) and true", "f.toml:1")
    assert condition.fields == {"IsWon", "Account.Name", "Owner.Email"}


ATTACKS = [
    "__import__('os').system('x')",
    "().__class__.__bases__",
    "Name.__class__",
    "Name.upper()",
    "Name.format(Name)",
    "'{0.__class__}'.format(Name)",
    "f'{Name}'",
    "'a' * 1000000000",
    "9 ** 9 ** 9",
    "1 + 1 == 2",
    "[x for x in Name]",
    "(lambda: 1)()",
    "Name[0] == 'x'",
    "Name if IsWon else Type",
    "(x := 5)",
    "await Name",
    "empty(Name, Type)",
    "empty(Name.upper())",
    "empty('x')",
    "empty(*Name)",
    "empty(x=Name)",
    "eval('1')",
    "open",
    "Name is None",
    "Name in Type",
    "Name in 'abc'",
    "_private",
    "Name._x",
    "b'bytes' == Name",
    "1j == Name",
    "... == Name",
    "{'a': 1} == Name",
    "0x10 == Amount",
    "1e400 < Amount",
    "Amount == " + "9" * 60,
    "Amount == " + "9" * 5000,
    "(" * 500 + "IsWon" + ")" * 500,
    "not " * 200 + "IsWon",
    " or ".join(["IsWon"] * 400),
    "a.b.c.d.e.f.g.h",
    "IsWon" + " " * MAX_LENGTH,
    "IsWon; Type",
    "IsWon\x00",
    "-'a' == Name",
    "~Amount",
    "",
    "   ",
    "import os",
    "print('x')",
    "True()",
]


@pytest.mark.parametrize("text", [text for text in ATTACKS if text != "open"])
def test_whatever_is_not_a_condition_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(MappingError) as refused:
        compile_condition(text, "map.toml:7")
    problem = refused.value.problems[0]
    assert problem.where.startswith("map.toml:7")
    assert problem.what
    assert problem.fix


def test_a_builtin_name_is_just_a_field_that_is_empty() -> None:
    assert compile_condition("open", "f.toml:1").evaluate(WON) is False


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("StageName = 'Closed Won'", "=="),
        ("Type <> 'New'", "!="),
        ("IsWon && Type", "and"),
        ("IsWon AND Type == 'New'", "small letters"),
        ("!IsWon", "not"),
    ],
)
def test_habits_of_other_languages_get_a_hint(text: str, hint: str) -> None:
    with pytest.raises(MappingError) as refused:
        compile_condition(text, "map.toml:7")
    assert hint in refused.value.problems[0].fix


def test_a_refusal_names_the_column() -> None:
    with pytest.raises(MappingError, match="map.toml:7, column 11 of the condition"):
        compile_condition("IsWon and Name.upper()", "map.toml:7")
