"""What ``add``, ``update``, ``upsert``, ``get`` and ``getServerTime`` do to the account's records."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType

from lxml import etree

from sandbox.netsuite import customers, names, outgoing, sales_orders
from sandbox.netsuite.draft import Draft, settle
from sandbox.netsuite.envelope import Call
from sandbox.netsuite.failure import RecordError, SoapFaultError, record_missing, unexpected_element
from sandbox.netsuite.incoming import RecordReader, xsi_type
from sandbox.netsuite.ledger import Ledger
from sandbox.netsuite.names import tag
from sandbox.netsuite.record_types import ITEM_KINDS, RECORD_TYPES, WRITABLE
from sandbox.netsuite.references import Ref, lookup
from sandbox.store import Body

RULES: Mapping[str, ModuleType] = {"customer": customers, "salesOrder": sales_orders}
WRITES = ("add", "update", "upsert")


class Operations:
    """Carries out one account's SOAP operations; each write is one transaction of the store."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._writer = outgoing.RecordWriter(ledger)

    def perform(self, call: Call, keys: list[str]) -> etree._Element:
        """Return the operation's answer; a record that is refused is an answer too.

        Args:
            call: the request.
            keys: receives the ids of the record concerned, for the request log.

        Raises:
            SoapFaultError: the request is not one that the schema allows.
        """
        if call.name in WRITES:
            return self._write(call, keys)
        if call.name == "get":
            return self._get(call, keys)
        if call.name == "getServerTime":
            return outgoing.server_time(self._ledger.now())
        raise SoapFaultError(f"No such operation '{call.name}'", faultcode="soapenv:Client")

    def _write(self, call: Call, keys: list[str]) -> etree._Element:
        element = only_child(call.operation, "record")
        keys += [value for value in (element.get("externalId"), element.get("internalId")) if value]
        kind = WRITABLE.get(xsi_type(element))
        type_ = kind.name if kind else ""
        given = ("", "") if call.name == "add" else (element.get("internalId", ""), element.get("externalId", ""))
        try:
            draft = RecordReader(ignore_read_only=call.ignore_read_only).read(element)
            with self._ledger.store.transaction():
                saved = self._commit(call.name, draft)
        except RecordError as failure:
            internal_id, external_id = given if type_ else ("", "")
            return outgoing.write_response(
                call.name, type_=type_, internal_id=internal_id, external_id=external_id, failure=failure
            )
        keys.append(str(saved["id"]))
        return outgoing.write_response(
            call.name, type_=type_, internal_id=str(saved["id"]), external_id=str(saved.get("externalId") or "")
        )

    def _commit(self, operation: str, draft: Draft) -> Body:
        base = self._base(operation, draft)
        rules = RULES[draft.kind.name]
        if base is None:
            self._ledger.claim_external_id(draft.kind.name, draft.external_id, None)
        settle(self._ledger, draft)
        body: Body = rules.built(self._ledger, base, draft)
        if base is None:
            body = rules.added(self._ledger, body)
        self._ledger.save(draft.kind.name, body)
        return body

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

    def _get(self, call: Call, keys: list[str]) -> etree._Element:
        element = only_child(call.operation, "baseRef")
        if xsi_type(element) != (names.CORE, "RecordRef"):
            failure = RecordError("INVALID_RCRD_REF", "The sandbox reads records by RecordRef only.")
            return outgoing.read_response(None, failure)
        type_, internal_id, external_id = (element.get(name, "") for name in ("type", "internalId", "externalId"))
        keys += [value for value in (external_id, internal_id) if value]
        try:
            return outgoing.read_response(self._found(type_, internal_id, external_id))
        except RecordError as failure:
            return outgoing.read_response(None, failure)

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


def describe(call: Call) -> str:
    """Return what a call asks for in a few words: ``add salesOrder``."""
    argument = call.operation[0] if len(call.operation) else None
    if argument is None:
        return call.name
    if call.name == "get":
        return f"get {argument.get('type', '')}".strip()
    try:
        kind = WRITABLE.get(xsi_type(argument))
    except SoapFaultError:
        return call.name
    return f"{call.name} {kind.name if kind else xsi_type(argument)[1]}"
