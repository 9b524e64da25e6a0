"""The local NetSuite against Oracle's own schemas: zeep with Oracle's WSDL, and every answer validated."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import zeep
from lxml import etree
from zeep.exceptions import Fault
from zeep.plugins import HistoryPlugin
from zeep.transports import Transport

from sandbox.clock import SandboxClock
from sandbox.control import SandboxControl
from sandbox.credentials import NetSuiteCredentials
from sandbox.faults import Faults, Rule
from sandbox.http import Mount, Server
from sandbox.netsuite import fields, names
from sandbox.netsuite.countries import CODE_BY_ENUM
from sandbox.netsuite.load import load_rows
from sandbox.netsuite.server import make_app
from sandbox.store import Store

FOLDER = os.environ.get("TIEOUT_NETSUITE_WSDL", "")
pytestmark = pytest.mark.skipif(not FOLDER, reason="TIEOUT_NETSUITE_WSDL names no folder with Oracle's WSDL")
NOW = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)
KEYS = NetSuiteCredentials(consumer_key="ck", consumer_secret="cs", token_id="tk", token_secret="ts")
XSD = "{http://www.w3.org/2001/XMLSchema}"
BOOK = {
    "currency": [{"id": "1", "symbol": "USD", "name": "US Dollar"}, {"id": "2", "symbol": "JPY", "name": "Yen"}],
    "subsidiary": [{"id": "1", "name": "Acme Inc", "currency": "USD", "country": "US", "taxRegime": "us_sales_tax"}],
    "term": [{"id": "1", "name": "Net 30"}],
    "department": [{"id": "1", "name": "Sales"}],
    "classification": [{"id": "1", "name": "Software"}],
    "location": [{"id": "1", "name": "Austin"}],
    "employee": [
        {"id": "7", "entityid": "Ann Lee", "firstname": "Ann", "lastname": "Lee", "email": "ann@acme.example"}
    ],
    "item": [
        {"id": "5", "itemid": "PLAT-100", "displayname": "Platform", "itemtype": "Service"},
        {"id": "6", "itemid": "SCAN-H2", "displayname": "Scanner", "itemtype": "InvtPart"},
        {"id": "8", "itemid": "CBL-KIT", "displayname": "Cables", "itemtype": "NonInvtPart"},
    ],
}


class Numbers:
    """Fresh nonces."""

    def __init__(self) -> None:
        self.count = 0

    def nonce(self) -> str:
        self.count += 1
        return f"nonce{self.count:010d}"


class Client:
    """zeep with Oracle's WSDL on the sandbox."""

    def __init__(self, base_url: str, wsdl: zeep.Client, history: HistoryPlugin) -> None:
        self.wsdl = wsdl
        self.history = history
        self.base_url = base_url
        self.numbers = Numbers()
        self.secret = KEYS.token_secret
        binding = f"{{{names.PLATFORM}}}NetSuiteBinding"
        self.service = wsdl.create_service(binding, f"{base_url}{names.SOAP_PATH}")

    def type(self, namespace: str, name: str):
        return self.wsdl.get_type(f"{{{namespace}}}{name}")

    def passport(self) -> object:
        nonce, stamp = self.numbers.nonce(), str(int(NOW.timestamp()))
        base = "&".join((KEYS.account, KEYS.consumer_key, KEYS.token_id, nonce, stamp))
        key = f"{KEYS.consumer_secret}&{self.secret}"
        digest = base64.b64encode(hmac.new(key.encode(), base.encode(), hashlib.sha256).digest()).decode()
        signature = self.type(names.CORE, "TokenPassportSignature")(digest, algorithm="HMAC-SHA256")
        return self.type(names.CORE, "TokenPassport")(
            account=KEYS.account, consumerKey=KEYS.consumer_key, token=KEYS.token_id, nonce=nonce, timestamp=stamp,
            signature=signature,
        )  # fmt: skip

    def call(self, operation: str, *arguments: object):
        answer = getattr(self.service, operation)(*arguments, _soapheaders={"tokenPassport": self.passport()})
        part = {"get": "readResponse", "getServerTime": "getServerTimeResult"}.get(operation, "writeResponse")
        return answer.body[part]

    def ref(self, **ids: str):
        return self.type(names.CORE, "RecordRef")(**ids)

    def customer(self, **values: object):
        kind = self.type(names.RELATIONSHIPS, "Customer")
        standard = {"companyName": "Globex Corp", "subsidiary": self.ref(internalId="1")}
        return kind(**{**standard, **values})

    def order(self, lines: list[dict[str, object]], **values: object):
        item = self.type(names.SALES, "SalesOrderItem")
        item_list = self.type(names.SALES, "SalesOrderItemList")
        rows = [item(**{"price": self.ref(internalId="-1"), **line}) for line in lines]
        return self.type(names.SALES, "SalesOrder")(itemList=item_list(item=rows), **values)

    def custom(self, **values: tuple[str, object]):
        listed = []
        for script_id, (kind, value) in values.items():
            listed.append(self.type(names.CORE, f"{kind}CustomFieldRef")(scriptId=script_id, value=value))
        return self.type(names.CORE, "CustomFieldList")(customField=listed)


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    """One schema that imports every name space of the endpoint."""
    folder = Path(FOLDER) / "xsd"
    root = etree.Element(f"{XSD}schema")
    for path in sorted(folder.glob("*.xsd")):
        namespace = etree.parse(str(path)).getroot().get("targetNamespace")
        etree.SubElement(root, f"{XSD}import", namespace=namespace, schemaLocation=str(path))
    return etree.XMLSchema(etree.ElementTree(root))


