"""Query text is built from checked parts only."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.ports import Condition
from connectors.records import Value
from connectors.salesforce import soql

STRING = re.compile(r"'(?:[^'\\\x00-\x1f\x7f]|\\['\"\\nrtbf]|\\u[0-9A-F]{4})*'")
UNESCAPED = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}


def read_back(text: str) -> str:
    def one(found: re.Match[str]) -> str:
        mark = found[1]
        return chr(int(mark[1:], 16)) if mark[0] == "u" else UNESCAPED.get(mark, mark)

    return re.sub(r"\\(u[0-9A-F]{4}|.)", one, text[1:-1], flags=re.DOTALL)


@given(st.text())
def test_any_text_stays_inside_its_quotes_and_reads_back_the_same(text: str) -> None:
    written = soql.quoted(text)
    assert STRING.fullmatch(written)
    assert read_back(written) == text


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**18), max_value=10**18))
def test_numbers_are_written_exactly_without_exponent(number: Decimal) -> None:
    written = soql.literal(number)
    assert Decimal(written) == number
    assert "E" not in written.upper()


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (date(2026, 11, 1), "2026-11-01"),
        (datetime(2026, 11, 1, 1, 30, 0, 123999, tzinfo=timezone(timedelta(hours=2))), "2026-10-31T23:30:00.123Z"),
        ("O'Neil", r"'O\'Neil'"),
    ],
)
def test_values_are_written_as_literals(value: Value, written: str) -> None:
    assert soql.literal(value) == written


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("Infinity"), datetime(2026, 11, 1)])  # noqa: DTZ001
def test_values_that_mean_nothing_are_refused(value: Value) -> None:
    with pytest.raises(ValueError, match="finite|naive"):
        soql.literal(value)


@pytest.mark.parametrize("text", ["", "1a", "a b", "a;b", "a'", "Name\n", "a" * 81, "a.b", "größe"])
def test_a_name_holds_only_letters_digits_and_underscores(text: str) -> None:
    with pytest.raises(ValueError, match="not a Salesforce"):
        soql.name(text)


@pytest.mark.parametrize("text", ["a.b.c.d.e.f.g", "a..b", ".a", "a.", "Account.Na me"])
def test_a_path_is_made_of_names_and_not_too_deep(text: str) -> None:
    with pytest.raises(ValueError, match="parents|not a Salesforce"):
        soql.path(text)


@pytest.mark.parametrize(
    "condition",
    [
        Condition("A", "in", ()),
        Condition("A", "in", "text"),
        Condition("A", "=", ("a",)),
        Condition("A", "<", None),
        Condition("A", "LIKE", "x"),  # type: ignore[arg-type]
        Condition("A = 'x' OR B", "=", "x"),
    ],
)
def test_a_condition_that_makes_no_sense_is_refused(condition: Condition) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  the reasons differ
        soql.comparison(condition)


def test_a_list_condition_renders_each_value() -> None:
    condition = Condition("Account.Name", "in", ("a", "b'", None))
    assert soql.comparison(condition) == r"Account.Name IN ('a','b\'',null)"


def test_chunks_cover_everything_once() -> None:
    parts = list(soql.chunks(list(range(401))))
    assert [len(part) for part in parts] == [200, 200, 1]
    assert [value for part in parts for value in part] == list(range(401))
