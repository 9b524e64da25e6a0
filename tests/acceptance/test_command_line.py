"""The installed command as an admin meets it: every command in a process of its own, against running servers."""

from __future__ import annotations

import errno
import json
import os
import pty
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import openpyxl
import pytest

from sandbox.dump import dump
from tests.acceptance.people import Person
from tests.acceptance.stage import BOOKS, TIEOUT, staged

ESCAPE = "\x1b"
FILTER = "scope   = \"IsWon and PO_Number__c != 'PO-2'\""
FIRST, SECOND, THIRD, HELD, OPEN = (f"00600000000000{number}AAA" for number in range(1, 6))

READING = {
    "check": ("check",),
    "status": ("status", "--strict"),
    "holds": ("holds", "--strict"),
    "trace": ("trace", FIRST),
    "trace out of scope": ("trace", f"https://tieout-demo.my.salesforce.com/lightning/r/Opportunity/{SECOND}/view"),
    "trace open": ("trace", OPEN),
    "reconcile": ("reconcile", "--strict"),
    "check json": ("check", "--json"),
    "plan json": ("plan", "--deal", FIRST, "--json"),
    "status json": ("status", "--json"),
    "holds json": ("holds", "--json"),
    "trace json": ("trace", SECOND, "--json"),
}
"""Commands that change nothing, which may run side by side."""

SANDBOX_MISTAKES = {
    "unknown type": (("dump", "netsuite", "invoise"), "Types: "),
    "unknown system": (("dump", "sap", "customer"), "Systems: salesforce, netsuite"),
    "bad duration": (("step", "90"), "Write 90s"),
}


class Story:
    """One sandbox whose won deals were planned and then synced, one of them out of scope, one held."""

    def __init__(self, stage):
        self.stage = stage
        path = stage.admin / "sync.toml"
        path.write_text(path.read_text().replace('scope   = "IsWon"', FILTER))
        self.filter_line = path.read_text().splitlines().index(next(filter_of(path.read_text()))) + 1
        self.plan = stage.json("plan")
        self.effects_of_plan = self.effects()
        self.sync = stage.tieout("sync", check=0)

    def effects(self):
        """Return the requests that changed something, by the servers' own logs."""
        logs = (dump(self.stage.sandbox, system, "requests") for system in ("salesforce", "netsuite"))
        return [entry for log in logs for entry in map(json.loads, log) if entry["effect"]]

    def numbers(self):
        """Return the order number that each deal shows in Salesforce."""
        deals = map(json.loads, dump(self.stage.sandbox, "salesforce", "Opportunity"))
        return {deal["Name"]: deal["Tieout_Sales_Order__c"] for deal in deals}


def filter_of(text):
    return (line for line in text.splitlines() if line.startswith(FILTER))


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    with staged(tmp_path_factory.mktemp("command-line"), BOOKS / "small") as stage:
        yield Story(stage)


@pytest.fixture(scope="module")
def answers(story):
    """What each of the reading commands says after the sync."""
    folder = ("--dir", str(story.stage.sandbox))
    mistakes = {name: ("sandbox", *command, *folder) for name, (command, _) in SANDBOX_MISTAKES.items()}
    commands = {**READING, **mistakes}
    with ThreadPoolExecutor(max_workers=3) as pool:
        done = pool.map(lambda command: story.stage.tieout(*command), commands.values())
        return dict(zip(commands, done, strict=True))


def plain(done):
    """Return what a command printed, having checked that a log file could take it."""
    assert ESCAPE not in done.stdout + done.stderr
    return done.stdout


def test_a_plan_names_every_write_and_makes_none(story):
    outcomes = {record["label"]: record["outcome"] for record in story.plan["records"] if record["kind"] == "so"}
    assert outcomes["First"] == outcomes["Third"] == "created"
    assert outcomes["Held"] == "held"
    assert outcomes.get("Second") in (None, "skipped")
    assert story.plan["writes"] >= 4
    assert story.effects_of_plan == []


def test_a_sync_prints_plain_lines_and_writes_what_was_planned(story):
    printed = plain(story.sync)
    assert "1 records are held" in printed
    assert "NO_LINES" in printed
    numbers = story.numbers()
    assert numbers["First"] and numbers["Third"]
    assert not numbers["Second"] and not numbers["Held"]
    added = [entry["operation"] for entry in story.effects() if entry["operation"] == "add salesOrder"]
    assert len(added) == 2


def test_check_says_that_both_systems_answer(story, answers):
    printed = plain(answers["check"])
    assert answers["check"].returncode == 0
    assert f"Salesforce org {story.stage.ready['salesforce']['organization']} answers" in printed
    assert f"NetSuite account {story.stage.ready['netsuite']['account']} answers" in printed
    assert "3 examples hold" in printed


def test_status_tells_the_last_run_and_its_outcome(answers):
    printed = plain(answers["status"])
    assert "customers orders invoices status" in printed
    assert "Orders: 2 created" in printed
    assert "Open holds: 1" in printed


def test_a_held_record_has_cause_fix_and_owner(answers):
    printed = plain(answers["holds"])
    assert f"NO_LINES  order of deal Held ({HELD})" in printed
    assert "fix    Add the products to the deal in Salesforce." in printed
    assert "owner  revops@acme.example" in printed


def test_the_trace_of_an_order_tells_its_life_in_both_systems(story, answers):
    printed = plain(answers["trace"])
    assert f"Deal {FIRST}" in printed
    assert f"in NetSuite now: {story.numbers()['First']}" in printed
    assert "mappings/sales_order.toml:" in printed
    assert "What happened (UTC):" in printed


