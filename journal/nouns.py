"""The journal's rows as plain values, for the use cases and for reconciliation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

KIND_CUSTOMER = "cust"
KIND_ORDER = "so"
KIND_INVOICE = "inv"
KIND_STATUS = "sfstatus"
KIND_ACCOUNT_STATUS = "sfaccount"
"""The write-back of an account's balances and financial rows."""
KIND_ROW = "sfrow"
"""One row under an account, by its external id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """One source record and document number tied to one target record; unique both ways.

    ``origin`` says how it came about: ``created`` by Tieout, ``adopted`` (it existed and was matched).
    ``net`` and ``currency`` are what Tieout last wrote or found; ``number`` is the document number.
    """

    kind: str
    source_id: str
    doc_no: int
    external_id: str | None
    target_id: str
    number: str | None
    origin: str
    evidence: str
    currency: str | None
    net: Decimal | None
    bound_at: datetime
    fingerprint: str | None = None
    mapping_sha: str | None = None
    payload_sha: str | None = None
    staged_version: str | None = None
    snapshot: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A record that needs a person or a later fix."""

    id: str
    kind: str
    source_id: str
    label: str
    code: str
    class_: str
    cause: str
    owner: str
    fix: str
    detail: Mapping[str, str]
    opened_at: datetime
    last_seen_at: datetime
    attempts: int
    """In how many runs it was met."""
    key: str = ""
    """Short and for ever the same for this record and this cause, whenever it comes back."""
    likeness: str = ""
    """What holds with the same remedy share: ``ITEM_NOT_FOUND:OLD-SKU``."""
    content: str = ""
    """Fingerprint of what a remote system refused; empty where nothing was refused, or a person asked for a retry."""
    tries: int = 0
    """How often that content was refused."""
    retry_at: datetime | None = None
    """Before this moment that content is not sent again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenIntent:
    """A write that was prepared or sent and whose result is not yet known."""

    id: str
    kind: str
    source_id: str
    external_id: str | None
    state: str
    quiet_until: datetime | None
    op: str = "add"
    target_id: str | None = None
    payload_sha: str = ""
    fingerprint: str = ""
    mapping_sha: str = ""
    staged_version: str = ""
    doc_no: int = 1
    fence: int = 0
    """The claim under which it was last sent, as evidence; what counts is the record's own fence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectState:
    """Where one source record stands: its last outcome in plain words, and when it entered scope."""

    kind: str
    source_id: str
    label: str
    state: str
    outcome: str | None
    reason: str | None
    eligible_at: datetime | None
    updated_at: datetime


FindingState = Literal["open", "accepted", "closed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One exception of the reconciliation as it lives from run to run, under its stable id.

    ``runs`` counts the reconciliations that showed it, ``reopened`` how often it came back. An acceptance holds for
    the values hashed in ``accepted_sha`` only.
    """

    id: str
    code: str
    entity: str
    key: str
    field: str
    values_sha: str
    first_seen_at: datetime
    last_seen_at: datetime
    runs: int
    reopened: int
    state: FindingState
    owner: str | None = None
    reason: str | None = None
    comment: str | None = None
    accepted_sha: str | None = None
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RollForward:
    """Open exceptions from the last recorded run to this one: opening + new - resolved - accepted = closing.

    ``new`` includes those that came back and those whose acceptance lapsed; ``accepted`` is net of acceptances that
    were taken back. ``complete`` false: the run closed nothing, because it did not see everything.
    """

    opening: int
    new: int
    resolved: int
    accepted: int
    closing: int
    previous_at: datetime | None
    complete: bool = True

    @property
    def foots(self) -> bool:
        """Whether the figures add up."""
        return self.opening + self.new - self.resolved - self.accepted == self.closing
