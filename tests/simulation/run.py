"""Plays one seed: servers, workers, people and faults; returns what the judge says and the figures."""

from __future__ import annotations

import hashlib
import logging
import random
import shutil
import tempfile
from dataclasses import dataclass, field
from datetime import date, timedelta
from importlib.util import find_spec
from pathlib import Path

import structlog

from config.document import parse_document
from config.maps import base_document, template_files
from config.secrets import SecretRef
from config.settings import (
    Company,
    JobSettings,
    NetSuiteSettings,
    ReconcileSettings,
    SalesforceSettings,
    Settings,
    StatusSettings,
)
from connectors.fault_points import listening
from connectors.transactions import OpenTransactionError, require_no_transaction
from journal import epoch
from journal.database import open_journal
from mappings.parse import parse
from sync.world import Silent
from tests import audit_judge
from tests.simulation.faults import END, ROUNDS, Faults, options
from tests.simulation.judge import Judge, Witness
from tests.simulation.netsuite_server import NetSuiteServer
from tests.simulation.salesforce_server import SalesforceServer
from tests.simulation.scheduler import Scheduler
from tests.simulation.story import Story
from tests.simulation.workers import PAIR, Fleet

RECOVERS = find_spec("sync.recovery") is not None
"""Whether a run reads everything back after an old database was put back; without that, none is."""
REF = SecretRef("env:NOTHING")


@dataclass
class Verdict:
    """What came of a seed."""

    seed: int
    options: dict
    complaints: list
    failures: list
    counts: dict
    trace: list = field(default_factory=list)

    @property
    def ok(self):
        return not self.complaints

    @property
    def caught(self):
        """Return the invariants that were broken; an error (I0) may come from a mutant that fits the code no more."""
        return sorted({invariant for invariant, _ in self.complaints} - {"I0"})

    @property
    def digest(self):
        """Return the hash of the trace: equal for equal courses of events."""
        text = "\n".join(f"{at:.6f} {who} {what}" for at, who, what in self.trace)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


class Stage:
    """What all seeds of one process share: a folder in memory, the parsed mappings, an empty database."""

    def __init__(self, **changed):
        memory = Path("/dev/shm")  # noqa: S108
        self._folder = tempfile.TemporaryDirectory(prefix="simulated-", dir=memory if memory.is_dir() else None)
        self.folder = Path(self._folder.name)
        self.state = self.folder / "tieout.db"
        self.empty = self.folder / "empty.db"
        self.settings = settings(self.folder, **changed)
        self._logging = structlog.get_config()
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
        empty = open_journal(self.empty, PAIR)
        audit_judge.watch(empty)
        empty.close()
        shutil.copy(self.empty, self.state)
        self.journal = open_journal(self.state, PAIR)
        self.template = {
            "settings": self.settings,
            "customer_mapping": template_mapping("customer"),
            "order_mapping": template_mapping("sales_order"),
            "scope": None,
            "observer": Silent(),
        }

    def replace_database(self, source):
        """Put another file in the place of the database."""
        self.journal.close()
        for rest in self.folder.glob("tieout.db*"):
            rest.unlink()
        shutil.copy(source, self.state)

    def close(self):
        """Remove the folder."""
        self.journal.close()
        self._folder.cleanup()
        structlog.configure(**self._logging)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def settings(folder, **changed):
    """Return the settings with production values for everything that has to do with time."""
    netsuite = NetSuiteSettings(
        account="7654321_SB1", consumer_key=REF, consumer_secret=REF, token_id=REF, token_secret=REF,
        **changed.get("netsuite", {}),
    )  # fmt: skip
    salesforce = SalesforceSettings(
        url="https://x.my.salesforce.com", client_id=REF, client_secret=REF, **changed.get("salesforce", {})
    )
    return Settings(
        path=folder / "sync.toml",
        company=Company(time_zone="America/New_York", go_live=date(2026, 11, 1), name="Acme Inc"),
        salesforce=salesforce,
        netsuite=netsuite,
        customers=JobSettings(name="customers"),
        orders=JobSettings(name="orders", wait=timedelta(0)),
        status=StatusSettings(receivables=False),
        reconcile=ReconcileSettings(sla=timedelta(hours=4)),
        state=folder / "tieout.db",
    )


