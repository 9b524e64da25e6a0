"""Simulated processes: the real engine over a real journal, run again and again, dying and starting anew."""

from __future__ import annotations

import random
from contextlib import contextmanager
from dataclasses import fields

from connectors.errors import ConnectorError, TransientError
from connectors.transactions import OpenTransactionError, require_no_transaction
from journal import claims
from journal.database import Journal
from sync import engine
from sync.world import World
from tests.simulation.clock import SimulatedClock, SimulatedRandom
from tests.simulation.netsuite_port import NetSuitePort
from tests.simulation.salesforce_server import SalesforcePort
from tests.simulation.scheduler import Crash, Task

PAIR = "salesforce>netsuite"
SPARE = 100
"""Numbers of the workers that are started because every other one is dead or paused."""
HAS_OWNER = any(field.name == "owner" for field in fields(World))


class MortalJournal(Journal):
    """The journal of one process: once that is dead, nothing is written any more, by no ``finally`` either."""

    process = None

    @contextmanager
    def begin(self):
        self.process.alive()
        with super().begin() as tx:
            yield tx

    @contextmanager
    def batch(self):
        self.process.alive()
        with super().batch():
            yield


class Process:
    """One life of a worker. ``point`` is where it may be interrupted, paused or die."""

    def __init__(self, fleet, number, life):
        self.life = life
        self.fleet = fleet
        self.scheduler = fleet.scheduler
        self.number = number
        self.name = f"worker{number}.{life}"
        self.dead = False
        self.runs = 0
        self.rng = random.Random(f"{self.name} {fleet.options.seed}")
        self.task = None
        self.sending = None
        self.idle = False
        self.world = fleet.world(self)

    # what the ports call

    def sleep(self, seconds):
        """Let time pass."""
        self.task.sleep(seconds)

    def alive(self):
        """End here when the process has died."""
        if self.dead:
            raise Crash("dead")

    def point(self, name):
        """Come to a place where anything may happen."""
        self.alive()
        self.scheduler.note(self.name, name)
        self.fleet.directed(self, name)
        what = self.fleet.faults.at_point(name, self.rng)
        if what == "crash":
            self.die(name)
        elif what is not None:
            self.fleet.counts["pauses"] += 1
            self.scheduler.note(self.name, f"pauses {what:.0f} s")
            self.sleep(what)
        else:
            self.sleep(self.rng.random() * 0.01)

    def die(self, name):
        """End the process at this place."""
        self.dead = True
        self.fleet.counts["crashes"] += 1
        self.scheduler.note(self.name, f"dies at {name}")
        raise Crash(name)

    def read(self, name):
        """Make one remote read: it takes time, and may fail."""
        self.no_transaction(name)
        self.count("operations")
        self.point(name)
        self.sleep(self.rng.uniform(0.05, 0.8))
        if self.fleet.faults.happens(self.fleet.options.unreadable):
            raise TransientError(connection=name.split(".")[0], what=name, why="simulated fault.", fix="Wait.")

    def answered(self, name, answer):
        """Return what a remote read has brought, after whatever happens between the answer and its use."""
        self.point(f"{name}.answered")
        return answer

    def count(self, what):
        """Add to the figures."""
        self.fleet.counts[what] += 1

    def no_transaction(self, what):
        """Refuse a request inside a transaction, and tell the judge."""
        try:
            require_no_transaction(what)
        except OpenTransactionError:
            self.fleet.complain("I13", f"{what} inside a transaction of {self.name}")
            raise

    # the life

    def live(self):
        """Run again and again."""
        while True:
            self.fleet.running(self)
            try:
                engine.run(self.world)
            except ConnectorError as error:
                self.scheduler.note(self.name, f"run failed: {error.what}")
            self.runs += 1
            self.fleet.counts["runs"] += 1
            self.scheduler.note(self.name, "run ended")
            self.fleet.ran(self)
            self.rest()

    def rest(self):
        """Wait for the next regular run, or for a kick."""
        waits = self.fleet.until_next(self)
        self.idle = True
        if waits is not None:
            self.scheduler.after(waits, self._waker(self.runs))
        self.task.park()

    def kick(self):
        """Begin the next run now."""
        if self.idle:
            self.idle = False
            self.task.resume()

    def _waker(self, runs):
        return lambda: self.kick() if self.runs == runs else None


class Fleet:
    """All workers of a seed, and what becomes of them."""

    def __init__(self, scheduler, faults, salesforce, netsuite, template, base, complain):
        self.scheduler = scheduler
        self.faults = faults
        self.options = faults.options
        self.salesforce = salesforce
        self.netsuite = netsuite
        self.counts = {"crashes": 0, "pauses": 0, "runs": 0, "operations": 0, "restarts": 0}
        self.complain = complain
        self.directed = lambda process, name: None
        self.running = self.ran = lambda process: None
        self.open_for_business = True
        self._template = template
        self._engine = base.engine
        self._rng = random.Random(f"fleet {self.options.seed}")
        self._processes = {}
        self._lives = 0

    def start(self, number):
        """Start a worker's next life."""
        if not self.open_for_business:
            return
        self._lives += 1
        process = Process(self, number, self._lives)
        process.task = Task(self.scheduler, process.name, process.live, self._ended(process))
        others = [one for one in self._processes.values() if not one.task.over]
        self._processes[number] = process
        if self.options.restart_under_lock and not others:
            with Journal(self._engine, PAIR).begin() as tx:
                claims.release_all(tx)
        self.scheduler.start(process.task)

    def processes(self):
        """Return the processes that live."""
        return [one for one in self._processes.values() if not one.task.over]

    def stop(self):
        """A person stops the service: every process ends where it is, and none starts again."""
        self.open_for_business = False
        for process in self.processes():
            process.dead = True
            process.task.kill()

    def current(self):
        """Return the process whose thread runs."""
        import threading

        name = threading.current_thread().name
        return next((one for one in self._processes.values() if one.name == name), None)

    def world(self, process):
        """Return the world of one process."""
        clock = SimulatedClock(self.scheduler, process)
        journal = MortalJournal(self._engine, PAIR)
        journal.process = process
        crm = SalesforcePort(self.salesforce, process)
        erp = NetSuitePort(self.netsuite, process, clock, self._template["settings"].netsuite.slots)
        values = {
            **self._template, "clock": clock, "crm": crm, "crm_writer": crm, "erp": erp, "erp_writer": erp,
            "random": SimulatedRandom(self.scheduler, process.rng, process.life), "journal": journal,
        }  # fmt: skip
        if HAS_OWNER:
            values["owner"] = process.name
        return World(**values)

    def until_next(self, process):
        """Return how long a worker waits, often until all of them start together; None: until it is kicked."""
        grid = self.options.polls
        waits = grid - self.scheduler.now % grid + process.rng.random() * 3
        if process.rng.random() >= 0.6:
            waits = process.rng.uniform(30.0, 2 * grid)
        return waits if self.scheduler.now + waits < self.options.heal else None

    def kick(self):
        """Have one worker run, another each time; a new one where all are dead, paused or at work."""
        idle = [one for one in self.processes() if one.idle]
        if idle:
            min(idle, key=lambda one: one.runs).kick()
        elif self.open_for_business:
            self.start(SPARE + self._lives)

    def _ended(self, process):
        def ended(failure, *, killed):
            if failure is not None:
                self.complain("I0", f"{process.name}: {type(failure).__name__}: {failure}", failure)
            if not killed:
                self.counts["restarts"] += 1
                again = self._rng.choice((self._rng.uniform(1, 60), self._rng.uniform(60, 900)))
                self.scheduler.after(again, lambda: self.start(process.number))

        return ended
