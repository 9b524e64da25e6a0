"""Upserts by external id have the shapes of the REST API, on the local org's wire and in what the connector reads.

Literal answers follow Salesforce's REST API Developer Guide ("Upsert Records Using sObject Collections", "Insert or
Update (Upsert) a Record Using an External ID"); ``TIEOUT_FIXTURES`` names the folder of recorded ones.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import responses

from connectors.records import RecordUpsert
from tests.fakes.salesforce_org import LocalOrg
from tests.unit.connectors.salesforce_org import FakeOrg, connection, js

FOLDER = os.environ.get("TIEOUT_FIXTURES")
FINANCIAL, KEY = "Tieout_Financial__c", "Tieout_Key__c"
DOCUMENTED = [
    {"id": "a02xx0000004GxDAAU", "success": True, "errors": [], "created": True},
    {"id": "a02xx0000004GxEAAU", "success": True, "errors": [], "created": False},
    {
        "success": False,
        "errors": [{"statusCode": "DUPLICATE_VALUE", "message": "duplicate value found", "fields": [KEY]}],
        "created": False,
    },
]


def recorded(name: str) -> Any:
    if FOLDER is None:
        pytest.skip("TIEOUT_FIXTURES names no folder of recorded answers")
    return json.loads((Path(FOLDER) / "salesforce" / "restforce" / f"{name}_response.json").read_text())


def shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: shape(part) for key, part in value.items()}
    return [shape(part) for part in value[:1]] if isinstance(value, list) else type(value).__name__


def row(key: str, **values: Any) -> dict[str, Any]:
    return {"attributes": {"type": FINANCIAL}, KEY: key, **values}


def test_the_local_org_answers_a_collection_as_documented() -> None:
    org = LocalOrg()
    org.add(FINANCIAL, Tieout_Key__c="two")
    body = {"allOrNone": False, "records": [row("one"), row("two"), row("ONE")]}
    answer = org.send("PATCH", f"/composite/sobjects/{FINANCIAL}/{KEY}", body)
    assert answer.status == 200
    ours = json.loads(answer.body)
    assert shape({str(place): part for place, part in enumerate(ours)}) == shape(
        {str(place): part for place, part in enumerate(DOCUMENTED)}
    )
    assert [part["created"] for part in ours] == [part["created"] for part in DOCUMENTED]
    assert answer.headers["Sforce-Limit-Info"].startswith("api-usage=")


def test_the_connector_reads_a_documented_answer() -> None:
    fake = FakeOrg(script=[js(DOCUMENTED)])
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        fake.install(mock)
        rows = [RecordUpsert(type=FINANCIAL, key_field=KEY, key=key, values={}) for key in ("one", "two", "three")]
        got = connection().writer.upsert(rows)
    assert [(outcome.status, outcome.target_id) for outcome in got] == [
        ("success", "a02xx0000004GxDAAU"),
        ("success", "a02xx0000004GxEAAU"),
        ("no_op", None),
    ]
    [call] = fake.calls
    assert call.method == "PATCH"
    assert call.headers["Content-Type"].startswith("application/json")
    assert json.loads(call.body or b"") == {"allOrNone": False, "records": [row("one"), row("two"), row("three")]}


def test_one_record_made_and_refused_as_recorded() -> None:
    org = LocalOrg()
    made, refused = recorded("upsert_created_success"), recorded("upsert_error")
    status, ours = org.call("PATCH", f"/sobjects/{FINANCIAL}/{KEY}/one", {"Tieout_Status__c": "Open"})
    assert (status, shape({key: ours[key] for key in made})) == (201, shape(made))
    assert set(ours) - set(made) == {"created"}
    status, ours = org.call("PATCH", f"/sobjects/{FINANCIAL}/Namez/one", {})
    assert (status, ours) == (404, refused)


def test_a_described_field_keeps_its_keys_when_it_is_calculated() -> None:
    theirs = recorded("sobject_describe_success")["fields"][0]
    _, answer = LocalOrg().call("GET", f"/sobjects/{FINANCIAL}/describe")
    assert all(set(field) == set(theirs) for field in answer["fields"])
