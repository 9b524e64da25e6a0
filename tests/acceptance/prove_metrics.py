"""Proof: /metrics and the JSON log say run, job, outcome and lag as the journal has them, and no secret is anywhere.

A service lives through a day on the sandbox's clock: good runs, refused passwords, a server that answers 500 with a
page that repeats the credentials, a crash, a mail server and a webhook that refuse. Afterwards every credential in
use (also session tokens and signatures, read off the wire) is looked for in all that Tieout wrote or answered. The
same search must find a secret that is planted in each kind of place.
"""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
import warnings
from base64 import b64encode
from collections import Counter
from datetime import datetime
from pathlib import Path

from openpyxl import Workbook

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.acceptance import week as life  # noqa: E402
from tests.acceptance import week_judge as judge  # noqa: E402
from tests.acceptance.leaks import Scan  # noqa: E402
from tests.acceptance.stage import TIEOUT, verdict  # noqa: E402
from tests.acceptance.week import HOOK, PASSWORD, Week  # noqa: E402

CRASHING = """
import sync.engine
from connectors.netsuite.auth import Signer

def crash(*_arguments, **_named):
    raise ZeroDivisionError("a fault of our own")

if {where!r} == "engine":
    sync.engine.run = crash
else:
    Signer.signed = crash
from console.main import run
run()
"""
"""The command with a fault of its own: before anything is read, or among the secrets that sign a request."""
COMMANDS = (
    ("check",), ("plan",), ("sync",), ("sync", "--verbose"), ("status",), ("holds",), ("reconcile",),
    ("exceptions", "list"), ("alerts", "list"), ("alerts", "test"), ("alerts", "check"), ("run", "--once", "status"),
    ("pause", "sweep", "--reason", "test"), ("resume", "sweep"), ("freeze", "--reason", "test", "--until", "1h"),
    ("resume", "freeze"), ("trace", "006Tt0000000007IAA"),
)  # fmt: skip
JSON = (("--json",),)
WRONG = "wrong-canary-Kd83Lq0vNs2"
FIELDS = ("run", "job", "slot", "outcome", "seconds", "timestamp", "level")
ENDED = re.compile(r'^tieout_job_runs_total\{job="(\w+)",outcome="(\w+)"\} (\S+)$', re.MULTILINE)
RECORDS = re.compile(r'^tieout_records_total\{kind="(\w+)",outcome="(\w+)"\} (\S+)$', re.MULTILINE)
LAGS = (
    "tieout_waiting_lag_seconds", "tieout_cursor_age_seconds", "tieout_open_write_age_seconds",
    "tieout_job_last_success_timestamp_seconds", "tieout_job_next_slot_timestamp_seconds",
    "tieout_job_failures_since_success", "tieout_open_holds", "tieout_exceptions", "tieout_lease_held",
)  # fmt: skip


class Day:
    """A day of the service, with all that it answered."""

    def __init__(self, week):
        self.week = week
        self.answers = []
        self.wrong = []

    def hours(self, count):
        for _ in range(count):
            self.week.step()
            self.week.settle()
            self.week.people()
            self.ask()

    def ask(self):
        for service in self.week.services:
            for page in ("/healthz", "/metrics"):
                self.answers.append((page, service.get(page)))

    def command(self, *arguments, program=None, forms=((), ("--json",))):
        """Run a command, for people and with --json, and keep what it prints."""
        for more in forms:
            done = subprocess.run(
                [*(program or [TIEOUT]), *arguments, *more], cwd=self.week.stage.admin, capture_output=True, text=True,
                timeout=300, input="",
            )  # fmt: skip
            self.answers.append((" ".join((*arguments, *more)), done.stdout + done.stderr))
        return done

    def with_secret(self, name, value, do):
        """Do something while a secret has another value."""
        path = self.week.stage.admin / "secrets" / name
        before = path.read_text(encoding="utf-8")
        path.write_text(value, encoding="utf-8")
        try:
            do()
        finally:
            path.write_text(before, encoding="utf-8")


def secrets_of(week):
    """Return every credential in use by name: from the files, and from the wire."""
    found = {path.name: path.read_text(encoding="utf-8") for path in (week.stage.admin / "secrets").iterdir()}
    found |= {"hook path": HOOK.rpartition("/")[2], "smtp password": PASSWORD, "a wrong secret": WRONG}
    wire = b"".join(bytes(gate.asked) for gate in week.gates.values())
    tokens = {token.decode() for token in re.findall(rb"Bearer ([^\s\r]+)", wire)}
    tokens |= {token.decode() for token in re.findall(rb'oauth_signature="([^"]+)"', wire)}
    tokens |= {token.decode() for token in re.findall(rb"signature[^>]*>([^<]{20,})<", wire)}
    return found, {f"wire {number}": token for number, token in enumerate(sorted(tokens))}


