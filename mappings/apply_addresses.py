"""Maps a customer's address book: one entry per declared address that holds anything."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field

from connectors.records import Reference, Value
from mappings.apply_field import FieldResult
from mappings.model import AddressRule

STREET = "street"
STREET_LINES = ("addr1", "addr2", "addr3")
STREET_WIDTH = 150
PLACE_FIELDS = frozenset({*STREET_LINES, "city", "state", "zip"})
"""An address that has none of these is no address, whatever country it names."""


@dataclass(slots=True)
class Address:
    """One address before it is known whether it repeats another."""

    billing: bool
    shipping: bool
    values: dict[str, Value] = field(default_factory=dict)


def address(rule: AddressRule, results: Sequence[FieldResult]) -> Address | None:
    """Return the address that its mapped fields make, or None when the record has none."""
    values: dict[str, Value] = {}
    for result in results:
        if isinstance(result.value, str) and result.rule.target == STREET:
            values |= split_street(result.value)
        elif result.value is not None and not isinstance(result.value, Reference):
            values[result.rule.target] = result.value
    return Address(rule.billing, rule.shipping, values) if values.keys() & PLACE_FIELDS else None


def split_street(text: str) -> dict[str, Value]:
    """Return a street of several lines as addr1 to addr3; what follows the third line joins it.

    A street with a line over NetSuite's 150 characters is wrapped anew.
    """
    parts = [part.strip() for part in text.splitlines() if part.strip()]
    if len(parts) > len(STREET_LINES):
        parts = [*parts[:2], ", ".join(parts[2:])]
    if any(len(part) > STREET_WIDTH for part in parts):
        parts = textwrap.wrap(", ".join(parts), STREET_WIDTH)
    return dict(zip(STREET_LINES, parts, strict=False))


def address_book(addresses: Sequence[Address]) -> list[dict[str, Value]]:
    """Return the addresses, equal ones as one entry; ``defaultBilling`` and ``defaultShipping`` say their use."""
    book: list[Address] = []
    for each in addresses:
        twin = next((entry for entry in book if entry.values == each.values), None)
        if twin is None:
            book.append(each)
        else:
            twin.billing, twin.shipping = twin.billing or each.billing, twin.shipping or each.shipping
    return [{**each.values, "defaultBilling": each.billing, "defaultShipping": each.shipping} for each in book]
