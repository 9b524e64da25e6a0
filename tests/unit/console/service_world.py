"""A service in memory: fake jobs, a clock that is stepped, a real state database."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from config.load import load
from console.service.assembly import Wiring, lanes_of
from console.service.outcome import JobOutcome
from console.service.stopping import StopFlag
from journal import slots
from journal.database import open_journal
from tests.fakes.time_and_chance import VirtualClock

SETTINGS = """
[company]
time_zone = "America/New_York"
go_live = 2026-11-01
[connections.salesforce]
url = "https://acme.my.salesforce.com"
auth = {{ client_id = "env:SF_ID", client_secret = "env:SF_SECRET" }}
[connections.netsuite]
account = "1234567"
auth = {{ consumer_key = "env:A", consumer_secret = "env:B", token_id = "env:C", token_secret = "env:D" }}
[jobs.invoices]
enabled = true
[jobs.reconcile]
sla = "4h"
[service]
port = 0
{more}
"""
MONDAY = datetime(2026, 11, 23, 5, 2, tzinfo=UTC)
JOBS = ("orders", "invoices", "status", "sweep", "reconcile")


def settings(folder: Path, more: str = ""):
    path = folder / "sync.toml"
    path.write_text(SETTINGS.format(more=more), encoding="utf-8")
    return load(path)


@dataclass
class Jobs:
    """Counts calls; ``fails`` are raised, ``during`` runs inside the job."""

    clock: VirtualClock
    calls: list = field(default_factory=list)
    fails: dict = field(default_factory=dict)
    during: dict = field(default_factory=dict)

    def mapping(self):
        return {name: self._job(name) for name in JOBS}

    def _job(self, name):
        def run():
            self.calls.append((name, self.clock.now()))
            if name in self.during:
                self.during[name]()
            if name in self.fails:
                raise self.fails[name]
            return JobOutcome(run_id=f"run-{len(self.calls)}", counts={f"{name}.created": 1})

        return run


class Service:
    """One service over a state database that others may share."""

    def __init__(
        self, folder: Path, clock: VirtualClock, *, owner: str = "A", more: str = "", jobs: Jobs | None = None
    ):
        self.settings = settings(folder, more)
        self.journal = open_journal(self.settings.state, "salesforce>netsuite")
        self.clock = clock
        self.jobs = jobs or Jobs(clock)
        self.stop = StopFlag()
        self.over = []
        wiring = Wiring(jobs=self.jobs.mapping(), over=self.over.append)
        self.lanes = lanes_of(self.settings, self.journal, wiring, clock=clock, owner=owner, stop=self.stop)

    def turn(self):
        for lane in self.lanes:
            lane.turn()

    def live(self, step=1, **span):
        """Live through a span in steps of so many minutes."""
        end = self.clock.now() + timedelta(**span)
        while self.clock.now() < end:
            self.clock.step(minutes=step)
            self.turn()

    def slots(self, job):
        with self.journal.begin() as tx:
            return slots.all_of(tx, job)

    def outcomes(self, job):
        return [(slot.slot_at.strftime("%H:%M"), slot.outcome) for slot in self.slots(job)]
