"""How a mapping turns a name (``Net 30``, ``ana@acme.com``) into a reference: through what the caller has read."""

from __future__ import annotations

from enum import Enum
from typing import Protocol

from connectors.records import Reference


class Unresolved(Enum):
    """Why a name that NetSuite knows cannot be used."""

    AMBIGUOUS = "several entries have this name"
    INACTIVE = "the entry is inactive"


class Resolver(Protocol):
    """Finds list entries by what a person calls them. Never raises, never calls a remote system."""

    def resolve(self, kind: str, by: str, name: str) -> Reference | Unresolved | None:
        """Return the reference for a name.

        Args:
            kind: the list: ``item``, ``customer``, ``subsidiary``, ``currency``, ``employee``, ``term``,
                ``department``, ``classification``, ``location``.
            by: the column that holds the name: ``itemid``, ``symbol``, ``email``, ``name``; for customers
                ``account``, where ``name`` is the Salesforce account id.
            name: the name to find.

        Returns:
            The reference, None for an unknown name, or the reason why a known one cannot be used.
        """
