"""The NetSuite connector against the sandbox's NetSuite, over real HTTP."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from config.system import SystemClock, SystemRandom
from connectors.errors import AuthenticationError, SchemaError, UnreachableError
from connectors.netsuite import NetSuiteConnection, connect
from connectors.ports import OrderQuery
from connectors.records import Payload, PayloadLine, PayloadValue, Reference, Value, WriteOutcome, WriteRequest
from sandbox.serve import running
from tests.contract import netsuite_book

ACCOUNT_ID = "001Hs00001A0000IAA"
DEAL = "006Hs00001A0000IAA"
START = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
"""Far from this machine's time: the connector has to learn NetSuite's."""


@pytest.fixture
def ready(tmp_path: Path) -> Iterator[dict[str, Any]]:
    with running(tmp_path / "state", str(netsuite_book.write(tmp_path / "book")), now=START) as announced:
        yield announced


@pytest.fixture
def netsuite(ready: dict[str, Any]) -> NetSuiteConnection:
    return opened(ready)


def opened(ready: dict[str, Any], **changes: Any) -> NetSuiteConnection:
    settings, environ = netsuite_book.settings(ready, **changes)
    return connect(settings, clock=SystemClock(), random=SystemRandom(), environ=environ)


def customer() -> WriteRequest:
    values: dict[str, PayloadValue] = {
        "companyName": "Ünïcode & Co",
        "isPerson": False,
        "subsidiary": Reference(type="subsidiary", id="1"),
        "currency": Reference(type="currency", id="1"),
        "email": "ap@acme.example",
        "custentity_tieout_account_id": ACCOUNT_ID,
        "custentity_tieout_intent": "intent-c",
    }
    address: dict[str, Value] = {
        "defaultBilling": True,
        "addr1": "1 Main St",
        "city": "Springfield",
        "state": "IL",
        "country": "US",
    }
    payload = Payload(type="customer", values=values, addresses=(address,))
    return WriteRequest(key="c", op="add", payload=payload, external_id=f"tieout-cust-{ACCOUNT_ID}")


def line(key: str, quantity: str, amount: str, item: str = "11", number: int | None = None) -> PayloadLine:
    return PayloadLine(
        key=key,
        line=number,
        values={
            "item": Reference(type="item", id=item),
            "quantity": Decimal(quantity),
            "price": Reference(type="priceLevel", id="-1"),
            "rate": round(Decimal(amount) / Decimal(quantity), 8),
            "amount": Decimal(amount),
            "description": f"line {key}",
            "custcol_tieout_line_id": key,
        },
    )


def order(*lines: PayloadLine, key: str = "o", deal: str = DEAL, **values: Any) -> WriteRequest:
    body: dict[str, Any] = {
        "entity": Reference(type="customer", external_id=f"tieout-cust-{ACCOUNT_ID}"),
        "currency": Reference(type="currency", id="1"),
        "subsidiary": Reference(type="subsidiary", id="1"),
        "tranDate": date(2026, 11, 20),
        "otherRefNum": "PO-7",
        "memo": "first",
        "orderStatus": "_pendingApproval",
        "custbody_tieout_deal_id": deal,
        "custbody_tieout_intent": "intent-1",
        "custbody_tieout_ver": "v1",
    }
    payload = Payload(type="salesOrder", values=body | values, lines=lines or (line("L1", "3", "100.00"),))
    return WriteRequest(key=key, op="add", payload=payload, external_id=f"tieout-so-{deal}")


def written(netsuite: NetSuiteConnection, request: WriteRequest) -> WriteOutcome:
    ((_, outcome),) = netsuite.writer.write([request])
    return outcome


def control(ready: dict[str, Any], action: str, body: dict[str, Any]) -> None:
    address = f"{ready['netsuite']['base_url']}/_sandbox/{action}"
    request = urllib.request.Request(address, json.dumps(body).encode(), {"Content-Type": "application/json"})
    urllib.request.urlopen(request, timeout=10).close()


def test_a_customer_and_an_order_are_written_and_read_back_by_both_ways(netsuite: NetSuiteConnection) -> None:
    assert written(netsuite, customer()).status == "success"
    outcome = written(netsuite, order(line("L1", "3", "100.00"), line("L2", "1.5", "49.95", "12")))
    assert (outcome.status, outcome.message) == ("success", "")
    found = netsuite.writer.read_back("salesOrder", external_id=f"tieout-so-{DEAL}")
    assert found is not None
    assert (found.id, found.intent, found.version, found.status) == (outcome.target_id, "intent-1", "v1", "A")
    assert found.net == Decimal("149.95")
    assert [(item.key, item.item_id, item.amount) for item in found.lines] == [
        ("L1", "11", Decimal("100.00")),
        ("L2", "12", Decimal("49.95")),
    ]
    assert found.values["tranDate"] == date(2026, 11, 20)
    (read,) = netsuite.reader.orders(OrderQuery(ids=[found.id], with_lines=True))
    assert (read.number, read.external_id, read.currency) == (found.number, found.external_id, "USD")
    assert (read.net, read.date, read.status, read.po_number) == (Decimal("149.95"), date(2026, 11, 20), "A", "PO-7")
    assert read.total == read.net + read.tax
    assert (read.deal_id, read.intent, read.version) == (DEAL, "intent-1", "v1")
    assert [(item.line, item.key, item.quantity, item.amount) for item in read.lines] == [
        (found.lines[0].line, "L1", Decimal("3"), Decimal("100.00")),
        (found.lines[1].line, "L2", Decimal("1.5"), Decimal("49.95")),
    ]
    assert abs(read.modified - START) < timedelta(seconds=5)


def test_a_second_create_with_the_same_external_id_changes_nothing(netsuite: NetSuiteConnection) -> None:
    written(netsuite, customer())
    first = written(netsuite, order())
    second = written(netsuite, order(line("L1", "1", "1.00")))
    assert (second.status, second.code) == ("exists", "DUP_RCRD")
    (read,) = netsuite.reader.orders(OrderQuery(external_ids=[f"TIEOUT-SO-{DEAL}"]))
    assert (read.id, read.net) == (first.target_id, Decimal("100.00"))


def test_an_update_changes_our_lines_keeps_the_others_and_empties_a_field(netsuite: NetSuiteConnection) -> None:
    written(netsuite, customer())
    created = written(netsuite, order(line("L1", "3", "100.00"), line("L2", "1", "10.00"), line("L3", "1", "5.00")))
    assert created.target_id is not None
    before = netsuite.writer.read_back("salesOrder", internal_id=created.target_id)
    assert before is not None
    numbers = {item.key: item.line for item in before.lines}
    payload = Payload(
        type="salesOrder",
        values={"otherRefNum": "PO-8", "custbody_tieout_ver": "v2"},
        clear=("memo",),
        lines=(line("L1", "3", "90.00", number=numbers["L1"]), line("L4", "2", "7.00", "12")),
    )
    request = WriteRequest(
        key="u", op="update", payload=payload, internal_id=created.target_id, keep_lines=[numbers["L3"]]
    )
    assert written(netsuite, request).status == "success"
    after = netsuite.writer.read_back("salesOrder", internal_id=created.target_id)
    assert after is not None
    assert {item.key: item.amount for item in after.lines} == {
        "L1": Decimal("90.00"),
        "L3": Decimal("5.00"),
        "L4": Decimal("7.00"),
    }
    assert {item.key: item.line for item in after.lines if item.key in numbers} == {
        "L1": numbers["L1"],
        "L3": numbers["L3"],
    }
    assert (after.values["otherRefNum"], after.values.get("memo"), after.version) == ("PO-8", None, "v2")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"entity": Reference(type="customer", id="999")}, "999"),
        ({"currency": Reference(type="currency", id="77")}, "77"),
        ({"subsidiary": Reference(type="subsidiary", id="2")}, ""),
        ({"otherRefNum": "P" * 46}, ""),
    ],
)
def test_a_record_that_netsuite_refuses_is_rejected_in_its_words(
    netsuite: NetSuiteConnection, values: dict[str, Any], words: str
) -> None:
    written(netsuite, customer())
    outcome = written(netsuite, order(**values))
    assert outcome.status == "rejected"
    assert outcome.message
    assert words in outcome.message
    assert netsuite.writer.read_back("salesOrder", external_id=f"tieout-so-{DEAL}") is None


def test_what_is_not_there_is_none(netsuite: NetSuiteConnection) -> None:
    assert netsuite.writer.read_back("salesOrder", external_id="tieout-so-nobody") is None
    assert netsuite.writer.read_back("customer", internal_id="999999") is None


def test_lists_customers_and_totals_are_read(netsuite: NetSuiteConnection) -> None:
    reader = netsuite.reader
    assert {item.name: (item.id, item.inactive) for item in reader.references("item", "itemid")} == {
        "WID-1": ("11", False),
        "WID-2": ("12", False),
        "OLD-1": ("13", True),
    }
    for kind, by, name in (
        ("currency", "symbol", "EUR"),
        ("subsidiary", "name", "Acme GmbH"),
        ("term", "name", "Net 30"),
        ("employee", "email", "ann@acme.example"),
        ("customer", "companyname", "Known Corp"),
    ):
        assert name in {entry.name for entry in reader.references(kind, by)}
    for kind in ("department", "classification", "location"):
        assert reader.references(kind, "name") == []
    (known,) = reader.customers()
    assert (known.id, known.name, known.subsidiary, known.account_id) == ("21", "Known Corp", "1", None)
    (total,) = reader.order_totals()
    assert (total.currency, total.count, total.amount) == ("USD", 1, Decimal("20.00"))
    (by_hand,) = reader.orders(OrderQuery(customer_ids=["21"], with_lines=True))
    assert (by_hand.number, by_hand.memo, by_hand.lines[0].item_name) == ("SO500", "by hand", "WID-1")


def test_the_servers_time_and_account_are_netsuites(netsuite: NetSuiteConnection) -> None:
    assert abs(netsuite.reader.server_time() - START) < timedelta(seconds=5)
    assert netsuite.reader.account() == "7654321_SB1"


def test_a_clock_that_jumps_is_followed(netsuite: NetSuiteConnection, ready: dict[str, Any]) -> None:
    assert netsuite.reader.references("term", "name")
    control(ready, "step", {"seconds": 86400})
    assert written(netsuite, customer()).status == "success"
    assert abs(netsuite.reader.server_time() - START - timedelta(days=1)) < timedelta(seconds=5)


FAULTS = [
    ("drop_before", "ambiguous", False),
    ("drop_after", "ambiguous", True),
    ("status", "ambiguous", False),
    ("status_after", "ambiguous", True),
    ("html", "ambiguous", False),
    ("html_after", "ambiguous", True),
    ("truncate", "ambiguous", True),
    ("unexpected", "ambiguous", False),
    ("unexpected_after", "ambiguous", True),
    ("concurrency", "no_op", False),
]


@pytest.mark.parametrize(("action", "status", "saved"), FAULTS)
def test_what_a_misbehaving_answer_proves_agrees_with_the_read_back(
    netsuite: NetSuiteConnection, ready: dict[str, Any], action: str, status: str, saved: bool
) -> None:
    control(ready, "faults", {"rules": [{"system": "netsuite", "operation": "add customer", "action": action}]})
    netsuite.reader.server_time()
    assert written(netsuite, customer()).status == status
    found = netsuite.writer.read_back("customer", external_id=f"tieout-cust-{ACCOUNT_ID}")
    assert (found is not None) == saved
    assert found is None or found.intent == "intent-c"


def test_a_request_held_too_long_is_ambiguous(ready: dict[str, Any]) -> None:
    netsuite = opened(ready, timeout=timedelta(seconds=1))
    netsuite.reader.server_time()
    control(ready, "faults", {"rules": [{"system": "netsuite", "operation": "add", "action": "hold_after"}]})
    outcome = written(netsuite, customer())
    control(ready, "faults", {"rules": []})
    assert (outcome.status, outcome.code) == ("ambiguous", "TIMEOUT")


def test_too_many_requests_at_a_time_are_turned_away_without_effect(ready: dict[str, Any]) -> None:
    netsuite = opened(ready, slots=6)
    netsuite.reader.server_time()
    written(netsuite, customer())
    control(ready, "pool", {"slots": 1})
    rule = {"system": "netsuite", "operation": "add", "action": "delay", "seconds": 0.2, "times": None}
    control(ready, "faults", {"rules": [rule]})
    deals = [f"006Hs00001A000{number}IAA" for number in range(6)]
    outcomes = [outcome for _, outcome in netsuite.writer.write([order(key=deal, deal=deal) for deal in deals])]
    control(ready, "faults", {"rules": []})
    control(ready, "pool", {"slots": 5})
    saved = {order_.deal_id for order_ in netsuite.reader.orders(OrderQuery()) if order_.deal_id}
    assert {outcome.status for outcome in outcomes} <= {"success", "no_op"}
    assert len(saved) == sum(outcome.status == "success" for outcome in outcomes)


def test_wrong_credentials_are_explained_and_not_shown(ready: dict[str, Any]) -> None:
    settings, environ = netsuite_book.settings(ready)
    wrong = environ | {"NS_TOKEN_SECRET": "not-the-secret-at-all"}
    netsuite = connect(settings, clock=SystemClock(), random=SystemRandom(), environ=wrong)
    with pytest.raises(AuthenticationError, match="Login Audit Trail") as caught:
        netsuite.reader.references("term", "name")
    assert "not-the-secret-at-all" not in str(caught.value)
    assert written(netsuite, customer()).status == "no_op"


def test_an_unreachable_address_names_the_setting() -> None:
    ready = {
        "netsuite": {
            "base_url": "http://127.0.0.1:9",
            "account": "7654321_SB1",
            "consumer_key": "a",
            "consumer_secret": "b",
            "token_id": "c",
            "token_secret": "d",
        }
    }
    netsuite = opened(ready)
    outcome = written(netsuite, customer())
    assert (outcome.status, outcome.code) == ("no_op", "UNREACHABLE")
    assert "connections.netsuite.base_url" in outcome.message
    with pytest.raises(UnreachableError, match="127.0.0.1:9"):
        netsuite.reader.references("term", "name")


def test_a_column_that_does_not_exist_is_a_schema_error(netsuite: NetSuiteConnection) -> None:
    with pytest.raises(SchemaError, match="nosuchcolumn"):
        netsuite.reader.references("term", "nosuchcolumn")


def test_many_orders_are_written_at_once_and_read_in_pages(netsuite: NetSuiteConnection) -> None:
    written(netsuite, customer())
    deals = [f"006Hs00001A0{number:03d}IAA" for number in range(30)]
    requests = [order(line("L1", "1", f"{number}.25"), key=deal, deal=deal) for number, deal in enumerate(deals, 1)]
    outcomes = {request.key: outcome.status for request, outcome in netsuite.writer.write(requests)}
    assert outcomes == dict.fromkeys(deals, "success")
    found = list(netsuite.reader.orders(OrderQuery(with_lines=True)))
    assert [int(item.id) for item in found] == sorted(int(item.id) for item in found)
    assert sum(item.net for item in found) == netsuite.reader.order_totals()[0].amount
    assert len(found) == 31
