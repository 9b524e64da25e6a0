"""Receivables that people enter in the user interface, rows of periods and schedules, preferences over HTTP."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from sandbox import exact_json
from sandbox.errors import BookError
from sandbox.http import Request
from sandbox.netsuite import edits
from sandbox.netsuite.failure import RecordError
from sandbox.netsuite.load import load_rows
from sandbox.netsuite.periods import ensure_lists
from tests.unit.sandbox.ns_account import Account, customer, rel
from tests.unit.sandbox.ns_ledger import Books, row

D = Decimal
HEAD = {"entity": "Globex", "tranDate": "2026-10-05", "tranId": "INV2050"}
INVOICE: dict[str, Any] = {"op": "insert", "type": "invoice", "set": HEAD}
ITEM = {"set": {"item": "PLAT-100", "quantity": "2", "rate": "50"}}


@pytest.fixture
def books() -> Books:
    return Books()


def edit(books: Books, **what: Any) -> None:
    edits.apply(books.store, books.clock, what)


def only(books: Books, type_: str) -> dict[str, Any]:
    (found,) = books.store.all(type_)
    return found


def test_a_person_enters_an_invoice_even_in_a_closed_month(books: Books) -> None:
    books.update("accountingPeriod", "22", closed=True)
    edit(books, **INVOICE, lines=[ITEM])
    found = only(books, "invoice")
    assert (found["total"], found["status"], found["postingPeriod"], found["tranId"]) == (D(100), "A", "22", "INV2050")
    assert books.get("invoice", books.invoice())["tranId"] == "INV2051"


def test_a_person_bills_an_order_and_deletes_the_invoice_again(books: Books) -> None:
    order = books.order(("5", "2", "50"), externalId="tieout-so-1")
    edit(books, op="insert", type="invoice", set={"createdFrom": "tieout-so-1"})
    assert books.get("salesOrder", order)["orderStatus"] == "G"
    edit(books, op="delete", type="invoice", match={"createdFrom": "tieout-so-1"})
    assert books.get("salesOrder", order)["lines"][0]["quantityBilled"] == 0
    (deleted,) = books.store.all("deletedRecord")
    assert (deleted["type"], deleted["name"]) == ("invoice", "INV2001")


def test_a_person_changes_an_invoices_line(books: Books) -> None:
    edit(books, **INVOICE, lines=[ITEM])
    change = [{"match": {"index": 0}, "set": {"amount": "60"}}]
    edit(books, op="update", type="invoice", match={"tranId": "INV2050"}, set={"memo": "less"}, lines=change)
    assert (only(books, "invoice")["amountRemaining"], only(books, "invoice")["memo"]) == (D(60), "less")


def test_a_person_enters_changes_voids_and_deletes_payments(books: Books) -> None:
    edit(books, **INVOICE, lines=[ITEM])
    wanted = {"customer": "Globex", "payment": "120", "checkNum": "W-1"}
    edit(books, op="insert", type="customerPayment", set=wanted, lines=[{"set": {"doc": "INV2050", "amount": "40"}}])
    assert (only(books, "invoice")["amountRemaining"], only(books, "customerPayment")["unapplied"]) == (D(60), D(80))
    match = {"tranId": "PYMT3001"}
    lines = [{"set": {"doc": "INV2050", "amount": "100"}}]
    edit(books, op="update", type="customerPayment", match=match, lines=lines)
    assert only(books, "invoice")["status"] == "B"
    edit(books, op="void", type="customerPayment", match=match)
    assert (only(books, "invoice")["status"], only(books, "customerPayment")["payment"]) == ("A", 0)
    edit(books, op="delete", type="customerPayment", match=match)
    assert books.store.all("customerPayment") == []


def test_a_person_refunds_a_deposit(books: Books) -> None:
    edit(books, op="insert", type="customerDeposit", set={"customer": "Globex", "payment": "30"})
    lines = [{"set": {"doc": "DEP5001"}}]
    edit(books, op="insert", type="customerRefund", set={"customer": "Globex"}, lines=lines)
    assert (only(books, "customerRefund")["total"], only(books, "customerDeposit")["status"]) == (D(30), "C")


def test_an_unapproved_payment_can_be_entered(books: Books) -> None:
    edit(books, op="insert", type="customerPayment", set={"customer": "Globex", "payment": "30", "status": "A"})
    assert only(books, "customerPayment")["status"] == "A"


def test_an_invoice_that_waits_for_approval_can_be_entered(books: Books) -> None:
    wanted = {**INVOICE, "set": {**HEAD, "approvalStatus": "Pending Approval"}}
    edit(books, **wanted, lines=[ITEM])
    assert only(books, "invoice")["status"] == "D"


def test_an_edit_that_breaks_the_arithmetic_is_refused_with_netsuites_words(books: Books) -> None:
    edit(books, **INVOICE, lines=[ITEM])
    lines = [{"set": {"doc": "INV2050", "amount": "101"}}]
    with pytest.raises(BookError, match="exceeds what is open"):
        edit(books, op="insert", type="customerPayment", set={"customer": "Globex"}, lines=lines)
    with pytest.raises(BookError, match="no Void button"):
        edit(books, op="void", type="customer", match={"companyName": "Globex"})


def test_a_persons_new_order_status_brings_its_quantities_along(books: Books) -> None:
    books.order(("6", "3", "10"), externalId="tieout-so-1")
    edit(books, op="update", type="salesOrder", match={"externalId": "tieout-so-1"}, set={"orderStatus": "Billed"})
    line = only(books, "salesOrder")["lines"][0]
    assert (line["quantityFulfilled"], line["quantityBilled"]) == (D(3), D(3))


def test_a_book_may_bring_its_own_periods_and_schedules(books: Books) -> None:
    store, clock = Books().store, books.clock
    for type_ in ("accountingPeriod", "billingSchedule"):
        for id_ in store.ids(type_):
            store.delete(type_, id_)
    period = {"periodname": "FY26-P1", "startdate": "2026-11-01", "enddate": "2026-11-28", "closed": "T"}
    load_rows(store, clock, "accountingPeriod", [("p.csv:2", {**period, "closedondate": "2026-11-20T10:00:00Z"})])
    load_rows(store, clock, "billingSchedule", [("b.csv:2", {"name": "Weekly"})])
    (found,) = store.all("accountingPeriod")
    assert (found["periodName"], found["arLocked"], found["closedOnDate"]) == ("FY26-P1", True, "2026-11-20T10:00:00Z")
    ensure_lists(books.ledger)
    assert [one["name"] for one in store.all("billingSchedule")] == ["Weekly"]


def test_an_item_may_be_fulfillable_whatever_its_type(books: Books) -> None:
    rows = [{"id": "9", "itemid": "BOX", "itemtype": "NonInvtPart", "isfulfillable": "T"}]
    load_rows(books.store, books.clock, "item", [("item.csv:2", rows[0])])
    order = books.order(("9", "1", "10"), ("5", "1", "10"))
    assert (books.get("item", "6")["isFulfillable"], books.get("item", "5")["isFulfillable"]) == (True, False)
    assert books.get("salesOrder", order)["orderStatus"] == "B"


def test_an_orders_stated_status_presumes_its_quantities(books: Books) -> None:
    head = {"tranid": "SO1", "entity": "Globex", "orderstatus": "Pending Billing"}
    load_rows(books.store, books.clock, "salesOrder", [("o.csv:2", head)])
    line = {"salesorder": "SO1", "item": "SCAN-H2", "quantity": "3", "rate": "1"}
    load_rows(books.store, books.clock, "salesOrder.lines", [("l.csv:2", line)])
    found = only(books, "salesOrder")
    assert (found["orderStatus"], found["lines"][0]["quantityFulfilled"]) == ("F", D(3))
    assert found["lines"][0]["quantityBilled"] == 0


def test_preferences_are_set_over_http_and_unknown_ones_refused(account: Account) -> None:
    path = "/_sandbox/preferences"
    answer = account.app(Request(method="POST", path=path, body=b'{"payment_touches_invoice": true}'))
    assert exact_json.loads(answer.body) == {"payment_touches_invoice": True, "route_invoice_approvals": False}
    for body in (b'{"colour": true}', b'{"route_invoice_approvals": 1}', b"[]", b"{"):
        assert account.app(Request(method="POST", path=path, body=body)).status == 400


def test_a_customers_credit_limit_and_hold_are_kept(account: Account) -> None:
    record = customer(rel("creditLimit", "5000") + rel("creditHoldOverride", "_on"), internalId="501")
    assert account.write("update", record) == ("501", "")
    body = account.store.get("customer", "501")
    assert body is not None
    assert (body["creditLimit"], body["creditHoldOverride"]) == (D(5000), "_on")
    other = account.store.get("customer", "502")
    assert other is not None
    assert other["creditHoldOverride"] == "_auto"


def test_nothing_new_can_be_voided(books: Books) -> None:
    with pytest.raises(RecordError, match="Only a saved document"):
        books.add("customerPayment", customer="501", payment=D(1), custbody_sandbox_void=True)


def test_less_than_was_billed_cannot_be_ordered(books: Books) -> None:
    order = books.order(("5", "2", "10"))
    books.add("invoice", createdFrom=order)
    with pytest.raises(RecordError, match="2 of 1 ordered"):
        books.update("salesOrder", order, lines=[{"line": D(1), "quantity": D(1)}])
    invoice = only(books, "invoice")
    books.add("customerPayment", customer="501", applyList=[row(invoice["id"])])
    assert only(books, "invoice")["status"] == "B"
