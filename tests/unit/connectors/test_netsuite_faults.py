"""What each kind of answer proves about a write."""

from __future__ import annotations

import socket
from typing import Any

import pytest
import requests
import urllib3.exceptions

from connectors.netsuite.faults import of_answer, of_failure
from connectors.retry import Remote
from connectors.transport import AnswerTooLargeError, HostRefusedError
from tests.unit.connectors.netsuite_account import (
    Reply,
    add_order,
    detail,
    failed,
    soap,
    soap_fault,
    written,
)

REMOTE = Remote(
    connection="netsuite", url="https://x.suitetalk.api.netsuite.com", setting="connections.netsuite.account"
)
HTML: Reply = (200, {}, "<!DOCTYPE html><html><body>Scheduled maintenance</body></html>")

ANSWERS: list[tuple[str, Reply, str, str]] = [
    ("saved", written(), "success", ""),
    ("saved with a warning", written(details=detail("WARNING", level="WARN")), "success", ""),
    ("saved, script failed", written(details=detail("UNEXPECTED_ERROR", after_submit=True)), "success", ""),
    ("saved without id", written(internal_id=""), "ambiguous", "NO_INTERNAL_ID"),
    ("another record", written(external_id="tieout-so-other"), "ambiguous", "WRONG_RECORD"),
    ("other case of our id", written(external_id="TIEOUT-SO-006HS00001A0000IAA"), "success", ""),
    ("another operation", written("update"), "ambiguous", "UNPARSABLE"),
    ("no status", soap("<m:addResponse><m:writeResponse/></m:addResponse>"), "ambiguous", "UNPARSABLE"),
    ("no result", soap("<m:addResponse/>"), "ambiguous", "UNPARSABLE"),
    ("two answers", soap("<m:addResponse/><m:addResponse/>"), "ambiguous", "UNPARSABLE"),
    ("duplicate", failed(detail("DUP_RCRD", "This record already exists")), "exists", "DUP_RCRD"),
    ("duplicate entity", failed(detail("DUP_ENTITY")), "exists", "DUP_ENTITY"),
    ("duplicate in words", failed(detail("USER_ERROR", "This entity already exists.")), "exists", "USER_ERROR"),
    ("changed meanwhile", failed(detail("RCRD_HAS_BEEN_CHANGED")), "conflict", "RCRD_HAS_BEEN_CHANGED"),
    ("bad reference", failed(detail("INVALID_KEY_OR_REF")), "rejected", "INVALID_KEY_OR_REF"),
    ("closed period", failed(detail("TRAN_PERIOD_CLOSED")), "rejected", "TRAN_PERIOD_CLOSED"),
    ("missing record", failed(detail("RCRD_DSNT_EXIST")), "rejected", "RCRD_DSNT_EXIST"),
    ("too long", failed(detail("EXCEEDED_MAX_FIELD_LENGTH")), "rejected", "EXCEEDED_MAX_FIELD_LENGTH"),
    ("business rule", failed(detail("USER_ERROR", "Please enter a value for amount.")), "rejected", "USER_ERROR"),
    ("no permission", failed(detail("INSUFFICIENT_PERMISSION")), "rejected", "INSUFFICIENT_PERMISSION"),
    ("refused after saving", failed(detail("USER_ERROR", after_submit=True)), "ambiguous", "USER_ERROR"),
    ("a script's own code", failed(detail("ACME_SCRIPT_ERROR")), "ambiguous", "ACME_SCRIPT_ERROR"),
    ("no code at all", failed(""), "ambiguous", "NO_CODE"),
    ("unexpected error", failed(detail("UNEXPECTED_ERROR")), "ambiguous", "UNEXPECTED_ERROR"),
    ("throttled in the status", failed(detail("WS_REQUEST_BLOCKED")), "no_op", "WS_REQUEST_BLOCKED"),
    (
        "the error leads the warning",
        failed(detail("WARNING", level="WARN") + detail("INVALID_KEY_OR_REF")),
        "rejected",
        "INVALID_KEY_OR_REF",
    ),
    (
        "concurrency fault",
        soap_fault("exceededConcurrentRequestLimitFault", "WS_REQUEST_BLOCKED"),
        "no_op",
        "WS_REQUEST_BLOCKED",
    ),
    (
        "session fault",
        soap_fault("exceededRequestLimitFault", "WS_CONCUR_SESSION_DISALLWD"),
        "no_op",
        "WS_CONCUR_SESSION_DISALLWD",
    ),
    (
        "login fault",
        soap_fault("invalidCredentialsFault", "INVALID_LOGIN_CREDENTIALS"),
        "no_op",
        "INVALID_LOGIN_CREDENTIALS",
    ),
    ("old endpoint", soap_fault("invalidVersionFault", "INVALID_VERSION"), "no_op", "INVALID_VERSION"),
    (
        "permission fault",
        soap_fault("insufficientPermissionFault", "INSUFFICIENT_PERMISSION"),
        "rejected",
        "INSUFFICIENT_PERMISSION",
    ),
    ("unexpected fault", soap_fault("unexpectedErrorFault", "UNEXPECTED_ERROR"), "ambiguous", "UNEXPECTED_ERROR"),
    ("usage fault", soap_fault("exceededUsageLimitFault", "USAGE"), "ambiguous", "USAGE"),
    ("fault without detail", soap_fault("", ""), "ambiguous", "SOAP_FAULT"),
    ("web page", HTML, "ambiguous", "HTML_ANSWER"),
    ("nothing", (200, {}, ""), "ambiguous", "UNPARSABLE"),
    ("cut off", (200, {}, written()[2][:-40]), "ambiguous", "UNPARSABLE"),
    ("gateway page", (503, {}, "<html/>"), "ambiguous", "HTTP_503"),
    ("gateway time-out", (504, {}, ""), "ambiguous", "HTTP_504"),
    ("success with an odd status", (500, {}, written()[2]), "ambiguous", "HTTP_500"),
    ("redirect", (302, {}, ""), "ambiguous", "HTTP_302"),
    ("gateway login", (401, {}, ""), "no_op", "HTTP_401"),
    ("gateway throttle", (429, {}, "{}"), "no_op", "HTTP_429"),
    ("entity bomb", (200, {}, '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'), "ambiguous", "UNPARSABLE"),
]


