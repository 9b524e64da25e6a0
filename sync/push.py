"""Carries decisions out: commit the intent, send once, settle what is proven, doubt the rest.

No transaction is open while a request is under way. One armed intent is one request on the wire.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from connectors.errors import ConnectorError
from connectors.fault_points import fault_point
from connectors.records import Payload, WriteOutcome, WriteRequest
from journal import intents, subjects
from journal.claims import FenceLost
from journal.database import Tx
from journal.nouns import KIND_CUSTOMER, KIND_INVOICE, OpenIntent
from sync import amend, claiming, payloads, refusals, settle
from sync.decision import Decision
from sync.resolve import probe
from sync.world import World

log = structlog.get_logger(__name__)

STAMPS = {
    "salesOrder": ("custbody_tieout_intent", "custbody_tieout_ver"),
    "invoice": ("custbody_tieout_intent", "custbody_tieout_ver"),
    "customer": ("custentity_tieout_intent", None),
}
"""Custom fields that say which intent, and which source version, wrote a record."""

STAGES = {KIND_CUSTOMER: "write customers", KIND_INVOICE: "write invoices"}

LOOK_LASTS = timedelta(minutes=2)
"""How long a look at a record that is to be changed may be relied upon."""
THROTTLE_ROUNDS = 5
"""How often a refused-by-throttle write is tried again in one run."""


@dataclass(frozen=True, slots=True)
class Armed:
    """A decision whose intent is committed, and the request that carries it."""

    decision: Decision
    intent: OpenIntent
    request: WriteRequest


def push(world: World, run_id: str, decisions: Sequence[Decision]) -> dict[str, Decision]:
    """Send creates and updates; return each one's decision as it came out, by source id.

    A write that NetSuite throttled was not carried out: it is tried again a few times in this run.
    """
    results: dict[str, Decision] = {}
    todo = list(decisions)
    for round_ in range(THROTTLE_ROUNDS):
        throttled: list[Decision] = []
        for armed, outcome in _send_all(world, run_id, todo, results):
            result = settle_one(world, run_id, armed, outcome)
            results[armed.decision.source_id] = result
            if outcome.status == "no_op" and result.action == "wait":
                throttled.append(armed.decision)
            world.observer.progress(_stage(decisions), len(results), len(decisions))
        todo = throttled
        if not todo:
            break
        world.clock.sleep(world.random.uniform(0.5, 1.5) * 2**round_)
    return results


def _stage(decisions: Sequence[Decision]) -> str:
    return STAGES.get(decisions[0].kind, "write sales orders")


def _send_all(
    world: World, run_id: str, decisions: Sequence[Decision], results: dict[str, Decision]
) -> Iterator[tuple[Armed, WriteOutcome]]:
    """Arm just ahead of the slots that send: one commit for as many intents as there are slots.

    A record that another worker has taken is not sent; its decision goes to the results at once.
    """
    size = max(1, world.settings.netsuite.slots)
    armed: dict[str, Armed] = {}

    def requests() -> Iterator[WriteRequest]:
        for start in range(0, len(decisions), size):
            if world.wanted_stop():
                return
            chosen = [_looked_again(world, decision) for decision in decisions[start : start + size]]
            local = [one for one in chosen if one.action not in ("create", "update")]
            results.update((one.source_id, settle.locally(world, one)) for one in local)
            with world.journal.batch():
                batch = [arm(world, run_id, one) for one in chosen if one.action in ("create", "update")]
            fault_point("sync.armed")
            ready = [one for one in batch if isinstance(one, Armed)]
            results.update((one.source_id, one) for one in batch if isinstance(one, Decision))
            armed.update((one.request.key, one) for one in ready)
            yield from (one.request for one in ready)

    for request, outcome in world.erp_writer.write(requests()):
        yield armed.pop(request.key), outcome


def _looked_again(world: World, decision: Decision) -> Decision:
    """Look anew at a record that is to be changed and was read long ago: finance may have changed it since."""
    if not _looked_long_ago(world, decision):
        return decision
    try:
        return amend.guard(world, decision)
    except ConnectorError as error:
        return replace(decision, action="wait", reason=f"its order could not be read: {error.why}")


def _looked_long_ago(world: World, decision: Decision) -> bool:
    return decision.looked_at is not None and world.now() - decision.looked_at > LOOK_LASTS


def arm(world: World, run_id: str, decision: Decision) -> Armed | Decision:
    """Freeze the payload and commit the intent: from the commit on the write may have happened.

    Return the decision, as one that waits, when another worker has taken its record, or when this one slept since it
    looked at it.
    """
    if _looked_long_ago(world, decision):
        return replace(decision, action="wait", reason="it was looked at too long ago; it is looked at again")
    try:
        with world.journal.begin() as tx:
            claiming.require(world, tx, decision)
            return _arm(world, tx, run_id, decision)
    except FenceLost:
        return claiming.overtaken(decision)


def _arm(world: World, tx: Tx, run_id: str, decision: Decision) -> Armed:
    now = world.now()
    send_by = now + world.settings.netsuite.send_window
    quiet_until = send_by + world.settings.netsuite.quiet_period
    intent, payload, again = _frozen(world, tx, decision, quiet_until, now)
    if again:
        intents.rearm(tx, intent, send_by=send_by, quiet_until=quiet_until, at=now)
    else:
        intents.arm(tx, intent, run_id=run_id, send_by=send_by, quiet_until=quiet_until, at=now)
    subjects.mark(
        tx,
        decision.kind,
        decision.source_id,
        label=decision.label,
        state=subjects.AMBIGUOUS,
        outcome="wait",
        reason="being written",
        version=decision.version,
        eligible_at=decision.eligible_at,
        at=now,
    )
    creates = decision.action == "create"
    request = WriteRequest(
        key=intent.id,
        op="add" if creates else "update",
        payload=payload,
        external_id=decision.external_id if creates else None,
        internal_id=None if creates else decision.target_id,
        keep_lines=decision.keep_lines,
        send_by=send_by,
    )
    return Armed(decision, intent, request)


def _frozen(
    world: World, tx: Tx, decision: Decision, quiet_until: datetime, now: datetime
) -> tuple[OpenIntent, Payload, bool]:
    """Return the intent with its frozen payload, and whether it is an earlier one that was surely not sent.

    The earlier one serves again where it says byte for byte the same; else it is superseded.
    """
    prior = intents.prepared(tx, decision.kind, decision.source_id, decision.doc_no)
    if prior is not None:
        intent, payload = _intent(world, tx, decision, prior.id, quiet_until)
        same = ("payload_sha", "mapping_sha", "op", "external_id", "target_id", "staged_version")
        if all(getattr(intent, name) == getattr(prior, name) for name in same):
            return replace(intent, state=prior.state), payload, True
        intents.close(tx, prior, "superseded", "something newer is to be written", now)
    intent, payload = _intent(world, tx, decision, world.random.uuid(), quiet_until)
    return intent, payload, False


def _intent(
    world: World, tx: Tx, decision: Decision, intent_id: str, quiet_until: datetime
) -> tuple[OpenIntent, Payload]:
    if decision.payload is None:
        raise ValueError(f"nothing to write for {decision.source_id}")
    payload = _stamped(decision.payload, intent_id, decision.version)
    creates = decision.action == "create"
    intent = OpenIntent(
        id=intent_id,
        kind=decision.kind,
        source_id=decision.source_id,
        external_id=decision.external_id,
        state=intents.SENDING,
        quiet_until=quiet_until,
        op="add" if creates else "update",
        target_id=None if creates else decision.target_id,
        payload_sha=payloads.keep(world, tx, payload),
        fingerprint=decision.fingerprint,
        mapping_sha=world.mapping_sha,
        staged_version=decision.version,
        doc_no=decision.doc_no,
        fence=decision.fence or 0,
    )
    return intent, payload


def _stamped(payload: Payload, intent_id: str, version: str) -> Payload:
    intent_field, version_field = STAMPS[payload.type]
    values = {**payload.values, intent_field: intent_id}
    if version_field is not None:
        values[version_field] = version
    return replace(payload, values=values)


def settle_one(world: World, run_id: str, armed: Armed, outcome: WriteOutcome) -> Decision:
    """Write down what the answer proves, and return the decision as it stands now."""
    log.info(
        "write_answered",
        run=run_id,
        record=armed.decision.source_id,
        intent=armed.intent.id,
        status=outcome.status,
        code=outcome.code,
    )
    fault_point("sync.settling")
    try:
        # One commit keeps the answer and what it proves; looking the record up comes after it.
        with world.journal.batch():
            with world.journal.begin() as tx:
                intents.note_attempt(tx, armed.intent.id, outcome, world.now())
            proven = _settle(world, armed, outcome)
    except FenceLost:
        # Another worker has taken the record and proves for itself what became of the write: only the try is noted.
        with world.journal.begin() as tx:
            intents.note_attempt(tx, armed.intent.id, outcome, world.now())
        return claiming.overtaken(armed.decision)
    if proven is not None:
        return proven
    doubtful = replace(armed.intent, state=intents.AMBIGUOUS)
    exists = outcome.status == "exists"
    return claiming.unless_overtaken(
        armed.decision, lambda: probe(world, doubtful, armed.decision, already_exists=exists)
    )


def _settle(world: World, armed: Armed, outcome: WriteOutcome) -> Decision | None:
    """Write down what the answer says; return None where it leaves a doubt that only NetSuite can end."""
    if outcome.status == "success" and outcome.target_id is not None:
        return settle.applied(world, armed.intent, armed.decision, outcome.target_id, "answered by NetSuite")
    if outcome.status == "no_op":
        return settle.not_sent(world, armed.intent, armed.decision, f"{outcome.code}: {outcome.message}")
    if outcome.status == "rejected":
        return settle.rejected(world, armed.intent, armed.decision, refusals.by_netsuite(armed.decision.kind, outcome))
    if outcome.status == "conflict":
        return settle.conflict(world, armed.intent, armed.decision)
    settle.doubtful(world, armed.intent, armed.decision, f"{outcome.code}: {outcome.message}")
    return None
