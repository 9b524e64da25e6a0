"""The NetSuite connector over real HTTP: billing an order, and reading what finance then does with the invoices."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from config.system import SystemClock, SystemRandom
from connectors.netsuite import NetSuiteConnection, connect
from connectors.ports import InvoiceQuery, OrderQuery, ReceiptQuery
from connectors.receivables import PERIOD_CODES, Billable, Invoice
from connectors.records import Payload, PayloadLine, Reference, WriteOutcome, WriteRequest
from sandbox.clerk.run import carry_out
from sandbox.serve import running
from tests.contract import netsuite_book

START = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
BOOK = {
    "item": (
        "id,itemid,displayname,isinactive,itemtype\n11,WID-1,Widget,F,InvtPart\n12,SUP-1,Support,F,Service\n"
        "13,OLD-1,Old thing,T,Service\n"
    ),
    "salesOrder": (
        "tranId,entity,currency,subsidiary,tranDate,otherRefNum,memo\n"
        "SO500,21,USD,1,2026-11-02,PO-HAND,goods\nSO501,21,USD,1,2026-11-03,,service\nSO502,21,USD,1,2026-11-03,,more\n"
    ),
    "salesOrder.lines": (
        "salesOrder,item,quantity,rate,amount,description\n"
        "SO500,WID-1,4,10.00,40.00,four widgets\nSO500,SUP-1,1,60.00,60.00,support\n"
        "SO501,SUP-1,3,33.33,99.99,support\nSO502,SUP-1,1,50.00,50.00,support\n"
    ),
}
ACTIONS = [
    {"phase": "approve", "op": "approve", "order": "SO500"},
    {"phase": "approve", "op": "approve", "order": "SO501"},
    {"phase": "approve", "op": "approve", "order": "SO502"},
    {"phase": "approve", "op": "fulfil", "order": "SO500", "share": "0.5"},
    {"phase": "collect", "op": "credit", "order": "SO501", "share": "0.1", "apply": True},
    {"phase": "collect", "op": "pay", "orders": ["SO501"], "share": "0.5", "disc_share": "0.1", "reference": "CHK-7"},
    {"phase": "collect", "op": "deposit", "order": "SO501", "amount": "7.00"},
    {"phase": "collect", "op": "apply_deposit", "order": "SO501"},
    {"phase": "collect", "op": "pay", "orders": ["SO502"], "over": "5.00"},
    {"phase": "late", "op": "unapply", "order": "SO502"},
    {"phase": "late", "op": "close_period", "name": "Nov 2026"},
]


@dataclass(frozen=True)
class World:
    netsuite: NetSuiteConnection
    folder: Path
    base_url: str

    def step(self, **span: int) -> None:
        body = json.dumps({"seconds": int(timedelta(**span).total_seconds())}).encode()
        address = f"{self.base_url}/_sandbox/step"
        request = urllib.request.Request(address, body, {"Content-Type": "application/json"})
        urllib.request.urlopen(request, timeout=10).close()

    def clerk(self, phase: str) -> None:
        carry_out(self.folder / "state", phase, self.folder / "book")

    def order(self, number: str) -> str:
        return next(order.id for order in self.netsuite.reader.orders(OrderQuery()) if order.number == number)

    def billed(self, number: str, day: date = date(2026, 11, 20)) -> tuple[Billable, WriteOutcome]:
        offer = self.netsuite.writer.billable(self.order(number))
        request = invoice_of(offer, day, f"tieout-inv-{number}")
        ((_, outcome),) = self.netsuite.writer.write([request])
        return offer, outcome

    def invoices(self, **query: Any) -> list[Invoice]:
        with capture_logs() as logged:
            found = list(self.netsuite.reader.invoices(InvoiceQuery(**query)))
        assert logged == [], "the links explain every amount"
        return found


def invoice_of(offer: Billable, day: date, external_id: str) -> WriteRequest:
    lines = tuple(
        PayloadLine(
            key=str(line.order_line),
            values={
                "orderLine": Decimal(line.order_line),
                "item": Reference(type="item", id=line.item_id),
                "quantity": line.quantity,
                "price": Reference(type="priceLevel", id="-1"),
                "rate": line.rate,
                "amount": line.amount,
            },
        )
        for line in offer.lines
    )
    values = {
        "createdFrom": Reference(type="salesOrder", id=offer.order_id),
        "tranDate": day,
        "custbody_tieout_intent": "intent-1",
        "custbody_crm_opportunity": "006X",
    }
    payload = Payload(type="invoice", values=values, lines=lines)
    return WriteRequest(key=external_id, op="add", payload=payload, external_id=external_id)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    book = netsuite_book.write(tmp_path / "book")
    for name, text in BOOK.items():
        (book / "netsuite" / f"{name}.csv").write_text(text, encoding="utf-8")
    (book / "clerk.json").write_text(json.dumps({"version": 1, "actions": [{"label": "", **row} for row in ACTIONS]}))
    with running(tmp_path / "state", str(book), now=START) as ready:
        settings, environ = netsuite_book.settings(ready)
        netsuite = connect(settings, clock=SystemClock(), random=SystemRandom(), environ=environ)
        yield World(netsuite, tmp_path, ready["netsuite"]["base_url"])


def test_only_what_was_fulfilled_is_offered_and_the_order_tells_how_far_it_is(world: World) -> None:
    before = world.netsuite.writer.billable(world.order("SO500"))
    assert (before.lines, bool(before.code), bool(before.reason)) == ((), True, True)
    world.clerk("approve")
    offer, outcome = world.billed("SO500")
    assert outcome.status == "success", outcome.message
    assert [(line.order_line, line.item_id, line.quantity, line.amount) for line in offer.lines] == [
        (1, "11", Decimal(2), Decimal("20.00")),
        (2, "12", Decimal(1), Decimal("60.00")),
    ]
    (order,) = world.netsuite.reader.orders(OrderQuery(ids=[offer.order_id], with_lines=True))
    assert [(line.fulfillable, line.fulfilled, line.billed) for line in order.lines] == [
        (True, Decimal(2), Decimal(2)),
        (False, Decimal(0), Decimal(1)),
    ]
    (found,) = world.invoices(order_ids=[offer.order_id], with_lines=True, stamp_fields=["custbody_crm_opportunity"])
    assert (found.id, found.order_id, found.external_id) == (outcome.target_id, offer.order_id, "tieout-inv-SO500")
    assert (found.status, found.net, found.paid, found.unpaid) == ("A", Decimal(80), Decimal(0), found.total)
    assert (found.intent, found.stamps) == ("intent-1", {"custbody_crm_opportunity": "006X"})
    assert [(line.order_line, line.quantity, line.amount) for line in found.lines] == [
        (1, Decimal(2), Decimal(20)),
        (2, Decimal(1), Decimal(60)),
    ]
    back = world.netsuite.writer.read_back("invoice", external_id="tieout-inv-SO500")
    assert back is not None
    assert (back.id, back.intent, back.status, back.net, back.number) == (
        found.id,
        "intent-1",
        "A",
        Decimal("80.00"),
        found.number,
    )
    assert world.netsuite.writer.billable(offer.order_id).lines == ()


def test_what_settles_an_invoice_is_read_by_kind_and_to_the_cent(world: World) -> None:
    world.clerk("approve")
    _, outcome = world.billed("SO501")
    other = world.billed("SO502")[1]
    world.step(days=14)
    moment = world.netsuite.reader.server_time()
    assert world.invoices(changed_since=moment) == []
    world.clerk("collect")
    first, second = world.invoices(changed_since=moment)
    assert (first.id, second.id) == (outcome.target_id, other.target_id)
    by_kind = {item.kind: item.amount for item in first.applications}
    assert set(by_kind) == {"credit", "payment", "write_off", "deposit"}
    assert by_kind["deposit"] == Decimal(7)
    assert sum(by_kind.values()) == first.paid == first.total - first.unpaid
    assert {item.date for item in first.applications} == {date(2026, 12, 4)}
    assert (second.status, second.unpaid, second.paid) == ("B", Decimal(0), second.total)
    receipts = list(world.netsuite.reader.receipts(ReceiptQuery(changed_since=moment)))
    assert sorted(receipt.type for receipt in receipts) == ["CustCred", "CustDep", "CustPymt", "CustPymt"]
    assert all(receipt.counts and receipt.total > 0 for receipt in receipts)
    credit = next(receipt for receipt in receipts if receipt.type == "CustCred")
    assert (credit.invoice_id, credit.total, credit.unapplied) == (first.id, by_kind["credit"], Decimal(0))
    (left,) = world.netsuite.reader.receipts(ReceiptQuery(unapplied_only=True))
    of_customer = ReceiptQuery(customer_ids=[left.customer_id], unapplied_only=True)
    assert list(world.netsuite.reader.receipts(of_customer)) == [left]
    assert (left.type, left.unapplied, left.total) == ("CustPymt", Decimal(5), second.total + 5)
    payment = next(receipt for receipt in receipts if receipt.applied == by_kind["payment"])
    assert payment.reference == "CHK-7"
    deposit = next(receipt for receipt in receipts if receipt.type == "CustDep")
    assert (deposit.order_id, deposit.applied, deposit.unapplied) == (first.order_id, Decimal(7), Decimal(0))
    (total,) = world.netsuite.reader.invoice_totals()
    assert (total.currency, total.count, total.amount) == ("USD", 2, first.total + second.total)
    assert world.invoices(open_only=True) == [first]


def test_an_invoice_in_a_closed_period_is_rejected_with_the_periods_code(world: World) -> None:
    world.clerk("approve")
    other = world.billed("SO502")[1]
    world.clerk("collect") if world.billed("SO501")[1].status == "success" else None
    world.step(hours=1)
    moment = world.netsuite.reader.server_time()
    world.clerk("late")
    offer, outcome = world.billed("SO500")
    assert offer.lines
    assert (outcome.status, outcome.code in PERIOD_CODES) == ("rejected", True), outcome
    (closed,) = [period for period in world.netsuite.reader.periods() if period.closed]
    assert (closed.name, closed.start, closed.end) == ("Nov 2026", date(2026, 11, 1), date(2026, 11, 30))
    changed = {type_ for type_, _ in world.netsuite.reader.changed_transactions(moment)}
    assert "CustPymt" in changed, "the payment that was unapplied says so itself"
    (opened,) = world.invoices(ids=[other.target_id])
    assert (opened.status, opened.applications, opened.paid) == ("A", (), Decimal(0))
