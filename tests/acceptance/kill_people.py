"""What people do while Tieout is killed: sales edits and wins deals, the finance clerk approves and delivers orders.

Each deal has at most one role, so that what must come of it does not depend on who came first.
"""

from __future__ import annotations

import json
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import requests

from tests.acceptance.kill_stage import WON
from tests.acceptance.people import Person
from tests.acceptance.stage import TIEOUT

ORDER = "tieout-so-{}"
PENDING = "A"
TRIES = 8
EDITED = 0.06
APPROVED = 0.12
"""Shares of the won deals that people work on."""


@dataclass
class Roles:
    """Deals by what people do with them, each list in the order of doing."""

    edited: list
    approved: list
    waiting: list
    """Deals that are still to be won."""


def roles(stage, dice):
    """Choose the deals: edited ones never get approved, approved ones are delivered whole and never edited."""
    plan = json.loads((stage.folder / "book" / "clerk.json").read_text(encoding="utf-8"))["actions"]
    whole = {one["order"] for one in plan if one["op"] == "fulfil" and "share" not in one}
    whole -= {one["order"] for one in plan if one["op"] in ("schedule", "bill")}
    deals = len(stage.waiting)
    approved = dice.sample([id_ for id_ in stage.waiting if ORDER.format(id_) in whole], int(deals * APPROVED))
    edited = dice.sample([id_ for id_ in stage.waiting if id_ not in set(approved)], int(deals * EDITED))
    waiting = dice.sample(stage.waiting, deals)
    return Roles(edited=edited, approved=approved, waiting=waiting)


@dataclass
class People:
    """The people of one stage. ``done`` counts what they did."""

    stage: object
    dice: object
    roles: Roles
    done: dict = field(default_factory=lambda: {"edits": 0, "wins": 0, "approvals": 0})
    approved: set = field(default_factory=set)
    refused: list = field(default_factory=list)
    _person: Person | None = None
    _clerk: subprocess.Popen | None = None
    _plans: int = 0
    _book: Path | None = None
    _lines: dict = field(default_factory=dict)

    def win(self, count):
        """Win that many deals of those that wait."""
        for _ in range(min(count, len(self.roles.waiting))):
            self._set("Opportunity", self.roles.waiting.pop(), StageName=WON)
            self.done["wins"] += 1

    def edit(self, count):
        """Change some deals, some of them again and again, whether their order is there or not."""
        for _ in range(count):
            self._edit(self.dice.choice(self.roles.edited))

    def _edit(self, deal):
        kind = self.dice.random()
        self.done["edits"] += 1
        if kind < 0.4:
            self._set("Opportunity", deal, PO_Number__c=f"PO-{self.done['edits']}")
        else:
            line = self.dice.choice(self._lines_of(deal))
            values = {"Quantity": self.dice.randint(1, 90)} if kind < 0.8 else {"UnitPrice": self.dice.randint(5, 900)}
            self._set("OpportunityLineItem", line, **values)

    def _lines_of(self, deal):
        if not self._lines:
            rows = self.stage.stored("salesforce", "SELECT body FROM record WHERE type = 'OpportunityLineItem'")
            for line in (json.loads(body) for (body,) in rows):
                self._lines.setdefault(line["OpportunityId"], []).append(line["Id"])
        return self._lines[deal]

    def _set(self, type_, id_, **values):
        """Save a form; whoever gets no answer saves it again."""
        for _ in range(TRIES):
            try:
                self._person = self._person or Person(self.stage)
                return self._person.edit(type_, id_, **values)
            except requests.RequestException:
                time.sleep(0.1)
        raise RuntimeError(f"{type_} {id_} could not be saved in {TRIES} tries")

    def finance(self, most):
        """Let the clerk approve and deliver some orders that are there by now, beside whatever else happens."""
        if self._clerk is not None and self._clerk.poll() is None:
            return
        self._take_back()
        if self._clerk is not None:
            return
        orders = self.stage.by_external_id("salesOrder")
        pending = {name.lower() for name, order in orders.items() if order["orderStatus"] == PENDING}
        free = [deal for deal in self.roles.approved if deal not in self.approved]
        chosen = [deal for deal in free if ORDER.format(deal).lower() in pending][:most]
        if not chosen:
            return
        self._plans += 1
        self._book = self.stage.folder / f"work-{self._plans}"
        self._book.mkdir()
        orders = [ORDER.format(deal) for deal in chosen]
        work = [{"phase": "approve", "op": op, "order": order} for order in orders for op in ("approve", "fulfil")]
        (self._book / "clerk.json").write_text(json.dumps({"version": 1, "actions": work}), encoding="utf-8")
        # Each piece is a plan of its own; the clerk remembers by the number of an action within one plan.
        (self.stage.sandbox / "clerk.done").unlink(missing_ok=True)
        self._send_clerk()
        self.approved.update(chosen)
        self.done["approvals"] += len(chosen)

    def _send_clerk(self):
        where = ["--dir", str(self.stage.sandbox), "--book", str(self._book)]
        self._clerk = subprocess.Popen(
            [TIEOUT, "sandbox", "clerk", "approve", *where], cwd=self.stage.admin, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def finish(self):
        """Wait until the clerk has put the pen down."""
        for _ in range(TRIES):
            if self._clerk is None:
                return
            self._take_back()
        raise RuntimeError("the clerk never got through")

    def _take_back(self):
        """Take the work back; whom NetSuite was too busy for goes on where it stopped."""
        if self._clerk is None:
            return
        said = self._clerk.communicate(timeout=120)[0]
        failed, self._clerk = self._clerk.returncode != 0, None
        if failed:
            self.refused.append(said.strip()[-300:])
            self._send_clerk()
