"""Conversion of JSON rows to exact, typed values."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.salesforce.fields import Column, ConversionError, RowReader, exact_number, to_moment, to_number, to_text

CENTS = st.integers(min_value=-(10**17), max_value=10**17)


@given(CENTS)
def test_no_cent_is_lost_between_json_and_decimal(cents: int) -> None:
    amount = Decimal(cents).scaleb(-2)
    parsed = json.loads(f'{{"Amount": {amount:f}}}', parse_float=exact_number)["Amount"]
    assert to_number(parsed) == amount


@pytest.mark.parametrize(("text", "written"), [("1.0E7", "10000000"), ("1.25E-3", "0.00125"), ("0.10", "0.10")])
def test_exponents_are_written_out_and_scale_is_kept(text: str, written: str) -> None:
    assert str(exact_number(text)) == written


@pytest.mark.parametrize("value", [1.5, True, "1.5", Decimal("NaN"), Decimal("Infinity")])
def test_a_number_is_never_guessed(value: object) -> None:
    with pytest.raises(TypeError):
        to_number(value)


@pytest.mark.parametrize(
    "text", ["2026-11-01T10:00:00.000+0000", "2026-11-01T10:00:00Z", "2026-11-01T12:00:00.000+02:00"]
)
def test_every_form_of_a_moment_becomes_utc(text: str) -> None:
    moment = to_moment(text)
    assert moment == datetime(2026, 11, 1, 10, tzinfo=UTC)
    assert moment is not None
    assert moment.tzinfo is UTC


def test_a_moment_without_zone_is_refused() -> None:
    with pytest.raises(ValueError):  # noqa: PT011  no message: the row reader names the field
        to_moment("2026-11-01T10:00:00")


@pytest.mark.parametrize("account", [{"Name": 5}, {}, 7, {"Owner": 1}])
def test_a_broken_parent_is_reported_by_its_path(account: object) -> None:
    reader = RowReader(
        "salesforce", "Opportunity", [Column("Account.Name", ("Account", "Name"), to_text)], has_deleted=False
    )
    row = {"Id": "006Hs00001A0000IAB", "SystemModstamp": "2026-11-01T10:00:00.000+0000", "Account": account}
    with pytest.raises(ConversionError, match=r"Opportunity\.Account\.Name"):
        reader.record(row)


@pytest.mark.parametrize("row", [{}, {"Id": None, "SystemModstamp": None}, {"Id": "006Hs00001A0000IAB"}])
def test_a_row_without_id_or_stamp_is_refused(row: dict[str, object]) -> None:
    with pytest.raises(ConversionError, match="Id or SystemModstamp"):
        RowReader("salesforce", "Opportunity", [], has_deleted=False).record(row)
