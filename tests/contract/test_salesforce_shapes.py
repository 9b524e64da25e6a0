"""The local Salesforce's answers have the shape of recorded real ones (keys and JSON types).

``TIEOUT_FIXTURES`` names the folder that holds ``salesforce/restforce/*.json``.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.salesforce_org import LocalOrg

FOLDER = os.environ.get("TIEOUT_FIXTURES")
pytestmark = pytest.mark.skipif(FOLDER is None, reason="TIEOUT_FIXTURES names no folder of recorded answers")


def recorded(name: str) -> Any:
    return json.loads((Path(FOLDER or "") / "salesforce" / "restforce" / f"{name}_response.json").read_text())


def kind(value: Any) -> str:
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__


def types(record: dict[str, Any], keys: set[str]) -> dict[str, str]:
    return {key: kind(record[key]) for key in keys if key in record and record[key] is not None}


def same_shape(ours: dict[str, Any], theirs: dict[str, Any], *, also: frozenset[str] = frozenset()) -> None:
    """Ours has every key of theirs, of the same type where both are filled, and no other than ``also``."""
    assert set(ours) - set(theirs) <= also
    assert set(theirs) <= set(ours)
    shared = {key for key in theirs if ours[key] is not None and theirs[key] is not None}
    assert types(ours, shared) == types(theirs, shared)


@pytest.fixture
def org() -> LocalOrg:
    org = LocalOrg()
    account = org.add("Account", Name="Acme")
    for number in range(3):
        org.deal(f"Deal {number}", AccountId=account, Amount=number)
    return org


def answer(org: LocalOrg, method: str, path: str, body: Any = None, **more: Any) -> Any:
    return json.loads(org.send(method, path, body, **more).body)


def test_token_answers(org: LocalOrg) -> None:
    extra = frozenset({"token_format", "token_type", "scope"})
    same_shape(json.loads(org.token_answer().body), recorded("auth_success"), also=extra)
    same_shape(json.loads(org.token_answer(client_secret="x").body), recorded("auth_error"))


def test_an_expired_session(org: LocalOrg) -> None:
    org.token = "stale"
    assert answer(org, "GET", "/limits") == recorded("expired_session")


def test_versions(org: LocalOrg) -> None:
    same_shape(answer(org, "GET", "/services/data")[0], recorded("services_data_success")[0])


def test_query_pages(org: LocalOrg) -> None:
    ask = {"q": "SELECT Id, (SELECT Id FROM Opportunities) FROM Account"}
    ours, theirs = answer(org, "GET", "/query", query=ask), recorded("query_success")
    same_shape(ours, theirs)
    same_shape(ours["records"][0]["attributes"], theirs["records"][0]["attributes"])
    same_shape(ours["records"][0]["Opportunities"], theirs["records"][0]["Whizbangs__r"])
    assert next(iter(ours["records"][0])) == "attributes"
    none = answer(org, "GET", "/query", query={"q": "SELECT Id FROM Account WHERE Name = 'x'"})
    assert none == recorded("query_empty")


def test_pages_with_more_to_come(org: LocalOrg) -> None:
    for number in range(200):
        org.deal(f"More {number}")
    ask = {"q": "SELECT Id FROM Opportunity"}
    first = answer(org, "GET", "/query", query=ask, headers={"sforce-query-options": "batchSize=200"})
    same_shape(first, recorded("query_paginated_first_page"))
    same_shape(answer(org, "GET", first["nextRecordsUrl"]), recorded("query_paginated_last_page"))


def test_aggregates(org: LocalOrg) -> None:
    ask = {"q": "SELECT AccountId, SUM(Amount) FROM Opportunity GROUP BY AccountId"}
    ours, theirs = answer(org, "GET", "/query", query=ask), recorded("query_aggregate_success")
    same_shape(ours, theirs)
    assert ours["records"][0]["attributes"] == theirs["records"][0]["attributes"]
    assert list(ours["records"][0])[2] == list(theirs["records"][0])[2] == "expr0"


def test_refusals(org: LocalOrg) -> None:
    same_shape(answer(org, "GET", "/query", query={"q": "SELECT Nope FROM Account"})[0], recorded("query_error")[0])
    same_shape(answer(org, "GET", "/sobjects/Account/001Tt0000000009IAA")[0], recorded("sobject_find_error")[0])
    refused = answer(org, "PATCH", "/sobjects/Account/001Tt0000000001IAA", {"Nope": 1})[0]
    same_shape(refused, recorded("write_error")[0], also=frozenset({"fields"}))


def test_created_and_found_records(org: LocalOrg) -> None:
    made = answer(org, "POST", "/sobjects/Account", {"Name": "New"})
    same_shape(made, recorded("create_success"))
    found = answer(org, "GET", f"/sobjects/Account/{made['id']}")
    theirs = recorded("sobject_find_success")
    standard = {"attributes", "Id", "OwnerId", "IsDeleted", "Name", "CreatedById", "LastModifiedById"}
    assert types(found, standard) == types(theirs, standard)


def test_describe(org: LocalOrg) -> None:
    ours, theirs = answer(org, "GET", "/sobjects/Account/describe"), recorded("sobject_describe_success")
    same_shape(ours, theirs)
    same_shape(ours["fields"][0], theirs["fields"][0])
    same_shape(ours["childRelationships"][0], theirs["childRelationships"][0])
    same_shape(ours["recordTypeInfos"][0], theirs["recordTypeInfos"][0])
    assert {field["name"]: field["soapType"] for field in ours["fields"]}["Id"] == theirs["fields"][0]["soapType"]
    every, known = answer(org, "GET", "/sobjects"), recorded("describe_sobjects_success")
    same_shape(every, known)
    same_shape(every["sobjects"][0], known["sobjects"][0])


def test_spans(org: LocalOrg) -> None:
    span = {"start": "2026-11-22T11:00:00+00:00", "end": "2026-11-22T13:00:00+00:00"}
    gone = org.deal("gone")
    org.send("DELETE", f"/sobjects/Opportunity/{gone}")
    ours, theirs = answer(org, "GET", "/sobjects/Opportunity/deleted", query=span), recorded("get_deleted_success")
    same_shape(ours, theirs)
    same_shape(ours["deletedRecords"][0], theirs["deletedRecords"][0])
    same_shape(answer(org, "GET", "/sobjects/Opportunity/updated", query=span), recorded("get_updated_success"))