@pytest.fixture(scope="module")
def wsdl() -> Iterator[tuple[zeep.Client, HistoryPlugin]]:
    history = HistoryPlugin(maxlen=1)
    transport = Transport()
    yield zeep.Client(str(Path(FOLDER) / "netsuite.wsdl"), plugins=[history], transport=transport), history
    transport.session.close()


@pytest.fixture
def account() -> Iterator[tuple[Store, Faults, str]]:
    store, clock, faults = Store(), SandboxClock(NOW), Faults()
    for type_, rows in BOOK.items():
        load_rows(store, clock, type_, [(f"{type_}.csv:{n}", row) for n, row in enumerate(rows, 2)])
    mount = Mount(
        system="netsuite", app=make_app(store, clock, KEYS), store=store, clock=clock, faults=faults,
        control=SandboxControl(clock, faults, lambda phase: 0),
    )  # fmt: skip
    server = Server(mount)
    server.start()
    yield store, faults, server.base_url
    server.stop()
    store.close()


@pytest.fixture
def client(account, wsdl) -> Client:
    return Client(account[2], *wsdl)


def envelope_is_valid(schema: etree.XMLSchema, envelope: etree._Element) -> int:
    """Validate each part of an envelope that has a name space of NetSuite's; return how many there were."""
    soap = f"{{{names.ENVELOPE}}}"
    parts = [*envelope.findall(f"{soap}Header/*"), *envelope.findall(f"{soap}Body/*")]
    if parts and parts[-1].tag == f"{soap}Fault":
        parts = [*parts[:-1], *(part for part in parts[-1].find("detail") if "netsuite" in part.tag)]
    for part in parts:
        schema.assertValid(etree.fromstring(etree.tostring(part)))
    return len(parts)


def last_is_valid(client: Client, schema: etree.XMLSchema) -> int:
    sent = envelope_is_valid(schema, client.history.last_sent["envelope"])
    return sent + envelope_is_valid(schema, client.history.last_received["envelope"])


def globex(client: Client) -> str:
    return client.call("add", client.customer(externalId="tieout-cust-1")).baseRef.internalId


def test_the_field_tables_name_every_element_of_oracles_types_in_order() -> None:
    for file, type_, table in (
        ("transactions.sales.xsd", "SalesOrder", fields.SALES_ORDER),
        ("transactions.sales.xsd", "SalesOrderItem", fields.SALES_ORDER_ITEM),
        ("lists.relationships.xsd", "Customer", fields.CUSTOMER),
        ("lists.relationships.xsd", "CustomerAddressbook", fields.ADDRESSBOOK),
        ("platform.common.xsd", "Address", fields.ADDRESS),
    ):
        root = etree.parse(str(Path(FOLDER) / "xsd" / file)).getroot()
        (found,) = root.findall(f"{XSD}complexType[@name='{type_}']")
        assert [element.get("name") for element in found.iter(f"{XSD}element")] == list(table)


def test_the_country_table_names_exactly_oracles_countries() -> None:
    root = etree.parse(str(Path(FOLDER) / "xsd" / "platform.commonTypes.xsd")).getroot()
    (found,) = root.findall(f"{XSD}simpleType[@name='Country']")
    assert {element.get("value") for element in found.iter(f"{XSD}enumeration")} == set(CODE_BY_ENUM)


