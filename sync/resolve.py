"""Reads doubtful writes back, first thing in every run: adopt what is found, re-send what is surely missing.

Only a strongly consistent record ``get`` counts as proof, and an absence counts only after the quiet period.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import partial

import structlog

from connectors.errors import ConnectorError
from connectors.records import ReadBack
from journal import intents, subjects
from journal.holds import HoldCause
from journal.nouns import KIND_CUSTOMER, KIND_INVOICE, OpenIntent
from sync import claiming, codes, settle
from sync.decision import Decision
from sync.world import World

log = structlog.get_logger(__name__)

TARGET_TYPES = {KIND_CUSTOMER: "customer", KIND_INVOICE: "invoice"}
DEFAULT_TARGET = "salesOrder"
ENDED = (subjects.SETTLED, subjects.HELD)
"""States in which a record waits for no write."""


def resolve_open(world: World) -> list[Decision]:
    """Probe every write whose outcome is unknown, as a crash or a lost answer leaves them.

    A record that another worker holds is that worker's to prove.
    """
    now = world.now()
    with world.journal.begin() as tx:
        pending = intents.open_intents(tx, intents.MONEY)
        for kind in intents.MONEY:
            subjects.free_stranded(tx, kind, intents.in_doubt(tx, kind), now)
        for unsent in intents.prepared_for_nothing(tx, ENDED):
            intents.close(tx, unsent, "superseded", "its record needs no write any more", now)
    decisions = [_decision(world, intent) for intent in pending]
    fences: dict[tuple[str, str], int] = {}
    for kind in intents.MONEY:
        labels = {one.source_id: one.label for one in decisions if one.kind == kind}
        taken = claiming.claim(world, kind, labels)
        fences |= {(kind, id_): fence for id_, fence in taken.items()}
    with world.journal.begin() as tx:
        # Whoever held a record may have settled its write before giving it back.
        still_open = {intent.id: intent for intent in intents.open_intents(tx, intents.MONEY)}
    resolved = []
    for before, decision in zip(pending, decisions, strict=True):
        intent, fence = still_open.get(before.id), fences.get((before.kind, before.source_id))
        if intent is not None and fence is not None:
            mine = replace(decision, fence=fence)
            resolved.append(claiming.unless_overtaken(mine, partial(probe, world, intent, mine)))
    return resolved


def probe(world: World, intent: OpenIntent, decision: Decision, *, already_exists: bool = False) -> Decision:
    """Look once whether the write happened, and settle what that proves.

    ``already_exists``: NetSuite refused the create because such a record is there. If the read-back
    then finds none, the clash is another one (a customer's name), and a person must look.
    """
    type_ = TARGET_TYPES.get(intent.kind, DEFAULT_TARGET)
    # What counts is when the look began: a worker may sleep between looking and concluding.
    looked = world.now()
    try:
        found = read_back(world, type_, intent)
    except ConnectorError as error:
        # A probe that fails says nothing about the record.
        return settle.doubtful(world, intent, decision, f"the read-back failed: {error.why}")
    log.info("read_back", record=intent.source_id, intent=intent.id, found=found is not None)
    if already_exists and intent.op == "update":
        cause = "NetSuite refused the change because another record has the same name or number."
        return settle.rejected(world, intent, decision, _name_clash(cause))
    if found is not None:
        return _found(world, intent, decision, found, looked)
    if already_exists:
        cause = "NetSuite says that such a record exists already, but none carries Tieout's external id."
        return settle.rejected(world, intent, decision, _name_clash(cause))
    if intent.op == "update":
        cause = f"The record with the NetSuite id {intent.target_id} no longer exists."
        return settle.rejected(world, intent, decision, codes.hold("TARGET_VANISHED", cause))
    return _absent(world, intent, decision, looked)


def read_back(world: World, type_: str, intent: OpenIntent) -> ReadBack | None:
    """Return the record that the intent would have written, or None when NetSuite has none."""
    if intent.op == "update":
        return world.erp_writer.read_back(type_, internal_id=intent.target_id)
    return world.erp_writer.read_back(type_, external_id=intent.external_id)


def _found(world: World, intent: OpenIntent, decision: Decision, found: ReadBack, looked: datetime) -> Decision:
    if found.intent == intent.id:
        return settle.applied(world, intent, decision, found.id, "found by read-back", state=subjects.READY)
    if intent.op == "update":
        return _absent(world, intent, decision, looked)
    with world.journal.begin() as tx:
        earlier = intents.find(tx, found.intent, intent.kind, intent.source_id) if found.intent else None
    if earlier is not None:
        # An earlier request of ours arrived after all: what NetSuite holds is that request's content.
        landed = replace(
            intent,
            fingerprint=earlier.fingerprint,
            payload_sha=earlier.payload_sha,
            mapping_sha=earlier.mapping_sha,
            staged_version=earlier.staged_version,
        )
        evidence = "an earlier request of Tieout's"
        return settle.applied(world, landed, decision, found.id, evidence, state=subjects.READY)
    cause = f"NetSuite's record {found.number or found.id} carries Tieout's external id but was not written by it."
    return settle.rejected(world, intent, decision, codes.hold("EXTID_FOREIGN", cause, target=found.id))


def _absent(world: World, intent: OpenIntent, decision: Decision, looked: datetime) -> Decision:
    if intent.quiet_until is not None and looked < intent.quiet_until:
        until = f"{intent.quiet_until:%Y-%m-%d %H:%M:%S} UTC"
        return settle.doubtful(world, intent, decision, f"not found; NetSuite may still be writing it until {until}")
    return settle.absent(world, intent, decision)


def _name_clash(cause: str) -> HoldCause:
    return codes.hold("EXISTS_UNSEEN", cause)


def _decision(world: World, intent: OpenIntent) -> Decision:
    with world.journal.begin() as tx:
        standing = subjects.state(tx, intent.kind, intent.source_id)
    base = Decision(
        kind=intent.kind,
        source_id=intent.source_id,
        label=standing.label if standing else intent.source_id,
        action="wait",
        reason="its last write is being checked",
        version=intent.staged_version,
        doc_no=intent.doc_no,
        external_id=intent.external_id,
        target_id=intent.target_id,
        fingerprint=intent.fingerprint,
    )
    return replace(base, eligible_at=standing.eligible_at if standing else None)
