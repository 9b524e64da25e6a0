"""One record that nobody can work with must not stop the others."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from journal.holds import HoldCause
from journal.staging import StagedRecord
from sync import codes
from sync.decision import Decision
from sync.poison import judged as poisonous
from sync.poison import survived
from sync.pull import record_label
from sync.world import World

log = structlog.get_logger(__name__)


def isolated(world: World, kind: str, record: StagedRecord, decide: Callable[[], Decision]) -> Decision:
    """Return the decision about one staged record, or the hold for one on which deciding itself fails."""
    return guarded(world, kind, record.source_id, record_label(record), decide, record=record)


def guarded(
    world: World,
    kind: str,
    source_id: str,
    label: str,
    decide: Callable[[], Decision],
    *,
    record: StagedRecord | None = None,
) -> Decision:
    """Return the decision about one record, or the hold for a record on which deciding itself fails.

    Only where whatever can fail is this record's own content, not a remote system. Values stay out of hold and log.
    A record that ended the processes of those who worked on it is not worked on again.
    """
    suspected = world.in_hand.suspects(kind, source_id)
    poison = poisonous(world, kind, source_id, record) if suspected else None
    if poison is not None:
        return _held(kind, source_id, label, poison, record)
    try:
        with world.in_hand.working_on(kind, source_id):
            decision = decide()
    except Exception as error:  # noqa: BLE001  anything that one record's values can provoke
        name = type(error).__name__
        log.error("record_unreadable", record=source_id, error=name)
        cause = f"Tieout cannot work with this record ({name}). The others go on."
        decision = _held(kind, source_id, label, codes.hold("UNREADABLE_RECORD", cause, error=name), record)
    if suspected:
        survived(world, kind, source_id)
    return decision


def _held(kind: str, source_id: str, label: str, cause: HoldCause, record: StagedRecord | None) -> Decision:
    return Decision(
        kind=kind,
        source_id=source_id,
        label=label,
        action="hold",
        reason=cause.cause,
        version=record.version if record is not None else "",
        hold=cause,
    )
