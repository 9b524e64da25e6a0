"""What a request does on its way through the socket, against raw sockets on loopback."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest
import requests

from connectors import passage
from connectors.fault_points import fault_point, listening
from connectors.passage import DELIVERY_MILLISECONDS, passing
from connectors.records import WriteOutcome
from connectors.transactions import OpenTransactionError, inside_transaction
from connectors.transport import open_session
from tests.unit.connectors.netsuite_account import NOON, StillClock, add_order, connection, written

URL = "https://acme.my.salesforce.com/x"


class Peer:
    """A server that does with each connection what it is told, and remembers the bytes of each."""

    def __init__(self, serve: Callable[[socket.socket, bytearray], None]) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._serve = serve
        self._last: object = None
        self.taken: list[bytearray] = []
        self.ends: list[str] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()
        self.base_url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def _accept(self) -> None:
        while True:
            try:
                connected, whence = self._listener.accept()
            except OSError:
                return
            if whence == self._last:
                connected.close()
                return
            bytes_ = bytearray()
            self.taken.append(bytes_)
            thread = threading.Thread(target=self._one, args=(connected, bytes_))
            self._threads.append(thread)
            thread.start()

    def _one(self, connected: socket.socket, bytes_: bytearray) -> None:
        with connected:
            connected.settimeout(5)
            try:
                self._serve(connected, bytes_)
                self.ends.append("closed")
            except ConnectionResetError:
                self.ends.append("reset")

    def stop(self) -> None:
        # Connections are accepted in their order: with the last one, every earlier one has been seen.
        with socket.socket() as last:
            last.bind(("127.0.0.1", 0))
            self._last = last.getsockname()
            last.connect(self._listener.getsockname())
            self._threads[0].join(10)
        self._listener.close()
        for thread in self._threads:
            thread.join(10)


@contextmanager
def peer(serve: Callable[[socket.socket, bytearray], None]) -> Iterator[Peer]:
    one = Peer(serve)
    try:
        yield one
    finally:
        one.stop()


def drain(connected: socket.socket, bytes_: bytearray) -> None:
    while piece := connected.recv(65536):
        bytes_ += piece


def answering(body: str, *, once: bool = False) -> Callable[[socket.socket, bytearray], None]:
    """Answer every whole request on a connection that stays open, or one."""

    def serve(connected: socket.socket, bytes_: bytearray) -> None:
        begun = 0
        while piece := connected.recv(65536):
            bytes_ += piece
            head, gap, rest = bytes(bytes_[begun:]).partition(b"\r\n\r\n")
            length = next((int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"Content-Length:")), 0)
            if gap and len(rest) >= length:
                begun = len(bytes_)
                content = body.encode()
                connected.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(content) + content)
                if once:
                    return

    return serve


def session(base_url: str, seconds: float = 5) -> requests.Session:
    timeout = timedelta(seconds=seconds)
    return open_session(base_url=base_url, timeout=timeout, clock=StillClock(), setting="x").session


def write(peer_: Peer, clock: StillClock, **changes: object) -> WriteOutcome:
    request = add_order(send_by=NOON + timedelta(seconds=30), **changes)
    ((_, outcome),) = connection(clock, base_url=peer_.base_url).writer.write([request])
    return outcome


def test_a_request_passes_its_fault_points_in_order() -> None:
    seen: list[str] = []
    with peer(answering(written()[2])) as server, listening(seen.append):
        assert write(server, StillClock()).status == "success"
    assert seen == [
        "netsuite.write.building",
        "netsuite.write.sending",
        "netsuite.write.sent",
        "netsuite.write.answered",
    ]


@pytest.mark.parametrize("step", ["building", "sending", "sent", "answered"])
def test_whatever_breaks_on_the_way_of_a_write_leaves_a_doubt(step: str) -> None:
    def breaks(name: str) -> None:
        if name == f"netsuite.write.{step}":
            raise requests.ConnectionError("gone") if step == "answered" else OSError(113, "No route to host")

    with peer(answering(written()[2])) as server, listening(breaks):
        assert write(server, StillClock()).status == "ambiguous"
    arrived = b"".join(server.taken)
    assert (b"<soap-env:Body>" in arrived) is (step in ("sent", "answered"))


def test_time_that_connecting_takes_counts_against_the_send_window(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = StillClock()
    connect = passage._Guarded.connect

    def slowly(self: passage._Guarded) -> None:
        connect(self)
        clock.at += timedelta(seconds=31)

    monkeypatch.setattr(passage._Guarded, "connect", slowly)
    with peer(drain) as server:
        assert write(server, clock).code == "SEND_WINDOW_PASSED"
    assert server.taken == [b""]


def test_a_window_that_passes_between_head_and_body_leaves_the_request_incomplete() -> None:
    clock = StillClock()

    def sleep_after_the_head(name: str) -> None:
        if name == "netsuite.write.sending":
            clock.at += timedelta(minutes=40)

    with peer(drain) as server, listening(sleep_after_the_head):
        outcome = write(server, clock)
    assert (outcome.status, outcome.code) == ("no_op", "SEND_WINDOW_PASSED")
    assert b"<soap-env:Body>" not in server.taken[0]
    assert server.ends == ["reset"]


def test_a_suspended_machine_does_not_send_when_it_wakes_with_a_wrong_wall_clock() -> None:
    """The boot-time clock has gone on; the wall clock was set back meanwhile."""

    class Suspended(StillClock):
        asleep = 0.0

        def elapsed(self) -> float:
            return NOON.timestamp() + self.asleep

    clock = Suspended()

    def sleep(name: str) -> None:
        if name == "netsuite.write.building":
            clock.asleep += 3600
            clock.at -= timedelta(hours=2)

    with peer(drain) as server, listening(sleep):
        assert write(server, clock).code == "SEND_WINDOW_PASSED"
    assert server.taken == []


def test_a_connection_is_used_again_and_each_request_is_checked_anew() -> None:
    asked: list[int] = []
    with peer(answering("ok")) as server, session(server.base_url) as http:
        for number in (1, 2):
            with passing("x", lambda number=number: asked.append(number)):  # type: ignore[misc]
                assert http.post(URL, data=b"body").text == "ok"
    assert asked == [1, 1, 2, 2]
    assert len(server.taken) == 1


def test_a_request_outside_a_passage_is_sent_unasked() -> None:
    seen: list[str] = []
    with peer(answering("ok")) as server, session(server.base_url) as http, listening(seen.append):
        assert http.get(URL).text == "ok"
    assert seen == []


def test_every_socket_limits_how_long_the_kernel_goes_on_delivering() -> None:
    seen: list[int] = []

    def look(self: passage._Guarded) -> object:
        seen.append(self.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT))
        return answer(self)

    answer = passage._Guarded.getresponse
    with pytest.MonkeyPatch.context() as patch, peer(answering("ok")) as server, session(server.base_url) as http:
        patch.setattr(passage._Guarded, "getresponse", look)
        http.get(URL)
    assert seen == [DELIVERY_MILLISECONDS]
    assert DELIVERY_MILLISECONDS <= 60_000


def test_bytes_that_a_server_did_not_take_in_time_never_arrive() -> None:
    gone = threading.Event()

    def read_when_it_is_too_late(connected: socket.socket, bytes_: bytearray) -> None:
        gone.wait(10)
        drain(connected, bytes_)

    body = b"x" * 40_000_000
    with peer(read_when_it_is_too_late) as server, session(server.base_url, 0.3) as http:
        with pytest.raises(requests.RequestException):
            http.post(URL, data=body)
        gone.set()
    assert server.ends == ["reset"]
    assert len(server.taken[0]) < len(body)


def test_a_request_without_an_answer_ends_in_a_reset_not_in_a_polite_close() -> None:
    with peer(drain) as server, session(server.base_url, 0.2) as http, pytest.raises(requests.Timeout):
        http.post(URL, data=b"body")
    assert server.ends == ["reset"]


def test_an_answered_connection_is_closed_politely() -> None:
    with peer(answering("ok")) as server, session(server.base_url) as http:
        http.get(URL)
    assert server.ends == ["closed"]


def test_no_request_leaves_while_its_thread_holds_a_transaction() -> None:
    with peer(answering("ok")) as server, session(server.base_url) as http:
        with inside_transaction(), pytest.raises(OpenTransactionError, match="acme.my.salesforce.com"):
            http.get(URL)
        assert http.get(URL).text == "ok"
    assert len(server.taken) == 1


def test_no_write_leaves_while_its_caller_holds_a_transaction() -> None:
    """The writer sends from threads of its own; they must see what their caller holds."""
    with peer(drain) as server:
        writer = connection(base_url=server.base_url).writer
        with inside_transaction(), pytest.raises(OpenTransactionError):
            list(writer.write([add_order()]))
    assert server.taken == []


def test_a_transaction_that_was_closed_before_the_request_does_not_stop_it() -> None:
    def armed() -> Iterator[object]:
        with inside_transaction():
            request = add_order()
        yield request

    with peer(answering(written()[2])) as server:
        ((_, outcome),) = connection(base_url=server.base_url).writer.write(armed())  # type: ignore[arg-type]
    assert outcome.status == "success"


def test_fault_points_that_nobody_listens_to_do_nothing() -> None:
    fault_point("anywhere")
    seen: list[str] = []
    with listening(seen.append):
        fault_point("here")
    fault_point("elsewhere")
    assert seen == ["here"]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A PEM file with a self-signed certificate for this machine and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificate of this test")
    made = tmp_path_factory.mktemp("tls") / "own.pem"
    key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
    request = f"req -x509 {key} -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1"
    half = made.with_suffix(".crt")
    subprocess.run(["openssl", *request.split(), "-keyout", made, "-out", half], check=True, capture_output=True)
    made.write_text(made.read_text() + half.read_text())
    return made


def test_over_tls_the_question_comes_after_the_handshake(certificate: Path) -> None:
    shaken = threading.Event()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def serve(connected: socket.socket, bytes_: bytearray) -> None:
        with context.wrap_socket(connected, server_side=True) as secure:
            shaken.set()
            with suppress(ssl.SSLEOFError):  # the first request ends without a word
                answering("ok", once=True)(secure, bytes_)

    def refuse() -> None:
        assert shaken.wait(5)
        raise requests.RequestException("too late")

    with peer(serve) as server, session(server.base_url.replace("http:", "https:")) as http:
        http.verify = str(certificate)
        with passing("x", refuse), pytest.raises(requests.RequestException, match="too late"):
            http.post(URL, data=b"body")
        assert http.post(URL, data=b"body").text == "ok"
    assert [b"POST" in taken for taken in server.taken] == [False, True]
