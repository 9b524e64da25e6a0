"""What NetSuite offers to bill, and how invoices are written and read back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
import responses
from lxml import etree

from connectors.errors import AccessDeniedError, ConnectorError, ProtocolError, RateLimitedError, TransientError
from connectors.receivables import PERIOD_CODES, Billable, BillableLine
from connectors.records import Payload, PayloadLine, Reference, WriteRequest
from tests.unit.connectors.netsuite_account import (
    DEAL,
    LINE,
    SALES,
    FakeAccount,
    Reply,
    StillClock,
    connection,
    detail,
    failed,
    soap,
    soap_fault,
    written,
)

ITEM = (
    '<s:item><s:item internalId="44"/><s:line>1</s:line><s:description>Widget</s:description>'
    "<s:amount>66.67</s:amount><s:quantity>2.0</s:quantity><s:rate>33.335</s:rate><s:orderLine>3</s:orderLine>"
    '<s:customFieldList><c:customField scriptId="custcol_tieout_line_id" xsi:type="c:StringCustomFieldRef">'
    f"<c:value>{LINE}</c:value></c:customField></s:customFieldList></s:item>"
)
UNSHIPPED = '<s:item><s:item internalId="45"/><s:amount>0.0</s:amount><s:quantity>0.0</s:quantity></s:item>'
DISCOUNT = (
    '<s:item><s:item internalId="46"/><s:amount>-6.67</s:amount><s:rate>-10.0%</s:rate><s:orderLine>4</s:orderLine>'
    "</s:item>"
)


@pytest.fixture
def account() -> Iterator[FakeAccount]:
    fake = FakeAccount()
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        fake.install(mock)
        yield fake


def offered(items: str, kind: str = "Invoice") -> Reply:
    return soap(
        '<m:initializeResponse><m:readResponse><c:status isSuccess="true"/>'
        f'<m:record xsi:type="s:{kind}"><s:itemList>{items}</s:itemList></m:record></m:readResponse>'
        "</m:initializeResponse>"
    )


def refused(code: str, message: str = "Why.") -> Reply:
    return soap(
        f'<m:initializeResponse><m:readResponse><c:status isSuccess="false">{detail(code, message)}</c:status>'
        "</m:readResponse></m:initializeResponse>"
    )


def shown(body: str, attributes: str = 'internalId="900" externalId="tieout-inv-x"') -> Reply:
    return soap(
        f'<m:getResponse><m:readResponse><c:status isSuccess="true"/><m:record {attributes} xsi:type="s:Invoice">'
        f"{body}</m:record></m:readResponse></m:getResponse>"
    )


def sent(account: FakeAccount) -> etree._Element:
    return etree.fromstring(account.seen[-1].body or b"")


def invoice(**changes: object) -> WriteRequest:
    values = {
        "createdFrom": Reference(type="salesOrder", id="512"),
        "entity": Reference(type="customer", id="77"),
        "tranDate": date(2026, 11, 20),
        "dueDate": date(2026, 12, 20),
        "terms": Reference(type="term", id="4"),
        "memo": "Acme",
        "otherRefNum": "PO-7",
        "email": "ap@acme.example",
        "custbody_tieout_deal_id": DEAL,
        "custbody_tieout_intent": "intent-9",
    }
    line = PayloadLine(
        key=LINE,
        values={
            "orderLine": Decimal(3),
            "item": Reference(type="item", id="44"),
            "quantity": Decimal(2),
            "price": Reference(type="priceLevel", id="-1"),
            "rate": Decimal("33.335"),
            "amount": Decimal("66.67"),
            "description": "Widget",
            "custcol_tieout_line_id": LINE,
        },
    )
    payload = Payload(type="invoice", values=values | changes, lines=(line,))  # type: ignore[arg-type]
    return WriteRequest(key="i", op="add", payload=payload, external_id=f"tieout-inv-{DEAL}")


def test_the_lines_that_netsuite_offers_are_read_exactly(account: FakeAccount) -> None:
    account.replies = [offered(UNSHIPPED + ITEM + DISCOUNT)]
    assert connection().writer.billable("512") == Billable(
        order_id="512",
        lines=(
            BillableLine(
                order_line=3,
                item_id="44",
                quantity=Decimal("2.0"),
                rate=Decimal("33.335"),
                amount=Decimal("66.67"),
                key=LINE,
                description="Widget",
            ),
            BillableLine(order_line=4, item_id="46", quantity=None, rate=None, amount=Decimal("-6.67")),
        ),
    )
    reference = next(item for item in sent(account).iter() if str(item.tag).endswith("}reference"))
    assert dict(reference.attrib) == {"type": "salesOrder", "internalId": "512"}


def test_an_offer_without_a_line_says_that_there_is_nothing_to_bill(account: FakeAccount) -> None:
    account.replies = [offered(UNSHIPPED)]
    found = connection().writer.billable("512")
    assert (found.lines, found.code) == ((), "NOTHING_TO_BILL")
    assert found.reason


def test_an_offer_with_a_line_from_nowhere_is_left_to_a_person(account: FakeAccount) -> None:
    account.replies = [offered(ITEM + ITEM.replace("<s:orderLine>3</s:orderLine>", ""))]
    found = connection().writer.billable("512")
    assert (found.lines, found.code) == ((), "LINE_WITHOUT_ORDER_LINE")


@pytest.mark.parametrize(
    "code",
    ["INVALID_INITIALIZE_REF", "INVALID_REF_CANT_INITIALIZE", "USER_ERROR", "RCRD_DSNT_EXIST", "OUR_SCRIPT_SAYS_NO"],
)
def test_a_refusal_to_bill_is_an_answer(account: FakeAccount, code: str) -> None:
    account.replies = [refused(code, "The order is pending approval.")]
    assert connection().writer.billable("512") == Billable(
        order_id="512", code=code, reason="The order is pending approval."
    )
    assert len(account.seen) == 1


FAILURES: list[tuple[str, Reply, type[ConnectorError]]] = [
    ("no permission", refused("INSUFFICIENT_PERMISSION"), AccessDeniedError),
    ("throttled", refused("WS_REQUEST_BLOCKED"), RateLimitedError),
    ("throttled fault", soap_fault("exceededRequestLimitFault", "WS_REQUEST_BLOCKED"), RateLimitedError),
    ("unexpected", refused("UNEXPECTED_ERROR"), TransientError),
    ("server error", (503, {}, "busy"), TransientError),
    ("another record", offered(ITEM, "SalesOrder"), ProtocolError),
    ("a number that is none", offered(ITEM.replace("66.67", "much")), ProtocolError),
    ("another operation", written(), ProtocolError),
]


@pytest.mark.parametrize(("reply", "kind"), [row[1:] for row in FAILURES], ids=[row[0] for row in FAILURES])
def test_a_question_that_was_not_answered_says_nothing_about_the_order(
    account: FakeAccount, reply: Reply, kind: type[ConnectorError]
) -> None:
    account.replies = [reply]
    with pytest.raises(kind, match="what can be billed of the salesOrder 512"):
        connection().writer.billable("512")


def test_a_question_is_repeated_for_a_passing_cause(account: FakeAccount) -> None:
    account.replies = [(503, {}, "busy"), offered(ITEM)]
    clock = StillClock()
    assert len(connection(clock).writer.billable("512").lines) == 1
    assert clock.slept


def test_an_order_is_named_by_its_internal_id() -> None:
    with pytest.raises(ValueError, match="internal id"):
        connection().writer.billable("tieout-so-x")


def test_an_invoice_is_written_with_the_order_lines_that_it_bills(account: FakeAccount) -> None:
    account.replies = [written(internal_id="900", external_id=f"tieout-inv-{DEAL}")]
    ((_, outcome),) = connection().writer.write([invoice()])
    assert (outcome.status, outcome.target_id) == ("success", "900")
    message = sent(account)
    texts = {etree.QName(item).localname: item.text for item in message.iter(f"{{{SALES}}}*") if item.text}
    assert (texts["orderLine"], texts["quantity"], texts["amount"], texts["rate"]) == ("3", "2", "66.67", "33.335")
    assert (texts["tranDate"], texts["dueDate"]) == ("2026-11-20T12:00:00-08:00", "2026-12-20T12:00:00-08:00")
    (source,) = message.iter(f"{{{SALES}}}createdFrom")
    assert dict(source.attrib) == {"internalId": "512", "type": "salesOrder"}


def test_an_order_still_cannot_be_told_what_it_was_made_from() -> None:
    writer = connection().writer
    assert "createdFrom" in writer.body_fields("invoice")
    assert "createdFrom" not in writer.body_fields("salesOrder")
    assert "orderLine" in writer.line_fields("invoice")
    assert not {"amountPaid", "amountRemaining", "status", "total"} & writer.body_fields("invoice")


@pytest.mark.parametrize("code", sorted(PERIOD_CODES))
def test_a_closed_period_is_a_rejection_with_its_code(account: FakeAccount, code: str) -> None:
    account.replies = [failed(detail(code, "The period is closed."))]
    ((_, outcome),) = connection().writer.write([invoice()])
    assert (outcome.status, outcome.code) == ("rejected", code)


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("The posting period Oct 2026 is closed.", "TRAN_PERIOD_CLOSED"),
        ("This Accounting Period has been locked for A/R", "TRAN_PERIOD_CLOSED"),
        ("Please choose a period.", "USER_ERROR"),
        ("The order is closed.", "USER_ERROR"),
    ],
)
def test_a_closed_period_that_is_told_in_words_only_gets_its_code(
    account: FakeAccount, message: str, code: str
) -> None:
    account.replies = [failed(detail("USER_ERROR", message))]
    ((_, outcome),) = connection().writer.write([invoice()])
    assert (outcome.status, outcome.code, outcome.message) == ("rejected", code, message)


def test_an_invoice_that_cannot_be_made_from_its_order_is_rejected(account: FakeAccount) -> None:
    account.replies = [failed(detail("INVALID_INITIALIZE_REF", "invalid reference 7281"))]
    ((_, outcome),) = connection().writer.write([invoice()])
    assert (outcome.status, outcome.code) == ("rejected", "INVALID_INITIALIZE_REF")


def test_an_invoice_is_read_back_with_its_stamps_net_and_number(account: FakeAccount) -> None:
    account.replies = [
        shown(
            "<s:tranDate>2026-11-20T00:00:00.000-08:00</s:tranDate><s:tranId>INV2001</s:tranId>"
            '<s:createdFrom internalId="512"/><s:amountRemaining>66.0</s:amountRemaining>'
            "<s:discountTotal>-0.67</s:discountTotal><s:total>66.0</s:total><s:status>Open</s:status>"
            f"<s:itemList>{ITEM}</s:itemList><s:customFieldList>"
            '<c:customField scriptId="custbody_tieout_intent" xsi:type="c:StringCustomFieldRef"><c:value>i9</c:value>'
            '</c:customField><c:customField scriptId="custbody_tieout_ver" xsi:type="c:StringCustomFieldRef">'
            "<c:value>v1</c:value></c:customField></s:customFieldList>"
        )
    ]
    found = connection().writer.read_back("invoice", external_id="tieout-inv-x")
    assert found is not None
    assert (found.id, found.external_id, found.intent, found.version) == ("900", "tieout-inv-x", "i9", "v1")
    assert (found.status, found.net, found.number) == ("A", Decimal("66.00"), "INV2001")
    assert (found.values["createdFrom"], found.values["tranDate"]) == ("512", date(2026, 11, 20))
    assert [(line.line, line.key, line.amount) for line in found.lines] == [(1, LINE, Decimal("66.67"))]


OPEN_AMOUNTS = "<s:amountRemaining>{}</s:amountRemaining><s:total>10.0</s:total>"


@pytest.mark.parametrize(
    ("body", "letter"),
    [
        ("<s:status>Paid In Full</s:status>", "B"),
        ("<s:status>pending approval</s:status>", "D"),
        ("<s:status>Rejected</s:status>", "E"),
        ("<s:status>Voided</s:status>", "V"),
        (OPEN_AMOUNTS.format("10.0") + '<s:status>Offen</s:status><s:approvalStatus internalId="1"/>', "D"),
        (OPEN_AMOUNTS.format("10.0") + '<s:status>Offen</s:status><s:approvalStatus internalId="3"/>', "E"),
        (OPEN_AMOUNTS.format("4.0") + '<s:status>Offen</s:status><s:approvalStatus internalId="2"/>', "A"),
        (OPEN_AMOUNTS.format("0.0") + "<s:status>Bezahlt</s:status>", "B"),
        ("<s:status>Storniert</s:status><s:total>0.0</s:total>", None),
    ],
)
def test_an_invoices_status_letter_follows_from_what_the_record_shows(
    account: FakeAccount, body: str, letter: str | None
) -> None:
    account.replies = [shown(body)]
    found = connection().writer.read_back("invoice", internal_id="900")
    assert found is not None
    assert found.status == letter
