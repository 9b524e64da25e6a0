"""The login audit trail: every refused login with its reason, which the answer itself never tells."""

from __future__ import annotations

from sandbox.netsuite.ledger import Ledger

TYPE = "_loginAudit"
KEEP = 200
"""Entries kept; a client that loops on a bad login must not fill the store."""


class LoginAudit:
    """Writes the trail into the store."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def note(self, protocol: str, reason: str) -> None:
        """Add one refused login."""
        store = self._ledger.store
        with store.transaction():
            id_ = str(self._ledger.next_number(TYPE, 1))
            entry = {"id": id_, "date": self._ledger.now(), "status": "Failure", "protocol": protocol, "detail": reason}
            store.put(TYPE, id_, entry)
            for old in store.ids(TYPE)[:-KEEP]:
                store.delete(TYPE, old)
