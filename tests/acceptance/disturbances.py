"""What may disturb a week of the service, and what must come of it: slots, alerts, runs."""

from __future__ import annotations

import json
import sys
import time
from datetime import timedelta

from tests.acceptance import week as life
from tests.acceptance import week_judge as judge
from tests.acceptance.week import at, lived

ENDS_WITHIN = 30.0
CLAIMLESS = """
import sys
from journal import slots, tables
from journal.stamps import to_text

def claim(tx, job, slot_at, owner, at):
    where = (tables.slot.c.pair == tx.pair) & (tables.slot.c.job == job) & (tables.slot.c.slot_at == to_text(slot_at))
    tx.conn.execute(tables.slot.delete().where(where))
    values = {"pair": tx.pair, "job": job, "slot_at": to_text(slot_at), "owner": owner, "claimed_at": to_text(at)}
    tx.conn.execute(tables.slot.insert().values(values))
    return True

slots.claim = claim
from console.main import run
run()
"""
"""The command with the claim of slots switched off: whoever comes works."""


def every(job, start, end, outcome):
    """Return this outcome for a job's slots from one hour to another, both included."""
    return {judge.key(job, slot): outcome for slot in judge.moments(job) if at(start) <= slot <= at(end)}


class Scenario:
    """An undisturbed week. Subclasses disturb it and say what must come of that."""

    name = "undisturbed"
    by_hand = 0
    until = life.END

    def __init__(self):
        self.changed = {}
        self.alerts = {}
        self.notes = {}

    def prepare(self, week):
        """Change the configuration before the service starts."""

    def live(self, week):
        lived(week)

    def check(self, week, slots):
        """Return what else is wrong."""
        return []


class SideBySide(Scenario):
    """Two services on one state database."""

    name = "two services"

    def live(self, week):
        lived(week, first=lambda: (week.serve(), week.serve()))

    def check(self, week, slots):
        owners = {owner for _job, _at, _outcome, _run, owner in slots}
        self.notes["owners"] = len(owners)
        return [] if len(owners) == 2 else [f"{len(owners)} services worked"]


class Paused(Scenario):
    """A job paused for a day by hand."""

    name = "paused job"

    def __init__(self):
        super().__init__()
        self.changed = every("orders", "11-29 16", "11-30 12", "paused")

    def live(self, week):
        clock = ["--clock", str(week.stage.sandbox)]
        pause = ["pause", "orders", "--reason", "the catalogue is being sorted", *clock]
        lived(
            week,
            then={
                "11-29 12": lambda week: week.stage.tieout(*pause, check=0),
                "11-30 12": lambda week: week.stage.tieout("resume", "orders", *clock, check=0),
            },
        )


class Frozen(Scenario):
    """The first and the last business day of the month frozen, and later an hour's freeze by hand."""

    name = "month-end freeze"

    def __init__(self):
        super().__init__()
        # Midnight in New York is 05:00 UTC; a daily slot is looked at when the clock has passed it.
        for job in judge.SYNCING:
            self.changed |= every(job, "11-30 05", "12-02 04", "paused") | every(job, "12-03 20", "12-03 20", "paused")
        self.alerts = {"freeze": ["over", "over"]}

    def prepare(self, week):
        week.change(r"^# freeze_days = \[-1, 1\]", "freeze_days = [-1, 1]")

    def live(self, week):
        freeze = ["freeze", "--until", "6h", "--reason", "audit", "--clock", str(week.stage.sandbox)]
        lived(week, then={"12-03 16": lambda week: week.stage.tieout(*freeze, check=0)})


class Outage(Scenario):
    """A system that refuses every connection for a day, and a blip on another day that the reads' patience bridges."""

    system = ""

    def __init__(self):
        super().__init__()
        for job in ("orders", "invoices", "status", "sweep", "reconcile"):
            self.changed |= every(job, "11-30 00", "11-30 23", "failed")
        pair = ["open", "over"]
        # `orders` fails three times before it has been silent for long; the others are silent first.
        self.alerts = {f"failed:{job}": pair for job in ("orders", "invoices", "status")}
        self.alerts |= {f"silent:{job}": pair for job in ("invoices", "status", "sweep", "reconcile")}

    def live(self, week):
        gate = week.gates[self.system]
        blip = {"action": "status", "status": 503, "system": self.system, "times": 2}
        lived(
            week,
            then={
                "11-28 00": lambda week: week.faults(blip),
                "11-29 20": lambda _: gate.shut(),
                "11-30 20": lambda _: gate.open(),
            },
        )


