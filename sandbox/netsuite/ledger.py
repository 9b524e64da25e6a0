"""The account's records: finding, numbering, stamping, and unique external ids.

External ids are unique in a record group, not in a type: all transactions share one name space, all entities
another (Oracle, "External IDs Overview", section_N3436356); they are compared without regard to case. Internal
ids are never used twice, not even after a deletion.
"""

from __future__ import annotations

from typing import Any

from sandbox.clock import SandboxClock
from sandbox.netsuite.failure import RecordError
from sandbox.netsuite.record_types import group_of
from sandbox.netsuite.zone import stamp
from sandbox.store import Body, Store

SEQUENCE = "_sequence"
FIRST_ID = {"salesOrder": 1001, "customer": 501, "employee": 501, "item": 201}
DELETED = "deletedRecord"
RECORD_TYPE_IDS = {
    "salesOrder": "31",
    "customer": "2",
    "item": "8",
    "employee": "4",
    "invoice": "7",
    "customerPayment": "9",
    "creditMemo": "10",
    "itemFulfillment": "32",
    "journalEntry": "6",
}
"""NetSuite's numeric record type ids as far as they matter here."""


class Ledger:
    """Reads and writes records of one store; every write happens inside ``store.transaction()``."""

    def __init__(self, store: Store, clock: SandboxClock) -> None:
        self.store = store
        self.clock = clock

    def now(self) -> str:
        """Return the moment as records are stamped with it."""
        return stamp(self.clock.now())

    def peek(self, type_: str, id_: str) -> Body | None:
        """Return the stored record, which must not be changed, or None."""
        return self.store.peek(type_, id_)

    def by_external_id(self, type_: str, external_id: str) -> Body | None:
        """Return the record of that type and external id, or None."""
        found = self.store.by_external_id(type_, external_id)
        return None if found is None else self.store.peek(type_, found)

    def claim_external_id(self, type_: str, external_id: str | None, own_id: str | None) -> None:
        """Make sure that no other record of the group has this external id.

        Raises:
            RecordError: another record has it.
        """
        for member in group_of(type_) if external_id else ():
            holder = self.store.by_external_id(member, str(external_id))
            if holder is not None and (member != type_ or holder != own_id):
                raise duplicate(type_)

    def next_id(self, type_: str) -> str:
        """Return a fresh internal id of the type's group."""
        return str(self.next_number(group_of(type_)[0], FIRST_ID.get(type_, 1)))

    def next_number(self, sequence: str, first: int) -> int:
        """Return the next number of a sequence that starts at ``first``."""
        number = self._last(sequence, first - 1) + 1
        self.reach(sequence, number, first)
        return number

    def reach(self, sequence: str, number: int, first: int = 1) -> None:
        """Have the sequence go on after this number, if it is not already further."""
        last = max(self._last(sequence, first - 1), number)
        self.store.put(SEQUENCE, sequence, {"last": last})

    def save(self, type_: str, body: Body) -> None:
        """Write a record under its ``id`` and ``externalId`` with a new modification stamp."""
        self.put(type_, {**body, "lastModifiedDate": self.now()})

    def put(self, type_: str, body: Body) -> None:
        """Write a record as it is.

        Raises:
            RecordError: another record of its group has its external id.
        """
        external_id = body.get("externalId")
        self.claim_external_id(type_, external_id, str(body["id"]))
        self.store.put(type_, str(body["id"]), body, external_id=external_id)

    def delete(self, type_: str, body: Body) -> None:
        """Remove a record and list it among the deleted ones."""
        entry = {
            "id": str(self.next_number(DELETED, 1)),
            "type": type_,
            "recordTypeId": RECORD_TYPE_IDS.get(type_, ""),
            "recordId": body["id"],
            "name": body.get("tranId") or body.get("entityId") or body.get("name") or body["id"],
            "externalId": body.get("externalId"),
            "deletedDate": self.now(),
        }
        self.store.delete(type_, str(body["id"]))
        self.store.put(DELETED, entry["id"], entry)

    def _last(self, sequence: str, default: int) -> int:
        body: dict[str, Any] | None = self.store.peek(SEQUENCE, sequence)
        return default if body is None else int(body["last"])


def duplicate(type_: str) -> RecordError:
    """Return the failure for an external id that is taken, in the words of the record's group."""
    group = group_of(type_)[0]
    if group == "customer":
        return RecordError("DUP_ENTITY", "This entity already exists.")
    if group == "item":
        return RecordError("DUP_ITEM", "This item already exists.")
    return RecordError("DUP_RCRD", "This record already exists")
