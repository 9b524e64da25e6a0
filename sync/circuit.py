"""Stops a run from sending one record after the other into the same refusal.

A new mandatory field in NetSuite refuses every order alike. After so many refusals that say the same, the run sends no
further create of that kind: the rest waits unharmed, and people are told once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from connectors.ports import ErpWriter
from connectors.receivables import Billable
from connectors.records import ReadBack, WriteOutcome, WriteRequest
from journal import circuits
from journal.circuits import Trip
from sync import refusals
from sync.decision import Decision
from sync.world import World

log = structlog.get_logger(__name__)

MOST_ALIKE = 20
"""So many refusals that say the same are no accident of single records."""
WITHIN = timedelta(minutes=5)


class Circuit:
    """Counts the refusals of one kind in one run; open once too many of the last minutes say the same.

    Args:
        world: whose journal remembers earlier refusals of this run.
        run_id: the run.
        kind: the kind of the records.
    """

    def __init__(self, world: World, run_id: str, kind: str) -> None:
        self._world = world
        self._run_id = run_id
        self._kind = kind
        self._alike: dict[str, list[datetime]] = {}
        self.succeeded = False
        now = world.now()
        with world.journal.begin() as tx:
            last = circuits.last(tx, kind)
            earlier = circuits.refusals(tx, run_id, kind, now - WITHIN)
        self.earlier_trip = last is not None and last.run_id != run_id
        self.trip: Trip | None = last if last is not None and last.run_id == run_id else None
        for at, code, message in earlier:
            self._count(WriteOutcome(status="rejected", code=code, message=message), at)

    @property
    def is_open(self) -> bool:
        """Whether no further create of this kind may be sent in this run."""
        return self.trip is not None

    def take(self, outcome: WriteOutcome) -> None:
        """Take in how a write ended."""
        self.succeeded = self.succeeded or outcome.status == "success"
        if outcome.status == "rejected" and not self.is_open:
            self._count(outcome, self._world.now())

    def _count(self, outcome: WriteOutcome, at: datetime) -> None:
        cause = refusals.by_netsuite(self._kind, outcome)
        recent = [moment for moment in self._alike.get(cause.likeness, ()) if at - moment < WITHIN]
        self._alike[cause.likeness] = [*recent, at]
        if self.trip is None and len(recent) + 1 >= MOST_ALIKE:
            self.trip = Trip(
                kind=self._kind,
                run_id=self._run_id,
                likeness=cause.likeness,
                count=len(recent) + 1,
                words=cause.cause,
                at=at,
            )
            log.error("circuit_open", run=self._run_id, kind=self._kind, likeness=cause.likeness)

    def reason(self) -> str:
        """Return why the rest waits."""
        trip = self.trip
        if trip is None:
            return ""
        return (
            f"not sent: NetSuite refused {trip.count} others alike within {WITHIN.seconds // 60} minutes"
            f" ({trip.likeness}); the next run goes on"
        )

    def remember(self) -> None:
        """Keep what people are to be told; a later run that went through ends it."""
        if self.trip is not None:
            with self._world.journal.begin() as tx:
                circuits.note(tx, self.trip)
        elif self.earlier_trip and self.succeeded:
            with self._world.journal.begin() as tx:
                circuits.forget(tx, self._kind)

    def over(self, world: World) -> World:
        """Return the world in which writes are counted, and end once the circuit is open."""
        return replace(
            world,
            erp_writer=_Counting(world.erp_writer, self),
            wanted_stop=lambda: self.is_open or world.wanted_stop(),
        )


class _Counting:
    """A writer that tells the circuit of every outcome."""

    def __init__(self, writer: ErpWriter, circuit: Circuit) -> None:
        self._writer = writer
        self._circuit = circuit

    def write(self, requests: Iterable[WriteRequest]) -> Iterator[tuple[WriteRequest, WriteOutcome]]:
        for request, outcome in self._writer.write(requests):
            self._circuit.take(outcome)
            yield request, outcome

    def read_back(
        self, type_: str, *, external_id: str | None = None, internal_id: str | None = None
    ) -> ReadBack | None:
        return self._writer.read_back(type_, external_id=external_id, internal_id=internal_id)

    def billable(self, order_id: str) -> Billable:
        return self._writer.billable(order_id)

    def body_fields(self, type_: str) -> frozenset[str]:
        return self._writer.body_fields(type_)

    def line_fields(self, type_: str) -> frozenset[str]:
        return self._writer.line_fields(type_)


def unsent(decisions: Sequence[Decision], results: Iterable[str]) -> list[Decision]:
    """Return the decisions that were not carried out."""
    done = set(results)
    return [decision for decision in decisions if decision.source_id not in done]