class WithoutSalesforce(Outage):
    name = "a day without Salesforce"
    system = "salesforce"


class WithoutNetSuite(Outage):
    name = "a day without NetSuite"
    system = "netsuite"


class Killed(Scenario):
    """Kills in the middle of jobs, a night without a service that cron notices, and stops during a job."""

    name = "kills"
    CUTS = (
        ("11-27 12", "netsuite", "add salesOrder", "hold_after", 3),
        ("11-29 00", "netsuite", "add invoice", "hold_before", 1),
        ("11-29 08", "netsuite", "add invoice", "hold_after", 2),
        ("12-01 12", "netsuite", "suiteql", "hold_before", 4),
        ("12-03 00", "salesforce", "update Opportunity", "hold_after", 1),
    )
    """When, and at which request, the service is killed: before it is processed, or after it is committed."""

    def live(self, week):
        then, during, self.kills = {}, {}, 0
        for hour in {cut[0] for cut in self.CUTS}:
            before = f"{at(hour) - life.STEP:%m-%d %H}"
            then[before] = lambda week, hour=hour: self.arm(week, hour)
            during[hour] = self.cut
        then |= {"12-01 16": self.kill, "12-02 04": self.look, "12-03 04": self.restart}
        then |= {"12-03 16": self.slow, "12-04 00": self.stuck}
        during |= {"12-02 08": self.back, "12-03 20": self.polite, "12-04 04": self.stubborn}
        for job, hours in (("orders", ("12-01 20", "12-02 00", "12-02 04")), ("invoices", ("12-02 00",)),
                           ("status", ("12-02 00",))):  # fmt: skip
            self.changed |= {f"{job} {hour}:00": None for hour in hours}
        # `orders` by cron in the night without a service; `invoices` since two of its slots in a row were cut.
        self.alerts |= {"silent:orders": ["open", "over"], "silent:invoices": ["open", "over"]}

        def first():
            self.arm(week, "11-27 12")
            return week.serve()

        during["11-27 12"] = self.cut
        lived(week, then=then, during=during, first=first)

    def arm(self, week, hour):
        ((system, operation, action, nth),) = [cut[1:] for cut in self.CUTS if cut[0] == hour]
        week.faults({"system": system, "operation": operation, "action": action, "nth": nth})

    def cut(self, week):
        """Kill where the request is held, and start anew."""
        week.wait(week.holding, "reach the request at which to kill")
        self.end(week, lambda service: service.kill())

    def end(self, week, how):
        (service,) = week.services
        how(service)
        self.kills += 1
        self.note(service)
        week.services.clear()
        week.faults()
        week.serve()

    def note(self, service):
        """Expect the slots that were under way to be noted and told as abandoned; by the log, not by the database."""
        under_way = {}
        for line in service.log.read_text().splitlines():
            entry = json.loads(line)
            if entry["event"] == "job_started":
                under_way[entry["job"]] = entry["slot"]
            elif entry["event"] in ("job_ended", "job_failed", "job_failed_again"):
                under_way.pop(entry.get("job"), None)
        for job, slot in under_way.items():
            self.expect_abandoned(job, life.datetime.fromisoformat(slot))

    def expect_abandoned(self, job, slot):
        before = max((each for each in judge.moments(job) if each < slot), default=None)
        self.changed[judge.key(job, slot)] = "abandoned"
        if before is None or self.changed.get(judge.key(job, before)) != "abandoned":
            self.alerts[f"abandoned:{job}"] = [*self.alerts.get(f"abandoned:{job}", []), "open", "over"]
        if job == "reconcile":
            self.alerts["silent:reconcile"] = ["open", "over"]  # cron notices in the night that follows

    def kill(self, week):
        (service,) = week.services
        service.kill()
        self.kills += 1
        self.note(service)
        week.services.clear()

    def restart(self, week):
        self.kill(week)
        week.serve()

    def look(self, week):
        """Cron notices what a service that is gone cannot tell."""
        week.stage.tieout("alerts", "check", "--clock", str(week.stage.sandbox), check=0)

    def back(self, week):
        self.look(week)
        week.serve()

    def slow(self, week):
        week.faults({"action": "delay", "seconds": 4, "system": "salesforce", "operation": "query Opportunity"})

    def polite(self, week):
        week.wait(lambda: "job_started" in _since(week, self.mark(week)), "begin a job")
        time.sleep(1)
        self.stop(week, "stopped", ENDS_WITHIN, 0)

    def mark(self, week):
        return f"{week.now:%Y-%m-%dT%H}"

    def stuck(self, week):
        week.faults({"action": "hold_before", "system": "salesforce", "operation": "query Opportunity"})

    def stubborn(self, week):
        week.wait(week.holding, "reach the request that never ends")
        self.stop(week, "abandoned", ENDS_WITHIN, 4)

    def stop(self, week, outcome, within, code):
        (service,) = week.services
        found, seconds = service.end()
        week.services.clear()
        week.faults()
        self.notes[f"stop_{outcome}_seconds"] = round(seconds, 1)
        if found != code or seconds > within:
            self.notes.setdefault("stops_wrong", []).append((outcome, found, seconds))
        if outcome == "abandoned":
            self.expect_abandoned("orders", week.now)
        else:
            self.changed[judge.key("orders", week.now)] = outcome
        week.serve()

    def check(self, week, slots):
        self.notes["kills"] = self.kills
        return self.notes.get("stops_wrong", [])


