"""Writes the rows under accounts through the protocol, and proves what became of writes in doubt.

Every row has an external id of its own; the claim that covers it is its customer's.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from connectors.fault_points import fault_point
from connectors.ports import Condition
from connectors.records import WriteOutcome
from journal import bindings, claims, holds, intents, runs, subjects
from journal.claims import FenceLost
from journal.nouns import KIND_ACCOUNT_STATUS, KIND_CUSTOMER, KIND_ROW
from journal.stamps import sha
from sync import claiming, crm_writes
from sync.account_status import AccountUpdates, RowUpdate
from sync.attempts import barred, pauses
from sync.crm_writes import Armed, CrmWrite, Pending
from sync.receivables import make_due
from sync.status_writes import refused
from sync.world import KEY, World

BATCH = 200
WORDS = {"success": "written", "rejected": "refused"}


@dataclass(slots=True)
class Progress:
    """How far the rows of a run have come."""

    counts: dict[str, int] = field(default_factory=lambda: {"written": 0, "refused": 0, "doubtful": 0})
    unsettled: set[str] = field(default_factory=set)
    """Customers of whom a row is not written yet."""
    refusals: dict[str, tuple[RowUpdate, WriteOutcome]] = field(default_factory=dict)
    """The first refused row of a customer, and the answer."""
    refused: dict[str, set[str]] = field(default_factory=dict)
    """Fingerprints of all refused rows of a customer."""


def write(world: World, updates: AccountUpdates) -> Mapping[str, int]:
    """Write the rows; a refused one becomes a hold of its customer's account and stops no other."""
    labels = _labels(world, updates.customers)
    fences = claiming.claim(world, KIND_ACCOUNT_STATUS, labels, unchanged_since=updates.seen)
    writes = [(one, _crm_write(one, fences[one.customer_id])) for one in updates.rows if one.customer_id in fences]
    progress = Progress(unsettled=_barred(world, [write for _update, write in writes]))
    rows = [(update, write) for update, write in writes if update.customer_id not in progress.unsettled]
    for start in range(0, len(rows), BATCH):
        if world.wanted_stop():
            progress.unsettled |= {update.customer_id for update, _write in rows[start:]}
            break
        _write_some(world, rows[start : start + BATCH], progress)
        world.observer.progress("write account rows", min(start + BATCH, len(rows)), len(rows))
    with world.journal.batch():
        for customer, fence in fences.items():
            _settle(world, customer, labels[customer], fence, progress)
    return progress.counts


def _labels(world: World, customers: Sequence[str]) -> dict[str, str]:
    with world.journal.begin() as tx:
        known = {one.target_id: one.number or one.target_id for one in bindings.all_of(tx, KIND_CUSTOMER)}
    return {customer: known.get(customer, customer) for customer in customers}


def _barred(world: World, writes: Sequence[CrmWrite]) -> set[str]:
    """Return the customers of whom Salesforce refused all that is left to write, as it is."""
    contents: dict[str, set[str]] = {}
    for write in writes:
        contents.setdefault(write.claimed[1], set()).add(write.content)
    now = world.now()
    with world.journal.begin() as tx:
        return {
            customer
            for customer, own in contents.items()
            if barred(tx, world.settings, KIND_ACCOUNT_STATUS, customer, _together(own), now) is not None
        }


def _together(contents: Collection[str]) -> str:
    return sha("\n".join(sorted(contents)))


def _write_some(world: World, rows: Sequence[tuple[RowUpdate, CrmWrite]], progress: Progress) -> None:
    """Arm, send and settle a call's worth of rows."""
    at = world.crm.server_time()
    until = crm_writes.send_by(world)
    try:
        with world.journal.begin() as tx:
            # A row may be under way for the customer who had it before: the new one's waits for the proof.
            under_way = {intent.source_id for intent in intents.open_intents(tx, [KIND_ROW])}
            progress.unsettled |= {update.customer_id for update, write in rows if write.key in under_way}
            rows = [(update, write) for update, write in rows if write.key not in under_way]
            armed = crm_writes.arm(world, tx, [write for _update, write in rows], until)
    except FenceLost:
        # Another worker has begun with one of these customers: it writes what is still missing.
        progress.unsettled |= {update.customer_id for update, _write in rows}
        return
    fault_point("sync.armed")
    requests = [replace(update.row, send_by=until) for update, _write in rows]
    outcomes = world.crm_writer.upsert(requests) if requests else []
    fault_point("sync.settling")
    with world.journal.batch():
        for (update, _write), one, outcome in zip(rows, armed, outcomes, strict=True):
            _note(world, update, one, outcome, at, progress)


