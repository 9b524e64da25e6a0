"""A sync that may fail at any of its fault points, over real HTTP, with both servers forked ready-made for each case.

The book, the schema and every module are loaded once. A case forks: the child serves both systems from its own copy
in memory, on its own ports, and runs the real engine through the real composition over its own state database. Time
stands still in a case unless it is stepped or somebody sleeps, so that no pause costs anything.
"""

from __future__ import annotations

import errno
import gc
import importlib
import json
import logging
import os
import re
import shutil
import signal
import sqlite3
import sys
import tempfile
import threading
import traceback
from collections import Counter
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import requests
import structlog
from sqlalchemy.exc import DatabaseError, OperationalError

from config.system import SystemClock
from connectors.errors import ConnectorError
from connectors.fault_points import listening
from connectors.netsuite import suitetalk
from console.bootstrap import opened_world
from console.commands.demo import write_files
from console.service.sandbox_clock import FollowedClock
from journal.errors import JournalError
from sandbox import control_client
from sandbox.book.generate import generate
from sandbox.book.shape import SMALL
from sandbox.clerk import carry_out
from sandbox.clock import SandboxClock
from sandbox.credentials import keep
from sandbox.serve import _servers, running
from sandbox.store import Store
from sync.engine import run
from sync.preflight import require_sound
from tests.acceptance.people import Person
from tests.acceptance.stage import NOW
from tests.acceptance.stores import differences, held

_MEMORY = Path("/dev/shm")  # noqa: S108  cases sync thousands of commits to disk: none of them needs to last
PATIENCE = 3600.0
"""Seconds between two runs: longer than any quiet period, claim or pause."""
MOST_RUNS = 10
FIRST = ("006Tt0000000005IAA", "006Tt0000000006IAA", "006Tt0000000009IAA")
"""Deals of the book whose orders exist already when the sync begins."""
EXPECTED = (ConnectorError, JournalError, DatabaseError, OSError)
"""How a run may end when something outside of it fails."""
STEPS = {
    "sending": lambda: OSError(errno.EHOSTUNREACH, "No route to host"),
    "sent": lambda: TimeoutError("timed out"),
    "answered": lambda: requests.exceptions.ChunkedEncodingError("the connection broke"),
    "building": lambda: OSError(errno.ENOMEM, "Cannot allocate memory"),
}
"""What the real thing raises at a place, by the last part of its name; anywhere else the database fails."""


def own_folder():
    """Return a new folder, in memory where there is such a place, that goes with its ``with`` block."""
    return tempfile.TemporaryDirectory(prefix="tieout-faultpoints-", dir=_MEMORY if _MEMORY.is_dir() else None)


def failure(place):
    """Return the error that belongs to a place."""
    made = STEPS.get(place.rpartition(".")[2])
    if made is not None:
        return made()
    return OperationalError("COMMIT", {}, sqlite3.OperationalError("database or disk is full"))


@dataclass(slots=True)
class Listener:
    """Counts the places that a run comes to, and strikes at the n-th visit to one of them."""

    place: str = ""
    nth: int = 0
    mode: str = ""
    seen: Counter = field(default_factory=Counter)
    struck: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, name):
        with self.lock:
            self.seen[name] += 1
            visit = self.seen[name]
            if name != self.place or not (visit == self.nth or (self.mode == "for_ever" and visit > self.nth)):
                return
            self.struck += 1
        if self.mode == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        raise failure(name)


class CaseClock:
    """The sandbox's clock for both sides; whoever waits moves it."""

    def __init__(self, clock):
        self._clock = clock

    def now(self):
        return self._clock.now()

    def sleep(self, seconds):
        self._clock.step(max(0.0, seconds))

    def elapsed(self):
        return self._clock.now().timestamp()


def prepare(folder):
    """Lead a small company to the morning of a sync that has everything to do; return its folder."""
    child = os.fork()
    if not child:
        try:
            _prepare(folder)
        except BaseException:  # noqa: BLE001  a child must not go on as its parent
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
        raise AssertionError("the company could not be prepared")
    return folder


