"""One record that nobody can work with must not stop the others."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from journal.staging import StagedRecord
from sync import codes
from sync.decision import Decision

log = structlog.get_logger(__name__)


def isolated(kind: str, record: StagedRecord, decide: Callable[[], Decision]) -> Decision:
    """Return the decision about one record, or the hold for a record on which deciding itself fails.

    Only for pure decisions: whatever can fail there is this record's own content, not a remote system.
    """
    try:
        return decide()
    except Exception as error:  # noqa: BLE001  anything that one record's values can provoke
        log.error("record_unreadable", record=record.source_id, error=type(error).__name__)
        return unreadable(kind, record, error)


def unreadable(kind: str, record: StagedRecord, error: Exception) -> Decision:
    """Return the hold for a record that cannot be worked with; values stay out of it."""
    cause = f"Tieout cannot work with this record ({type(error).__name__}). The others go on."
    label = str(record.fields.get("Name") or record.source_id).encode("utf-8", "replace").decode()
    return Decision(
        kind=kind,
        source_id=record.source_id,
        label=label,
        action="hold",
        reason=cause,
        version=record.version,
        hold=codes.hold("UNREADABLE_RECORD", cause, error=type(error).__name__),
    )
