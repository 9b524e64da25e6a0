"""How rows of the integration's own objects are written by their external id, and what is known of each afterwards."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import requests
import responses

from connectors.records import RecordUpsert, Value, salesforce_id
from connectors.salesforce.connection import SalesforceConnection
from tests.unit.connectors.salesforce_org import FIELDS, FakeOrg, Reply, connection, fault, html, js

DOC = "Tieout_Financial__c"
BALANCE = "Tieout_Account_Balance__c"
KEY = "Tieout_Key__c"


@pytest.fixture
def org() -> Iterator[FakeOrg]:
    fake = FakeOrg(fields={**FIELDS, DOC: [(KEY, "string", {}), ("CurrencyIsoCode", "picklist", {})]})
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        fake.install(mock)
        yield fake


def row(key: str = "inv-1", type_: str = DOC, /, **values: Value) -> RecordUpsert:
    return RecordUpsert(type=type_, key_field=KEY, key=key, values=values or {"Tieout_Status__c": "Open"})


def sent(request: requests.PreparedRequest) -> list[dict[str, Any]]:
    return list(json.loads(request.body or b"", parse_float=Decimal)["records"])


def id_of(record: dict[str, Any]) -> str:
    return salesforce_id("a02Hs0000" + format(sum(map(ord, record[KEY])), "06d"))


def success(request: requests.PreparedRequest) -> Reply:
    return js([{"id": id_of(record), "success": True, "errors": [], "created": True} for record in sent(request)])


def refused(code: str, message: str = "", fields: tuple[str, ...] = ()) -> dict[str, object]:
    errors = [{"statusCode": code, "message": message, "fields": list(fields)}]
    return {"success": False, "errors": errors, "created": False}


def lost() -> Exception:
    return requests.ConnectionError("Connection aborted.")


def test_values_are_written_exactly_and_the_new_id_comes_back(org: FakeOrg) -> None:
    org.script = [success]
    values: dict[str, Value] = {
        "Tieout_Amount__c": Decimal("99999999999999.99"),
        "Tieout_Date__c": date(2026, 10, 31),
        "Seen__c": datetime(2026, 10, 31, 23, 30, tzinfo=UTC),
        "Tieout_Due_Date__c": None,
        "CurrencyIsoCode": "EUR",
    }
    [outcome] = connection().writer.upsert([row("inv/1 é&", **values)])
    [call] = org.calls
    assert org.paths() == [f"/services/data/v67.0/composite/sobjects/{DOC}/{KEY}"]
    assert (call.method, json.loads(call.body or b"")["allOrNone"]) == ("PATCH", False)
    assert sent(call) == [
        {
            "attributes": {"type": DOC},
            KEY: "inv/1 é&",
            **values,
            "Tieout_Date__c": "2026-10-31",
            "Seen__c": "2026-10-31T23:30:00.000+00:00",
        }
    ]
    assert (outcome.status, outcome.target_id) == ("success", id_of(sent(call)[0]))
    assert len(outcome.request_sha) == len(outcome.response_sha) == 64


def test_rows_go_by_type_in_calls_of_200_and_outcomes_keep_their_order(org: FakeOrg) -> None:
    org.script = [success] * 3
    rows = [row(f"k{number}", type_) for number in range(150) for type_ in (DOC, BALANCE)]
    rows += [row(f"x{number}") for number in range(51)]
    got = connection().writer.upsert(rows)
    assert [outcome.target_id for outcome in got] == [id_of({KEY: entry.key}) for entry in rows]
    assert sorted(len(sent(call)) for call in org.calls) == [1, 150, 200]
    assert [record[KEY] for record in sent(org.calls[1])][:3] == ["k0", "k1", "k2"]


def test_rows_with_different_fields_share_a_call(org: FakeOrg) -> None:
    org.script = [success]
    assert len(connection().writer.upsert([row("a", A__c="1"), row("b", B__c="1")])) == 2
    assert len(org.calls) == 1


def test_a_key_twice_goes_in_two_calls_in_order(org: FakeOrg) -> None:
    org.script = [success, success]
    got = connection().writer.upsert([row("a", S__c="1"), row("b", S__c="1"), row("A", S__c="2")])
    assert [outcome.status for outcome in got] == ["success"] * 3
    assert [[record["S__c"] for record in sent(call)] for call in org.calls] == [["1", "1"], ["2"]]


def test_each_row_has_its_own_outcome(org: FakeOrg) -> None:
    org.script = [
        js(
            [
                {"id": "a02Hs0000000001", "success": True, "errors": [], "created": False},
                refused("FIELD_CUSTOM_VALIDATION_EXCEPTION", "Ask finance first", ("Tieout_Status__c",)),
                refused("PROCESSING_HALTED"),
                refused("UNKNOWN_EXCEPTION"),
            ]
        )
    ]
    got = connection().writer.upsert([row(key) for key in "abcd"])
    assert [outcome.status for outcome in got] == ["success", "rejected", "no_op", "ambiguous"]
    assert got[0].target_id == salesforce_id("a02Hs0000000001")
    assert got[1].message == "Ask finance first (fields: Tieout_Status__c)"
    assert len(org.calls) == 1


@pytest.mark.parametrize(
    ("message", "status"),
    [
        (f"duplicate value found: {KEY} duplicates value on record with id: a02Hs0000000001", "no_op"),
        ("duplicate value found: <unknown> duplicates value on record with id: <unknown>", "no_op"),
        ("duplicate value found: Number__c duplicates value on record with id: a02Hs0000000001", "rejected"),
    ],
)
def test_a_race_for_the_key_may_be_tried_again_and_any_other_duplicate_not(
    org: FakeOrg, message: str, status: str
) -> None:
    org.script = [js([refused("DUPLICATE_VALUE", message)])]
    assert connection().writer.upsert([row()])[0].status == status


@pytest.mark.parametrize("first", [lost(), requests.ReadTimeout(), html(), html(503), fault(500, "UNKNOWN_EXCEPTION")])
def test_a_lost_answer_is_not_asked_for_again(org: FakeOrg, first: Reply | Exception) -> None:
    org.script = [first, success]
    [outcome] = connection().writer.upsert([row()])
    assert outcome.status == "ambiguous"
    assert len(org.calls) == 1, "one intent is one request on the wire"


def test_after_a_lost_answer_the_next_rows_are_still_sent(org: FakeOrg) -> None:
    org.script = [lost(), success]
    got = connection().writer.upsert([row("a", BALANCE), row("b", DOC)])
    assert [outcome.status for outcome in got] == ["ambiguous", "success"]
    assert got[0].code == "CONNECTION_LOST"


def test_rows_whose_send_window_has_passed_do_not_leave(org: FakeOrg) -> None:
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    [outcome] = connection().writer.upsert([replace(row(), send_by=long_ago)])
    assert (outcome.status, outcome.code) == ("no_op", "SEND_WINDOW_PASSED")
    assert org.calls == []


@pytest.mark.parametrize(
    "answer",
    [
        js([]),
        js({"success": True}),
        js([{"success": True, "errors": []}]),
        js([{"id": "../x", "success": True, "errors": []}]),
        js([{"id": "a02Hs0000000001", "success": "yes"}]),
    ],
)
def test_an_answer_that_does_not_fit_is_ambiguous(org: FakeOrg, answer: Reply) -> None:
    org.script = [answer]
    [outcome] = connection().writer.upsert([row()])
    assert (outcome.status, outcome.code, len(org.calls)) == ("ambiguous", "UNPARSABLE", 1)


def test_an_unknown_field_rejects_the_rows_that_carry_it_only(org: FakeOrg) -> None:
    unknown = fault(400, "INVALID_FIELD", f"No such column 'Nope__c' on sobject of type {DOC}")
    org.script = [unknown, success, unknown]
    got = connection().writer.upsert([row("a"), row("b", Nope__c="x"), row("c")])
    assert [outcome.status for outcome in got] == ["success", "rejected", "success"]
    assert f"{DOC}.Nope__c" in got[1].message


def test_a_missing_object_is_rejected_and_the_message_says_what_to_deploy(org: FakeOrg) -> None:
    org.script = [fault(404, "NOT_FOUND", f"Provided external ID field does not exist or is not accessible: {KEY}")]
    [outcome] = connection().writer.upsert([row()])
    assert outcome.status == "rejected"
    assert "deploy/salesforce" in outcome.message


def test_a_spent_budget_stops_the_rest_untouched(org: FakeOrg) -> None:
    org.script = [fault(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")]
    got = connection().writer.upsert([row("a", BALANCE), row("b", DOC)])
    assert [outcome.status for outcome in got] == ["no_op"] * 2
    assert len(org.calls) == 1


def test_a_401_is_renewed_and_the_rows_sent_again(org: FakeOrg) -> None:
    org.script = [fault(401, "INVALID_SESSION_ID"), success]
    assert connection().writer.upsert([row()])[0].status == "success"
    assert org.tokens() == ["Bearer token-1", "Bearer token-2"]


@pytest.mark.parametrize(
    "bad",
    [
        row(" "),
        row("a", tieout_key__c="b"),
        row("a", Amount__c=Decimal("NaN")),
        row("a", **{"Amount; DROP": "x"}),
        row("a", "Bad/Type"),
        row("a", When__c=datetime(2026, 1, 1)),  # noqa: DTZ001  the zone is what is missing
    ],
)
def test_what_cannot_be_sent_is_rejected_by_itself(org: FakeOrg, bad: RecordUpsert) -> None:
    org.script = [success]
    got = connection().writer.upsert([row("x"), bad, row("y")])
    assert [outcome.status for outcome in got] == ["success", "rejected", "success"]
    assert got[1].code == "BAD_VALUE"


def test_no_rows_make_no_call(org: FakeOrg) -> None:
    assert connection().writer.upsert([]) == []
    assert org.calls == []


# an org of one currency


def single(org: FakeOrg, **changes: Any) -> SalesforceConnection:
    org.fields = {**FIELDS, DOC: [(KEY, "string", {})]}
    org.script = [success]
    return connection(**changes)


def test_an_org_of_one_currency_gets_no_currency_field(org: FakeOrg) -> None:
    got = single(org, currency="EUR").writer.upsert([row("a", CurrencyIsoCode="EUR"), row("b", CurrencyIsoCode="USD")])
    assert [(outcome.status, outcome.code) for outcome in got] == [("success", ""), ("rejected", "OTHER_CURRENCY")]
    assert [set(record) for record in sent(org.calls[0])] == [{"attributes", KEY}]


def test_an_org_of_one_unnamed_currency_asks_for_the_setting(org: FakeOrg) -> None:
    [outcome] = single(org).writer.upsert([row("a", CurrencyIsoCode="EUR")])
    assert (outcome.status, outcome.code) == ("rejected", "NO_CURRENCY")
    assert "connections.salesforce.currency" in outcome.message


def test_an_object_that_the_org_lacks_rejects_its_rows_before_any_write(org: FakeOrg) -> None:
    org.script = [success]
    got = connection().writer.upsert([row("a", "Nope__c", CurrencyIsoCode="EUR"), row("b", CurrencyIsoCode="EUR")])
    assert [outcome.status for outcome in got] == ["rejected", "success"]


# the budget


def test_the_connection_tells_the_daily_budget_once_an_answer_named_it(org: FakeOrg) -> None:
    opened = connection()
    assert opened.budget() is None
    org.script = [success]
    opened.writer.upsert([row()])
    assert opened.budget() == (18, 5000)
