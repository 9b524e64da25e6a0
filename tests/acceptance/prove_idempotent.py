"""Proof: a second sync writes nothing, and touching one deal writes exactly one order.

Judged by the request logs of both servers, on the demo book before any hand edit.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from config.load import load  # noqa: E402
from config.system import SystemClock, SystemRandom  # noqa: E402
from connectors import salesforce  # noqa: E402
from connectors.records import FieldUpdate, RecordRef  # noqa: E402
from tests.acceptance.stage import staged, verdict  # noqa: E402


def touch_one_deal(stage):
    """Change one deal whose order exists, as a person would: through the Salesforce API."""
    settings = load(stage.admin / "sync.toml")
    crm = salesforce.connect(settings.salesforce, clock=SystemClock(), random=SystemRandom())
    deal = min(
        (deal for deal in stage.dump("salesforce", "Opportunity") if deal.get("Tieout_Sync_State__c") == "Synced"),
        key=lambda deal: deal["Id"],
    )
    ref = RecordRef(connection="salesforce", type="Opportunity", id=deal["Id"])
    (outcome,) = crm.writer.update([FieldUpdate(ref=ref, values={"Name": f"{deal['Name']} (renamed)"})])
    assert outcome.status == "success", outcome
    return deal["Id"]


def main():
    with tempfile.TemporaryDirectory() as folder, staged(folder, "demo", seed=7) as stage:
        first = stage.json("sync")["counts"]
        writes_first = len(stage.writes())
        print(f"first sync: {first}, {writes_first} writing requests")
        stage.step("1h")
        second = stage.json("sync")["counts"]
        writes_second = len(stage.writes()) - writes_first
        print(f"second sync: {second}, {writes_second} writing requests")
        stage.step("1h")
        deal = touch_one_deal(stage)
        stage.step("1h")
        before = stage.writes()
        third = stage.json("sync")["counts"]
        after = [entry for entry in stage.writes() if entry not in before]
        orders = [entry for entry in after if entry["system"] == "netsuite"]
        print(f"after touching {deal}: {third}, {[entry['operation'] for entry in after]}")
    verdict(
        "idempotent",
        second["rows.read"] > 0
        and writes_second == 0
        and [entry["operation"] for entry in orders] == ["update salesOrder"]
        and len(orders[0]["effect"]) == 1
        and len(after) == 1,
        rows_read_second_run=second["rows.read"],
        writes_first_run=writes_first,
        writes_second_run=writes_second,
        order_writes_after_one_touch=len(orders),
        other_writes_after_one_touch=len(after) - len(orders),
    )


if __name__ == "__main__":
    main()
