"""The guarded session, against a real HTTP server on loopback."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
import responses

from connectors import transport
from connectors.transport import (
    AnswerTooLargeError,
    HostRefusedError,
    RouteError,
    ServerClock,
    is_known_host,
    open_session,
)
from tests.unit.connectors.salesforce_org import StillClock

Answer = Callable[[BaseHTTPRequestHandler], None]
SETTING = "connections.salesforce.base_url"


@contextmanager
def serving(answer: Answer) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        def log_message(self, format: str, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def reply(handler: BaseHTTPRequestHandler, body: bytes, status: int = 200, **headers: str) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(body)))
    handler.send_header("Connection", "close")
    handler.end_headers()
    handler.wfile.write(body)


def session(base_url: str | None, seconds: float = 5, clock: StillClock | None = None) -> transport.Transport:
    return open_session(
        base_url=base_url, timeout=timedelta(seconds=seconds), clock=clock or StillClock(), setting=SETTING
    )


def test_every_https_request_goes_to_the_loopback_with_its_host_kept() -> None:
    seen = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        seen.append((handler.headers["Host"], handler.path))
        reply(handler, b"ok")

    with serving(answer) as base, session(base).session as http:
        for url in ("https://acme.my.salesforce.com/a?b=c%20d", "https://other.example/x"):
            assert http.get(url).text == "ok"
    assert seen == [("acme.my.salesforce.com", "/a?b=c%20d"), ("other.example", "/x")]


@pytest.mark.parametrize(
    "base", ["http://10.1.2.3:80", "http://example.com", "http://127.0.0.1.evil.example", "http://[2001:db8::1]"]
)
def test_a_base_url_beyond_loopback_is_refused_by_setting_name(base: str) -> None:
    with pytest.raises(RouteError, match=r"connections\.salesforce\.base_url.*not a loopback"):
        session(base)


@pytest.mark.parametrize("base", ["127.0.0.1:80", "file:///etc/passwd", "http://127.0.0.1/x", "http://u:p@127.0.0.1"])
def test_a_malformed_base_url_is_refused_without_showing_credentials_in_it(base: str) -> None:
    with pytest.raises(RouteError, match=r"connections\.salesforce\.base_url"):
        session(base)


@pytest.mark.parametrize("base", ["http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1", "https://127.8.9.1"])
def test_loopback_addresses_are_accepted(base: str) -> None:
    assert session(base).server_clock.offset is None


@pytest.mark.parametrize(
    ("url", "known"),
    [
        ("https://acme.my.salesforce.com/x", True),
        ("https://login.salesforce.com", True),
        ("https://1234567-sb1.suitetalk.api.netsuite.com/services", True),
        ("http://acme.my.salesforce.com", False),
        ("https://salesforce.com.evil.example", False),
        ("https://evilsalesforce.com", False),
        ("https://acme.my.salesforce.com@evil.example/", False),
        ("https://suitetalk.api.netsuite.com.evil.example", False),
    ],
)
def test_only_https_on_the_systems_own_hosts_is_known(url: str, known: bool) -> None:
    assert is_known_host(url) is known


def test_nothing_is_sent_to_an_unknown_host() -> None:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.get("https://evil.example/", body="caught")
        mock.get("http://acme.my.salesforce.com/", body="caught")
        for url in ("https://evil.example/", "http://acme.my.salesforce.com/"):
            with pytest.raises(HostRefusedError):
                session(None).session.get(url)
        assert len(mock.calls) == 0


def test_redirects_are_not_followed() -> None:
    with serving(lambda handler: reply(handler, b"", 302, Location="https://evil.example/")) as base:
        assert session(base).session.get("https://acme.my.salesforce.com/").status_code == 302


def test_cookies_are_neither_kept_nor_sent() -> None:
    seen = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        seen.append(handler.headers["Cookie"])
        reply(handler, b"ok", Set_Cookie="BrowserId=1; Path=/")

    with serving(answer) as base:
        http = session(base).session
        http.get("https://acme.my.salesforce.com/")
        http.get("https://acme.my.salesforce.com/")
    assert seen == [None, None]


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with serving(lambda handler: reply(handler, b"direct")) as base:
        assert session(base).session.get("https://acme.my.salesforce.com/").text == "direct"


def test_a_silent_server_ends_in_a_timeout() -> None:
    release = threading.Event()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        release.wait(5)

    with serving(answer) as base:
        try:
            with pytest.raises(requests.Timeout):
                session(base, seconds=0.2).session.get("https://acme.my.salesforce.com/")
        finally:
            release.set()


def test_an_answer_beyond_the_limit_is_cut_off_even_when_it_comes_compressed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "LARGEST_ANSWER", 1_000_000)
    packed = gzip.compress(b"0" * 2_000_000)
    assert len(packed) < 10_000
    serve = serving(lambda handler: reply(handler, packed, Content_Encoding="gzip"))
    with serve as base, pytest.raises(AnswerTooLargeError):
        session(base).session.get("https://acme.my.salesforce.com/")


def test_an_answer_that_breaks_off_is_an_error_not_a_short_body() -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "100")
        handler.end_headers()
        handler.wfile.write(b"half")
        handler.close_connection = True

    with serving(answer) as base, pytest.raises(requests.RequestException):
        session(base).session.get("https://acme.my.salesforce.com/")


def test_the_servers_clock_is_learned_from_its_answers() -> None:
    clock = StillClock(datetime(2026, 11, 1, 12, tzinfo=UTC))
    with responses.RequestsMock() as mock:
        mock.get("https://acme.my.salesforce.com/", headers={"Date": "Sun, 01 Nov 2026 12:05:00 GMT"})
        opened = session(None, clock=clock)
        assert opened.server_clock.now() == clock.now()
        opened.session.get("https://acme.my.salesforce.com/")
    assert opened.server_clock.offset == timedelta(minutes=5)
    clock.sleep(60)
    assert opened.server_clock.now() == datetime(2026, 11, 1, 12, 6, tzinfo=UTC)


@pytest.mark.parametrize("headers", [{}, {"Date": ""}, {"Date": "yesterday"}])
def test_an_unusable_date_teaches_nothing(headers: dict[str, str]) -> None:
    clock = ServerClock(StillClock())
    assert clock.learn(headers) is None
    assert clock.offset is None
