"""What people do with holds: have a record tried once more, or put it aside.

Both refuse a hold that has ended or changed since the person looked at it.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Table, select

from journal import audit, holds, intents, tables
from journal.database import Tx
from journal.errors import JournalError
from journal.holds import HoldCause
from journal.nouns import Hold
from journal.stamps import sha, to_text

STATE = "dismissed"
"""State of a record that a person has put aside until it or the mapping changes."""
RESOLUTION = "dismissed: "
"""How the resolution of a hold begins that a person has put aside."""


class HoldMoved(JournalError):
    """A hold cannot be acted on as the person saw it; the message says what has become of it."""


def seen(hold: Hold) -> str:
    """Return what a person saw, in eight digits: it differs once anything that a decision rests on has changed."""
    return sha(f"{hold.id}|{hold.cause}|{hold.fix}|{hold.content}|{hold.tries}")[:8]


def retry(tx: Tx, hold: Hold, at: datetime, *, as_seen: str | None = None) -> None:
    """Have a record tried once more in the next run, whatever was refused before.

    Args:
        tx: an open transaction; its actor is the person.
        hold: the hold as it was found.
        at: when.
        as_seen: what the person saw of it, where that is to be checked.

    Raises:
        HoldMoved: it has ended or changed since, or a write is in doubt.
    """
    _still(tx, hold, as_seen)
    if _intents(tx, hold) & set(intents.DOUBTFUL):
        raise HoldMoved(
            f"hold {hold.id} of {hold.label}: a write of it is in doubt, and sending it again could make a second"
            " record. Tieout looks for it in every run by itself; see why NetSuite cannot be read."
        )
    # Every refusal that a person knows of is forgiven, those of earlier causes too.
    forgiven = {"content": "", "tries": 0, "retry_at": tables.EPOCH}
    tx.conn.execute(tables.hold.update().where(_of(hold, tx, tables.hold)).values(**forgiven))
    _stand(tx, hold, at, {"crash_count": 0})
    audit.record(tx, "hold.retried", _object(hold), at, hold=hold.id, code=hold.code)


def dismiss(tx: Tx, hold: Hold, reason: str, at: datetime, *, as_seen: str | None = None) -> None:
    """Close a hold without action: the record is left alone until it or the mapping changes.

    A worker that has the record in hand loses it, so that nothing of it is sent after this.

    Raises:
        HoldMoved: it has ended or changed since, or a write of it is under way.
    """
    _still(tx, hold, as_seen)
    if _intents(tx, hold):
        raise HoldMoved(
            f"hold {hold.id} of {hold.label} cannot be dismissed: a write of it is open. Dismiss it once a run has"
            " settled that (`tieout status` counts writes without a clear answer)."
        )
    told = {"action": "hold.dismissed", "reason": reason}
    holds.resolve(tx, hold.kind, hold.source_id, f"{RESOLUTION}{reason}", at, **told)
    given_back = {"fence": tables.subject.c.fence + 1, "lease_owner": None, "lease_until": tables.EPOCH}
    _stand(tx, hold, at, {"state": STATE, "outcome": "hold", "reason": f"{RESOLUTION}{reason}", **given_back})


def take_up(tx: Tx, hold: Hold, at: datetime) -> None:
    """Take a dismissed record up again: it is decided in the next run."""
    _stand(tx, hold, at, {"state": "ready", "outcome": None, "reason": None})
    forgiven = {"content": "", "tries": 0, "retry_at": tables.EPOCH}
    tx.conn.execute(tables.hold.update().where(_of(hold, tx, tables.hold)).values(**forgiven))
    audit.record(tx, "hold.taken_up", _object(hold), at, hold=hold.id, code=hold.code)


def of_kind(tx: Tx, kind: str) -> dict[str, Hold]:
    """Return by record the hold with which each dismissed record of a kind was put aside."""
    return {row.source_id: row for row in _dismissed(tx, tables.subject.c.kind == kind)}


def find(tx: Tx, kind: str, source_id: str) -> Hold | None:
    """Return the hold with which a record was put aside, or None where it is not."""
    found = _dismissed(tx, (tables.subject.c.kind == kind) & (tables.subject.c.source_id == source_id))
    return found[-1] if found else None


def all_of(tx: Tx) -> list[Hold]:
    """Return the hold of every record that is put aside."""
    return list({(hold.kind, hold.source_id): hold for hold in _dismissed(tx, tables.subject.c.kind != "")}.values())


def covers(tx: Tx, kind: str, source_id: str, cause: HoldCause) -> bool:
    """Say whether a person has put exactly this aside: the record, the cause and its words."""
    hold = find(tx, kind, source_id)
    return hold is not None and (hold.code, hold.cause) == (cause.code, cause.cause)


def _dismissed(tx: Tx, which: ColumnElement[bool]) -> list[Hold]:
    same = (
        (tables.hold.c.pair == tables.subject.c.pair)
        & (tables.hold.c.kind == tables.subject.c.kind)
        & (tables.hold.c.source_id == tables.subject.c.source_id)
    )
    query = (
        select(tables.hold)
        .select_from(tables.subject.join(tables.hold, same))
        .where((tables.subject.c.pair == tx.pair) & (tables.subject.c.state == STATE) & which)
        .where(tables.hold.c.resolution.startswith(RESOLUTION))
        .order_by(tables.hold.c.resolved_at, tables.hold.c.opened_at)
    )
    return [holds.noun(row) for row in tx.conn.execute(query)]


def _still(tx: Tx, hold: Hold, as_seen: str | None) -> None:
    current = holds.find(tx, hold.kind, hold.source_id)
    if current is None or current.id != hold.id:
        now = f"it is held by {current.id} ({current.code}) now" if current else "it is no longer held"
        raise HoldMoved(f"hold {hold.id} of {hold.label} is over: {now}. Look at `tieout holds list`.")
    if as_seen is not None and as_seen != seen(current):
        raise HoldMoved(
            f"hold {hold.id} of {hold.label} has changed since it was shown to you, or somebody else has acted on it."
            f" Look at `tieout holds show {hold.id}` and decide anew."
        )


def _intents(tx: Tx, hold: Hold) -> set[str]:
    query = select(tables.intent.c.state).where(_of(hold, tx, tables.intent) & tables.intent.c.state.in_(intents.OPEN))
    return set(tx.conn.scalars(query))


def _stand(tx: Tx, hold: Hold, at: datetime, values: dict[str, object]) -> None:
    changed = tx.conn.execute(
        tables.subject.update().where(_of(hold, tx, tables.subject)).values(updated_at=to_text(at), **values)
    )
    if changed.rowcount == 0 and values.get("state") == STATE:
        # What is written onto Salesforce records has no row of its own until somebody puts it aside.
        row = {"pair": tx.pair, "kind": hold.kind, "source_id": hold.source_id, "label": hold.label}
        own = {name: value for name, value in values.items() if name != "fence"}
        tx.conn.execute(tables.subject.insert().values(**row, **own, updated_at=to_text(at)))


def _of(hold: Hold, tx: Tx, table: Table) -> ColumnElement[bool]:
    return (table.c.pair == tx.pair) & (table.c.kind == hold.kind) & (table.c.source_id == hold.source_id)


def _object(hold: Hold) -> str:
    return f"{hold.kind}/{hold.source_id}/1"
