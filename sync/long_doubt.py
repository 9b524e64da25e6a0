"""Writes that stay in doubt after their quiet period are shown to people; nothing is sent again meanwhile."""

from __future__ import annotations

from journal import holds, intents, subjects
from journal.database import Tx
from journal.nouns import OpenIntent
from sync import codes
from sync.world import World

CODE = "WRITE_IN_DOUBT"


def show(world: World) -> None:
    """Open a hold for every write that should long be settled, and close those that a clear answer has ended."""
    now = world.now()
    with world.journal.begin() as tx:
        doubtful = intents.open_intents(tx)
        late = [intent for intent in doubtful if intent.quiet_until is not None and intent.quiet_until < now]
        for intent in late:
            _hold(world, tx, intent)
        open_ = {(intent.kind, intent.source_id) for intent in doubtful}
        for hold in holds.open_holds(tx):
            if hold.code == CODE and (hold.kind, hold.source_id) not in open_:
                holds.resolve(tx, hold.kind, hold.source_id, "a clear answer came", now)


def _hold(world: World, tx: Tx, intent: OpenIntent) -> None:
    standing = subjects.state(tx, intent.kind, intent.source_id)
    label = standing.label if standing is not None else intent.source_id
    verb = "the new record" if intent.op == "add" else "the change"
    why = standing.reason if standing is not None and standing.reason else intents.last_answer(tx, intent.id)
    cause = f"Whether {verb} arrived is still unknown, though every answer is long due: {why}"
    holds.open_hold(tx, intent.kind, intent.source_id, label, codes.hold(CODE, cause), world.now())