def live(week):
    """Live through good and bad hours."""
    day = Day(week)
    for gate in week.gates.values():
        gate.keep = True
    week.serve()
    week.settle()
    day.ask()
    day.hours(7)
    credentials = {name: path.read_text() for name in ("sf_client_secret", "ns_token_secret", "ns_consumer_secret")
                   for path in [week.stage.admin / "secrets" / name]}  # fmt: skip
    for name in ("sf_client_secret", "ns_token_secret", "smtp_password"):
        day.with_secret(
            name, WRONG, lambda: (day.hours(1), day.command("sync"), day.command("alerts", "test", forms=JSON))
        )
    wrong_hook = week.listeners.address.replace(HOOK, f"/{WRONG}")
    day.with_secret("webhook", wrong_hook, lambda: day.command("alerts", "test", forms=JSON))
    week.listeners.status = 500
    day.command("alerts", "test", forms=JSON)
    week.listeners.status = 200
    for system, name in (("salesforce", "sf_client_secret"), ("netsuite", "ns_token_secret")):
        page = f"<html>500 {credentials[name]} oauth {credentials['ns_consumer_secret']}</html>"
        rule = {"action": "html", "status": 400, "body": page, "system": system, "times": None}
        week.faults(rule)
        day.hours(1)
        day.command("sync", "--verbose", forms=JSON)
        week.faults()
    week.faults(*({"action": "status", "status": 500, "system": system, "times": 2} for system in life.SYSTEMS))
    day.hours(1)
    week.faults()
    figures(day)
    for command in COMMANDS:
        day.command(*command, forms=JSON)
    for where in ("engine", "signer"):
        crash(day, where)
    week.end()
    return day


def crash(day, where):
    """Let the command and the service fail by a fault of their own."""
    program = [sys.executable, "-c", CRASHING.format(where=where)]
    done = day.command("sync", "--verbose", program=program)
    if done.returncode != 4:
        day.wrong.append(f"a crash ended with {done.returncode}: {done.stderr[-500:]}")
    day.week.end()
    day.week.serve(program)
    day.hours(1)
    log = day.week.services[0].log.read_text()
    if "ZeroDivisionError" not in log:
        day.wrong.append("the log does not name the fault")
    day.week.end()
    day.week.serve()


def figures(day):
    """Compare the page of metrics and the log with the journal."""
    week, wrong = day.week, day.wrong
    (service,) = week.services
    page = service.get("/metrics")
    slots = judge.slots(week)
    counted = {(job, outcome): float(value) for job, outcome, value in ENDED.findall(page) if float(value)}
    there = Counter((job, outcome) for job, _at, outcome, _run, _owner in slots)
    if counted != dict(there):
        wrong.append(("job runs", counted, dict(there)))
    wrong += [f"/metrics lacks {name}" for name in LAGS if not re.search(rf"^{name}[ {{]", page, re.MULTILINE)]
    entries = [json.loads(line) for line in service.log.read_text().splitlines()]
    ended = [entry for entry in entries if entry["event"] == "job_ended"]
    syncing = [entry for entry in ended if entry["job"] != "reconcile"]
    wrong += [("job_ended lacks", name) for name in FIELDS if any(name not in entry for entry in ended)]
    by_log = {(e["job"], datetime.fromisoformat(e["slot"]), e["run"], e["outcome"]) for e in syncing}
    by_journal = {(job, datetime.fromisoformat(at), run, outcome) for job, at, outcome, run, _owner in slots
                  if outcome == "done" and job != "reconcile"}  # fmt: skip
    if by_log != by_journal:
        wrong.append(("log and journal differ", sorted(map(str, by_log ^ by_journal))[:4]))
    sums = Counter()
    for entry in ended:
        for name, count in entry.items():
            kind, dot, outcome = name.partition(".")
            if dot and kind != "exceptions":
                sums[kind, outcome] += count
    shown = {(kind, outcome): float(value) for kind, outcome, value in RECORDS.findall(page)}
    if {name: count for name, count in shown.items() if count} != {name: float(n) for name, n in sums.items() if n}:
        wrong.append(("records", shown, dict(sums)))
    failed = [entry for entry in entries if entry["event"] in ("job_failed", "job_failed_again")]
    if len(failed) != sum(outcome == "failed" for _job, _at, outcome, _run, _owner in slots) or not failed:
        wrong.append("the log does not name each failure")
    wrong += wrong_lags(week, page)
    week.metrics = {"job_runs": sum(counted.values()), "records": sum(shown.values()), "log_lines": len(entries)}


