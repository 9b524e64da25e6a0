"""Writes NetSuite's answers as XML: records in schema order, statuses, faults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lxml import etree

from sandbox.netsuite import names, order_status, shown
from sandbox.netsuite.custom_fields import WIRE_TYPES, CustomField, custom_fields_of
from sandbox.netsuite.failure import RecordError, SoapFaultError
from sandbox.netsuite.fields import ADDRESS, ADDRESSBOOK, Field
from sandbox.netsuite.ledger import Ledger
from sandbox.netsuite.money import plain
from sandbox.netsuite.names import tag
from sandbox.netsuite.record_types import BUILT_IN, RecordType
from sandbox.netsuite.references import display_name
from sandbox.netsuite.sublists import SUBLISTS, Sublist
from sandbox.netsuite.zone import soap_day, soap_moment
from sandbox.store import Body

XSI_TYPE = tag(names.XSI, "type")


def envelope(document_id: str, content: etree._Element) -> bytes:
    """Return a whole answer."""
    root = etree.Element(tag(names.ENVELOPE, "Envelope"), nsmap=names.PREFIXES)
    header = etree.SubElement(root, tag(names.ENVELOPE, "Header"))
    info = etree.SubElement(header, tag(names.MESSAGES, "documentInfo"))
    etree.SubElement(info, tag(names.MESSAGES, "nsId")).text = document_id
    etree.SubElement(root, tag(names.ENVELOPE, "Body")).append(content)
    return _bytes(root)


def fault(error: SoapFaultError) -> bytes:
    """Return a fault's whole answer."""
    root = etree.Element(tag(names.ENVELOPE, "Envelope"), nsmap=names.PREFIXES)
    body = etree.SubElement(root, tag(names.ENVELOPE, "Body"))
    element = etree.SubElement(body, tag(names.ENVELOPE, "Fault"))
    etree.SubElement(element, "faultcode").text = error.faultcode
    etree.SubElement(element, "faultstring").text = error.message
    detail = etree.SubElement(element, "detail")
    if error.kind:
        named = etree.SubElement(detail, tag(names.FAULTS, error.kind))
        etree.SubElement(named, tag(names.FAULTS, "code")).text = error.code
        etree.SubElement(named, tag(names.FAULTS, "message")).text = error.message
    host = etree.SubElement(
        detail, "{http://xml.apache.org/axis/}hostname", nsmap={"ns1": "http://xml.apache.org/axis/"}
    )
    host.text = "sandbox"
    return _bytes(root)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What became of one record of a write request: its ids, or those that were given with the failure."""

    type: str
    internal_id: str = ""
    external_id: str = ""
    failure: RecordError | None = None


def write_response(operation: str, written: Written) -> etree._Element:
    """Return the answer of ``add``, ``update`` or ``upsert``; without any id it has no ``baseRef``."""
    answer = etree.Element(tag(names.MESSAGES, f"{operation}Response"), nsmap=names.PREFIXES)
    _written(answer, written)
    return answer


def write_list_response(operation: str, written: Sequence[Written]) -> etree._Element:
    """Return the answer of ``addList`` and its like: one response a record, in order, whatever became of it."""
    answer = etree.Element(tag(names.MESSAGES, f"{operation}Response"), nsmap=names.PREFIXES)
    container = etree.SubElement(answer, tag(names.MESSAGES, "writeResponseList"))
    _status(container, None)
    for one in written:
        _written(container, one)
    return answer


def _written(parent: etree._Element, written: Written) -> None:
    response = etree.SubElement(parent, tag(names.MESSAGES, "writeResponse"))
    _status(response, written.failure)
    if written.internal_id or written.external_id:
        reference = etree.SubElement(response, tag(names.MESSAGES, "baseRef"))
        _identify(reference, written.internal_id, written.external_id)
        reference.set("type", written.type)
        reference.set(XSI_TYPE, "platformCore:RecordRef")


Found = tuple[etree._Element | None, RecordError | None]
"""A record as read, or why it was not."""


def read_response(operation: str, found: Found) -> etree._Element:
    """Return the answer of ``get`` or ``initialize``."""
    answer = etree.Element(tag(names.MESSAGES, f"{operation}Response"), nsmap=names.PREFIXES)
    _read(answer, found)
    return answer


def read_list_response(operation: str, found: Sequence[Found]) -> etree._Element:
    """Return the answer of ``getList``: one response a reference, in order."""
    answer = etree.Element(tag(names.MESSAGES, f"{operation}Response"), nsmap=names.PREFIXES)
    container = etree.SubElement(answer, tag(names.MESSAGES, "readResponseList"))
    _status(container, None)
    for one in found:
        _read(container, one)
    return answer


def _read(parent: etree._Element, found: Found) -> None:
    record, failure = found
    response = etree.SubElement(parent, tag(names.MESSAGES, "readResponse"))
    _status(response, failure)
    if record is not None:
        response.append(record)


def server_time(kept: str) -> etree._Element:
    """Return the answer of ``getServerTime``."""
    answer = etree.Element(tag(names.MESSAGES, "getServerTimeResponse"), nsmap=names.PREFIXES)
    result = etree.SubElement(answer, tag(names.CORE, "getServerTimeResult"))
    _status(result, None)
    etree.SubElement(result, tag(names.CORE, "serverTime")).text = soap_moment(kept)
    return answer


class RecordWriter:
    """Writes stored records as elements of their XSD types."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def record(self, kind: RecordType, body: Body) -> etree._Element:
        """Return the ``record`` element of a read answer."""
        element = etree.Element(tag(names.MESSAGES, "record"), nsmap=names.PREFIXES)
        _identify(element, str(body.get("id") or ""), str(body.get("externalId") or ""))
        prefix = next(prefix for prefix, namespace in names.PREFIXES.items() if namespace == kind.namespace)
        element.set(XSI_TYPE, f"{prefix}:{kind.element}")
        for field in kind.fields.values():
            self._field(element, kind, field, body)
        return element

    def _field(self, parent: etree._Element, kind: RecordType, field: Field, body: Body) -> None:
        if field.kind == "items":
            items = etree.SubElement(parent, tag(kind.namespace, field.name))
            for line in body.get("lines", []):
                self._member(etree.SubElement(items, tag(kind.namespace, "item")), SUBLISTS[field.target], line)
        elif field.kind == "list":
            self._rows(parent, kind, field, body)
        elif field.kind == "book":
            self._book(parent, kind.namespace, field.name, body.get("addresses") or [])
        elif field.kind == "custom":
            self._custom(parent, kind.namespace, kind.name, body)
        elif field.name == "status":
            etree.SubElement(parent, tag(kind.namespace, "status")).text = shown.status_text(kind.name, body)
        elif field.name == "currencyName":
            name = display_name(self._ledger, "currency", str(body["currency"]))
            etree.SubElement(parent, tag(kind.namespace, "currencyName")).text = name
        else:
            self._plain(parent, kind.namespace, field, body)

    def _rows(self, parent: etree._Element, kind: RecordType, field: Field, body: Body) -> None:
        rows = shown.rows(self._ledger, kind.name, field.name, body)
        sublist = SUBLISTS[field.target]
        if not rows:
            return
        container = etree.SubElement(parent, tag(kind.namespace, field.name))
        for row in rows:
            self._member(etree.SubElement(container, tag(kind.namespace, sublist.member)), sublist, row)

    def _member(self, parent: etree._Element, sublist: Sublist, line: Mapping[str, Any]) -> None:
        for field in sublist.fields.values():
            if field.kind == "custom":
                self._custom(parent, sublist.namespace, "line", line)
            else:
                self._plain(parent, sublist.namespace, field, line)

    def _book(self, parent: etree._Element, namespace: str, name: str, entries: list[dict[str, Any]]) -> None:
        if not entries:
            return
        book = etree.SubElement(parent, tag(namespace, name))
        for entry in entries:
            element = etree.SubElement(book, tag(namespace, "addressbook"))
            for field in ADDRESSBOOK.values():
                self._plain(element, namespace, field, entry)

    def _plain(self, parent: etree._Element, namespace: str, field: Field, values: Mapping[str, Any]) -> None:
        value = values.get(field.stored)
        if value is None or field.kind == "absent":
            return
        element = etree.SubElement(parent, tag(namespace, field.name))
        if field.kind == "ref":
            self._refer(element, field.target, str(value))
        elif field.kind == "address":
            for part in ADDRESS.values():
                self._plain(element, names.COMMON, part, value)
        else:
            element.text = text_of(field.kind, value)

    def _refer(self, element: etree._Element, target: str, id_: str) -> None:
        element.set("internalId", id_)
        name = display_name(self._ledger, target, id_)
        if name:
            etree.SubElement(element, tag(names.CORE, "name")).text = name

    def _custom(self, parent: etree._Element, namespace: str, owner: str, values: Mapping[str, Any]) -> None:
        found = [field for field in custom_fields_of(owner) if values.get(field.script_id) is not None]
        if not found:
            return
        container = etree.SubElement(parent, tag(namespace, "customFieldList"))
        for field in found:
            element = etree.SubElement(container, tag(names.CORE, "customField"))
            element.set("scriptId", field.script_id)
            element.set(XSI_TYPE, f"platformCore:{WIRE_TYPES[field.kind]}")
            value = values[field.script_id]
            for part in value if isinstance(value, list) else [value]:
                _custom_value(etree.SubElement(element, tag(names.CORE, "value")), field, part)


