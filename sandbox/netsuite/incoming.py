"""Reads a record out of a SOAP write request: every element is known by the schema or the request is refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from lxml import etree

from sandbox.netsuite import names
from sandbox.netsuite.custom_fields import WIRE_TYPES, CustomField, custom_field
from sandbox.netsuite.draft import Draft
from sandbox.netsuite.failure import RecordError, SoapFaultError, unexpected_element
from sandbox.netsuite.fields import ADDRESS, ADDRESSBOOK, Field
from sandbox.netsuite.money import LARGEST_INPUT
from sandbox.netsuite.names import tag
from sandbox.netsuite.order_status import letter_of_enum
from sandbox.netsuite.record_types import WRITABLE
from sandbox.netsuite.references import Ref
from sandbox.netsuite.sublists import SUBLISTS, Sublist
from sandbox.netsuite.zone import pacific_day, parse_moment, stamp

NULL_FIELDS = tag(names.CORE, "nullFieldList")
DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")
NEVER_NULL = ("items", "list", "book", "custom", "absent")
NOT_ALLOWED = (
    "You do not have permissions to set a value for element {name} due to one of the following reasons: 1) The field "
    "is read-only; 2) An associated feature is disabled; 3) The field is available either when a record is created or "
    "updated, but not in both cases."
)


class RecordReader:
    """Reads one record element.

    Args:
        ignore_read_only: skip fields that only NetSuite sets instead of refusing the record.
    """

    def __init__(self, *, ignore_read_only: bool) -> None:
        self._ignore_read_only = ignore_read_only

    def read(self, element: etree._Element) -> Draft:
        """Return what the record element asks for.

        Raises:
            SoapFaultError: the schema does not allow the element.
            RecordError: a field may not be set, or a custom field does not exist.
        """
        kind = WRITABLE.get(xsi_type(element))
        if kind is None:
            raise RecordError("INVALID_RCRD_TYPE", f"The record type {xsi_type(element)[1]} cannot be written here.")
        draft = Draft(
            kind=kind, internal_id=element.get("internalId", ""), external_id=element.get("externalId", "").strip()
        )
        for child in element:
            if child.tag == NULL_FIELDS:
                continue
            self._read_field(draft, child, _known(child, kind.fields, kind.namespace, kind.element))
        for name in null_names(element):
            draft.values.update(_nulled(draft, name))
        return draft

    def _read_field(self, draft: Draft, child: etree._Element, field: Field) -> None:
        if field.kind == "items":
            draft.lines = self._members(child, SUBLISTS[field.target])
            draft.replace_lines = _replace_all(child)
        elif field.kind == "list":
            draft.rows[field.name] = self._members(child, SUBLISTS[field.target])
            draft.replace_rows[field.name] = _replace_all(child)
        elif field.kind == "book":
            draft.addresses = [self._entry(entry) for entry in _members(child, "addressbook", names.RELATIONSHIPS)]
            draft.replace_addresses = _replace_all(child)
        elif field.kind == "custom":
            draft.values.update(_custom_values(child, draft.kind.name))
        elif self._settable(field):
            draft.values[field.stored] = self._value(child, field)

    def _members(self, element: etree._Element, sublist: Sublist) -> list[dict[str, Any]]:
        return [self._member(child, sublist) for child in _members(element, sublist.member, sublist.namespace)]

    def _member(self, element: etree._Element, sublist: Sublist) -> dict[str, Any]:
        line: dict[str, Any] = {}
        for child in element:
            field = _known(child, sublist.fields, sublist.namespace, sublist.type)
            if field.kind == "custom":
                line.update(_custom_values(child, "line"))
            elif self._settable(field):
                line[field.name] = self._value(child, field)
        return line

    def _entry(self, element: etree._Element) -> dict[str, Any]:
        entry: dict[str, Any] = {}
        for child in element:
            field = _known(child, ADDRESSBOOK, names.RELATIONSHIPS, "CustomerAddressbook")
            entry[field.name] = self._value(child, field)
        return entry

    def _address(self, element: etree._Element) -> dict[str, Any]:
        address: dict[str, Any] = {}
        for child in element:
            if child.tag == NULL_FIELDS:
                continue
            field = _known(child, ADDRESS, names.COMMON, "Address")
            if self._settable(field):
                address[field.name] = self._value(child, field)
        for name in null_names(element):
            address[name] = None
        return address

    def _value(self, element: etree._Element, field: Field) -> Any:  # noqa: ANN401  by the field's kind
        if field.kind == "address":
            return self._address(element)
        if element.get(tag(names.XSI, "nil")) in ("true", "1"):
            return None
        if field.kind == "ref":
            return reference(element, field.target)
        return scalar(element, field.kind)

    def _settable(self, field: Field) -> bool:
        if not field.read_only and field.kind != "absent":
            return True
        if field.read_only and self._ignore_read_only:
            return False
        raise RecordError("INSUFFICIENT_PERMISSION", NOT_ALLOWED.format(name=field.name.lower()))


def xsi_type(element: etree._Element) -> tuple[str, str]:
    """Return the name space and local name of an element's ``xsi:type``.

    Raises:
        SoapFaultError: it has none, or its prefix is not bound.
    """
    prefix, _, local = element.get(tag(names.XSI, "type"), "").rpartition(":")
    namespace = element.nsmap.get(prefix or None)
    if not local or namespace is None:
        raise SoapFaultError("org.xml.sax.SAXException: an abstract element needs a resolvable xsi:type")
    return namespace, local


def reference(element: etree._Element, target: str) -> Ref:
    """Return a RecordRef."""
    return Ref(target=target, internal_id=element.get("internalId", ""), external_id=element.get("externalId", ""))


def scalar(element: etree._Element, kind: str) -> Any:  # noqa: ANN401  by the kind
    """Return an element's text in the form in which the store keeps that kind; None when it is empty.

    Raises:
        SoapFaultError: the text is no value of that kind, or the element has children.
    """
    if len(element):
        raise unexpected_element(etree.QName(element).localname, etree.QName(element[0]).localname)
    text = element.text or ""
    if kind not in ("text", "code"):
        text = text.strip()
    if not text:
        return None
    try:
        return PARSERS[kind](text)
    except ValueError as error:
        raise SoapFaultError(f"org.xml.sax.SAXException: {etree.QName(element).localname}: {error}") from error


def null_names(element: etree._Element) -> list[str]:
    """Return the names in a record's ``nullFieldList``."""
    path = f"{NULL_FIELDS}/{tag(names.CORE, 'name')}"
    return [(name.text or "").strip() for name in element.findall(path)]


