"""What mapping one record yields: a payload, findings in plain words, and how each field came about."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from connectors.records import Payload, PayloadValue, Value

ADDRESSES = "addresses"
"""Stands for the address book among the create-only names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something about one record that a person should know, or must mend before it is sent.

    ``code`` is stable (``ITEM_NOT_FOUND``); ``field`` the NetSuite field (``lines.item`` for a line's);
    ``cause`` names the record's own value; ``owner`` is a key of ``[owners]``; ``fix`` needs no programmer;
    ``where`` is ``file:line`` of the mapping that decided it. ``about`` says what exactly is wrong in as few words
    as another record with the same remedy would (``OLD-SKU``, ``terms:60 days``); empty where each is its own case.
    """

    code: str
    field: str
    cause: str
    owner: str
    fix: str
    where: str
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldTrace:
    """How one target field came about. ``result`` None: it was left out; ``steps`` say why, in order."""

    target: str
    source: str | None
    source_value: Value
    result: PayloadValue
    where: str
    steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """One record after mapping. With ``problems`` the payload is incomplete and must not be sent.

    ``payload`` is complete for a create; :meth:`for_update` gives the part that an update may carry.
    ``create_only`` names fields that NetSuite owns once the record exists (``addresses`` among them);
    ``empty`` names always-written fields whose source is empty now.
    """

    payload: Payload
    create_only: frozenset[str] = frozenset()
    empty: frozenset[str] = frozenset()
    problems: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()
    trace: tuple[FieldTrace, ...] = ()

    def for_update(self, written: Collection[str] = ()) -> Payload:
        """Return the payload of an update: no create-only field, and emptied fields cleared.

        Args:
            written: names of the fields that earlier writes set. Only such a field is cleared, because an
                empty one that NetSuite filled by itself (terms taken from the customer) is NetSuite's own.
        """
        values = {name: value for name, value in self.payload.values.items() if name not in self.create_only}
        addresses = () if ADDRESSES in self.create_only else self.payload.addresses
        return replace(self.payload, values=values, clear=tuple(sorted(self.empty & set(written))), addresses=addresses)
