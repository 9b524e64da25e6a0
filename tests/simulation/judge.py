"""The judge: invariants I1 to I14 of the write protocol, over the simulated servers' own records.

Tieout's database is opened only for what no server can know: what was committed before a request left (I7), how the
journal's own versions, fences, audit and holds stand (I5, I10, I12, I14). Where each is judged:

======  ==============================================================================================
I1      at every commit of NetSuite, and at the end: one live document for an external id and for a deal
I2      at the end: every won deal has an order or is shown as held; in between by I9
I3      at the end: content equals the deal, or the deal is shown as held for a reason the story gave
I4      at every commit of NetSuite: the edit number in an order's content never falls, and no update lands on
        an order that finance had touched well before it was sent
I5      after every run: applied <= desired <= newest staged; each only grows (until a restore)
I6      at the end, and over the log of PATCHes: what a deal shows is so, and no PATCH overtakes a newer one
I7      at every send: an intent with the stamp on the wire is committed as SENDING
I8      over the log: between two requests for one external id a read-back, and either it was positive or NetSuite's
        15 minutes were over; a definite no-op is exempt
I9      after every run: no row that was visible and older than the position minus overlap is unstaged
I10     after every run: fences only grow, and no intent carries a higher one than its record
I11     at the end, for the orders that only Tieout wrote: sum of the orders = sum of their deals
I12     at the end: the audit chain (``tests/audit_judge.py``)
I13     at every remote call: no transaction is open
I14     at the end: HELD if and only if there is an open hold
======  ==============================================================================================

I0 is this judge's own: the engine must raise nothing but a ``ConnectorError``.
"""

from __future__ import annotations

import sqlite3
from datetime import datetime
from decimal import Decimal

from tests.simulation.faults import L_MAX
from tests.simulation.scheduler import START
from tests.simulation.story import FIRST

FRESH = 180.0
"""Seconds for which a look at an order may be relied upon: two minutes, the send window and a margin."""


VERSIONS = """
SELECT subject.source_id, subject.fence, subject.desired_version, binding.staged_version,
       (SELECT MAX(version) FROM staged WHERE staged.source_id = subject.source_id AND staged.type = 'Opportunity')
FROM subject LEFT JOIN binding
  ON binding.kind = subject.kind AND binding.source_id = subject.source_id AND binding.doc_no = subject.doc_no
WHERE subject.kind = 'so' AND subject.doc_no = 1
"""
FENCES = """
SELECT intent.source_id, intent.fence, subject.fence FROM intent JOIN subject
  ON intent.kind = subject.kind AND intent.source_id = subject.source_id AND intent.doc_no = subject.doc_no
WHERE intent.fence > subject.fence
"""


class Witness:
    """Reads the journal by its own connection; the worker that sends holds no transaction then."""

    def __init__(self, path, complain):
        self._path = path
        self._complain = complain
        self._conn = None

    def rows(self, sql, *values):
        if self._conn is None:
            self._conn = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        return self._conn.execute(sql, values).fetchall()

    def close(self):
        if self._conn is not None:
            self._conn.close()
            self._conn = None

    def sending(self, request, intent, by):
        """A request leaves: what does the journal say of it?"""
        found = self.rows("SELECT state, kind, source_id, op, send_by FROM intent WHERE id = ?", intent)
        if not found or found[0][0] != "SENDING":
            state = found[0][0] if found else "no row"
            self._complain("I7", f"{by} sent {request.external_id or request.internal_id}: its intent is {state}")
            return
        _, kind, source_id, op, _ = found[0]
        if op != "add":
            return
        bound = self.rows(
            "SELECT target_id FROM binding WHERE kind = ? AND source_id = ? AND doc_no = 1", kind, source_id
        )
        if bound:
            self._complain("I8", f"{by} creates {request.external_id} although it is bound to {bound[0][0]}")


