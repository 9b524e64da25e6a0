"""What the local NetSuite refuses outright: as a fault, whatever the record."""

from __future__ import annotations

import pytest

from sandbox.http import Request
from sandbox.netsuite import edits, names
from tests.unit.sandbox.ns_account import (
    LINE,
    Account,
    entity,
    lines,
    order,
    rel,
    so,
)


def test_an_unknown_element_is_a_fault(account: Account) -> None:
    response = account.post(f"<platformMsgs:add>{order(so('nonsense', 'x'))}</platformMsgs:add>")
    assert (response.status, b"Invalid element in" in response.body) == (500, True)


def test_a_known_element_in_a_wrong_name_space_is_a_fault(account: Account) -> None:
    response = account.post(f"<platformMsgs:add>{order(rel('memo', 'x'))}</platformMsgs:add>")
    assert response.status == 500


@pytest.mark.parametrize(
    "field",
    [
        so("tranDate", "2026-11-20"),
        so("tranDate", "0001-01-01T00:00:00+14:00"),
        so("tranDate", "2026-02-30T00:00:00Z"),
        so("exchangeRate", "much"),
        so("exchangeRate", "1e300"),
        so("exchangeRate", "NaN"),
        so("toBePrinted", "T"),
        so("orderStatus", "B"),
        so("itemList", so("item", so("line", "1.5"))),
    ],
)
def test_a_value_that_is_not_of_its_type_is_a_fault(account: Account, field: str) -> None:
    assert account.post(f"<platformMsgs:add>{order(field)}</platformMsgs:add>").status == 500


@pytest.mark.parametrize("prefix", ["<!DOCTYPE x [<!ENTITY a 'b'>]>", "<!DOCTYPE x SYSTEM 'file:///etc/passwd'>"])
def test_a_document_type_is_refused(account: Account, prefix: str) -> None:
    body = f"{prefix}<x/>".encode()
    response = account.app(Request(method="POST", path=names.SOAP_PATH, body=body))
    assert (response.status, b"DOCTYPE" in response.body) == (500, True)


@pytest.mark.parametrize("body", [b"", b"<a>", b"{}", b"<x/>"])
def test_what_is_no_envelope_is_a_fault(account: Account, body: bytes) -> None:
    assert account.app(Request(method="POST", path=names.SOAP_PATH, body=body)).status == 500


def test_another_endpoint_version_is_refused_in_its_own_name_space(account: Account) -> None:
    response = account.post("<platformMsgs:getServerTime/>", version="2023_2")
    assert (response.status, b"invalidVersionFault" in response.body) == (500, True)
    assert b"urn:faults_2023_2.platform" in response.body


def test_a_request_without_passport_is_refused_and_stands_in_the_audit_trail(account: Account) -> None:
    response = account.post("<platformMsgs:getServerTime/>", passport=False)
    assert b"INVALID_LOGIN_CREDENTIALS" in response.body
    (entry,) = account.store.all("_loginAudit")
    assert entry["detail"] == "no tokenPassport in the header"


def test_application_info_beside_a_passport_is_refused(account: Account) -> None:
    name = "<platformMsgs:applicationId>1</platformMsgs:applicationId>"
    info = f"<platformMsgs:applicationInfo>{name}</platformMsgs:applicationInfo>"
    assert account.post("<platformMsgs:getServerTime/>", headers=info).status == 500


def test_the_operation_is_named_from_the_request_alone(account: Account) -> None:
    def named(body: str) -> str:
        prefixes = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in names.PREFIXES.items())
        text = f"<soapenv:Envelope {prefixes}><soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>"
        return account.app.operation(Request(method="POST", path=names.SOAP_PATH, body=text.encode()))

    assert named(f"<platformMsgs:add>{order()}</platformMsgs:add>") == "add salesOrder"
    assert named('<platformMsgs:get><platformMsgs:baseRef type="customer"/></platformMsgs:get>') == "get customer"
    assert named("<platformMsgs:getServerTime/>") == "getServerTime"
    assert account.app.operation(Request(method="POST", path=names.SUITEQL_PATH)) == "suiteql"


def test_deleting_an_order_frees_its_external_id_but_never_its_internal_id(account: Account, saved: str) -> None:
    edits.apply(
        account.store, account.clock, {"op": "delete", "type": "salesOrder", "match": {"externalId": "tieout-so-1"}}
    )
    again, code = account.write("add", order(entity() + lines(LINE), externalId="tieout-so-1"))
    assert (code, int(again) > int(saved), account.order(again)["tranId"]) == ("", True, "SO1002")
