"""A simulated Salesforce: whole-second stamps, rows that become visible late, deletes, PATCHes that land late.

Every change is a version with the stamp of its beginning and the moment at which others see it. Versions of one
record become visible in order. The log of PATCHes is what the judge reads.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from connectors.records import Page, Position, Record, RecordRef, WriteOutcome, salesforce_id
from tests.simulation.netsuite_port import TOO_LATE
from tests.simulation.netsuite_server import Entry
from tests.simulation.scheduler import START

PATCH_TIMEOUT = 60.0
NEVER = float("inf")


@dataclass(slots=True)
class Version:
    """One state of a record."""

    stamp: float
    visible: float
    fields: dict
    deleted: bool


@dataclass(slots=True)
class PatchFlight:
    """A PATCH under way."""

    at: float
    outcome: WriteOutcome


@dataclass
class SalesforceServer:
    """The org."""

    scheduler: object
    faults: object
    records: dict = field(default_factory=lambda: {"Opportunity": {}, "OpportunityLineItem": {}, "Account": {}})
    log: list = field(default_factory=list)

    # what people do

    def put(self, type_, id_, *, late=True, deleted=False, **values):
        """Change a record, or make it; return its id."""
        id_ = salesforce_id(id_)
        versions = self.records[type_].setdefault(id_, [])
        now, chosen = self.scheduler.now, self.faults.options
        visible = now
        if late and self.faults.happens(chosen.late):
            visible = now + self.faults.span(1.0, chosen.longest_late)
        before = versions[-1] if versions else None
        fields = {**(before.fields if before else {}), **values, "Id": id_}
        stamp = float(int(now))
        if before is not None:
            visible, stamp = max(visible, before.visible), max(stamp, before.stamp)
        versions.append(Version(stamp, visible, fields, deleted))
        self.scheduler.note("salesforce", (type_, id_, round(visible - now)))
        return id_

    def newest(self, type_, id_):
        """Return a record's last version, visible or not."""
        return self.records[type_][id_][-1]

    def seen(self, type_, id_):
        """Return the version that a reader sees now, or None."""
        now = self.scheduler.now
        for version in reversed(self.records[type_].get(id_, ())):
            if version.visible <= now:
                return version
        return None

    # the wire

    def patch(self, id_, values, by):
        """Take one PATCH; return its flight."""
        now, faults = self.scheduler.now, self.faults
        chosen = faults.options
        flight = PatchFlight(now + PATCH_TIMEOUT, WriteOutcome(status="ambiguous", code="TIMEOUT", message="no answer"))
        if faults.happens(chosen.lost_patch):
            self._log("lost", id=id_, by=by)
            return flight
        self._log("received", id=id_, by=by, facts=dict(values))
        number = len(self.log)
        delay = faults.span(1.0, 59.0) if faults.happens(chosen.delayed_patch) else faults.span(0.1, 0.5)
        answered = not faults.happens(chosen.lost_patch_answer)
        if answered:
            flight.at = now + delay + 0.05
        self.scheduler.after(delay, lambda: self._landed(id_, values, by, number, flight, answered))
        return flight

    def _landed(self, id_, values, by, number, flight, answered):
        if self.newest("Opportunity", id_).visible > self.scheduler.now:
            # A longer transaction holds the row.
            self._log("refused", id=id_, by=by)
            if answered:
                flight.outcome = WriteOutcome(status="no_op", code="UNABLE_TO_LOCK_ROW", message="the row is locked")
            return
        self.put("Opportunity", id_, late=False, **values)
        self._log("committed", id=id_, by=by, facts={"number": number, **values})
        if answered:
            flight.outcome = WriteOutcome(status="success", target_id=id_)

    def _log(self, what, **facts):
        self.log.append(Entry(at=self.scheduler.now, what=what, type="Opportunity", **facts))
        self.scheduler.note("salesforce", (what, facts.get("id")))


