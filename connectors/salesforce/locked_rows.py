"""Tries rows again that another transaction had locked: they were left as they are, and the lock passes in seconds.

Source: Salesforce, Record Locking Cheat Sheet. Rows go again with growing, jittered pauses, ordered by their id, so
that two writers do not lock the same rows crosswise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from connectors.ports import Clock, Random
from connectors.records import WriteOutcome
from connectors.salesforce.collection import Batch, Item, batches

LOCKED = frozenset({"UNABLE_TO_LOCK_ROW", "ROW_LOCKED"})
MOST_TRIES = 8
FIRST_PAUSE = 0.25
LONGEST_PAUSE = 4.0
"""Seconds; all pauses together stay well below a connection's ``send_window``."""

Outcomes = dict[int, WriteOutcome]
Send = Callable[[Batch], tuple[Outcomes, Exception | None]]


class LockedRows:
    """The patience with locked rows of one connection.

    Args:
        clock: waits between the tries.
        random: source of the jitter.
    """

    def __init__(self, clock: Clock, random: Random) -> None:
        self._clock = clock
        self._random = random

    def again(self, items: Sequence[Item], outcomes: Outcomes, send: Send, until: datetime | None) -> Outcomes:
        """Return the outcomes after trying locked rows again; a row that stays locked is rejected.

        Args:
            items: what was sent.
            outcomes: how it ended, by place.
            send: sends a batch; the error, where there is one, says that further calls make no sense.
            until: the moment after which nothing may leave; what is still locked then was not written.
        """
        outcomes = dict(outcomes)
        for tries in range(1, MOST_TRIES):
            locked = sorted(_locked(items, outcomes), key=lambda item: item.identity)
            if not locked:
                return outcomes
            self._clock.sleep(self._random.uniform(0.0, min(LONGEST_PAUSE, FIRST_PAUSE * 2.0**tries)))
            if until is not None and self._clock.now() >= until:
                return outcomes
            for batch in batches(locked):
                decided, stopped = send(batch)
                outcomes |= decided
                if stopped is not None:
                    return outcomes
        return outcomes | {item.place: _given_up(outcomes[item.place]) for item in _locked(items, outcomes)}


def _locked(items: Sequence[Item], outcomes: Outcomes) -> list[Item]:
    return [item for item in items if outcomes[item.place].status == "no_op" and outcomes[item.place].code in LOCKED]


def _given_up(outcome: WriteOutcome) -> WriteOutcome:
    return replace(outcome, status="rejected", message=f"{outcome.message} It stayed locked for {MOST_TRIES} tries.")
