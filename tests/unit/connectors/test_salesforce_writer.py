"""How status fields are written back, and what is known of each record afterwards."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import requests
import responses
import urllib3

from connectors.records import FieldUpdate, RecordRef, Value, salesforce_id
from tests.unit.connectors.salesforce_org import DEAL, OTHER, FakeOrg, Reply, StillClock, connection, fault, html, js


@pytest.fixture
def org() -> Iterator[FakeOrg]:
    fake = FakeOrg()
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        fake.install(mock)
        yield fake


def update(id_: str = DEAL, type_: str = "Opportunity", **values: Value) -> FieldUpdate:
    ref = RecordRef(connection="salesforce", type=type_, id=id_)
    return FieldUpdate(ref=ref, values=values or {"Tieout_Sync_State__c": "Synced"})


def success(request: requests.PreparedRequest) -> Reply:
    return js([{"id": record["id"], "success": True, "errors": []} for record in sent(request)])


def sent(request: requests.PreparedRequest) -> list[dict[str, object]]:
    return list(json.loads(request.body or b"", parse_float=Decimal)["records"])


def refused(code: str, message: str = "", fields: tuple[str, ...] = ()) -> dict[str, object]:
    return {"success": False, "errors": [{"statusCode": code, "message": message, "fields": list(fields)}]}


def refused_connection() -> requests.ConnectionError:
    pool = urllib3.connectionpool.HTTPSConnectionPool("acme.my.salesforce.com")
    reason = urllib3.exceptions.NewConnectionError(urllib3.connection.HTTPSConnection("h"), "refused")
    return requests.ConnectionError(urllib3.exceptions.MaxRetryError(pool, "/", reason))


def test_values_are_written_exactly_and_the_call_stops_no_other_record(org: FakeOrg) -> None:
    org.script = [success]
    values: dict[str, Value] = {
        "Amount": Decimal("99999999999999.99"),
        "CloseDate": date(2026, 10, 31),
        "When__c": datetime(2026, 10, 31, 23, 30, tzinfo=UTC),
        "Flag__c": False,
        "Text__c": 'Müller "&" Söhne\n',
        "Empty__c": None,
    }
    [outcome] = connection().writer.update([replace(update(), values=values)])
    assert (outcome.status, outcome.target_id) == ("success", DEAL)
    assert len(outcome.request_sha) == len(outcome.response_sha) == 64
    [call] = org.calls
    assert (call.method, org.paths()[0]) == ("PATCH", "/services/data/v67.0/composite/sobjects")
    assert json.loads(call.body or b"")["allOrNone"] is False
    assert sent(call) == [
        {
            "attributes": {"type": "Opportunity"},
            "id": DEAL,
            **values,
            "CloseDate": "2026-10-31",
            "When__c": "2026-10-31T23:30:00.000+00:00",
        }
    ]


def test_each_record_has_its_own_outcome(org: FakeOrg) -> None:
    ids = [salesforce_id(f"006Hs00001A{n:04d}") for n in range(5)]
    org.script = [
        js(
            [
                {"id": ids[0], "success": True, "errors": []},
                refused("FIELD_CUSTOM_VALIDATION_EXCEPTION", "Ask finance first", ("StageName",)),
                refused("PROCESSING_HALTED", "another record failed"),
                refused("UNKNOWN_EXCEPTION"),
                {"success": False, "errors": []},
            ]
        )
    ]
    got = connection().writer.update([update(id_) for id_ in ids])
    assert [outcome.status for outcome in got] == ["success", "rejected", "no_op", "ambiguous", "ambiguous"]
    assert got[1].code == "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    assert got[1].message == "Ask finance first (fields: StageName)"


def test_at_most_200_records_go_in_one_call_and_outcomes_keep_their_order(org: FakeOrg) -> None:
    org.script = [success, success, success]
    updates = [
        update(salesforce_id(f"{prefix}Hs00001A{n:04d}"), type_)
        for n in range(150)
        for prefix, type_ in (("006", "Opportunity"), ("001", "Account"))
    ]
    updates += [update(salesforce_id(f"006Hs00001B{n:04d}")) for n in range(51)]
    got = connection().writer.update(updates)
    assert [outcome.target_id for outcome in got] == [entry.ref.id for entry in updates]
    assert sorted(len(sent(call)) for call in org.calls) == [1, 150, 200]
    assert all(len({record["attributes"]["type"] for record in sent(call)}) == 1 for call in org.calls)  # type: ignore[index]


def test_a_record_updated_twice_goes_in_two_calls_in_order(org: FakeOrg) -> None:
    org.script = [success, success]
    got = connection().writer.update(
        [update(State__c="Waiting"), update(OTHER, State__c="x"), update(State__c="Synced")]
    )
    assert [outcome.status for outcome in got] == ["success"] * 3
    assert [[record["State__c"] for record in sent(call)] for call in org.calls] == [["Waiting", "x"], ["Synced"]]


@pytest.mark.parametrize(
    "answer",
    [
        js([]),
        js({"success": True}),
        js([{"id": OTHER, "success": True, "errors": []}]),
        js([{"id": DEAL, "success": True}, {"id": DEAL, "success": True}]),
        js([{"success": True, "errors": []}]),
        js([{"id": DEAL, "success": "yes"}]),
        html(),
        html(503),
        fault(500, "UNKNOWN_EXCEPTION"),
        fault(400, "SOMETHING_NEW"),
        requests.ReadTimeout(),
        requests.ConnectionError("Connection aborted."),
    ],
)
def test_what_cannot_be_classified_is_ambiguous_and_sent_once(org: FakeOrg, answer: Reply | Exception) -> None:
    org.script = [answer]
    [outcome] = connection().writer.update([update()])
    assert (outcome.status, outcome.target_id) == ("ambiguous", None)
    assert outcome.code
    assert len(org.calls) == 1


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (fault(403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests Limit exceeded."), "REQUEST_LIMIT_EXCEEDED"),
        (fault(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."), "REQUEST_LIMIT_EXCEEDED"),
        (html(429), "HTTP_429"),
        (refused_connection(), "UNREACHABLE"),
    ],
)
def test_a_call_refused_as_a_whole_touched_nothing(org: FakeOrg, answer: Reply | Exception, code: str) -> None:
    org.script = [answer]
    [outcome] = connection().writer.update([update()])
    assert (outcome.status, outcome.code) == ("no_op", code)


def test_after_a_spent_budget_no_further_call_is_made(org: FakeOrg) -> None:
    org.script = [fault(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")]
    got = connection().writer.update([update(), update(A__c="x"), update(B__c="x")])
    assert [outcome.status for outcome in got] == ["no_op"] * 3
    assert len(org.calls) == 1


def test_an_unknown_field_rejects_the_records_that_carry_it_only(org: FakeOrg) -> None:
    org.script = [success, fault(400, "INVALID_FIELD", "No such column 'Nope__c' on sobject of type Opportunity")]
    got = connection().writer.update([update(Nope__c="x"), update(OTHER, Good__c="x")])
    assert [outcome.status for outcome in got] == ["rejected", "success"]
    assert "Opportunity.Nope__c" in got[0].message


def test_a_401_is_renewed_once_and_the_write_repeated_because_nothing_was_done(org: FakeOrg) -> None:
    org.script = [fault(401, "INVALID_SESSION_ID"), success]
    [outcome] = connection().writer.update([update()])
    assert outcome.status == "success"
    assert org.tokens() == ["Bearer token-1", "Bearer token-2"]


def test_refused_credentials_leave_every_record_untouched(org: FakeOrg) -> None:
    org.sign_ins = [js({"error": "invalid_client", "error_description": "invalid client credentials"}, 400)]
    got = connection().writer.update([update(), update(A__c="x")])
    assert [(outcome.status, outcome.code) for outcome in got] == [("no_op", "invalid_client")] * 2
    assert org.calls == []


def test_a_sign_in_that_times_out_sent_no_write(org: FakeOrg) -> None:
    org.sign_ins = [requests.ReadTimeout()] * 9
    clock = StillClock()
    [outcome] = connection(clock).writer.update([update()])
    assert outcome.status == "no_op"
    assert org.calls == []


def test_a_value_that_cannot_be_written_rejects_only_its_record(org: FakeOrg) -> None:
    org.script = [success]
    got = connection().writer.update([update(Amount=Decimal("NaN")), update("nonsense"), update(OTHER)])
    assert [(outcome.status, outcome.code) for outcome in got] == [
        ("rejected", "BAD_VALUE"),
        ("rejected", "BAD_VALUE"),
        ("success", ""),
    ]


def test_an_update_without_values_needs_no_call(org: FakeOrg) -> None:
    ref = RecordRef(connection="salesforce", type="Opportunity", id=DEAL)
    [outcome] = connection().writer.update([FieldUpdate(ref=ref, values={})])
    assert outcome.status == "success"
    assert org.calls == []