class Judge:
    """Collects complaints: (invariant, text)."""

    def __init__(self):
        self.complaints = []
        self.failures = []
        self._before = {}

    def complain(self, invariant, text, failure=None):
        if (invariant, text) not in self.complaints:
            self.complaints.append((invariant, text))
            if failure is not None:
                self.failures.append(failure)

    # NetSuite

    def netsuite(self, server):
        """Judge I1, I4 and I8 over the whole log."""
        self._one_live(server)
        self._no_stale(server)
        self._no_blind_resend(server)

    def _one_live(self, server):
        live = {}
        for entry in server.log:
            if entry.what == "deleted" and entry.type == "salesOrder":
                live.pop(entry.id, None)
            if entry.what == "committed" and entry.op == "add":
                key = (entry.type, entry.external_id.lower())
                for other, known in live.items():
                    if known == key:
                        self.complain("I1", f"{entry.external_id} has the live documents {other} and {entry.id}")
                live[entry.id] = key

    def _no_stale(self, server):
        newest = {}
        for entry in server.log:
            if entry.what != "committed" or entry.type != "salesOrder":
                continue
            if entry.facts["first"] is None:
                continue
            number = edit_of(entry.facts["first"])
            if number < newest.get(entry.id, 0):
                self.complain("I4", f"order {entry.id} went from edit {newest[entry.id]} back to {number}")
            newest[entry.id] = number
            sent = entry.facts["sent_at"]
            early = [at for at in entry.facts["touched"] if at < sent - FRESH]
            if entry.op == "update" and early:
                what = f"order {entry.id} was overwritten {sent - early[0]:.0f} s after finance had touched it"
                self.complain("I4", what)

    def _no_blind_resend(self, server):
        last, seen = {}, {}
        for entry in server.log:
            key = (entry.external_id or "").lower()
            if entry.op == "add" and entry.what in ("sent", "lost"):
                before = last.get(key)
                if before is not None and not before.facts.get("no_op"):
                    self._resend(key, before, seen.get(key, []), entry)
                last[key], seen[key] = entry, []
            elif entry.what == "read":
                seen.setdefault(key, []).append(entry)

    def _resend(self, key, before, reads, entry):
        after = [read for read in reads if read.at >= before.at]
        if not after:
            self.complain("I8", f"{key} was sent again after {entry.at - before.at:.0f} s without a look")
        elif entry.at - before.at < L_MAX and not any(read.found for read in after):
            self.complain("I8", f"{key} was sent again after {entry.at - before.at:.0f} s")

    # the end

    def end(self, story, witness):
        """Judge I2, I3, I6 and I11 when everything must have converged."""
        held = {row[1] for row in witness.rows("SELECT kind, source_id FROM hold WHERE resolved_at IS NULL")}
        wanted = found = Decimal(0)
        for deal in story.deals:
            orders = [one for one in story.netsuite.live("salesOrder") if one.deal_id == deal.id]
            if len(orders) > 1:
                self.complain("I1", f"{deal.id} has {len(orders)} live orders at the end")
            order = orders[0] if orders else None
            shown = story.salesforce.newest("Opportunity", deal.id).fields
            is_held = shown.get("Tieout_Sync_State__c") == "Held" if not deal.deleted else deal.id in held
            self._one_deal(story, deal, order, is_held)
            self._shown(deal, order, shown, is_held)
            if order is not None and deal.won and not is_held and deal.id not in story.finance_touched:
                wanted, found = wanted + content(deal), found + order.net
        if wanted != found:
            self.complain("I11", f"deals ask for {wanted}, their orders are over {found}")

    def _one_deal(self, story, deal, order, is_held):
        touched = deal.id in story.finance_touched
        clash = f"tieout-cust-{deal.account}".lower() in story.netsuite.clashing
        if deal.won and not deal.deleted:
            if order is None and not is_held:
                self.complain("I2", f"{deal.id} is lost: won, no order, not held")
            elif order is None and not touched and not clash:
                self.complain("I3", f"{deal.id} is held without an order and without need")
            elif order is not None and order.net != content(deal) and not touched and not is_held:
                self.complain("I3", f"{deal.id} asks for {content(deal)}, its order says {order.net}")
            elif order is not None and is_held and not touched and not story.options.restores:
                self.complain("I3", f"{deal.id} is held beside its order {order.id} without need")
        elif order is not None and not is_held:
            self.complain("I3", f"{deal.id} is not won any more, has order {order.id} and is not held")

    def _shown(self, deal, order, shown, is_held):
        if deal.deleted or order is None:
            return
        if shown.get("Tieout_Sales_Order_Id__c") != order.id:
            self.complain("I6", f"{deal.id} shows order {shown.get('Tieout_Sales_Order_Id__c')}, it is {order.id}")

    def salesforce(self, server):
        """Judge I6: no PATCH lands after a newer one of its record, unless it says the same."""
        last = {}
        for entry in server.log:
            if entry.what != "committed":
                continue
            values = {name: value for name, value in entry.facts.items() if name != "number"}
            number, before = last.get(entry.id, (0, {}))
            differs = any(before.get(name, value) != value for name, value in values.items())
            if entry.facts["number"] < number and differs:
                self.complain("I6", f"an older PATCH of {entry.id} overtook a newer one")
            last[entry.id] = (max(number, entry.facts["number"]), values)

    # the journal

    def after_run(self, witness, salesforce, overlap):
        """Judge I5, I9 and I10 on what is committed now."""
        rows = witness.rows(VERSIONS)
        for source_id, fence, desired, applied, staged in rows:
            before = self._before.get(source_id, (0, "", ""))
            now = (fence, desired or "", applied or "")
            if fence < before[0]:
                self.complain("I10", f"the fence of {source_id} fell from {before[0]} to {fence}")
            for name, then, value in (("desired", before[1], now[1]), ("applied", before[2], now[2])):
                if value < then:
                    self.complain("I5", f"the {name} version of {source_id} fell from {then} to {value}")
            if not now[2] <= max(now[1], before[1]) or not now[1] <= (staged or ""):
                self.complain("I5", f"{source_id}: applied {now[2]}, desired {now[1]}, staged {staged}")
            self._before[source_id] = now
        for source_id, mine, current in witness.rows(FENCES):
            if mine > current:
                self.complain("I10", f"an intent of {source_id} carries fence {mine}, its record {current}")
        self._cursor(witness, salesforce, overlap, {row[0] for row in rows})

    def _cursor(self, witness, salesforce, overlap, known):
        found = witness.rows("SELECT pos_stamp FROM cursor WHERE stream = 'Opportunity'")
        if not found:
            return
        low = (datetime.fromisoformat(found[0][0]) - START).total_seconds() - overlap
        for id_ in salesforce.records["Opportunity"]:
            seen = salesforce.seen("Opportunity", id_)
            if seen.fields.get("IsWon") and not seen.deleted and seen.stamp < low and id_ not in known:
                self.complain("I9", f"the cursor has passed {id_}, which is not staged")

    def restored(self):
        """Forget what grew: an older database was put back."""
        self._before.clear()

    def journal_end(self, witness, faults_of_audit):
        """Judge I12, I14 and that nothing is left open."""
        held = set(witness.rows("SELECT kind, source_id FROM subject WHERE state = 'held'"))
        kinds = {kind for kind, _ in held} | {"so", "cust"}
        holds = set(witness.rows("SELECT kind, source_id FROM hold WHERE resolved_at IS NULL"))
        for one in sorted(held - holds):
            self.complain("I14", f"{one} is held without an open hold")
        for one in sorted(one for one in holds - held if one[0] in kinds):
            self.complain("I14", f"{one} has an open hold and is not held")
        left = witness.rows("SELECT kind, source_id, state FROM intent WHERE state <> 'CLOSED'")
        for kind, source_id, state in left:
            self.complain("I3", f"{kind} {source_id} has an open intent at the end: {state}")
        for text in faults_of_audit:
            self.complain("I12", text)


def edit_of(amount):
    """Return which edit a first line's amount tells of; finance adds thousands."""
    return int(amount - FIRST) % 1000


def content(deal):
    """Return the amount that a deal's order should have."""
    return FIRST + deal.edit + sum(Decimal(10 * index) for index in range(1, deal.lines))
