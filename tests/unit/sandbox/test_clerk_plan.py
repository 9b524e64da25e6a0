"""The clerk's plan, its shares, its list of done actions, its XML and its signatures."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.clerk import plan, records, signing
from sandbox.clerk.done import DoneList
from sandbox.clerk.run import OPERATIONS
from sandbox.clerk.shares import part_of, parts_of, units_of
from sandbox.errors import SandboxError

APPROVE = {"phase": "approve", "op": "approve", "order": "tieout-so-1", "label": "x"}
AMOUNTS = st.decimals(min_value=0, max_value=10**9, places=2)
SHARES = st.decimals(min_value="0.01", max_value=1, places=4)


def written(folder: Path, *actions: dict[str, Any]) -> Path:
    path = folder / "clerk.json"
    path.write_text(json.dumps({"version": 1, "actions": list(actions)}), encoding="utf-8")
    return path


def test_a_plan_is_read_with_amounts_days_and_shares_parsed(tmp_path: Path) -> None:
    pay = {"phase": "collect", "op": "pay", "orders": ["SO1", "SO2"], "share": "0.5", "over": "1.10"}
    one, two = plan.read(written(tmp_path, APPROVE, pay | {"date": "2026-12-06", "reference": "W-1"}))
    assert (one.number, one.op, one.values, one.label) == (1, "approve", {"order": "tieout-so-1"}, "x")
    assert two.title == "action 2 (pay SO1, SO2)"
    assert two.values == {
        "orders": ("SO1", "SO2"), "share": Decimal("0.5"), "over": Decimal("1.10"), "date": date(2026, 12, 6),
        "reference": "W-1",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"op": "shred"}, "action 2: unknown op 'shred'"),
        ({"phase": "never"}, r"action 2 \(approve\): unknown phase 'never'"),
        ({"order": None}, r"action 2 \(approve\): order is None"),
        ({"share": "0.5"}, r"action 2 \(approve\): unknown key share"),
        ({"op": "schedule"}, r"action 2 \(schedule\): schedule is missing"),
        ({"op": "fulfil", "share": "1.5"}, "share is '1.5': write a text above 0 and up to 1"),
        ({"op": "fulfil", "share": 0.5}, r"share is Decimal\('0.5'\)"),
        ({"op": "bill", "date": "6 Dec"}, "date is '6 Dec': write a day"),
        ({"op": "deposit", "amount": "-1"}, "amount is '-1'"),
        ({"op": "deposit", "amount": "NaN"}, "amount is 'NaN'"),
        ({"op": "credit", "share": "1", "apply": "yes"}, "apply is 'yes': write true or false"),
    ],
)
def test_an_action_that_cannot_be_read_is_named_by_its_number(
    tmp_path: Path, change: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(SandboxError, match=complaint):
        plan.read(written(tmp_path, APPROVE, APPROVE | change))


def test_a_missing_plan_tells_how_to_name_the_book(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="--book"):
        plan.read(tmp_path / "clerk.json")


@pytest.mark.parametrize("text", ["{", "[]", '{"version": 2, "actions": []}', '{"version": 1}'])
def test_a_file_of_another_form_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "clerk.json").write_text(text)
    with pytest.raises(SandboxError, match=r"clerk\.json"):
        plan.read(tmp_path / "clerk.json")


def test_every_operation_of_the_plan_can_be_carried_out() -> None:
    assert set(OPERATIONS) == set(plan.REQUIRED)
    assert set(plan.OPTIONAL) <= set(plan.REQUIRED)


@pytest.mark.parametrize(
    ("amount", "share", "symbol", "part"),
    [
        ("100.01", "0.5", "USD", "50.01"), ("0.01", "0.5", "EUR", "0.01"), ("101", "0.5", "JPY", "51"),
        ("10.005", "0.5", "KWD", "5.003"), ("99.99", "1", "USD", "99.99"),
    ],
)  # fmt: skip
def test_a_share_is_rounded_half_up_to_the_minor_unit(amount: str, share: str, symbol: str, part: str) -> None:
    assert part_of(Decimal(amount), Decimal(share), symbol) == Decimal(part)


@given(st.lists(AMOUNTS, min_size=1, max_size=8), SHARES)
def test_the_shares_of_lines_make_the_share_of_their_sum(amounts: list[Decimal], share: Decimal) -> None:
    parts = parts_of(amounts, share, "USD")
    assert sum(parts) == part_of(sum(amounts, Decimal(0)), share, "USD")


@pytest.mark.parametrize(
    ("quantity", "share", "units"),
    [("10", "0.55", "5"), ("3", "0.1", "1"), ("0.5", "0.5", "0.5"), ("7", None, "7"), ("2", "1", "2")],
)
def test_a_share_of_a_quantity_is_whole_units_and_at_least_one(quantity: str, share: str | None, units: str) -> None:
    assert units_of(Decimal(quantity), None if share is None else Decimal(share)) == Decimal(units)


def test_done_actions_are_remembered_by_a_later_run(tmp_path: Path) -> None:
    one, two = plan.read(written(tmp_path, APPROVE, APPROVE | {"order": "SO2"}))
    DoneList(tmp_path).note(one, ["salesOrder 7"])
    later = DoneList(tmp_path)
    assert (later.has(one), later.has(two)) == (True, False)
    assert json.loads((tmp_path / "clerk.done").read_text())["documents"] == ["salesOrder 7"]


def test_another_plan_in_the_same_folder_is_noticed(tmp_path: Path) -> None:
    (one,) = plan.read(written(tmp_path, APPROVE))
    (other,) = plan.read(written(tmp_path, APPROVE | {"order": "SO9"}))
    done = DoneList(tmp_path)
    done.note(one, [])
    with pytest.raises(SandboxError, match="start a new sandbox folder"):
        done.has(other)


def test_a_list_of_done_actions_that_was_cut_off_is_not_guessed_at(tmp_path: Path) -> None:
    (tmp_path / "clerk.done").write_text('{"action": 1, "content": "x"}\n{"acti')
    with pytest.raises(SandboxError, match=r"clerk\.done:2 is not readable"):
        DoneList(tmp_path)


def test_a_day_is_noon_in_california_so_that_netsuite_sees_that_day() -> None:
    record = records.record("Invoice", {"tranDate": date(2026, 7, 1), "entity": records.Ref("501")})
    assert record.findtext(f"{{{records.SALES}}}tranDate") == "2026-07-01T12:00:00.000-08:00"


def test_a_new_field_comes_behind_those_that_the_schema_puts_before_it() -> None:
    record = records.record("Invoice", {"entity": records.Ref("1"), "currency": records.Ref("2"), "email": "a@b"})
    records.set_field(record, records.SALES, "memo", "x", after=("entity", "currency"))
    records.set_field(record, records.SALES, "email", "c@d")
    assert [child.tag.split("}")[1] for child in record] == ["entity", "currency", "memo", "email"]
    assert record.findtext(f"{{{records.SALES}}}email") == "c@d"


def test_keys_do_not_show_in_a_log() -> None:
    keys = signing.Keys(account="A", consumer_key="ck", consumer_secret="cs", token_id="tk", token_secret="ts")
    assert repr(keys) == "Keys(account='A')"


def test_the_rest_signature_is_the_one_of_the_standard() -> None:
    """A fixed vector, computed with openssl from RFC 5849's rules."""
    keys = signing.Keys(account="A_SB1", consumer_key="ck", consumer_secret="cs", token_id="tk", token_secret="ts")
    header = signing.authorization(keys, "http://127.0.0.1:1/x", {"limit": "5"}, nonce="abcdef", timestamp=7)
    assert 'oauth_signature="3QbKJrQpCdbTYGikO8lU4YMj7Nwkph%2FuZxwJO5UNTtY%3D"' in header
