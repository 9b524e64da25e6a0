"""Numbers, texts and dates that break naive programs arrive in NetSuite as they left Salesforce, or hold the deal."""

from __future__ import annotations

import json
import unicodedata
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import ProtocolError
from connectors.netsuite import payload as netsuite_payload
from connectors.netsuite import suitetalk, wire_values
from connectors.netsuite.rows import RowError, number
from connectors.records import Payload, PayloadLine, Reference, WriteRequest
from connectors.salesforce.fields import exact_number, to_date, to_number
from mappings import texts
from mappings.apply import apply
from tests.unit.connectors.salesforce_org import FakeOrg, connection
from tests.unit.mappings.conftest import DEAL, LINE, BookResolver, parsed

ZONE = ZoneInfo("America/Los_Angeles")
NUMBER = 'target = "salesOrder"\n[fields]\nexchangeRate = { from = "F" }\n'
TEXT = 'target = "salesOrder"\n[fields]\nmemo = { from = "F" }\n'


def mapped(entry, value):
    return apply(parsed(entry), {"F": value}, (), BookResolver())


def wire(values, lines=()):
    """Return the XML in which a record with these values leaves."""
    request = WriteRequest(
        key="k", op="add", payload=Payload(type="salesOrder", values=values, lines=lines), external_id="tieout-so-x"
    )
    types = suitetalk.load("2025_2")
    return types.envelope("add", {}, record=netsuite_payload.record(request, types, ZONE)).decode()


# numbers


@given(st.decimals(min_value=-(10**17), max_value=10**17, places=8, allow_nan=False, allow_infinity=False))
def test_a_number_is_the_same_text_in_as_out(amount):
    text = f"{amount:f}"
    read = json.loads(text, parse_float=exact_number, parse_int=Decimal)
    (value,) = mapped(NUMBER, to_number(read)).payload.values.values()
    assert wire_values.plain(value) == text


@pytest.mark.parametrize(
    "text", ["9007199254740993", "9007199254740993.25", "123456789012345678", "0.12345678", "-0.01", "0"]
)
def test_a_number_beyond_what_a_float_holds_keeps_every_digit(text):
    read = to_number(json.loads(text, parse_float=exact_number, parse_int=Decimal))
    (value,) = mapped(NUMBER, read).payload.values.values()
    assert wire_values.plain(value) == text
    assert f">{text}<" in wire({"exchangeRate": value})


HOSTILE_NUMBERS = [
    "NaN", "sNaN", "Infinity", "-Inf", "1e400", "1e5", "1,234.56", "1.234,56", "1 234", "1_000", "１２", "٣", "0x10",
    "12abc", "--1", "1.2.3", "1" + "0" * 18, "∞", "½",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE_NUMBERS)
def test_what_could_be_read_as_two_numbers_is_held(text):
    result = mapped(NUMBER, text)
    assert [finding.code for finding in result.problems] == ["BAD_VALUE"]
    assert result.payload.values == {}


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("Infinity"), Decimal("1E+400"), Decimal("1E-400")])
def test_a_number_that_nobody_can_write_out_is_held(value):
    assert [finding.code for finding in mapped(NUMBER, value).problems] == ["BAD_VALUE"]


@given(st.text(alphabet="0123456789+-.,eE_ ١２NaInf", max_size=12))
def test_any_text_is_either_held_or_the_number_that_it_shows(text):
    result = mapped(NUMBER, text)
    if result.payload.values:
        (value,) = result.payload.values.values()
        assert value == Decimal(text.strip())
        assert set(text.strip()) <= set("0123456789+-.")


@pytest.mark.parametrize("text", ["NaN", "1e400", "-1e999999999", "Infinity"])
def test_a_number_in_an_answer_of_salesforce_that_is_none_ends_the_read(text):
    import responses

    row = '{"attributes":{"type":"Opportunity"},"Id":"006Hs00001A0000IAB","IsDeleted":false,'
    row += f'"SystemModstamp":"2026-11-01T10:00:00.000+0000","Amount":{text}}}'
    org = FakeOrg(script=[(200, {}, f'{{"totalSize":1,"done":true,"records":[{row}]}}')])
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        org.install(mock)
        with pytest.raises(ProtocolError):
            connection().reader.by_ids("Opportunity", ["Amount"], ["006Hs00001A0000IAB"])