def wrong_lags(week, page):
    """Return what is wrong with the page's lags: of cursors against the journal, of waiting records never negative."""
    ages = {
        stream: (week.now - datetime.fromisoformat(stamp)).total_seconds()
        for stream, stamp in judge.rows(week, "SELECT stream, pos_stamp FROM cursor")
    }
    shown = dict(re.findall(r'^tieout_cursor_age_seconds\{stream="([\w:-]+)"\} (\S+)$', page, re.MULTILINE))
    wrong = []
    if not ages or {stream: float(age) for stream, age in shown.items()} != ages:
        wrong.append(("cursors", shown, ages))
    waiting = re.findall(r'^tieout_waiting_lag_seconds\{kind="\w+"\} (\S+)$', page, re.MULTILINE)
    if not waiting or min(map(float, waiting)) < 0:
        wrong.append(("waiting", waiting))
    return wrong


def look_through(week, day, secrets):
    """Look for the secrets in everything."""
    scan = Scan(secrets)
    scan.folder(week.stage.admin, without=[week.stage.admin / "secrets"])
    for path in week.folder.glob("service*.log"):
        scan.content("service log", path.name, path.read_bytes())
    for where, text in day.answers:
        scan.text("page" if where.startswith("/") else "command", where, text)
    for number, raw in enumerate(week.listeners.raw):
        scan.mail(f"mail {number}", raw)
    for number, post in enumerate(week.listeners.posts):
        scan.text("post", f"post {number}", json.dumps(post, ensure_ascii=False))
    return scan


def planted_unnoticed(folder, week, day, secrets):
    """Plant a secret in each kind of place; return those where the same search does not find it."""
    name, value = "ns_token_secret", secrets["ns_token_secret"]
    missed = []

    def looked(place, plant, undo=lambda: None):
        plant()
        if not any(found == name for found, _where in look_through(week, day, {name: value}).found):
            missed.append(place)
        undo()

    log, state = week.folder / "service1.log", week.stage.admin / "state" / "tieout.db"
    text = log.read_text()
    looked("log", lambda: log.write_text(f'{text}{{"why": "token {value}"}}\n'), lambda: log.write_text(text))
    book = Workbook()
    book.active["A1"] = f"see {value}"
    path = week.stage.admin / "reports" / "planted.xlsx"
    looked("workbook", lambda: book.save(path), path.unlink)
    for place, answer in (("metrics", f'x{{why="{value}"}} 1'), ("healthz", json.dumps({"why": value})),
                          ("--json", json.dumps({"why": value}))):  # fmt: skip
        looked(place, lambda answer=answer: day.answers.append(("/planted", answer)), day.answers.pop)
    looked("webhook", lambda: week.listeners.posts.append({"text": value}), week.listeners.posts.pop)
    mail = b"Subject: x\r\nContent-Transfer-Encoding: base64\r\n\r\n" + b64encode(f"why: {value}".encode())
    looked("mail", lambda: week.listeners.raw.append(mail), week.listeners.raw.pop)
    with sqlite3.connect(state) as database:
        row = ("planted", "test", "x" * 6000 + value + "y" * 6000, "2026-11-27T00:00:00.000000Z")
        database.execute("INSERT INTO blob (sha, kind, content, kept_at) VALUES (?, ?, ?, ?)", row)
    looked("database", lambda: None)
    return missed


def main():
    warnings.simplefilter("ignore")
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        book = Path(folder) / "book"
        life.write_book(book)
        week = Week(Path(folder) / "day", book)
        try:
            week.change(r"^# send_to .*$", 'send_to = ["controller@acme.example"]')
            week.change(r'^at {12}= "[^"]*"', 'at            = "daily 06:30"')
            week.change(r'^wait {4}= "0s"', 'wait    = "12h"')  # a deal won at noon still waits at four
            day = live(week)
            kept, wire = secrets_of(week)
            scan = look_through(week, day, kept | wire)
            missed = planted_unnoticed(Path(folder), week, day, kept)
        finally:
            week.close()
    leaks = Counter(scan.found)
    for (name, where), count in leaks.most_common(40):
        print(f"{name} is in {where} ({count}x)")
    for fault in day.wrong:
        print(str(fault)[:1500])
    ok = not leaks and not missed and not day.wrong and len(wire) > 10 and scan.looked.get("xlsx", 0) > 0
    verdict(
        "metrics",
        ok,
        secrets=len(kept),
        tokens_and_signatures=len(wire),
        looked_through=scan.looked,
        leaks=len(leaks),
        wrong=len(day.wrong),
        planted_unnoticed=missed,
        **getattr(week, "metrics", {}),
        seconds=round(time.monotonic() - began, 1),
    )


if __name__ == "__main__":
    main()
