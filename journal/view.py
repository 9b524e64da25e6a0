"""What reconciliation and people read of the journal."""

from __future__ import annotations

from collections.abc import Sequence

from journal import bindings, holds, intents, subjects
from journal.database import Journal
from journal.nouns import Binding, Hold, OpenIntent, SubjectState


class JournalView:
    """The journal's present state, each call in a transaction of its own."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def bindings(self, kind: str) -> Sequence[Binding]:
        """Return every binding of a kind."""
        with self._journal.begin() as tx:
            return bindings.all_of(tx, kind)

    def holds(self) -> Sequence[Hold]:
        """Return every open hold."""
        with self._journal.begin() as tx:
            return holds.open_holds(tx)

    def open_intents(self) -> Sequence[OpenIntent]:
        """Return every write whose outcome is not settled."""
        with self._journal.begin() as tx:
            return intents.open_intents(tx)

    def subjects(self, kind: str) -> Sequence[SubjectState]:
        """Return where every record of a kind stands."""
        with self._journal.begin() as tx:
            return subjects.all_states(tx, kind)
