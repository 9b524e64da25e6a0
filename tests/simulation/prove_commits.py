"""Proof: a crash just before or just after any commit of a run heals into what an undisturbed run leaves.

Whole runs over the in-memory systems on a virtual clock. Each story is played once undisturbed, then once for
every commit of the state database with a crash there; after four further runs the remote systems (orders, invoices,
rows under accounts), the standing of every deal, its holds and what the deals show must be the same. What finance
does (approve, fulfil, pay) it does whenever there is something to do it to, so that a run that broke off only
delays it. A control forgets a bound invoice once, and must be noticed.
"""

from __future__ import annotations

import logging
import shutil
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import structlog

sys.path.insert(0, str(Path(__file__).parents[2]))

from config.settings import InvoiceSettings  # noqa: E402
from connectors.receivables import Application, Receipt  # noqa: E402
from journal import bindings, database, holds, intents, subjects  # noqa: E402
from journal.nouns import KIND_INVOICE  # noqa: E402
from sync import engine  # noqa: E402
from sync.world import ORDER_NUMBER, SYNC_STATE  # noqa: E402
from tests.acceptance.stage import verdict  # noqa: E402
from tests.fakes.erp import Crash  # noqa: E402
from tests.fakes.world import make_settings, make_world  # noqa: E402

WORKERS = 2
EMPTY_STATE = "empty.db"
PAID_ON = date(2026, 12, 5)
SHOWN = ("Invoiced", "Invoiced_Net", "Paid", "Credited", "Balance", "Invoice_Status", "Payment_Status", "Due_Date")
DEAL = "006000000000001AAA"


class CrashingJournal(database.Journal):
    """A journal whose n-th commit is the last thing, or the first thing not, to happen."""

    count = 0
    at = None
    before = False

    @contextmanager
    def begin(self):
        CrashingJournal.count += 1
        mine = CrashingJournal.count == CrashingJournal.at
        with super().begin() as tx:
            yield tx
            if mine and CrashingJournal.before:
                raise Crash
        if mine:
            raise Crash

    @contextmanager
    def batch(self):
        CrashingJournal.count += 1
        mine = CrashingJournal.count == CrashingJournal.at
        with super().batch():
            yield
            if mine and CrashingJournal.before:
                raise Crash
        if mine:
            raise Crash


def won(world, *faults):
    world.crm.put_deal(1)
    world.crm.put_deal(2)
    world.erp.script = list(faults)


def more(world, *faults):
    world.crm.put_line(DEAL, 11, "GTX-PRO", "1", "55.50", 1)
    world.erp.script = list(faults)


def adoptable(world):
    world.erp.put_customer("7", "Blue Harbor")
    world.erp.put_order("50", customer_id="7")
    world.crm.put_deal(1, netsuite_conn__NetSuite_Id__c="50")


def next_run(world, *faults):
    world.erp.script = list(faults)


def approving(world):
    """Finance approves every order that waits for it."""
    for order in list(world.erp.orders_.values()):
        if order.status == "A":
            world.erp.approve(order.id)


def fulfilling(world):
    """Finance approves; the warehouse ships one unit more of every line before each run."""
    approving(world)
    for order in list(world.erp.orders_.values()):
        shipped = tuple(
            replace(line, fulfillable=True, fulfilled=min(line.quantity, (line.fulfilled or 0) + 1))
            for line in order.lines
        )
        if shipped != order.lines and order.status in ("F", "E"):
            world.erp.approve(order.id, lines=shipped)


def paying(world):
    """Finance approves and enters one payment over every invoice that is open."""
    approving(world)
    for invoice in list(world.erp.invoices_.values()):
        if invoice.unpaid:
            id_ = str(5000 + int(invoice.id))
            pay(world, invoice, id_, invoice.unpaid)


