"""Writes onto CRM records through the same protocol: claimed, armed before the first byte, settled under the fence.

Every value is absolute and carries a growing version, so the quiet period is short; a write whose answer was lost is
read back before anything else is written onto the same record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from connectors.records import Value, WriteOutcome
from journal import claims, database, intents, stamps
from journal.claims import FenceLost
from journal.database import Tx
from journal.nouns import OpenIntent
from sync.world import World

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class CrmWrite:
    """One CRM record to write.

    ``kind`` and ``key`` name the record in the journal, ``claimed`` the kind and id of the claim that covers it.
    ``values`` go onto the wire; ``wanted`` is what then stands on the record; ``owner`` is the ERP customer of a row.
    """

    kind: str
    key: str
    type: str
    values: Mapping[str, Value]
    wanted: Mapping[str, Value]
    claimed: tuple[str, str]
    fence: int
    owner: str | None = None

    @property
    def content(self) -> str:
        """The fingerprint of what is to stand on the record."""
        return stamps.sha(stamps.dumps(dict(self.wanted)))


@dataclass(frozen=True, slots=True)
class Armed:
    """A write whose intent is committed."""

    write: CrmWrite
    intent: OpenIntent


def send_by(world: World) -> datetime:
    """Return the moment after which a write that is armed now must not leave."""
    return world.now() + world.settings.salesforce.send_window


def arm(world: World, tx: Tx, writes: Sequence[CrmWrite], until: datetime) -> list[Armed]:
    """Add the intents of writes whose claims stand; once the transaction is committed they may have happened."""
    now = world.now()
    quiet_until = until + world.settings.salesforce.quiet_period
    bodies = [
        stamps.dumps({"type": one.type, "values": dict(one.values), "wanted": dict(one.wanted), "owner": one.owner})
        for one in writes
    ]
    digests = database.keep_all(tx, "payload", bodies, now)
    armed = []
    for write, digest in zip(writes, digests, strict=True):
        claims.require(tx, *write.claimed, write.fence, now)
        intent = OpenIntent(
            id=world.random.uuid(),
            kind=write.kind,
            source_id=write.key,
            external_id=None,
            state=intents.SENDING,
            quiet_until=quiet_until,
            op="update",
            target_id=write.key,
            payload_sha=digest,
            fingerprint=write.content,
            mapping_sha="",
            staged_version=str(write.fence),
            fence=write.fence,
        )
        intents.arm(tx, intent, run_id=world.owner, send_by=until, quiet_until=quiet_until, at=now)
        armed.append(Armed(write, intent))
    return armed


def settle(world: World, tx: Tx, armed: Armed, outcome: WriteOutcome) -> None:
    """Write down what the answer proves about one record.

    Raises:
        FenceLost: another worker has taken the record since.
    """
    now = world.now()
    claims.require(tx, *armed.write.claimed, armed.write.fence, now)
    intents.note_attempt(tx, armed.intent.id, outcome, now, n=1)
    text = f"{outcome.code}: {outcome.message}"
    if outcome.status == "success":
        intents.close(tx, armed.intent, "applied", "answered by Salesforce", now)
    elif outcome.status == "rejected":
        intents.close(tx, armed.intent, "rejected", text, now)
    elif outcome.status == "no_op":
        intents.close(tx, armed.intent, "not_sent", text, now)
    else:
        intents.doubt(tx, armed.intent, text, now)


def settled(world: World, armed: Armed, outcome: WriteOutcome) -> bool:
    """Say whether the outcome could be written down; a record that another worker has taken is that worker's."""
    try:
        with world.journal.begin() as tx:
            settle(world, tx, armed, outcome)
    except FenceLost:
        log.warning("record_overtaken", kind=armed.write.kind, record=armed.write.key)
        return False
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A write onto a CRM record in doubt, with what it was to leave there."""

    intent: OpenIntent
    type: str
    values: Mapping[str, Value]
    wanted: Mapping[str, Value]
    owner: str | None


def pending(world: World, kind: str) -> list[Pending]:
    """Return the writes of a kind whose outcome is not known."""
    with world.journal.begin() as tx:
        found = [
            (intent, stamps.loads(database.content(tx, intent.payload_sha)))
            for intent in intents.open_intents(tx, [kind])
        ]
    return [
        Pending(intent=intent, type=body["type"], values=body["values"], wanted=body["wanted"], owner=body["owner"])
        for intent, body in found
    ]
