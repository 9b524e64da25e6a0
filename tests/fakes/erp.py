"""An in-memory ERP behind the reader's and writer's ports: external ids are unique, answers can be lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from connectors.errors import TransientError
from connectors.receivables import Billable, BillableLine, CreditTerms, Invoice, InvoiceLine, Period
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
        self.invoices_ = {}
        self.receipts_ = {}
        self.deleted_ = []
        self.terms_ = {}
        self.periods_ = [
            Period(id="10", name="Oct 2026", start=date(2026, 10, 1), end=date(2026, 10, 31), closed=True),
            Period(id="11", name="Nov 2026", start=date(2026, 11, 1), end=date(2026, 11, 30), closed=False),
            Period(id="12", name="Dec 2026", start=date(2026, 12, 1), end=date(2026, 12, 31), closed=False),
        ]
        self.asked_to_bill = []
        self.refuses_to_bill = None
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

    def approve(self, order_id, **more):
        """Finance approves an order of services: everything on it may be billed."""
        self.orders_[order_id] = replace(self.orders_[order_id], status="F", modified=self.clock.now(), **more)

    def put_invoice(self, id_, **more):
        """Put an invoice, or change the one that is there; amounts owed follow from total and paid."""
        values = {
            "id": id_,
            "number": f"INV{id_}",
            "external_id": None,
            "customer_id": "1",
            "currency": "USD",
            "date": date(2026, 11, 12),
            "due_date": date(2026, 12, 12),
            "status": "A",
            "net": Decimal("200.00"),
            "tax": Decimal(0),
            "total": Decimal("200.00"),
            "paid": Decimal(0),
            "period_id": "11",
            "order_id": None,
            "po_number": None,
            "memo": None,
            "created": self.clock.now(),
        }
        if id_ in self.invoices_:
            old = self.invoices_[id_]
            values = {name: getattr(old, name) for name in Invoice.__dataclass_fields__}
        values = {**values, "modified": self.clock.now(), **more}
        if "unpaid" not in more:
            values["unpaid"] = values["total"] - values["paid"]
        self.invoices_[id_] = Invoice(**values)
        return self.invoices_[id_]

    def settle_invoice(self, id_, *applications, touch=True):
        """Have these applications be all that is applied to an invoice."""
        old = self.invoices_[id_]
        paid = sum((one.amount for one in applications), Decimal(0))
        self.invoices_[id_] = replace(
            old,
            applications=tuple(applications),
            paid=paid,
            unpaid=old.total - paid,
            status="B" if paid == old.total else "A",
            modified=self.clock.now() if touch else old.modified,
        )

    # reading

    def invoices(self, query):
        for one in sorted(self.invoices_.values(), key=lambda one: int(one.id)):
            changed = {receipt.id for receipt in self.receipts_.values() if self._since(receipt, query)}
            linked = any(part.source_id in changed for part in one.applications)
            if query.changed_since is not None and not self._since(one, query) and not linked:
                continue
            wanted = (
                (query.ids, one.id),
                (query.order_ids, one.order_id),
                (query.customer_ids, one.customer_id),
                (query.external_ids, one.external_id),
            )
            if any(values is not None and value not in values for values, value in wanted):
                continue
            if query.open_only and not (one.posted and one.unpaid):
                continue
            yield one

    def receipts(self, query):
        for one in sorted(self.receipts_.values(), key=lambda one: int(one.id)):
            if query.changed_since is not None and not self._since(one, query):
                continue
            if query.ids is not None and one.id not in query.ids:
                continue
            if query.customer_ids is not None and one.customer_id not in query.customer_ids:
                continue
            if query.unapplied_only and not one.unapplied:
                continue
            yield one

    @staticmethod
    def _since(one, query):
        return query.changed_since is not None and one.modified >= query.changed_since

    def changed_transactions(self, since):
        kinds = {**{one.id: ("CustInvc", one) for one in self.invoices_.values()}}
        kinds |= {one.id: (one.type, one) for one in self.receipts_.values()}
        return [(type_, id_) for id_, (type_, one) in kinds.items() if one.modified >= since]

    def list_mark(self, kind):
        return "unchanged"

    def deleted(self, since):
        return list(self.deleted_)

    def periods(self):
        return list(self.periods_)

    def credit_terms(self, customer_ids):
        return [
            self.terms_.get(id_) or CreditTerms(customer_id=id_, currency="USD", limit=None, hold=None)
            for id_ in customer_ids
        ]

    def billable(self, order_id):
        self.asked_to_bill.append(order_id)
        order = self.orders_[order_id]
        if self.refuses_to_bill:
            return Billable(order_id=order_id, code=self.refuses_to_bill, reason="nothing is billable")
        lines = []
        for line in order.lines:
            basis = line.fulfilled if line.fulfillable else line.quantity
            rest = basis - line.billed
            if rest > 0:
                amount = line.amount * rest / line.quantity
                lines.append(
                    BillableLine(
                        order_line=line.line,
                        item_id=line.item_id,
                        quantity=rest,
                        rate=None,
                        amount=amount,
                        key=line.key,
                    )
                )
        return Billable(order_id=order_id, lines=tuple(lines))

    def server_time(self):
        return self.clock.now()

    def account(self):
        return self.account_id

    def references(self, kind, by):
        return [
            ErpReference(type=kind, id=str(number), name=name, inactive=(kind, name) in self.inactive)
            for number, name in enumerate(self.lists.get(kind, []), start=1)
        ]

    def customers(self, changed_since=None):
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
        store = self._store(payload.type)
        if request.op == "add":
            taken = [held for held in store.values() if held.external_id == request.external_id]
            if taken:
                return WriteOutcome(status="exists", code="DUP_RCRD", message="This record already exists")
            id_ = str(1000 + len(self.customers_) + len(self.orders_) + len(self.invoices_))
        else:
            id_ = request.internal_id
        self.writes.append((request.op, payload.type, id_))
        save = {"customer": self._save_customer, "salesOrder": self._save_order, "invoice": self._save_invoice}
        save[payload.type](id_, request)
        return WriteOutcome(status="success", target_id=id_)

    def _store(self, type_):
        return {"customer": self.customers_, "salesOrder": self.orders_, "invoice": self.invoices_}[type_]

    def _save_invoice(self, id_, request):
        values = dict(request.payload.values)
        source = values.get("createdFrom")
        order = self.orders_.get(source.id) if source is not None else None
        net = sum((line.values["amount"] for line in request.payload.lines), Decimal(0)) + self.surcharge
        entity = values["entity"]
        self.put_invoice(
            id_,
            external_id=request.external_id,
            customer_id=entity.id or self._customer_of(entity),
            currency=order.currency if order else CURRENCIES[values["currency"].id],
            date=values["tranDate"],
            net=net,
            total=net,
            order_id=order.id if order else None,
            deal_id=values.get("custbody_tieout_deal_id"),
            intent=values["custbody_tieout_intent"],
            lines=tuple(
                InvoiceLine(
                    line=number,
                    order_line=int(line.values["orderLine"]) if "orderLine" in line.values else None,
                    item_id=line.values["item"].id,
                    quantity=line.values["quantity"],
                    amount=line.values["amount"] + (self.surcharge if number == 1 else 0),
                )
                for number, line in enumerate(request.payload.lines, start=1)
            ),
        )
        if order is not None:
            self._bill(order, request.payload.lines)

    def _bill(self, order, lines):
        billed = {int(line.values["orderLine"]): line.values["quantity"] for line in lines}
        new = tuple(replace(line, billed=line.billed + billed.get(line.line, 0)) for line in order.lines)
        whole = all(line.billed >= line.quantity for line in new)
        self.orders_[order.id] = replace(
            order, lines=new, status="G" if whole else order.status, modified=self.clock.now()
        )

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
        for held in self._store(type_).values():
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
        if type_ == "invoice":
            return ReadBack(
                id=held.id, type=type_, external_id=held.external_id, intent=held.intent, version=None,
                status=held.status, net=held.net, number=held.number,
            )  # fmt: skip
        return ReadBack(
            id=held.id, type=type_, external_id=held.external_id, intent=held.intent, version=held.version,
            status=held.status, net=held.net, number=held.number, lines=held.lines,
            values={"memo": held.memo, "otherRefNum": held.po_number},
        )  # fmt: skip