def pay(world, invoice, id_, amount):
    now = world.clock.now()
    world.erp.receipts_[id_] = Receipt(
        id=id_, type="CustPymt", number=f"PYMT{id_}", customer_id=invoice.customer_id, currency="USD", date=PAID_ON,
        status="C", total=amount + 5, applied=amount, unapplied=Decimal(5), counts=True, voided=False, modified=now,
        created=now,
    )  # fmt: skip
    part = Application(
        invoice_id=invoice.id, source_id=id_, source_type="CustPymt", source_number=f"PYMT{id_}", kind="payment",
        date=PAID_ON, amount=amount,
    )  # fmt: skip
    world.erp.settle_invoice(invoice.id, part, touch=False)


def reversing(world):
    """Finance approves, and voids the first deal's invoice as soon as Tieout knows it."""
    approving(world)
    with world.journal.begin() as tx:
        known = [one.target_id for one in bindings.all_of(tx, KIND_INVOICE) if one.source_id == DEAL]
    for id_ in known:
        if world.erp.invoices_[id_].status != "V":
            order = world.erp.orders_[world.erp.invoices_[id_].order_id]
            world.erp.put_invoice(id_, status="V", total=Decimal(0), net=Decimal(0))
            world.erp.approve(order.id, lines=tuple(replace(line, billed=Decimal(0)) for line in order.lines))


@dataclass(frozen=True, kw_only=True)
class Story:
    """What changes before each run, and what finance does before every run."""

    steps: tuple
    finance: object = None
    undisturbed: int = 0
    """How many of the first runs no crash meets, because another story has them crash."""


def story(*steps):
    return Story(steps=steps)


def billing(*steps, finance):
    """A story of what follows once the orders are there."""
    return Story(steps=(won, *steps), finance=finance, undisturbed=1)


STORIES = {
    "create": story(won),
    "rejected": story(lambda world: won(world, None, "rejected")),
    "answer lost": story(lambda world: won(world, None, "lost_answer")),
    "customer's answer lost": story(lambda world: won(world, "lost_answer")),
    "update": story(won, more),
    "update's answer lost": story(won, lambda world: more(world, "lost_answer")),
    "update rejected": story(won, lambda world: more(world, "rejected")),
    "changed while in doubt": story(lambda world: won(world, None, "lost_request"), more),
    "adopted": story(adoptable),
    "billed": billing(next_run, finance=approving),
    "invoice's answer lost": billing(lambda world: next_run(world, "lost_answer"), finance=approving),
    "invoice's request lost": billing(lambda world: next_run(world, "lost_request"), finance=approving),
    "invoice rejected": billing(lambda world: next_run(world, None, "rejected"), finance=approving),
    "billed in parts": billing(next_run, next_run, finance=fulfilling),
    "paid": billing(next_run, next_run, finance=paying),
    "paid, invoice's answer lost": billing(
        lambda world: next_run(world, None, "lost_answer"), next_run, finance=paying
    ),
    "voided by finance": billing(next_run, next_run, finance=reversing),
}


def play(folder, told, at=None, before=False):
    """Play a story with a crash at one commit; return what stands at the end, the commits, and errors met."""
    folder.mkdir()
    shutil.copy(folder.parent / EMPTY_STATE, folder / "tieout.db")
    world = make_world(folder, settings=make_settings(folder, invoices=InvoiceSettings(enabled=True)))
    world.crm.put_account(1, "Blue Harbor Inc.")
    world.journal.__class__ = CrashingJournal
    CrashingJournal.at = None
    errors, commits = [], 0
    for number, step in enumerate(told.steps):
        step(world)
        # Only what runs commit is counted, not what finance looks up.
        _prepare(world, told, minutes=5)
        counted = number >= told.undisturbed
        CrashingJournal.count, CrashingJournal.at, CrashingJournal.before = commits, at if counted else None, before
        try:
            engine.run(world)
        except Crash:
            pass
        except Exception as error:  # noqa: BLE001  any error is a finding
            errors.append(repr(error))
        commits, CrashingJournal.at = CrashingJournal.count if counted else 0, None
    for _ in range(4):
        _prepare(world, told, hours=1)
        engine.run(world)
    left = standing(world)
    world.journal.close()
    return left, commits, errors


def _prepare(world, told, **time):
    world.clock.step(**time)
    if told.finance is not None:
        told.finance(world)


