"""Resolves field paths against the org's schema: what a query must ask for and how its rows are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from connectors.errors import SchemaError
from connectors.ports import Condition
from connectors.records import FieldSchema, ObjectSchema, Value, salesforce_id
from connectors.salesforce import soql
from connectors.salesforce.describe import Schemas
from connectors.salesforce.fields import CONVERTERS, Column, RowReader, to_text

CURRENCY_FIELD = "CurrencyIsoCode"
STAMP_FIELD = "SystemModstamp"
DELETED_FIELD = "IsDeleted"


@dataclass(frozen=True, slots=True)
class Selection:
    """The fields of one query: ``type`` and ``columns`` in the org's own spelling, and the reader of its rows."""

    type: str
    columns: Sequence[str]
    rows: RowReader


class Selector:
    """Builds selections and checks conditions for one org.

    Args:
        connection: name of the connection.
        schemas: the org's objects.
        currency: stands in for CurrencyIsoCode in a single-currency org; None when not configured.
    """

    def __init__(self, connection: str, schemas: Schemas, currency: str | None) -> None:
        self._connection = connection
        self._schemas = schemas
        self._currency = currency

    def select(self, type_: str, fields: Sequence[str]) -> Selection:
        """Return the selection for these field paths plus id, stamp and deletion mark.

        Raises:
            SchemaError: a path leads nowhere, ends at a compound field, or the object has no stamp.
        """
        schema = self._schemas.get(type_)
        if schema.find(STAMP_FIELD) is None:
            raise self._schemas.missing(schema.name, STAMP_FIELD)
        wanted = [self._column(schema, path) for path in dict.fromkeys(fields)]
        has_deleted = schema.find(DELETED_FIELD) is not None
        system = ["Id", STAMP_FIELD] + [DELETED_FIELD] * has_deleted
        columns = dict.fromkeys(system + [column.soql for column in wanted if column.keys])
        return Selection(
            schema.name, list(columns), RowReader(self._connection, schema.name, wanted, has_deleted=has_deleted)
        )

    def condition(self, type_: str, condition: Condition) -> Condition:
        """Return the condition with the field in the org's spelling and ids in their 18-character form.

        Raises:
            SchemaError: the field does not exist.
            ValueError: a value cannot stand in such a field.
        """
        keys, field = self._walk(self._schemas.get(type_), condition.field)
        value = condition.value
        if field.type in ("id", "reference"):
            value = tuple(map(_id, value)) if isinstance(value, tuple) else _id(value)
        return replace(condition, field=".".join(keys), value=value)

    def has_currency(self, type_: str) -> bool:
        """Tell whether the org keeps a currency on each record of this object (a multi-currency org)."""
        return self._schemas.get(type_).find(CURRENCY_FIELD) is not None

    def currency(self, type_: str) -> str:
        """Return the currency of a single-currency org.

        Raises:
            SchemaError: it is not configured.
        """
        if self._currency is None:
            raise SchemaError(
                connection=self._connection,
                what=f"reading {type_}.{CURRENCY_FIELD}",
                why="the org has one currency only and does not name it on its records.",
                fix=f'Name it in sync.toml: connections.{self._connection}.currency = "USD".',
                code="NO_CURRENCY",
            )
        return self._currency

    def _column(self, schema: ObjectSchema, path: str) -> Column:
        if path.split(".")[-1].lower() == CURRENCY_FIELD.lower() and not self.has_currency(schema.name):
            return Column(path, (), to_text, constant=self.currency(schema.name))
        keys, field = self._walk(schema, path)
        convert = CONVERTERS.get(field.type)
        if convert is None:
            raise SchemaError(
                connection=self._connection,
                what=f"reading {schema.name}",
                why=f"{path} is a compound field ({field.type}).",
                fix="Name one of its parts instead, such as BillingCity of BillingAddress.",
                code="INVALID_FIELD",
            )
        return Column(path, keys, convert)

    def _walk(self, schema: ObjectSchema, path: str) -> tuple[tuple[str, ...], FieldSchema]:
        """Return the keys of the path in the org's spelling and the field at its end."""
        try:
            steps = soql.path(path).split(".")
        except ValueError as error:
            raise self._schemas.missing(schema.name, path) from error
        keys: list[str] = []
        for step, then in pairwise(steps):
            relation = _relation(schema, step)
            if relation is None or relation.relationship is None:
                raise self._schemas.missing(schema.name, step)
            keys.append(relation.relationship)
            schema = self._parent(relation, then)
        field = schema.find(steps[-1])
        if field is None:
            raise self._schemas.missing(schema.name, steps[-1])
        return (*keys, field.name), field

    def _parent(self, relation: FieldSchema, wanted: str) -> ObjectSchema:
        """Return the parent object; of several possible ones the first that has what comes next in the path."""
        for target in relation.reference_to:
            try:
                parent = self._schemas.get(target)
            except SchemaError:
                # An owner may be a user or a queue; a kind that is hidden from us does not hide the others.
                continue
            if parent.find(wanted) is not None or _relation(parent, wanted) is not None:
                return parent
        raise self._schemas.missing(" or ".join(relation.reference_to) or relation.name, wanted)


def _relation(schema: ObjectSchema, name: str) -> FieldSchema | None:
    for field in schema.fields.values():
        if field.relationship is not None and field.relationship.lower() == name.lower():
            return field
    return None


def _id(value: object) -> Value:
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not a Salesforce id")
    return salesforce_id(value)