@pytest.mark.parametrize("text", ["NaN", "Infinity", "１２", "1_0", "1e400", "1,5", "x"])
def test_a_column_of_netsuites_that_is_no_number_is_refused(text):
    with pytest.raises(RowError, match="not a number"):
        number({"amount": text}, "amount")


@given(st.decimals(min_value="0.001", max_value="100000", places=3), st.sampled_from(["USD", "JPY"]))
def test_no_amount_leaves_with_more_digits_than_its_currency(amount, currency):
    base = parsed('extends = "order_to_cash/opportunity_to_sales_order"\n[tables.subsidiary]\nUS = "Acme Inc"')
    line = LINE | {"TotalPrice": amount, "CurrencyIsoCode": currency, "Quantity": Decimal(1)}
    result = apply(base, DEAL | {"CurrencyIsoCode": currency}, [line], BookResolver())
    fits = amount == amount.quantize(Decimal("0.01") if currency == "USD" else Decimal(1))
    assert fits == (result.problems == ())
    if not fits:
        assert "more digits" in result.problems[0].cause


@given(
    st.lists(st.decimals(min_value="0.01", max_value="9999", places=2), min_size=1, max_size=5),
    st.decimals(min_value="-5", max_value="5", places=2),
)
def test_lines_and_header_must_agree_to_the_last_digit(amounts, off):
    base = parsed('extends = "order_to_cash/opportunity_to_sales_order"\n[tables.subsidiary]\nUS = "Acme Inc"')
    lines = [LINE | {"Id": f"00k00000000000{n}AAA", "TotalPrice": amount} for n, amount in enumerate(amounts)]
    result = apply(base, DEAL | {"Amount": sum(amounts) + off}, lines, BookResolver())
    assert [finding.code for finding in result.problems] == ([] if off == 0 else ["LINES_DIFFER"])


# texts


WHOLE_PLANE = [chr(point) for point in range(0x10000)]
BEYOND = ["\U0001f600", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U00020000", "\U0010fffd"]


def test_every_character_is_passed_intact_or_left_out_with_its_code_point():
    from lxml import etree

    for start in range(0, len(WHOLE_PLANE), 256):
        block = "a" + "".join(WHOLE_PLANE[start : start + 256]) + "z"
        result = mapped(TEXT, block)
        (memo,) = result.payload.values.values()
        kept = [char for char in block if not texts.ILLEGAL.match(char)]
        assert memo == "".join(kept)
        root = etree.fromstring(wire({"memo": memo}).encode())
        (sent,) = [element.text for element in root.iter("{*}memo")]
        assert sent == memo.replace("\r\n", "\n").replace("\r", "\n") or sent == memo
        gone = [char for char in block if texts.ILLEGAL.match(char)]
        if gone:
            assert all(f"U+{ord(char):04X}" in result.warnings[0].cause for char in gone)


@pytest.mark.parametrize("text", BEYOND + ["שלום עולם", "e\u0301clair", "a\u200bb", "Ünïcödé 株式会社"])
def test_a_text_of_any_script_arrives_as_it_left(text):
    from lxml import etree

    result = mapped(TEXT, text)
    assert result.payload.values == {"memo": text}
    assert result.warnings == ()
    assert next(etree.fromstring(wire(result.payload.values).encode()).iter("{*}memo")).text == text


def test_a_text_that_reads_otherwise_than_it_is_written_arrives_with_a_warning():
    name = "Invoice \u202e001"
    result = mapped(TEXT, name)
    assert result.payload.values == {"memo": name}
    assert "U+202E" in result.warnings[0].cause


def test_one_record_with_illegal_characters_leaves_no_other_in_the_lurch():
    for text in ("a\x00b", "a\x0bb", "a\ufffeb", "a\ud800b"):
        assert mapped(TEXT, text).payload.values == {"memo": "ab"}
        assert ">ab<" in wire({"memo": mapped(TEXT, text).payload.values["memo"]})
    assert [finding.code for finding in mapped(TEXT.replace('"F" }', '"F", required = true }'), "\x00").problems] == [
        "VALUE_MISSING"
    ]


def test_mapping_and_wire_leave_out_the_same_characters():
    assert texts.ILLEGAL.pattern == wire_values.FORBIDDEN.pattern


PIECES = [
    "a",
    "é",
    "e\u0301",
    "\U0001f44d\U0001f3fd",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\U0001f1e9\U0001f1ea",
]


@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=12), st.integers(8, 40))
def test_a_cut_never_tears_a_visible_character_apart(pieces, limit):
    short = texts.cut("".join(pieces), limit)
    assert len(short) <= limit
    whole = ""
    for piece in pieces:
        if short == whole:
            break
        whole += piece
    assert short == whole


