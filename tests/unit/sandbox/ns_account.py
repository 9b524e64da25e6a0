"""A NetSuite account in memory for the sandbox's own tests, and the XML to speak to it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import count

import pytest
from lxml import etree

from sandbox.clock import SandboxClock
from sandbox.credentials import NetSuiteCredentials
from sandbox.http import Request, Response
from sandbox.netsuite import names
from sandbox.netsuite.load import load_rows
from sandbox.netsuite.server import make_app
from sandbox.netsuite.signing import passport_signature
from sandbox.store import Store

NOW = datetime(2026, 11, 21, 3, 30, tzinfo=UTC)
KEYS = NetSuiteCredentials(consumer_key="ck", consumer_secret="cs", token_id="tk", token_secret="ts")
BOOK: dict[str, list[dict[str, str]]] = {
    "currency": [
        {"id": "1", "symbol": "USD", "name": "US Dollar", "exchangeRate": "1"},
        {"id": "2", "symbol": "EUR", "name": "Euro", "exchangeRate": "1.1"},
        {"id": "3", "symbol": "JPY", "name": "Yen"},
    ],
    "subsidiary": [
        {"id": "1", "name": "Acme Inc", "currency": "USD", "country": "US", "taxRegime": "us_sales_tax"}
        | {"taxRate": "CA=7.25;*=4"},
        {"id": "2", "name": "Acme GmbH", "currency": "EUR", "country": "DE", "taxRegime": "vat", "taxRate": "19"},
        {"id": "3", "name": "Acme KK", "currency": "JPY", "country": "JP", "taxRegime": "vat", "taxRate": "10"},
    ],
    "term": [{"id": "1", "name": "Net 30"}],
    "employee": [{"id": "7", "entityid": "Ann Lee", "email": "ann@acme.example", "externalid": "emp-7"}],
    "item": [
        {"id": "5", "itemid": "PLAT-100", "externalid": "erp-plat"},
        {"id": "6", "itemid": "OLD", "isinactive": "T"},
        {"id": "8", "itemid": "LIST", "baseprice": "12.50"},
    ],
    "customer": [
        {"id": "501", "entityid": "C-2001", "companyname": "Globex", "subsidiary": "Acme Inc"}
        | {"state": "CA", "country": "US"},
        {"id": "502", "companyname": "Initech", "subsidiary": "Acme GmbH", "country": "DE"},
        {"id": "503", "companyname": "Vandelay", "subsidiary": "Acme GmbH", "country": "FR"},
        {"id": "504", "companyname": "Kaiju", "subsidiary": "Acme KK", "country": "JP", "externalid": "tieout-cust-4"},
    ],
}  # fmt: skip
LINE = {"item": "5", "quantity": "2", "rate": "19.995"}


class Account:
    """One account's application, spoken to in SOAP."""

    def __init__(self) -> None:
        self.store, self.clock = Store(), SandboxClock(NOW)
        for type_, rows in BOOK.items():
            load_rows(self.store, self.clock, type_, [(f"{type_}.csv:{n}", row) for n, row in enumerate(rows, 2)])
        self.app = make_app(self.store, self.clock, KEYS)
        self.nonces = count(1)

    def post(self, body: str, *, headers: str = "", version: str = names.VERSION, passport: bool = True) -> Response:
        prefixes = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in names.PREFIXES.items())
        login = self.passport() if passport else ""
        text = (
            f"<soapenv:Envelope {prefixes}><soapenv:Header>{login}{headers}</soapenv:Header>"
            f"<soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>"
        )
        path = f"/services/NetSuitePort_{version}"
        return self.app(Request(method="POST", path=path, body=text.encode()))

    def passport(self) -> str:
        nonce, stamp = f"nonce{next(self.nonces):010d}", str(int(self.clock.now().timestamp()))
        signature = passport_signature(
            account=KEYS.account, consumer_key="ck", consumer_secret="cs", token="tk", token_secret="ts", nonce=nonce,
            timestamp=stamp,
        )  # fmt: skip
        parts = {"account": KEYS.account, "consumerKey": "ck", "token": "tk", "nonce": nonce, "timestamp": stamp}
        inner = "".join(f"<platformCore:{name}>{value}</platformCore:{name}>" for name, value in parts.items())
        return (
            f"<platformMsgs:tokenPassport>{inner}<platformCore:signature algorithm='HMAC-SHA256'>{signature}"
            "</platformCore:signature></platformMsgs:tokenPassport>"
        )

    def write(self, operation: str, record: str) -> tuple[str, str]:
        """Return the internal id of the saved record and no code, or nothing and the failure's code."""
        response = self.post(f"<platformMsgs:{operation}>{record}</platformMsgs:{operation}>")
        assert response.status == 200, response.body
        root = etree.fromstring(response.body)
        code = root.findtext(f".//{{{names.CORE}}}code") or ""
        reference = root.find(f".//{{{names.MESSAGES}}}baseRef")
        return ("" if code or reference is None else reference.get("internalId", "")), code

    def order(self, id_: str) -> dict[str, object]:
        body = self.store.get("salesOrder", id_)
        assert body is not None
        return body

    def lines(self, id_: str) -> list[dict[str, object]]:
        return self.order(id_)["lines"]


def customer(fields: str = "", **ids: str) -> str:
    attributes = " ".join(f'{name}="{value}"' for name, value in ids.items())
    return f'<platformMsgs:record xsi:type="listRel:Customer" {attributes}>{fields}</platformMsgs:record>'


def rel(name: str, text: str = "", **ids: str) -> str:
    attributes = " ".join(f'{key}="{value}"' for key, value in ids.items())
    return f"<listRel:{name} {attributes}>{text}</listRel:{name}>"


def so(name: str, text: str = "", **ids: str) -> str:
    attributes = " ".join(f'{key}="{value}"' for key, value in ids.items())
    return f"<tranSales:{name} {attributes}>{text}</tranSales:{name}>"


def line(values: Mapping[str, str], *, custom: bool = True) -> str:
    parts = "".join(so(name, value) for name, value in values.items() if name != "item")
    price = so("price", internalId="-1") if custom and "rate" in values else ""
    item = so("item", internalId=values["item"]) if "item" in values else ""
    return so("item", item + price + parts)


def lines(*rows: Mapping[str, str], replace: str = "true") -> str:
    return so("itemList", "".join(line(row) for row in rows), replaceAll=replace)


def order(fields: str = "", **ids: str) -> str:
    attributes = " ".join(f'{name}="{value}"' for name, value in ids.items())
    return f'<platformMsgs:record xsi:type="tranSales:SalesOrder" {attributes}>{fields}</platformMsgs:record>'


def entity(id_: str = "501") -> str:
    return so("entity", internalId=id_)


@pytest.fixture
def account() -> Account:
    return Account()


@pytest.fixture
def saved(account: Account) -> str:
    """An order with two lines."""
    body = entity() + lines(LINE, {"item": "5", "quantity": "1", "rate": "100"})
    return account.write("add", order(body, externalId="tieout-so-1"))[0]
