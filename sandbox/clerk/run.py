"""Carries out one phase of a book's ``clerk.json`` against a running sandbox."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sandbox import control_client
from sandbox.clerk import actions_billing, actions_money, actions_orders, plan
from sandbox.clerk.desk import Desk
from sandbox.clerk.documents import Documents
from sandbox.clerk.done import DoneList
from sandbox.clerk.netsuite import NetSuite, RefusedError
from sandbox.clerk.plan import Action
from sandbox.clerk.signing import Keys
from sandbox.errors import SandboxError

BOOK = "book"
"""Where the servers put the book that they made, inside the sandbox's folder."""

OPERATIONS: Mapping[str, Callable[[Desk, Action], None]] = {
    "approve": actions_orders.approve,
    "schedule": actions_orders.schedule,
    "fulfil": actions_orders.fulfil,
    "close_period": actions_orders.close_period,
    "bill": actions_billing.bill,
    "invoice": actions_billing.invoice,
    "credit": actions_billing.credit,
    "void_invoice": actions_billing.void_invoice,
    "pay": actions_money.pay,
    "pay_on_account": actions_money.pay_on_account,
    "deposit": actions_money.deposit,
    "apply_deposit": actions_money.apply_deposit,
    "refund": actions_money.refund,
    "void_payment": actions_money.void_payment,
    "unapply": actions_money.unapply,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClerkReport:
    """What a run did.

    ``counts`` holds the done actions by operation, ``documents`` what they made or changed (``invoice 1201``),
    ``earlier`` how many actions of the phase had been done before, ``refused`` how many NetSuite refused as planned.
    """

    phase: str
    counts: Mapping[str, int]
    documents: Sequence[str]
    earlier: int
    refused: int


def carry_out(directory: Path, phase: str, book: Path | None = None) -> ClerkReport:
    """Do a phase's actions in order, each once, and return what was done.

    Args:
        directory: the folder of a running sandbox; ``clerk.done`` in it remembers what was done.
        phase: ``approve``, ``collect`` or ``late``.
        book: the book's folder with ``clerk.json``; by default the one that the servers made in ``directory``.

    Raises:
        SandboxError: the phase or the plan is wrong, the sandbox does not answer, an action finds nothing to work
            on, or NetSuite refuses it without the plan saying so. Actions before it stay done.
    """
    if phase not in plan.PHASES:
        raise SandboxError(f"unknown phase {phase!r}. Known: {', '.join(plan.PHASES)}.")
    actions = [found for found in plan.read((book or directory / BOOK) / plan.FILE) if found.phase == phase]
    office, done = _OfficeClock(directory), DoneList(directory)
    netsuite = _netsuite(directory, office)
    desk = Desk(netsuite=netsuite, documents=Documents(netsuite))
    due = [action for action in actions if not done.has(action)]
    documents: list[str] = []
    refused = 0
    for action in due:
        desk.touched = []
        office.look()
        refused += _carry_out(desk, action)
        done.note(action, desk.touched)
        documents += desk.touched
    counts = Counter(action.op for action in due)
    return ClerkReport(
        phase=phase, counts=counts, documents=documents, earlier=len(actions) - len(due), refused=refused
    )


def _carry_out(desk: Desk, action: Action) -> bool:
    """Do one action; return whether NetSuite refused it as the plan says."""
    try:
        OPERATIONS[action.op](desk, action)
    except RefusedError as error:
        if error.code == action.refused:
            return True
        raise SandboxError(f"{action.title}: NetSuite refused it with {error.code}: {error.words}") from error
    except SandboxError as error:
        raise SandboxError(f"{action.title}: {error}") from error
    if action.refused:
        raise SandboxError(f"{action.title}: NetSuite accepted it, but the plan expects {action.refused}.")
    return False


class _OfficeClock:
    """The sandbox's moment, which signatures must carry: looked at once for each action."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._seconds = 0

    def look(self) -> None:
        now = str(control_client.get(self._directory, "clock")["now"])
        self._seconds = int(datetime.fromisoformat(now).timestamp())

    def __call__(self) -> int:
        return self._seconds


def _netsuite(directory: Path, clock: _OfficeClock) -> NetSuite:
    account = control_client.ready(directory)["netsuite"]
    keys = Keys(
        account=account["account"],
        consumer_key=account["consumer_key"],
        consumer_secret=account["consumer_secret"],
        token_id=account["token_id"],
        token_secret=account["token_secret"],
    )
    return NetSuite(account["base_url"], keys, clock)
