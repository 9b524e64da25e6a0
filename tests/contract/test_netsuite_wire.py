"""Our SOAP messages against Oracle's schemas, and our parser against recorded answers of real servers."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from config.secrets import Secret
from connectors.netsuite import codes, fields, suitetalk
from connectors.netsuite.account import AccountId
from connectors.netsuite.answers import Fault, Result, read_answer
from connectors.netsuite.auth import Token
from connectors.netsuite.countries import COUNTRIES
from connectors.netsuite.payload import record
from connectors.netsuite.soap import PREFERENCES
from connectors.netsuite.wire_values import NAMED_TYPES, ORDER_STATUS_WORDS
from connectors.records import Payload, PayloadLine, Reference, WriteRequest
from tests.contract.netsuite_schema import VARIABLE, OracleSchemas, folder
from tests.unit.connectors.netsuite_account import add_order, order_payload

FIXTURES = Path(os.environ.get("TIEOUT_FIXTURES", "")) / "netsuite"
needs_schemas = pytest.mark.skipif(folder() is None, reason=f"{VARIABLE} names no folder with Oracle's schemas")
needs_fixtures = pytest.mark.skipif(
    not os.environ.get("TIEOUT_FIXTURES") or not FIXTURES.is_dir(), reason="TIEOUT_FIXTURES names no recorded answers"
)

ZONE = ZoneInfo("America/Los_Angeles")
TOKEN = Token(
    account=AccountId("1234567"),
    consumer_key=Secret("ck"),
    consumer_secret=Secret("cs"),
    token_id=Secret("tk"),
    token_secret=Secret("ts"),
)
HEADERS = {"tokenPassport": TOKEN.passport(datetime(2026, 11, 20, tzinfo=UTC), "n" * 20), "preferences": PREFERENCES}
CUSTOMER = Payload(
    type="customer",
    values={
        "isPerson": False,
        "companyName": "Acme & Söhne <GmbH>",
        "phone": "+49 30 1",
        "email": "ap@acme.example",
        "url": "https://acme.example",
        "subsidiary": Reference(type="subsidiary", id="2"),
        "currency": Reference(type="currency", id="1"),
        "terms": Reference(type="term", id="3"),
        "parent": Reference(type="customer", external_id="tieout-cust-1"),
        "creditLimit": Decimal("1000.50"),
        "reminderDays": Decimal("7"),
        "startDate": date(2026, 11, 20),
        "custentity_tieout_account_id": "001Hs00001A0000IAA",
    },
    addresses=(
        {
            "defaultBilling": True,
            "label": "HQ",
            "addressee": "Acme",
            "addr1": "Weg 1",
            "city": "Berlin",
            "country": "DE",
        },
        {"defaultShipping": True, "addr1": "1 Main St", "state": "IL", "zip": "62701", "country": "US"},
    ),
)
CUSTOM = {
    "custbody_text": "x",
    "custbody_number": Decimal("1.5"),
    "custbody_flag": False,
    "custbody_day": date(2026, 1, 2),
    "custbody_moment": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    "custbody_choice": Reference(type="customList", id="4"),
}
LINE = PayloadLine(
    key="L2", values={"amount": Decimal("-5.00"), "item": Reference(type="item", external_id="DISC")}, line=4
)


@pytest.fixture(scope="module")
def oracle() -> OracleSchemas:
    path = folder()
    assert path is not None
    return OracleSchemas(path)


def sent(operation: str, **parameters: object) -> bytes:
    return suitetalk.load("2025_2").envelope(operation, HEADERS, **parameters)


def written(request: WriteRequest) -> bytes:
    return sent(request.op, record=record(request, suitetalk.load("2025_2"), ZONE))


def reference(**ids: str) -> object:
    return suitetalk.load("2025_2").new("core:RecordRef", **ids)


def update(payload: Payload, **changes: object) -> WriteRequest:
    return replace(WriteRequest(key="u", op="update", payload=payload, internal_id="512"), **changes)  # type: ignore[arg-type]


REQUESTS = {
    "add customer with addresses": lambda: written(
        WriteRequest(key="c", op="add", payload=CUSTOMER, external_id="tieout-cust-1")
    ),
    "update customer with addresses": lambda: written(update(CUSTOMER)),
    "update customer, fields emptied": lambda: written(
        update(Payload(type="customer", values={}, clear=("fax", "custentity_x")))
    ),
    "add sales order": lambda: written(add_order()),
    "add sales order, every kind of custom field": lambda: written(add_order(payload=order_payload(values=CUSTOM))),
    "update sales order, lines kept": lambda: written(update(order_payload(lines=(LINE,)), keep_lines=(1, 2))),
    "update sales order, fields emptied": lambda: written(update(order_payload(clear=("memo", "custbody_x")))),
    "get by external id": lambda: sent("get", baseRef=reference(type="salesOrder", externalId="tieout-so-1")),
    "get by internal id": lambda: sent("get", baseRef=reference(type="customer", internalId="77")),
    "get server time": lambda: sent("getServerTime"),
}


@needs_schemas
@pytest.mark.parametrize("name", REQUESTS)
def test_every_request_we_make_is_valid_by_oracles_schemas(oracle: OracleSchemas, name: str) -> None:
    assert oracle.complaints(REQUESTS[name]()) == []


@needs_schemas
@pytest.mark.parametrize(
    ("good", "bad"),
    [
        (b"_pendingApproval", b"_bogus"),
        (b":memo>", b":memmo>"),
        (b">3<", b">three<"),
        (b"StringCustomFieldRef", b"TextCustomFieldRef"),
        (b":nonce>", b":nonsense>"),
        (b"warningAsError", b"warningsAsErrors"),
    ],
)
def test_a_corrupted_request_is_rejected(oracle: OracleSchemas, good: bytes, bad: bytes) -> None:
    message = written(add_order())
    assert good in message
    assert oracle.complaints(message.replace(good, bad)) != []


@needs_schemas
@pytest.mark.parametrize(
    ("file", "type_name"),
    [
        ("transactions.sales.xsd", "SalesOrder"),
        ("transactions.sales.xsd", "SalesOrderItem"),
        ("lists.relationships.xsd", "Customer"),
        ("lists.relationships.xsd", "CustomerAddressbook"),
        ("platform.common.xsd", "Address"),
    ],
)
def test_our_schema_has_oracles_fields_in_oracles_order(oracle: OracleSchemas, file: str, type_name: str) -> None:
    text = (oracle.path / "xsd" / file).read_text(encoding="utf-8")
    start = text.index(f'complexType name="{type_name}"')
    theirs = re.findall(r'<element name="(\w+)" type="\w+:(\w+)"', text[start : text.index("</complexType>", start)])
    schema = {
        "transactions.sales.xsd": "sales",
        "lists.relationships.xsd": "relationships",
        "platform.common.xsd": "common",
    }[file]
    ours = list(fields.declared(schema, type_name))
    assert ours == [name for name, _ in theirs if name in set(ours)]


@needs_schemas
def test_the_words_we_know_are_oracles(oracle: OracleSchemas) -> None:
    assert frozenset(COUNTRIES.values()) == oracle.enumeration("platform.commonTypes.xsd", "Country")
    statuses = oracle.enumeration("transactions.saleTypes.xsd", "SalesOrderOrderStatus")
    assert frozenset(ORDER_STATUS_WORDS.values()) == statuses - {"_undefined"}
    assert frozenset(fields.body_fields("salesOrder")["orderStatus"].choices) == statuses
    assert oracle.enumeration("platform.coreTypes.xsd", "RecordType") >= NAMED_TYPES


@needs_schemas
def test_every_code_we_rely_on_is_in_oracles_vocabulary(oracle: OracleSchemas) -> None:
    known = oracle.enumeration("platform.faultTypes.xsd", "StatusDetailCodeType")
    relied = codes.REJECTED | codes.EXISTS | codes.CONFLICT | codes.ABSENT | codes.THROTTLED_REST | codes.LOGIN_REFUSED
    assert relied - known == frozenset()


def recorded(name: str) -> Fault | Result:
    body = (FIXTURES / name).read_bytes()
    answer = read_answer(re.sub(rb"_20\d\d_\d\.", b"_2025_2.", body))
    assert isinstance(answer, Fault | Result)
    return answer


@needs_fixtures
@pytest.mark.parametrize(
    ("file", "operation", "success", "code", "internal_id"),
    [
        ("add_customer", "add", True, "", "979"),
        ("add_invoice", "add", True, "", "999"),
        ("add_invoice_error", "add", False, "INVALID_INITIALIZE_REF", None),
        ("add_invoice_multiple_errors", "add", False, "ERROR", "999"),
        ("delete_customer_error", "delete", False, "INSUFFICIENT_PERMISSION", "118519"),
        ("get_customer", "get", True, "", None),
        ("get_invoice", "get", True, "", None),
        ("update_customer", "update", True, "", None),
        ("update_customer_error", "update", False, "INSUFFICIENT_PERMISSION", "329"),
        ("update_invoice", "update", True, "", None),
        ("upsert_customer", "upsert", True, "", None),
        ("upsert_invoice", "upsert", True, "", None),
        ("upsert_invoice_error", "upsert", False, "INVALID_KEY_OR_REF", None),
        ("upsert_invoice_multiple_errors", "upsert", False, "ERROR", "999"),
    ],
)
def test_a_recorded_answer_is_read_as_what_it_says(
    file: str, operation: str, success: bool, code: str, internal_id: str | None
) -> None:
    answer = recorded(f"soap_netsweet/{file}.xml")
    assert isinstance(answer, Result)
    assert (answer.operation, answer.success) == (operation, success)
    assert answer.code == code
    assert internal_id is None or answer.internal_id == internal_id
    assert bool(answer.details) != success
    assert (answer.record is not None) == (operation == "get")


@needs_fixtures
@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("failure_concurrent_requests", "exceededRequestLimitFault"),
        ("failure_invalid_credentials", "invalidCredentialsFault"),
    ],
)
def test_a_recorded_fault_is_recognised(file: str, name: str) -> None:
    answer = recorded(f"soap_netsweet/{file}.xml")
    assert isinstance(answer, Fault)
    assert answer.name == name
    assert answer.message
