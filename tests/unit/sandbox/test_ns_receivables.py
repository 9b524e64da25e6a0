"""The local NetSuite's receivables: billing an order, due dates, approvals, periods, and what is open afterwards."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sandbox.netsuite.failure import RecordError
from sandbox.netsuite.initialize import prefilled
from sandbox.netsuite.preferences import set_preferences
from sandbox.netsuite.references import Ref
from sandbox.netsuite.rules import removed
from tests.unit.sandbox.ns_ledger import Books, line, row

D = Decimal


@pytest.fixture
def books() -> Books:
    return Books()


def status(books: Books, order: str) -> str:
    return str(books.get("salesOrder", order)["orderStatus"])


def offered(books: Books, order: str) -> list[tuple[int, Decimal]]:
    found = prefilled(books.ledger, "invoice", Ref(target="salesOrder", internal_id=order))
    return [(int(one["orderLine"]), one["quantity"]) for one in found["lines"]]


def test_an_order_of_services_waits_for_billing_as_soon_as_it_is_approved(books: Books) -> None:
    order = books.order(("5", "2", "50"), orderStatus="A")
    assert status(books, order) == "A"
    books.update("salesOrder", order, orderStatus="B")
    assert status(books, order) == "F"


def test_an_order_goes_through_all_statuses_as_goods_leave_and_are_billed(books: Books) -> None:
    order = books.order(("6", "4", "10"), ("5", "1", "100"))
    seen = [status(books, order)]
    books.add("itemFulfillment", createdFrom=order, lines=[{"orderLine": D(1), "quantity": D(1)}])
    seen.append(status(books, order))
    books.add("invoice", createdFrom=order)
    seen.append(status(books, order))
    books.add("itemFulfillment", createdFrom=order)
    seen.append(status(books, order))
    last = books.add("invoice", createdFrom=order)
    seen.append(status(books, order))
    books.void("invoice", last)
    seen.append(status(books, order))
    assert seen == ["B", "E", "D", "F", "G", "F"]


def test_only_what_is_billable_is_offered(books: Books) -> None:
    order = books.order(("6", "4", "10"), ("5", "3", "100"))
    assert offered(books, order) == [(2, D(3))]
    books.add("itemFulfillment", createdFrom=order, lines=[{"orderLine": D(1), "quantity": D(3)}])
    books.add("invoice", createdFrom=order, lines=[{"orderLine": D(2), "quantity": D(1)}])
    assert offered(books, order) == [(1, D(3)), (2, D(2))]


@pytest.mark.parametrize("given", ["A", "H", "C", "billed"])
def test_an_order_that_is_not_open_for_billing_is_refused(books: Books, given: str) -> None:
    order = books.order(("5", "1", "10"))
    if given == "billed":
        books.add("invoice", createdFrom=order)
    else:
        books.store.put("salesOrder", order, {**books.get("salesOrder", order), "orderStatus": given})
    with pytest.raises(RecordError) as refused:
        offered(books, order)
    assert refused.value.code == "INVALID_INITIALIZE_REF"
    with pytest.raises(RecordError, match="createdFrom"):
        books.add("invoice", createdFrom=order)


def test_nothing_is_billable_before_the_schedules_next_date(books: Books) -> None:
    order = books.order(("5", "2", "10"), billingSchedule="3", nextBillDate="2026-11-24")
    with pytest.raises(RecordError, match="next due on 2026-11-24"):
        offered(books, order)
    books.clock.step(2 * 86_400)
    assert offered(books, order) == [(1, D(2))]


def test_more_than_the_order_has_cannot_be_billed(books: Books) -> None:
    order = books.order(("5", "2", "10"))
    with pytest.raises(RecordError, match="exceeds what remains"):
        books.add("invoice", createdFrom=order, lines=[{"orderLine": D(1), "quantity": D(3)}])
    assert books.store.all("invoice") == []


def test_an_invoice_takes_over_fields_and_custom_fields_but_no_external_id(books: Books) -> None:
    rows = [{**line("5", "1", "10"), "custcol_tieout_line_id": "00k1"}]
    order = books.add(
        "salesOrder", entity="501", orderStatus="B", lines=rows, memo="hello", otherRefNum="PO-1", terms="1",
        custbody_tieout_deal_id="006", custbody_tieout_intent="v1", externalId="tieout-so-1",
    )  # fmt: skip
    invoice = books.get("invoice", books.add("invoice", createdFrom=order))
    assert invoice["externalId"] is None
    assert (invoice["custbody_tieout_intent"], invoice["custbody_tieout_deal_id"]) == ("v1", "006")
    assert (invoice["memo"], invoice["otherRefNum"], invoice["terms"]) == ("hello", "PO-1", "1")
    assert invoice["lines"][0]["custcol_tieout_line_id"] == "00k1"
    assert (invoice["tranId"], invoice["status"], invoice["voided"]) == ("INV2001", "A", False)


@pytest.mark.parametrize(
    ("terms", "due"), [("1", "2026-12-20"), ("2", "2026-11-20"), ("3", "2026-12-04"), (None, "2026-11-20")]
)
def test_the_due_date_follows_from_the_terms(books: Books, terms: str | None, due: str) -> None:
    invoice = books.invoice(terms=terms, tranDate="2026-11-20")
    assert books.get("invoice", invoice)["dueDate"] == due


def test_a_due_date_that_is_given_stays_until_the_terms_change(books: Books) -> None:
    invoice = books.invoice(dueDate="2027-01-05")
    assert books.update("invoice", invoice, memo="x")["dueDate"] == "2027-01-05"
    assert books.update("invoice", invoice, terms="1")["dueDate"] == "2026-12-22"


def test_a_part_of_a_line_is_billed_at_its_rate_and_the_whole_at_its_amount(books: Books) -> None:
    order = books.add("salesOrder", entity="501", orderStatus="B", lines=[
        {"item": "5", "quantity": D(3), "amount": D("100"), "price": "-1"},
        {"item": "5", "quantity": D(3), "amount": D("100"), "price": "-1"},
    ])  # fmt: skip
    lines = [{"orderLine": D(1), "quantity": D(1)}, {"orderLine": D(2)}]
    invoice = books.get("invoice", books.add("invoice", createdFrom=order, lines=lines))
    assert [one["amount"] for one in invoice["lines"]] == [D("33.33"), D("100.00")]


def test_tax_follows_the_order_and_totals_are_kept(books: Books) -> None:
    order = books.order(("5", "2", "50"), entity="502")
    invoice = books.get("invoice", books.add("invoice", createdFrom=order))
    assert (invoice["subTotal"], invoice["taxTotal"], invoice["total"]) == (D("100.00"), D("7.25"), D("107.25"))


def test_routed_invoices_wait_for_approval_and_take_no_money_before(books: Books) -> None:
    with books.store.transaction():
        set_preferences(books.ledger, {"route_invoice_approvals": True})
    invoice = books.invoice()
    assert (books.get("invoice", invoice)["status"], books.get("invoice", invoice)["approvalStatus"]) == ("D", "1")
    with pytest.raises(RecordError, match="not posted"):
        books.add("customerPayment", customer="501", applyList=[row(invoice)])
    assert books.update("invoice", invoice, approvalStatus="2")["status"] == "A"
    books.add("customerPayment", customer="501", applyList=[row(invoice)])
    assert books.get("invoice", invoice)["status"] == "B"
    with pytest.raises(RecordError, match="cannot lose its approval"):
        books.update("invoice", invoice, approvalStatus="3")


def test_approval_cannot_be_set_where_the_account_routes_none(books: Books) -> None:
    with pytest.raises(RecordError) as refused:
        books.invoice(approvalStatus="2")
    assert refused.value.code == "INSUFFICIENT_PERMISSION"
    assert "approvalStatus" not in books.get("invoice", books.invoice())


@pytest.mark.parametrize("lock", ["closed", "arLocked"])
def test_a_closed_period_refuses_what_posts_and_nothing_else(books: Books, lock: str) -> None:
    old = books.invoice(tranDate="2026-10-10")
    paid = books.add("customerPayment", customer="501", tranDate="2026-10-12", applyList=[row(old)])
    books.update("accountingPeriod", "22", **{lock: True})
    order = books.order(("6", "1", "10"), tranDate="2026-10-20")
    books.add("itemFulfillment", createdFrom=order, tranDate="2026-10-21")
    refused = [
        lambda: books.add("invoice", createdFrom=order, tranDate="2026-10-21"),
        lambda: books.add("customerPayment", customer="501", payment=D(5), tranDate="2026-10-21"),
        lambda: books.add("creditMemo", createdFrom=old, tranDate="2026-10-21"),
        lambda: books.add("customerDeposit", customer="501", payment=D(5), tranDate="2026-10-21"),
        lambda: books.update("customerPayment", paid, applyList=[{"doc": D(old), "apply": False}]),
        lambda: books.void("customerPayment", paid),
        lambda: books.update("invoice", old, tranDate="2026-11-05"),
    ]
    for action in refused:
        with pytest.raises(RecordError) as failure:
            action()
        assert failure.value.code == "CLOSED_TRAN_PRD"
    assert books.update("customerPayment", paid, memo="seen")["memo"] == "seen"
    assert books.add("invoice", createdFrom=order)


def test_a_day_without_a_period_refuses_too(books: Books) -> None:
    with pytest.raises(RecordError, match="2031-01-01"):
        books.invoice(tranDate="2031-01-01")


def test_closing_a_period_locks_it_and_keeps_the_moment(books: Books) -> None:
    period = books.update("accountingPeriod", "22", closed=True)
    assert (period["periodName"], period["arLocked"]) == ("Oct 2026", True)
    assert period["closedOnDate"] == "2026-11-22T12:00:00Z"
    assert books.update("accountingPeriod", "22", closed=False)["closedOnDate"] is None


@pytest.mark.parametrize("touches", [False, True])
def test_the_preference_decides_whether_money_touches_the_invoice(books: Books, touches: bool) -> None:
    with books.store.transaction():
        set_preferences(books.ledger, {"payment_touches_invoice": touches})
    invoice = books.invoice()
    books.clock.step(60)
    books.add("customerPayment", customer="501", applyList=[row(invoice)])
    moved = books.get("invoice", invoice)["lastModifiedDate"] != books.get("invoice", invoice)["createdDate"]
    assert moved is touches


def test_a_payment_can_only_settle_its_customers_invoices_in_its_currency(books: Books) -> None:
    other, euros = books.invoice(entity="502"), books.invoice(currency="2")
    for invoice, complaint in ((other, "another customer"), (euros, "another currency"), ("9999", "no such live")):
        with pytest.raises(RecordError, match=complaint):
            books.add("customerPayment", customer="501", applyList=[row(invoice, "1")])


def test_a_payment_applies_to_the_oldest_when_asked_to(books: Books) -> None:
    late, early = books.invoice(dueDate="2026-12-30"), books.invoice(dueDate="2026-12-01")
    books.add("customerPayment", customer="501", payment=D(130), autoApply=True)
    assert [books.get("invoice", one)["amountRemaining"] for one in (early, late)] == [D(0), D(70)]


def test_a_discount_settles_on_top_of_the_payment(books: Books) -> None:
    invoice = books.invoice()
    payment = books.add("customerPayment", customer="501", payment=D(98), applyList=[row(invoice, "98", "2")])
    found = books.get("customerPayment", payment)
    assert (found["applied"], found["unapplied"], books.get("invoice", invoice)["status"]) == (D(98), D(0), "B")


def test_an_unapproved_payment_does_not_count(books: Books) -> None:
    invoice = books.invoice()
    payment = books.add("customerPayment", customer="501", status="A", applyList=[row(invoice)])
    assert books.get("invoice", invoice)["amountPaid"] == 0
    books.update("customerPayment", payment, status="B")
    assert (books.get("invoice", invoice)["amountPaid"], books.get("customerPayment", payment)["status"]) == (
        D(100),
        "B",
    )


def test_an_invoice_with_money_on_it_is_neither_voided_nor_deleted(books: Books) -> None:
    invoice = books.invoice()
    books.add("customerPayment", customer="501", applyList=[row(invoice, "1")])
    with pytest.raises(RecordError, match="cannot be voided"):
        books.void("invoice", invoice)
    with pytest.raises(RecordError, match="applied"):
        removed(books.ledger, "invoice", books.get("invoice", invoice))


def test_deleting_an_invoice_gives_its_order_back(books: Books) -> None:
    order = books.order(("5", "2", "10"))
    invoice = books.add("invoice", createdFrom=order)
    with pytest.raises(RecordError, match="dependent records: invoice"):
        removed(books.ledger, "salesOrder", books.get("salesOrder", order))
    removed(books.ledger, "invoice", books.get("invoice", invoice))
    assert (status(books, order), offered(books, order)) == ("F", [(1, D(2))])


def test_what_is_void_stays_void(books: Books) -> None:
    invoice = books.invoice()
    found = books.void("invoice", invoice)
    assert (found["status"], found["total"], found["amountRemaining"], found["voided"]) == ("V", 0, 0, True)
    with pytest.raises(RecordError) as refused:
        books.update("invoice", invoice, memo="back")
    assert refused.value.code == "TRANS_ALREADY_VOIDED"


def test_a_billed_line_cannot_be_removed_from_its_order(books: Books) -> None:
    order = books.order(("5", "2", "10"), ("5", "1", "5"))
    books.add("invoice", createdFrom=order, lines=[{"orderLine": D(1)}])
    with pytest.raises(RecordError, match="Line 1 cannot be removed"):
        books.update("salesOrder", order, lines=[{"line": D(2)}])
