"""Reads over SOAP, where only the record itself is consistent enough. Repeated for passing causes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from lxml import etree

from connectors.errors import ConnectorError
from connectors.governor import Governor
from connectors.netsuite import billing, codes
from connectors.netsuite.answers import Fault, Result, ServerTime, read_answer
from connectors.netsuite.patience import PatientReads
from connectors.netsuite.read_errors import ReadErrors
from connectors.netsuite.safe_xml import ForbiddenXmlError, XmlError, is_web_page
from connectors.netsuite.soap import Exchange, SoapClient
from connectors.receivables import Billable
from connectors.retry import Remote, typed

T = TypeVar("T")


class SoapReads:
    """Record ``get``, what ``initialize`` offers, and the server's time.

    Args:
        soap: the account's endpoint.
        retry: repeats reads that failed for a passing cause.
        governor: limits the requests in flight.
        remote: the account as messages name it.
    """

    def __init__(self, *, soap: SoapClient, retry: PatientReads, governor: Governor, remote: Remote) -> None:
        self._soap = soap
        self._retry = retry
        self._governor = governor
        self._remote = remote
        self._errors = ReadErrors(remote, governor, soap.redacted)

    def get(
        self, type_: str, convert: Callable[[etree._Element], T], external_id: str | None, internal_id: str | None
    ) -> T | None:
        """Return the converted record, or None when NetSuite says that it does not exist.

        Args:
            type_: record type such as ``salesOrder``.
            convert: makes the value out of the ``record`` element.
            external_id: one of the two ids is given.
            internal_id: the other way to name the record.

        Raises:
            ConnectorError: the read failed; that says nothing about the record.
            ValueError: not exactly one id was given.
        """
        if bool(external_id) == bool(internal_id):
            raise ValueError("give either the external or the internal id of a record")
        name = {"externalId": external_id} if external_id else {"internalId": internal_id}
        what = f"reading the {type_} {external_id or internal_id}"

        def read() -> T | None:
            reference = self._soap.types.new("core:RecordRef", type=type_, **name)
            answer = self._answer("get", {"baseRef": reference}, what)
            if not isinstance(answer, Result) or answer.operation != "get":
                raise self._errors.unexpected(what, "the answer belongs to another operation.")
            return self._converted(answer, convert, what)

        return self._retry.call(read)

    def billable(self, order_id: str, convert: Callable[[etree._Element], Billable]) -> Billable:
        """Return what NetSuite would put on an invoice of a sales order now, or why it refuses; nothing is saved.

        Args:
            order_id: internal id of the sales order.
            convert: reads the prefilled invoice.

        Raises:
            ConnectorError: the question could not be answered; that says nothing about the order.
        """
        what = f"asking what can be billed of the salesOrder {order_id}"

        def read() -> Billable:
            reference = self._soap.types.new("core:InitializeRef", type="salesOrder", internalId=order_id)
            wanted = self._soap.types.new("core:InitializeRecord", type="invoice", reference=reference)
            answer = self._answer("initialize", {"initializeRecord": wanted}, what)
            if not isinstance(answer, Result) or answer.operation != "initialize":
                raise self._errors.unexpected(what, "the answer belongs to another operation.")
            refusal = billing.refused(order_id, answer.leading) if answer.success is False else None
            return refusal or self._record(answer, convert, what)

        return self._retry.call(read)

    def server_time(self) -> datetime:
        """Return NetSuite's own clock, aware UTC, from a fresh answer.

        Raises:
            ConnectorError: the read failed.
        """
        what = "asking NetSuite for its time"

        def read() -> datetime:
            answer = self._answer("getServerTime", {}, what)
            if not isinstance(answer, ServerTime):
                raise self._errors.unexpected(what, "the answer carries no time.")
            return answer.moment

        return self._retry.call(read)

    def _converted(self, answer: Result, convert: Callable[[etree._Element], T], what: str) -> T | None:
        if answer.success is False and answer.code in codes.ABSENT:
            return None
        return self._record(answer, convert, what)

    def _record(self, answer: Result, convert: Callable[[etree._Element], T], what: str) -> T:
        if answer.success is not True:
            raise self._errors.of_code(what, answer.code, answer.leading.message)
        if answer.record is None:
            raise self._errors.unexpected(what, "the answer holds no record.")
        try:
            return convert(answer.record)
        except XmlError as error:
            raise self._errors.unexpected(what, f"{error}.") from error

    def _answer(self, operation: str, parameters: dict[str, Any], what: str) -> Result | ServerTime:
        with typed(self._remote, what), self._governor.slot():
            exchange = self._soap.call(operation, parameters)
        try:
            answer = read_answer(exchange.body)
        except XmlError as error:
            raise self._unreadable(exchange, what, error) from error
        if isinstance(answer, Fault):
            raise self._errors.of_fault(what, answer)
        if exchange.status != 200:
            raise self._errors.of_status(what, exchange.status)
        return answer

    def _unreadable(self, exchange: Exchange, what: str, error: XmlError) -> ConnectorError:
        if exchange.status != 200:
            return self._errors.of_status(what, exchange.status)
        if is_web_page(exchange.body):
            return self._errors.web_page(what, "XML")
        if isinstance(error, ForbiddenXmlError):
            return self._errors.forbidden_xml(what)
        return self._errors.unexpected(what, f"the answer cannot be read ({error}).")
