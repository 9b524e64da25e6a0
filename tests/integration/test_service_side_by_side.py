"""Two service processes on one state database and one clock: each slot is worked once, also when one is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from pathlib import Path

import pytest

from journal import slots
from journal.database import open_journal
from sandbox import control_client
from tests.unit.console.service_world import SETTINGS

ROOT = Path(__file__).parents[2]
PROGRAM = """
import sys, time
from pathlib import Path
from console.commands.run import execute
from console.output import Output
from console.service.assembly import Wiring
from console.service.outcome import JobOutcome

def wire(config, clock, stop):
    def job(name):
        def run():
            with (config.parent / "calls").open("a") as calls:
                calls.write(f"{name}\\n")
            time.sleep(0.02)
            return JobOutcome()
        return run
    return Wiring(jobs={name: job(name) for name in ("orders", "invoices", "status", "sweep", "reconcile")})

execute(Path(sys.argv[1]), Output(as_json=True), wire, once=None, follow=Path(sys.argv[2]), log_format="json")
"""


def start(program, log):
    with log.open("w") as errors:
        process = subprocess.Popen(program, cwd=ROOT, stdout=subprocess.PIPE, stderr=errors, text=True)
    line = process.stdout.readline()
    assert line, log.read_text()
    return process, json.loads(line)


@pytest.fixture
def processes():
    started = []
    yield started
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait()
        process.stdout.close()


def caught_up(ready, now):
    with urllib.request.urlopen(f"http://127.0.0.1:{ready['port']}/healthz", timeout=10) as answer:
        report = json.load(answer)
    return report["caught_up"] and report["now"].replace("+00:00", "Z") >= now


def wait_for(services, now):
    end = time.monotonic() + 40
    while not all(caught_up(ready, now) for _, ready in services):
        assert time.monotonic() < end
        time.sleep(0.05)


def test_each_slot_is_worked_once_by_two_services_and_after_a_kill(tmp_path, processes):
    box, config = tmp_path / "box", tmp_path / "sync.toml"
    config.write_text(SETTINGS.format(more=""), encoding="utf-8")
    serve = [sys.executable, "-c", "from console.main import run; run()", "sandbox", "serve", "--dir", str(box)]
    sandbox, _ = start([*serve, "--seed", "1", "--now", "2026-11-23T05:02:00Z"], tmp_path / "box.log")
    processes.append(sandbox)
    service = [sys.executable, "-c", PROGRAM, str(config), str(box)]
    services = [start(service, tmp_path / f"log{number}") for number in range(2)]
    processes.extend(process for process, _ in services)
    wait_for(services, "2026-11-23T05:02:00Z")
    for step in range(10):
        now = control_client.step(box, 300)
        if step == 5:
            os.kill(services[0][0].pid, signal.SIGKILL)
            services[0][0].wait()
            services = services[1:]
        wait_for(services, now)
    calls = Counter((tmp_path / "calls").read_text().split())
    journal = open_journal(tmp_path / "state" / "tieout.db", "salesforce>netsuite")
    with journal.begin() as tx:
        worked = {job: slots.all_of(tx, job) for job in ("orders", "invoices", "status")}
    journal.close()
    assert [slot.slot_at.strftime("%H:%M") for slot in worked["orders"]] == [
        f"05:{minute:02}" for minute in range(0, 55, 5)
    ]
    assert [slot.slot_at.strftime("%H:%M") for slot in worked["status"]] == ["05:00", "05:15", "05:30", "05:45"]
    assert {slot.outcome for found in worked.values() for slot in found} <= {"done", "abandoned"}
    assert calls == {job: len(found) for job, found in worked.items()}
