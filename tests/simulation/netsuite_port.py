"""``ErpReader`` and ``ErpWriter`` of one simulated process over the simulated NetSuite."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from connectors.forward_clock import ForwardClock
from connectors.records import ErpCustomer, ErpOrder, ErpReference, ReadBack, WriteOutcome
from tests.simulation.netsuite_server import Flight
from tests.simulation.scheduler import START

CURRENCIES = {"1": "USD", "2": "EUR"}
LISTS = {
    "item": ("PLAT-100", "GTX-PRO", "TEAM-10"),
    "currency": ("USD", "EUR"),
    "subsidiary": ("Acme Inc", "Acme GmbH"),
    "employee": ("rep@acme.example",),
    "term": ("Net 30",),
}
TOO_LATE = WriteOutcome(status="no_op", code="SEND_WINDOW_PASSED", message="not sent: its time had passed")


class NetSuitePort:
    """``ErpReader`` and ``ErpWriter`` of one process over the simulated account."""

    connection = "netsuite"

    def __init__(self, server, worker, clock, slots):
        self._server = server
        self._worker = worker
        self._clock = clock
        self._slots = slots

    # reading

    def server_time(self):
        self._worker.read("netsuite.time")
        return self._clock.now()

    def account(self):
        return "7654321_SB1"

    def references(self, kind, by):
        self._worker.read("netsuite.list")
        found = [ErpReference(type=kind, id=str(n), name=name) for n, name in enumerate(LISTS.get(kind, ()), start=1)]
        return self._worker.answered("netsuite.list", found)

    def list_mark(self, kind):
        return "unchanged"

    def customers(self, changed_since=None):
        self._worker.read("netsuite.customers")
        found = [self._customer(one) for one in sorted(self._server.live("customer"), key=lambda one: int(one.id))]
        return iter(self._worker.answered("netsuite.customers", found))

    def orders(self, query):
        self._worker.read("netsuite.orders")
        found = []
        for one in sorted(self._server.live("salesOrder"), key=lambda one: int(one.id)):
            wanted = (
                (query.ids, one.id),
                (query.customer_ids, one.values["entity"].id),
                (query.external_ids, one.external_id),
            )
            if all(values is None or value in values for values, value in wanted):
                found.append(self._order(one))
        return iter(self._worker.answered("netsuite.orders", found))

    def order_totals(self):
        return []

    def invoices(self, query):
        return iter(())

    def receipts(self, query):
        return iter(())

    def changed_transactions(self, since):
        return []

    def deleted(self, since):
        return []

    def periods(self):
        return []

    def credit_terms(self, customer_ids):
        return []

    def invoice_totals(self):
        return []

    def record_url(self, type_, id_):
        return f"https://erp.example/{type_}/{id_}"

    def body_fields(self, type_):
        return frozenset({"entity", "currency", "memo", "otherRefNum"})

    def line_fields(self, type_):
        return frozenset(["item", "quantity", "amount", "rate", "price", "description"])

    def read_back(self, type_, *, external_id=None, internal_id=None):
        self._worker.read("netsuite.read_back")
        found = self._server.get(type_, external_id, internal_id, self._worker.name)
        shown = None if found is None else self._shown(found)
        return self._worker.answered("netsuite.read_back", shown)

    @staticmethod
    def _shown(found):
        return ReadBack(
            id=found.id, type=found.type, external_id=found.external_id, intent=found.intent, version=found.version,
            status=found.status if found.type == "salesOrder" else None, net=found.net, number=f"N{found.id}",
            lines=found.lines, values={name: found.values.get(name) for name in ("memo", "otherRefNum")},
        )  # fmt: skip

    def _customer(self, one):
        values = one.values
        return ErpCustomer(
            id=one.id, entity_id=f"C-{one.id}", name=str(values.get("companyName")), external_id=one.external_id,
            subsidiary="1", parent_id=None, inactive=False, modified=self._moment(one.modified),
            account_id=values.get("custentity_tieout_account_id"),
        )  # fmt: skip

    def _order(self, one):
        values = one.values
        return ErpOrder(
            id=one.id, number=f"N{one.id}", external_id=one.external_id, customer_id=values["entity"].id,
            currency=CURRENCIES[values["currency"].id], date=values.get("tranDate") or date(2026, 11, 10),
            status=one.status, net=one.net, tax=Decimal(0), total=one.net, po_number=values.get("otherRefNum"),
            memo=values.get("memo"), subsidiary="1", modified=self._moment(one.modified),
            created=self._moment(one.created), deal_id=one.deal_id, intent=one.intent, version=one.version,
            lines=one.lines,
        )  # fmt: skip

    @staticmethod
    def _moment(seconds):
        return START + timedelta(seconds=seconds)

    # writing

    def write(self, requests):
        """See ``connectors.ports.ErpWriter``: at most ``slots`` in flight, each yielded as it is answered."""
        waiting, flying = iter(requests), []
        clock = ForwardClock(self._clock)
        self._launch(waiting, flying, clock)
        while flying:
            first = min(flying, key=lambda flight: flight.at)
            self._worker.sleep(first.at - self._worker.scheduler.now)
            self._worker.point("netsuite.answered")
            flying.remove(first)
            self._launch(waiting, flying, clock)
            yield first.request, first.outcome

    @staticmethod
    def may_leave(request, clock):
        """Say whether the request may still leave, as ``connectors.netsuite.writer`` does before the first byte."""
        return request.send_by is None or clock.now() <= request.send_by

    def _launch(self, waiting, flying, clock):
        while len(flying) < self._slots and (request := next(waiting, None)) is not None:
            flying.append(self._sent(request, clock))

    def _sent(self, request, clock):
        self._worker.sending = request
        self._worker.point("netsuite.sending")
        self._worker.no_transaction("netsuite")
        self._worker.count("operations")
        if not self.may_leave(request, clock):
            return Flight(self._worker.scheduler.now, request, TOO_LATE)
        flight = self._server.send(request, self._worker.name)
        self._worker.point("netsuite.sent")
        return flight
