"""Proof: kill -9 at seeded moments over a book of won deals loses nothing, doubles nothing and spoils nothing.

`tieout sync` and `tieout run` take turns over a thousand won deals on servers that save slowly, lose answers and
commit late. Each process is killed with its group at a random moment, most of them while it writes; some are stopped
for longer than the send window first while somebody else tries the same work, and on PostgreSQL the database server
is restarted under them. Sales and finance work meanwhile. Then plain syncs run until nothing is left to do, and the
servers' own stores and logs are judged. The judge must see every planted fault, and with the read-back switched off
the same kills must leave something to see.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.acceptance import kill_judge as judge  # noqa: E402
from tests.acceptance.kill_people import People, roles  # noqa: E402
from tests.acceptance.kill_postgres import SHORT_LEASE, StateServer  # noqa: E402
from tests.acceptance.kill_stage import QUIET_PERIOD, SEND_WINDOW, KillStage  # noqa: E402
from tests.acceptance.killing import Killer  # noqa: E402
from tests.acceptance.prove_kill import BLIND  # noqa: E402
from tests.acceptance.stage import TIEOUT, verdict  # noqa: E402

ROUNDS = 12
"""Plain syncs in which everything must have come to rest."""
CONTROL_DEALS, CONTROL_KILLS = 60, 8
SHOWN = 8


def served(database):
    """Return a PostgreSQL server of our own that can be restarted, or None for SQLite."""
    if database == "sqlite":
        return None
    return StateServer().start()


def program_for(database):
    """Return the command to kill: the installed one; on PostgreSQL with a lease that nobody waits minutes for."""
    return [TIEOUT] if database == "sqlite" else [sys.executable, "-c", SHORT_LEASE]


@contextmanager
def staged(folder, *, deals, seed, database):
    server = served(database)
    stage = KillStage(folder, deals=deals, seed=seed, server=server)
    try:
        yield stage.start()
    finally:
        stage.stop()


def killed(stage, seed, kills, program, say, **given):
    """Kill so often; return the killer and the people, both done."""
    dice = random.Random(seed)
    people = People(stage, dice, roles(stage, dice))
    killer = Killer(stage, people, dice, wanted=kills, program=program, **given)
    killer.work(say)
    return killer, people


def settled(stage, people, program):
    """Sync until nothing is left to do; return how many syncs it took, what the last one wrote, and its holds."""
    people.win(len(people.roles.waiting))
    time.sleep(SEND_WINDOW + QUIET_PERIOD)
    people.finance(most=10_000)
    people.finish()
    written, found = None, {}
    for number in range(1, ROUNDS + 1):
        seen = stage.log_since({})[1]
        found = json.loads(stage.plain(program, "sync", "--json"))
        written = [entry["operation"] for entry in stage.log_since(seen)[0] if entry["effect"]]
        waiting = sum(1 for record in found["records"] if record["outcome"] == "waiting")
        if not written and not waiting:
            return number, written
        people.finance(most=10_000)
        people.finish()
        if waiting:
            time.sleep(2.0)
    return ROUNDS, written


def judged(stage, people):
    """Return what is wrong by kind, and what the judge overlooks when it is planted."""
    found = judge.Found.of(stage, people.approved)
    faults = judge.wrong(found)
    faults["wrong"] += judge.figures_wrong(stage)
    held = {(one["source_id"], one["code"]) for one in json.loads(stage.plain([TIEOUT], "holds", "--json"))["holds"]}
    faults["wrong"] += [f"hold {one}" for one in sorted(held ^ stage.held())]
    return found, faults


def proven(options, say):
    with tempfile.TemporaryDirectory() as spare:
        folder = Path(options.keep or spare)
        with staged(folder, deals=options.deals, seed=options.seed, database=options.db) as stage:
            program = program_for(options.db)
            killer, people = killed(stage, options.seed, options.kills, program, say)
            say(f"{len(killer.kills)} kills are done: {dict(killer.counts)}, people: {people.done}")
            rounds, written = settled(stage, people, program)
            say(f"at rest after {rounds} syncs")
            found, faults = judged(stage, people)
            faults["wrong"] += killer.wrong
            faults["wrong"] += [f"the last sync wrote {name}" for name in written]
            faults["wrong"] += stage.verified()
            blind = judge.blind_spots(found)
    for kind, some in faults.items():
        for one in some[:SHOWN]:
            say(f"{kind}: {one}")
    met = Counter(name for kill in killer.kills for name in set(kill.in_flight))
    return faults, {
        "kills": len(killer.kills),
        "stops": killer.counts["stops"],
        "restarts": killer.counts["restarts"],
        "deals": len(found.won()),
        "orders": sum(len(orders) for orders in found.ours().values()),
        "invoices": len([one for one in found.invoices if one.get("createdFrom")]),
        "held": len(found.held),
        **{kind: len(some) for kind, some in faults.items()},
        "in_flight_kills": sum(bool(kill.in_flight) for kill in killer.kills),
        "writing_kills": sum(kill.writing for kill in killer.kills),
        "met": dict(sorted(met.items())),
        "people": people.done,
        "unnoticed": blind,
    }


def control(options, say):
    """Tell whether the judge notices a few kills, each at a request, with the read-back switched off."""
    program = [sys.executable, "-c", BLIND]
    with (
        tempfile.TemporaryDirectory() as folder,
        staged(Path(folder), deals=CONTROL_DEALS, seed=options.seed, database="sqlite") as stage,
    ):
        _killer, people = killed(stage, options.seed, CONTROL_KILLS, program, lambda _text: None, at_request=1.0)
        settled(stage, people, program)
        _found, faults = judged(stage, people)
    say(f"without the read-back: { {kind: len(some) for kind, some in faults.items()} }, {faults['duplicates'][:2]}")
    return any(faults.values())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--db", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--deals", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", help="folder to leave behind, for a look at what went wrong")
    parser.add_argument("--no-control", action="store_true")
    options = parser.parse_args()
    began = time.monotonic()

    def say(text):
        print(f"{time.monotonic() - began:6.0f} s  {text}", flush=True)

    faults, figures = proven(options, say)
    noticed = None if options.no_control else control(options, say)
    ok = (
        not any(faults.values())
        and not figures["unnoticed"]
        and noticed is not False
        and figures["kills"] >= options.kills
    )
    seconds = round(time.monotonic() - began, 1)
    verdict("kill", ok, db=options.db, seed=options.seed, **figures, blind_noticed=noticed, seconds=seconds)


if __name__ == "__main__":
    main()