class SalesforcePort:
    """``CrmReader`` and ``CrmWriter`` of one process over the simulated org."""

    connection = "salesforce"

    def __init__(self, server, worker):
        self._server = server
        self._worker = worker

    def server_time(self):
        self._worker.read("salesforce.time")
        return START + timedelta(seconds=int(self._server.scheduler.now))

    def organization(self):
        return "00D000000000001AAA"

    def changed(self, type_, fields, window, after=None):
        page = self._server.faults.options.page
        rows = sorted(self._inside(type_, fields, window), key=lambda row: (row.modified, row.ref.id))
        while rows:
            self._worker.read("salesforce.page")
            head, rows = rows[:page], rows[page:]
            self._worker.answered("salesforce.page", None)
            yield Page(head, Position(head[-1].modified, head[-1].ref.id))

    def _inside(self, type_, fields, window):
        self._worker.read("salesforce.query")
        for id_ in sorted(self._server.records[type_]):
            row = self._record(type_, id_, fields)
            if row is None or row.modified > window.high or (window.low is not None and row.modified < window.low):
                continue
            yield row

    def by_ids(self, type_, fields, ids):
        self._worker.read("salesforce.rows")
        found = (self._record(type_, salesforce_id(id_), fields) for id_ in ids)
        return self._worker.answered("salesforce.rows", [row for row in found if row is not None])

    def children(self, type_, fields, parent_field, parent_ids):
        self._worker.read("salesforce.rows")
        rows = (self._record(type_, id_, fields, (parent_field,)) for id_ in sorted(self._server.records[type_]))
        wanted = {salesforce_id(id_) for id_ in parent_ids}
        found = [
            row
            for row in rows
            if row is not None and not row.deleted and salesforce_id(str(row.fields[parent_field])) in wanted
        ]
        return self._worker.answered("salesforce.rows", found)

    def scan(self, type_, fields, where=(), *, include_deleted=False):
        self._worker.read("salesforce.rows")
        named = (*fields, *(condition.field for condition in where))
        for id_ in sorted(self._server.records[type_]):
            row = self._record(type_, id_, named)
            if row is None or (row.deleted and not include_deleted):
                continue
            if all(_holds(row.fields.get(one.field), one.op, one.value) for one in where):
                yield row

    def totals(self, type_, amount, where=()):
        return []

    def describe(self, type_):
        raise NotImplementedError("a run does not describe objects")

    def record_url(self, ref):
        return f"https://crm.example/{ref.id}"

    def update(self, updates):
        """See ``connectors.ports.CrmWriter``: one request, an outcome for each record."""
        self._worker.point("salesforce.sending")
        self._worker.no_transaction("salesforce")
        self._worker.count("operations")
        now = self._worker.world.now()
        if any(update.send_by is not None and now > update.send_by for update in updates):
            return [TOO_LATE for _ in updates]
        flights = [self._server.patch(update.ref.id, dict(update.values), self._worker.name) for update in updates]
        last = max((flight.at for flight in flights), default=self._server.scheduler.now)
        self._worker.sleep(last - self._server.scheduler.now)
        self._worker.point("salesforce.answered")
        return [flight.outcome for flight in flights]

    def upsert(self, rows):
        return [WriteOutcome(status="success", target_id=row.key) for row in rows]

    def _record(self, type_, id_, fields, more=()):
        version = self._server.seen(type_, id_)
        if version is None:
            return None
        return Record(
            ref=RecordRef(connection=self.connection, type=type_, id=id_),
            fields={name: version.fields.get(name) for name in (*fields, *more)},
            modified=START + timedelta(seconds=version.stamp),
            deleted=version.deleted,
        )


def _holds(value, op, wanted):
    if value is None and op not in ("=", "!=", "in"):
        return False
    return {
        "=": lambda: value == wanted,
        "!=": lambda: value != wanted,
        "in": lambda: value in wanted,
        "<": lambda: value < wanted,
        "<=": lambda: value <= wanted,
        ">": lambda: value > wanted,
        ">=": lambda: value >= wanted,
    }[op]()
