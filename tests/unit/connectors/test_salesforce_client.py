"""Signing in, renewal, error typing and what a message may say."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
import requests
import responses

from config.secrets import SecretError
from connectors.errors import (
    AccessDeniedError,
    AuthenticationError,
    ConnectorError,
    ProtocolError,
    QuotaExhaustedError,
    RateLimitedError,
    SchemaError,
    TransientError,
    UnreachableError,
)
from connectors.retry import Remote
from connectors.salesforce import connect
from connectors.salesforce.auth import TokenProvider
from connectors.salesforce.client import Usage
from connectors.salesforce.faults import connector_error
from connectors.transport import RouteError, open_session
from tests.unit.connectors.salesforce_org import (
    ENVIRON,
    URL,
    FakeOrg,
    MidRandom,
    StillClock,
    connection,
    fault,
    html,
    js,
    page,
    settings,
)


@pytest.fixture
def org() -> Iterator[FakeOrg]:
    fake = FakeOrg()
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        fake.install(mock)
        yield fake


def read(org: FakeOrg, clock: StillClock | None = None) -> object:
    return connection(clock).client.read("limits", what="reading the limits")


def test_a_second_401_stops_after_one_renewal(org: FakeOrg) -> None:
    org.script = [fault(401, "INVALID_SESSION_ID", "Session expired or invalid")] * 5
    with pytest.raises(AuthenticationError):
        read(org)
    assert (len(org.calls), org.signed_in) == (2, 2)


def test_a_401_with_an_html_body_is_renewed_too(org: FakeOrg) -> None:
    org.script = [html(401), js({"ok": True})]
    assert read(org) == {"ok": True}


def test_refused_credentials_name_setting_and_cure_and_never_the_secret(org: FakeOrg) -> None:
    text = f"invalid client secret {ENVIRON['SF_SECRET']} for {ENVIRON['SF_ID']}"
    org.sign_ins = [js({"error": "invalid_client", "error_description": text}, 400)]
    with pytest.raises(AuthenticationError, match=r"connections\.salesforce\.auth\.client_secret") as caught:
        read(org)
    shown = f"{caught.value} {caught.value!r} {caught.value.__cause__!r}"
    assert ENVIRON["SF_SECRET"] not in shown
    assert ENVIRON["SF_ID"] not in shown
    assert URL in shown


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (html(200), ProtocolError),
        (html(404), ProtocolError),
        (js({"access_token": "x"}), ProtocolError),
        (js({"access_token": "x", "instance_url": "https://evil.example"}), ProtocolError),
        (js({"access_token": "x", "instance_url": "http://acme.my.salesforce.com"}), ProtocolError),
        (
            js({"error": "invalid_grant", "error_description": "no client credentials user enabled"}, 400),
            AuthenticationError,
        ),
        (js({"error": "invalid_grant", "error_description": "login rate exceeded"}, 400), RateLimitedError),
        (html(503), UnreachableError),
        (requests.ReadTimeout(), UnreachableError),
    ],
)
def test_a_failed_sign_in_is_typed(org: FakeOrg, answer: object, kind: type[ConnectorError]) -> None:
    org.sign_ins = [answer] * 9  # type: ignore[list-item]
    with pytest.raises(kind):
        read(org)
    assert org.calls == []


def test_many_threads_share_one_sign_in(org: FakeOrg) -> None:
    transport = open_session(base_url=None, timeout=timedelta(seconds=1), clock=StillClock(), setting="x")
    remote = Remote(connection="salesforce", url=URL, setting="connections.salesforce.url")
    tokens = TokenProvider(settings(), remote=remote, session=transport.session, environ=ENVIRON)
    first = tokens.current()
    got = []
    threads = [threading.Thread(target=lambda: got.append(tokens.renew(first))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert org.signed_in == 2
    assert {token.access.reveal() for token in got} == {"token-2"}
    assert "token-1" not in repr(first)


def test_an_api_version_that_the_org_lacks_is_refused_once_with_the_setting(org: FakeOrg) -> None:
    org.versions = ("65.0", "66.0")
    with pytest.raises(ProtocolError, match=r"newest is 66\.0.*connections\.salesforce\.api_version"):
        read(org)
    assert org.calls == []


def test_a_throttled_read_waits_and_runs_with_fewer_slots(org: FakeOrg) -> None:
    clock = StillClock()
    org.script = [fault(403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests Limit exceeded."), js({"ok": True})]
    assert read(org, clock) == {"ok": True}
    assert clock.slept == [0.5]


def test_a_spent_daily_budget_stops_at_once(org: FakeOrg) -> None:
    org.script = [fault(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")]
    with pytest.raises(QuotaExhaustedError, match="24 hours"):
        read(org)
    assert len(org.calls) == 1


def test_requests_are_counted_and_the_budget_is_remembered_from_error_answers_too(org: FakeOrg) -> None:
    org.script = [page(), fault(400, "MALFORMED_ID")]
    opened = connection()
    opened.client.read("query", what="a query")
    assert opened.client.request_count == 2
    assert opened.client.usage == Usage(used=18, limit=5000)
    with pytest.raises(ConnectorError):
        opened.client.read("x", what="x")
    assert opened.client.request_count == 3


def test_no_pretty_print_and_full_pages_are_asked_for(org: FakeOrg) -> None:
    org.script = [js({"ok": True})]
    read(org)
    headers = org.calls[0].headers
    assert "X-PrettyPrint" not in headers
    assert headers["Sforce-Query-Options"] == "batchSize=2000"


def test_a_server_error_message_never_carries_the_token_or_the_query(org: FakeOrg) -> None:
    org.script = [fault(400, "SOMETHING", "odd")]
    with pytest.raises(ConnectorError) as caught:
        read(org)
    assert "token-1" not in f"{caught.value} {caught.value.__cause__!r} {caught.value.args}"
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("status", "code", "message", "kind"),
    [
        (401, "INVALID_SESSION_ID", "", AuthenticationError),
        (400, "UNABLE_TO_LOCK_ROW", "", TransientError),
        (403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", QuotaExhaustedError),
        (
            403,
            "REQUEST_LIMIT_EXCEEDED",
            "ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
            RateLimitedError,
        ),
        (503, "SERVER_UNAVAILABLE", "", TransientError),
        (500, "UNKNOWN_EXCEPTION", "", TransientError),
        (400, "QUERY_TIMEOUT", "", TransientError),
        (400, "INVALID_QUERY_LOCATOR", "", ProtocolError),
        (403, "API_DISABLED_FOR_ORG", "", AccessDeniedError),
        (403, "INSUFFICIENT_ACCESS_OR_READONLY", "", AccessDeniedError),
        (403, "SOMETHING_ELSE", "", AccessDeniedError),
        (400, "MALFORMED_QUERY", "unexpected token", SchemaError),
        (400, "INVALID_TYPE", "sObject type 'X' is not supported.", SchemaError),
        (400, "INVALID_FIELD", "No such column 'A' on entity 'B'.", SchemaError),
        (404, "NOT_FOUND", "", ConnectorError),
        (400, "MALFORMED_ID", "", ConnectorError),
    ],
)
def test_an_error_is_typed_by_its_code(status: int, code: str, message: str, kind: type[ConnectorError]) -> None:
    content = [{"errorCode": code, "message": message, "fields": []}]
    error = connector_error(status, content, connection="salesforce", what="testing")
    assert type(error) is kind
    assert error.code == code


@pytest.mark.parametrize(
    ("status", "content", "kind", "code"),
    [
        (502, "<html>bad gateway</html>", TransientError, "HTTP_502"),
        (429, "slow down", RateLimitedError, "HTTP_429"),
        (302, "", ProtocolError, "HTTP_302"),
        (404, "<html>", ProtocolError, "HTTP_404"),
        (414, "", ProtocolError, "HTTP_414"),
        (400, {"error": "invalid_grant", "error_description": "expired"}, AuthenticationError, "invalid_grant"),
        (400, {"exceptionCode": "InvalidX", "exceptionMessage": "y"}, ConnectorError, "InvalidX"),
        (400, [], ProtocolError, "HTTP_400"),
    ],
)
def test_every_body_form_is_understood(status: int, content: object, kind: type[ConnectorError], code: str) -> None:
    error = connector_error(status, content, connection="salesforce", what="testing")
    assert (type(error), error.code) == (kind, code)


@pytest.mark.parametrize(
    "changes",
    [
        {"url": "http://acme.my.salesforce.com"},
        {"url": "https://salesforce.com.evil.example"},
        {"url": "acme.my.salesforce.com"},
        {"base_url": "http://10.0.0.1:8601"},
        {"base_url": "http://127.0.0.1:8601/path"},
        {"base_url": "ftp://127.0.0.1"},
    ],
)
def test_an_address_that_may_not_be_used_is_refused_by_setting(changes: dict[str, str]) -> None:
    with pytest.raises(RouteError, match=rf"^connections\.salesforce\.{next(iter(changes))}:"):
        connection(None, **changes)


def test_a_missing_secret_is_noticed_when_connecting() -> None:
    with pytest.raises(SecretError, match=r"sync\.toml:5.*SF_ID"):
        connect(settings(), clock=StillClock(), random=MidRandom(), environ={})


def test_an_unreachable_org_names_address_and_setting_after_few_tries() -> None:
    clock = StillClock()
    with pytest.raises(
        UnreachableError, match=r"http://127\.0\.0\.1:1: connection refused.*connections\.salesforce\.base_url"
    ):
        connection(clock, base_url="http://127.0.0.1:1").reader.server_time()
    assert len(clock.slept) == 2


def test_the_client_library_is_loaded_only_when_a_connection_is_opened() -> None:
    code = (
        "import sys, connectors.salesforce; sys.exit('simple_salesforce' in sys.modules or 'requests' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
