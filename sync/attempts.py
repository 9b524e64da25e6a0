"""Capped attempts: what a remote system refused is not sent for ever as it is.

A refused content rests, longer after every refusal, and after so many refusals it waits for a change or a person.
Changed content goes at once: the deal was edited, the mapping was changed, a reference appeared. What was throttled
was not refused and does not count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from config.settings import HoldSettings, Settings
from connectors.records import Payload
from journal import dismissals, holds
from journal.database import Tx
from journal.holds import HoldCause, Pauses
from journal.nouns import KIND_INVOICE, Hold, OpenIntent
from mappings.fingerprint import fingerprint
from sync import codes, payloads
from sync.decision import Decision
from sync.world import World

STAMPS = frozenset({"custbody_tieout_intent", "custbody_tieout_ver", "custentity_tieout_intent"})
"""Fields that differ with every request and say nothing of the content."""
PRESENT_DAY = frozenset({"tranDate"})
"""Fields of an invoice that may differ with every day; a refused one would else begin to count anew each morning."""
UNSEEN = "EXISTS_UNSEEN"
"""Sending such a record again could make a second one, whatever has changed since."""
DISMISSED = "a person has dismissed it"


def pauses(settings: HoldSettings) -> Pauses:
    """Return how long a refused content rests."""
    return Pauses(first=settings.first_pause, longest=settings.longest_pause)


def content_of(kind: str, payload: Payload) -> str:
    """Return the fingerprint of everything in a payload that a remote system may refuse."""
    return fingerprint(payload, STAMPS | PRESENT_DAY if kind == KIND_INVOICE else STAMPS)


def refused_content(tx: Tx, intent: OpenIntent) -> str:
    """Return the fingerprint of what an intent sent."""
    return content_of(intent.kind, payloads.load(tx, intent.payload_sha))


def used_up(hold: Hold, settings: HoldSettings) -> bool:
    """Say whether a hold's content was refused so often that it is not sent again by itself."""
    return bool(hold.content) and (hold.tries >= settings.attempts or hold.code == UNSEEN)


def admit(world: World, decisions: Sequence[Decision]) -> tuple[list[Decision], list[Decision]]:
    """Separate what may be sent now from what was refused as it is, and from what a person has put aside.

    Args:
        world: with ``[holds]``.
        decisions: creates and updates of one kind.

    Returns:
        Those to be sent, and the others: each stays held as it was and says why.
    """
    if not decisions:
        return [], []
    kind, now = decisions[0].kind, world.now()
    with world.journal.begin() as tx:
        held = holds.open_of(tx, kind)
        unseen = holds.refused_once(tx, kind, UNSEEN)
        aside = dismissals.of_kind(tx, kind)
    go: list[Decision] = []
    stopped: list[Decision] = []
    for decision in decisions:
        hold = held.get(decision.source_id)
        if decision.source_id in aside and _put_aside(decision, aside[decision.source_id]):
            stopped.append(_held(world, decision, aside[decision.source_id], DISMISSED))
        elif decision.action == "create" and decision.source_id in unseen:
            stopped.append(_unseen(world, decision, hold))
        elif hold is not None and (why := _why_not(world.settings.holds, hold, _content(decision), now)):
            stopped.append(_held(world, decision, hold, why))
        else:
            go.append(decision)
    return go, stopped


def barred(tx: Tx, settings: Settings, kind: str, source_id: str, content: str, now: datetime) -> str | None:
    """Return why a content is not to be sent now, or None: it was refused, and its pause is not over or it has none.

    Args:
        tx: an open transaction.
        settings: with ``[holds]``.
        kind: the kind of the record.
        source_id: the record.
        content: fingerprint of what would be sent, the same that was given to the hold as its content.
        now: the machine's present moment.
    """
    aside = dismissals.find(tx, kind, source_id)
    if aside is not None and aside.content in ("", content):
        return DISMISSED
    hold = holds.find(tx, kind, source_id)
    return None if hold is None else _why_not(settings.holds, hold, content, now)


def _why_not(settings: HoldSettings, hold: Hold, content: str, now: datetime) -> str | None:
    if not content or hold.content != content:
        return None
    if hold.tries >= settings.attempts:
        return f"refused {_times(hold.tries)} as it is"
    if hold.retry_at is not None and now < hold.retry_at:
        return f"refused {_times(hold.tries)} as it is; sent again after {hold.retry_at:%Y-%m-%d %H:%M} UTC"
    return None


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _content(decision: Decision) -> str:
    return "" if decision.payload is None else content_of(decision.kind, decision.payload)


def _put_aside(decision: Decision, hold: Hold) -> bool:
    """An invoice follows its order, which may have changed: it is put aside as long as it would be the same one."""
    return decision.kind != KIND_INVOICE or not hold.content or hold.content == _content(decision)


def _unseen(world: World, decision: Decision, hold: Hold | None) -> Decision:
    why = "it may exist already, and only a person can say"
    if hold is not None and hold.code == UNSEEN:
        return _held(world, decision, hold, why)
    cause = "NetSuite said that such a record exists already, but showed none. It is not sent again."
    return replace(decision, action="hold", reason=cause, hold=codes.hold(UNSEEN, cause))


def _held(world: World, decision: Decision, hold: Hold, why: str) -> Decision:
    """Return the decision to leave a record held as it is."""
    ask = f"Or have it sent once more: `tieout holds retry {hold.id}`."
    told = not used_up(hold, world.settings.holds) or ask in hold.fix
    cause = HoldCause(
        code=hold.code,
        class_=hold.class_,
        cause=hold.cause,
        owner=hold.owner,
        fix=hold.fix if told else f"{hold.fix} {ask}",
        detail=hold.detail,
        about=hold.likeness.removeprefix(hold.code).removeprefix(":"),
    )
    return replace(decision, action="hold", reason=f"{hold.cause} Not sent: {why}.", hold=cause)
