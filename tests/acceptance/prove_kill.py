"""Proof: kill -9 at every request of a sync, before and after the server commits, loses and doubles nothing.

For every request of an undisturbed run, a fresh pair of servers holds that request in mid-air (before it is
processed, or after it is committed), the client process is killed, the command is run again, and the servers'
own stores must equal the undisturbed run's. With the read-back switched off the same proof must fail.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from sandbox.dump import dump  # noqa: E402
from tests.acceptance.stage import BOOKS, Stage, verdict  # noqa: E402

WORKERS = 3
QUIET = 1
"""Seconds, for send window and quiet period: the sandbox never commits a request it was not processing."""
BLIND = """
import sync.order_facts
import sync.resolve
sync.resolve.read_back = lambda *_: None
sync.order_facts.written = lambda *_: []
from console.main import run
run()
"""
"""The command with the read-back switched off: neither by record nor by query does it find its own orders."""

VOLATILE = {"createdDate", "lastModifiedDate", "dateCreated", "SystemModstamp", "LastModifiedDate"}
GIVEN = {"id", "tranId", "entityId", "custbody_tieout_intent", "custentity_tieout_intent"}
"""Numbers that NetSuite gives in order of arrival, and the name of the intent: they may differ between runs."""


def hasten(stage):
    """Shorten the waiting that production needs: this server's requests end within a second."""
    path = stage.admin / "sync.toml"
    text = path.read_text()
    text = re.sub(r'^(quiet_period|send_window *)= "[^"]*"', rf'\1= "{QUIET}s"', text, flags=re.MULTILINE)
    path.write_text(text)


def held(stage):
    """Return the two systems' stores without what may differ between two right runs."""
    system = {
        type_: [json.loads(line) for line in dump(stage.sandbox, "netsuite", type_)]
        for type_ in ("salesOrder", "customer")
    }
    names = {record["id"]: record.get("externalId") or record["id"] for record in system["salesOrder"]}
    numbers = {record["tranId"]: record.get("externalId") for record in system["salesOrder"]}
    customers = {record["id"]: record["companyName"] for record in system["customer"]}
    orders = [_order(record, customers) for record in system["salesOrder"]]
    parties = [_without({**record, "parent": customers.get(record.get("parent"))}) for record in system["customer"]]
    deals = [
        _without(
            {
                **deal,
                "Tieout_Sales_Order__c": numbers.get(deal["Tieout_Sales_Order__c"]),
                "Tieout_Sales_Order_Id__c": names.get(deal["Tieout_Sales_Order_Id__c"]),
            }
        )
        for deal in map(json.loads, dump(stage.sandbox, "salesforce", "Opportunity"))
    ]
    return {
        "orders": sorted(orders, key=lambda order: str(order)),
        "customers": sorted(parties, key=lambda customer: customer["companyName"]),
        "deals": deals,
    }


def _order(record, customers):
    return _without({**record, "entity": customers[record["entity"]]})


def _without(record):
    return {name: value for name, value in record.items() if name not in VOLATILE | GIVEN}


def undisturbed(folder):
    """Return the stores after a run that nobody disturbs, and how many requests it made."""
    stage = Stage(folder, BOOKS / "small").start()
    try:
        hasten(stage)
        stage.tieout("sync", check=0)
        return held(stage), stage.state()["ordinal"]
    finally:
        stage.stop()


def killed(folder, ordinal, action, blind=False):
    """Run, kill at this request, run again; return the stores and the duplicates that NetSuite holds."""
    stage = Stage(folder, BOOKS / "small").start()
    try:
        hasten(stage)
        stage.control("faults", {"rules": [{"ordinal": ordinal, "action": action}]})
        process = stage.background("sync")
        reached = _wait_until_held(stage, process)
        process.kill()
        process.communicate()
        stage.control("faults", {"rules": []})
        time.sleep(2 * QUIET + 0.2)
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
    ordinal, action, blind = argument
    with tempfile.TemporaryDirectory() as folder:
        reached, stores = killed(folder, ordinal, action, blind)
    return ordinal, action, reached, stores


def main():
    with tempfile.TemporaryDirectory() as folder:
        truth, requests = undisturbed(folder)
    print(f"undisturbed: {requests} requests, {len(truth['orders'])} orders")
    cases = [(ordinal, action, False) for ordinal in range(1, requests + 1) for action in ("hold_before", "hold_after")]
    wrong, kills = [], 0
    with ThreadPoolExecutor(WORKERS) as pool:
        for ordinal, action, reached, stores in pool.map(case, cases):
            kills += reached
            if stores != truth:
                wrong.append([ordinal, action])
                print(f"request {ordinal} {action}: the stores differ")
        blind = list(pool.map(case, [(number, "hold_after", True) for number in range(1, requests + 1)]))
    caught = [ordinal for ordinal, _action, reached, stores in blind if reached and stores != truth]
    print(f"{kills} kills, {len(wrong)} wrong; without read-back {len(caught)} of {len(blind)} runs go wrong")
    verdict(
        "kill",
        not wrong and kills == len(cases) and bool(caught),
        requests=requests,
        kills=kills,
        wrong=wrong,
        wrong_without_read_back=len(caught),
    )


if __name__ == "__main__":
    main()