def _prepare(folder):
    quiet()
    book = folder / "book"
    generate(book, seed=7, now=datetime.fromisoformat(NOW), defects=True, shape=SMALL)
    stage = SimpleNamespace(sandbox=folder / "sandbox", admin=folder / "admin")
    with running(stage.sandbox, str(book), seed=7, now=datetime.fromisoformat(NOW)) as stage.ready:
        stage.admin.mkdir()
        config = write_files(stage.admin, stage.ready)
        clock = FollowedClock(stage.sandbox, SystemClock())
        for id_ in FIRST:
            with opened_world(config, alone=True, clock=clock) as world:
                run(world, only=id_)
        orders = [f"tieout-so-{id_}" for id_ in FIRST]
        work = [
            {"op": "approve", "order": orders[0]},
            {"op": "bill", "order": orders[0], "share": "0.5"},
            {"op": "pay", "orders": [orders[0]], "over": "5.00", "reference": "CHQ-1"},
        ]
        control_client.step(stage.sandbox, PATIENCE)
        plan = {"version": 1, "actions": [{"phase": "approve", **action} for action in work]}
        (folder / "clerk.json").write_text(json.dumps(plan))
        carry_out(stage.sandbox, "approve", folder)
        person = Person(stage)
        for id_ in FIRST[1:]:
            person.edit("Opportunity", id_, PO_Number__c=f"PO-NEW-{id_}")
        control_client.step(stage.sandbox, PATIENCE)


