"""A scripted NetSuite account behind the `responses` library, for wire-level tests of the connector."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import requests
import responses

from config.secrets import SecretRef
from config.settings import NetSuiteSettings
from connectors.netsuite import NetSuiteConnection, connect
from connectors.records import Payload, PayloadLine, Reference, WriteRequest

HOST = "https://7654321-sb1.suitetalk.api.netsuite.com"
SOAP = f"{HOST}/services/NetSuitePort_2025_2"
SUITEQL = f"{HOST}/services/rest/query/v1/suiteql"
NOON = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)
ENVIRON = {"NS_CK": "ck-secret-1", "NS_CS": "cs-secret-2", "NS_TK": "tk-secret-3", "NS_TS": "ts-secret-4"}
DEAL = "006Hs00001A0000IAA"
LINE = "00kHs00001A0000IAA"

CORE = "urn:core_2025_2.platform.webservices.netsuite.com"
MESSAGES = "urn:messages_2025_2.platform.webservices.netsuite.com"
SALES = "urn:sales_2025_2.transactions.webservices.netsuite.com"
RELATIONSHIPS = "urn:relationships_2025_2.lists.webservices.netsuite.com"
FAULTS = "urn:faults_2025_2.platform.webservices.netsuite.com"

Reply = tuple[int, dict[str, str], str]


class StillClock:
    """A clock that moves only by sleeping."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += timedelta(seconds=seconds)

    def elapsed(self) -> float:
        return self.at.timestamp()


class CountingRandom:
    """Nonces that count up; no jitter."""

    def __init__(self) -> None:
        self.count = 0

    def uuid(self) -> str:
        raise AssertionError("the connector needs no ids")

    def nonce(self) -> str:
        self.count += 1
        return f"{self.count:020d}"

    def uniform(self, low: float, high: float) -> float:
        return high


@dataclass
class FakeAccount:
    """Replies in order, the last one for ever; remembers every request."""

    replies: list[Reply | Exception | Callable[[requests.PreparedRequest], Reply]] = field(default_factory=list)
    seen: list[requests.PreparedRequest] = field(default_factory=list)

    def install(self, mock: responses.RequestsMock) -> None:
        for url in (SOAP, SUITEQL):
            mock.add_callback(responses.POST, url, callback=self._answer)

    def _answer(self, request: requests.PreparedRequest) -> Reply:
        self.seen.append(request)
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if isinstance(reply, Exception):
            raise reply
        return reply(request) if callable(reply) else reply


def settings(**changes: Any) -> NetSuiteSettings:
    values: dict[str, Any] = {
        "account": "7654321_SB1",
        "consumer_key": SecretRef("env:NS_CK"),
        "consumer_secret": SecretRef("env:NS_CS"),
        "token_id": SecretRef("env:NS_TK"),
        "token_secret": SecretRef("env:NS_TS"),
    }
    return NetSuiteSettings(**(values | changes))


def connection(clock: StillClock | None = None, **changes: Any) -> NetSuiteConnection:
    return connect(settings(**changes), clock=clock or StillClock(), random=CountingRandom(), environ=ENVIRON)


def js(content: object, status: int = 200, **headers: str) -> Reply:
    return status, {"Content-Type": "application/json", **headers}, json.dumps(content)


def page(*rows: dict[str, Any], more: bool = False) -> Reply:
    items = [{"links": [], **row} for row in rows]
    return js({"links": [], "count": len(items), "hasMore": more, "items": items, "offset": 0, "totalResults": 9})


def refusal(status: int, code: str, detail: str) -> Reply:
    return js(
        {"type": "", "title": "", "status": status, "o:errorDetails": [{"detail": detail, "o:errorCode": code}]}, status
    )


def soap(content: str, status: int = 200, **headers: str) -> Reply:
    body = (
        '<?xml version="1.0"?><e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"'
        f' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:m="{MESSAGES}" xmlns:c="{CORE}"'
        f' xmlns:s="{SALES}" xmlns:r="{RELATIONSHIPS}" xmlns:f="{FAULTS}"><e:Header/>'
        f"<e:Body>{content}</e:Body></e:Envelope>"
    )
    return status, {"Content-Type": "text/xml; charset=utf-8", **headers}, body


def written(
    op: str = "add", *, internal_id: str = "512", external_id: str = f"tieout-so-{DEAL}", details: str = ""
) -> Reply:
    return soap(
        f'<m:{op}Response><m:writeResponse><c:status isSuccess="true">{details}</c:status>'
        f'<m:baseRef xsi:type="c:RecordRef" internalId="{internal_id}" externalId="{external_id}" type="salesOrder"/>'
        f"</m:writeResponse></m:{op}Response>"
    )


def detail(code: str, message: str = "Why.", level: str = "ERROR", *, after_submit: bool = False) -> str:
    flag = "<c:afterSubmitFailed>true</c:afterSubmitFailed>" if after_submit else ""
    return (
        f'<c:statusDetail type="{level}"><c:code>{code}</c:code><c:message>{message}</c:message>{flag}</c:statusDetail>'
    )


def failed(details: str, op: str = "add") -> Reply:
    return soap(
        f'<m:{op}Response><m:writeResponse><c:status isSuccess="false">{details}</c:status></m:writeResponse>'
        f"</m:{op}Response>"
    )


def soap_fault(name: str, code: str, message: str = "No.", status: int = 500, **headers: str) -> Reply:
    detail_ = (
        f"<detail><f:{name}><f:code>{code}</f:code><f:message>{message}</f:message></f:{name}></detail>" if name else ""
    )
    return soap(
        f"<e:Fault><faultcode>e:Server</faultcode><faultstring>{message}</faultstring>{detail_}</e:Fault>",
        status,
        **headers,
    )


def order_payload(**changes: Any) -> Payload:
    values: dict[str, Any] = {
        "entity": Reference(type="customer", external_id="tieout-cust-001Hs00001A0000IAA"),
        "currency": Reference(type="currency", id="1"),
        "subsidiary": Reference(type="subsidiary", id="2"),
        "tranDate": date(2026, 11, 20),
        "otherRefNum": "PO-7",
        "memo": "Acme \x00upgrade",
        "orderStatus": "_pendingApproval",
        "custbody_tieout_deal_id": DEAL,
    }
    lines = (
        PayloadLine(
            key=LINE,
            values={
                "item": Reference(type="item", id="44"),
                "quantity": Decimal("3"),
                "price": Reference(type="priceLevel", id="-1"),
                "rate": Decimal("33.33333333"),
                "amount": Decimal("100.00"),
                "description": "Widget",
                "custcol_tieout_line_id": LINE,
            },
        ),
    )
    return Payload(**({"type": "salesOrder", "values": values, "lines": lines} | changes))


def add_order(key: str = "k1", **changes: Any) -> WriteRequest:
    fields: dict[str, Any] = {"key": key, "op": "add", "payload": order_payload(), "external_id": f"tieout-so-{DEAL}"}
    return WriteRequest(**(fields | changes))
