"""Writes customers, sales orders and invoices one record a request, and reads single records back."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from dataclasses import replace
from zoneinfo import ZoneInfo

from requests import RequestException

from connectors.fault_points import fault_point
from connectors.forward_clock import ForwardClock
from connectors.governor import Governor
from connectors.netsuite import billing, codes, fields, queries
from connectors.netsuite.faults import LOGIN_LOST, PASSING_NO_OPS, SEND_WINDOW_PASSED, TOO_LARGE, of_answer, of_failure
from connectors.netsuite.readback import read_back
from connectors.netsuite.soap import WRITE, RequestTooLargeError, SendWindowPassedError, SoapClient
from connectors.netsuite.soap_reads import SoapReads
from connectors.netsuite.wire_values import PayloadError
from connectors.ports import Clock
from connectors.receivables import Billable
from connectors.records import ReadBack, WriteOutcome, WriteRequest
from connectors.retry import Remote
from connectors.transactions import OpenTransactionError

Written = tuple[WriteRequest, WriteOutcome]

MOST_REFUSED_LOGINS = 2
"""One refused login may be NetSuite under load; after two in a row nothing more is sent: accounts are locked out."""


class NetSuiteWriter:
    """``connectors.ports.ErpWriter`` over SOAP.

    Args:
        soap: the account's endpoint.
        reads: how single records are read.
        governor: limits the requests in flight.
        slots: size of the thread pool: the configured number of requests in flight.
        zone: zone of the integration user.
        clock: decides whether ``send_by`` has passed; set back, it does not open a window again.
        remote: the account as messages name it.
    """

    def __init__(
        self,
        *,
        soap: SoapClient,
        reads: SoapReads,
        governor: Governor,
        slots: int,
        zone: ZoneInfo,
        clock: Clock,
        remote: Remote,
    ) -> None:
        self._soap = soap
        self._reads = reads
        self._governor = governor
        self._slots = slots
        self._zone = zone
        self._clock = clock
        self._remote = remote
        self._refused_logins = 0

    def write(self, requests: Iterable[WriteRequest]) -> Iterator[Written]:
        """Send the requests with a bounded number in flight; yield each, in the calling thread, as it is answered.

        A request is taken from the iterable, in the calling thread, when a slot is free for it.
        """
        waiting = iter(requests)
        clock = ForwardClock(self._clock)
        self._soap.types  # noqa: B018  loads the schema before the first send window can run out
        with ThreadPoolExecutor(self._slots, thread_name_prefix="netsuite") as pool:
            flying: dict[Future[WriteOutcome], WriteRequest] = {}
            self._launch(pool, waiting, flying, clock)
            while flying:
                done, _ = wait(flying, return_when=FIRST_COMPLETED)
                settled = [(flying.pop(future), future.result()) for future in done]
                self._launch(pool, waiting, flying, clock)
                yield from settled

    def _launch(
        self,
        pool: ThreadPoolExecutor,
        waiting: Iterator[WriteRequest],
        flying: dict[Future[WriteOutcome], WriteRequest],
        clock: ForwardClock,
    ) -> None:
        while len(flying) < self._slots and (request := next(waiting, None)) is not None:
            clock.now()  # the moment at which it was armed, should the wall clock be set back from here on
            # With the caller's context: a transaction that the caller holds must be seen in the thread that sends.
            flying[pool.submit(copy_context().run, self._settled, request, clock)] = request

    def _settled(self, request: WriteRequest, clock: ForwardClock) -> WriteOutcome:
        try:
            return self._send(request, clock)
        except OpenTransactionError:
            raise
        except Exception as error:  # noqa: BLE001  whatever failed here, the request may have left
            what = f"{type(error).__name__} while the answer was being handled"
            return WriteOutcome(status="ambiguous", code="CLIENT_ERROR", message=what)

    def _send(self, request: WriteRequest, clock: ForwardClock) -> WriteOutcome:
        from connectors.netsuite import payload

        fault_point(f"{WRITE}.building")
        try:
            record = payload.record(request, self._soap.types, self._zone)
        except (PayloadError, TypeError, ValueError) as error:
            return WriteOutcome(status="rejected", code="INVALID_PAYLOAD", message=str(error))
        with self._governor.slot():
            if self._refused_logins >= MOST_REFUSED_LOGINS:
                return LOGIN_LOST
            outcome = self._post(request, record, clock)
            self._count_login(outcome)
        if outcome.code in codes.THROTTLED or outcome.code == "HTTP_429":
            self._governor.slow_down()
        return outcome

    def _count_login(self, outcome: WriteOutcome) -> None:
        if outcome.status == "no_op" and outcome.code not in PASSING_NO_OPS:
            self._refused_logins += 1
        elif outcome.status not in ("no_op", "ambiguous"):
            self._refused_logins = 0

    def _post(self, request: WriteRequest, record: object, clock: ForwardClock) -> WriteOutcome:
        def in_time() -> None:
            if request.send_by is not None and clock.now() > request.send_by:
                raise SendWindowPassedError(request.key)

        try:
            exchange = self._soap.call(request.op, {"record": record}, place=WRITE, may_leave=in_time)
        except SendWindowPassedError:
            return SEND_WINDOW_PASSED
        except RequestTooLargeError:
            return TOO_LARGE
        except RequestException as error:
            return of_failure(error, self._remote)
        outcome = of_answer(request, exchange.status, exchange.body)
        sha = hashlib.sha256(exchange.request).hexdigest()
        return replace(outcome, message=self._soap.redacted(outcome.message), request_sha=sha)

    def read_back(
        self, type_: str, *, external_id: str | None = None, internal_id: str | None = None
    ) -> ReadBack | None:
        """Return the record as a strongly consistent ``get`` shows it, or None when it does not exist.

        Raises:
            ConnectorError: the probe failed; that says nothing about the record.
            ValueError: not exactly one of the two ids was given, or the record type is not one that is written.
        """
        fields.body_fields(type_)
        return self._reads.get(type_, lambda record: read_back(type_, record, self._zone), external_id, internal_id)

    def billable(self, order_id: str) -> Billable:
        """Return what NetSuite would put on an invoice of the order now (``initialize``; nothing is saved).

        Raises:
            ConnectorError: the question could not be answered; that says nothing about the order.
            ValueError: it is not a NetSuite internal id.
        """
        id_ = str(queries.internal_id(order_id))
        return self._reads.billable(id_, lambda record: billing.billable(id_, record, self._zone))

    def body_fields(self, type_: str) -> frozenset[str]:
        """Return the body fields that a payload may carry, custom fields excepted.

        Raises:
            ValueError: the record type is not one that is written.
        """
        return frozenset(fields.body_fields(type_))

    def line_fields(self, type_: str) -> frozenset[str]:
        """Return the line fields that a payload may carry, custom fields excepted."""
        return frozenset(fields.line_fields(type_))
