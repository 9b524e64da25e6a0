"""What a write's answer, or the lack of one, proves. An allow-list: everything else is ambiguous."""

from __future__ import annotations

import hashlib

import requests

from connectors.errors import ConnectorError
from connectors.netsuite import codes
from connectors.netsuite.answers import Fault, Result, ServerTime, read_answer
from connectors.netsuite.safe_xml import XmlError, is_web_page
from connectors.records import WriteOutcome, WriteRequest, WriteStatus
from connectors.retry import Remote, connector_error, unsent_reason

SEND_WINDOW_PASSED = WriteOutcome(
    status="no_op",
    code="SEND_WINDOW_PASSED",
    message="The time in which this write might leave had passed, so it was not sent.",
)
TOO_LARGE = WriteOutcome(
    status="rejected",
    code="REQUEST_TOO_LARGE",
    message="The record is larger than NetSuite takes in one request, so it was not sent.",
)
LOGIN_LOST = WriteOutcome(
    status="no_op",
    code="LOGIN_LOST",
    message="NetSuite refused the login several times, so nothing more was sent.",
)
PASSING_NO_OPS = codes.THROTTLED | {"HTTP_429", "RETRY_AFTER", "UNREACHABLE", "REFUSED", "SEND_WINDOW_PASSED"}
"""Codes of a write that was not carried out for a cause that passes; any other says that nobody is let in."""
LONGEST_MESSAGE = 1000


def of_answer(request: WriteRequest, status: int, body: bytes) -> WriteOutcome:
    """Classify an answer by its HTTP status and body. Never raises."""
    sha = hashlib.sha256(body).hexdigest()
    if status == 429:
        return _outcome("no_op", "HTTP_429", "NetSuite asks to slow down (HTTP 429).", sha)
    try:
        answer = read_answer(body)
    except XmlError as error:
        return _without_envelope(status, body, error, sha)
    if isinstance(answer, Fault):
        return _of_fault(answer, sha)
    if isinstance(answer, ServerTime) or answer.operation != request.op:
        return _outcome("ambiguous", "UNPARSABLE", "The answer belongs to another operation.", sha)
    if status != 200:
        return _outcome("ambiguous", f"HTTP_{status}", f"NetSuite answered with HTTP {status}.", sha)
    return _of_result(request, answer, sha)


def of_failure(error: requests.RequestException, remote: Remote) -> WriteOutcome:
    """Classify a request that got no answer: a no-op only when no byte can have left."""
    typed: ConnectorError = connector_error(error, remote, "writing a record")
    refused = typed.code in ("REFUSED", "RETRY_AFTER") and error.response is None
    status: WriteStatus = "no_op" if refused or unsent_reason(error) is not None else "ambiguous"
    return WriteOutcome(status=status, code=typed.code, message=f"{typed.why} {typed.fix}")


def _without_envelope(status: int, body: bytes, error: XmlError, sha: str) -> WriteOutcome:
    if status == 401:
        return _outcome("no_op", "HTTP_401", "NetSuite refused the login (HTTP 401).", sha)
    if status != 200:
        return _outcome("ambiguous", f"HTTP_{status}", f"NetSuite answered with HTTP {status}.", sha)
    if is_web_page(body):
        return _outcome("ambiguous", "HTML_ANSWER", "NetSuite answered with a web page.", sha)
    return _outcome("ambiguous", "UNPARSABLE", f"The answer cannot be read: {error}", sha)


def _of_fault(fault: Fault, sha: str) -> WriteOutcome:
    code = fault.code or fault.name or "SOAP_FAULT"
    message = fault.message or f"NetSuite refused the request ({code})."
    if fault.name in codes.THROTTLE_FAULTS | codes.LOGIN_FAULTS | codes.VERSION_FAULTS:
        return _outcome("no_op", code, message, sha)
    if fault.code in codes.THROTTLED | codes.LOGIN_REFUSED:
        return _outcome("no_op", code, message, sha)
    if fault.name in codes.REFUSED_FAULTS:
        return _outcome("rejected", code, message, sha)
    return _outcome("ambiguous", code, message, sha)


def _of_result(request: WriteRequest, result: Result, sha: str) -> WriteOutcome:
    if result.success is True:
        return _of_success(request, result, sha)
    if result.success is None:
        return _outcome("ambiguous", "UNPARSABLE", "The answer does not say whether the record was saved.", sha)
    leading = result.leading
    code = _closed_period(leading.code, leading.message) or leading.code
    if any(detail.saved_but_failed for detail in result.details):
        return _outcome("ambiguous", leading.code or "AFTER_SUBMIT_FAILED", leading.message, sha)
    return _outcome(_failed(code, leading.message), code or "NO_CODE", leading.message, sha)


def _closed_period(code: str, message: str) -> str:
    """Return the code of a closed period where NetSuite says it in words only, as it often does."""
    says_so = "period" in message.lower() and any(word in message.lower() for word in ("closed", "locked"))
    return "TRAN_PERIOD_CLOSED" if code == "USER_ERROR" and says_so else ""


def _failed(code: str, message: str) -> WriteStatus:
    if code in codes.EXISTS or (code == "USER_ERROR" and "already exists" in message.lower()):
        return "exists"
    if code in codes.CONFLICT:
        return "conflict"
    if code in codes.THROTTLED | codes.LOGIN_REFUSED:
        return "no_op"
    if code in codes.REJECTED:
        return "rejected"
    return "ambiguous"


def _of_success(request: WriteRequest, result: Result, sha: str) -> WriteOutcome:
    if not result.internal_id:
        return _outcome("ambiguous", "NO_INTERNAL_ID", "The answer names no saved record.", sha)
    sent, got = (request.external_id or "").lower(), (result.external_id or "").lower()
    if (sent and got and sent != got) or (request.internal_id or result.internal_id) != result.internal_id:
        return _outcome("ambiguous", "WRONG_RECORD", "The answer names another record than the one sent.", sha)
    return WriteOutcome(
        status="success",
        target_id=result.internal_id,
        warnings=tuple(f"{detail.code}: {detail.message}" for detail in result.details),
        response_sha=sha,
    )


def _outcome(status: WriteStatus, code: str, message: str, sha: str) -> WriteOutcome:
    return WriteOutcome(status=status, code=code, message=message[:LONGEST_MESSAGE], response_sha=sha)