def quiet():
    """Log nothing in this process: thousands of runs would drown the proof's own lines."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


def in_memory(path):
    """Return a store that holds what a file holds, and never touches it."""
    store = Store()
    with closing(sqlite3.connect(path)) as source:
        source.backup(store._db)
    store._read()
    return store


class Theatre:
    """The prepared company, loaded; each case forks from here."""

    def __init__(self, template):
        self.template = template
        self.stores = {name: in_memory(template / "sandbox" / f"{name}.db") for name in ("salesforce", "netsuite")}
        self.credentials = keep(template / "sandbox", 7)
        state = json.loads((template / "sandbox" / "clock.json").read_text())
        self.start = datetime.fromisoformat(state["start"]).timestamp() + state["stepped"]
        self.truth = None
        suitetalk.load("2025_2")

    def know(self, plain):
        """Take over from a run without a fault what it held, and load what it had to load."""
        self.truth = plain["stores"]
        for name in plain["modules"]:
            with suppress(ImportError):  # some names stand for parts of other modules
                importlib.import_module(name)
        gc.freeze()

    def case(self, place="", nth=0, mode="", patch=None):
        """Return the process id and the pipe of a case that has begun; see :func:`finished`."""
        reader, writer = os.pipe()
        child = os.fork()
        if child:
            os.close(writer)
            return child, reader
        os.close(reader)
        try:
            with own_folder() as folder:
                quiet()
                if patch is not None:
                    patch()
                found = _Case(self, Path(folder)).play(Listener(place, nth, mode))
        except BaseException:  # noqa: BLE001  whatever it is, it is the case's finding
            found = {"error": traceback.format_exc()}
        with os.fdopen(writer, "w") as pipe:
            pipe.write(json.dumps(found, default=str))
        sys.stdout.flush()
        os._exit(0)


def finished(child, reader):
    """Wait for a case and return what it found."""
    with os.fdopen(reader) as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    return json.loads(text) if text else {"error": "the case died"}


class _Case:
    """One company with its own servers, state database and clock."""

    def __init__(self, theatre, folder):
        self.theatre, self.folder = theatre, folder
        self.stage = SimpleNamespace(sandbox=folder / "sandbox", admin=folder / "admin")
        self.clock = SandboxClock(datetime.fromtimestamp(theatre.start).astimezone())
        ports = {"salesforce": 0, "netsuite": 0}
        self.servers = _servers(theatre.stores, self.clock, theatre.credentials, ports, 0.0)
        self.endings = Counter()
        shutil.copytree(theatre.template / "admin", self.stage.admin)
        path = self.stage.admin / "sync.toml"
        addresses = iter(self.servers[name].base_url for name in ("salesforce", "netsuite"))
        pointed = re.sub(
            r'^(base_url *= )"[^"]*"', lambda old: f'{old[1]}"{next(addresses)}"', path.read_text(), flags=re.MULTILINE
        )
        path.write_text(pointed)

    def play(self, listener):
        """Run under the listener, heal, run until nothing is left to do; return what the systems hold."""
        go = self._forked(listener) if listener.mode == "kill" else None
        for server in self.servers.values():
            server.start()
        unexpected = []
        if go is not None:
            listener.struck = go()
        else:
            for _ in range(2 if listener.mode == "for_ever" else 1):
                unexpected += self._sync(listener)
                self.clock.step(PATIENCE)
        # Whether a further run would do something is tried out at each place's first visit, and judged elsewhere.
        runs = self._until_idle(unexpected, thorough=listener.nth <= 1)
        return {
            "modules": sorted(name for name, module in sys.modules.items() if getattr(module, "__file__", None)),
            "struck": listener.struck,
            "seen": dict(listener.seen),
            "endings": dict(self.endings),
            "unexpected": unexpected,
            "runs": runs,
            "stores": self._stores(),
        }

    def _forked(self, listener):
        """Fork the process that is to die, before this one has threads; return how to let it run and die."""
        ready, go = os.pipe()
        child = os.fork()
        if not child:
            os.close(go)
            os.read(ready, 1)
            with listening(listener):
                self._sync(listener)
            os._exit(0)
        os.close(ready)

        def let_it_run():
            os.write(go, b"x")
            _, status = os.waitpid(child, 0)
            self.clock.step(PATIENCE)
            return int(os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL)

        return let_it_run

    def _sync(self, listener=None):
        """Run once, as the command does; return a traceback if it ended as no run may."""
        try:
            with (
                _heard(listener),
                opened_world(self.stage.admin / "sync.toml", alone=True, clock=CaseClock(self.clock)) as world,
            ):
                require_sound(world)
                run(world)
        except EXPECTED as error:
            self.endings[type(error).__name__] += 1
        except Exception as error:  # noqa: BLE001  what no run may end with is a finding
            self.endings[type(error).__name__] += 1
            return [traceback.format_exc()]
        else:
            self.endings["done"] += 1
        return []

    def _until_idle(self, unexpected, *, thorough):
        for runs in range(1, MOST_RUNS + 1):
            before = self._effects()
            unexpected += self._sync()
            self.clock.step(PATIENCE)
            if self._effects() == before or not (thorough or self._open() or self._stores() != self.theatre.truth):
                return runs
        return MOST_RUNS + 1

    def _open(self):
        """Return how many writes are still in doubt by Tieout's own books."""
        with closing(sqlite3.connect(f"file:{self.stage.admin}/state/tieout.db?mode=ro", uri=True)) as db:
            return db.execute("SELECT count(*) FROM intent WHERE state <> 'CLOSED'").fetchone()[0]

    def _effects(self):
        return sum(
            store._db.execute("SELECT count(*) FROM request WHERE entry NOT LIKE '%\"effect\":[]%'").fetchone()[0]
            for store in self.theatre.stores.values()
        )

    def _stores(self):
        self.stage.sandbox.mkdir(exist_ok=True)
        for name, store in self.theatre.stores.items():
            with closing(sqlite3.connect(self.stage.sandbox / f"{name}.db")) as target:
                store._db.backup(target)
        # As it will look to whoever reads the case's answer.
        return json.loads(json.dumps(held(self.stage), default=str))


@contextmanager
def _heard(listener):
    if listener is None:
        yield
        return
    with listening(listener):
        yield


def judged(found, truth):
    """Return what is wrong with a case, in words; empty: nothing."""
    if "error" in found:
        return found["error"]
    if found["unexpected"]:
        return found["unexpected"][0]
    if found["runs"] > MOST_RUNS:
        return f"still at work after {MOST_RUNS} runs"
    if not found["struck"]:
        return "its fault point was not met"
    return differences(truth, found["stores"])
