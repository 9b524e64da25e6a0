"""The local NetSuite's receivables against Oracle's own schemas: zeep with Oracle's WSDL, every answer validated."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
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
from sandbox.faults import Faults
from sandbox.http import Mount, Server
from sandbox.netsuite import fields_money, fields_sales, names
from sandbox.netsuite.load import load_rows
from sandbox.netsuite.server import make_app
from sandbox.store import Store

FOLDER = os.environ.get("TIEOUT_NETSUITE_WSDL", "")
pytestmark = pytest.mark.skipif(not FOLDER, reason="TIEOUT_NETSUITE_WSDL names no folder with Oracle's WSDL")
NOW = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)
KEYS = NetSuiteCredentials(consumer_key="ck", consumer_secret="cs", token_id="tk", token_secret="ts")
XSD = "{http://www.w3.org/2001/XMLSchema}"
BOOK = {
    "currency": [{"id": "1", "symbol": "USD", "name": "US Dollar"}],
    "subsidiary": [{"id": "1", "name": "Acme Inc", "currency": "USD", "country": "US", "taxRegime": "us_sales_tax"}],
    "term": [{"id": "1", "name": "Net 30"}],
    "item": [
        {"id": "5", "itemid": "PLAT-100", "itemtype": "Service"},
        {"id": "6", "itemid": "SCAN-H2", "itemtype": "InvtPart"},
    ],
    "customer": [
        {"id": "501", "companyname": "Globex", "subsidiary": "1", "state": "CA", "country": "US", "terms": "Net 30"}
    ],
}
PARTS = {
    **dict.fromkeys(("add", "update", "upsert"), "writeResponse"),
    **dict.fromkeys(("addList", "updateList", "upsertList"), "writeResponseList"),
    "get": "readResponse",
    "initialize": "readResponse",
    "getList": "readResponseList",
}


class Client:
    """zeep with Oracle's WSDL on the sandbox."""

    def __init__(self, base_url: str, wsdl: zeep.Client, history: HistoryPlugin, schema: etree.XMLSchema) -> None:
        self.wsdl, self.history, self.schema = wsdl, history, schema
        self.count = 0
        binding = f"{{{names.PLATFORM}}}NetSuiteBinding"
        self.service = wsdl.create_service(binding, f"{base_url}{names.SOAP_PATH}")

    def type(self, namespace: str, name: str):
        return self.wsdl.get_type(f"{{{namespace}}}{name}")

    def passport(self) -> object:
        self.count += 1
        nonce, stamp = f"nonce{self.count:010d}", str(int(NOW.timestamp()))
        base = "&".join((KEYS.account, KEYS.consumer_key, KEYS.token_id, nonce, stamp))
        key = f"{KEYS.consumer_secret}&{KEYS.token_secret}"
        digest = hmac.new(key.encode(), base.encode(), hashlib.sha256).digest()
        signature = self.type(names.CORE, "TokenPassportSignature")(
            base64.b64encode(digest).decode(), algorithm="HMAC-SHA256"
        )
        return self.type(names.CORE, "TokenPassport")(
            account=KEYS.account, consumerKey=KEYS.consumer_key, token=KEYS.token_id, nonce=nonce, timestamp=stamp,
            signature=signature,
        )  # fmt: skip

    def call(self, operation: str, argument: object):
        """Call, and validate what went out and what came back."""
        headers = {"tokenPassport": self.passport()}
        answer = getattr(self.service, operation)(argument, _soapheaders=headers)
        for envelope in (self.history.last_sent["envelope"], self.history.last_received["envelope"]):
            validate(self.schema, envelope)
        return answer.body[PARTS[operation]]

    def ref(self, **ids: str):
        return self.type(names.CORE, "RecordRef")(**ids)

    def get(self, type_: str, id_: str):
        answer = self.call("get", self.ref(type=type_, internalId=id_))
        assert answer.status.isSuccess, answer
        return answer.record

    def add(self, record: object) -> str:
        answer = self.call("add", record)
        assert answer.status.isSuccess, answer
        return str(answer.baseRef.internalId)

    def initialize(self, type_: str, source: str, id_: str):
        reference = self.type(names.CORE, "InitializeRef")(type=source, internalId=id_)
        return self.call("initialize", self.type(names.CORE, "InitializeRecord")(type=type_, reference=reference))

    def prefilled(self, type_: str, source: str, id_: str):
        answer = self.initialize(type_, source, id_)
        assert answer.status.isSuccess, answer
        return answer.record

    def sales(self, name: str, **values: object):
        return self.type(names.SALES, name)(**values)

    def money(self, name: str, **values: object):
        return self.type(names.CUSTOMERS, name)(**values)

    def order(self) -> str:
        custom = self.ref(internalId="-1")
        rows = [
            self.sales("SalesOrderItem", item=self.ref(internalId=item), quantity=quantity, price=custom, rate=rate)
            for item, quantity, rate in (("5", 2, "50"), ("6", 3, "10"))
        ]
        return self.add(
            self.sales(
                "SalesOrder",
                entity=self.ref(internalId="501"),
                externalId="tieout-so-1",
                orderStatus="_pendingFulfillment",
                itemList=self.sales("SalesOrderItemList", item=rows),
                customFieldList=self.stamp("custbody_tieout_deal_id"),
            )
        )

    def stamp(self, script_id: str, value: object = "006"):
        kind = "Boolean" if isinstance(value, bool) else "String"
        field = self.type(names.CORE, f"{kind}CustomFieldRef")(scriptId=script_id, value=value)
        return self.type(names.CORE, "CustomFieldList")(customField=[field])

    def applied(self, name: str, doc: str, **values: object):
        row = self.money(name, apply=True, doc=int(doc), **values)
        return self.money(f"{name}List", apply=[row])


