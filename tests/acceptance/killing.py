"""Kills, stops and restarts at seeded moments, and the commands that are started again after each.

Every command is the installed one in a process group of its own. Servers answer writes late, so that most kills meet
requests that are still to be carried out; some answers get lost besides.
"""

from __future__ import annotations

import math
import os
import signal
import subprocess
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tests.acceptance.kill_stage import LONGEST_REQUEST, QUIET_PERIOD, SEND_WINDOW

CREATES = ("add salesOrder", "add salesOrder", "add salesOrder", "add customer", "add invoice")
WRITES = (*CREATES, "upsert ", "update Opportunity")
"""What only Tieout does, paths of single records apart; without changes of orders, which the clerk makes too."""
BY_HAND = ("/sobjects/Opportunity/", "/sobjects/OpportunityLineItem/")
"""Paths of single records in Salesforce: only people use them."""
LOOK = 0.04
MOMENT = timedelta(seconds=1)
"""How long after a write's end its process still counts as one that writes."""
WAITS = 20.0
"""Seconds after which a process that writes nothing is killed all the same."""
AT_START, AT_REQUEST = 0.1, 0.15
"""Shares of the kills that come before anything can be written, and exactly at a request that is held in mid-air."""
HOLDS = ("hold_before", "hold_after")
STOPPED = 0.08
WITH_FAULT = 0.35
ARGUMENTS = ((), (), (), ("status",), ("invoices",), ("customers", "orders"))
FASTEST, SLOWEST = 0.15, 0.6
"""Bounds of a save's seconds: never so quick that a kill would seldom meet one."""
SHORTEST_LIFE, LONGEST_LIFE = 1.2, 3.0
"""Bounds of the seconds within which a process is killed after its first write."""
WON_BY = 0.9
"""Share of the kills after which all deals are to be won; the rest meets bills, status and changes."""
LEAST_BACKLOG = 12
CREATE_FAULTS = (
    {"action": "drop_after"},
    {"action": "drop_before"},
    {"action": "status_after", "status": 502},
    {"action": "html_after"},
    {"action": "truncate"},
    {"action": "delay", "seconds": LONGEST_REQUEST * 0.75, "times": 3},
)
STATUS_FAULTS = (
    {"action": "drop_after", "operation": "update Opportunity"},
    {"action": "delay", "operation": "update Opportunity", "seconds": 1.5},
)
WITH_STATUS_FAULT = 0.25
OWN_FAULTS = ("this is a fault in Tieout itself", '"places"')
"""What a command and the service's log say of an error that nobody expected."""


@dataclass
class Kill:
    """One kill: when, of what, and which of its writes were on their way."""

    at: datetime
    command: str
    save: float
    held: list
    in_flight: list = field(default_factory=list)
    writing: bool = False


