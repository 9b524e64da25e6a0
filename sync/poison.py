"""A record that ends the process of whoever works on it is held after three such ends; the others go on."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import structlog

from journal import holds, in_hand
from journal.holds import HoldCause
from journal.staging import StagedRecord
from sync import codes
from sync.world import World

log = structlog.get_logger(__name__)


def judged(world: World, kind: str, source_id: str, record: StagedRecord | None) -> HoldCause | None:
    """Return the hold of a suspected record, or None: it may be worked on.

    It is held for as long as it and the mapping are what they were, and until a person retries it. What has changed is
    tried once: a process that then ends is enough.
    """
    content = _content(world, record)
    with world.journal.begin() as tx:
        count = in_hand.crashes(tx, kind, source_id)
        hold = holds.find(tx, kind, source_id)
        held = hold is not None and hold.code == in_hand.POISON
        if hold is not None and held and hold.content not in ("", content):
            in_hand.set_crashes(tx, kind, source_id, in_hand.MOST_CRASHES - 1)
            return None
        again = hold is not None and held and hold.content == content
    if not again and count < in_hand.MOST_CRASHES:
        return None
    log.error("record_poisonous", kind=kind, record=source_id, crashes=count)
    cause = f"Working on this record ended Tieout's process {in_hand.MOST_CRASHES} times. The others go on."
    found = codes.hold(in_hand.POISON, cause)
    return found if again else replace(found, content=content)


def survived(world: World, kind: str, source_id: str) -> None:
    """The record was worked on and the process lives: it was another's fault."""
    with world.journal.begin() as tx:
        in_hand.set_crashes(tx, kind, source_id, 0)


def _content(world: World, record: StagedRecord | None) -> str:
    """Return the fingerprint of what may have changed: the record without what Tieout wrote onto it, the mapping."""
    if record is None:
        return world.mapping_sha
    own = frozenset(world.status_fields)
    fields = {name: repr(value) for name, value in record.fields.items() if name not in own}
    lines = [{name: repr(value) for name, value in line.items()} for line in record.lines]
    text = json.dumps([world.mapping_sha, fields, lines, record.deleted], sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
