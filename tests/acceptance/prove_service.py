"""Proof: whatever disturbs a week of the service, both systems end as after an undisturbed one, and people are told.

The installed `tieout run` lives through a simulated week against the sandbox's clock, with the same people acting at
the same hours: once undisturbed, then with two services side by side, with kills in the middle of jobs and hours
without a service, with a paused job, with a month's end frozen, with a day without Salesforce, a day without
NetSuite, and with `tieout sync` by hand in between. Each slot is worked once or accounted for, both stores equal the
undisturbed week's, and mail and webhook told exactly what they should. With the claim of slots switched off, and with
one message, record or slot changed, the judge must object.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
import traceback
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.acceptance import week as life  # noqa: E402
from tests.acceptance import week_judge as judge  # noqa: E402
from tests.acceptance.disturbances import (  # noqa: E402
    ENDS_WITHIN,
    ByHand,
    Claimless,
    Frozen,
    Killed,
    Paused,
    Scenario,
    SideBySide,
    WithoutNetSuite,
    WithoutSalesforce,
)  # fmt: skip
from tests.acceptance.stage import verdict  # noqa: E402
from tests.acceptance.week import Week  # noqa: E402

WORKERS = 9


@dataclass
class Lived:
    """What a week left behind, ready to be judged."""

    name: str
    wrong: list = field(default_factory=list)
    stores: dict = field(default_factory=dict)
    held: dict = field(default_factory=dict)
    figures: dict = field(default_factory=dict)
    seconds: float = 0.0


WEEKS = (Killed, WithoutSalesforce, WithoutNetSuite, Scenario, SideBySide, Paused, Frozen, ByHand, Claimless)


def run(kind, folder, book):
    """Live one week and judge all of it that needs no other week."""
    scenario, began = kind(), time.monotonic()
    found = Lived(scenario.name)
    week = None
    try:
        week = Week(folder / kind.__name__, book)
        scenario.prepare(week)
        scenario.live(week)
        week.end()
        _judge(scenario, week, found)
    except Exception:  # noqa: BLE001  a broken week is a failed one, and the others go on
        found.wrong.append(traceback.format_exc()[-3000:])
    finally:
        if week is not None:
            week.close()
    found.seconds = round(time.monotonic() - began, 1)
    print(json.dumps({"week": found.name, "seconds": found.seconds, "wrong": found.wrong[:6], **found.figures},
                     default=str), flush=True)  # fmt: skip
    return found


def _judge(scenario, week, found):
    slots = judge.slots(week)
    wrong = found.wrong
    wrong += judge.wrong_slots(slots, judge.expected(scenario.changed, scenario.until))
    wrong += judge.wrong_runs(week, slots, scenario.by_hand)
    wrong += judge.wrong_alerts(week.listeners, scenario.alerts)
    wrong += [("duplicate", name) for name in judge.duplicates(week.stage)]
    wrong += [("stop", end) for end in week.ended if end[0] != 0 or end[1] > ENDS_WITHIN]
    wrong += scenario.check(week, slots)
    found.stores = judge.held_stores(week.stage)
    found.held = judge.held(week.listeners.posts)
    outcomes = [outcome for _job, _at, outcome, _run, _owner in slots]
    found.figures = {
        "slots": {outcome: outcomes.count(outcome) for outcome in sorted(set(outcomes))},
        "alerts": judge.told(week.listeners.posts),
        "held_told": len(found.held),
        "slowest_stop": max((round(seconds, 1) for _code, seconds in week.ended), default=None),
        **scenario.notes,
    }


def blind_spots(truth):
    """Return changes to the undisturbed week that the judge does not see; there must be none."""
    missed = []
    for type_, records in truth.stores.items():
        if records and not judge.differences(truth.stores, {**truth.stores, type_: records[1:]}):
            missed.append(f"a lost {type_}")
        if records and not judge.differences(truth.stores, {**truth.stores, type_: [*records, records[0]]}):
            missed.append(f"a doubled {type_}")
    wanted = judge.expected({})
    seen = [(name.split()[0], f"2026-{name.split(' ', 1)[1]}+00:00".replace(" ", "T"), outcome, name, "")
            for name, outcome in wanted.items()]  # fmt: skip
    for faulty in (seen[1:], [*seen, seen[0]], [(*seen[0][:2], "failed", *seen[0][3:]), *seen[1:]]):
        if not judge.wrong_slots(faulty, wanted):
            missed.append("a slot that is lost, doubled or failed")
    return missed


def main():
    warnings.simplefilter("ignore")
    began = time.monotonic()
    names = set(sys.argv[1:])
    chosen = [kind for kind in WEEKS if not names or kind.__name__ in names or kind is Scenario]
    with tempfile.TemporaryDirectory() as folder:
        book = Path(folder) / "book"
        life.write_book(book)
        with ThreadPoolExecutor(WORKERS) as pool:
            weeks = {kind: pool.submit(run, kind, Path(folder), book) for kind in chosen}
            lives = {kind: week.result() for kind, week in weeks.items()}
    control = lives.pop(Claimless, None)
    truth = lives[Scenario]
    apart = {}
    for one in lives.values():
        apart[one.name] = judge.differences(truth.stores, one.stores) if truth.stores and one.stores else "no stores"
        if set(one.held) != set(truth.held):
            one.wrong.append(("held records told", sorted(set(one.held) ^ set(truth.held))))
    for name, difference in apart.items():
        if difference:
            print(json.dumps({"week": name, "stores_differ": difference}, default=str)[:6000])
    missed = blind_spots(truth)
    caught = control is not None and any("runs for" in str(fault) for fault in control.wrong)
    wrong = {one.name: len(one.wrong) for one in lives.values()}
    verdict(
        "service",
        not any(wrong.values()) and not any(apart.values()) and not missed and (caught or bool(names)),
        weeks=len(lives),
        slots=sum(sum(one.figures.get("slots", {}).values()) for one in lives.values()),
        kills=sum(one.figures.get("kills", 0) for one in lives.values()),
        alerts=sum(len(states) for one in lives.values() for states in one.figures.get("alerts", {}).values()),
        wrong=wrong,
        stores_differ=[name for name, difference in apart.items() if difference],
        unnoticed=missed,
        claims_off_noticed=caught,
        seconds=round(time.monotonic() - began, 1),
    )


if __name__ == "__main__":
    main()
