"""The org's objects and fields as data: what a describe call tells and what a write is checked against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

FieldType = Literal[
    "id", "reference", "string", "textarea", "email", "phone", "url", "picklist", "boolean", "currency", "double",
    "percent", "int", "date", "datetime",
]  # fmt: skip

TEXT_TYPES = ("string", "textarea", "email", "phone", "url", "picklist")
NUMBER_TYPES = ("currency", "double", "percent", "int")
LONG_TEXT = 1000
"""Text areas of this length or more cannot be filtered, sorted or grouped (Salesforce: long text area)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of an object.

    ``digits`` and ``scale`` bound a number: digits in all, and behind the point. ``computed`` fields are
    kept by the org's rules: no API write may name them, a CSV book may.
    """

    name: str
    type: FieldType
    length: int = 0
    digits: int = 18
    scale: int = 2
    required: bool = False
    createable: bool = True
    updateable: bool = True
    computed: bool = False
    picklist: Sequence[str] = ()
    restricted: bool = False
    reference_to: str = ""
    relationship: str = ""
    children: str = ""
    """Name of the child relationship on the parent (``OpportunityLineItems``)."""
    default: object = None
    external_id: bool = False
    unique: bool = False
    """No two live records have the same value, ignoring case."""
    formula: str = ""
    """The formula of a calculated field; never stored, see :mod:`sandbox.salesforce.formulas`."""
    auto_number: str = ""
    """The display format of a number that the org gives (``FIN-{000000}``)."""

    @property
    def custom(self) -> bool:
        """Whether an admin made the field."""
        return self.name.endswith("__c")

    @property
    def filterable(self) -> bool:
        """Whether SOQL may filter, sort and group by the field."""
        return not (self.type == "textarea" and self.length >= LONG_TEXT)

    @property
    def nillable(self) -> bool:
        """Whether the field may be empty."""
        return not self.required and self.type not in ("boolean", "id")


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectType:
    """One object of the org: its fields by canonical name, in describe order."""

    name: str
    label: str
    plural: str
    prefix: str
    fields: Mapping[str, Field]
    keys: Sequence[str] = ()
    """Fields by whose value a CSV book may refer to a record, best first."""
    _by_lower: Mapping[str, Field] = field(default_factory=dict, repr=False)
    _relations: Mapping[str, Field] = field(default_factory=dict, repr=False)
    _references: Sequence[Field] = ()
    _unique: Sequence[Field] = ()

    def find(self, name: str) -> Field | None:
        """Return the field of that name, ignoring case, or None."""
        return self._by_lower.get(name.lower())

    def relation(self, name: str) -> Field | None:
        """Return the reference field behind a relationship name (``Account``), ignoring case, or None."""
        return self._relations.get(name.lower())

    @property
    def custom(self) -> bool:
        """Whether an admin made the object."""
        return self.name.endswith("__c")

    def references(self) -> Sequence[Field]:
        """Return the fields that point to other records."""
        return self._references

    def unique_fields(self) -> Sequence[Field]:
        """Return the fields whose value no two live records share."""
        return self._unique


def object_type(
    name: str, prefix: str, fields: Sequence[Field], *, label: str = "", plural: str = "", keys: Sequence[str] = ()
) -> ObjectType:
    """Return an object with its own fields plus those that every object has."""
    every = (*_HEAD, *fields, *_SYSTEM)
    return ObjectType(
        name=name,
        label=label or name,
        plural=plural or f"{name}s",
        prefix=prefix,
        fields={item.name: item for item in every},
        keys=keys,
        _by_lower={item.name.lower(): item for item in every},
        _relations={item.relationship.lower(): item for item in every if item.relationship},
        _references=[item for item in every if item.type == "reference"],
        _unique=[item for item in every if item.unique],
    )


def _kept(name: str, type_: FieldType, **more: str) -> Field:
    return Field(
        name=name, type=type_, createable=False, updateable=False, computed=True,
        length=18 if type_ in ("id", "reference") else 0,
        reference_to=more.get("to", ""), relationship=more.get("via", ""),
    )  # fmt: skip


_HEAD = (
    _kept("Id", "id"),
    Field(name="IsDeleted", type="boolean", createable=False, updateable=False, computed=True, default=False),
)
_SYSTEM = (
    _kept("CreatedDate", "datetime"),
    _kept("CreatedById", "reference", to="User", via="CreatedBy"),
    _kept("LastModifiedDate", "datetime"),
    _kept("LastModifiedById", "reference", to="User", via="LastModifiedBy"),
    _kept("SystemModstamp", "datetime"),
)
