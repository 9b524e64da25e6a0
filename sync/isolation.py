"""One record that nobody can work with must not stop the others."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from journal.staging import StagedRecord
from sync import codes
from sync.decision import Decision

log = structlog.get_logger(__name__)


def isolated(kind: str, record: StagedRecord, decide: Callable[[], Decision]) -> Decision:
    """Return the decision about one staged record, or the hold for one on which deciding itself fails."""
    label = str(record.fields.get("Name") or record.source_id).encode("utf-8", "replace").decode()
    return guarded(kind, record.source_id, label, decide, version=record.version)


def guarded(kind: str, source_id: str, label: str, decide: Callable[[], Decision], *, version: str = "") -> Decision:
    """Return the decision about one record, or the hold for a record on which deciding itself fails.

    Only where whatever can fail is this record's own content, not a remote system. Values stay out of hold and log.
    """
    try:
        return decide()
    except Exception as error:  # noqa: BLE001  anything that one record's values can provoke
        name = type(error).__name__
        log.error("record_unreadable", record=source_id, error=name)
        cause = f"Tieout cannot work with this record ({name}). The others go on."
        return Decision(
            kind=kind,
            source_id=source_id,
            label=label,
            action="hold",
            reason=cause,
            version=version,
            hold=codes.hold("UNREADABLE_RECORD", cause, error=name),
        )
