"""What reconciliation wants to know from the journal. It never writes there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from journal.nouns import Binding, Hold, OpenIntent, SubjectState


class JournalView(Protocol):
    """A read-only look at Tieout's own memory, used to explain differences and never to find the populations."""

    def bindings(self, kind: str) -> Sequence[Binding]:
        """Return every binding of that kind (``so``, ``cust``)."""

    def holds(self) -> Sequence[Hold]:
        """Return every open hold, of all kinds."""

    def open_intents(self) -> Sequence[OpenIntent]:
        """Return every write whose result is not yet known."""

    def subjects(self, kind: str) -> Sequence[SubjectState]:
        """Return where each source record of that kind stands."""
