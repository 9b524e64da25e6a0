"""A simulated week of the background service: what people do at which hour, and the service as real processes."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
import urllib.request
from datetime import datetime, timedelta
from pathlib import Path

from sandbox import control_client
from sandbox.book.generate import generate
from sandbox.book.shape import SMALL
from tests.acceptance.gate import Gate
from tests.acceptance.listeners import USER, Listeners
from tests.acceptance.stage import TIEOUT, Stage

START = datetime.fromisoformat("2026-11-27T12:00:00+00:00")
"""A Friday; the last and the first business day of a month lie in the week that follows."""
END = START + timedelta(days=7)
STEP = timedelta(hours=4)
SEED = 3
SYSTEMS = ("salesforce", "netsuite")
PASSWORD = "smtp-canary-Zr4k9Qw1"
HOOK = "/hook/webhook-canary-Tq7m2Xv8"
EVERY = {"orders": 4, "invoices": 8, "status": 8}
"""Hours between two slots of a job; `sweep` and `reconcile` keep their daily times."""
RECONCILED = "mon,tue,wed"
SETTINGS = (
    (r'^every   = "5m" ', f'every   = "{EVERY["orders"]}h" '),
    (r'^every {3}= "15m"', f'every   = "{EVERY["invoices"]}h"'),
    (r'^every {7}= "15m"', f'every       = "{EVERY["status"]}h"'),
    (r'^at {12}= "weekdays 06:30"', f'at            = "{RECONCILED} 06:30"'),
    (r"^port {8}= 9187", "port        = 0"),
    (r'^silent_after = "2h"', 'silent_after = "9h"'),
    (r"^# repeat_after .*$", 'repeat_after = "2d"'),
    (r"^# operators .*$", 'operators = ["operators@acme.example"]'),
    (r"^# webhook .*$", 'webhook = "file:WEBHOOK"'),
    (r"^go_live .*$", f"go_live = {SMALL.go_live(START).isoformat()}"),
)
SMTP = """
[alerts.smtp]
host = "127.0.0.1"
port = {port}
tls = "none"
sender = "tieout@acme.example"
user = "{user}"
password = "file:{password}"
"""
DEALS = {letter: f"006Tt000000000{letter}" for letter in "JKLOP"}
"""Deals of the book that are still open when the week begins."""


def _edit(phase, deal, label, **values):
    match = {"Id": DEALS[deal]}
    return {
        "phase": phase, "system": "salesforce", "op": "update", "type": "Opportunity", "match": match, "set": values,
        "label": label,
    }  # fmt: skip


def _won(phase, deal, day):
    return _edit(phase, deal, "won", StageName="Closed Won", CloseDate=day)


EDITS = (
    _won("fri", "J", "2026-11-27"),
    _edit("sun", "J", "order number came in", PO_Number__c="PO-SUNDAY"),
    _won("sun", "L", "2026-11-29"),
    _won("mon", "P", "2026-11-30"),
    _edit("mon", "L", "order number came in", PO_Number__c="PO-MONDAY"),
    _won("tue", "O", "2026-12-01"),
    _edit("tue", "P", "terms agreed", Payment_Terms__c="60 days"),
)
PEOPLE = {
    "11-27 20": ("edit", "fri"),
    "11-28 16": ("clerk", "approve"),
    "11-29 12": ("edit", "sun"),
    "11-30 16": ("edit", "mon"),
    "12-01 20": ("edit", "tue"),
    "12-02 16": ("clerk", "collect"),
    "12-03 16": ("clerk", "late"),
}
"""What is done at which day and hour (UTC), after the jobs of that hour have run."""


def at(text):
    """Return the moment that a key of a timetable means."""
    return datetime.fromisoformat(f"2026-{text}:00:00+00:00")


def write_book(folder):
    """Write the small book without defects, and the week's edits beside it."""
    generate(folder, seed=SEED, now=START, defects=False, shape=SMALL)
    ids = {
        line.split(",")[0][:15]: line.split(",")[0]
        for line in (folder / "salesforce" / "Opportunity.csv").read_text(encoding="utf-8").splitlines()
    }
    full = {deal: ids[id_] for deal, id_ in DEALS.items()}
    edits = [{**edit, "match": {"Id": ids[edit["match"]["Id"]]}} for edit in EDITS]
    (folder / "edits.json").write_text(json.dumps(edits), encoding="utf-8")
    path = folder / "clerk.json"
    plan = json.loads(path.read_text(encoding="utf-8"))
    late = [("approve", f"tieout-so-{full[deal]}") for deal in "JLPO"]
    plan["actions"] += [{"phase": "late", "op": op, "order": order, "label": "approved"} for op, order in late]
    path.write_text(json.dumps(plan), encoding="utf-8")