def validate(schema: etree.XMLSchema, envelope: etree._Element) -> None:
    soap = f"{{{names.ENVELOPE}}}"
    for part in (*envelope.findall(f"{soap}Header/*"), *envelope.findall(f"{soap}Body/*")):
        found = [p for p in part.find("detail") if "netsuite" in p.tag] if part.tag == f"{soap}Fault" else [part]
        for element in found:
            schema.assertValid(etree.fromstring(etree.tostring(element)))


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    """One schema that imports every name space of the endpoint."""
    root = etree.Element(f"{XSD}schema")
    for path in sorted((Path(FOLDER) / "xsd").glob("*.xsd")):
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
def client(wsdl, schema) -> Iterator[Client]:
    store, clock, faults = Store(), SandboxClock(NOW), Faults()
    for type_, rows in BOOK.items():
        load_rows(store, clock, type_, [(f"{type_}.csv:{n}", row) for n, row in enumerate(rows, 2)])
    control = SandboxControl(clock, faults, lambda phase: 0)
    app = make_app(store, clock, KEYS)
    server = Server(Mount(system="netsuite", app=app, store=store, clock=clock, faults=faults, control=control))
    server.start()
    yield Client(server.base_url, *wsdl, schema)
    server.stop()
    store.close()


TABLES = {
    "transactions.sales.xsd": {
        "Invoice": fields_sales.INVOICE,
        "InvoiceItem": fields_sales.INVOICE_ITEM,
        "ItemFulfillment": fields_sales.ITEM_FULFILLMENT,
        "ItemFulfillmentItem": fields_sales.ITEM_FULFILLMENT_ITEM,
    },
    "transactions.customers.xsd": {
        "CustomerPayment": fields_money.CUSTOMER_PAYMENT,
        "CustomerPaymentApply": fields_money.CUSTOMER_PAYMENT_APPLY,
        "CustomerPaymentCredit": fields_money.CUSTOMER_PAYMENT_CREDIT,
        "CreditMemo": fields_money.CREDIT_MEMO,
        "CreditMemoItem": fields_money.CREDIT_MEMO_ITEM,
        "CreditMemoApply": fields_money.CREDIT_MEMO_APPLY,
        "CustomerDeposit": fields_money.CUSTOMER_DEPOSIT,
        "DepositApplication": fields_money.DEPOSIT_APPLICATION,
        "DepositApplicationApply": fields_money.DEPOSIT_APPLICATION_APPLY,
        "CustomerRefund": fields_money.CUSTOMER_REFUND,
        "CustomerRefundApply": fields_money.CUSTOMER_REFUND_APPLY,
        "CustomerRefundDeposit": fields_money.CUSTOMER_REFUND_DEPOSIT,
    },
    "transactions.general.xsd": {
        "JournalEntry": fields_sales.JOURNAL_ENTRY,
        "JournalEntryLine": fields_sales.JOURNAL_ENTRY_LINE,
    },
    "lists.accounting.xsd": {
        "AccountingPeriod": fields_sales.ACCOUNTING_PERIOD,
        "BillingSchedule": fields_sales.BILLING_SCHEDULE,
    },
}


@pytest.mark.parametrize("file", TABLES)
def test_the_tables_of_receivables_name_every_element_of_oracles_types_in_order(file: str) -> None:
    root = etree.parse(str(Path(FOLDER) / "xsd" / file)).getroot()
    for type_, table in TABLES[file].items():
        (found,) = root.findall(f"{XSD}complexType[@name='{type_}']")
        assert [element.get("name") for element in found.iter(f"{XSD}element")] == list(table), type_