def test_the_trace_of_a_deal_out_of_scope_names_the_line_of_the_filter(story, answers):
    printed = plain(answers["trace out of scope"])
    assert f"Deal {SECOND}" in printed
    assert f"sync.toml:{story.filter_line}" in printed
    assert "PO_Number__c != 'PO-2'" in printed
    assert "no order is bound" in printed


def test_the_trace_of_an_open_deal_says_that_it_is_not_won(answers):
    printed = plain(answers["trace open"])
    assert "no order is bound" in printed
    assert "a sync now would leave it: skipped" in printed
    assert "not won" in printed


def test_a_reconciliation_writes_a_workbook_that_opens(answers):
    printed = plain(answers["reconcile"])
    assert "SYNC_BLOCKED" in printed
    named = next(line for line in printed.splitlines() if line.startswith("Workbook: "))
    book = openpyxl.load_workbook(named.removeprefix("Workbook: "))
    cells = [str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row if cell]
    assert any(HELD in cell for cell in cells)
    assert any("SYNC_BLOCKED" in cell for cell in cells)
    book.close()


@pytest.mark.parametrize("command", ["status", "holds", "reconcile"])
def test_strict_turns_holds_and_exceptions_into_exit_code_one(answers, command):
    assert answers[command].returncode == 1


@pytest.mark.parametrize("command", ["check", "plan", "status", "holds", "trace"])
def test_json_is_one_object_with_a_version(answers, command):
    one_object(answers[f"{command} json"], command)


@pytest.mark.parametrize("command", [("sync", "status"), ("reconcile",)], ids=["sync", "reconcile"])
def test_json_of_a_command_that_works_is_one_object_with_a_version(story, command):
    one_object(story.stage.tieout(*command, "--json"), command[0])


def one_object(done, command):
    """Check that a command succeeded and printed one JSON object of its own, and nothing else."""
    assert done.returncode == 0, done.stderr
    (line,) = plain(done).splitlines()
    found = json.loads(line)
    assert (found["version"], found["command"], found["ok"]) == (1, command, True)


def test_an_error_under_json_is_an_object_too(story):
    done = story.stage.tieout("sync", "ordrs", "--json", check=2)
    found = json.loads(plain(done))
    assert (found["version"], found["ok"], found["exit_code"]) == (1, False, 2)
    assert "no job 'ordrs'" in found["errors"][0]


def test_one_deal_is_synced_and_no_other(story):
    person = Person(story.stage)
    story.stage.step("1h")
    for deal in (FIRST, THIRD):
        person.edit("Opportunity", deal, PO_Number__c="PO-NEW")
    story.stage.step("1h")
    before = story.effects()
    printed = plain(story.stage.tieout("sync", "--deal", FIRST, "--strict", check=0))
    assert "Nothing is held." in printed
    written = [entry for entry in story.effects() if entry not in before]
    assert [entry["operation"] for entry in written if entry["system"] == "netsuite"] == ["update salesOrder"]
    purchase_orders = {
        order["custbody_tieout_deal_id"]: order["otherRefNum"]
        for order in map(json.loads, dump(story.stage.sandbox, "netsuite", "salesOrder"))
    }
    assert purchase_orders == {FIRST: "PO-NEW", THIRD: "PO-3"}


def test_the_sandbox_tells_what_it_holds_and_moves_its_clock(story):
    customers = story.stage.dump("netsuite", "customer")
    assert {customer["companyName"] for customer in customers} >= {"Blue Harbor Inc.", "Granite Group"}
    before = story.stage.state()["now"]
    moved = story.stage.json("sandbox", "step", "90s", "--dir", str(story.stage.sandbox))
    assert moved["version"] == 1
    assert moved["now"] == story.stage.state()["now"] != before


@pytest.mark.parametrize("mistake", SANDBOX_MISTAKES)
def test_the_sandbox_explains_what_it_does_not_know(answers, mistake):
    done = answers[mistake]
    assert done.returncode == 2
    assert SANDBOX_MISTAKES[mistake][1] in done.stderr
    assert "Traceback" not in done.stderr


def test_a_second_sync_on_the_same_state_is_refused(story):
    rule = {"system": "salesforce", "operation": "query", "action": "hold_before", "nth": 1}
    story.stage.control("faults", {"rules": [rule]})
    running = story.stage.background("sync")
    try:
        wait_until(lambda: story.stage.state()["holding"])
        refused = story.stage.tieout("sync", check=2)
        assert "is being worked on by tieout on" in refused.stderr
        assert "Wait until it has ended" in refused.stderr
        story.stage.tieout("status", check=0)
    finally:
        story.stage.control("faults", {"rules": []})
        printed, complaints = running.communicate(timeout=60)
    assert running.returncode == 0, complaints
    assert "Status written back" in printed


def wait_until(condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_terminal_gets_bars_and_no_crash(story):
    printed, code = on_a_terminal(("sync",), story.stage.admin)
    assert code == 0, printed
    assert "read deals" in printed
    assert ESCAPE in printed
    assert "1 records are held" in printed


def on_a_terminal(arguments, folder: Path):
    """Run the command on a pseudo-terminal; return what it showed and its exit code."""
    ours, theirs = pty.openpty()
    environ = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "120"}
    with subprocess.Popen(
        [TIEOUT, *arguments], cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs, env=environ
    ) as process:
        os.close(theirs)
        shown = b""
        try:
            while piece := os.read(ours, 65536):
                shown += piece
        except OSError as error:
            assert error.errno == errno.EIO  # the other side has closed
        finally:
            os.close(ours)
    return shown.decode(), process.returncode
