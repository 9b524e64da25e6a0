"""Writes down what became of a decision: binding, intent, hold and standing, in one transaction each.

Each transaction asserts the claim under which the decision was made, and ends it; a worker that was overtaken
meets :class:`journal.claims.FenceLost` and changes nothing.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from journal import bindings, dismissals, holds, intents, subjects
from journal.database import Tx
from journal.holds import HoldCause
from journal.nouns import KIND_ORDER, Binding, OpenIntent
from sync import attempts, claiming, codes, payloads
from sync.decision import Decision
from sync.world import World

MOST_VANISHED = 2
"""How often a write of one content may vanish before a person is asked instead of sending it again."""
MOST_CONFLICTS = 3
"""How often in a row NetSuite may say that somebody has just changed the record."""


def applied(
    world: World,
    intent: OpenIntent,
    decision: Decision,
    target_id: str,
    evidence: str,
    *,
    state: str = subjects.SETTLED,
) -> Decision:
    """The write is proven: bind the records and close the intent.

    ``state`` READY: the source may have changed while the write was in doubt, so it is compared again.
    """
    now = world.now()
    done = replace(decision, target_id=target_id, action="create" if intent.op == "add" else "update")
    binding = Binding(
        kind=intent.kind,
        source_id=intent.source_id,
        doc_no=intent.doc_no,
        external_id=intent.external_id,
        target_id=target_id,
        number=None,
        origin=bindings.CREATED,
        evidence=evidence,
        currency=None,
        net=None,
        bound_at=now,
        fingerprint=intent.fingerprint,
        mapping_sha=intent.mapping_sha,
        payload_sha=intent.payload_sha,
        staged_version=intent.staged_version,
    )
    try:
        with world.journal.begin() as tx:
            claiming.require(world, tx, decision)
            bindings.bind(tx, binding)
            intents.close(tx, intent, "applied", evidence, now)
            _settled(tx, done, now, state)
    except bindings.BindingConflict as conflict:
        # Somebody bound one of the two while the write was in doubt: which record is the right one, a person must say.
        cause = f"NetSuite's record {target_id} was written for this record, but cannot be bound to it: {conflict}."
        hold = codes.hold("BINDING_CONFLICT", cause, target=target_id, bound_to=conflict.owner)
        return rejected(world, intent, decision, hold, outcome="conflict")
    return done


def not_sent(world: World, intent: OpenIntent, decision: Decision, reason: str) -> Decision:
    """Nothing was written: the record is due again, with the same payload unless something newer comes up."""
    now = world.now()
    waiting = replace(decision, action="wait", reason=f"not written yet: {reason}")
    with world.journal.begin() as tx:
        claiming.require(world, tx, decision)
        intents.put_back(tx, intent, reason, now)
        stand(tx, waiting, subjects.WAITING, now)
    return waiting


def conflict(world: World, intent: OpenIntent, decision: Decision) -> Decision:
    """Somebody changed the record at the same moment, and nothing was written: it is read again, a few times."""
    now = world.now()
    reason = "NetSuite says the record has just been changed; it is read again next time"
    waiting = replace(decision, action="wait", reason=f"not written yet: {reason}")
    with world.journal.begin() as tx:
        again_and_again = intents.conflicts_in_a_row(tx, intent) + 1 >= MOST_CONFLICTS
    if again_and_again:
        cause = f"NetSuite says each time that somebody is just changing the record, {MOST_CONFLICTS} times in a row."
        return rejected(world, intent, decision, codes.hold("REMOTE_REJECTED", cause), outcome="conflict")
    with world.journal.begin() as tx:
        claiming.require(world, tx, decision)
        intents.close(tx, intent, "conflict", reason, now)
        stand(tx, waiting, subjects.WAITING, now)
    return waiting


def absent(world: World, intent: OpenIntent, decision: Decision) -> Decision:
    """The quiet period is over and NetSuite has no such record: it may be written anew.

    A request that vanishes again and again is refused in a way nobody has listed: a person must look.
    """
    now = world.now()
    with world.journal.begin() as tx:
        vanished = intents.vanished_before(tx, intent)
        answer = intents.last_answer(tx, intent.id)
    if vanished >= MOST_VANISHED:
        cause = f"NetSuite never keeps it, although it was sent {vanished + 1} times. Its last answer: {answer}"
        return rejected(world, intent, decision, codes.hold("REMOTE_REJECTED", cause), outcome="absent_after_quiet")
    waiting = replace(decision, action="wait", reason="its first request never reached NetSuite; it is written anew")
    with world.journal.begin() as tx:
        claiming.require(world, tx, decision)
        intents.close(tx, intent, "absent_after_quiet", "not found after the quiet period", now)
        stand(tx, waiting, subjects.READY, now)
    return waiting


def doubtful(world: World, intent: OpenIntent, decision: Decision, reason: str) -> Decision:
    """Nobody knows whether the write happened: no second request until a read-back proves it."""
    waiting = replace(decision, action="wait", reason=f"NetSuite gave no clear answer ({reason}); Tieout looks again")
    now = world.now()
    with world.journal.begin() as tx:
        claiming.require(world, tx, decision)
        intents.doubt(tx, intent, reason, now)
        stand(tx, waiting, subjects.AMBIGUOUS, now)
    return waiting


def rejected(
    world: World, intent: OpenIntent, decision: Decision, cause: HoldCause, *, outcome: str = "rejected"
) -> Decision:
    """NetSuite refused the record: close the intent and hold it with NetSuite's own words, together."""
    now = world.now()
    refused = replace(decision, action="hold", reason=cause.cause, hold=cause)
    pauses = attempts.pauses(world.settings.holds)
    with world.journal.begin() as tx:
        claiming.require(world, tx, decision)
        cause = replace(cause, content=attempts.refused_content(tx, intent))
        intents.close(tx, intent, outcome, cause.cause, now)
        holds.open_hold(tx, decision.kind, decision.source_id, decision.label, cause, now, pauses)
        stand(tx, refused, subjects.HELD, now)
    return refused