def test_a_customer_is_added_and_read_back_with_address_and_custom_fields(client, schema) -> None:
    address = client.type(names.COMMON, "Address")(country="_unitedStates", addr1="1 Main St", city="Reno", state="NV")
    entry = client.type(names.RELATIONSHIPS, "CustomerAddressbook")(
        defaultBilling=True, label="Billing", addressbookAddress=address
    )
    book = client.type(names.RELATIONSHIPS, "CustomerAddressbookList")(addressbook=[entry])
    customs = client.custom(
        custentity_tieout_account_id=("String", "001000000000001AAA"),
        custentity_admin_checked=("Boolean", True),
        custentity_admin_factor=("Double", 1.5),
        custentity_admin_count=("Long", 3),
        custentity_admin_moment=("Date", datetime(2026, 11, 20, 12, tzinfo=UTC)),
        custentity_admin_channel=("Select", client.type(names.CORE, "ListOrRecordRef")(internalId="2")),
        custentity_admin_channels=("MultiSelect", [client.type(names.CORE, "ListOrRecordRef")(internalId="1")]),
    )
    record = client.customer(
        externalId="tieout-cust-1", email="ap@globex.example", terms=client.ref(internalId="1"), addressbookList=book,
        salesRep=client.ref(internalId="7"), customFieldList=customs, isPerson=False, phone="+1 775 555 0100",
    )  # fmt: skip
    written = client.call("add", record)
    assert written.status.isSuccess
    assert last_is_valid(client, schema) == 4
    read = client.call("get", client.ref(type="customer", externalId="TIEOUT-CUST-1"))
    assert last_is_valid(client, schema) == 4
    found = read.record
    assert (found.internalId, found.entityId, found.terms.name) == (written.baseRef.internalId, "C-1001", "Net 30")
    assert found.addressbookList.addressbook[0].addressbookAddress.state == "NV"
    assert len(found.customFieldList.customField) == 7


def test_an_order_is_added_updated_and_read_back(client, schema) -> None:
    customer = globex(client)
    line = {
        "item": client.ref(internalId="5"), "quantity": 2, "rate": "19.99", "description": "seats",
        "customFieldList": client.custom(custcol_tieout_line_id=("String", "00k000000000001AAA")),
    }  # fmt: skip
    record = client.order(
        [line], entity=client.ref(internalId=customer), currency=client.ref(internalId="1"), externalId="tieout-so-1",
        tranDate=datetime(2026, 11, 20, 20, tzinfo=UTC), otherRefNum="PO-1", memo="from a deal",
        orderStatus="_pendingFulfillment", department=client.ref(internalId="1"), location=client.ref(internalId="1"),
        customFieldList=client.custom(custbody_tieout_deal_id=("String", "006000000000001AAA")),
        **{"class": client.ref(internalId="1")},
    )  # fmt: skip
    written = client.call("add", record)
    assert written.status.isSuccess
    last_is_valid(client, schema)
    order = client.call("get", client.ref(type="salesOrder", internalId=written.baseRef.internalId)).record
    assert last_is_valid(client, schema) == 4
    assert (order.tranId, order.status, order.total, order.currencyName) == (
        "SO1001",
        "Pending Billing",
        39.98,
        "US Dollar",
    )
    assert order.itemList.item[0].customFieldList.customField[0].value == "00k000000000001AAA"
    null = client.type(names.CORE, "NullField")(name=["memo"])
    change = client.type(names.SALES, "SalesOrder")(internalId=order.internalId, nullFieldList=null, otherRefNum="PO-2")
    assert client.call("update", change).status.isSuccess
    last_is_valid(client, schema)
    after = client.call("get", client.ref(type="salesOrder", externalId="tieout-so-1")).record
    assert (after.memo, after.otherRefNum, len(after.itemList.item)) == (None, "PO-2", 1)


def test_upsert_and_server_time_answers_are_valid(client, schema) -> None:
    assert client.call("upsert", client.customer(externalId="tieout-cust-9")).status.isSuccess
    assert last_is_valid(client, schema) == 4
    time = client.call("getServerTime")
    assert last_is_valid(client, schema) == 4
    assert time.serverTime.astimezone(UTC) == NOW


def test_every_list_record_reads_as_oracles_type(client, schema) -> None:
    for type_, id_ in (
        ("currency", "1"), ("subsidiary", "1"), ("term", "1"), ("department", "1"), ("classification", "1"),
        ("location", "1"), ("employee", "7"), ("serviceSaleItem", "5"), ("inventoryItem", "6"),
        ("nonInventorySaleItem", "8"),
    ):  # fmt: skip
        answer = client.call("get", client.ref(type=type_, internalId=id_))
        assert answer.status.isSuccess, type_
        assert answer.record.internalId == id_
        assert last_is_valid(client, schema) == 4