def template_mapping(name):
    """Return a shipped template's mapping."""
    path = f"mappings/{name}.toml"
    return parse(parse_document(template_files()[path], path), base_document)


class Play:
    """One seed on a stage."""

    def __init__(self, stage, chosen, directed=None):
        stage.replace_database(stage.empty)
        self.stage = stage
        self.options = chosen
        self.judge = Judge()
        self.scheduler = Scheduler()
        self.faults = faults = Faults(chosen, self.scheduler)
        self.witness = Witness(stage.state, self.judge.complain)
        self.netsuite = NetSuiteServer(self.scheduler, faults, self.witness)
        self.salesforce = SalesforceServer(self.scheduler, faults)
        self.story = Story(chosen, self.scheduler, self.salesforce, self.netsuite)
        self.fleet = Fleet(
            self.scheduler, faults, self.salesforce, self.netsuite, stage.template, stage.journal, self.judge.complain
        )
        overlap = stage.settings.salesforce.overlap.total_seconds()
        self.fleet.ran = lambda process: self.judge.after_run(self.witness, self.salesforce, overlap)
        self._rng = random.Random(f"restores {chosen.seed}")
        self.first_start = 0.0
        self.story.begin()
        if directed is not None:
            directed(self)

    def run(self):
        """Play it to its end; return the verdict."""
        chosen = self.options
        for number in range(chosen.workers):
            self.scheduler.at(self.first_start + number * 1.5, lambda number=number: self.fleet.start(number))
        for _ in range(chosen.restores if RECOVERS else 0):
            taken = self._rng.uniform(0.1, 0.7) * chosen.story
            self.scheduler.at(taken, self._back_up)
            self.scheduler.at(self._rng.uniform(taken, chosen.story), self._restore)
        for after in ROUNDS:
            self.scheduler.at(chosen.heal + after, self.fleet.kick)
        with listening(self._point):
            self.scheduler.run(chosen.heal + END)
            self.fleet.stop()
            self.scheduler.stop()
        self._judged()
        self.witness.close()
        counts = {**self.fleet.counts, "deals": chosen.deals}
        return Verdict(
            chosen.seed, chosen.text, self.judge.complaints, self.judge.failures, counts, self.scheduler.trace
        )

    def _point(self, name):
        process = self.fleet.current()
        if process is None:
            return
        process.alive()
        try:
            require_no_transaction(name)
        except OpenTransactionError:
            if self.fleet.faults.at_point("inside", process.rng) == "crash":
                process.die(f"{name}, in a transaction")
            return
        process.point(name)

    def _back_up(self):
        shutil.copy(self.stage.state, self.stage.folder / "backup.db")
        self.scheduler.note("person", "takes a backup")

    def _restore(self):
        """The service is stopped, an old copy put in the place of the database, the service started anew."""
        self.scheduler.note("person", "puts the backup back")
        self.fleet.stop()
        self.witness.close()
        self.judge.restored()
        self.stage.replace_database(self.stage.folder / "backup.db")
        with self.stage.journal.begin() as tx:
            epoch.begin_recovery(tx, "a backup was put back", self.scheduler.moment())
        self.fleet.open_for_business = True
        for number in range(self.options.workers):
            self.scheduler.after(10 + number, lambda number=number: self.fleet.start(number))

    def _judged(self):
        judge = self.judge
        judge.netsuite(self.netsuite)
        judge.salesforce(self.salesforce)
        judge.end(self.story, self.witness)
        judge.journal_end(self.witness, audit_judge.faults(self.stage.journal))


def play(stage, seed, *, directed=None, **changes):
    """Play one seed; return its verdict."""
    return Play(stage, options(seed, **changes), directed).run()
