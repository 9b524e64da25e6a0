"""NetSuite's lists and customers as read once per run, so that mapping needs no remote call."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from rapidfuzz import fuzz, process

from connectors.records import ErpCustomer, ErpReference, Reference
from mappings.model import FieldRule, Lookup
from mappings.model import Mapping as FieldMapping
from mappings.resolver import Unresolved
from sync.world import World

FAMILIES: Mapping[str, frozenset[str]] = {
    "US": frozenset({"inc", "incorporated", "llc", "corp", "corporation", "co", "company", "lp", "llp"}),
    "GB": frozenset({"ltd", "limited", "plc", "llp", "co", "company"}),
    "DE": frozenset({"gmbh", "mbh", "ag", "kg", "ohg"}),
    "JP": frozenset({"kk", "co"}),
    "other": frozenset({"sa", "sas", "bv", "nv", "ab", "oy", "pty", "srl", "spa", "ltd", "limited"}),
}
"""Legal forms by country: two spellings of one company may differ in them, but only within a country."""

LEGAL_FORMS = frozenset().union(*FAMILIES.values())

NEAR = 90.0
"""Similarity (0 to 100) of two normalised names from which a person is asked whether they are one company."""


def normalised(name: str) -> str:
    """Return a company name without case, punctuation, blanks and legal form, for exact comparison."""
    return " ".join(_parted(name)[0])


def forms_contradict(one: str, other: str) -> bool:
    """Say whether two names carry legal forms of different countries: then they are two companies."""
    left, right = (frozenset(_parted(name)[1]) for name in (one, other))
    if not left or not right:
        return False
    return not any(left & forms and right & forms for forms in FAMILIES.values())


def _parted(name: str) -> tuple[list[str], list[str]]:
    folded = unicodedata.normalize("NFKC", name).casefold()
    letters = "".join(char if char.isalnum() else " " for char in folded.replace(".", "").replace("'", ""))
    words, forms = letters.split(), []
    while len(words) > 1 and words[-1] in LEGAL_FORMS:
        forms.append(words.pop())
    return words, forms


class Customers:
    """NetSuite's customers, found by id, external id or name."""

    def __init__(self, customers: Iterable[ErpCustomer]) -> None:
        self.by_id: dict[str, ErpCustomer] = {}
        self.by_external: dict[str, ErpCustomer] = {}
        self._by_name: dict[str, list[ErpCustomer]] = {}
        for customer in customers:
            self.by_id[customer.id] = customer
            if customer.external_id:
                self.by_external[customer.external_id.lower()] = customer
            self._by_name.setdefault(normalised(customer.name), []).append(customer)

    def named(self, name: str) -> list[ErpCustomer]:
        """Return the customers whose normalised name is the same and whose legal form does not contradict.

        A name of nothing but punctuation is nobody's name.
        """
        wanted = normalised(name)
        found = self._by_name.get(wanted, []) if wanted else []
        return [customer for customer in found if not forms_contradict(name, customer.name)]

    def nearly_named(self, name: str) -> list[ErpCustomer]:
        """Return the active customers whose name is so close that a person must say whether they are the same."""
        wanted = normalised(name)
        if not wanted:
            return []
        hits = process.extract(wanted, list(self._by_name), scorer=fuzz.token_sort_ratio, score_cutoff=NEAR, limit=5)
        return [
            customer for found, _score, _index in hits for customer in self._by_name[found] if not customer.inactive
        ]


@dataclass(slots=True)
class Lookups:
    """The resolver that mappings use. ``customer.account`` answers for accounts settled in this run."""

    lists: Mapping[tuple[str, str], Mapping[str, list[ErpReference]]]
    accounts: dict[str, Reference] = field(default_factory=dict)

    def resolve(self, kind: str, by: str, name: str) -> Reference | Unresolved | None:
        """Return the reference for a name; see :class:`mappings.resolver.Resolver`."""
        if (kind, by) == ("customer", "account"):
            return self.accounts.get(name)
        hits = self.lists.get((kind, by), {}).get(name.casefold(), [])
        active = [hit for hit in hits if not hit.inactive]
        if len(active) > 1:
            return Unresolved.AMBIGUOUS
        if not active:
            return Unresolved.INACTIVE if hits else None
        return Reference(type=kind, id=active[0].id, name=active[0].name)


def load(world: World) -> Lookups:
    """Read every NetSuite list that the mappings refer to by name."""
    wanted = sorted({(lookup.kind, lookup.by) for lookup in _lookups(world) if lookup.kind != "customer"})
    lists = {}
    for kind, by in wanted:
        names: dict[str, list[ErpReference]] = {}
        for entry in world.erp.references(kind, by):
            names.setdefault(entry.name.casefold(), []).append(entry)
        lists[kind, by] = names
    return Lookups(lists)


def _lookups(world: World) -> Iterable[Lookup]:
    for mapping in world.mappings:
        yield from (rule.lookup for rule in _rules(mapping) if rule.lookup is not None)


def _rules(mapping: FieldMapping) -> Iterable[FieldRule]:
    yield from mapping.fields
    if mapping.lines is not None:
        yield from mapping.lines.fields
