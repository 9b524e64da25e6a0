"""Which failures are tried again, for how long, and what an exception of requests means."""

from __future__ import annotations

import socket
import ssl
import threading
from datetime import timedelta

import pytest
import requests
import urllib3

from connectors.errors import (
    ConnectorError,
    ProtocolError,
    QuotaExhaustedError,
    RateLimitedError,
    TransientError,
    UnreachableError,
)
from connectors.retry import ReadRetry, Remote, typed, unsent_reason
from connectors.transport import AnswerTooLargeError, HostRefusedError, open_session
from tests.unit.connectors.salesforce_org import MidRandom, StillClock

REMOTE = Remote(
    connection="netsuite", url="https://1.suitetalk.api.netsuite.com", setting="connections.netsuite.account"
)


def error(kind: type[ConnectorError]) -> ConnectorError:
    return kind(connection="netsuite", what="reading", why="because.", fix="wait")


class Flaky:
    def __init__(self, *failures: ConnectorError) -> None:
        self.failures = list(failures)
        self.tries = 0

    def __call__(self) -> str:
        self.tries += 1
        if self.failures:
            raise self.failures.pop(0)
        return "read"


def test_passing_failures_are_retried_with_growing_pauses() -> None:
    clock = StillClock()
    read = Flaky(*[error(TransientError)] * 3, error(RateLimitedError))
    assert ReadRetry(clock, MidRandom()).call(read) == "read"
    assert clock.slept == [0.75, 1.5, 3.0, 4.0]


@pytest.mark.parametrize("kind", [QuotaExhaustedError, ProtocolError, ConnectorError])
def test_lasting_failures_are_not_retried(kind: type[ConnectorError]) -> None:
    read = Flaky(error(kind))
    with pytest.raises(kind):
        ReadRetry(StillClock(), MidRandom()).call(read)
    assert read.tries == 1


def test_no_try_begins_after_the_maximal_age() -> None:
    clock = StillClock()
    started = clock.now()
    read = Flaky(*[error(TransientError)] * 50)
    with pytest.raises(TransientError):
        ReadRetry(clock, MidRandom(), max_age=timedelta(seconds=10)).call(read)
    assert clock.now() - started <= timedelta(seconds=10)
    assert read.tries == 4


def test_an_unreachable_system_is_given_up_sooner() -> None:
    read = Flaky(*[error(UnreachableError)] * 50)
    with pytest.raises(UnreachableError):
        ReadRetry(StillClock(), MidRandom()).call(read)
    assert read.tries == 3


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_refused_connection_is_unreachable_and_names_address_and_setting() -> None:
    opened = open_session(
        base_url=f"http://127.0.0.1:{closed_port()}", timeout=timedelta(seconds=2), clock=StillClock(), setting="x"
    )
    expected = r"suitetalk.*connection refused.*connections\.netsuite\.account"
    with pytest.raises(UnreachableError, match=expected), typed(REMOTE, "reading orders"):
        opened.session.get(REMOTE.url)


def test_a_server_that_speaks_no_tls_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"https://127.0.0.1:{server.getsockname()[1]}"
        opened = open_session(base_url=url, timeout=timedelta(seconds=2), clock=StillClock(), setting="x")

        def talk() -> None:
            peer, _ = server.accept()
            with peer:
                peer.recv(1024)
                peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=talk)
        thread.start()
        with pytest.raises(UnreachableError, match="TLS"), typed(REMOTE, "reading orders"):
            opened.session.get(REMOTE.url)
        thread.join()


def wrapped(reason: Exception) -> requests.ConnectionError:
    pool = urllib3.connectionpool.HTTPSConnectionPool("host")
    return requests.ConnectionError(urllib3.exceptions.MaxRetryError(pool, "/", reason))


def test_an_unknown_host_name_was_never_written_to() -> None:
    cause = urllib3.exceptions.NameResolutionError("host", urllib3.connection.HTTPConnection("host"), socket.gaierror())
    assert unsent_reason(wrapped(cause)) == "the host name is not known"


@pytest.mark.parametrize(
    "failure",
    [
        requests.ReadTimeout(),
        requests.ConnectionError("Connection aborted."),
        wrapped(urllib3.exceptions.ProtocolError("Connection aborted.", ConnectionResetError(104, "reset"))),
        wrapped(urllib3.exceptions.SSLError(ssl.SSLError(1, "bad record mac"))),
        requests.exceptions.ChunkedEncodingError(),
    ],
)
def test_what_may_have_reached_the_server_is_never_called_unsent(failure: requests.RequestException) -> None:
    assert unsent_reason(failure) is None
    with pytest.raises(TransientError) as caught, typed(REMOTE, "writing"):
        raise failure
    assert not isinstance(caught.value, UnreachableError)


@pytest.mark.parametrize("failure", [AnswerTooLargeError("too large"), HostRefusedError("no host of ours")])
def test_a_refusal_of_the_transport_is_not_retried(failure: requests.RequestException) -> None:
    with pytest.raises(ProtocolError), typed(REMOTE, "reading"):
        raise failure


def test_an_earlier_refused_connection_does_not_make_a_later_loss_harmless() -> None:
    try:
        raise wrapped(urllib3.exceptions.NewConnectionError(urllib3.connection.HTTPConnection("h"), "refused"))
    except requests.ConnectionError:
        with pytest.raises(TransientError) as caught, typed(REMOTE, "writing"):
            raise requests.ReadTimeout  # noqa: B904  the unrelated context is the point
    assert not isinstance(caught.value, UnreachableError)