def _nulled(draft: Draft, name: str) -> dict[str, None]:
    field = draft.kind.fields.get(name)
    custom = custom_field(draft.kind.name, name)
    if custom is None and (field is None or field.read_only or field.kind in NEVER_NULL):
        raise RecordError("INVALID_FIELD_NAME_FOR_NULL", f"{name} is not a field that can be set to null.")
    return {field.stored if field is not None else name: None}


def _known(child: etree._Element, spec: Mapping[str, Field], namespace: str, owner: str) -> Field:
    name = etree.QName(child)
    if name.namespace != namespace or name.localname not in spec:
        raise unexpected_element(f"com.netsuite.webservices.{owner}", name.localname)
    return spec[name.localname]


def _members(element: etree._Element, name: str, namespace: str) -> list[etree._Element]:
    for child in element:
        if child.tag != tag(namespace, name):
            raise unexpected_element(etree.QName(element).localname, etree.QName(child).localname)
    return list(element)


def _replace_all(element: etree._Element) -> bool:
    """Return a sublist's ``replaceAll``, whose default is true (Oracle, section_N3441570)."""
    return element.get("replaceAll", "true") in ("true", "1")


def _custom_values(element: etree._Element, owner: str) -> dict[str, Any]:
    return dict(_custom_value(child, owner) for child in _members(element, "customField", names.CORE))


def _custom_value(element: etree._Element, owner: str) -> tuple[str, Any]:
    script_id = str(element.get("scriptId") or element.get("internalId", ""))
    field = custom_field(owner, script_id)
    if field is None:
        raise RecordError("INVALID_KEY_OR_REF", f"Invalid custom field reference key {script_id}: not found.")
    if xsi_type(element) != (names.CORE, WIRE_TYPES[field.kind]):
        message = f"{script_id} is a {WIRE_TYPES[field.kind]}, not a {xsi_type(element)[1]}."
        raise RecordError("INVALID_CSTM_FIELD_DATA_TYP", message)
    values = [_custom_part(value, field) for value in _members(element, "value", names.CORE)]
    if field.kind == "selects":
        return script_id, values
    return script_id, values[0] if values else None


def _custom_part(element: etree._Element, field: CustomField) -> Any:  # noqa: ANN401  by the field's kind
    if field.kind in ("select", "selects"):
        return reference(element, field.target)
    return scalar(element, field.kind)


def _flag(text: str) -> bool:
    if text not in ("true", "false", "1", "0"):
        raise ValueError(f"{text!r} is not a boolean")
    return text in ("true", "1")


def _number(text: str) -> Decimal:
    if not DECIMAL.fullmatch(text):
        raise ValueError(f'java.lang.NumberFormatException: For input string: "{text}"')
    value = Decimal(text)
    if abs(value) >= LARGEST_INPUT:
        raise ValueError(f"{text} is out of range")
    return value


def _whole(text: str) -> Decimal:
    if not re.fullmatch(r"[+-]?[0-9]{1,15}", text):
        raise ValueError(f'java.lang.NumberFormatException: For input string: "{text}"')
    return Decimal(text)


def _status(text: str) -> str:
    letter = letter_of_enum(text)
    if letter is None:
        raise ValueError(f"{text!r} is not a value of SalesOrderOrderStatus")
    return letter


def _code(text: str) -> str:
    if not re.fullmatch(r"_?\w+", text):
        raise ValueError(f"{text!r} is not an enumeration value")
    return text


PARSERS: Mapping[str, Callable[[str], Any]] = {
    "text": str,
    "code": _code,
    "flag": _flag,
    "number": _number,
    "rate": _number,
    "whole": _whole,
    "day": lambda text: pacific_day(parse_moment(text)).isoformat(),
    "moment": lambda text: stamp(parse_moment(text)),
    "status": _status,
}
"""Parser by field kind."""