class Service:
    """One ``tieout run`` as a process, with its log in a file."""

    def __init__(self, week, number, program=None):
        self.log = week.folder / f"service{number}.log"
        command = program or [TIEOUT]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [*command, "run", "--clock", week.stage.sandbox, "--json"],
                cwd=week.stage.admin, stdout=subprocess.PIPE, stderr=log, text=True,
            )  # fmt: skip
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the service did not start: {self.log.read_text()}")
        self.ready = json.loads(line)

    def get(self, path):
        address = f"http://127.0.0.1:{self.ready['port']}{path}"
        try:
            with urllib.request.urlopen(address, timeout=20) as answer:
                return answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.read().decode()

    def caught_up(self, now):
        report = json.loads(self.get("/healthz"))
        return bool(report.get("caught_up")) and datetime.fromisoformat(report["now"]) >= now

    def kill(self):
        self.process.kill()
        self._reap()

    def end(self):
        """Ask for an orderly end; return exit code and seconds."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        code = self._reap()
        return code, time.monotonic() - began

    def _reap(self):
        code = self.process.wait(60)
        self.process.stdout.close()
        return code


class Week:
    """A sandbox with its people, an admin's folder, the listeners, and the services that now run."""

    def __init__(self, folder, book):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.stage = Stage(self.folder, book, seed=SEED, now=START.isoformat()).start()
        ports = {name: int(self.stage.ready[name]["base_url"].rpartition(":")[2]) for name in SYSTEMS}
        self.gates = {name: Gate(port) for name, port in ports.items()}
        self.listeners = Listeners(PASSWORD, HOOK)
        self._configure()
        self.services, self.ended, self.started = [], [], 0
        self.now = START

    def _configure(self):
        path = self.stage.admin / "sync.toml"
        text = path.read_text(encoding="utf-8")
        for name in SYSTEMS:
            text = text.replace(self.stage.ready[name]["base_url"], f"http://127.0.0.1:{self.gates[name].port}")
        for pattern, value in SETTINGS:
            text, count = re.subn(pattern, value, text, flags=re.MULTILINE)
            if not count:
                raise RuntimeError(f"the template of sync.toml lost the line {pattern}")
        hook = self._secret("webhook", self.listeners.address)
        password = self._secret("smtp_password", PASSWORD)
        text = text.replace("file:WEBHOOK", f"file:{hook}")
        text += SMTP.format(port=self.listeners.smtp_port, user=USER, password=password)
        path.write_text(text, encoding="utf-8")

    def _secret(self, name, value):
        path = self.stage.admin / "secrets" / name
        path.write_text(value, encoding="utf-8")
        path.chmod(0o600)
        return path.resolve()

    def change(self, pattern, value):
        """Replace a line of sync.toml."""
        path = self.stage.admin / "sync.toml"
        text, count = re.subn(pattern, value, path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        if count != 1:
            raise RuntimeError(f"sync.toml has {count} lines {pattern}")
        path.write_text(text, encoding="utf-8")

    def serve(self, program=None):
        self.started += 1
        self.services.append(Service(self, self.started, program))
        return self.services[-1]

    def settle(self, seconds=900):
        """Wait until every service has worked all that is due."""
        self.wait(lambda: all(service.caught_up(self.now) for service in self.services), "catch up", seconds)

    def wait(self, condition, what, seconds=600):
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                logs = "\n".join(service.log.read_text()[-2000:] for service in self.services)
                raise TimeoutError(f"{self.folder.name} at {self.now}: waited in vain to {what}\n{logs}")
            time.sleep(0.3)

    def step(self, by=STEP):
        self.now = datetime.fromisoformat(control_client.step(self.stage.sandbox, by.total_seconds()))

    def people(self):
        """Do what people do at this hour."""
        what = PEOPLE.get(f"{self.now:%m-%d %H}")
        if what is None:
            return
        kind, phase = what
        if kind == "edit":
            self.stage.control("edits", {"phase": phase})
        else:
            self.stage.tieout(
                "sandbox", "clerk", phase, "--dir", str(self.stage.sandbox), "--book", self.stage.book, check=0
            )

    def faults(self, *rules):
        self.stage.control("faults", {"rules": list(rules)})

    def holding(self):
        return bool(self.stage.state()["holding"])

    def end(self):
        """End every service in order, and note how that went."""
        while self.services:
            self.ended.append(self.services.pop().end())

    def close(self):
        for service in self.services:
            service.kill()
        for gate in self.gates.values():
            gate.shut()
        self.stage.stop()
        self.listeners.close()


def lived(week, *, then=None, during=None, until=END, first=None):
    """Live through the week.

    ``during`` and ``then`` map hours (``"11-30 00"``) to what disturbs it: right after the clock was stepped there,
    and once its jobs are over and people have acted.
    """
    then, during = then or {}, during or {}
    (first or week.serve)()
    _at_hour(week, then, during)
    while week.now < until:
        week.step()
        _at_hour(week, then, during)


def _at_hour(week, then, during):
    hour = f"{week.now:%m-%d %H}"
    if hour in during:
        during[hour](week)
    week.settle()
    week.people()
    if hour in then:
        then[hour](week)
