"""The SOAP endpoint: version, login, concurrency, then the operation; faults come with HTTP status 500."""

from __future__ import annotations

import re

from lxml import etree

from sandbox.http import Request, Response
from sandbox.netsuite import names, outgoing
from sandbox.netsuite.audit import LoginAudit
from sandbox.netsuite.envelope import Call, read_call
from sandbox.netsuite.failure import SoapFaultError
from sandbox.netsuite.login import Login, LoginError
from sandbox.netsuite.operations import Operations, describe
from sandbox.netsuite.pool import Pool, PoolFullError

PATH = re.compile(r"/services/NetSuitePort_(\d{4}_\d)")
MEDIA_TYPE = "text/xml;charset=utf-8"
BLOCKED = "SuiteTalk concurrent request limit exceeded. Request blocked."


class SoapEndpoint:
    """Answers ``POST /services/NetSuitePort_2025_2``."""

    def __init__(self, *, operations: Operations, login: Login, audit: LoginAudit, pool: Pool, account: str) -> None:
        self._operations = operations
        self._login = login
        self._audit = audit
        self._pool = pool
        self._account = account

    def __call__(self, request: Request, version: str) -> Response:
        """Answer one request to the endpoint of that version."""
        try:
            self._check_version(version)
            return self._answer(request)
        except SoapFaultError as error:
            text = outgoing.fault(error).decode()
            if re.fullmatch(r"\d{4}_\d", version):
                text = text.replace(names.VERSION, version)
            return Response.of_text(text, MEDIA_TYPE, 500)

    def _answer(self, request: Request) -> Response:
        call = read_call(request.body)
        self._check_login(call, request)
        try:
            with self._pool.slot():
                if request.fault is not None and request.fault.action == "concurrency":
                    raise PoolFullError
                content = self._perform(call, request)
                request.work()
        except PoolFullError as error:
            raise SoapFaultError(
                BLOCKED, kind="exceededConcurrentRequestLimitFault", code="WS_REQUEST_BLOCKED"
            ) from error
        document_id = f"WEBSERVICES_{self._account}_{request.ordinal:012d}"
        return Response.of_text(outgoing.envelope(document_id, content).decode(), MEDIA_TYPE)

    def _perform(self, call: Call, request: Request) -> etree._Element:
        action = "" if request.fault is None else request.fault.action
        if action == "unexpected":
            raise unexpected(request.ordinal)
        content = self._operations.perform(call, request.keys)
        if action == "unexpected_after":
            raise unexpected(request.ordinal)
        return content

    def _check_version(self, version: str) -> None:
        if version != names.VERSION:
            raise SoapFaultError(
                f"The endpoint version {version} is not available; the sandbox speaks {names.VERSION}.",
                kind="invalidVersionFault",
                code="INVALID_WS_VERSION",
            )

    def _check_login(self, call: Call, request: Request) -> None:
        try:
            if request.fault is not None and request.fault.action == "login":
                raise LoginError("refused by a fault rule")
            if call.passport is None:
                raise LoginError("no tokenPassport in the header")
            if call.has_application:
                raise LoginError("applicationInfo together with a token passport")
            self._login.check_passport(call.passport)
        except LoginError as error:
            self._audit.note("SOAP", str(error))
            raise SoapFaultError(
                "Invalid login attempt.", kind="invalidCredentialsFault", code="INVALID_LOGIN_CREDENTIALS"
            ) from error


def unexpected(ordinal: int) -> SoapFaultError:
    """Return the fault for an error of the server's own."""
    error_id = f"{ordinal:020d}".translate(str.maketrans("0123456789", "hqxjzwvkpm"))
    message = f"An unexpected error occurred. Error ID: {error_id}"
    return SoapFaultError(message, kind="unexpectedErrorFault", code="UNEXPECTED_ERROR")


def operation_of(request: Request) -> str:
    """Return what a SOAP request asks for, without any effect."""
    try:
        return describe(read_call(request.body))
    except SoapFaultError:
        return "soap"
