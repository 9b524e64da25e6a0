"""What ``add``, ``update``, ``upsert``, ``get``, their lists, ``initialize`` and ``getServerTime`` do to records."""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree

from sandbox.netsuite import names, outgoing
from sandbox.netsuite.draft import Draft, settle
from sandbox.netsuite.envelope import Call
from sandbox.netsuite.failure import RecordError, SoapFaultError, record_missing, unexpected_element
from sandbox.netsuite.incoming import RecordReader, xsi_type
from sandbox.netsuite.initialize import prefilled
from sandbox.netsuite.ledger import Ledger
from sandbox.netsuite.names import tag
from sandbox.netsuite.outgoing import Written
from sandbox.netsuite.record_types import ITEM_KINDS, RECORD_TYPES, WRITABLE
from sandbox.netsuite.references import Ref, lookup
from sandbox.netsuite.rules import saved
from sandbox.store import Body

WRITES = ("add", "update", "upsert")
WRITE_LISTS: Mapping[str, int] = {"addList": 200, "updateList": 100, "upsertList": 100}
"""Operations on several records, and how many one request may hold (Oracle, "SOAP Web Services Record Limits")."""

GET_LIST_LIMIT = 1000


class Operations:
    """Carries out one account's SOAP operations; each write is one transaction of the store."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._writer = outgoing.RecordWriter(ledger)

    def perform(self, call: Call, keys: list[str]) -> etree._Element:
        """Return the operation's answer; a record that is refused is an answer too.

        Args:
            call: the request.
            keys: receives the ids of the records concerned, for the request log.

        Raises:
            SoapFaultError: the request is not one that the schema allows.
        """
        name = call.name
        if name in WRITES:
            record = only_child(call.operation, "record")
            return outgoing.write_response(name, self._written(name, call, record, keys))
        if name in WRITE_LISTS:
            records = children(call.operation, "record", WRITE_LISTS[name])
            one = name.removesuffix("List")
            return outgoing.write_list_response(name, [self._written(one, call, record, keys) for record in records])
        if name == "get":
            return outgoing.read_response(name, self._read(only_child(call.operation, "baseRef"), keys))
        if name == "getList":
            references = children(call.operation, "baseRef", GET_LIST_LIMIT)
            return outgoing.read_list_response(name, [self._read(reference, keys) for reference in references])
        if name == "initialize":
            return outgoing.read_response(name, self._initialized(only_child(call.operation, "initializeRecord"), keys))
        if name == "getServerTime":
            return outgoing.server_time(self._ledger.now())
        raise SoapFaultError(f"No such operation '{name}'", faultcode="soapenv:Client")

    def _written(self, operation: str, call: Call, element: etree._Element, keys: list[str]) -> Written:
        keys += [value for value in (element.get("externalId"), element.get("internalId")) if value]
        kind = WRITABLE.get(xsi_type(element))
        type_ = kind.name if kind else ""
        given = ("", "") if operation == "add" else (element.get("internalId", ""), element.get("externalId", ""))
        try:
            draft = RecordReader(ignore_read_only=call.ignore_read_only).read(element)
            with self._ledger.store.transaction():
                saved = self._commit(operation, draft)
        except RecordError as failure:
            internal_id, external_id = given if type_ else ("", "")
            return Written(type=type_, internal_id=internal_id, external_id=external_id, failure=failure)
        keys.append(str(saved["id"]))
        return Written(type=type_, internal_id=str(saved["id"]), external_id=str(saved.get("externalId") or ""))

    def _commit(self, operation: str, draft: Draft) -> Body:
        base = self._base(operation, draft)
        if base is None:
            self._ledger.claim_external_id(draft.kind.name, draft.external_id, None)
        settle(self._ledger, draft)
        return saved(self._ledger, base, draft)

    def _base(self, operation: str, draft: Draft) -> Body | None:
        """Return the record to change; None: a new one."""
        if operation == "add":
            return None
        if operation == "upsert":
            if draft.internal_id:
                raise RecordError("USER_ERROR", "You cannot set internalId with upsert.")
            if not draft.external_id:
                raise RecordError("EXTERNALID_REQD", "An external id is required for upsert.")
        elif not draft.internal_id and not draft.external_id:
            raise RecordError("KEY_REQD", "A key is required: set internalId or externalId.")
        ref = Ref(target=draft.kind.name, internal_id=draft.internal_id, external_id=draft.external_id)
        found = lookup(self._ledger, ref)
        if found is None and operation == "update":
            raise record_missing()
        return found

    def _read(self, element: etree._Element, keys: list[str]) -> outgoing.Found:
        if xsi_type(element) != (names.CORE, "RecordRef"):
            return None, RecordError("INVALID_RCRD_REF", "The sandbox reads records by RecordRef only.")
        type_, internal_id, external_id = (element.get(name, "") for name in ("type", "internalId", "externalId"))
        keys += [value for value in (external_id, internal_id) if value]
        try:
            return self._found(type_, internal_id, external_id), None
        except RecordError as failure:
            return None, failure

    def _initialized(self, element: etree._Element, keys: list[str]) -> outgoing.Found:
        type_ = element.findtext(tag(names.CORE, "type"), "").strip()
        reference = element.find(tag(names.CORE, "reference"))
        kind = RECORD_TYPES.get(type_)
        if kind is None or reference is None:
            return None, RecordError("INITIALIZE_ARG_REQD", "initialize needs a type of this account and a reference.")
        ids = {"internal_id": reference.get("internalId", ""), "external_id": reference.get("externalId", "")}
        keys += [value for value in ids.values() if value]
        try:
            with self._ledger.store.transaction():
                body = prefilled(self._ledger, type_, Ref(target=reference.get("type", ""), **ids))
        except RecordError as failure:
            return None, failure
        return self._writer.record(kind, body), None

    def _found(self, type_: str, internal_id: str, external_id: str) -> etree._Element:
        if not type_:
            raise RecordError("RCRD_TYPE_REQD", "The record type is required.")
        kind = RECORD_TYPES.get(type_)
        if kind is None:
            raise RecordError("INVALID_RCRD_TYPE", f"The record type {type_} is not held by this account.")
        body = lookup(self._ledger, Ref(target=type_, internal_id=internal_id, external_id=external_id))
        if body is None or (type_ in ITEM_KINDS and body.get("itemType") != ITEM_KINDS[type_]):
            raise record_missing()
        return self._writer.record(kind, body)


def only_child(operation: etree._Element, name: str) -> etree._Element:
    """Return an operation's single argument.

    Raises:
        SoapFaultError: there is another number of arguments, or another one.
    """
    if len(operation) != 1 or operation[0].tag != tag(names.MESSAGES, name):
        found = next((etree.QName(child).localname for child in operation), "nothing")
        raise unexpected_element(etree.QName(operation).localname, found)
    return operation[0]


def children(operation: etree._Element, name: str, limit: int) -> list[etree._Element]:
    """Return an operation's arguments, of which there may be several.

    Raises:
        SoapFaultError: there is none, another one, or more than one request may hold.
    """
    for child in operation:
        if child.tag != tag(names.MESSAGES, name):
            raise unexpected_element(etree.QName(operation).localname, etree.QName(child).localname)
    if not len(operation):
        raise unexpected_element(etree.QName(operation).localname, "nothing")
    if len(operation) > limit:
        message = f"The maximum number of records allowed for a {etree.QName(operation).localname} operation is {limit}"
        raise SoapFaultError(message, kind="exceededRecordCountFault", code="MAX_RCRDS_EXCEEDED")
    return list(operation)


def describe(call: Call) -> str:
    """Return what a call asks for in a few words: ``add salesOrder``."""
    argument = call.operation[0] if len(call.operation) else None
    if argument is None:
        return call.name
    if call.name in ("get", "getList"):
        return f"{call.name} {argument.get('type', '')}".strip()
    if call.name == "initialize":
        return f"initialize {argument.findtext(tag(names.CORE, 'type'), '').strip()}".strip()
    try:
        kind = WRITABLE.get(xsi_type(argument))
    except SoapFaultError:
        return call.name
    return f"{call.name} {kind.name if kind else xsi_type(argument)[1]}"