def invoiced(client: Client) -> tuple[str, str]:
    order = client.order()
    record = client.sales("Invoice", createdFrom=client.ref(internalId=order), externalId="tieout-inv-1")
    return order, client.add(record)


def test_an_order_becomes_a_prefilled_invoice_and_then_a_saved_one(client) -> None:
    order = client.order()
    prefilled = client.prefilled("invoice", "salesOrder", order)
    assert (prefilled.internalId, prefilled.externalId, prefilled.createdFrom.internalId) == (None, None, order)
    assert prefilled.customFieldList.customField[0].value == "006"
    assert [(line.orderLine, line.quantity) for line in prefilled.itemList.item] == [(1, 2.0)]
    line = client.sales("InvoiceItem", orderLine=1, quantity=1)
    record = client.sales(
        "Invoice", createdFrom=client.ref(internalId=order), externalId="tieout-inv-1",
        itemList=client.sales("InvoiceItemList", item=[line]),
    )  # fmt: skip
    invoice = client.get("invoice", client.add(record))
    assert (invoice.tranId, invoice.status, invoice.subTotal, invoice.taxTotal) == ("INV2001", "Open", 50.0, 3.63)
    assert (invoice.amountPaid, invoice.amountRemaining) == (0.0, 53.63)
    assert invoice.dueDate.date().isoformat() == "2026-12-20"
    after = client.get("salesOrder", order)
    assert (after.itemList.item[0].quantityBilled, after.status) == (1.0, "Pending Fulfillment")


def test_goods_are_fulfilled_before_they_are_billed(client) -> None:
    order = client.order()
    prefilled = client.prefilled("itemFulfillment", "salesOrder", order)
    assert [(line.orderLine, line.quantity, line.itemReceive) for line in prefilled.itemList.item] == [(2, 3.0, True)]
    line = client.sales("ItemFulfillmentItem", orderLine=2, quantity=2)
    record = client.sales(
        "ItemFulfillment", createdFrom=client.ref(internalId=order),
        itemList=client.sales("ItemFulfillmentItemList", item=[line]),
    )  # fmt: skip
    fulfilment = client.get("itemFulfillment", client.add(record))
    assert (fulfilment.tranId, fulfilment.itemList.item[0].quantity) == ("IF7001", 2.0)
    assert client.get("salesOrder", order).status == "Pending Billing/Partially Fulfilled"
    assert len(client.prefilled("invoice", "salesOrder", order).itemList.item) == 2


def test_a_payment_is_prefilled_added_unapplied_and_voided(client) -> None:
    _, invoice = invoiced(client)
    prefilled = client.prefilled("customerPayment", "invoice", invoice)
    row = prefilled.applyList.apply[0]
    assert (prefilled.payment, row.apply, row.doc) == (107.25, True, int(invoice))
    assert (row.amount, row.refNum) == (107.25, "INV2001")
    record = client.money(
        "CustomerPayment", customer=client.ref(internalId="501"), payment=120, checkNum="W-1",
        applyList=client.applied("CustomerPaymentApply", invoice, amount=100, disc=7.25),
    )  # fmt: skip
    payment = client.add(record)
    found = client.get("customerPayment", payment)
    assert (found.applied, found.unapplied, found.status) == (100.0, 20.0, "Not Deposited")
    assert found.applyList.apply[0].disc == 7.25
    assert client.get("invoice", invoice).status == "Paid In Full"
    row = client.money("CustomerPaymentApply", apply=False, doc=int(invoice))
    lists = client.money("CustomerPaymentApplyList", apply=[row], replaceAll=False)
    update = client.money("CustomerPayment", internalId=payment, applyList=lists)
    assert client.call("update", update).status.isSuccess
    assert client.get("invoice", invoice).amountRemaining == 107.25
    box = client.stamp("custbody_sandbox_void", True)
    void = client.money("CustomerPayment", internalId=payment, customFieldList=box)
    assert client.call("update", void).status.isSuccess
    assert client.get("customerPayment", payment).status == "Voided"


