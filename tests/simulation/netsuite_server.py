"""A simulated NetSuite: delayed commits, racing uniqueness, lost requests and answers, and people who edit.

It checks nothing for Tieout. Its log, with virtual times, is what the judge reads. Oracle's bound holds: a request
is committed or given up within 15 minutes of its receipt, whatever became of the connection.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal

from connectors.records import ErpLine, WriteOutcome
from tests.simulation.faults import L_MAX

TIMEOUT = 60.0
NO_ANSWER = WriteOutcome(status="ambiguous", code="TIMEOUT", message="no answer")
INTENT = {"salesOrder": "custbody_tieout_intent", "customer": "custentity_tieout_intent"}


@dataclass(slots=True, kw_only=True)
class Entry:
    """One line of the log. ``what``: sent, received, lost, throttled, committed, refused, read,
    edited, approved, deleted."""

    at: float
    what: str
    type: str = ""
    id: str = ""
    external_id: str | None = None
    intent: str | None = None
    by: str = ""
    op: str = ""
    found: bool = False
    facts: dict = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Document:
    """A customer or sales order as it stands. ``content`` tells which edit of the deal its lines carry."""

    id: str
    type: str
    external_id: str | None
    intent: str | None = None
    version: str | None = None
    values: dict = field(default_factory=dict)
    lines: tuple = ()
    status: str = "A"
    created: float = 0.0
    modified: float = 0.0
    gone: bool = False
    touched: list = field(default_factory=list)
    """When finance approved or edited it."""

    @property
    def net(self):
        return sum((line.amount for line in self.lines), Decimal(0))

    @property
    def deal_id(self):
        return self.values.get("custbody_tieout_deal_id")


@dataclass(slots=True)
class Flight:
    """A request under way: when the client learns something, and what it learns."""

    at: float
    request: object
    outcome: WriteOutcome
    silent: bool = False
    """Whether the answer is lost: the outcome stays what it was at the start."""
    entry: Entry | None = None
    """Its line in the log."""

    def answer(self, status, code, target_id=None):
        if not self.silent:
            if status in ("rejected", "conflict"):
                self.entry.facts["no_op"] = True
            self.outcome = WriteOutcome(status=status, code=code, message=f"simulated {code}", target_id=target_id)


class NetSuiteServer:
    """The account. ``witness`` is asked, at every send, what the client had committed to by then."""

    upserts = False
    """Whether a create overwrites what carries its external id, as ``upsert`` does; a mutant's."""

    def __init__(self, scheduler, faults, witness):
        self.scheduler = scheduler
        self.faults = faults
        self.witness = witness
        self.log = []
        self.documents = {}
        self.clashing = set()
        """External ids of customers that NetSuite refuses because of their name."""
        self._count = 1000

    # what people in finance do

    def existing_customer(self, name):
        return self._insert("customer", None, {"companyName": name}, ())

    def live(self, type_):
        return [one for one in self.documents.values() if one.type == type_ and not one.gone]

    def order_of(self, deal_id):
        """Return the first live order of a deal, or None."""
        return next((one for one in self.live("salesOrder") if one.deal_id == deal_id), None)

    def approve(self, order):
        order.status = "B"
        self._touched(order, "approved")

    def edit(self, order):
        lines = tuple(replace(line, amount=line.amount + Decimal("1000")) for line in order.lines[:1])
        order.lines = lines + order.lines[1:]
        self._touched(order, "edited")

    def delete(self, order):
        order.gone = True
        self._touched(order, "deleted")

    def _touched(self, order, what):
        order.touched.append(self.scheduler.now)
        order.modified = self.scheduler.now
        self._log(what, type=order.type, id=order.id, external_id=order.external_id, by="finance")

    # the wire

    def send(self, request, by):
        """Take a request off the client's hands; return its flight."""
        now, faults = self.scheduler.now, self.faults
        fate, saving = faults.fate(), faults.saving()
        stuck = faults.span(5.0, 55.0) if faults.happens(faults.options.stuck) else faults.span(0.01, 0.2)
        intent = request.payload.values.get(INTENT[request.payload.type])
        known = {"type": request.payload.type, "external_id": request.external_id, "intent": intent, "by": by}
        known |= {"op": request.op, "id": request.internal_id or ""}
        answered = now + stuck + saving + 0.05
        flight = Flight(min(answered, now + TIMEOUT), request, NO_ANSWER, silent=answered > now + TIMEOUT)
        if fate == "lost_request":
            self._log("lost", **known)
            flight.at, flight.silent = now + TIMEOUT, True
            return flight
        if fate == "throttled":
            self._log("throttled", **known)
            flight.at = now + 0.2
            flight.answer("no_op", "WS_REQUEST_BLOCKED")
            return flight
        if fate == "lost_answer":
            flight.silent = True
        self.witness.sending(request, intent, by)
        self._log("sent", **known)
        flight.entry = self.log[-1]
        self.scheduler.after(stuck, lambda: self._receive(request, known, fate, saving, flight))
        return flight

    def _receive(self, request, known, fate, saving, flight):
        assert saving <= L_MAX
        self._log("received", **known)
        if fate == "broken_before":
            return self._refused(known, flight, "ambiguous", "UNEXPECTED_ERROR")
        if fate == "conflict" and request.op == "update":
            return self._refused(known, flight, "conflict", "RCRD_HAS_BEEN_CHANGED")
        there = None
        if request.op == "add" and self.upserts:
            there = self._holder(request)
        elif request.op == "add" and self._taken(request):
            return self._refused(known, flight, "exists", "DUP_RCRD")
        self.scheduler.after(saving, lambda: self._commit(request, known, fate, flight, there))
        return None

    def _refused(self, known, flight, status, code):
        self._log("refused", **known, facts={"code": code})
        flight.answer(status, code)

    def _taken(self, request):
        wanted = (request.external_id or "").lower()
        return wanted in self.clashing or self._holder(request) is not None

    def _holder(self, request):
        wanted = (request.external_id or "").lower()
        holders = (one for one in self.documents.values() if (one.external_id or "").lower() == wanted)
        return next((one for one in holders if not one.gone), None)

    def _commit(self, request, known, fate, flight, there):
        if request.op == "add" and self.upserts and not self.faults.options.hostile:
            there = self._holder(request)
        if there is not None:
            made = there
        elif request.op == "add":
            if not self.faults.options.hostile and self._taken(request):
                return self._refused(known, flight, "exists", "DUP_RCRD")
            made = self._insert(request.payload.type, request.external_id, {}, ())
        else:
            made = self.documents.get(request.internal_id)
            if made is None or made.gone:
                return self._refused(known, flight, "rejected", "RCRD_DSNT_EXIST")
        self._save(made, request, known, flight)
        if fate == "broken_after":
            flight.answer("ambiguous", "SSS_ERROR")
        else:
            flight.answer("success", "", made.id)
        return None

    def _save(self, made, request, known, flight):
        made.values.update(request.payload.values)
        for name in request.payload.clear:
            made.values.pop(name, None)
        self._write_lines(made, request)
        made.intent = known["intent"]
        made.version = request.payload.values.get("custbody_tieout_ver", made.version)
        made.modified = self.scheduler.now
        first = next((line.amount for line in made.lines if line.key and line.key[13:15] == "00"), None)
        facts = {"first": first, "version": made.version, "touched": list(made.touched), "sent_at": flight.entry.at}
        self._log("committed", **{**known, "id": made.id, "external_id": made.external_id}, facts=facts)

    def _insert(self, type_, external_id, values, lines):
        self._count += 1
        now = self.scheduler.now
        made = Document(
            id=str(self._count), type=type_, external_id=external_id, values=values, lines=lines, created=now,
            modified=now,
        )  # fmt: skip
        self.documents[made.id] = made
        return made

    def _write_lines(self, made, request):
        if request.payload.type != "salesOrder":
            return
        lines = [line for line in made.lines if line.line in request.keep_lines]
        used = {line.line for line in made.lines}
        for line in request.payload.lines:
            number = line.line or max(used, default=0) + 1
            used.add(number)
            values = line.values
            lines.append(
                ErpLine(
                    line=number, item_id=values["item"].id, item_name=values["item"].name, rate=None, key=line.key,
                    quantity=values["quantity"], amount=values["amount"], description=values.get("description"),
                )
            )  # fmt: skip
        made.lines = tuple(lines)

    def _log(self, what, **facts):
        self.log.append(Entry(at=self.scheduler.now, what=what, **facts))
        self.scheduler.note("netsuite", (what, facts.get("external_id") or facts.get("id")))

    # what a client reads

    def get(self, type_, external_id, internal_id, by):
        """Return a record strongly consistently, or None; several of one external id show the first."""
        wanted = (external_id or "").lower()
        named = (one for one in self.documents.values() if one.type == type_ and not one.gone)
        found = next(
            (one for one in named if one.id == internal_id or (wanted and wanted == (one.external_id or "").lower())),
            None,
        )
        shown = external_id or (found.external_id if found else None)
        self._log(
            "read", type=type_, external_id=shown, id=internal_id or "", found=found is not None, by=by,
            intent=found.intent if found else None,
        )  # fmt: skip
        return found
