"""The HTTP server, its request log and its faults, over real sockets."""

from __future__ import annotations

import gzip
import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest

from sandbox.clock import SandboxClock
from sandbox.control import SandboxControl
from sandbox.errors import SandboxError
from sandbox.faults import Faults, parse_rule
from sandbox.http import Mount, Request, Response, Server
from sandbox.store import Store


class Counter:
    """An application that adds a record for each POST."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def __call__(self, request: Request) -> Response:
        if request.fault is not None:
            return Response.json({"fault": request.fault.action}, 418)
        if request.method == "POST":
            id_ = str(len(self.store.ids("thing")) + 1)
            self.store.put("thing", id_, {"body": request.body.decode()})
            request.keys.append(id_)
        return Response.json({"things": len(self.store.ids("thing")), "query": dict(request.query), "text": "x" * 2000})

    def operation(self, request: Request) -> str:
        return f"{'add' if request.method == 'POST' else 'read'} thing"


class Running:
    def __init__(self) -> None:
        self.store, self.clock, self.faults = Store(), SandboxClock(datetime(2026, 11, 22, 12, tzinfo=UTC)), Faults()
        control = SandboxControl(self.clock, self.faults, lambda phase: len(phase))
        mount = Mount(
            system="netsuite", app=Counter(self.store), store=self.store, clock=self.clock, faults=self.faults,
            control=control,
        )  # fmt: skip
        self.server = Server(mount)
        self.server.start()
        self.address = urlsplit(self.server.base_url)

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.address.port, timeout=10)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, str], bytes]:
        connection = self.connect()
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def arm(self, **rule: Any) -> None:
        assert self.send("POST", "/_sandbox/faults", {"rules": [rule]})[0] == 200

    def things(self) -> int:
        return len(self.store.ids("thing"))


@pytest.fixture
def running() -> Iterator[Running]:
    made = Running()
    yield made
    made.server.stop()
    made.store.close()


def test_a_request_is_answered_and_logged_with_its_effect(running: Running) -> None:
    status, headers, _ = running.send("POST", "/a%20b?x=1&y=%2B", {"v": 1})
    assert status == 200
    assert headers["Date"] == "Sun, 22 Nov 2026 12:00:00 GMT"
    running.send("GET", "/c")
    first, second = running.store.requests()
    assert first["path"] == "/a b"
    assert (first["ordinal"], first["operation"], first["status"], first["keys"]) == (1, "add thing", 200, ["1"])
    assert first["effect"] == [{"type": "thing", "id": "1", "op": "insert"}]
    assert first["at"] == "2026-11-22T12:00:00Z"
    assert (second["ordinal"], second["effect"]) == (2, [])


def test_answers_are_compressed_when_accepted(running: Running) -> None:
    _, headers, body = running.send("GET", "/?a=%C3%A9", **{"Accept-Encoding": "gzip"})
    assert headers["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(body))["query"] == {"a": "é"}
    assert "Content-Encoding" not in running.send("GET", "/")[1]


def test_a_connection_serves_many_requests(running: Running) -> None:
    connection = running.connect()
    for expected in range(1, 4):
        connection.request("POST", "/", b"{}")
        assert json.loads(connection.getresponse().read())["things"] == expected
    connection.close()


def test_control_requests_are_neither_counted_nor_logged(running: Running) -> None:
    assert json.loads(running.send("POST", "/_sandbox/step", {"seconds": 30})[2]) == {"now": "2026-11-22T12:00:30Z"}
    state = json.loads(running.send("GET", "/_sandbox/state")[2])
    assert state == {"ordinal": 0, "holding": [], "now": "2026-11-22T12:00:30Z"}
    assert running.store.requests() == []
    assert running.send("POST", "/_sandbox/step", {"seconds": -1})[0] == 400
    assert running.send("POST", "/_sandbox/faults", {"rules": [{"action": "status", "when": 1}]})[0] == 400
    assert json.loads(running.send("POST", "/_sandbox/edits", {"phase": "after"})[2]) == {"applied": 5}


@pytest.mark.parametrize(("action", "things"), [("drop_before", 0), ("drop_after", 1)])
def test_a_dropped_request_has_no_answer_and_its_effect_only_after(running: Running, action: str, things: int) -> None:
    running.arm(action=action, operation="add")
    assert running.send("GET", "/")[0] == 200
    with pytest.raises(http.client.RemoteDisconnected):
        running.send("POST", "/", {})
    assert running.things() == things
    assert len(running.store.requests()[1]["effect"]) == things
    assert running.store.requests()[1]["fault"] == action
    assert running.send("POST", "/", {})[0] == 200


@pytest.mark.parametrize(("action", "things"), [("hold_before", 0), ("hold_after", 1)])
def test_a_held_request_shows_until_its_client_leaves(running: Running, action: str, things: int) -> None:
    running.arm(action=action, ordinal=1)
    client = socket.create_connection(("127.0.0.1", running.address.port or 0))
    client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
    held = wait_for(lambda: running.faults.holding)
    assert held == [{"ordinal": 1, "system": "netsuite", "operation": "add thing", "action": action}]
    assert running.things() == things
    client.close()
    wait_for(lambda: running.faults.holding == [])
    assert running.things() == things
    assert [entry["ordinal"] for entry in running.store.requests()] == [1]


def test_a_request_that_never_arrived_in_full_is_not_processed(running: Running) -> None:
    with socket.create_connection(("127.0.0.1", running.address.port or 0)) as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n{}")
        client.shutdown(socket.SHUT_WR)
        assert client.recv(100) == b""
    assert (running.things(), running.store.requests()) == (0, [])


def test_a_chunked_body_is_read(running: Running) -> None:
    with socket.create_connection(("127.0.0.1", running.address.port or 0)) as client:
        client.sendall(
            b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n1\r\n \r\n0\r\n\r\n"
        )
        assert client.recv(20).startswith(b"HTTP/1.1 200 OK")
    assert running.store.get("thing", "1") == {"body": "{} "}


def test_clearing_the_rules_releases_held_requests_unprocessed(running: Running) -> None:
    running.arm(action="hold_before")
    seen: list[type[Exception]] = []

    def client() -> None:
        try:
            running.send("POST", "/", {})
        except http.client.RemoteDisconnected as error:
            seen.append(type(error))

    thread = threading.Thread(target=client)
    thread.start()
    wait_for(lambda: running.faults.holding)
    running.send("POST", "/_sandbox/faults", {"rules": [], "reset_ordinal": True})
    thread.join(5)
    assert seen == [http.client.RemoteDisconnected]
    assert (running.things(), running.faults.ordinal) == (0, 0)


@pytest.mark.parametrize(
    ("rule", "status", "kind", "things"),
    [
        (
            {"action": "status", "status": 503, "body": [{"errorCode": "SERVER_UNAVAILABLE"}]},
            503,
            "application/json",
            0,
        ),
        ({"action": "status_after", "status": 500, "body": "<fault/>"}, 500, "text/xml", 1),
        ({"action": "html"}, 200, "text/html", 0),
        ({"action": "html_after", "status": 502}, 502, "text/html", 1),
        ({"action": "own_action"}, 418, "application/json", 0),
    ],
)
def test_an_answer_can_be_replaced(running: Running, rule: dict[str, Any], status: int, kind: str, things: int) -> None:
    running.arm(**rule)
    got, headers, _ = running.send("POST", "/", {})
    assert (got, headers["Content-Type"].split(";")[0], running.things()) == (status, kind, things)


def test_a_truncated_answer_ends_early(running: Running) -> None:
    running.arm(action="truncate")
    with pytest.raises(http.client.IncompleteRead):
        running.send("POST", "/", {})
    assert running.things() == 1


def test_the_nth_match_is_struck_as_often_as_asked(running: Running) -> None:
    running.arm(action="status", operation="add", nth=2)
    assert [running.send("POST", "/", {})[0] for _ in range(4)] == [200, 503, 200, 200]
    running.arm(action="status", times=None)
    assert [running.send("GET", "/")[0] for _ in range(3)] == [503, 503, 503]


def test_rules_for_the_other_system_do_not_strike(running: Running) -> None:
    running.arm(action="status", system="salesforce", times=None)
    assert running.send("GET", "/")[0] == 200


def test_a_rule_needs_a_known_shape() -> None:
    with pytest.raises(SandboxError, match="action is missing"):
        parse_rule({"nth": 1})
    with pytest.raises(SandboxError, match="unknown key when"):
        parse_rule({"action": "status", "when": 1})


def wait_for(check: Any) -> Any:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        if found := check():
            return found
        time.sleep(0.01)
    raise AssertionError("did not happen in five seconds")
