"""Directed schedules for what random seeds meet rarely: one thing happens at exactly the wrong place.

Each is played against the real engine, which must be clean, and, where it is made for a mutant, against that one,
which must not be.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.simulation.faults import CALM

LONG = 1100.0
"""Longer than send window and quiet period together, and than any claim."""


@dataclass(frozen=True)
class Schedule:
    """What happens, in which world, and the mutant, if any, that must not survive it."""

    mutant: str | None
    prepare: Callable
    changes: dict = field(default_factory=dict)

    @property
    def options(self):
        return {**CALM, **self.changes}


def is_order(process):
    request = process.sending
    return request is not None and request.payload.type == "salesOrder" and request.op == "add"


def slept_before_the_wire(play):
    """A worker sleeps between the commit of its intent and the wire, until another one sends the order anew."""
    deal = play.story.deals[0]
    play.scheduler.at(10.0, lambda: play.story.win(deal))
    slept, sent = [], []

    def hook(process, name):
        if name != "netsuite.sending" or not is_order(process):
            return
        if not slept:
            slept.append(process)
            while not sent and play.scheduler.now < 3000.0:
                process.sleep(1.0)
        else:
            sent.append(process)

    play.fleet.directed = hook


def slept_before_settling(play):
    """A worker sleeps between the answer and its settling; meanwhile the order is found, and changed by another."""
    deal = play.story.deals[0]
    play.scheduler.at(10.0, lambda: play.story.win(deal))
    play.scheduler.at(500.0, lambda: play.story.edit(deal))
    slept = []

    def hook(process, name):
        if name == "netsuite.answered" and is_order(process) and not slept:
            slept.append(process)
            process.sleep(1900.0)

    play.fleet.directed = hook


def slept_before_arming(play):
    """A worker sleeps between its last look at NetSuite and the commit of its intent; another creates the order."""
    deal = play.story.deals[0]
    play.scheduler.at(10.0, lambda: play.story.win(deal))
    looked, slept = [], []

    def hook(process, name):
        if name == "netsuite.orders" and not looked:
            looked.append(process)
        elif looked and not slept and process is looked[0] and name == "journal.committed":
            slept.append(process)
            process.sleep(LONG)

    play.fleet.directed = hook


def slept_after_looking(play):
    """A worker looks before the quiet period is over, finds nothing, sleeps beyond its end; meanwhile it is saved."""
    deal = play.story.deals[0]
    play.scheduler.at(10.0, lambda: play.story.win(deal))
    spans, slept = [890.0], []
    play.faults.saving = lambda: spans.pop() if spans else 2.0

    def hook(process, name):
        early = play.netsuite.order_of(deal.id) is None and play.scheduler.now > 600.0
        if name == "netsuite.read_back.answered" and early and not slept:
            slept.append(process)
            process.sleep(900.0)

    play.fleet.directed = hook


def settled_meanwhile(play):
    """A worker sleeps between finding an open intent and claiming its record, which its owner settles meanwhile."""
    deal = play.story.deals[0]
    play.scheduler.at(10.0, lambda: play.story.win(deal))
    spans, slept, last = [30.0], [], {}
    play.faults.saving = lambda: spans.pop() if spans else 2.0

    def hook(process, name):
        listed = last.get(process.name) == "netsuite.list.answered"
        if name == "journal.committed" and listed and not slept and is_sending(play):
            slept.append(process)
            process.sleep(200.0)
        last[process.name] = name

    play.fleet.directed = hook
    play.scheduler.at(315.0, play.fleet.kick)


def is_sending(play):
    return bool(play.witness.rows("SELECT 1 FROM intent WHERE kind = 'so' AND state = 'SENDING'"))


def slept_over_a_status(play):
    """A worker dies after a PATCH; the next one sleeps while it looks what became of it, and a third one settles it."""
    play.scheduler.at(10.0, lambda: play.story.win(play.story.deals[0]))
    died, slept, last = [], [], {}

    def hook(process, name):
        before, last[process.name] = last.get(process.name), name
        if name == "salesforce.answered" and not died:
            died.append(process)
            process.die(name)
        if name == "salesforce.rows" and before == "sync.claimed" and died and not slept:
            slept.append(process)
            process.sleep(900.0)

    play.fleet.directed = hook


def edited_before_arming(play):
    """Finance edits an order after a worker has looked at it and before that worker, which sleeps, changes it."""
    deal = play.story.deals[0]
    play.scheduler.at(10.0, lambda: play.story.win(deal))
    play.scheduler.at(500.0, lambda: play.story.edit(deal))
    slept = []

    def edit():
        play.netsuite.edit(play.netsuite.order_of(deal.id))
        play.story.finance_touched.add(deal.id)

    def hook(process, name):
        if name == "netsuite.read_back.answered" and play.scheduler.now > 500.0 and not slept:
            slept.append(process)
            play.scheduler.after(60.0, edit)
            process.sleep(LONG)

    play.fleet.directed = hook


def died_after_the_cursor(play):
    """The service starts an hour late and dies in its first page: of it, what is older than the overlap must stay."""
    for number, deal in enumerate(play.story.deals):
        play.scheduler.at(10.0 + 500.0 * number, lambda deal=deal: play.story.win(deal))
    play.first_start = 3300.0
    page, died = [], []

    def hook(process, name):
        if name == "salesforce.page":
            page.append(process)
        elif page and not died and name == "salesforce.rows":
            died.append(process)
            process.die(name)

    play.fleet.directed = hook


def exists_unseen(play):
    """NetSuite says that the customer exists, and none of ours is there."""
    play.scheduler.at(10.0, lambda: play.story.win(play.story.deals[0]))


def vanished(play):
    """Finance deletes the order; later the deal changes."""
    deal = play.story.deals[0]
    play.scheduler.at(10.0, lambda: play.story.win(deal))

    def delete():
        play.netsuite.delete(play.netsuite.order_of(deal.id))
        play.story.finance_touched.add(deal.id)

    play.scheduler.at(1200.0, delete)
    play.scheduler.at(1300.0, lambda: play.story.edit(deal))


def saved_late(play):
    """NetSuite saves the first order ten minutes after it got it; the client has long given up waiting."""
    play.scheduler.at(10.0, lambda: play.story.win(play.story.deals[0]))
    spans = [600.0]
    play.faults.saving = lambda: spans.pop() if spans else 2.0


SCHEDULES = {
    "slept before the wire": Schedule(
        "no send_by check", slept_before_the_wire, {"delayed": 1.0, "longest_delay": 55.0}
    ),
    "slept before settling": Schedule("settle without fence", slept_before_settling),
    "slept before arming": Schedule("fence checked on the intent's copy", slept_before_arming),
    "slept after looking": Schedule("no quiet period", slept_after_looking, {"workers": 1}),
    "settled meanwhile": Schedule(None, settled_meanwhile),
    "slept over a status": Schedule(None, slept_over_a_status, {"workers": 3}),
    "edited before arming": Schedule(None, edited_before_arming, {"workers": 1}),
    "died after the cursor": Schedule(
        "cursor committed before staging", died_after_the_cursor, {"deals": 6, "workers": 1}
    ),
    "exists, unseen": Schedule(
        "re-send after an unseen 'already exists'", exists_unseen, {"clashes": 1.0, "known_customers": 0.0}
    ),
    "vanished": Schedule("recreate a vanished target", vanished),
    "saved late": Schedule("no quiet period", saved_late),
}
