"""Proof: kill -9 at the requests of a sync, before and after the server commits, loses and doubles nothing.

Two runs are disturbed. The first brings deals over: every request of it is a case. The second bills approved orders,
makes a stand-alone invoice and brings invoices and payments back onto deals and rows: every request of it that
writes is a case. For each case a fresh pair of servers holds that request in mid-air (before it is processed, or
after it is committed), the client process is killed, the command is run again, and the servers' own stores must
equal the undisturbed run's; Tieout's own books must name the same invoices as its own. With the read-back switched
off the same proof must fail, on either run.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.acceptance.people import Person  # noqa: E402
from tests.acceptance.stage import BOOKS, Stage, verdict  # noqa: E402
from tests.acceptance.stores import ROW_TYPES, held  # noqa: E402

WORKERS = 3
WINDOW, LONGEST, QUIET = 1, 1, 2
"""Seconds: send window, longest request and quiet period; the sandbox answers in less, or has been left waiting."""
WAITING = {"send_window": WINDOW, "longest_request": LONGEST, "quiet_period": QUIET}
BLIND = """
import dataclasses
import sync.invoices
import sync.order_facts
import sync.resolve
import sync.stand_alone
sync.resolve.read_back = lambda *_: None
sync.order_facts.written = lambda *_: []
for module, facts in ((sync.invoices, "by_external"), (sync.stand_alone, "by_external")):
    plain = module.read
    module.read = lambda *given, plain=plain, facts=facts: dataclasses.replace(plain(*given), **{facts: {}})
from console.main import run
run()
"""
"""The command with the read-back switched off: neither by record nor by query does it find its own orders."""

ORDERS = [f"tieout-so-00600000000000{number}AAA" for number in (1, 2, 3)]
MONTH = [
    *({"phase": "approve", "op": "approve", "order": order} for order in ORDERS),
    {"phase": "approve", "op": "bill", "order": ORDERS[0], "share": "0.5"},
    {"phase": "approve", "op": "pay", "orders": [ORDERS[0]], "over": "5.00", "reference": "CHQ-1"},
    {"phase": "approve", "op": "pay_on_account", "customer_of": ORDERS[2], "amount": "70.00", "date": "2026-11-20"},
]
"""What finance does before the second run: one order is half billed and paid by hand, some money is on account."""


def hasten(stage):
    """Shorten the waiting that production needs: this server's requests end within a second."""
    path = stage.admin / "sync.toml"
    text = path.read_text()
    for name, seconds in WAITING.items():
        text, count = re.subn(rf'^({name} *)= "[^"]*"', rf'\1= "{seconds}s"', text, flags=re.MULTILINE)
        if not count:
            raise RuntimeError(f"the template of sync.toml lost the line {name}")
    alone = 'stand_alone = "Type == \'Renewal\'"\nmapping = "mappings/invoice.toml"\n'
    path.write_text(text.replace("[jobs.invoices] ", f"[jobs.invoices]\n{alone}# ", 1))
    tables = '[tables.subsidiary]\nUS = "Acme Inc"\nDE = "Acme GmbH"\n'
    base = 'extends = "order_to_cash/opportunity_to_invoice"\n\n'
    (stage.admin / "mappings" / "invoice.toml").write_text(base + tables)


def first_run(folder):
    """Return a stage whose deals wait to be brought over."""
    stage = Stage(folder, BOOKS / "small").start()
    hasten(stage)
    return stage


def billing_run(template, folder):
    """Return a stage that goes on where the prepared one stood."""
    shutil.copytree(template, folder, dirs_exist_ok=True)
    stage = Stage(folder, BOOKS / "small").start()
    path = stage.admin / "sync.toml"
    addresses = iter(stage.ready[system]["base_url"] for system in ("salesforce", "netsuite"))
    text = path.read_text().replace(str(template), str(folder))
    pointed = re.sub(r'^(base_url *= )"[^"]*"', lambda old: f'{old[1]}"{next(addresses)}"', text, flags=re.MULTILINE)
    path.write_text(pointed)
    return stage


def prepare(folder):
    """Bring the deals over, let finance work, and win one more deal that needs no order."""
    stage = first_run(folder)
    try:
        stage.tieout("sync", check=0)
        stage.step("1h")
        book = Path(folder) / "plan"
        book.mkdir()
        (book / "clerk.json").write_text(json.dumps({"version": 1, "actions": MONTH}))
        stage.tieout("sandbox", "clerk", "approve", "--dir", str(stage.sandbox), "--book", str(book), check=0)
        person = Person(stage)
        renewal = {"Name": "Renewal", "Type": "Renewal", "StageName": "Prospecting", "CloseDate": "2026-11-22"}
        pattern = next(deal for deal in stage.dump("salesforce", "Opportunity") if deal["Name"] == "Second")
        like = {key: pattern[key] for key in ("AccountId", "CurrencyIsoCode", "OwnerId", "Pricebook2Id")}
        made = person.add("Opportunity", **renewal, **{key: value for key, value in like.items() if value})
        line = next(
            line for line in stage.dump("salesforce", "OpportunityLineItem") if line["OpportunityId"] == pattern["Id"]
        )
        entry = line["PricebookEntryId"]
        person.add("OpportunityLineItem", OpportunityId=made, PricebookEntryId=entry, Quantity=2, UnitPrice=40)
        person.edit("Opportunity", made, StageName="Closed Won", PO_Number__c="PO-R")
        stage.step("1h")
    finally:
        stage.stop()