@dataclass
class Killer:
    """Starts commands and disturbs them until so many kills are done.

    Args:
        stage: servers, settings and state.
        people: who works on both systems meanwhile.
        dice: decides every moment.
        wanted: number of kills.
        program: the command.
        at_request: share of the kills that come exactly at a request.
    """

    stage: object
    people: object
    dice: object
    wanted: int
    program: list
    kills: list = field(default_factory=list)
    counts: Counter = field(default_factory=Counter)
    wrong: list = field(default_factory=list)
    save: float = 0.3
    span: float = 1.6
    at_request: float = AT_REQUEST
    _standby: subprocess.Popen | None = None
    _seen: dict = field(default_factory=dict)
    _started: int = 0

    def work(self, say):
        _entries, self._seen = self.stage.log_since({})
        while len(self.kills) < self.wanted:
            self._win()
            held = self.dice.random() < self.at_request
            self._arm(held)
            process, self._standby = self._standby or self._start(), None
            self._people()
            self._disturb(process, held)
            if len(self.kills) % 20 == 0:
                pace = f"{self.stage.ordered()} orders of {self.people.done['wins']}, saves of {self.save:.2f} s"
                say(f"{len(self.kills)} kills, {pace}, lives of {self.span:.1f} s, {dict(self.counts)}")
        self.stage.control("faults", {"rules": []})
        if self._standby is not None:
            self._end(self._standby)
        self.people.finish()
        self._note_in_flight()

    def _win(self):
        """Win so many deals that there is work for this life and the next, and for all lives.

        Where the work does not keep up, saves become quick and lives long; where it does, the other way round.
        """
        left = max(1, int(self.wanted * WON_BY) - len(self.kills))
        share = len(self.people.roles.waiting) / left
        backlog = self.people.done["wins"] - self.stage.ordered()
        behind = backlog > 3 * share + LEAST_BACKLOG
        self.save = FASTEST if behind else min(SLOWEST, self.save * 1.1)
        self.span = min(LONGEST_LIFE, self.span * 1.1) if behind else max(SHORTEST_LIFE, self.span / 1.05)
        if backlog < 2 * share + LEAST_BACKLOG:
            self.stage.control("faults", {"rules": []})
            self.people.win(math.ceil(2 * share + LEAST_BACKLOG))

    def _arm(self, held):
        late = {"action": "delay", "times": None}
        rules = [self._hold()] if held else self._fault()
        rules += [{**late, "operation": "add ", "seconds": self.save, "system": "netsuite"}]
        rules += [{**late, "operation": name, "seconds": 0.3} for name in ("update ", "upsert ")]
        self.stage.control("faults", {"rules": rules})

    def _hold(self):
        action, operation = self.dice.choice(HOLDS), self.dice.choice(CREATES)
        return {"action": action, "operation": operation, "nth": self.dice.randint(1, 4)}

    def _fault(self):
        if self.dice.random() >= WITH_FAULT:
            return []
        self.counts["faults"] += 1
        if self.dice.random() < WITH_STATUS_FAULT:
            return [self.dice.choice(STATUS_FAULTS)]
        fault = {**self.dice.choice(CREATE_FAULTS), "operation": self.dice.choice(CREATES)}
        return [fault if "times" in fault else {**fault, "nth": self.dice.randint(1, 4)}]

    def _start(self):
        """Start `tieout sync` and `tieout run` in turn."""
        self._started += 1
        words = ["run"] if self._started % 2 else ["sync", *self.dice.choice(ARGUMENTS)]
        self.counts[words[0]] += 1
        log = self.stage.folder / "logs" / f"{self._started:04}-{'-'.join(words)}.log"
        log.parent.mkdir(exist_ok=True)
        with log.open("w") as file:
            process = subprocess.Popen(
                [*self.program, *words], cwd=self.stage.admin, stdout=file, stderr=subprocess.STDOUT,
                env={**os.environ, **self.stage.environ}, start_new_session=True,
            )  # fmt: skip
        process.words, process.log = " ".join(words), log
        return process

    def _people(self):
        if self.dice.random() < 0.25:
            self.people.edit(self.dice.randint(1, 3))
        if self.dice.random() < 0.2:
            self.people.finance(most=12)

    def _disturb(self, process, held):
        if held:
            return self._kill(process, self._until(process, self._holding))
        if self.dice.random() < AT_START:
            self._run_on(process, self.dice.uniform(0.2, 2.2))
            return self._kill(process)
        self._until(process, self._writing)
        if self._started % 2 == 0:
            # A second service stands by, as on a second machine, and takes over when the first worker is dead.
            self._standby = self._start()
        self._run_on(process, self.dice.uniform(0.0, self.span))
        if process.poll() is None and self.dice.random() < STOPPED:
            self._stop(process)
        if process.poll() is None and self._restarts():
            self._run_on(process, self.dice.uniform(0.0, 2.0))
        return self._kill(process)

    def _until(self, process, seen):
        """Wait until something is to be seen, and return it; or until the process has ended or dawdles."""
        end = time.monotonic() + WAITS
        while process.poll() is None and time.monotonic() < end:
            if found := seen():
                return found
            time.sleep(LOOK)
        return None

    def _writing(self):
        entries, self._seen = self.stage.log_since(self._seen)
        return any(writes(entry) for entry in entries)

    def _holding(self):
        return [entry["operation"] for entry in self.stage.state()["holding"]]

    def _run_on(self, process, seconds):
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            return

    def _kill(self, process, held=None):
        if process.poll() is None:
            self.kills.append(Kill(self._end(process), process.words, self.save, held=held or []))
        else:
            # It came to its end first: there was too little to do, or it was refused.
            self.counts["ended by itself"] += 1
            self.counts["ended with an error"] += process.returncode != 0
            self.people.edit(4)
        self._look_for_faults(process)

    def _end(self, process):
        """Kill a command with its group and return when that was."""
        os.killpg(process.pid, signal.SIGKILL)
        at = datetime.now(UTC)
        process.wait()
        return at

    def _look_for_faults(self, process):
        text = process.log.read_text(errors="replace")
        if any(sign in text for sign in OWN_FAULTS):
            self.wrong.append(f"{process.words}: {text[-1500:]}")

    def _stop(self, process):
        """Let it sleep for longer than the send window; meanwhile somebody else tries the same work by hand."""
        os.killpg(process.pid, signal.SIGSTOP)
        self.counts["stops"] += 1
        began = time.monotonic()
        other = self._start()
        self._run_on(other, SEND_WINDOW + QUIET_PERIOD / 2)
        if other.poll() is None:
            self._kill(other)
        elif other.returncode != 0:
            self.counts["refused beside a stopped one"] += 1
        time.sleep(max(0.0, SEND_WINDOW + 1.0 - (time.monotonic() - began)))
        os.killpg(process.pid, signal.SIGCONT)
        self._run_on(process, self.dice.uniform(0.3, 1.5))

    def _restarts(self):
        """Every twentieth disturbance restarts the database server under the work."""
        if self.stage.server is None or (len(self.kills) + 1) % 20:
            return False
        self.stage.server.restart()
        self.counts["restarts"] += 1
        return True

    def _note_in_flight(self):
        """Find, by the servers' logs, which writes each kill met."""
        entries, _places = self.stage.log_since({})
        began = [(datetime.fromisoformat(entry["at"]), entry["operation"]) for entry in entries if writes(entry)]
        for kill in self.kills:
            ages = [(kill.at - at, name) for at, name in began if at <= kill.at]
            met = [name for age, name in ages if age < _save(kill, name)]
            kill.in_flight = [*kill.held, *met]
            kill.writing = bool(kill.in_flight) or any(age < _save(kill, name) + MOMENT for age, name in ages)


def _save(kill, name):
    return timedelta(seconds=kill.save if name.startswith("add ") else 0.3)


def writes(entry):
    """Whether a request of a log is a write of Tieout's."""
    by_hand = any(part in entry["path"] for part in BY_HAND)
    return entry["operation"].startswith(WRITES) and entry["actor"] == "api" and not by_hand
