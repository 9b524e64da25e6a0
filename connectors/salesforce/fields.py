"""Turns JSON rows of a query into records with exact values.

The work per field is decided once per query from the describe answer, so that a row costs one lookup and one
call per field.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from connectors.records import Record, RecordRef, Value, salesforce_id

Convert = Callable[[Any], Value]
Row = Mapping[str, Any]

MOST_DIGITS = 28
"""More than any number of Salesforce's has (18): what is larger is no answer of its."""


class ConversionError(ValueError):
    """A row does not hold what describe promised; the message names the field, never its value."""


def exact_number(text: str) -> Decimal:
    """Return a JSON number exactly; exponent notation (``1.0E7``) is written out."""
    number = Decimal(text)
    if number.is_finite() and int(number.as_tuple().exponent) > 0 and number.adjusted() < MOST_DIGITS:
        return number.quantize(Decimal(1))
    return number


def to_number(value: Any) -> Decimal | None:  # noqa: ANN401  JSON
    """Return a number of any Salesforce type as Decimal."""
    if type(value) is Decimal and value.is_finite():
        if value and not -MOST_DIGITS < value.adjusted() < MOST_DIGITS:
            raise ValueError
        return value
    if type(value) is int:
        return Decimal(value)
    if value is None:
        return None
    raise TypeError


def to_text(value: Any) -> str | None:  # noqa: ANN401  JSON
    """Return a text; a lone surrogate, which JSON allows and no database keeps, becomes a question mark."""
    if value is None:
        return None
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    raise TypeError


def to_id(value: Any) -> str | None:  # noqa: ANN401  JSON
    """Return an id in its 18-character form."""
    if value is None or (isinstance(value, str) and len(value) == 18):
        return value
    if isinstance(value, str):
        return salesforce_id(value)
    raise TypeError


def to_flag(value: Any) -> bool | None:  # noqa: ANN401  JSON
    """Return a checkbox."""
    if value is None or isinstance(value, bool):
        return value
    raise TypeError


def to_date(value: Any) -> date | None:  # noqa: ANN401  JSON
    """Return a calendar day; it has no zone and is never shifted."""
    return None if value is None else date.fromisoformat(value)


def to_moment(value: Any) -> datetime | None:  # noqa: ANN401  JSON
    """Return a moment in UTC from ``2026-11-01T10:00:00.000+0000``."""
    if value is None:
        return None
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError
    return moment if moment.tzinfo is UTC else moment.astimezone(UTC)


CONVERTERS: Mapping[str, Convert] = {
    "id": to_id,
    "reference": to_id,
    "currency": to_number,
    "double": to_number,
    "percent": to_number,
    "int": to_number,
    "long": to_number,
    "boolean": to_flag,
    "date": to_date,
    "datetime": to_moment,
    **dict.fromkeys(
        (
            "string",
            "textarea",
            "picklist",
            "multipicklist",
            "combobox",
            "email",
            "phone",
            "url",
            "encryptedstring",
            "time",
            "datacategorygroupreference",
        ),
        to_text,
    ),
}
"""By the type that describe tells; compound types (address, location) are absent: their parts are asked for."""


@dataclass(frozen=True, slots=True)
class Column:
    """One wanted field: the path as asked, the keys that lead to it in a row, and its conversion.

    ``constant`` stands in for a field that the org does not have; ``keys`` is empty then.
    """

    path: str
    keys: tuple[str, ...]
    convert: Convert
    constant: Value = None

    @property
    def soql(self) -> str:
        """The path as the query names it."""
        return ".".join(self.keys)


class RowReader:
    """Builds the records of one query.

    Args:
        connection: name of the connection.
        type_: the object's API name.
        columns: the fields wanted in the records.
        has_deleted: the rows carry ``IsDeleted``.
    """

    def __init__(self, connection: str, type_: str, columns: Sequence[Column], *, has_deleted: bool) -> None:
        self._connection = connection
        self._type = type_
        self._constants = {column.path: column.constant for column in columns if not column.keys}
        self._flat = [(c.path, c.keys[0], c.convert) for c in columns if len(c.keys) == 1]
        self._nested = [(c.path, c.keys[:-1], c.keys[-1], c.convert) for c in columns if len(c.keys) > 1]
        self._has_deleted = has_deleted

    def record(self, row: Row) -> Record:
        """Return the row as a record.

        Raises:
            ConversionError: a field is missing or not of its described type.
        """
        try:
            return self._build(row)
        except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
            raise ConversionError(f"{self._type}.{self._culprit(row)} is missing or not of its type.") from error

    def _build(self, row: Row) -> Record:
        fields: dict[str, Value] = {path: convert(row[key]) for path, key, convert in self._flat}
        for path, parents, key, convert in self._nested:
            parent: Any = row
            for step in parents:
                parent = parent[step]
                if parent is None:
                    break
            fields[path] = None if parent is None else convert(parent[key])
        fields.update(self._constants)
        id_, modified = to_id(row["Id"]), to_moment(row["SystemModstamp"])
        if id_ is None or modified is None:
            raise ValueError
        deleted = bool(row["IsDeleted"]) if self._has_deleted else False
        ref = RecordRef(connection=self._connection, type=self._type, id=id_)
        return Record(ref=ref, fields=fields, modified=modified, deleted=deleted)

    def _culprit(self, row: Row) -> str:
        for path, key, convert in self._flat:
            if not _converts(row, key, convert):
                return path
        for path, parents, key, convert in self._nested:
            parent: Any = row
            for step in parents:
                parent = parent.get(step, False) if isinstance(parent, Mapping) else parent
            if parent is not None and not (isinstance(parent, Mapping) and _converts(parent, key, convert)):
                return path
        return "Id or SystemModstamp"


def _converts(row: Row, key: str, convert: Convert) -> bool:
    try:
        convert(row[key])
    except (KeyError, TypeError, ValueError, ArithmeticError):
        return False
    return True
