"""The local NetSuite's own WSDL describes receivables, their lists, and the operations on several records."""

from __future__ import annotations

import zeep
from zeep.transports import Transport

from sandbox.netsuite import names
from sandbox.netsuite.wsdl import document


def test_zeep_builds_an_invoice_and_a_payment_from_it(tmp_path) -> None:
    path = tmp_path / "netsuite.wsdl"
    path.write_text(document("127.0.0.1:1"))
    transport = Transport()
    client = zeep.Client(str(path), transport=transport)
    ref = client.get_type(f"{{{names.CORE}}}RecordRef")
    row = client.get_type(f"{{{names.CUSTOMERS}}}CustomerPaymentApply")(apply=True, doc=7, amount=1)
    rows = client.get_type(f"{{{names.CUSTOMERS}}}CustomerPaymentApplyList")(apply=[row])
    payment = client.get_type(f"{{{names.CUSTOMERS}}}CustomerPayment")(customer=ref(internalId="1"), applyList=rows)
    line = client.get_type(f"{{{names.SALES}}}InvoiceItem")(orderLine=1, quantity=1)
    lines = client.get_type(f"{{{names.SALES}}}InvoiceItemList")(item=[line])
    invoice = client.get_type(f"{{{names.SALES}}}Invoice")(createdFrom=ref(internalId="9"), itemList=lines)
    for operation, argument in (("add", invoice), ("addList", [invoice, payment])):
        message = client.create_message(client.service, operation, argument)
        assert "orderLine" in zeep.wsdl.utils.etree_to_string(message).decode()
    reference = client.get_type(f"{{{names.CORE}}}InitializeRef")(type="salesOrder", internalId="9")
    wanted = client.get_type(f"{{{names.CORE}}}InitializeRecord")(type="invoice", reference=reference)
    assert client.create_message(client.service, "initialize", wanted) is not None
    transport.session.close()
