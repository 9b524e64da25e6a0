"""Proof: bad input ends in a message that can be acted on, and changes nothing.

After one good sync there is work waiting, so that a sync that goes on regardless would write. Each case then
spoils a file, a credential, an address or a server, and runs the installed command. Judged are the exit code, the
message (where, cause, fix; no traceback, no secret), both servers' logs of what they changed, and the tables of the
state database. In the end the unspoilt files are synced: only if that writes could the cases have been caught.
"""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from sandbox.dump import dump  # noqa: E402
from tests.acceptance.bad_input import SYNC, Case, lasting_failure, mapping_cases, remote_cases, setting_cases  # noqa: E402
from tests.acceptance.bad_input_service import service_commands, service_settings  # noqa: E402
from tests.acceptance.bad_input_workbook import workbook_cases  # noqa: E402
from tests.acceptance.people import Person  # noqa: E402
from tests.acceptance.stage import BOOKS, Stage, staged, verdict  # noqa: E402

KEPT = (
    "staged", "cursor", "intent", "binding", "attempt", "subject", "hold", "writeback", "blob", "receivable", "pause",
    "finding", "finding_note",
)  # fmt: skip
"""Tables that a refused command must leave as they are; ``run`` rightly notes that it was tried."""


@dataclass
class Bench:
    """One pair of servers, an admin folder that a good sync has used, and work that waits."""

    stage: Stage
    pristine: Path = field(init=False)
    failed: list[str] = field(default_factory=list)
    done: int = 0
    shown: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.stage.tieout("sync", check=0)
        waiting_work(self.stage)
        self.pristine = self.stage.folder / "pristine"
        shutil.copytree(self.stage.admin, self.pristine, ignore=shutil.ignore_patterns("state", "reports"))
        self.secrets = {
            str(value)
            for system in ("salesforce", "netsuite")
            for key, value in self.stage.ready[system].items()
            if key.endswith(("secret", "_id", "_key"))
        }

    def restore(self) -> None:
        """Put the admin's files back."""
        for name in ("mappings", "secrets", SYNC):
            there = self.stage.admin / name
            shutil.rmtree(there) if there.is_dir() else there.unlink(missing_ok=True)
        shutil.copytree(self.pristine, self.stage.admin, dirs_exist_ok=True)

    def try_case(self, case: Case) -> None:
        """Run a case and note what is wrong with how it ends."""
        says = list(case.says)
        for file, old, new in case.edits:
            path = self.stage.admin / file
            text = path.read_text()
            assert old in text, f"{case.name}: {file} lacks {old!r}"
            path.write_text(text.replace(old, new, 1))
        if case.at is not None:
            file = case.edits[0][0]
            lines = (self.stage.admin / file).read_text().splitlines()
            says.append(f"{file}:{next(n for n, line in enumerate(lines, 1) if case.at in line)}")
        if case.spoil is not None:
            case.spoil(self.stage.admin)
        self.stage.control("faults", {"rules": list(case.rules)})
        try:
            for command in case.commands:
                self.try_command(case, command, says)
        finally:
            self.stage.control("faults", {"rules": []})
            self.restore()

    def try_command(self, case: Case, command: Sequence[str], says: Sequence[str]) -> None:
        """Run one command and judge it."""
        before = self.traces()
        done = self.stage.tieout(*command)
        shown = done.stdout + done.stderr
        message = (done.stdout if case.result else done.stderr).strip()
        wrong = [f"does not say {part!r}" for part in says if not said(part, message)]
        wrong += [f"exit {done.returncode}, not {case.code}"] * (done.returncode != case.code)
        wrong += ["a traceback"] * ("Traceback" in shown)
        wrong += ["a secret is shown"] * any(text in shown for text in (*self.secrets, *case.hidden))
        after = self.traces()
        wrong += [f"{name} changed" for name in before if before[name] != after[name]]
        self.done += 1
        label = f"{case.name}: tieout {' '.join(command)}"
        print(f"{'FAIL' if wrong else 'ok  '} {label}", flush=True)
        message = message.replace("\n", "\n     ")
        if wrong:
            self.failed.append(f"{label}: {'; '.join(wrong)}")
            print(f"     {'; '.join(wrong)}\n     exit {done.returncode}: {done.stdout.strip()}", flush=True)
        if wrong or message not in self.shown:
            print(f"     {message}", flush=True)
            self.shown.add(message)

    def traces(self) -> dict[str, object]:
        """Return what the servers changed so far and what the state database holds."""
        effects = {
            system: [entry for entry in dump(self.stage.sandbox, system, "requests") if json.loads(entry)["effect"]]
            for system in ("salesforce", "netsuite")
        }
        uri = f"file:{self.stage.admin}/state/tieout.db?mode=ro"
        with closing(sqlite3.connect(uri, uri=True)) as db:
            return effects | {table: sorted(map(repr, db.execute(f"SELECT * FROM {table}"))) for table in KEPT}  # noqa: S608

    def could_have_failed(self) -> bool:
        """Sync the unspoilt files: the waiting work is written, and every trace that was watched moves."""
        before = self.traces()
        counts = self.stage.json("sync")["counts"]
        after = self.traces()
        moved = {name for name in before if before[name] != after[name]}
        print(f"unspoilt sync: {counts}, moved: {', '.join(sorted(moved))}", flush=True)
        wanted = {"salesforce", "netsuite", "staged", "cursor", "intent", "binding"}
        return counts.get("orders.created") == 1 and counts.get("orders.updated") == 1 and wanted <= moved