def text_of(kind: str, value: Any) -> str:  # noqa: ANN401  by the field's kind
    """Return a kept value as SOAP writes it."""
    if kind == "flag":
        return "true" if value else "false"
    if kind == "day":
        return soap_day(str(value))
    if kind == "moment":
        return soap_moment(str(value))
    if kind == "status":
        return order_status.enum_of(str(value))
    return plain(value) if kind in ("number", "rate", "whole") and not isinstance(value, int | str) else str(value)


def _custom_value(element: etree._Element, field: CustomField, value: Any) -> None:  # noqa: ANN401  by its kind
    if field.kind in ("select", "selects"):
        element.set("internalId", str(value))
        etree.SubElement(element, tag(names.CORE, "name")).text = BUILT_IN[field.target].get(str(value), "")
    else:
        element.text = text_of(field.kind, value)


def _identify(element: etree._Element, internal_id: str, external_id: str) -> None:
    if internal_id:
        element.set("internalId", internal_id)
    if external_id:
        element.set("externalId", external_id)


def _status(parent: etree._Element, failure: RecordError | None) -> None:
    status = etree.SubElement(parent, tag(names.CORE, "status"), isSuccess="false" if failure else "true")
    if failure is None:
        return
    detail = etree.SubElement(status, tag(names.CORE, "statusDetail"), type="ERROR")
    etree.SubElement(detail, tag(names.CORE, "code")).text = failure.code
    etree.SubElement(detail, tag(names.CORE, "message")).text = failure.message


def _bytes(root: etree._Element) -> bytes:
    etree.cleanup_namespaces(root, keep_ns_prefixes=list(names.PREFIXES))
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")