@given(st.text(max_size=60), st.integers(1, 30))
def test_a_cut_is_a_beginning_and_short_enough(text, limit):
    short = texts.cut(text, limit)
    assert len(short) <= limit
    assert text.startswith(short)


@pytest.mark.parametrize(("field", "limit"), [("memo", 999), ("otherRefNum", 45), ("email", 254)])
def test_a_text_over_its_limit_follows_the_policy_of_its_field(field, limit):
    entry = f'target = "salesOrder"\n[fields]\n{field} = {{ from = "F", too_long = "%s", max_length = {limit} }}\n'
    held = mapped(entry % "error", "x" * (limit + 1))
    assert [finding.code for finding in held.problems] == ["TOO_LONG"]
    cut = mapped(entry % "truncate", "x" * (limit + 1))
    assert cut.payload.values == {field: "x" * limit}
    assert [finding.code for finding in cut.warnings] == ["TOO_LONG"]
    assert mapped(entry % "error", "x" * limit).problems == ()


def test_empty_null_and_missing_are_three_things():
    """Null and an empty text follow the policy for empty values; a field that an answer lacks is refused."""
    assert mapped(TEXT, None).payload.values == mapped(TEXT, "").payload.values == {}
    required = TEXT.replace('"F" }', '"F", required = true }')
    assert [finding.code for finding in mapped(required, "").problems] == ["VALUE_MISSING"]
    written, never = mapped(TEXT, None).for_update(written=["memo"]), mapped(TEXT, None).for_update()
    assert (written.clear, never.clear) == (("memo",), ())
    assert "nullFieldList" not in wire({"memo": "x"})


# dates


@given(st.dates(min_value=date(1, 1, 2), max_value=date(9999, 12, 30)))
def test_a_day_is_the_same_day_in_netsuites_zone(day):
    read = to_date(day.isoformat())
    (value,) = mapped('target = "salesOrder"\n[fields]\ntranDate = { from = "F" }\n', read).payload.values.values()
    for zone in (ZONE, ZoneInfo("Pacific/Kiritimati"), ZoneInfo("Australia/Lord_Howe"), ZoneInfo("UTC")):
        assert datetime.fromisoformat(wire_values.moment(value, zone)).astimezone(zone).date() == day


@pytest.mark.parametrize(
    "text", ["2026-02-30", "2026-02-29", "30 Feb", "29.02.2024", "0000-01-01", "10000-01-01", "today"]
)
def test_a_text_that_is_no_day_is_held(text):
    result = mapped('target = "salesOrder"\n[fields]\ntranDate = { from = "F" }\n', text)
    assert [finding.code for finding in result.problems] == ["BAD_VALUE"]


def test_the_leap_day_stays_the_leap_day():
    result = mapped('target = "salesOrder"\n[fields]\ntranDate = { from = "F" }\n', "2028-02-29")
    assert result.payload.values == {"tranDate": date(2028, 2, 29)}


def test_a_moment_never_passes_for_a_day():
    moment = datetime(2026, 11, 3, 23, 30, tzinfo=ZoneInfo("UTC"))
    result = mapped('target = "salesOrder"\n[fields]\ntranDate = { from = "F" }\n', moment)
    assert [finding.code for finding in result.problems] == ["BAD_VALUE"]


def test_a_line_amount_leaves_digit_for_digit():
    values = {"item": Reference(type="item", id="1"), "amount": Decimal("0.10"), "rate": Decimal("0.12345678")}
    sent = wire({}, (PayloadLine(key="x", values=values),))
    assert ">0.10<" in sent
    assert ">0.12345678<" in sent
    assert unicodedata.is_normalized("NFC", sent)
