"""An in-memory ERP behind the reader's and writer's ports: external ids are unique, answers can be lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from connectors.errors import TransientError
from connectors.records import ErpCustomer, ErpLine, ErpOrder, ErpReference, ReadBack, Reference, WriteOutcome

CURRENCIES = {"1": "USD", "2": "EUR"}


class Crash(BaseException):
    """The process dies here."""


class FakeErp:
    """Keeps what was committed; ``plan`` scripts the next writes: lost_answer, lost_request, crash_before, …"""

    connection = "netsuite"

    def __init__(self, clock):
        self.clock = clock
        self.customers_ = {}
        self.orders_ = {}
        self.lists = {
            "item": ["PLAT-100", "GTX-PRO", "OLD-ONE"],
            "currency": ["USD", "EUR"],
            "subsidiary": ["Acme Inc", "Acme GmbH"],
            "employee": ["rep@acme.example"],
            "term": ["Net 30"],
        }
        self.inactive = {("item", "OLD-ONE")}
        self.script = []
        self.writes = []
        self.reads_fail = False
        self.surcharge = Decimal(0)
        self.account_id = "7654321_SB1"

    def put_customer(self, id_, name, **more):
        values = {
            "id": id_,
            "entity_id": f"C-{id_}",
            "name": name,
            "external_id": None,
            "subsidiary": "1",
            "parent_id": None,
            "inactive": False,
            "modified": self.clock.now(),
        }
        self.customers_[id_] = ErpCustomer(**{**values, **more})

    def put_order(self, id_, **more):
        values = {
            "id": id_,
            "number": f"SO{id_}",
            "external_id": None,
            "customer_id": "1",
            "currency": "USD",
            "date": date(2026, 11, 10),
            "status": "A",
            "net": Decimal("200.00"),
            "tax": Decimal(0),
            "total": Decimal("200.00"),
            "po_number": None,
            "memo": None,
            "subsidiary": "1",
            "modified": self.clock.now(),
            "created": self.clock.now(),
        }
        self.orders_[id_] = ErpOrder(**{**values, **more})

    # reading

    def server_time(self):
        return self.clock.now()

    def account(self):
        return self.account_id

    def references(self, kind, by):
        return [
            ErpReference(type=kind, id=str(number), name=name, inactive=(kind, name) in self.inactive)
            for number, name in enumerate(self.lists.get(kind, []), start=1)
        ]

    def customers(self):
        return iter(sorted(self.customers_.values(), key=lambda customer: int(customer.id)))

    def orders(self, query):
        for id_ in (*(query.ids or ()), *(query.customer_ids or ())):
            if not (id_.isascii() and id_.isdecimal()):
                raise ValueError(f"{id_!r} is no internal id")
        for order in sorted(self.orders_.values(), key=lambda order: int(order.id)):
            if query.ids is not None and order.id not in query.ids:
                continue
            if query.customer_ids is not None and order.customer_id not in query.customer_ids:
                continue
            if query.external_ids is not None and order.external_id not in query.external_ids:
                continue
            yield order

    def record_url(self, type_, id_):
        return f"https://erp.example/{type_}/{id_}"

    def body_fields(self, type_):
        return frozenset({"entity", "currency", "memo", "otherRefNum"})

    def line_fields(self, type_):
        return frozenset(["item", "quantity", "amount", "rate", "price", "description"])

    # writing

    def write(self, requests):
        for request in requests:
            fault = self.script.pop(0) if self.script else None
            if fault == "crash_before":
                raise Crash
            if fault == "lost_request":
                yield request, WriteOutcome(status="ambiguous", code="TIMEOUT", message="no answer")
                continue
            if fault == "throttled":
                yield request, WriteOutcome(status="no_op", code="WS_REQUEST_BLOCKED", message="too many requests")
                continue
            if fault == "rejected":
                yield request, WriteOutcome(status="rejected", code="USER_ERROR", message="Please enter a department")
                continue
            outcome = self._commit(request)
            if fault == "crash_after":
                raise Crash
            if fault == "lost_answer":
                outcome = WriteOutcome(status="ambiguous", code="TIMEOUT", message="no answer")
            yield request, outcome

    def _commit(self, request):
        payload = request.payload
        store = self.customers_ if payload.type == "customer" else self.orders_
        if request.op == "add":
            taken = [held for held in store.values() if held.external_id == request.external_id]
            if taken:
                return WriteOutcome(status="exists", code="DUP_RCRD", message="This record already exists")
            id_ = str(1000 + len(self.customers_) + len(self.orders_))
        else:
            id_ = request.internal_id
        self.writes.append((request.op, payload.type, id_))
        save = self._save_customer if payload.type == "customer" else self._save_order
        save(id_, request)
        return WriteOutcome(status="success", target_id=id_)

    def _save_customer(self, id_, request):
        values = request.payload.values
        self.put_customer(id_, values["companyName"], external_id=request.external_id)
        self.intents = {**getattr(self, "intents", {}), id_: values["custentity_tieout_intent"]}

    def _save_order(self, id_, request):
        payload, old = request.payload, self.orders_.get(id_)
        kept = [line for line in old.lines if line.line in request.keep_lines] if old else []
        used = {line.line for line in (old.lines if old else ())}
        lines = list(kept)
        for line in payload.lines:
            number = line.line or max(used, default=0) + 1
            used.add(number)
            lines.append(self._line(number, line))
        values = dict(payload.values)
        entity = values.get("entity")
        customer = old.customer_id if entity is None else entity.id or self._customer_of(entity)
        if self.surcharge:
            lines.append(replace(lines[0], line=99, key=None, item_id=None, item_name=None, amount=self.surcharge))
        net = sum((line.amount for line in lines), Decimal(0))
        self.put_order(
            id_,
            external_id=request.external_id or (old.external_id if old else None),
            customer_id=customer,
            currency=CURRENCIES[values["currency"].id] if "currency" in values else old.currency,
            date=values.get("tranDate") or old.date,
            net=net,
            total=net,
            po_number=values.get("otherRefNum"),
            memo=values.get("memo"),
            deal_id=values.get("custbody_tieout_deal_id") or (old.deal_id if old else None),
            intent=values["custbody_tieout_intent"],
            version=values["custbody_tieout_ver"],
            lines=tuple(lines),
        )

    def _customer_of(self, reference: Reference):
        return next(held.id for held in self.customers_.values() if held.external_id == reference.external_id)

    def _line(self, number, line):
        values = line.values
        return ErpLine(
            line=number,
            item_id=values["item"].id,
            item_name=values["item"].name,
            quantity=values["quantity"],
            rate=values.get("rate"),
            amount=values["amount"],
            key=line.key,
            description=values.get("description"),
        )

    def read_back(self, type_, *, external_id=None, internal_id=None):
        if self.reads_fail:
            raise TransientError(connection="netsuite", what="reading back", why="no answer.", fix="Wait.")
        store = self.customers_ if type_ == "customer" else self.orders_
        for held in store.values():
            if held.id == internal_id or (external_id and held.external_id == external_id):
                return self._shown(type_, held)
        return None

    def _shown(self, type_, held):
        if type_ == "customer":
            intent = getattr(self, "intents", {}).get(held.id)
            return ReadBack(
                id=held.id, type=type_, external_id=held.external_id, intent=intent, version=None, status=None,
                net=None, number=held.entity_id,
            )  # fmt: skip
        return ReadBack(
            id=held.id, type=type_, external_id=held.external_id, intent=held.intent, version=held.version,
            status=held.status, net=held.net, number=held.number, lines=held.lines,
            values={"memo": held.memo, "otherRefNum": held.po_number},
        )  # fmt: skip