def _since(week, mark):
    return "\n".join(line for line in week.services[0].log.read_text().splitlines() if mark in line)


class ByHand(Scenario):
    """`tieout sync` by hand: between the jobs, during one, and for so long that a slot is given up."""

    name = "concurrent sync"
    HOLD = {"action": "hold_before", "system": "salesforce", "operation": "query Opportunity"}

    def __init__(self):
        super().__init__()
        self.changed = {"orders 11-30 00:00": "busy"}
        self.refused = None
        self.codes = []
        self.process = None

    def live(self, week):
        then = {"11-28 00": self.between, "11-29 04": self.begin, "11-29 20": self.begin_long, "12-02 20": self.arm}
        during = {"11-29 08": self.let_go, "11-30 00": self.busy, "12-03 00": self.refuse}
        lived(week, then=then, during=during)

    def between(self, week):
        self.codes.append(week.stage.tieout("sync").returncode)

    def begin(self, week):
        week.faults(self.HOLD)
        self.process = week.stage.background("sync")
        week.wait(week.holding, "hold the sync by hand")

    def begin_long(self, week):
        self.begin(week)

    def let_go(self, week):
        mark = f'"slot": "{week.now.isoformat()}"'
        week.wait(lambda: "job_waits" in _since(week, mark), "wait for the sync by hand")
        week.faults()
        self.process.communicate(timeout=120)
        self.codes.append(self.process.returncode)

    def busy(self, week):
        """Two slots of orders come while the sync holds the lease: the first is given up."""
        mark = f'"slot": "{week.now.isoformat()}"'
        week.wait(lambda: "job_waits" in _since(week, mark), "wait for the sync by hand")
        week.step()
        week.wait(lambda: "slot_busy" in week.services[0].log.read_text(), "give the slot up")
        week.faults()
        self.process.communicate(timeout=120)
        self.codes.append(self.process.returncode)

    def arm(self, week):
        week.faults(self.HOLD)

    def refuse(self, week):
        week.wait(week.holding, "hold the job")
        done = week.stage.tieout("sync")
        self.refused = (done.returncode, "is being worked on by tieout run" in done.stderr + done.stdout)
        week.faults()

    @property
    def by_hand(self):
        return len(self.codes)

    def check(self, week, slots):
        self.notes["syncs"] = len(self.codes)
        faults = [] if self.codes == [0, 0, 0] else [f"exit codes {self.codes}"]
        if self.refused is None or self.refused[0] == 0 or not self.refused[1]:
            faults.append(f"a sync beside a job was not refused: {self.refused}")
        return faults


class Claimless(Scenario):
    """Control: two services whose claims of slots are switched off, for a day."""

    name = "claims switched off"
    until = life.START + timedelta(days=1)

    def live(self, week):
        program = [sys.executable, "-c", CLAIMLESS]
        lived(week, first=lambda: (week.serve(program), week.serve(program)), until=self.until)