def test_every_kind_of_refused_record_is_a_valid_answer(client, schema) -> None:
    customer = globex(client)
    line = {"item": client.ref(internalId="5"), "quantity": 1, "rate": "10"}
    entity = client.ref(internalId=customer)
    first = client.call("add", client.order([line], entity=entity, externalId="so-1"))
    assert first.status.isSuccess
    refused = {
        "DUP_RCRD": ("add", client.order([line], entity=entity, externalId="SO-1")),
        "DUP_ENTITY": ("add", client.customer(companyName="Else", externalId="tieout-cust-1")),
        "UNIQUE_CUST_ID_REQD": ("add", client.customer(companyName="GLOBEX corp")),
        "USER_ERROR": ("add", client.customer(companyName="New", subsidiary=None)),
        "INVALID_KEY_OR_REF": ("add", client.order([line], entity=client.ref(internalId="999"))),
        "EXCEEDED_MAX_FIELD_LENGTH": ("add", client.order([line], entity=entity, otherRefNum="x" * 46)),
        "RCRD_DSNT_EXIST": ("update", client.customer(externalId="nobody")),
        "KEY_REQD": ("update", client.customer()),
        "EXTERNALID_REQD": ("upsert", client.customer()),
        "INVALID_STATUS": ("add", client.order([line], entity=entity, orderStatus="_fullyBilled")),
        "INVALID_EMAIL": ("add", client.customer(companyName="New", email="nobody")),
        "INVALID_PHONE_NUMBER": ("add", client.customer(companyName="New", phone="12")),
        "INVALID_URL": ("add", client.customer(companyName="New", url="acme")),
        "INSUFFICIENT_PERMISSION": ("add", client.order([line], entity=entity, total=1)),
        "INVALID_FIELD_NAME_FOR_NULL": (
            "update", client.customer(externalId="tieout-cust-1", nullFieldList={"name": ["nonsense"]}),
        ),
        "INVALID_CSTM_FIELD_DATA_TYP": (
            "add", client.order([line], entity=entity, customFieldList=client.custom(custbody_tieout_ver=("Long", 1))),
        ),
        "INVALID_RCRD_TYPE": ("add", client.type(names.EMPLOYEES, "Employee")(lastName="Lee")),
        "INVALID_NUMBER": ("add", client.order([line], entity=entity, discountRate="a lot")),
    }  # fmt: skip
    for code, (operation, record) in refused.items():
        answer = client.call(operation, record)
        assert (answer.status.isSuccess, answer.status.statusDetail[0].code) == (False, code)
        last_is_valid(client, schema)
    missing = client.call("get", client.ref(type="customer", internalId="999"))
    assert missing.status.statusDetail[0].code == "RCRD_DSNT_EXIST"
    last_is_valid(client, schema)


def test_every_fault_is_a_valid_answer(client, account, schema) -> None:
    _, faults, _ = account
    client.secret = "wrong"
    with pytest.raises(Fault, match="Invalid login attempt"):
        client.call("getServerTime")
    assert envelope_is_valid(schema, client.history.last_received["envelope"]) == 1
    client.secret = KEYS.token_secret
    for action, text in (("concurrency", "concurrent request limit"), ("unexpected", "unexpected error")):
        faults.arm([Rule(action=action)])
        with pytest.raises(Fault, match=text):
            client.call("getServerTime")
        assert envelope_is_valid(schema, client.history.last_received["envelope"]) == 1


def test_a_corrupted_answer_is_rejected_by_the_same_check(client, schema) -> None:
    client.call("getServerTime")
    envelope = client.history.last_received["envelope"]
    (result,) = envelope.iter(f"{{{names.CORE}}}serverTime")
    result.text = "yesterday"
    with pytest.raises(etree.DocumentInvalid):
        envelope_is_valid(schema, envelope)


def test_many_clients_at_once_get_each_their_own_document_number(client) -> None:
    customer = globex(client)
    found: list[str] = []

    def add(number: int) -> None:
        line = {"item": client.ref(internalId="5"), "quantity": 1, "rate": "10"}
        record = client.order([line], entity=client.ref(internalId=customer), externalId=f"so-{number}")
        found.append(client.call("add", record).baseRef.internalId)

    threads = [threading.Thread(target=add, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 4