def held(world: World, decision: Decision) -> Decision:
    """Hold a record for a person."""
    if decision.hold is None:
        raise ValueError(f"{decision.source_id} is held without a cause")
    now = world.now()
    with world.journal.begin() as tx:
        claiming.require(world, tx, decision)
        if dismissals.covers(tx, decision.kind, decision.source_id, decision.hold):
            claiming.finish(tx, decision)
            return decision
        holds.open_hold(tx, decision.kind, decision.source_id, decision.label, decision.hold, now)
        stand(tx, decision, subjects.HELD, now)
    return decision


def adopted(world: World, decision: Decision) -> Decision:
    """Bind an existing NetSuite record that was proven to be this one's."""
    if decision.target_id is None:
        raise ValueError(f"{decision.source_id} is matched with nothing")
    now = world.now()
    binding = Binding(
        kind=decision.kind,
        source_id=decision.source_id,
        doc_no=decision.doc_no,
        external_id=decision.external_id,
        target_id=decision.target_id,
        number=decision.number,
        origin=decision.origin,
        evidence=decision.evidence,
        currency=None,
        net=None,
        bound_at=now,
    )
    try:
        with world.journal.begin() as tx:
            claiming.require(world, tx, decision)
            if decision.takes_from is not None:
                bindings.release(tx, decision.kind, decision.takes_from, decision.target_id, now)
            if decision.replaces is not None:
                bindings.release(tx, decision.kind, decision.source_id, decision.replaces, now)
            bindings.bind(tx, binding)
            # What Tieout had made is compared with its deal before finance or the deal changes it.
            made = decision.kind == KIND_ORDER and decision.origin == bindings.CREATED
            _settled(tx, decision, now, subjects.READY if made else subjects.SETTLED)
    except bindings.BindingConflict as conflict:
        cause = f"{decision.number or decision.target_id} cannot be bound to this record: {conflict}."
        return held(world, replace(decision, action="hold", reason=cause, hold=codes.hold("BINDING_CONFLICT", cause)))
    return decision


def agreed(world: World, decision: Decision) -> Decision:
    """NetSuite already says what the deal says, by another hand: note that content as the last one written."""
    now = world.now()
    with world.journal.begin() as tx:
        claiming.require(world, tx, decision)
        binding = bindings.get(tx, decision.kind, decision.source_id)
        if binding is None or decision.payload is None:
            raise ValueError(f"{decision.source_id} agrees with nothing")
        same = replace(
            binding,
            fingerprint=decision.fingerprint,
            mapping_sha=world.mapping_sha,
            payload_sha=payloads.keep(world, tx, decision.payload),
            staged_version=decision.version,
        )
        bindings.bind(tx, same, now)
        _settled(tx, decision, now)
    return decision


def noted(world: World, decision: Decision) -> Decision:
    """Write down an outcome that needs no remote write: unchanged, skipped, waiting."""
    now = world.now()
    state = subjects.WAITING if decision.action == "wait" or decision.recheck else subjects.SETTLED
    with world.journal.begin() as tx:
        claiming.require(world, tx, decision)
        if decision.action != "wait":
            holds.resolve(tx, decision.kind, decision.source_id, decision.reason, now)
        stand(tx, decision, state, now)
    return decision


def locally(world: World, decision: Decision) -> Decision:
    """Write down a decision that needs no remote write, unless another worker has taken its record."""
    return claiming.unless_overtaken(decision, lambda: _locally(world, decision))


def _locally(world: World, decision: Decision) -> Decision:
    if decision.action == "hold":
        return held(world, decision)
    if decision.action == "adopt":
        return adopted(world, decision)
    if decision.action == "unchanged" and decision.payload is not None:
        return agreed(world, decision)
    return noted(world, decision)


def stand(tx: Tx, decision: Decision, state: str, now: datetime) -> None:
    """Write where the record stands, and give it back."""
    subjects.mark(
        tx,
        decision.kind,
        decision.source_id,
        label=decision.label,
        state=claiming.standing(tx, decision, state),
        outcome=decision.action,
        reason=decision.reason,
        version=decision.version or None,
        eligible_at=decision.eligible_at,
        at=now,
    )
    claiming.finish(tx, decision)


def _settled(tx: Tx, decision: Decision, now: datetime, state: str = subjects.SETTLED) -> None:
    holds.resolve(tx, decision.kind, decision.source_id, decision.reason, now)
    stand(tx, decision, state, now)
