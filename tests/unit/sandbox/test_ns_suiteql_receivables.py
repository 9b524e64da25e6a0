"""SuiteQL over receivables: invoices, what settles them, links that follow unapplying and voiding, periods."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from sandbox.netsuite.sql_dialect import rewritten
from sandbox.netsuite.sql_engine import SqlEngine
from sandbox.store import Store

NOW = datetime(2026, 12, 6, 12, 0, tzinfo=UTC)
EARLY, LATE = "2026-11-22T12:00:00Z", "2026-12-05T12:00:00Z"

INVOICE_BALANCES = """SELECT t.id, t.externalid, t.tranid, t.status, BUILTIN.DF(t.status) AS status_name,
       t.entity, tl.subsidiary, tl.createdfrom AS salesorder_id, t.custbody_tieout_deal_id,
       t.currency, t.exchangerate,
       TO_CHAR(t.trandate,'YYYY-MM-DD') AS trandate, TO_CHAR(t.duedate,'YYYY-MM-DD') AS duedate,
       t.foreigntotal, t.foreignamountpaid, t.foreignamountunpaid,
       CASE WHEN NVL(t.foreignamountunpaid,0) > 0 AND t.duedate < TRUNC(SYSDATE)
            THEN TRUNC(SYSDATE) - TRUNC(t.duedate) ELSE 0 END AS days_overdue,
       TO_CHAR(SYS_EXTRACT_UTC(t.lastmodifieddate),'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS modified_utc
FROM transaction t
JOIN transactionline tl ON tl.transaction = t.id AND tl.mainline = 'T'
WHERE t.type = 'CustInvc' AND t.id > {last_id}
  AND (SYS_EXTRACT_UTC(t.lastmodifieddate) >= TO_TIMESTAMP('{utc}','YYYY-MM-DD HH24:MI:SS')
       OR t.id IN (SELECT l.previousdoc FROM PreviousTransactionLineLink l
                   JOIN transaction a ON a.id = l.nextdoc
                   WHERE SYS_EXTRACT_UTC(a.lastmodifieddate) >= TO_TIMESTAMP('{utc}','YYYY-MM-DD HH24:MI:SS')))
ORDER BY t.id"""
APPLIED = """SELECT l.previousdoc AS invoice_id, l.nextdoc AS applying_id, a.type AS applying_type, a.tranid,
       TO_CHAR(a.trandate,'YYYY-MM-DD') AS applied_date, l.linktype, SUM(ABS(l.foreignamount)) AS applied
FROM NextTransactionLineLink l JOIN transaction a ON a.id = l.nextdoc
WHERE l.linktype = 'Payment' AND l.previousdoc IN ({ids})
GROUP BY l.previousdoc, l.nextdoc, a.type, a.tranid, a.trandate, l.linktype
ORDER BY l.previousdoc, l.nextdoc"""
CHAIN = """SELECT DISTINCT l.previousdoc AS salesorder_id, l.nextdoc, l.nexttype, l.linktype
FROM NextTransactionLineLink l WHERE l.previousdoc IN ({ids}) ORDER BY l.previousdoc, l.nextdoc"""
UNAPPLIED = """SELECT id, type, tranid, entity, currency, foreigntotal, foreignpaymentamountused,
  foreignpaymentamountunused
FROM transaction
WHERE type IN ('CustPymt','CustCred','CustDep') AND NVL(foreignpaymentamountunused,0) <> 0 AND id > {last}
ORDER BY id"""


def order() -> dict[str, Any]:
    line = {"line": 1, "item": "5", "quantity": Decimal(10), "rate": Decimal(10), "amount": Decimal("100.00")}
    return common("1001", "SO1001") | {
        "orderStatus": "E", "total": Decimal("110.00"), "discountTotal": 0, "taxTotal": Decimal("10.00"), "nextLine": 2,
        "billingSchedule": "3", "nextBillDate": "2027-11-01",
        "lines": [line | {"quantityBilled": Decimal(4), "quantityFulfilled": Decimal(6)}],
    }  # fmt: skip


def common(id_: str, number: str, **more: Any) -> dict[str, Any]:
    stamps = {"createdDate": EARLY, "lastModifiedDate": EARLY}
    return {
        "id": id_, "tranId": number, "entity": "501", "subsidiary": "1", "currency": "1", "exchangeRate": Decimal(1),
        "tranDate": "2026-11-22", "postingPeriod": "23", **stamps, **more,
    }  # fmt: skip


def invoice(**more: Any) -> dict[str, Any]:
    line = {"line": 1, "orderLine": 1, "item": "5", "quantity": Decimal(4), "amount": Decimal("40.00")}
    return common("1002", "INV2001", externalId="tieout-inv-006", custbody_tieout_deal_id="006") | {
        "createdFrom": "1001", "dueDate": "2026-12-01", "status": "A", "total": Decimal("44.00"), "nextLine": 2,
        "lines": [line], "discountTotal": 0, "taxTotal": Decimal("4.00"), "amountPaid": Decimal("15.00"),
        "amountRemaining": Decimal("29.00"), "voided": False,
    } | more  # fmt: skip


def payment(**more: Any) -> dict[str, Any]:
    body = common("1003", "PYMT3001", customer="501", lastModifiedDate=LATE, tranDate="2026-12-05", checkNum="W-7")
    del body["entity"]
    applied = {"doc": "1002", "line": 0, "amount": Decimal("14.00"), "disc": Decimal("1.00")}
    return body | {
        "payment": Decimal("20.00"), "apply": [applied], "credits": [], "applied": Decimal("14.00"),
        "unapplied": Decimal("6.00"), "status": "C", "voided": False,
    } | more  # fmt: skip


def put(store: Store, type_: str, body: dict[str, Any]) -> None:
    store.put(type_, str(body["id"]), body, external_id=body.get("externalId"))


@pytest.fixture
def store() -> Store:
    store = Store()
    put(store, "salesOrder", order())
    put(store, "invoice", invoice())
    put(store, "customerPayment", payment())
    return store


@pytest.fixture
def engine(store: Store) -> SqlEngine:
    return SqlEngine(store)


def run(engine: SqlEngine, query: str) -> list[dict[str, str]]:
    return engine.query(rewritten(query, NOW), limit=1000, offset=0)[0]


def test_an_invoice_shows_its_balance_due_date_order_and_days_overdue(engine: SqlEngine) -> None:
    assert run(engine, INVOICE_BALANCES.format(last_id=0, utc="2026-11-01 00:00:00")) == [
        {
            "id": "1002", "externalid": "tieout-inv-006", "tranid": "INV2001", "status": "A",
            "status_name": "Invoice : Open", "entity": "501", "subsidiary": "1", "salesorder_id": "1001",
            "custbody_tieout_deal_id": "006", "currency": "1", "exchangerate": "1", "trandate": "2026-11-22",
            "duedate": "2026-12-01", "foreigntotal": "44", "foreignamountpaid": "15", "foreignamountunpaid": "29",
            "days_overdue": "5", "modified_utc": EARLY,
        }
    ]  # fmt: skip


def test_an_invoice_whose_payment_changed_is_found_although_its_own_stamp_is_old(
    store: Store, engine: SqlEngine
) -> None:
    query = INVOICE_BALANCES.format(last_id=0, utc="2026-12-01 00:00:00")
    assert [row["id"] for row in run(engine, query)] == ["1002"]
    put(store, "customerPayment", payment(apply=[], lastModifiedDate=LATE))
    assert run(engine, query) == []


def test_cash_and_discount_of_one_payment_are_two_links(engine: SqlEngine) -> None:
    assert run(engine, APPLIED.format(ids="1002")) == [
        {"invoice_id": "1002", "applying_id": "1003", "applying_type": "CustPymt", "tranid": "PYMT3001"}
        | {"applied_date": "2026-12-05", "linktype": "Payment", "applied": "14"}
    ]
    found = run(engine, "SELECT foreignamount FROM NextTransactionLineLink WHERE linktype = 'PymtDisc'")
    assert found == [{"foreignamount": "1"}]


def test_the_chain_of_an_order_names_its_invoices_and_fulfilments(store: Store, engine: SqlEngine) -> None:
    shipped = [{"orderLine": 1, "item": "5", "quantity": Decimal(6)}]
    fulfilment = common("1004", "IF7001", createdFrom="1001") | {"lines": [{"line": 1, **shipped[0]}]}
    put(store, "itemFulfillment", fulfilment)
    assert run(engine, CHAIN.format(ids="1001")) == [
        {"salesorder_id": "1001", "nextdoc": "1002", "nexttype": "CustInvc", "linktype": "OrdBill"},
        {"salesorder_id": "1001", "nextdoc": "1004", "nexttype": "ItemShip", "linktype": "ShipRcpt"},
    ]


def test_unapplied_money_is_found(engine: SqlEngine) -> None:
    assert run(engine, UNAPPLIED.format(last=0)) == [
        {"id": "1003", "type": "CustPymt", "tranid": "PYMT3001", "entity": "501", "currency": "1"}
        | {"foreigntotal": "20", "foreignpaymentamountused": "14", "foreignpaymentamountunused": "6"}
    ]


def test_a_voided_payment_has_no_link(store: Store, engine: SqlEngine) -> None:
    assert len(run(engine, APPLIED.format(ids="1002"))) == 1
    put(store, "customerPayment", payment(voided=True))
    assert run(engine, APPLIED.format(ids="1002")) == []
    assert run(engine, "SELECT voided FROM transaction WHERE id = 1003") == [{"voided": "T"}]


def test_a_link_carries_the_stamp_of_what_was_applied(engine: SqlEngine) -> None:
    found = run(
        engine,
        'SELECT TO_CHAR(SYS_EXTRACT_UTC(lastmodifieddate), \'YYYY-MM-DD"T"HH24:MI:SS"Z"\') AS at, previoustype '
        "FROM PreviousTransactionLineLink WHERE nextdoc = 1003 AND linktype = 'Payment'",
    )
    assert found == [{"at": LATE, "previoustype": "CustInvc"}]


def test_credits_used_by_a_payment_settle_before_its_money(store: Store, engine: SqlEngine) -> None:
    applied = [{"doc": "1002", "line": 0, "amount": Decimal("44.00")}]
    used = [{"doc": "1005", "amount": Decimal("30.00")}]
    put(store, "creditMemo", common("1005", "CM4001", total=Decimal("30.00"), unapplied=0, status="B", lines=[]))
    put(store, "customerPayment", payment(payment=Decimal("14.00"), apply=applied, credits=used, unapplied=0))
    found = run(engine, APPLIED.format(ids="1002"))
    assert [(row["applying_type"], row["applied"]) for row in found] == [("CustPymt", "14"), ("CustCred", "30")]


def test_a_credit_memo_is_negative_and_its_lines_positive(store: Store, engine: SqlEngine) -> None:
    line = {"line": 1, "item": "5", "quantity": Decimal(1), "amount": Decimal("10.00")}
    memo = common("1005", "CM4001", createdFrom="1002", total=Decimal("11.00"), unapplied=Decimal("4.00"), status="A")
    put(store, "creditMemo", memo | {"lines": [line], "taxTotal": Decimal("1.00"), "nextLine": 2})
    (head,) = run(engine, "SELECT foreigntotal, foreignpaymentamountunused FROM transaction WHERE id = 1005")
    assert head == {"foreigntotal": "-11", "foreignpaymentamountunused": "4"}
    lines = run(
        engine,
        "SELECT foreignamount, createdfrom FROM transactionline WHERE transaction = 1005 ORDER BY linesequencenumber",
    )
    assert lines == [{"foreignamount": "-11", "createdfrom": "1002"}, {"foreignamount": "10"}, {"foreignamount": "1"}]


def test_a_deposit_names_its_order_and_its_application_both_documents(store: Store, engine: SqlEngine) -> None:
    deposit = common("1006", "DEP5001", customer="501", salesOrder="1001", payment=Decimal("50.00"))
    put(store, "customerDeposit", deposit | {"unapplied": Decimal("38.00"), "status": "B"})
    application = common("1007", "DA1", deposit="1006", apply=[{"doc": "1002", "amount": Decimal("12.00")}])
    put(store, "depositApplication", application)
    assert run(engine, "SELECT createdfrom FROM transactionline WHERE transaction = 1006") == [{"createdfrom": "1001"}]
    query = "SELECT previousdoc, previoustype, foreignamount FROM NextTransactionLineLink WHERE nextdoc = 1007"
    found = run(engine, query)
    assert sorted((row["previousdoc"], row["previoustype"], row["foreignamount"]) for row in found) == [
        ("1002", "CustInvc", "12"), ("1006", "CustDep", "12"),
    ]  # fmt: skip


def test_a_voided_invoice_has_lines_of_nothing_and_no_link_to_its_order(store: Store, engine: SqlEngine) -> None:
    zero = Decimal(0)
    put(store, "invoice", invoice(voided=True, status="V", total=zero, amountRemaining=zero, amountPaid=zero))
    found = run(engine, "SELECT mainline, foreignamount FROM transactionline WHERE transaction = 1002 ORDER BY id")
    assert found == [{"mainline": "T", "foreignamount": "0"}, {"mainline": "F", "foreignamount": "0"}]
    assert run(engine, CHAIN.format(ids="1001")) == []
    (row,) = run(engine, "SELECT BUILTIN.DF(status) AS status FROM transaction WHERE id = 1002")
    assert row == {"status": "Invoice : Voided"}


def test_an_order_line_shows_what_is_billed_and_shipped_as_negative_quantities(engine: SqlEngine) -> None:
    found = run(
        engine,
        "SELECT quantity, quantitybilled, quantityshiprecv FROM transactionline WHERE transaction = 1001 AND item = 5",
    )
    assert found == [{"quantity": "-10", "quantitybilled": "-4", "quantityshiprecv": "-6"}]


def test_an_order_shows_its_billing_schedule_and_next_bill_date(store: Store, engine: SqlEngine) -> None:
    put(store, "billingSchedule", {"id": "3", "name": "Annual in arrears"})
    found = run(
        engine,
        "SELECT BUILTIN.DF(billingschedule) AS schedule, TO_CHAR(nextbilldate,'YYYY-MM-DD') AS next "
        "FROM transaction WHERE id = 1001",
    )
    assert found == [{"schedule": "Annual in arrears", "next": "2027-11-01"}]


def test_periods_show_whether_receivables_can_still_be_posted(store: Store, engine: SqlEngine) -> None:
    period = {"periodName": "Nov 2026", "startDate": "2026-11-01", "endDate": "2026-11-30", "closed": False}
    put(store, "accountingPeriod", {"id": "23", **period, "arLocked": True, "closedOnDate": None})
    found = run(engine, "SELECT id, periodname, closed, arlocked, isyear, enddate, closedondate FROM accountingperiod")
    assert found == [
        {"id": "23", "periodname": "Nov 2026", "closed": "F", "arlocked": "T", "isyear": "F", "enddate": "11/30/2026"}
    ]
    (row,) = run(engine, "SELECT BUILTIN.DF(postingperiod) AS period FROM transaction WHERE id = 1002")
    assert row == {"period": "Nov 2026"}


def test_a_customer_shows_limit_and_hold_and_an_item_whether_it_ships(store: Store, engine: SqlEngine) -> None:
    put(store, "customer", {"id": "501", "entityId": "C-1", "companyName": "Globex", "creditLimit": Decimal(5000)})
    put(store, "customer", {"id": "502", "entityId": "C-2", "creditHoldOverride": "_on"})
    put(store, "item", {"id": "5", "itemId": "PLAT", "itemType": "Service"})
    put(store, "item", {"id": "6", "itemId": "BOX", "itemType": "InvtPart"})
    put(store, "item", {"id": "7", "itemId": "KIT", "itemType": "NonInvtPart", "isFulfillable": True})
    assert run(engine, "SELECT creditlimit, creditholdoverride FROM customer ORDER BY id") == [
        {"creditlimit": "5000", "creditholdoverride": "AUTO"}, {"creditholdoverride": "ON"},
    ]  # fmt: skip
    found = run(engine, "SELECT isfulfillable FROM item ORDER BY id")
    assert [row["isfulfillable"] for row in found] == ["F", "T", "T"]


def test_a_thousand_settled_invoices_do_not_make_a_query_slow(store: Store, engine: SqlEngine) -> None:
    with store.transaction():
        for number in range(1000):
            put(store, "invoice", invoice(id=str(2000 + number), externalId=None))
            applied = [{"doc": str(2000 + number), "line": 0, "amount": Decimal("14.00")}]
            put(store, "customerPayment", payment(id=str(4000 + number), apply=applied))
    query = INVOICE_BALANCES.format(last_id=0, utc="2026-12-01 00:00:00")
    assert len(run(engine, query)) == 1000
    put(store, "customerPayment", payment(id="4000", apply=[]))
    started = time.process_time()
    for _ in range(5):
        put(store, "customerPayment", payment(id="4000", apply=[]))
        assert len(run(engine, query)) == 1000
    assert (time.process_time() - started) / 5 < 0.5
