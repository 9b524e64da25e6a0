"""Proof that every SOAP message between Tieout and its NetSuite is valid by Oracle's own schemas.

Run it from the project folder as ``python tests/contract/prove_wire.py``. It starts the sandbox, drives the
connector through creates, updates, reads, invoices, refusals and faults and the finance clerk through a month of
receivables, records every raw request and answer, and holds each against the schemas in the folder that
``TIEOUT_NETSUITE_WSDL`` names. The last line of output is one JSON
object; the exit status is 0 only when everything held.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import requests

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from config.system import SystemClock, SystemRandom
from connectors.errors import AuthenticationError
from connectors.netsuite import NetSuiteConnection, connect
from connectors.records import Payload, PayloadLine, Reference, Value, WriteOutcome, WriteRequest
from connectors.transport import GuardedSession
from sandbox.serve import running
from tests.contract import netsuite_book, wire_month
from tests.contract.netsuite_schema import VARIABLE, OracleSchemas, folder

ACCOUNT = "001Hs00001A0000IAA"
NOW = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
FAULTS = (("concurrency", "no_op"), ("unexpected", "ambiguous"), ("unexpected_after", "ambiguous"))
"""What the sandbox is told to answer, and what the connector has to make of it."""

OPERATIONS = (
    "add", "addList", "get", "getList", "getServerTime", "initialize", "update", "updateList", "upsert", "upsertList",
)  # fmt: skip
CORRUPTIONS = (
    (b'type="salesOrder"', b'typ="salesOrder"'),
    (b"otherRefNum>", b"otherRefNumber>"),
    (b">true<", b">perhaps<"),
    (b"isSuccess=", b"succeeded="),
    (b"_pendingApproval", b"_pendingMiracle"),
    (b'type="invoice"', b'type="bill"'),
    (b">invoice<", b">bill<"),
    (b"createdFrom internalId=", b"createdBy internalId="),
    (b"dueDate>", b"dueDay>"),
    (b"amountRemaining>", b"amountOpen>"),
    (b"applyList", b"appliedList"),
    (b":doc>", b":document>"),
    (b":payment>", b":paid>"),
    (b"checkNum>", b"chequeNum>"),
    (b"depositList", b"depositsList"),
    (b"customerRefundDeposit", b"refundedDeposit"),
    (b"itemReceive>", b"itemReceived>"),
    (b":closed>", b":shut>"),
    (b"billingSchedule ", b"billSchedule "),
    (b"replaceAll=", b"replaceSome="),
    (b"initializeRecord", b"initialiseRecord"),
)
"""Small damages: where a message holds the first text, the second must make it invalid."""


@dataclass
class Wire:
    """Every SOAP message that passed, by direction and operation."""

    requests: list[tuple[str, bytes]] = field(default_factory=list)
    answers: list[tuple[str, bytes]] = field(default_factory=list)

    def keep(self, operation: str, request: bytes, answer: bytes) -> None:
        """Keep one exchange."""
        self.requests.append((operation, request))
        self.answers.append((operation, answer))

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Record what guarded sessions and the clerk send and receive."""
        plain = GuardedSession.send

        def send(session: GuardedSession, request: requests.PreparedRequest, **options: Any) -> requests.Response:
            operation = str(request.headers.get("SOAPAction", "")).strip('"')
            if operation and isinstance(request.body, bytes):
                self.requests.append((operation, request.body))
            response = plain(session, request, **options)
            if operation:
                self.answers.append((operation, response.content))
            return response

        GuardedSession.send = send  # type: ignore[method-assign, assignment]
        try:
            with wire_month.clerk_recorded(self.keep):
                yield
        finally:
            GuardedSession.send = plain  # type: ignore[method-assign]


