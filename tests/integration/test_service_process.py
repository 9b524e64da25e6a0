"""The service as a process: it starts, answers, and ends in order at a signal."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from journal import slots
from journal.database import open_journal
from tests.unit.console.service_world import SETTINGS

ROOT = Path(__file__).parents[2]
PROGRAM = """
import sys, time
from pathlib import Path
from console.commands.run import execute
from console.output import Output
from console.service.assembly import Wiring
from console.service.outcome import JobOutcome

MANNER = sys.argv[2]

def wire(config, clock, stop):
    def quick():
        return JobOutcome(run_id="r", counts={"orders.created": 1})

    def slow():
        (config.parent / "working").touch()
        for _ in range(600):
            if MANNER == "polite" and stop.wanted():
                return JobOutcome(run_id="r", outcome="stopped", detail="after a batch")
            time.sleep(0.05)
        return JobOutcome()

    jobs = dict.fromkeys(("orders", "invoices", "status", "sweep", "reconcile"), quick)
    return Wiring(jobs=jobs if MANNER == "quick" else jobs | {"orders": slow})

execute(Path(sys.argv[1]), Output(as_json=True), wire, once=None, follow=None, log_format="json")
"""


class Running:
    def __init__(self, folder, manner, stop_within="5s"):
        self.config = folder / "sync.toml"
        self.config.write_text(SETTINGS.format(more=f'stop_within = "{stop_within}"'), encoding="utf-8")
        self.log = folder / "log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM, str(self.config), manner],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self.ready = json.loads(self.process.stdout.readline())

    def get(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.ready['port']}{path}", timeout=5) as answer:
            return answer.read().decode()

    def until(self, condition, seconds=15.0):
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(0.05)

    def end(self, number=signal.SIGTERM):
        os.kill(self.process.pid, number)

    def outcomes(self, job="orders"):
        journal = open_journal(self.config.parent / "state" / "tieout.db", "salesforce>netsuite")
        try:
            with journal.begin() as tx:
                return [slot.outcome for slot in slots.all_of(tx, job)]
        finally:
            journal.close()

    def events(self):
        return [json.loads(line)["event"] for line in self.log.read_text().splitlines()]


@pytest.fixture
def start(tmp_path):
    started = []

    def run(manner, **options):
        started.append(Running(tmp_path, manner, **options))
        return started[-1]

    yield run
    for running in started:
        if running.process.poll() is None:
            running.process.kill()
        running.process.wait()
        running.process.stdout.close()


def test_a_service_answers_and_ends_at_once_when_idle(start):
    service = start("quick")
    service.until(lambda: json.loads(service.get("/healthz"))["caught_up"])
    assert 'tieout_job_runs_total{job="orders",outcome="done"} 0.0' not in service.get("/metrics")
    assert (service.config.parent / "state" / "tieout.db").stat().st_mode & 0o077 == 0
    service.end()
    assert service.process.wait(10) == 0
    assert set(service.outcomes()) == {"done"}
    assert service.events()[-1] == "service_stopped"
    ended = [json.loads(line) for line in service.log.read_text().splitlines() if "job_ended" in line]
    (line,) = [line for line in ended if line["job"] == "orders"]
    assert (line["run"], line["orders.created"]) == ("r", 1)
    assert line["slot"].endswith("+00:00")


def test_a_running_job_is_asked_to_stop_and_its_end_awaited(start):
    service = start("polite")
    service.until((service.config.parent / "working").exists)
    service.end()
    assert service.process.wait(10) == 0
    assert service.outcomes() == ["stopped"]


def test_a_job_that_does_not_stop_is_left_behind_and_reported_by_the_next_service(start, tmp_path):
    service = start("stubborn", stop_within="1s")
    service.until((service.config.parent / "working").exists)
    service.end(signal.SIGINT)
    assert service.process.wait(10) == 4
    assert "job_left_behind" in service.events()
    assert service.outcomes() == [None]
    following = start("quick")
    following.until(lambda: json.loads(following.get("/healthz"))["caught_up"])
    following.end()
    assert following.process.wait(10) == 0
    assert following.outcomes()[0] == "abandoned"
    assert "slot_abandoned" in following.events()


def test_a_second_signal_ends_the_process_at_once(start):
    service = start("stubborn", stop_within="60s")
    service.until((service.config.parent / "working").exists)
    service.end()
    service.until(lambda: "service_stopping" in service.log.read_text())
    service.end()
    assert service.process.wait(5) == 128 + signal.SIGTERM
