"""What every action of the clerk works with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from lxml import etree

from sandbox.clerk.documents import Documents, Order
from sandbox.clerk.netsuite import NetSuite
from sandbox.clerk.plan import Action
from sandbox.errors import SandboxError

VOID_FIELD = "custbody_sandbox_void"
"""The sandbox's stand-in for the Void button of NetSuite's pages, which SuiteTalk does not offer."""


@dataclass(kw_only=True)
class Desk:
    """NetSuite, the look-ups, and the documents that were made or changed by the action at hand."""

    netsuite: NetSuite
    documents: Documents
    touched: list[str] = field(default_factory=list)

    def order(self, action: Action) -> Order:
        """Return the order that the action names (also as ``customer_of``)."""
        return self.documents.order(str(action.values.get("order") or action.values["customer_of"]))

    def day(self, action: Action) -> date:
        """Return the action's day, else the server's present one."""
        given = action.values.get("date")
        return given if isinstance(given, date) else date.fromisoformat(self.documents.today())

    def add(self, kind: str, record: etree._Element, *, settles: Sequence[Order] | None = None) -> str:
        """Add a record, note it, and return its internal id.

        Args:
            kind: what notes call it.
            record: the record.
            settles: the only orders whose invoices it changes; None: it may change any.
        """
        internal_id = self.netsuite.add(record)
        self.touched.append(f"{kind} {internal_id}")
        self.documents.forget(settles)
        return internal_id

    def update(self, kind: str, record: etree._Element) -> None:
        """Change a record and note it."""
        self.touched.append(f"{kind} {self.netsuite.update(record)}")
        self.documents.forget()


def nothing(what: str, order: Order) -> SandboxError:
    """Return the error for an action that finds nothing to work on."""
    return SandboxError(f"order {order.number} has no {what}.")