@dataclass
class Drive:
    """Leads the connector through everything that it does over SOAP."""

    ready: dict[str, Any]
    failures: list[str] = field(default_factory=list)
    done: dict[str, int] = field(default_factory=dict)
    """What the clerk did, by operation."""

    def run(self) -> None:
        """Carry out every step; a step with another outcome than expected is a failure."""
        netsuite = self.opened()
        netsuite.reader.server_time()
        self.customers(netsuite)
        order_id = self.orders(netsuite)
        self.updates(netsuite, order_id)
        self.refusals(netsuite)
        month = wire_month.Month(self.ready, self.opened())
        month.run()
        self.failures += month.failures
        self.done = month.done
        self.faults()

    def opened(self, **environ: str) -> NetSuiteConnection:
        settings, secrets = netsuite_book.settings(self.ready, slots=4)
        return connect(settings, clock=SystemClock(), random=SystemRandom(), environ=secrets | environ)

    def expect(self, netsuite: NetSuiteConnection, request: WriteRequest, status: str) -> WriteOutcome:
        ((_, outcome),) = netsuite.writer.write([request])
        if outcome.status != status:
            self.failures.append(f"{request.key}: {outcome.status} {outcome.code} {outcome.message}, not {status}")
        return outcome

    def customers(self, netsuite: NetSuiteConnection) -> None:
        created = self.expect(netsuite, add_customer(), "success")
        self.expect(netsuite, replace(add_customer(), key="same customer"), "exists")
        payload = Payload(
            type="customer", values={"phone": "+1 217 555 0100", "creditLimit": Decimal("5000")}, clear=("url",)
        )
        update = WriteRequest(key="update customer", op="update", payload=payload, internal_id=created.target_id)
        self.expect(netsuite, update, "success")
        if netsuite.writer.read_back("customer", external_id=f"tieout-cust-{ACCOUNT}") is None:
            self.failures.append("the customer cannot be read back")

    def orders(self, netsuite: NetSuiteConnection) -> str:
        created = self.expect(netsuite, add_order(), "success")
        custom: dict[str, Any] = {
            "custbody_admin_note": "checked",
            "custbody_admin_checked": True,
            "custbody_admin_day": date(2026, 12, 1),
            "custbody_admin_moment": NOW,
            "custbody_admin_factor": Decimal("1.25"),
            "custbody_admin_channel": Reference(type="customList", id="2"),
            "terms": Reference(type="term", id="4"),
            "salesRep": Reference(type="employee", id="5"),
            "discountRate": Decimal("-5.00"),
        }
        self.expect(netsuite, add_order("2", **custom), "success")
        found = netsuite.writer.read_back("salesOrder", external_id="tieout-so-2")
        if found is None or found.values.get("custbody_admin_factor") != Decimal("1.25"):
            self.failures.append("the order with custom fields cannot be read back")
        if netsuite.writer.read_back("salesOrder", external_id="tieout-so-nobody") is not None:
            self.failures.append("an order that does not exist was found")
        return created.target_id or ""

    def updates(self, netsuite: NetSuiteConnection, order_id: str) -> None:
        before = netsuite.writer.read_back("salesOrder", internal_id=order_id)
        keep = [item.line for item in before.lines[1:]] if before else []
        changed = replace(lines()[0], line=before.lines[0].line if before else 1)
        payload = Payload(type="salesOrder", values={"otherRefNum": "PO-9"}, clear=("memo",), lines=(changed,))
        update = WriteRequest(key="update order", op="update", payload=payload, internal_id=order_id, keep_lines=keep)
        self.expect(netsuite, update, "success")
        gone = replace(update, key="update of nothing", internal_id="987654", keep_lines=())
        self.expect(netsuite, gone, "rejected")

    def refusals(self, netsuite: NetSuiteConnection) -> None:
        self.expect(netsuite, add_order(), "exists")
        self.expect(netsuite, add_order("3", entity=Reference(type="customer", id="999")), "rejected")
        self.expect(netsuite, add_order("4", otherRefNum="P" * 46), "rejected")

    def faults(self) -> None:
        try:
            self.opened(NS_TOKEN_SECRET="wrong").writer.read_back("customer", internal_id="21")
            self.failures.append("a wrong secret was accepted")
        except AuthenticationError:
            pass
        netsuite = self.opened()
        netsuite.reader.server_time()
        for number, (action, status) in enumerate(FAULTS):
            self.control("faults", {"rules": [{"system": "netsuite", "operation": "add", "action": action}]})
            self.expect(netsuite, add_order(f"1{number}"), status)
            self.control("faults", {"rules": []})

    def control(self, action: str, body: dict[str, Any]) -> None:
        address = f"{self.ready['netsuite']['base_url']}/_sandbox/{action}"
        request = urllib.request.Request(address, json.dumps(body).encode(), {"Content-Type": "application/json"})
        urllib.request.urlopen(request, timeout=10).close()


def add_customer() -> WriteRequest:
    values: dict[str, Any] = {
        "companyName": "Ünïcode & <Söhne>",
        "isPerson": False,
        "subsidiary": Reference(type="subsidiary", id="1"),
        "currency": Reference(type="currency", id="1"),
        "url": "https://acme.example",
        "custentity_tieout_account_id": ACCOUNT,
    }
    addresses: tuple[dict[str, Value], ...] = (
        {
            "defaultBilling": True,
            "addressee": "Acme",
            "addr1": "1 Main St",
            "city": "Springfield",
            "state": "IL",
            "country": "US",
        },
        {"defaultShipping": True, "addr1": "Weg 1", "city": "Berlin", "zip": "10115", "country": "DE"},
    )
    payload = Payload(type="customer", values=values, addresses=addresses)
    return WriteRequest(key="add customer", op="add", payload=payload, external_id=f"tieout-cust-{ACCOUNT}")