def test_an_update_with_replace_all_takes_back_what_it_does_not_name(client) -> None:
    _, first = invoiced(client)
    line = client.sales("InvoiceItem", item=client.ref(internalId="5"), quantity=1, amount=30)
    lists = client.sales("InvoiceItemList", item=[line])
    second = client.add(client.sales("Invoice", entity=client.ref(internalId="501"), itemList=lists))
    rows = [client.money("CustomerPaymentApply", apply=True, doc=int(doc), amount=10) for doc in (first, second)]
    payment = client.add(
        client.money(
            "CustomerPayment",
            customer=client.ref(internalId="501"),
            applyList=client.money("CustomerPaymentApplyList", apply=rows),
        )
    )
    named = client.applied("CustomerPaymentApply", second, amount=15)
    assert client.call("update", client.money("CustomerPayment", internalId=payment, applyList=named)).status.isSuccess
    found = client.get("customerPayment", payment)
    assert [(row.doc, row.amount) for row in found.applyList.apply] == [(int(second), 15.0)]
    assert (found.unapplied, client.get("invoice", first).amountPaid) == (5.0, 0.0)


def test_a_credit_memo_is_prefilled_added_and_refunded(client) -> None:
    _, invoice = invoiced(client)
    prefilled = client.prefilled("creditMemo", "invoice", invoice)
    assert [(line.orderLine, line.amount) for line in prefilled.itemList.item] == [(1, 100.0)]
    assert prefilled.applyList.apply[0].amount == 107.25
    line = client.money("CreditMemoItem", orderLine=1, quantity=1, amount=40)
    record = client.money(
        "CreditMemo", createdFrom=client.ref(internalId=invoice),
        itemList=client.money("CreditMemoItemList", item=[line]),
        applyList=client.applied("CreditMemoApply", invoice, amount=20),
    )  # fmt: skip
    credit = client.add(record)
    found = client.get("creditMemo", credit)
    assert (found.total, found.applied, found.unapplied, found.status) == (42.9, 20.0, 22.9, "Open")
    proposal = client.prefilled("customerRefund", "creditMemo", credit)
    assert proposal.applyList.apply[0].amount == 22.9
    refund = client.money(
        "CustomerRefund", customer=client.ref(internalId="501"), applyList=client.applied("CustomerRefundApply", credit)
    )
    assert client.get("customerRefund", client.add(refund)).total == 22.9
    assert client.get("creditMemo", credit).status == "Fully Applied"


def test_a_deposit_is_added_applied_and_its_rest_refunded(client) -> None:
    order, invoice = invoiced(client)
    deposit = client.add(client.money("CustomerDeposit", salesOrder=client.ref(internalId=order), payment=150))
    assert client.get("customerDeposit", deposit).status == "Not Deposited"
    prefilled = client.prefilled("depositApplication", "customerDeposit", deposit)
    assert (prefilled.deposit.internalId, prefilled.applyList.apply[0].due) == (deposit, 107.25)
    record = client.money(
        "DepositApplication", deposit=client.ref(internalId=deposit),
        applyList=client.applied("DepositApplicationApply", invoice),
    )  # fmt: skip
    found = client.get("depositApplication", client.add(record))
    assert (found.applied, found.customer.internalId) == (107.25, "501")
    assert client.get("invoice", invoice).status == "Paid In Full"
    row = client.money("CustomerRefundDeposit", apply=True, doc=int(deposit))
    refund = client.money(
        "CustomerRefund", customer=client.ref(internalId="501"),
        depositList=client.money("CustomerRefundDepositList", customerRefundDeposit=[row]),
    )  # fmt: skip
    read = client.get("customerRefund", client.add(refund))
    assert (read.total, read.depositList.customerRefundDeposit[0].amount) == (42.75, 42.75)
    assert client.get("customerDeposit", deposit).status == "Fully Applied"


def test_a_journal_writes_an_invoice_off_through_a_payments_credits(client) -> None:
    _, invoice = invoiced(client)
    line, general = client.type(names.GENERAL, "JournalEntryLine"), names.GENERAL
    rows = [
        line(account=client.ref(internalId="58"), debit=107.25),
        line(account=client.ref(internalId="6"), credit=107.25, entity=client.ref(internalId="501")),
    ]
    lists = client.type(general, "JournalEntryLineList")(line=rows)
    journal = client.add(client.type(general, "JournalEntry")(lineList=lists))
    assert [row.credit for row in client.get("journalEntry", journal).lineList.line] == [None, 107.25]
    credit = client.money("CustomerPaymentCredit", apply=True, doc=int(journal))
    record = client.money(
        "CustomerPayment", customer=client.ref(internalId="501"), payment=0,
        applyList=client.applied("CustomerPaymentApply", invoice),
        creditList=client.money("CustomerPaymentCreditList", credit=[credit]),
    )  # fmt: skip
    payment = client.get("customerPayment", client.add(record))
    assert (payment.payment, payment.applied, payment.creditList.credit[0].amount) == (0.0, 107.25, 107.25)
    assert client.get("invoice", invoice).status == "Paid In Full"