@pytest.mark.parametrize(("reply", "status", "code"), [row[1:] for row in ANSWERS], ids=[row[0] for row in ANSWERS])
def test_an_answer_is_classified_by_the_allow_list(reply: Reply, status: str, code: str) -> None:
    outcome = of_answer(add_order(), reply[0], reply[2].encode())
    assert (outcome.status, outcome.code) == (status, code)
    assert len(outcome.response_sha) == 64
    assert (outcome.target_id == "512") == (status == "success")


def test_a_warning_is_kept_beside_the_success() -> None:
    outcome = of_answer(add_order(), 200, written(details=detail("WARNING", "Credit limit", "WARN"))[2].encode())
    assert outcome.warnings == ("WARNING: Credit limit",)


def refused(reason: Exception) -> requests.ConnectionError:
    pool = urllib3.HTTPSConnectionPool("x.suitetalk.api.netsuite.com")
    return requests.ConnectionError(urllib3.exceptions.MaxRetryError(pool, "/", reason))


NOBODY: Any = None
FAILURES: list[tuple[str, requests.RequestException, str, str]] = [
    ("refused", refused(urllib3.exceptions.NewConnectionError(NOBODY, "refused")), "no_op", "UNREACHABLE"),
    (
        "no such host",
        refused(urllib3.exceptions.NameResolutionError("x", NOBODY, socket.gaierror())),
        "no_op",
        "UNREACHABLE",
    ),
    ("connecting took too long", requests.exceptions.ConnectTimeout(), "no_op", "UNREACHABLE"),
    ("host that is not ours", HostRefusedError("x is not a host of NetSuite"), "no_op", "REFUSED"),
    ("no answer in time", requests.exceptions.ReadTimeout(), "ambiguous", "TIMEOUT"),
    ("reset", requests.ConnectionError(ConnectionResetError(104, "reset")), "ambiguous", "CONNECTION_LOST"),
    ("answer cut", requests.exceptions.ChunkedEncodingError("cut"), "ambiguous", "CONNECTION_LOST"),
    ("answer too large", AnswerTooLargeError("too large", response=requests.Response()), "ambiguous", "REFUSED"),
]


@pytest.mark.parametrize(("error", "status", "code"), [row[1:] for row in FAILURES], ids=[row[0] for row in FAILURES])
def test_a_request_without_an_answer_is_a_no_op_only_if_nothing_can_have_left(
    error: requests.RequestException, status: str, code: str
) -> None:
    outcome = of_failure(error, REMOTE)
    assert (outcome.status, outcome.code) == (status, code)
    assert outcome.message