def _crm_write(update: RowUpdate, fence: int) -> CrmWrite:
    return CrmWrite(
        kind=KIND_ROW,
        key=update.row.key,
        type=update.row.type,
        values=update.row.values,
        wanted=update.row.values,
        claimed=(KIND_ACCOUNT_STATUS, update.customer_id),
        fence=fence,
        owner=update.customer_id,
    )


def _note(
    world: World, update: RowUpdate, armed: Armed, outcome: WriteOutcome, at: datetime, progress: Progress
) -> None:
    if not crm_writes.settled(world, armed, outcome):
        progress.unsettled.add(update.customer_id)
        return
    progress.counts[WORDS.get(outcome.status, "doubtful")] += 1
    if outcome.status == "success":
        row = update.row
        with world.journal.begin() as tx:
            runs.note_written(tx, row.type, row.key, row.values, at, owner=update.customer_id)
        return
    progress.unsettled.add(update.customer_id)
    if outcome.status == "rejected":
        progress.refusals.setdefault(update.customer_id, (update, outcome))
        progress.refused.setdefault(update.customer_id, set()).add(armed.write.content)


def _settle(world: World, customer: str, label: str, fence: int, progress: Progress) -> None:
    """Write down where one customer's rows stand, unless another worker has taken them."""
    now = world.now()
    try:
        with world.journal.begin() as tx:
            claims.require(tx, KIND_ACCOUNT_STATUS, customer, fence, now)
            if customer in progress.refusals:
                update, outcome = progress.refusals[customer]
                cause = refused(f"the row {update.row.key} under the account of customer {label}", outcome)
                cause = replace(cause, content=_together(progress.refused[customer]))
                resting = pauses(world.settings.holds)
                holds.open_hold(tx, KIND_ACCOUNT_STATUS, customer, label, cause, now, resting)
                subjects.mark(
                    tx, KIND_ACCOUNT_STATUS, customer, label=label, state=subjects.HELD, at=now,
                    outcome="hold", reason=cause.cause,
                )  # fmt: skip
            elif customer not in progress.unsettled:
                holds.resolve(tx, KIND_ACCOUNT_STATUS, customer, "written", now)
                subjects.mark(
                    tx, KIND_ACCOUNT_STATUS, customer, label=label, state=subjects.SETTLED, at=now, outcome="unchanged"
                )
            claims.finish(tx, KIND_ACCOUNT_STATUS, customer, fence)
    except FenceLost:
        return


def resolve(world: World) -> None:
    """Prove what became of the row writes in doubt, by what the rows say now."""
    waiting = crm_writes.pending(world, KIND_ROW)
    labels = {one.owner: one.owner for one in waiting if one.owner is not None}
    fences = claiming.claim(world, KIND_ACCOUNT_STATUS, labels)
    # Read anew: whoever held a customer may have settled its writes before giving it back.
    mine = [one for one in crm_writes.pending(world, KIND_ROW) if one.owner in fences] if fences else []
    for type_ in sorted({one.type for one in mine}):
        own = [one for one in mine if one.type == type_]
        fields = sorted({name for one in own for name in one.values})
        keys = tuple(one.intent.source_id for one in own)
        looked = world.now()
        found = {
            str(record.fields[KEY]): record
            for record in world.crm.scan(type_, [KEY, *fields], [Condition(KEY, "in", keys)])
        }
        for one in own:
            record = found.get(one.intent.source_id)
            stands = record is not None and all(record.fields.get(name) == value for name, value in one.values.items())
            _prove(world, one, fences, looked, record.modified if record is not None and stands else None)
    with world.journal.begin() as tx:
        for customer, fence in fences.items():
            claims.finish(tx, KIND_ACCOUNT_STATUS, customer, fence)


def _prove(world: World, one: Pending, fences: Mapping[str, int], looked: datetime, stood_at: datetime | None) -> None:
    """Settle one row; ``stood_at`` is when it came to say what was written, None when it does not say so."""
    if one.owner is None:
        raise ValueError(f"the row {one.intent.source_id} belongs to no customer")
    now = world.now()
    try:
        with world.journal.begin() as tx:
            claims.require(tx, KIND_ACCOUNT_STATUS, one.owner, fences[one.owner], now)
            if stood_at is not None:
                runs.note_written(tx, one.type, one.intent.source_id, one.wanted, stood_at, owner=one.owner)
                intents.close(tx, one.intent, "applied", "found by read-back", now)
            elif one.intent.quiet_until is None or looked >= one.intent.quiet_until:
                intents.close(tx, one.intent, "absent_after_quiet", "not found after the quiet period", now)
                make_due(tx, {one.owner}, now)
    except FenceLost:
        return
