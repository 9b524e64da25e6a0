"""How records are written and read back over the wire."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import requests
import responses

from connectors.errors import (
    AccessDeniedError,
    AuthenticationError,
    ProtocolError,
    RateLimitedError,
    TransientError,
    UnreachableError,
)
from connectors.netsuite import safe_xml
from connectors.records import WriteOutcome, WriteRequest
from tests.unit.connectors.netsuite_account import (
    DEAL,
    ENVIRON,
    LINE,
    MESSAGES,
    NOON,
    FakeAccount,
    Reply,
    StillClock,
    add_order,
    connection,
    detail,
    failed,
    order_payload,
    soap,
    soap_fault,
    written,
)

EXTERNAL = f"tieout-so-{DEAL}"


@pytest.fixture
def account() -> Iterator[FakeAccount]:
    fake = FakeAccount()
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        fake.install(mock)
        yield fake


def write(request: WriteRequest, clock: StillClock | None = None) -> WriteOutcome:
    ((_, outcome),) = connection(clock).writer.write([request])
    return outcome


def test_a_write_is_one_request_with_passport_and_preferences(account: FakeAccount) -> None:
    account.replies = [written()]
    outcome = write(add_order())
    assert (outcome.status, outcome.target_id) == ("success", "512")
    (request,) = account.seen
    assert request.headers["SOAPAction"] == '"add"'
    root = safe_xml.parse(request.body)  # type: ignore[arg-type]
    passport = next(root.iter(f"{{{MESSAGES}}}tokenPassport"))
    assert [safe_xml.local_name(item) for item in passport] == [
        "account", "consumerKey", "token", "nonce", "timestamp", "signature",
    ]  # fmt: skip
    assert [passport[0].text, passport[4].text] == ["7654321_SB1", str(int(NOON.timestamp()))]
    preferences = next(root.iter(f"{{{MESSAGES}}}preferences"))
    assert [item.text for item in preferences] == ["false", "false", "false", "true", "true"]
    assert len(outcome.request_sha) == len(outcome.response_sha) == 64


@pytest.mark.parametrize(
    "reply",
    [(503, {}, "<html/>"), soap_fault("unexpectedErrorFault", "UNEXPECTED_ERROR"), requests.exceptions.ReadTimeout()],
)
def test_a_write_is_never_repeated(account: FakeAccount, reply: Reply) -> None:
    account.replies = [reply]
    assert write(add_order()).status == "ambiguous"
    assert len(account.seen) == 1


def test_a_write_is_signed_again_only_when_the_login_was_refused_for_the_wrong_time(account: FakeAccount) -> None:
    refusal = soap_fault("invalidCredentialsFault", "INVALID_LOGIN_CREDENTIALS", Date="Fri, 20 Nov 2026 23:00:00 GMT")
    account.replies = [refusal, written()]
    assert write(add_order()).status == "success"
    stamps = [next(safe_xml.parse(sent.body).iter("{*}timestamp")).text for sent in account.seen]  # type: ignore[arg-type]
    assert [int(stamp or 0) - int(NOON.timestamp()) for stamp in stamps] == [0, 3 * 3600]


def test_refused_credentials_are_a_no_op(account: FakeAccount) -> None:
    account.replies = [soap_fault("invalidCredentialsFault", "INVALID_LOGIN_CREDENTIALS", "Invalid login attempt.")]
    outcome = write(add_order())
    assert (outcome.status, len(account.seen)) == ("no_op", 1)


def test_a_write_whose_time_has_passed_is_not_sent(account: FakeAccount) -> None:
    account.replies = [written()]
    clock = StillClock()
    outcome = write(add_order(send_by=NOON - timedelta(seconds=1)), clock)
    assert (outcome.status, outcome.code) == ("no_op", "SEND_WINDOW_PASSED")
    assert account.seen == []
    assert write(add_order(send_by=NOON), clock).status == "success"


def test_a_payload_that_cannot_be_written_is_rejected_without_a_request(account: FakeAccount) -> None:
    outcome = write(add_order(payload=order_payload(values={"memmo": "x"})))
    assert (outcome.status, outcome.code) == ("rejected", "INVALID_PAYLOAD")
    assert "memmo" in outcome.message
    assert account.seen == []


def test_one_records_failure_stops_no_other_and_every_request_is_answered(account: FakeAccount) -> None:
    account.replies = [written(), failed(detail("INVALID_KEY_OR_REF")), written()]
    requests_ = [add_order(f"k{number}") for number in range(5)]
    found = {request.key: outcome.status for request, outcome in connection(slots=1).writer.write(requests_)}
    assert found == {"k0": "success", "k1": "rejected", "k2": "success", "k3": "success", "k4": "success"}


def test_no_more_requests_are_in_flight_than_there_are_slots(account: FakeAccount) -> None:
    lock, flying, most = threading.Lock(), [0], [0]
    both = threading.Barrier(2, timeout=10)

    def reply(_: requests.PreparedRequest) -> Reply:
        with lock:
            flying[0] += 1
            most[0] = max(most[0], flying[0])
        both.wait()
        with lock:
            flying[0] -= 1
        return written()

    account.replies = [reply]
    found = list(connection(slots=2).writer.write([add_order(f"k{number}") for number in range(6)]))
    assert sorted(request.key for request, _ in found) == [f"k{number}" for number in range(6)]
    assert {outcome.status for _, outcome in found} == {"success"}
    assert most[0] == 2


def test_nothing_to_write_sends_nothing(account: FakeAccount) -> None:
    assert list(connection().writer.write([])) == []


ORDER = (
    '<m:getResponse><m:readResponse><c:status isSuccess="true"/>'
    f'<m:record xsi:type="s:SalesOrder" internalId="512" externalId="{EXTERNAL}">'
    "<s:createdDate>2026-11-20T12:01:00.000-08:00</s:createdDate>"
    '<s:entity internalId="77" type="customer"><c:name>C-1001 Acme</c:name></s:entity>'
    "<s:tranDate>2026-11-20T00:00:00.000-08:00</s:tranDate><s:tranId>SO1001</s:tranId>"
    "<s:orderStatus>_pendingFulfillment</s:orderStatus><s:otherRefNum>PO-7</s:otherRefNum><s:toBeEmailed>false</s:toBeEmailed>"
    "<s:subTotal>100.0</s:subTotal><s:discountTotal>-10.00</s:discountTotal><s:total>99.00</s:total>"
    "<s:status>Pending Fulfillment</s:status>"
    "<s:itemList>"
    '<s:item><s:item internalId="44"><c:name>WID-1</c:name></s:item><s:quantity>3.0</s:quantity>'
    "<s:description>Widget</s:description><s:rate>33.33333333</s:rate><s:amount>100.00</s:amount><s:line>3</s:line>"
    '<s:customFieldList><c:customField xsi:type="c:StringCustomFieldRef" scriptId="custcol_tieout_line_id">'
    f"<c:value>{LINE}</c:value></c:customField></s:customFieldList></s:item>"
    '<s:item><s:item internalId="9"><c:name>Discount</c:name></s:item><s:rate>-5.0%</s:rate><s:amount>-5.00</s:amount>'
    "<s:line>4</s:line></s:item>"
    "</s:itemList>"
    "<s:customFieldList>"
    '<c:customField xsi:type="c:StringCustomFieldRef" scriptId="custbody_tieout_intent">'
    "<c:value>i-1</c:value></c:customField>"
    '<c:customField xsi:type="c:StringCustomFieldRef" scriptId="custbody_tieout_ver">'
    "<c:value>v-1</c:value></c:customField>"
    '<c:customField xsi:type="c:SelectCustomFieldRef" scriptId="custbody_kind">'
    '<c:value internalId="2"><c:name>x</c:name></c:value></c:customField></s:customFieldList>'
    "</m:record></m:readResponse></m:getResponse>"
)


def test_a_read_back_shows_stamps_status_net_and_lines(account: FakeAccount) -> None:
    account.replies = [soap(ORDER)]
    found = connection().writer.read_back("salesOrder", external_id=EXTERNAL)
    assert found is not None
    assert (found.id, found.external_id, found.number, found.status) == ("512", EXTERNAL, "SO1001", "B")
    assert (found.intent, found.version, found.net) == ("i-1", "v-1", Decimal("85.00"))
    ours, other = found.lines
    assert (ours.line, ours.item_id, ours.item_name, ours.key) == (3, "44", "WID-1", LINE)
    assert (ours.quantity, ours.rate, ours.amount) == (Decimal("3.0"), Decimal("33.33333333"), Decimal("100.00"))
    assert (other.line, other.key, other.rate, other.amount) == (4, None, None, Decimal("-5.00"))
    assert found.values["tranDate"] == date(2026, 11, 20)
    assert found.values["entity"] == "77"
    assert found.values["otherRefNum"] == "PO-7"
    assert found.values["toBeEmailed"] is False
    assert found.values["custbody_kind"] == "2"
    sent = safe_xml.parse(account.seen[0].body)  # type: ignore[arg-type]
    reference = next(sent.iter(f"{{{MESSAGES}}}baseRef"))
    assert (reference.get("externalId"), reference.get("type")) == (EXTERNAL, "salesOrder")


def test_a_customer_is_read_back_with_the_intent_it_carries(account: FakeAccount) -> None:
    account.replies = [
        soap(
            '<m:getResponse><m:readResponse><c:status isSuccess="true"/>'
            '<m:record xsi:type="r:Customer" internalId="77">'
            "<r:entityId>C-1001</r:entityId><r:companyName>Acme</r:companyName><r:customFieldList>"
            '<c:customField xsi:type="c:StringCustomFieldRef" scriptId="custentity_tieout_intent">'
            "<c:value>i-9</c:value></c:customField></r:customFieldList></m:record></m:readResponse></m:getResponse>"
        )
    ]
    found = connection().writer.read_back("customer", internal_id="77")
    assert found is not None
    assert (found.intent, found.number, found.status, found.net, found.lines) == ("i-9", "C-1001", None, None, ())


def read_failed(code: str, message: str = "That record does not exist.") -> Reply:
    return soap(
        f'<m:getResponse><m:readResponse><c:status isSuccess="false">{detail(code, message)}</c:status>'
        "</m:readResponse></m:getResponse>"
    )


def test_a_record_that_does_not_exist_is_none(account: FakeAccount) -> None:
    account.replies = [read_failed("RCRD_DSNT_EXIST")]
    assert connection().writer.read_back("salesOrder", external_id=EXTERNAL) is None


def test_a_probe_is_repeated_for_passing_causes(account: FakeAccount) -> None:
    account.replies = [
        soap_fault("exceededConcurrentRequestLimitFault", "WS_REQUEST_BLOCKED"),
        (503, {}, "<html/>"),
        requests.exceptions.ReadTimeout(),
        soap(ORDER),
    ]
    clock = StillClock()
    found = connection(clock).writer.read_back("salesOrder", external_id=EXTERNAL)
    assert found is not None
    assert clock.slept == [1, 2, 4]


PROBE_ERRORS: list[tuple[str, Reply | Exception, type[Exception], str]] = [
    ("no permission", read_failed("INSUFFICIENT_PERMISSION", "No."), AccessDeniedError, "integration role"),
    (
        "login",
        soap_fault("invalidCredentialsFault", "INVALID_LOGIN_CREDENTIALS"),
        AuthenticationError,
        "Login Audit Trail",
    ),
    ("endpoint", soap_fault("invalidVersionFault", "INVALID_VERSION"), ProtocolError, "connections.netsuite.endpoint"),
    ("wrong host", (302, {"Location": "https://elsewhere"}, ""), ProtocolError, "connections.netsuite.account"),
    ("web page", (200, {}, "<html>maintenance</html>"), ProtocolError, "HTML|cannot be read|not a SOAP"),
    ("no record", soap(ORDER.replace("m:record", "m:recordx")), ProtocolError, "no record"),
    ("another type", soap(ORDER.replace("s:SalesOrder", "r:Customer")), ProtocolError, "not a salesOrder"),
    ("bad number", soap(ORDER.replace(">100.00<", ">abc<")), ProtocolError, "'abc' is not a number"),
    ("busy", soap_fault("exceededRequestLimitFault", "WS_CONCUR_SESSION_DISALLWD"), RateLimitedError, "slots"),
    ("unexpected", read_failed("UNEXPECTED_ERROR", "Error ID: x"), TransientError, "Error ID"),
    ("unreachable", requests.exceptions.ConnectTimeout(), UnreachableError, "connections.netsuite.account"),
]


@pytest.mark.parametrize(
    ("reply", "kind", "words"), [row[1:] for row in PROBE_ERRORS], ids=[row[0] for row in PROBE_ERRORS]
)
def test_a_failed_probe_is_never_taken_for_an_absent_record(
    account: FakeAccount, reply: Any, kind: type[Exception], words: str
) -> None:
    account.replies = [reply]
    with pytest.raises(kind, match=words) as caught:
        connection().writer.read_back("salesOrder", external_id=EXTERNAL)
    assert not any(secret in str(caught.value) for secret in ENVIRON.values())


def test_a_probe_needs_exactly_one_id() -> None:
    with pytest.raises(ValueError, match="either"):
        connection().writer.read_back("salesOrder")
    with pytest.raises(ValueError, match="does not write NetSuite records of the type 'vendorBill'"):
        connection().writer.read_back("vendorBill", internal_id="1")


def test_the_fields_that_a_payload_may_carry_come_from_the_schema() -> None:
    writer = connection().writer
    body, line = writer.body_fields("salesOrder"), writer.line_fields("salesOrder")
    assert {"entity", "otherRefNum", "class", "terms", "salesRep", "orderStatus"} <= body
    assert not {"itemList", "total", "customFieldList", "billingAddress", "lastModifiedDate"} & body
    assert {"item", "quantity", "rate", "amount", "price", "class"} <= line
    assert not {"line", "quantityBilled", "customFieldList"} & line
    assert {"companyName", "subsidiary", "parent", "isPerson"} <= writer.body_fields("customer")
    assert writer.line_fields("customer") == frozenset()


def test_asking_for_fields_does_not_load_zeep() -> None:
    """A command that sends nothing must start at once."""
    program = (
        "import sys; from connectors.netsuite import connect; from connectors.netsuite.fields import body_fields;"
        " body_fields('salesOrder'); sys.exit('zeep' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0  # noqa: S603
