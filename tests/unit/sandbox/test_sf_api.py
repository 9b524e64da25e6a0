"""The REST resources of the local Salesforce: login, versions, paging, collections, describe."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from sandbox.faults import Rule
from sandbox.http import Request
from sandbox.ids import canonical
from tests.fakes.salesforce_org import DATA, LocalOrg

NESTED = "SELECT Id, (SELECT Id FROM Contacts) FROM Account WHERE Id IN (SELECT AccountId FROM Contact)"
ONE_DEAL = b'{"records":[{"attributes":{"type":"Opportunity"}}]}'


@pytest.fixture
def org() -> LocalOrg:
    return LocalOrg()


def test_login_answers_a_token_and_the_address_in_the_host_header(org: LocalOrg) -> None:
    keys = org.credentials
    basic = base64.b64encode(f"{keys.client_id}:{keys.client_secret}".encode()).decode()
    answer = org.app(
        Request(
            method="POST",
            path="/services/oauth2/token",
            headers={"authorization": f"Basic {basic}", "host": "acme.my.salesforce.com"},
            body=b"grant_type=client_credentials",
        )
    )
    grant = json.loads(answer.body)
    assert grant["instance_url"] == "https://acme.my.salesforce.com"
    assert grant["id"].startswith(f"https://acme.my.salesforce.com/id/{keys.organization}/005")
    assert grant["token_type"] == "Bearer" and grant["token_format"] == "opaque" and "expires_in" not in grant
    assert json.loads(org.token_answer().body)["instance_url"] == keys.url


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"client_id": "wrong"}, "invalid_client_id"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
def test_a_bad_login_is_refused_as_an_oauth_error(org: LocalOrg, changed: dict[str, str], error: str) -> None:
    answer = org.token_answer(**changed)
    assert answer.status == 400
    assert json.loads(answer.body)["error"] == error


def test_a_session_ends_on_demand_and_a_new_login_helps(org: LocalOrg) -> None:
    status, answer = org.call("GET", "/limits", fault=Rule(action="expire_token"))
    assert (status, answer) == (401, [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}])
    assert org.call("GET", "/limits")[0] == 401
    org.token = org.log_in()
    assert org.call("GET", "/limits")[0] == 200


def test_versions_are_listed_and_unknown_ones_refused(org: LocalOrg) -> None:
    versions = json.loads(org.app(Request(method="GET", path="/services/data/")).body)
    assert versions[-1] == {"label": "Winter '27", "url": "/services/data/v68.0", "version": "68.0"}
    assert versions[0]["version"] == "31.0"
    status, answer = org.call("GET", "/services/data/v69.0/limits")
    assert (status, answer[0]["errorCode"]) == (404, "NOT_FOUND")


def test_pages_show_one_moment_and_end_with_done(org: LocalOrg) -> None:
    ids = [org.deal(f"Deal {number:03}") for number in range(450)]
    page = org.query(
        "SELECT Id, Name FROM Opportunity ORDER BY Name", headers={"sforce-query-options": "batchSize=200"}
    )
    org.call("PATCH", f"/sobjects/Opportunity/{ids[210]}", {"Name": "changed"})
    org.call("DELETE", f"/sobjects/Opportunity/{ids[400]}")
    sizes, names = [len(page["records"])], [row["Name"] for row in page["records"]]
    while not page["done"]:
        status, page = org.call("GET", page["nextRecordsUrl"])
        assert (status, page["totalSize"]) == (200, 450)
        sizes.append(len(page["records"]))
        names += [row["Name"] for row in page["records"]]
    assert sizes == [200, 200, 50]
    assert names == [f"Deal {number:03}" for number in range(450)]
    assert "nextRecordsUrl" not in page


def test_a_page_may_be_shorter_than_asked(org: LocalOrg) -> None:
    for number in range(5):
        org.deal(f"Deal {number}")
    page = org.query("SELECT Id FROM Opportunity", fault=Rule(action="page_size", body=2))
    assert (len(page["records"]), page["done"], page["totalSize"]) == (2, False, 5)


def test_locators_end_after_two_days_and_after_ten_younger_ones(org: LocalOrg) -> None:
    for number in range(3):
        org.deal(f"Deal {number}")
    short = Rule(action="page_size", body=2)
    urls = [org.query("SELECT Id FROM Opportunity", fault=short)["nextRecordsUrl"] for _ in range(11)]
    assert org.call("GET", urls[0])[1][0]["errorCode"] == "INVALID_QUERY_LOCATOR"
    assert org.call("GET", urls[1])[0] == 200
    org.clock.step(timedelta(days=2, seconds=1).total_seconds())
    assert org.call("GET", urls[1])[1][0]["errorCode"] == "INVALID_QUERY_LOCATOR"
    assert org.call("GET", "/query/nonsense")[1] == [
        {"message": "invalid query locator", "errorCode": "INVALID_QUERY_LOCATOR"}
    ]


def collection(*records: dict[str, Any], all_or_none: bool = False) -> dict[str, Any]:
    typed = [{"attributes": {"type": "Opportunity"}, **record} for record in records]
    return {"allOrNone": all_or_none, "records": typed}


def test_a_collection_answers_each_record_in_order(org: LocalOrg) -> None:
    first, second = org.deal("one"), org.deal("two")
    status, results = org.call(
        "PATCH",
        "/composite/sobjects",
        collection(
            {"id": first, "Tieout_Sales_Order__c": "SO1001"},
            {"id": "nonsense", "NextStep": "x"},
            {"id": second, "NextStep": "y" * 300},
            {"id": second[:15], "NextStep": "z"},
        ),
    )
    assert status == 200
    assert [result["success"] for result in results] == [True, False, False, False]
    assert results[0] == {"id": first, "success": True, "errors": []}
    assert results[1]["errors"][0]["statusCode"] == "MALFORMED_ID"
    assert results[2]["errors"][0]["statusCode"] == "STRING_TOO_LONG"
    assert results[2]["errors"][0]["fields"] == ["NextStep"]
    assert results[3]["errors"][0]["statusCode"] == "DUPLICATE_VALUE"
    assert org.get("Opportunity", first)["Tieout_Sales_Order__c"] == "SO1001"


def test_all_or_none_takes_everything_back(org: LocalOrg) -> None:
    first, second = org.deal("one"), org.deal("two")
    body = collection({"id": first, "NextStep": "x"}, {"id": second, "IsWon": True}, all_or_none=True)
    status, results = org.call("PATCH", "/composite/sobjects", body)
    assert status == 200
    assert results[0]["errors"][0]["statusCode"] == "ALL_OR_NONE_OPERATION_ROLLED_BACK"
    assert results[1]["errors"][0]["statusCode"] == "INVALID_FIELD_FOR_INSERT_UPDATE"
    assert org.get("Opportunity", first)["NextStep"] is None


def test_the_201st_record_is_refused(org: LocalOrg) -> None:
    deal = org.deal()
    body = collection(*[{"id": deal}] * 201)
    status, answer = org.call("PATCH", "/composite/sobjects", body)
    assert (status, answer[0]["errorCode"]) == (400, "EXCEEDED_ID_LIMIT")


def test_collections_insert_and_delete(org: LocalOrg) -> None:
    new = {"Name": "new", "StageName": "Prospecting", "CloseDate": "2026-12-01"}
    _, made = org.call("POST", "/composite/sobjects", collection(new, {"Name": "half"}))
    assert [result["success"] for result in made] == [True, False]
    _, gone = org.call("DELETE", "/composite/sobjects", query={"ids": made[0]["id"], "allOrNone": "false"})
    assert gone == [{"id": made[0]["id"], "success": True, "errors": []}]
    assert org.get("Opportunity", made[0]["id"])["IsDeleted"] is True


def test_a_record_error_can_be_planted(org: LocalOrg) -> None:
    first, second = org.deal("one"), org.deal("two")
    rule = Rule(action="record_error", body={"statusCode": "UNABLE_TO_LOCK_ROW", "message": "locked", "index": 1})
    _, results = org.call(
        "PATCH", "/composite/sobjects", collection({"id": first, "NextStep": "a"}, {"id": second, "NextStep": "b"}),
        fault=rule,
    )  # fmt: skip
    assert [result["success"] for result in results] == [True, False]
    assert results[1]["errors"][0]["statusCode"] == "UNABLE_TO_LOCK_ROW"


def test_describe_tells_the_custom_fields(org: LocalOrg) -> None:
    _, answer = org.call("GET", "/sobjects/opportunity/describe")
    fields = {field["name"]: field for field in answer["fields"]}
    assert fields["PO_Number__c"]["length"] == 45
    assert fields["Tieout_Sync_Error__c"]["filterable"] is False
    assert fields["AccountId"]["referenceTo"] == ["Account"] and fields["AccountId"]["relationshipName"] == "Account"
    assert [value["value"] for value in fields["Payment_Terms__c"]["picklistValues"]] == [
        "30 days",
        "60 days",
        "Due on receipt",
    ]
    assert fields["IsWon"]["updateable"] is False and fields["Amount"]["updateable"] is True
    _, every = org.call("GET", "/sobjects")
    assert {"Account", "Opportunity", "OpportunityLineItem", "PricebookEntry"} <= {
        item["name"] for item in every["sobjects"]
    }


def test_deleted_and_updated_tell_ids_of_a_span(org: LocalOrg) -> None:
    kept, gone = org.deal("kept"), org.deal("gone")
    org.call("DELETE", f"/sobjects/Opportunity/{gone}")
    span = {"start": "2026-11-22T11:00:00+00:00", "end": "2026-11-22T13:00:00+00:00"}
    _, deleted = org.call("GET", "/sobjects/Opportunity/deleted", query=span)
    assert deleted["deletedRecords"] == [{"id": gone, "deletedDate": "2026-11-22T12:00:00.000+0000"}]
    assert deleted["earliestDateAvailable"] == "2026-11-07T12:00:00.000+0000"
    _, updated = org.call("GET", "/sobjects/Opportunity/updated", query=span)
    assert updated["ids"] == [kept]


def test_every_data_answer_counts_calls(org: LocalOrg) -> None:
    first = org.send("GET", "/limits").headers["Sforce-Limit-Info"]
    second = org.send("GET", "/nothing").headers["Sforce-Limit-Info"]
    assert (first, second) == ("api-usage=1/100000", "api-usage=2/100000")


@pytest.mark.parametrize(
    ("method", "path", "query", "body", "name"),
    [
        ("POST", "/services/oauth2/token", "", b"", "token"),
        ("GET", "/services/data", "", b"", "versions"),
        ("GET", f"{DATA}/query/", NESTED, b"", "query Account"),
        ("GET", f"{DATA}/query/0r8-2000", "", b"", "query page"),
        ("GET", f"{DATA}/sobjects/Account/describe", "", b"", "describe Account"),
        ("PATCH", f"{DATA}/sobjects/Account/001", "", b"", "update Account"),
        ("DELETE", f"{DATA}/sobjects/Account/001", "", b"", "delete Account"),
        ("PATCH", f"{DATA}/composite/sobjects", "", ONE_DEAL, "update Opportunity"),
        ("PATCH", f"{DATA}/composite/sobjects", "", b"[]", "update collection"),
    ],
)  # fmt: skip
def test_operations_have_names(org: LocalOrg, method: str, path: str, query: str, body: bytes, name: str) -> None:
    assert org.app.operation(Request(method=method, path=path, query={"q": query}, body=body)) == name


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b""])
def test_a_body_that_is_no_json_object_is_a_parser_error(org: LocalOrg, body: bytes) -> None:
    request = Request(
        method="POST", path=f"{DATA}/sobjects/Account", headers={"authorization": f"Bearer {org.token}"}, body=body
    )
    assert json.loads(org.app(request).body)[0]["errorCode"] == "JSON_PARSER_ERROR"


def test_numbers_are_exact_in_both_directions(org: LocalOrg) -> None:
    request = Request(
        method="POST",
        path=f"{DATA}/sobjects/Opportunity",
        headers={"authorization": f"Bearer {org.token}"},
        body=b'{"Name":"big","StageName":"Prospecting","CloseDate":"2026-12-01","Amount":99999999999999.99}',
    )
    id_ = json.loads(org.app(request).body)["id"]
    assert canonical(id_) == id_
    assert (
        b'"Amount":99999999999999.99'
        in org.send("GET", f"/sobjects/Opportunity/{id_}", query={"fields": "Amount"}).body
    )
    assert org.get("Opportunity", id_)["Amount"] == Decimal("99999999999999.99")
