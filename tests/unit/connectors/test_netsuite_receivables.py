"""How invoices, what settled them, money on account, periods and credit terms are read by SuiteQL."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import requests
import responses
from structlog.testing import capture_logs

from connectors.errors import ProtocolError, SchemaError
from connectors.ports import InvoiceQuery, OrderQuery, ReceiptQuery
from connectors.receivables import Application, CreditTerms, InvoiceLine, Period
from connectors.records import ControlTotal
from tests.unit.connectors.netsuite_account import LINE, FakeAccount, Reply, connection, page, refusal

SINCE = datetime(2026, 11, 20, 20, 5, tzinfo=UTC)
STAMPS = {"created": "2026-11-20T20:00:00Z", "modified": "2026-11-21T20:05:00Z"}
INVOICE: dict[str, Any] = {
    "id": "900",
    "type": "CustInvc",
    "tranid": "INV2001",
    "externalid": "tieout-inv-x",
    "entity": "77",
    "currency": "USD",
    "trandate": "2026-11-20",
    "duedate": "2026-12-20",
    "status": "CustInvc:A",
    "voided": "F",
    "foreigntotal": "107.25",
    "foreignamountpaid": "60.25",
    "foreignamountunpaid": "47.00",
    "postingperiod": "11",
    "source": "512",
    "sourcetype": "SalesOrd",
    "custbody_crm_opportunity": "006X",
    **STAMPS,
}
SUMS = {"transaction": "900", "net": "-100.00", "tax": "-7.25"}
SETTLED: dict[str, Any] = {
    "invoice": "900",
    "source": "950",
    "type": "CustPymt",
    "tranid": "PYMT3001",
    "trandate": "2026-11-25",
    "applied": "50.25",
    "discount": "10",
}
RECEIPT: dict[str, Any] = {
    "id": "950",
    "type": "CustPymt",
    "tranid": "PYMT3001",
    "entity": "77",
    "currency": "USD",
    "trandate": "2026-11-25",
    "status": "C",
    "foreigntotal": "80.00",
    "foreignpaymentamountused": "50.25",
    "foreignpaymentamountunused": "29.75",
    "otherrefnum": "CHK-7",
    **STAMPS,
}


@pytest.fixture
def account() -> Iterator[FakeAccount]:
    fake = FakeAccount()
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        fake.install(mock)
        yield fake


def asked(account: FakeAccount) -> list[str]:
    return [json.loads(sent.body)["q"] for sent in account.seen]  # type: ignore[arg-type]


def test_an_invoice_is_read_with_positive_amounts_and_what_settled_it(account: FakeAccount) -> None:
    account.replies = [page(INVOICE), page(SUMS), page(SETTLED)]
    with capture_logs() as logged:
        (found,) = connection().reader.invoices(InvoiceQuery(stamp_fields=["custbody_crm_opportunity"]))
    assert (found.id, found.number, found.status, found.status_name, found.posted) == (
        "900",
        "INV2001",
        "A",
        "Open",
        True,
    )
    assert (found.net, found.tax, found.total) == (Decimal("100.00"), Decimal("7.25"), Decimal("107.25"))
    assert (found.paid, found.unpaid) == (Decimal("60.25"), Decimal("47.00"))
    assert (found.date, found.due_date, found.period_id) == (date(2026, 11, 20), date(2026, 12, 20), "11")
    assert (found.order_id, found.external_id, found.customer_id) == ("512", "tieout-inv-x", "77")
    assert found.stamps == {"custbody_crm_opportunity": "006X"}
    payment = {
        "invoice_id": "900",
        "source_id": "950",
        "source_type": "CustPymt",
        "source_number": "PYMT3001",
        "date": date(2026, 11, 25),
    }
    assert found.applications == (
        Application(kind="payment", amount=Decimal("50.25"), **payment),  # type: ignore[arg-type]
        Application(kind="write_off", amount=Decimal("10"), **payment),  # type: ignore[arg-type]
    )
    assert logged == []


def test_columns_that_are_null_are_absent_and_do_no_harm(account: FakeAccount) -> None:
    bare = {"id": "901", "entity": "77", "trandate": "2026-11-20", "status": "B", "foreigntotal": "5", **STAMPS}
    account.replies = [page(bare), page(), page(), page()]
    (found,) = connection().reader.invoices(InvoiceQuery(with_lines=True, stamp_fields=["custbody_a"]))
    assert (found.due_date, found.order_id, found.external_id, found.period_id) == (None, None, None, None)
    assert (found.net, found.tax, found.paid, found.unpaid) == (Decimal(0), Decimal(0), Decimal(0), Decimal(5))
    assert (found.stamps, found.applications, found.lines) == ({}, (), ())


@pytest.mark.parametrize(("status", "voided", "letter"), [("B", "F", "B"), ("CustInvc:D", "F", "D"), ("A", "T", "V")])
def test_a_status_is_a_bare_letter_and_a_voided_invoice_says_so(
    account: FakeAccount, status: str, voided: str, letter: str
) -> None:
    account.replies = [page({**INVOICE, "status": status, "voided": voided}), page(SUMS)]
    (found,) = connection().reader.invoices(InvoiceQuery(with_applications=False))
    assert found.status == letter


def test_an_invoice_made_from_something_else_than_an_order_has_no_order(account: FakeAccount) -> None:
    account.replies = [page({**INVOICE, "sourcetype": "Estimate"}), page(SUMS)]
    (found,) = connection().reader.invoices(InvoiceQuery(with_applications=False))
    assert found.order_id is None


@pytest.mark.parametrize(
    ("type_", "kind"),
    [
        ("CustPymt", "payment"),
        ("CustCred", "credit"),
        ("Journal", "journal"),
        ("DepAppl", "deposit"),
        ("Odd", "journal"),
    ],
)
def test_the_applying_transactions_type_says_how_an_invoice_was_settled(
    account: FakeAccount, type_: str, kind: str
) -> None:
    account.replies = [page(INVOICE), page(SUMS), page({**SETTLED, "type": type_, "discount": "0"})]
    (found,) = connection().reader.invoices(InvoiceQuery())
    assert [(item.kind, item.source_type) for item in found.applications] == [(kind, type_)]


def test_links_that_do_not_explain_what_is_paid_are_reported_and_nothing_is_invented(account: FakeAccount) -> None:
    account.replies = [page(INVOICE), page(SUMS), page({**SETTLED, "discount": "0"})]
    with capture_logs() as logged:
        (found,) = connection().reader.invoices(InvoiceQuery())
    assert [item.amount for item in found.applications] == [Decimal("50.25")]
    assert found.paid == Decimal("60.25")
    (warning,) = logged
    assert (warning["log_level"], warning["invoice"], warning["paid"], warning["applied"]) == (
        "warning",
        "900",
        "60.25",
        "50.25",
    )


def test_lines_name_the_order_line_that_they_bill(account: FakeAccount) -> None:
    line = {"transaction": "900", "line": "1", "item": "44", "quantity": "-3", "foreignamount": "-100.00"}
    account.replies = [
        page(INVOICE),
        page(SUMS),
        page(
            {**line, "orderline": "4", "custcol_tieout_line_id": LINE},
            {**line, "orderline": "4"},
            {"transaction": "900", "line": "2", "foreignamount": "5.00"},
        ),
    ]
    (found,) = connection().reader.invoices(InvoiceQuery(with_lines=True, with_applications=False))
    assert found.lines == (
        InvoiceLine(line=1, order_line=4, item_id="44", quantity=Decimal(3), amount=Decimal("100.00"), key=LINE),
        InvoiceLine(line=2, order_line=None, item_id=None, quantity=None, amount=Decimal("-5.00")),
    )


def test_applications_are_paged_by_invoice_and_applying_transaction(account: FakeAccount) -> None:
    account.replies = [
        page(INVOICE),
        page(SUMS),
        page(SETTLED, more=True),
        page({**SETTLED, "source": "951", "type": "CustCred"}),
    ]
    (found,) = connection().reader.invoices(InvoiceQuery())
    assert [(item.source_id, item.kind) for item in found.applications] == [
        ("950", "payment"),
        ("950", "write_off"),
        ("951", "credit"),
        ("951", "write_off"),
    ]
    assert "l.previousdoc = 900 AND l.nextdoc > 950" in asked(account)[-1]


def test_voided_and_unapproved_transactions_settle_nothing(account: FakeAccount) -> None:
    account.replies = [page(INVOICE), page(SUMS), page(SETTLED)]
    list(connection().reader.invoices(InvoiceQuery()))
    query = asked(account)[-1]
    assert "NVL(a.voided, 'F') = 'F'" in query
    assert "NOT (a.type = 'CustPymt' AND NVL(a.status, '-') IN ('A', 'CustPymt:A'))" in query


def test_the_parts_of_an_invoice_query_are_joined_by_and(account: FakeAccount) -> None:
    account.replies = [page()]
    query = InvoiceQuery(
        ids=["900"],
        order_ids=["512"],
        customer_ids=["77"],
        external_ids=["Tieout-Inv-X"],
        changed_since=SINCE,
        open_only=True,
        stamp_fields=["custbody_a"],
    )
    assert list(connection().reader.invoices(query)) == []
    (text,) = asked(account)
    for part in (
        ", t.custbody_a FROM",
        "AND t.id IN (900)",
        "AND tl.createdfrom IN (512)",
        "AND t.entity IN (77)",
        "AND LOWER(t.externalid) IN ('tieout-inv-x')",
        "AND NVL(t.foreignamountunpaid, 0) <> 0",
        "t.status IN ('A', 'CustInvc:A', 'B', 'CustInvc:B')",
    ):
        assert part in text


def test_invoices_whose_payments_changed_count_as_changed(account: FakeAccount) -> None:
    account.replies = [page()]
    list(connection().reader.invoices(InvoiceQuery(changed_since=SINCE)))
    (text,) = asked(account)
    moment = ">= TO_TIMESTAMP('2026-11-20 20:05:00', 'YYYY-MM-DD HH24:MI:SS')"
    for alias in ("t", "a", "l"):
        assert f"SYS_EXTRACT_UTC({alias}.lastmodifieddate) {moment}" in text
    assert "t.id IN (SELECT l.previousdoc FROM PreviousTransactionLineLink l JOIN transaction a" in text


def test_long_lists_of_orders_are_split_and_the_invoices_still_come_in_order(account: FakeAccount) -> None:
    def answer(request: requests.PreparedRequest) -> Reply:
        query = json.loads(request.body or "")["q"]
        if "t.type = 'CustInvc'" not in query:
            return page()
        return (
            page({**INVOICE, "id": "900"}, {**INVOICE, "id": "902"})
            if "(1000," in query
            else page({**INVOICE, "id": "901"})
        )

    account.replies = [answer]
    found = connection().reader.invoices(InvoiceQuery(order_ids=[str(1000 + number) for number in range(501)]))
    assert [invoice.id for invoice in found] == ["900", "901", "902"]


def test_an_empty_selection_asks_nothing(account: FakeAccount) -> None:
    reader = connection().reader
    assert list(reader.invoices(InvoiceQuery(order_ids=[]))) == []
    assert list(reader.receipts(ReceiptQuery(ids=[]))) == []
    assert list(reader.receipts(ReceiptQuery(types=[]))) == []
    assert reader.credit_terms([]) == []
    assert account.seen == []


@pytest.mark.parametrize("name", ["memo", "custbody_x, t.memo", "custcol_a", "custbody_x; DROP"])
def test_a_stamp_that_is_no_custom_body_field_never_enters_a_query(account: FakeAccount, name: str) -> None:
    account.replies = [page()]
    with pytest.raises(ValueError, match="custom body field"):
        list(connection().reader.invoices(InvoiceQuery(stamp_fields=[name])))
    assert account.seen == []


def test_a_stamp_that_the_account_does_not_have_is_named(account: FakeAccount) -> None:
    account.replies = [refusal(400, "INVALID_PARAMETER", "Field 'custbody_x' for record 'transaction' was not found.")]
    with pytest.raises(SchemaError, match="custbody_x"):
        list(connection().reader.invoices(InvoiceQuery(stamp_fields=["custbody_x"])))


def test_an_amount_that_is_no_number_is_refused(account: FakeAccount) -> None:
    account.replies = [page({**INVOICE, "foreignamountpaid": "a lot"}), page(SUMS), page()]
    with pytest.raises(ProtocolError, match="foreignamountpaid 'a lot' is not a number"):
        list(connection().reader.invoices(InvoiceQuery()))


def test_a_payment_is_read_with_what_is_left_of_it(account: FakeAccount) -> None:
    account.replies = [page(RECEIPT)]
    (found,) = connection().reader.receipts(ReceiptQuery(unapplied_only=True, changed_since=SINCE, customer_ids=["77"]))
    assert (found.type, found.number, found.status, found.counts) == ("CustPymt", "PYMT3001", "C", True)
    assert (found.total, found.applied, found.unapplied) == (Decimal("80.00"), Decimal("50.25"), Decimal("29.75"))
    assert (found.reference, found.order_id, found.invoice_id) == ("CHK-7", None, None)
    (text,) = asked(account)
    assert "t.type IN ('CustPymt', 'CustDep', 'CustCred', 'CustRfnd')" in text
    assert "NVL(t.foreignpaymentamountunused, 0) <> 0" in text
    assert "SYS_EXTRACT_UTC(t.lastmodifieddate) >=" in text
    assert "t.entity IN (77)" in text


def test_credit_memos_and_refunds_become_positive(account: FakeAccount) -> None:
    memo = {
        **RECEIPT, "id": "960", "type": "CustCred", "status": "A", "foreigntotal": "-30", "source": "900",
        "sourcetype": "CustInvc", "foreignpaymentamountused": "-10", "foreignpaymentamountunused": "-20",
    }  # fmt: skip
    refund = {"id": "970", "type": "CustRfnd", "entity": "77", "trandate": "2026-11-25", **STAMPS}
    account.replies = [page(memo, {**refund, "foreigntotal": "-20.00"})]
    credit, paid_out = connection().reader.receipts(ReceiptQuery())
    assert (credit.total, credit.applied, credit.unapplied) == (Decimal(30), Decimal(10), Decimal(20))
    assert (credit.invoice_id, credit.order_id, credit.counts) == ("900", None, True)
    assert (paid_out.total, paid_out.applied, paid_out.unapplied) == (Decimal(20), Decimal(20), Decimal(0))


@pytest.mark.parametrize(
    ("changes", "counts", "voided"),
    [
        ({"status": "A"}, False, False),
        ({"status": "CustPymt:B"}, True, False),
        ({"voided": "T"}, False, True),
        ({"status": "V"}, False, True),
        ({"type": "CustDep", "status": "A"}, True, False),
        ({"type": "CustCred", "status": "CustCred:V"}, False, True),
    ],
)
def test_only_live_and_approved_money_counts(
    account: FakeAccount, changes: dict[str, str], counts: bool, voided: bool
) -> None:
    account.replies = [page({**RECEIPT, **changes})]
    (found,) = connection().reader.receipts(ReceiptQuery())
    assert (found.counts, found.voided) == (counts, voided)


def test_a_receipt_of_another_type_is_not_asked_for(account: FakeAccount) -> None:
    with pytest.raises(ValueError, match="'DepAppl' is not one of"):
        list(connection().reader.receipts(ReceiptQuery(types=["DepAppl"])))  # type: ignore[list-item]


def test_deleted_transactions_are_named_by_type_and_id(account: FakeAccount) -> None:
    account.replies = [page({"recordid": "900", "type": "invoice"}, {"recordid": "950", "type": "customerpayment"})]
    assert connection().reader.deleted(SINCE) == [("CustInvc", "900"), ("CustPymt", "950")]
    (text,) = asked(account)
    assert "LOWER(REPLACE(d.type, ' ', '')) IN ('salesorder'," in text
    assert "d.recordid > 0 ORDER BY d.recordid" in text


def test_periods_come_oldest_first_and_a_locked_one_is_closed(account: FakeAccount) -> None:
    december = {"id": "3", "periodname": "Dec 2026", "startdate": "2026-12-01", "enddate": "2026-12-31"}
    october = {"id": "9", "periodname": "Oct 2026", "startdate": "2026-10-01", "enddate": "2026-10-31"}
    account.replies = [
        page(
            {**december, "closed": "F", "arlocked": "T"}, {**october, "closed": "T", "closedon": "2026-11-05T08:00:00Z"}
        )
    ]
    assert connection().reader.periods() == [
        Period(
            id="9",
            name="Oct 2026",
            start=date(2026, 10, 1),
            end=date(2026, 10, 31),
            closed=True,
            closed_on=datetime(2026, 11, 5, 8, tzinfo=UTC),
        ),
        Period(id="3", name="Dec 2026", start=date(2026, 12, 1), end=date(2026, 12, 31), closed=True),
    ]


def test_credit_terms_come_in_the_customers_currency(account: FakeAccount) -> None:
    account.replies = [
        page({"id": "77", "creditlimit": "5000", "creditholdoverride": "AUTO", "currency": "EUR"}, {"id": "78"})
    ]
    assert connection().reader.credit_terms(["78", "77", "77"]) == [
        CreditTerms(customer_id="77", currency="EUR", limit=Decimal(5000), hold="AUTO"),
        CreditTerms(customer_id="78", currency="", limit=None, hold=None),
    ]
    assert "IN (77, 78)" in asked(account)[0]


def test_invoice_totals_are_gross_and_of_posted_invoices(account: FakeAccount) -> None:
    account.replies = [page({"currency": "EUR", "documents": "3", "total": "250.50"})]
    assert connection().reader.invoice_totals() == [ControlTotal(currency="EUR", count=3, amount=Decimal("250.50"))]
    (text,) = asked(account)
    assert "SUM(t.foreigntotal)" in text
    assert "t.status IN ('A', 'CustInvc:A', 'B', 'CustInvc:B')" in text


def test_an_orders_lines_tell_what_is_fulfilled_and_billed(account: FakeAccount) -> None:
    head = {**INVOICE, "id": "512", "status": "E", "billingschedule": "Monthly", "nextbill": "2026-12-01"}
    line = {"transaction": "512", "line": "1", "quantity": "-5", "foreignamount": "-50", "isfulfillable": "T"}
    account.replies = [
        page(head),
        page(),
        page({**line, "quantityshiprecv": "-4", "quantitybilled": "-3", "isclosed": "T"}, {**line, "line": "2"}),
    ]
    (order,) = connection().reader.orders(OrderQuery(with_lines=True))
    assert (order.billing_schedule, order.next_bill) == ("Monthly", date(2026, 12, 1))
    first, second = order.lines
    assert (first.fulfillable, first.fulfilled, first.billed, first.closed) == (True, Decimal(4), Decimal(3), True)
    assert (second.fulfilled, second.billed, second.closed) == (Decimal(0), Decimal(0), False)


def test_changed_customers_are_asked_for_by_their_stamp(account: FakeAccount) -> None:
    account.replies = [page()]
    assert list(connection().reader.customers(SINCE)) == []
    assert "AND SYS_EXTRACT_UTC(lastmodifieddate) >= TO_TIMESTAMP('2026-11-20 20:05:00'" in asked(account)[0]


def test_the_mark_of_a_list_changes_with_its_size_and_its_newest_stamp(account: FakeAccount) -> None:
    account.replies = [
        page({"entries": "2", "newest": "2026-11-20T20:00:00Z"}),
        page({"entries": "3", "newest": "2026-11-20T20:00:00Z"}),
        page({"entries": "0"}),
    ]
    reader = connection().reader
    assert [reader.list_mark("item") for _ in range(3)] == ["2/2026-11-20T20:00:00Z", "3/2026-11-20T20:00:00Z", "0/-"]
    with pytest.raises(ValueError, match="'term' keeps no stamps"):
        reader.list_mark("term")


@pytest.mark.parametrize(
    ("type_", "page_"),
    [
        ("invoice", "custinvc"),
        ("customerPayment", "custpymt"),
        ("creditMemo", "custcred"),
        ("customerDeposit", "custdep"),
        ("customerRefund", "custrfnd"),
        ("CustInvc", "custinvc"),
        ("DepAppl", "depappl"),
        ("Journal", "journal"),
    ],
)
def test_receivables_are_shown_at_their_own_pages(type_: str, page_: str) -> None:
    assert connection().reader.record_url(type_, "9") == (
        f"https://7654321-sb1.app.netsuite.com/app/accounting/transactions/{page_}.nl?id=9"
    )


def test_changed_transactions_are_named_by_type_and_id(account: FakeAccount) -> None:
    account.replies = [page({"id": "900", "type": "CustInvc"}, more=True), page({"id": "950", "type": "DepAppl"})]
    assert connection().reader.changed_transactions(SINCE) == [("CustInvc", "900"), ("DepAppl", "950")]
    first, second = asked(account)
    assert "'CustDep', 'CustInvc', 'CustPymt', 'CustRfnd', 'DepAppl', 'ItemShip', 'Journal', 'SalesOrd'" in first
    assert "t.id > 900" in second


def test_an_account_without_billing_schedules_is_asked_without_them(account: FakeAccount) -> None:
    missing = refusal(400, "INVALID_PARAMETER", "Field 'nextbilldate' for record 'transaction' was not found.")
    account.replies = [missing, page({**INVOICE, "id": "512"}), page(), page()]
    reader = connection().reader
    with capture_logs() as logged:
        (order,) = reader.orders(OrderQuery())
        assert list(reader.orders(OrderQuery(ids=["7"]))) == []
    assert (order.id, order.billing_schedule, order.next_bill) == ("512", None, None)
    assert ["billingschedule" in query for query in asked(account)] == [True, False, False, False]
    assert len(logged) == 1


def test_another_unknown_column_of_orders_is_not_passed_over(account: FakeAccount) -> None:
    account.replies = [refusal(400, "INVALID_PARAMETER", "Field 'custbody_tieout_ver' was not found.")]
    with pytest.raises(SchemaError, match="custbody_tieout_ver"):
        list(connection().reader.orders(OrderQuery()))
    assert len(account.seen) == 1


def test_documents_that_come_and_go_between_two_pages_neither_repeat_nor_hide_others(account: FakeAccount) -> None:
    """Pages follow the last id, not an offset: with offsets the deleted 900 would have let 903 slip past page 2."""
    ids = [900, 901, 902, 903, 904]

    def next_two(request: requests.PreparedRequest) -> Reply:
        query = json.loads(request.body or "")["q"]
        after = int(re.search(r"t\.id > (\d+)", query)[1])  # type: ignore[index]
        rows = [{**RECEIPT, "id": str(id_)} for id_ in ids if id_ > after]
        if after == 0:
            ids.remove(900)
            ids.insert(0, 899)
        return page(*rows[:2], more=len(rows) > 2)

    account.replies = [next_two, next_two, next_two]
    found = [receipt.id for receipt in connection().reader.receipts(ReceiptQuery(changed_since=SINCE))]
    assert found == ["900", "901", "902", "903", "904"]
    assert all("offset" not in query.lower() for query in asked(account))