def undisturbed(start):
    """Return the stores after a run that nobody disturbs, the requests it made, and those of them that wrote."""
    stage = start()
    try:
        stage.control("faults", {"rules": [], "reset_ordinal": True})
        before = {system: len(stage.dump(system, "requests")) for system in ("salesforce", "netsuite")}
        stage.tieout("sync", check=0)
        made = stage.state()["ordinal"]
        log = [entry for system, seen in before.items() for entry in stage.dump(system, "requests")[seen:]]
        return held(stage), made, sorted(entry["ordinal"] for entry in log if entry["effect"])
    finally:
        stage.stop()


def killed(start, ordinal, action, blind=False):
    """Run, kill at this request, run again; return whether the request was met, and the stores."""
    stage = start()
    try:
        rules = [{"ordinal": ordinal, "action": action}]
        stage.control("faults", {"rules": rules, "reset_ordinal": True})
        process = stage.background("sync")
        reached = _wait_until_held(stage, process)
        process.kill()
        process.communicate()
        stage.control("faults", {"rules": []})
        time.sleep(WINDOW + QUIET + 0.2)
        _again(stage, blind)
        return reached, held(stage)
    finally:
        stage.stop()


def _again(stage, blind):
    if not blind:
        stage.tieout("sync", check=0)
        return
    subprocess.run([sys.executable, "-c", BLIND, "sync"], cwd=stage.admin, capture_output=True, check=True)


def _wait_until_held(stage, process):
    while process.poll() is None:
        if stage.state()["holding"]:
            return True
        time.sleep(0.05)
    return False


def case(argument):
    start, ordinal, action, blind = argument
    with tempfile.TemporaryDirectory() as folder:
        reached, stores = killed(lambda: start(folder), ordinal, action, blind)
    return ordinal, action, reached, stores


def disturbed(name, start, ordinals_of):
    """Kill one run at every chosen request; return the figures."""
    with tempfile.TemporaryDirectory() as folder:
        truth, requests, writes = undisturbed(lambda: start(folder))
    chosen = ordinals_of(requests, writes)
    invoices = len(truth["invoice"])
    print(f"{name}, undisturbed: {requests} requests, {len(writes)} of them write, {invoices} invoices", flush=True)
    cases = [(start, ordinal, action, False) for ordinal in chosen for action in ("hold_before", "hold_after")]
    wrong, kills = [], 0
    with ThreadPoolExecutor(WORKERS) as pool:
        for ordinal, action, reached, stores in pool.map(case, cases):
            kills += reached
            print(f"{name}, request {ordinal} {action}: {'killed' if reached else 'not met'}", flush=True)
            if stores != truth:
                wrong.append([ordinal, action])
                print(f"{name}, request {ordinal} {action}: {_differences(truth, stores)}", flush=True)
        blind = list(pool.map(case, [(start, number, "hold_after", True) for number in chosen]))
    caught = [ordinal for ordinal, _action, reached, stores in blind if reached and stores != truth]
    print(f"{name}: {kills} kills, {len(wrong)} wrong; without read-back {len(caught)} of {len(blind)} runs go wrong")
    found = {
        "requests": requests,
        "writing": len(writes),
        "invoices": invoices,
        "rows": sum(len(truth[type_]) for type_ in ROW_TYPES),
        "kills": kills,
        "wrong": wrong,
        "wrong_without_read_back": len(caught),
    }
    return not wrong and kills == len(cases) > 0 and bool(caught), found


def _differences(truth, stores):
    lost = [f"-{one}" for name in truth for one in truth[name] if one not in stores[name]]
    more = [f"+{one}" for name in truth for one in stores[name] if one not in truth[name]]
    return "\n".join([*lost[:3], *more[:3]])


def main():
    with tempfile.TemporaryDirectory() as template:
        prepare(template)
        runs = {
            "orders": (first_run, lambda requests, _writes: range(1, requests + 1)),
            "billing": (lambda folder: billing_run(template, folder), lambda _requests, writes: writes),
        }
        chosen = sys.argv[1:] or list(runs)
        results = {name: disturbed(name, *runs[name]) for name in chosen}
    verdict(
        "kill",
        all(good for good, _found in results.values()),
        **{
            key: sum(found[key] for _good, found in results.values())
            for key in ("requests", "kills", "wrong_without_read_back")
        },
        wrong=[[name, *one] for name, (_good, found) in results.items() for one in found["wrong"]],
        runs={name: found for name, (_good, found) in results.items()},
    )


if __name__ == "__main__":
    main()