def standing(world):
    with world.journal.begin() as tx:
        states = sorted((state.source_id, state.state) for state in subjects.all_states(tx, "so"))
        doubts = len(intents.open_intents(tx))
        held = sorted((hold.source_id, hold.code) for hold in holds.open_holds(tx))
    orders = sorted(
        (str(order.deal_id), order.net, len(order.lines), str(order.external_id))
        for order in world.erp.orders_.values()
    )
    deals = world.crm.records["Opportunity"]
    shown = {
        id_: (
            bool(deal["fields"].get(ORDER_NUMBER)),
            deal["fields"].get(SYNC_STATE),
            *(str(deal["fields"].get(f"Tieout_{name}__c")) for name in SHOWN),
        )
        for id_, deal in deals.items()
    }
    return {
        "orders": orders, "customers": len(world.erp.customers_), "states": states, "doubts": doubts, "holds": held,
        "shown": shown, "invoices": invoices(world), "rows": rows(world),
    }  # fmt: skip


def invoices(world):
    """Return NetSuite's invoices, and which of them the journal knows."""
    with world.journal.begin() as tx:
        known = {one.target_id: one.source_id for one in bindings.all_of(tx, KIND_INVOICE)}
    return sorted(
        (str(one.external_id), one.net, one.paid, one.status, len(one.lines), str(known.get(one.id)))
        for one in world.erp.invoices_.values()
    )


def rows(world):
    """Return the rows under accounts; NetSuite's numbers follow the order of arrival and are left out."""
    volatile = ("Number", "NetSuite_Id", "Link", "Invoice_Number", "Customer")
    return sorted(
        (type_, sorted((name, str(value)) for name, value in values.items() if name[7:-3] not in volatile))
        for type_, kept in world.crm.rows.items()
        for values in kept.values()
    )


def forgetful(folder):
    """Play the billed story with a journal that loses a bound invoice; return what stands at the end."""
    plain = bindings.bind
    lost = []

    def bind(tx, binding):
        if binding.kind == KIND_INVOICE and not lost:
            lost.append(binding)
            return None
        return plain(tx, binding)

    bindings.bind = bind
    try:
        return play(folder, STORIES["billed in parts"])
    finally:
        bindings.bind = plain


def played(argument):
    """Play one story with every crash; return its name, what stands at its end, the crashes and what went wrong."""
    base, name = argument
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    told, number = STORIES[name], list(STORIES).index(name)
    truth, commits, _ = play(Path(base) / f"{number}", told)
    wrong = []
    for before in (False, True):
        for at in range(1, commits + 1):
            left, _, errors = play(Path(base) / f"{number}-{before}-{at}", told, at, before)
            if left != truth or errors:
                wrong.append([name, at, "before" if before else "after"])
    return name, truth, 2 * commits, wrong


def scratch():
    """Return a folder in memory where there is one: the state database waits for the disk at each commit."""
    memory = Path("/dev/shm")  # noqa: S108
    return tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None)


def main():
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    wanted = sys.argv[1:] or list(STORIES)
    crashes, wrong, truths = 0, [], {}
    with scratch() as base, ProcessPoolExecutor(WORKERS) as pool:
        database.open_journal(Path(base) / EMPTY_STATE, "salesforce>netsuite").close()
        for name, truth, count, bad in pool.map(played, [(base, name) for name in wanted]):
            truths[name] = truth
            crashes += count
            wrong += bad
            print(f"{name}: {count} crashes, {len(bad)} wrong", flush=True)
        left, _, errors = forgetful(Path(base) / "forgetful")
        told, _, _ = play(Path(base) / "told", STORIES["billed in parts"])
        noticed = left != told or bool(errors)
    verdict(
        "commits",
        not wrong and crashes > 0 and noticed,
        stories=len(wanted),
        crashes=crashes,
        invoices=sum(len(truth["invoices"]) for truth in truths.values()),
        rows=sum(len(truth["rows"]) for truth in truths.values()),
        wrong=wrong,
        forgotten_invoice_noticed=noticed,
    )


if __name__ == "__main__":
    main()
