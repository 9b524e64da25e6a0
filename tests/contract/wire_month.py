"""A month of receivables over SOAP: what Tieout bills, what the finance clerk does, and NetSuite's list operations."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from lxml import etree

from connectors.netsuite import NetSuiteConnection
from connectors.records import Payload, PayloadLine, PayloadValue, Reference, WriteRequest
from sandbox.clerk import carry_out
from sandbox.clerk.netsuite import SOAP_PATH, NetSuite, RefusedError
from sandbox.clerk.records import Customs, Value, record
from sandbox.clerk.signing import Keys

ITEMS = (
    "id,itemid,displayname,isinactive,itemtype\n11,WID-1,Widget,F,InvtPart\n12,WID-2,Big widget,F,Service\n"
    "13,OLD-1,Old thing,T,Service\n"
)
"""Goods that are billed once fulfilled, and a service: the book of the other tests knows only one kind."""

HAND, OURS, LATE = "SO500", "tieout-so-1", "tieout-so-2"
BEFORE = (
    {"op": "approve", "order": HAND},
    {"op": "approve", "order": LATE},
    {"op": "schedule", "order": LATE, "schedule": "Annual in arrears", "next": "2027-11-01"},
    {"op": "approve", "order": OURS},
    {"op": "deposit", "order": HAND, "amount": "5.00"},
    {"op": "fulfil", "order": HAND, "share": "0.5"},
    {"op": "bill", "order": HAND},
    {"op": "fulfil", "order": OURS},
)
"""What finance and the warehouse do before Tieout bills; ``approve`` of a phase."""

AFTER = (
    {"op": "apply_deposit", "order": HAND},
    {"op": "pay", "orders": [HAND]},
    {"op": "void_payment", "order": HAND},
    {"op": "invoice", "customer_of": HAND, "amount": "12.50", "deal": "006Hs00001A0000IAA", "memo": "extra"},
    {"op": "pay", "orders": [OURS], "share": "0.5", "disc_share": "0.1", "over": "3.00", "reference": "CHQ-7"},
    {"op": "pay_on_account", "customer_of": HAND, "amount": "9.99", "date": "2026-11-20"},
    {"op": "credit", "order": OURS, "share": "0.2", "apply": True},
    {"op": "credit", "order": OURS, "share": "0.1", "apply": False},
    {"op": "refund", "order": OURS},
    {"op": "unapply", "order": OURS},
    {"op": "fulfil", "order": HAND},
    {"op": "bill", "order": HAND},
    {"op": "void_invoice", "order": HAND},
    {"op": "close_period", "name": "Oct 2026"},
)
"""What comes after Tieout's invoice; ``collect``."""


@contextmanager
def clerk_recorded(keep: Any) -> Iterator[None]:
    """Have ``keep`` called with operation, request and answer of each SOAP message that the clerk exchanges."""
    plain = NetSuite._post  # noqa: SLF001  the only place where the clerk's bytes are at hand

    def post(self: NetSuite, path: str, body: bytes, headers: Any) -> tuple[int, bytes]:
        status, answer = plain(self, path, body, headers)
        if path == SOAP_PATH:
            keep(headers["SOAPAction"].strip('"'), body, answer)
        return status, answer

    NetSuite._post = post  # type: ignore[method-assign]  # noqa: SLF001
    try:
        yield
    finally:
        NetSuite._post = plain  # type: ignore[method-assign]  # noqa: SLF001