def test_periods_are_read_and_closed_and_schedules_are_read(client) -> None:
    period = client.get("accountingPeriod", "23")
    assert (period.periodName, period.closed) == ("Nov 2026", False)
    kind = client.type(names.ACCOUNTING, "AccountingPeriod")
    assert client.call("update", kind(internalId="23", closed=True)).status.isSuccess
    assert client.get("accountingPeriod", "23").arLocked
    order = client.order()
    answer = client.call("add", client.sales("Invoice", createdFrom=client.ref(internalId=order)))
    assert answer.status.statusDetail[0].code == "CLOSED_TRAN_PRD"
    assert client.get("billingSchedule", "1").name == "Monthly"


def test_an_order_gets_a_billing_schedule_and_its_next_date(client) -> None:
    order = client.order()
    schedule = client.ref(internalId="3")
    change = client.sales(
        "SalesOrder", internalId=order, billingSchedule=schedule, nextBill=datetime(2027, 11, 1, 12, tzinfo=UTC)
    )
    assert client.call("update", change).status.isSuccess
    found = client.get("salesOrder", order)
    assert (found.billingSchedule.name, found.nextBill.date().isoformat()) == ("Annual in arrears", "2027-11-01")
    refused = client.initialize("invoice", "salesOrder", order)
    assert "next due on 2027-11-01" in refused.status.statusDetail[0].message


def test_every_kind_of_refusal_is_a_valid_answer(client) -> None:
    order, invoice = invoiced(client)
    customer = client.ref(internalId="501")
    refused = {
        "INVALID_KEY_OR_REF": client.sales("Invoice", createdFrom=client.ref(internalId=order)),
        "TRANS_APPLIED_AMTS_UNBALNCD": client.money(
            "CustomerPayment", customer=customer, payment=5,
            applyList=client.applied("CustomerPaymentApply", invoice, amount=50),
        ),
        "USER_ERROR": client.money(
            "CustomerPayment", customer=customer, applyList=client.applied("CustomerPaymentApply", invoice, amount=500)
        ),
        "DUP_RCRD": client.sales("SalesOrder", entity=customer, externalId="TIEOUT-INV-1"),
        "INVALID_NUMBER": client.money("CustomerPayment", customer=customer, payment=-5),
    }  # fmt: skip
    for code, record in refused.items():
        answer = client.call("add", record)
        assert (answer.status.isSuccess, answer.status.statusDetail[0].code) == (False, code)
    billed = client.initialize("invoice", "salesOrder", order)
    assert billed.status.statusDetail[0].code == "INVALID_INITIALIZE_REF"
    assert client.initialize("invoice", "customer", "501").status.statusDetail[0].code == "INVALID_RCRD_INITIALIZE"
    void = client.stamp("custbody_sandbox_void", True)
    assert client.call("update", client.sales("Invoice", internalId=invoice, customFieldList=void)).status.isSuccess
    again = client.call("update", client.sales("Invoice", internalId=invoice, memo="x"))
    assert again.status.statusDetail[0].code == "TRANS_ALREADY_VOIDED"


def test_lists_answer_record_by_record(client) -> None:
    customer = client.ref(internalId="501")
    good = client.money("CustomerPayment", customer=customer, payment=10)
    bad = client.money("CustomerPayment", customer=client.ref(internalId="9"), payment=10)
    answer = client.call("addList", [good, bad, good])
    assert [one.status.isSuccess for one in answer.writeResponse] == [True, False, True]
    ids = [one.baseRef.internalId for one in answer.writeResponse if one.status.isSuccess]
    references = [client.ref(type="customerPayment", internalId=id_) for id_ in (*ids, "99999")]
    read = client.call("getList", references).readResponse
    assert [one.status.isSuccess for one in read] == [True, True, False]
    changes = [client.money("CustomerPayment", internalId=id_, memo="seen") for id_ in ids]
    assert all(one.status.isSuccess for one in client.call("updateList", changes).writeResponse)
    upserts = [client.money("CustomerPayment", externalId="p-1", customer=customer, payment=1)] * 2
    answer = client.call("upsertList", upserts).writeResponse
    assert len({one.baseRef.internalId for one in answer}) == 1


def test_too_many_records_in_a_list_are_a_fault(client) -> None:
    record = client.money("CustomerPayment", customer=client.ref(internalId="501"), payment=10)
    for operation, count in (("addList", 201), ("updateList", 101)):
        with pytest.raises(Fault, match="maximum number"):
            client.call(operation, [record] * count)
        validate(client.schema, client.history.last_received["envelope"])
