"""Writes the deals' status through the protocol, and proves what became of writes in doubt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import structlog

from connectors.fault_points import fault_point
from connectors.records import FieldUpdate, Record, WriteOutcome
from journal import claims, holds, intents, runs
from journal.claims import FenceLost
from journal.database import Tx
from journal.holds import HoldCause
from journal.nouns import KIND_STATUS
from sync import claiming, crm_writes, refusals
from sync.attempts import barred, pauses
from sync.crm_writes import Armed, CrmWrite, Pending
from sync.world import DEAL, STATUS_VERSION, World
from sync.writeback import StatusUpdate

log = structlog.get_logger(__name__)

BATCH = 200


def write(world: World, updates: Sequence[StatusUpdate]) -> Mapping[str, int]:
    """Write the differing fields; a refused record becomes a hold and stops no other."""
    counts = {"written": 0, "refused": 0, "doubtful": 0}
    for start in range(0, len(updates), BATCH):
        if world.wanted_stop():
            break
        for word in _write_some(world, updates[start : start + BATCH]):
            counts[word] += 1
        world.observer.progress("write status back", min(start + BATCH, len(updates)), len(updates))
    return counts


def _write_some(world: World, updates: Sequence[StatusUpdate]) -> list[str]:
    """Take, arm, send and settle a call's worth of deals; return a word for each that was sent."""
    at = world.crm.server_time()
    until = crm_writes.send_by(world)
    with world.journal.begin() as tx:
        chosen = _take(world, tx, updates)
        armed = crm_writes.arm(world, tx, [write for _update, write in chosen], until)
    fault_point("sync.armed")
    requests = [
        FieldUpdate(ref=world.ref(DEAL, one.write.key), values=one.write.values, send_by=until) for one in armed
    ]
    outcomes = world.crm_writer.update(requests) if requests else []
    fault_point("sync.settling")
    words = []
    with world.journal.batch():
        for (update, _write), one, outcome in zip(chosen, armed, outcomes, strict=True):
            words.append(_settle(world, update, one, outcome, at))
    return words


def _take(world: World, tx: Tx, updates: Sequence[StatusUpdate]) -> list[tuple[StatusUpdate, CrmWrite]]:
    """Claim the deals about which nobody worked since they were read, except those that Salesforce refused as is."""
    now = world.now()
    labels = {update.deal_id: update.label for update in updates}
    seen = {update.deal_id: update.seen for update in updates}
    fences = claims.claim(tx, KIND_STATUS, labels, world.owner, now, unchanged_since=seen)
    chosen = []
    for update in updates:
        fence = fences.get(update.deal_id)
        if fence is None:
            continue
        write = _crm_write(update, fence)
        if barred(tx, world.settings, KIND_STATUS, update.deal_id, write.content, now) is None:
            chosen.append((update, write))
        else:
            claims.finish(tx, KIND_STATUS, update.deal_id, fence)
    return chosen


def _crm_write(update: StatusUpdate, fence: int) -> CrmWrite:
    values = dict(update.differing)
    if any(value is not None for value in update.wanted.values()):
        values[STATUS_VERSION] = Decimal(max(fence, update.version + 1))
    return CrmWrite(
        kind=KIND_STATUS,
        key=update.deal_id,
        type=DEAL,
        values=values,
        wanted=update.wanted,
        claimed=(KIND_STATUS, update.deal_id),
        fence=fence,
    )


def _settle(world: World, update: StatusUpdate, armed: Armed, outcome: WriteOutcome, at: datetime) -> str:
    if not crm_writes.settled(world, armed, outcome):
        return "doubtful"
    now = world.now()
    with world.journal.begin() as tx:
        if outcome.status == "success":
            # The version too: the next write must carry a higher one, though the deal was not read again by then.
            shown = {**update.wanted, STATUS_VERSION: armed.write.values.get(STATUS_VERSION)}
            runs.note_written(tx, DEAL, update.deal_id, shown, at)
            holds.resolve(tx, KIND_STATUS, update.deal_id, "written", now)
        elif outcome.status == "rejected":
            cause = replace(refused("the status of this deal", outcome), content=armed.write.content)
            holds.open_hold(tx, KIND_STATUS, update.deal_id, update.label, cause, now, pauses(world.settings.holds))
        claims.finish(tx, KIND_STATUS, update.deal_id, armed.write.fence)
    if outcome.status == "success":
        return "written"
    log.warning("status_not_written", record=update.deal_id, status=outcome.status, code=outcome.code)
    return "refused" if outcome.status == "rejected" else "doubtful"


def resolve(world: World) -> None:
    """Prove what became of the status writes in doubt, by the version that the deals show."""
    waiting = crm_writes.pending(world, KIND_STATUS)
    labels = {one.intent.source_id: one.intent.source_id for one in waiting}
    fences = claiming.claim(world, KIND_STATUS, labels)
    # Read anew: whoever held a deal may have settled its write before giving it back.
    mine = [one for one in crm_writes.pending(world, KIND_STATUS) if one.intent.source_id in fences] if fences else []
    if not mine:
        return
    looked = world.now()
    deals = sorted({one.intent.source_id for one in mine})
    found = {record.ref.id: record for record in world.crm.by_ids(DEAL, ["Id", *world.status_fields], deals)}
    for one in mine:
        deal = one.intent.source_id
        try:
            with world.journal.begin() as tx:
                _prove(world, tx, one, found.get(deal), fences[deal], looked)
        except FenceLost:
            log.warning("record_overtaken", kind=KIND_STATUS, record=deal)


def _prove(world: World, tx: Tx, one: Pending, record: Record | None, fence: int, looked: datetime) -> None:
    now, deal = world.now(), one.intent.source_id
    claims.require(tx, KIND_STATUS, deal, fence, now)
    if record is not None and _arrived(one, record):
        # What it shows, not what was sent: somebody may have typed over it since.
        shown = {name: record.fields[name] for name in world.status_fields if name in record.fields}
        runs.note_written(tx, DEAL, deal, shown, record.modified)
        intents.close(tx, one.intent, "applied", "found by read-back", now)
    elif record is None or record.deleted:
        intents.close(tx, one.intent, "rejected", "the deal is gone from Salesforce", now)
    elif one.intent.quiet_until is None or looked >= one.intent.quiet_until:
        intents.close(tx, one.intent, "absent_after_quiet", "not found after the quiet period", now)
    claims.finish(tx, KIND_STATUS, deal, fence)


def _arrived(one: Pending, record: Record) -> bool:
    """Say whether a deal shows the write: its version, or, where that was not written or emptied, every value."""
    version = one.values.get(STATUS_VERSION)
    if version is not None:
        return record.fields.get(STATUS_VERSION) == version
    return all(record.fields.get(name) == value for name, value in one.values.items())


def refused(what: str, outcome: WriteOutcome) -> HoldCause:
    """Return the hold for a record that Salesforce refused, in Salesforce's own words."""
    return refusals.by_salesforce(what, outcome)