def said(part: str, message: str) -> bool:
    """Tell whether a message has a part; line 4 is not said by ``:40``."""
    return re.search(re.escape(part) + (r"(?!\d)" if part[-1].isdigit() else ""), message) is not None


def waiting_work(stage: Stage) -> None:
    """Give the held deal its line and change another's PO number, as people do in Salesforce."""
    person = Person(stage)
    stage.step("1h")
    deals = person.deals()
    (line,) = (
        line for line in stage.dump("salesforce", "OpportunityLineItem") if line["OpportunityId"] == deals["Third"]
    )
    entry = line["PricebookEntryId"]
    person.add("OpportunityLineItem", OpportunityId=deals["Held"], PricebookEntryId=entry, Quantity=1, UnitPrice=90)
    person.edit("Opportunity", deals["First"], PO_Number__c="PO-1-CHANGED")
    stage.step("1h")


def lane(name: str, choose: Callable[[Stage], Sequence[Case]]) -> tuple[int, int, list[str]]:
    """Try cases one after another on servers of their own; return cases, commands and what failed."""
    with tempfile.TemporaryDirectory(prefix=f"bad-input-{name}-") as folder, staged(folder, BOOKS / "small") as stage:
        bench = Bench(stage)
        cases = choose(stage)
        for case in cases:
            bench.try_case(case)
        if not bench.could_have_failed():
            bench.failed.append(f"{name}: the unspoilt sync did not write what was waiting")
        return len(cases), bench.done, bench.failed


LANES: Mapping[str, Callable[[Stage], Sequence[Case]]] = {
    "slow-salesforce": lambda _: [lasting_failure("salesforce"), lasting_failure("salesforce", "query")],
    "slow-netsuite": lambda _: [lasting_failure("netsuite")],
    "remote": lambda stage: remote_cases(stage.ready),
    "settings": lambda stage: setting_cases(stage.admin),
    "mappings": lambda _: mapping_cases(),
    "service-settings": lambda _: service_settings(),
    "service-commands": service_commands,
    "workbooks": workbook_cases,
}
"""Independent lanes: lasting failures are mostly waiting, so they run beside the others."""


def main() -> None:
    """Run every lane and print the verdict."""
    wanted = sys.argv[1:] or list(LANES)
    with ThreadPoolExecutor(max_workers=4) as pool:
        results = list(pool.map(lambda name: lane(name, LANES[name]), wanted))
    failed = [text for result in results for text in result[2]]
    verdict(
        "bad-input",
        not failed,
        cases=sum(result[0] for result in results),
        commands=sum(result[1] for result in results),
        failed=failed,
    )


if __name__ == "__main__":
    main()