class Month:
    """Plays the month against a running sandbox; what turns out differently than expected is a failure."""

    def __init__(self, ready: dict[str, Any], netsuite: NetSuiteConnection) -> None:
        self.folder = Path(ready["dir"])
        self.account = ready["netsuite"]
        self.netsuite = netsuite
        self.failures: list[str] = []
        self.done: dict[str, int] = {}

    def run(self) -> None:
        """Play it in the order of time."""
        self.clerk("approve", BEFORE)
        self.bill()
        self.clerk("collect", AFTER)
        self.lists()

    def clerk(self, phase: str, actions: Any) -> None:
        book = self.folder.parent / f"plan-{phase}"
        book.mkdir()
        plan = {"version": 1, "actions": [{"phase": phase, **action} for action in actions]}
        (book / "clerk.json").write_text(json.dumps(plan))
        (self.folder / "clerk.done").unlink(missing_ok=True)
        for op, count in carry_out(self.folder, phase, book).counts.items():
            self.done[op] = self.done.get(op, 0) + count

    def bill(self) -> None:
        """Ask what may be billed, bill it, try it twice, change it, read it back."""
        writer = self.netsuite.writer
        order = writer.read_back("salesOrder", external_id=OURS)
        late = writer.read_back("salesOrder", external_id=LATE)
        if order is None or late is None:
            self.failures.append("the orders to bill cannot be read back")
            return
        if writer.billable(late.id).lines:
            self.failures.append("an order that is billed next year is billable")
        offered = writer.billable(order.id)
        values: dict[str, PayloadValue] = {
            "createdFrom": Reference(type="salesOrder", id=order.id),
            "tranDate": date(2026, 11, 20),
            "memo": "Billed by Tieout & co",
            "otherRefNum": "PO-7",
            "custbody_tieout_deal_id": "006Hs00001A0000IAA",
            "custbody_tieout_intent": "intent-invoice",
            "custbody_tieout_ver": "v1",
        }
        lines = tuple(_line(one) for one in offered.lines)
        request = WriteRequest(
            key="invoice", op="add", payload=Payload(type="invoice", values=values, lines=lines),
            external_id="tieout-inv-1",
        )  # fmt: skip
        made = self._written(request, "success")
        self._written(replace(request, key="invoice again"), "exists", "rejected")
        closed = {**values, "tranDate": date(2031, 1, 1)}
        nowhere = replace(request, key="no period", external_id="tieout-inv-2", payload=Payload(
            type="invoice", values=closed, lines=lines))  # fmt: skip
        self._written(nowhere, "rejected")
        change = Payload(type="invoice", values={"memo": "changed"}, clear=("otherRefNum",))
        self._written(WriteRequest(key="change", op="update", payload=change, internal_id=made), "success")
        found = writer.read_back("invoice", external_id="tieout-inv-1")
        if found is None or found.intent != "intent-invoice":
            self.failures.append("the invoice cannot be read back")

    def _written(self, request: WriteRequest, *wanted: str) -> str | None:
        ((_, outcome),) = self.netsuite.writer.write([request])
        if outcome.status not in wanted:
            self.failures.append(f"{request.key}: {outcome.status} {outcome.code} {outcome.message}, not {wanted}")
        return outcome.target_id

    def lists(self) -> None:
        """Use NetSuite's operations over several records, and upsert; one record of each list is refused."""
        client = NetSuite(self.account["base_url"], _keys(self.account), lambda: int(_now(self.folder).timestamp()))
        invoice = self.netsuite.writer.read_back("invoice", external_id="tieout-inv-1")
        known = invoice.id if invoice else ""
        for operation, records in {
            "updateList": (_memo(known, "listed"), _memo("987654", "nobody")),
            "upsert": (_outside("tieout-inv-1"),),
            "upsertList": (_outside("tieout-inv-1"), _outside("")),
            "addList": (_outside("tieout-inv-1"), _outside("tieout-inv-nobody")),
        }.items():
            body = "".join(etree.tostring(one, encoding="unicode") for one in records)
            self._sent(client, operation, body)
        refs = "".join(
            f'<msg:baseRef xsi:type="core:RecordRef" type="{type_}" internalId="{id_}"/>'
            for type_, id_ in (("invoice", known), ("invoice", "987654"))
        )
        self._sent(client, "getList", refs)

    def _sent(self, client: NetSuite, operation: str, inner: str) -> None:
        """Send; a refusal of one record is an answer as good as any."""
        try:
            client._soap(operation, f"<msg:{operation}>{inner}</msg:{operation}>")  # noqa: SLF001
        except RefusedError as refusal:
            if not refusal.code:
                self.failures.append(f"{operation} was refused without a code")
        self.done[operation] = self.done.get(operation, 0) + 1


def _line(offered: Any) -> PayloadLine:
    values: dict[str, PayloadValue] = {
        "orderLine": Decimal(offered.order_line),
        "item": Reference(type="item", id=offered.item_id),
        "quantity": offered.quantity,
        "price": Reference(type="priceLevel", id="-1"),
        "amount": offered.amount,
    }
    return PayloadLine(key=offered.key or str(offered.order_line), values=values)


def _memo(internal_id: str, memo: str) -> etree._Element:
    return record("Invoice", {"memo": memo}, internal_id=internal_id)


def _outside(external_id: str) -> etree._Element:
    """Return an invoice's change by external id; a new one lacks what it needs and is refused."""
    values: dict[str, Value] = {"memo": "by name", "customFieldList": Customs({"custbody_crm_opportunity": "006"})}
    element = record("Invoice", values)
    if external_id:
        element.set("externalId", external_id)
    return element


def _keys(account: dict[str, str]) -> Keys:
    names = ("account", "consumer_key", "consumer_secret", "token_id", "token_secret")
    return Keys(**{name: account[name] for name in names})


def _now(folder: Path) -> datetime:
    clock = json.loads((folder / "clock.json").read_text())
    return datetime.fromisoformat(clock["start"]).astimezone(UTC)