def lines() -> tuple[PayloadLine, ...]:
    def line(key: str, item: str, amount: str) -> PayloadLine:
        values: dict[str, Any] = {
            "item": Reference(type="item", id=item),
            "quantity": Decimal("3"),
            "price": Reference(type="priceLevel", id="-1"),
            "rate": Decimal("33.33333333"),
            "amount": Decimal(amount),
            "description": "a line",
            "custcol_tieout_line_id": key,
        }
        return PayloadLine(key=key, values=values)

    return line("L1", "11", "100.00"), line("L2", "12", "99.99")


def add_order(name: str = "1", **changes: Any) -> WriteRequest:
    values: dict[str, Any] = {
        "entity": Reference(type="customer", external_id=f"tieout-cust-{ACCOUNT}"),
        "currency": Reference(type="currency", id="1"),
        "subsidiary": Reference(type="subsidiary", id="1"),
        "tranDate": date(2026, 11, 20),
        "otherRefNum": "PO-7",
        "memo": "from the CRM",
        "orderStatus": "_pendingApproval",
        "custbody_tieout_deal_id": "006Hs00001A0000IAA",
        "custbody_tieout_intent": f"intent-{name}",
        "custbody_tieout_ver": "v1",
    }
    payload = Payload(type="salesOrder", values=values | changes, lines=lines())
    return WriteRequest(key=f"order {name}", op="add", payload=payload, external_id=f"tieout-so-{name}")


def judged(oracle: OracleSchemas, wire: Wire) -> int:
    """Print every complaint and return how many messages are invalid."""
    invalid = 0
    for direction, messages in (("request", wire.requests), ("answer", wire.answers)):
        for operation, message in messages:
            complaints = oracle.complaints(message)
            invalid += bool(complaints)
            for complaint in complaints:
                print(f"invalid {direction} of {operation}: {complaint}")
    return invalid


def corrupted_rejected(oracle: OracleSchemas, wire: Wire) -> bool:
    """Damage every message in each way that applies; return whether all of them were then rejected."""
    rejected, damaged = Counter[str](), Counter[str]()
    for direction, messages in (("requests", wire.requests), ("answers", wire.answers)):
        for operation, message in messages:
            for good, bad in CORRUPTIONS:
                if good in message:
                    damaged[direction] += 1
                    noticed = bool(oracle.complaints(message.replace(good, bad)))
                    rejected[direction] += noticed
                    if not noticed:
                        print(f"not noticed in the {direction} of {operation}: {bad.decode()}")
    for direction in ("requests", "answers"):
        print(f"damaged {direction}: {damaged[direction]}, of which rejected: {rejected[direction]}")
    return rejected == damaged and all(damaged[direction] for direction in ("requests", "answers"))


def main() -> int:
    """Run the proof and return the exit status."""
    path, wire = folder(), Wire()
    if path is None:
        print(f"{VARIABLE} names no folder with Oracle's netsuite.wsdl: nothing can be proved without it.")
        print(verdict(wire, ok=False, invalid=0, rejected=False))
        return 1
    with tempfile.TemporaryDirectory() as scratch, wire.recording():
        book = netsuite_book.write(Path(scratch) / "book")
        (book / "netsuite" / "item.csv").write_text(wire_month.ITEMS, encoding="utf-8")
        with running(Path(scratch) / "state", str(book), now=NOW) as ready:
            drive = Drive(ready)
            drive.run()
    oracle = OracleSchemas(path)
    invalid, rejected = judged(oracle, wire), corrupted_rejected(oracle, wire)
    for failure in drive.failures:
        print(f"unexpected: {failure}")
    kinds = Counter(name for _, body in wire.answers for name in re.findall(rb"<(?:\w+:)?(\w+Fault)[ >]", body)[:1])
    print("faults seen:", ", ".join(f"{name.decode()} {count}" for name, count in sorted(kinds.items())) or "none")
    complete = {name for name, _ in wire.requests} == {name for name, _ in wire.answers} == set(OPERATIONS)
    ok = not invalid and rejected and complete and not drive.failures and len(wire.requests) == len(wire.answers)
    print("the clerk did:", ", ".join(f"{count} {name}" for name, count in sorted(drive.done.items())))
    print(verdict(wire, ok=ok, invalid=invalid, rejected=rejected))
    return 0 if ok else 1


def records(wire: Wire) -> dict[str, int]:
    """Count the records in messages by their type: what the proof covers beside the operations."""
    found = Counter[str]()
    for _, message in (*wire.requests, *wire.answers):
        found.update(name.decode() for name in re.findall(rb'record[^>]*? xsi:type="\w+:(\w+)"', message))
    return dict(sorted(found.items()))


def verdict(wire: Wire, *, ok: bool, invalid: int, rejected: bool) -> str:
    """Return the proof's last line."""
    found = {
        "proof": "wire",
        "ok": ok,
        "requests": dict(Counter(operation for operation, _ in wire.requests)),
        "answers": dict(Counter(operation for operation, _ in wire.answers)),
        "records": records(wire),
        "invalid": invalid,
        "corrupted_rejected": rejected,
    }
    return json.dumps(found)


if __name__ == "__main__":
    sys.exit(main())
