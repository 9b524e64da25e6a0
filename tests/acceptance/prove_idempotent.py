"""Proof: what did not change is not written; what changed is written, and nothing beside it.

The month is played on the small book: deals become orders, finance approves and bills one by hand, Tieout bills the
rest, money and a credit come in. Then nothing changes, and sync, its jobs in every order, and the nightly sweep must
write nothing. Then one deal, one payment and one credit are touched, each alone: the writes must be exactly those
that follow from it. Judged by the request logs of both servers.
"""

from __future__ import annotations

import itertools
import sys
import tempfile
from decimal import Decimal
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.acceptance.people import Clerk, Person  # noqa: E402
from tests.acceptance.stage import BOOKS, staged, verdict  # noqa: E402

JOBS = ("customers", "orders", "invoices", "status")
FIRST, SECOND, THIRD = (f"00600000000000{number}AAA" for number in (1, 2, 3))
ROWS, BALANCES = "Tieout_Financial__c", "Tieout_Account_Balance__c"


class Judge:
    """Plays a step and returns what the servers wrote because of Tieout in it."""

    def __init__(self, stage):
        self.stage = stage
        self.quiet = {}
        self.loud = {}

    def writes(self, act):
        """Return system and operation of each writing request that the act made, with the records concerned."""
        before = {system: len(self.stage.dump(system, "requests")) for system in ("salesforce", "netsuite")}
        act()
        log = [entry for system, seen in before.items() for entry in self.stage.dump(system, "requests")[seen:]]
        return [entry for entry in log if entry["effect"]]

    def nothing(self, name, act):
        """The act must write nothing."""
        self.quiet[name] = [entry["operation"] for entry in self.writes(act)]
        print(f"{name}: {self.quiet[name] or 'no write'}", flush=True)

    def exactly(self, name, changed):
        """A sync must change exactly these records: names of (type, what) in both systems' stores."""
        self.stage.step("10m")
        before = held(self.stage)
        print(f"{name} ...", flush=True)
        operations = [entry["operation"] for entry in self.writes(lambda: self.stage.json("sync"))]
        after = held(self.stage)
        found = sorted({key for key in before.keys() | after.keys() if before.get(key) != after.get(key)})
        self.loud[name] = {"operations": operations, "missing": sorted(set(changed) - set(found)),
                           "too_much": sorted(set(found) - set(changed))}  # fmt: skip
        print(f"{name}: {operations} changed {found}", flush=True)
        return operations

    def good(self):
        precise = not any(one["missing"] or one["too_much"] for one in self.loud.values())
        return precise and bool(self.loud) and not any(self.quiet.values())


def held(stage):
    """Return every record of both systems that Tieout may write, by type and name."""
    found = {}
    for type_ in ("salesOrder", "customer", "invoice"):
        for record in stage.dump("netsuite", type_):
            found[f"{type_} {record.get('externalId') or record.get('companyName') or record.get('memo')}"] = record
    for record in stage.dump("salesforce", "Opportunity"):
        found[f"deal {record['Name']}"] = record
    for type_ in (ROWS, BALANCES):
        for record in stage.dump("salesforce", type_):
            found[f"{type_} {record['Tieout_Key__c']}"] = record
    return found


def keys(stage, type_, **wanted):
    """Return the names of the rows with these values."""
    return [
        f"{type_} {row['Tieout_Key__c']}"
        for row in stage.dump("salesforce", type_)
        if all(row.get(name) == value for name, value in wanted.items())
    ]


def play(stage, clerk):
    """Play the month; return the writes of the syncs in it."""
    orders = [f"tieout-so-{deal}" for deal in (FIRST, SECOND, THIRD)]
    stage.json("sync")
    stage.step("1h")
    clerk.does(*({"op": "approve", "order": order} for order in orders[:2]))
    clerk.does({"op": "bill", "order": orders[0], "share": "0.5"})
    stage.json("sync")
    stage.step("1d")
    clerk.does({"op": "pay", "orders": [orders[0]], "share": "0.5", "reference": "CHQ-1"})
    clerk.does({"op": "pay_on_account", "customer_of": orders[1], "amount": "40.00", "date": "2026-11-23"})
    stage.step("10m")
    stage.json("sync")
    return orders


def quiet(stage, judge):
    """Nothing changed: no way of running may write."""
    judge.nothing("second sync", lambda: (stage.step("1h"), stage.json("sync")))
    for jobs in (*((job,) for job in JOBS), tuple(reversed(JOBS))):
        judge.nothing("sync " + " ".join(jobs), lambda jobs=jobs: stage.json("sync", *jobs))
    for jobs in list(itertools.permutations(("orders", "invoices", "sweep")))[::2]:
        for job in jobs:
            judge.nothing(f"{job} of {' '.join(jobs)}", lambda job=job: stage.tieout("run", "--once", job, check=0))
    judge.nothing("plan", lambda: stage.json("plan"))


def touches(stage, judge, clerk, orders):
    """One thing changes at a time."""
    person = Person(stage)
    harbor = keys(stage, BALANCES, Tieout_Account__c="001000000000002AAA")
    person.edit("Opportunity", THIRD, Name="Third (renamed)")
    operations = judge.exactly("a renamed deal", ["salesOrder " + orders[2]])
    judge.one_order = operations == ["update salesOrder"]
    judge.nothing("sync after it", lambda: stage.json("sync"))

    clerk.does({"op": "pay", "orders": [orders[1]], "share": "0.25", "reference": "CHQ-2"})
    rows = keys(stage, ROWS, Tieout_Opportunity__c=SECOND, Tieout_Type__c="Invoice")
    before = set(keys(stage, ROWS))
    judge.exactly("one payment", ["deal Second", *rows, *harbor, *_new(stage, clerk, "customerPayment")])
    judge.nothing("sync after one payment", lambda: stage.json("sync"))
    assert len(set(keys(stage, ROWS)) - before) == 1

    clerk.does({"op": "credit", "order": orders[1], "share": "0.1", "apply": True})
    credit = _new(stage, clerk, "creditMemo")
    judge.exactly("one applied credit", ["deal Second", *rows, *harbor, *credit])
    judge.nothing("sync after one credit", lambda: stage.json("sync"))
    judge.nothing("sweep after it all", lambda: stage.tieout("run", "--once", "sweep", check=0))


def _new(stage, clerk, type_):
    """Return the rows that a new payment or credit memo must bring: one for each application, one for what is left."""
    newest = max(stage.dump("netsuite", type_), key=lambda record: int(record["id"]))
    kind = {"customerPayment": "payment", "creditMemo": "credit"}[type_]
    applied = [f"{ROWS} app-{part['doc']}-{newest['id']}-{kind}" for part in newest["apply"]]
    return applied + [f"{ROWS} rem-{newest['id']}"] * bool(Decimal(str(newest["unapplied"])))


def main():
    with tempfile.TemporaryDirectory() as folder, staged(folder, BOOKS / "small") as stage:
        judge, clerk = Judge(stage), Clerk(stage)
        judge.one_order = False
        orders = play(stage, clerk)
        first = len(stage.writes())
        quiet(stage, judge)
        touches(stage, judge, clerk, orders)
        invoices = len(stage.dump("netsuite", "invoice"))
    verdict(
        "idempotent",
        judge.good() and judge.one_order and first > 0,
        writing_requests_of_the_month=first,
        invoices=invoices,
        quiet_runs=len(judge.quiet),
        writes_of_quiet_runs=sum(map(len, judge.quiet.values())),
        touches=judge.loud,
    )


if __name__ == "__main__":
    main()
