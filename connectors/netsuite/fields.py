"""The fields of each record type, read from the shipped schema without zeep, so that a check starts at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lxml import etree

from connectors.netsuite import safe_xml

FOLDER = Path(__file__).with_name("wsdl")
ACCESS = "{urn:tieout}access"
XSD = "{http://www.w3.org/2001/XMLSchema}"

RECORDS = {
    "customer": ("relationships", "Customer"),
    "salesOrder": ("sales", "SalesOrder"),
    "invoice": ("sales", "Invoice"),
}
LINES = {"salesOrder": ("sales", "SalesOrderItem"), "invoice": ("sales", "InvoiceItem")}
KINDS = {
    "core:RecordRef": "reference",
    "xsd:dateTime": "date",
    "xsd:double": "number",
    "xsd:long": "integer",
    "xsd:boolean": "boolean",
    "xsd:string": "text",
}
"""Kinds of fields that a payload's value can fill; every other schema type is structure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field: its kind (a value of ``KINDS``, ``choice``, or ``structure``) and the choices of a ``choice``."""

    name: str
    kind: str
    writable: bool = True
    choices: tuple[str, ...] = ()


def body_fields(type_: str) -> Mapping[str, Field]:
    """Return the fields of a record's body that a payload may carry, by name.

    Raises:
        ValueError: Tieout does not write this record type.
    """
    if type_ not in RECORDS:
        raise ValueError(
            f"Tieout does not write NetSuite records of the type {type_!r}; it writes {', '.join(RECORDS)}."
        )
    return writable(*RECORDS[type_])


def line_fields(type_: str) -> Mapping[str, Field]:
    """Return the fields of a record's lines that a payload may carry, by name; the line number is not among them."""
    if type_ not in LINES:
        return {}
    return {name: field for name, field in writable(*LINES[type_]).items() if name != "line"}


@cache
def writable(schema: str, type_name: str) -> Mapping[str, Field]:
    """Return the fields of a schema type that take one value and may be written."""
    return {
        name: field
        for name, field in declared(schema, type_name).items()
        if field.writable and field.kind != "structure"
    }


@cache
def declared(schema: str, type_name: str) -> Mapping[str, Field]:
    """Return every field of a schema type in its order.

    Args:
        schema: file name in the schema folder, without its ending.
        type_name: name of the complex type.
    """
    root = safe_xml.parse((FOLDER / f"{schema}.xsd").read_bytes())
    choices = {
        f"{schema}:{simple.get('name')}": tuple(item.get("value", "") for item in simple.iter(f"{XSD}enumeration"))
        for simple in root.iter(f"{XSD}simpleType")
    }
    (found,) = (item for item in root.iter(f"{XSD}complexType") if item.get("name") == type_name)
    return {element.get("name", ""): _field(element, choices) for element in found.iter(f"{XSD}element")}


def _field(element: etree._Element, choices: Mapping[str, tuple[str, ...]]) -> Field:
    type_ = element.get("type", "")
    kind = "choice" if type_ in choices else KINDS.get(type_, "structure")
    return Field(
        name=element.get("name", ""),
        kind=kind,
        writable=element.get(ACCESS) != "read",
        choices=choices.get(type_, ()),
    )
