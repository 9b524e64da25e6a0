"""Invoices on the wire: our messages and the local NetSuite's answers against Oracle's schemas, recorded answers."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from lxml import etree

from config.secrets import Secret
from config.system import SystemClock, SystemRandom
from connectors.netsuite import codes, connect, fields, suitetalk
from connectors.netsuite.account import AccountId
from connectors.netsuite.answers import Result, read_answer
from connectors.netsuite.auth import Token
from connectors.netsuite.billing import billable
from connectors.netsuite.payload import record
from connectors.netsuite.readback import read_back
from connectors.netsuite.soap import PREFERENCES, Exchange, SoapClient
from connectors.netsuite.wire_values import NAMED_TYPES
from connectors.ports import OrderQuery
from connectors.records import Payload, PayloadLine, Reference, WriteRequest
from sandbox.serve import running
from tests.contract import netsuite_book
from tests.contract.netsuite_schema import VARIABLE, OracleSchemas, folder

FIXTURES = Path(os.environ.get("TIEOUT_FIXTURES", "")) / "netsuite" / "soap_netsweet"
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
START = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
LINE = PayloadLine(
    key="L1",
    values={
        "orderLine": Decimal(1),
        "item": Reference(type="item", id="11"),
        "quantity": Decimal(2),
        "price": Reference(type="priceLevel", id="-1"),
        "rate": Decimal("10.00"),
        "amount": Decimal("20.00"),
        "description": "two widgets",
        "custcol_tieout_line_id": "L1",
    },
)


def invoice(order: str = "512", op: str = "add", **changes: object) -> WriteRequest:
    values = {
        "createdFrom": Reference(type="salesOrder", id=order),
        "entity": Reference(type="customer", id="21"),
        "tranDate": date(2026, 11, 20),
        "dueDate": date(2026, 12, 20),
        "terms": Reference(type="term", id="4"),
        "memo": "Known & Co",
        "otherRefNum": "PO-7",
        "currency": Reference(type="currency", id="1"),
        "subsidiary": Reference(type="subsidiary", id="1"),
        "email": "ap@acme.example",
        "custbody_tieout_intent": "intent-1",
    }
    payload = Payload(type="invoice", values=values | changes, lines=(LINE,))  # type: ignore[arg-type]
    name = {"external_id": "tieout-inv-1"} if op == "add" else {"internal_id": "900"}
    return WriteRequest(key="i", op=op, payload=payload, **name)  # type: ignore[arg-type]


def sent(operation: str, **parameters: object) -> bytes:
    return suitetalk.load("2025_2").envelope(operation, HEADERS, **parameters)


def written(request: WriteRequest) -> bytes:
    return sent(request.op, record=record(request, suitetalk.load("2025_2"), ZONE))


def asked() -> bytes:
    types = suitetalk.load("2025_2")
    reference = types.new("core:InitializeRef", type="salesOrder", internalId="512")
    return sent("initialize", initializeRecord=types.new("core:InitializeRecord", type="invoice", reference=reference))


@pytest.fixture(scope="module")
def oracle() -> OracleSchemas:
    path = folder()
    assert path is not None
    return OracleSchemas(path)


EVERYTHING = {
    "department": Reference(type="department", id="3"),
    "salesRep": Reference(type="employee", id="5"),
    "exchangeRate": Decimal("1.1"),
    "toBeEmailed": True,
    "postingPeriod": Reference(type="accountingPeriod", id="11"),
    "billingSchedule": Reference(type="billingSchedule", id="2"),
    "approvalStatus": Reference(type="", id="2"),
    "shippingCost": Decimal("5.00"),
    "custbody_flag": False,
}
REQUESTS = {
    "add invoice": lambda: written(invoice()),
    "add invoice with further fields": lambda: written(invoice(**EVERYTHING)),
    "update invoice": lambda: written(invoice(op="update", memo="other")),
    "ask what can be billed": asked,
    "get invoice": lambda: sent(
        "get", baseRef=suitetalk.load("2025_2").new("core:RecordRef", type="invoice", externalId="tieout-inv-1")
    ),
}


@needs_schemas
@pytest.mark.parametrize("name", REQUESTS)
def test_every_request_about_invoices_is_valid_by_oracles_schemas(oracle: OracleSchemas, name: str) -> None:
    assert oracle.complaints(REQUESTS[name]()) == []


@needs_schemas
@pytest.mark.parametrize(
    ("good", "bad"),
    [(b">invoice<", b">bill<"), (b'type="salesOrder"', b'type="salesorder"'), (b":reference ", b":referenced ")],
)
def test_a_corrupted_question_is_rejected(oracle: OracleSchemas, good: bytes, bad: bytes) -> None:
    message = asked()
    assert good in message
    assert oracle.complaints(message.replace(good, bad)) != []


@needs_schemas
@pytest.mark.parametrize("type_name", ["Invoice", "InvoiceItem"])
def test_our_invoice_has_oracles_fields_in_oracles_order_and_types(oracle: OracleSchemas, type_name: str) -> None:
    text = (oracle.path / "xsd" / "transactions.sales.xsd").read_text(encoding="utf-8")
    start = text.index(f'complexType name="{type_name}"')
    theirs = re.findall(r'<element name="(\w+)" type="\w+:(\w+)"', text[start : text.index("</complexType>", start)])
    ours = fields.declared("sales", type_name)
    assert list(ours) == [name for name, _ in theirs if name in ours]
    shipped = etree.parse(str(fields.FOLDER / "sales.xsd"))
    (found,) = shipped.iterfind(f".//{fields.XSD}complexType[@name='{type_name}']")
    types = {item.get("name"): item.get("type", "").partition(":")[2] for item in found.iter(f"{fields.XSD}element")}
    assert types == {name: kind for name, kind in theirs if name in ours}


@needs_schemas
def test_the_words_we_know_of_billing_are_oracles(oracle: OracleSchemas) -> None:
    assert "invoice" in oracle.enumeration("platform.coreTypes.xsd", "InitializeType")
    assert "salesOrder" in oracle.enumeration("platform.coreTypes.xsd", "InitializeRefType")
    assert oracle.enumeration("platform.coreTypes.xsd", "RecordType") >= NAMED_TYPES
    assert oracle.enumeration("platform.faultTypes.xsd", "StatusDetailCodeType") >= codes.PERIOD_CLOSED


def recorded(name: str) -> Result:
    body = (FIXTURES / f"{name}.xml").read_bytes()
    answer = read_answer(re.sub(rb"_20\d\d_\d\.", b"_2025_2.", body))
    assert isinstance(answer, Result)
    return answer


@needs_fixtures
def test_a_recorded_invoice_is_read_back() -> None:
    answer = recorded("get_invoice")
    assert answer.record is not None
    found = read_back("invoice", answer.record, ZONE)
    assert (found.id, found.external_id, found.number, found.status) == ("439", "2187", "2187", "A")
    assert (found.net, found.intent) == (Decimal("15993.6"), None)
    assert (found.values["amountRemaining"], found.values["tranDate"]) == (Decimal("15993.6"), date(2011, 1, 1))
    assert [(line.line, line.item_id, line.amount) for line in found.lines] == [(1, "217", Decimal("15993.6"))]


@needs_fixtures
def test_a_recorded_offer_without_lines_is_nothing_to_bill() -> None:
    answer = recorded("initialize_invoice_from_customer")
    assert (answer.operation, answer.success) == ("initialize", True)
    assert answer.record is not None
    assert billable("512", answer.record, ZONE).code == "NOTHING_TO_BILL"


@needs_fixtures
def test_a_recorded_refusal_to_make_an_invoice_is_a_known_rejection() -> None:
    assert recorded("add_invoice_error").code in codes.REJECTED
    assert recorded("add_invoice").internal_id == "999"


@pytest.fixture
def exchanges(monkeypatch: pytest.MonkeyPatch) -> list[Exchange]:
    seen: list[Exchange] = []
    call = SoapClient.call

    def listening(self: SoapClient, *arguments: object, **named: object) -> Exchange:
        seen.append(call(self, *arguments, **named))  # type: ignore[arg-type]
        return seen[-1]

    monkeypatch.setattr(SoapClient, "call", listening)
    return seen


@pytest.fixture
def ready(tmp_path: Path) -> Iterator[dict[str, object]]:
    book = netsuite_book.write(tmp_path / "book")
    with running(tmp_path / "state", str(book), now=START) as announced:
        yield announced


@needs_schemas
def test_what_we_and_the_local_netsuite_say_about_an_invoice_is_valid(
    oracle: OracleSchemas, exchanges: list[Exchange], ready: dict[str, object]
) -> None:
    settings, environ = netsuite_book.settings(ready)
    netsuite = connect(settings, clock=SystemClock(), random=SystemRandom(), environ=environ)
    (order,) = [found.id for found in netsuite.reader.orders(OrderQuery())]
    assert netsuite.writer.billable(order).lines == ()
    approval = Payload(type="salesOrder", values={"orderStatus": "_pendingFulfillment"})
    approved, made, again = (
        next(netsuite.writer.write([request]))[1].status
        for request in (
            WriteRequest(key="a", op="update", payload=approval, internal_id=order),
            invoice(order),
            invoice(order),
        )
    )
    assert (approved, made) == ("success", "success")
    assert again in ("exists", "rejected")
    assert netsuite.writer.billable(order).lines == ()
    found = netsuite.writer.read_back("invoice", external_id="tieout-inv-1")
    assert found is not None
    assert (found.status, found.net) == ("A", Decimal("20.00"))
    complaints = [
        (etree.fromstring(message)[-1][0].tag, complaint)
        for exchange in exchanges
        for message in (exchange.request, exchange.body)
        for complaint in oracle.complaints(message)
    ]
    assert complaints == []
    assert len(exchanges) == 6
