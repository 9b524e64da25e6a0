"""What reconciliation wants to know from the journal. It never writes there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from connectors.records import Value
from journal.nouns import Binding, Finding, Hold, OpenIntent, SubjectState


class JournalView(Protocol):
    """A read-only look at Tieout's own memory, used to explain differences and never to find the populations."""

    def bindings(self, kind: str) -> Sequence[Binding]:
        """Return every binding of that kind (``so``, ``cust``, ``inv``)."""

    def holds(self) -> Sequence[Hold]:
        """Return every open hold, of all kinds."""

    def open_intents(self) -> Sequence[OpenIntent]:
        """Return every write whose result is not yet known."""

    def subjects(self, kind: str) -> Sequence[SubjectState]:
        """Return where each source record of that kind stands."""

    def findings(self) -> Sequence[Finding]:
        """Return every exception that was ever recorded, in whatever state."""

    def written(self, type_: str) -> Mapping[str, Mapping[str, Value]]:
        """Return by record id the CRM fields that Tieout last wrote on records of a type."""

    def deal_amounts(self, deal_ids: Sequence[str], at: datetime) -> Mapping[str, tuple[str, Decimal | None]]:
        """Return currency and net amount of these deals as they were known at an instant, where they were."""
