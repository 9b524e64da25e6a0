"""A small threaded HTTP/1.1 server on loopback: requests in, answers out, each logged and each able to go wrong.

An application is an object with two methods (see :class:`App`): calling it answers a request; ``operation``
names the request in a few words (``query Opportunity``, ``add salesOrder``) without any effect, because fault
rules must know what a request is before it is processed.
"""

from __future__ import annotations

import gzip
import select
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import format_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

from sandbox import exact_json
from sandbox.clock import SandboxClock, sleep
from sandbox.faults import AFTER, DROPPING, HOLDING, SERVER_ACTIONS, Faults, Rule
from sandbox.store import Store

CONTROL = "/_sandbox/"
HTML_PAGE = "<!DOCTYPE html><html><head><title>Maintenance</title></head><body>We'll be back soon.</body></html>"
REASONS = {int(status): status.phrase for status in HTTPStatus}
GZIP_FROM = 1400
"""Bytes from which an answer is compressed: about one network packet."""


@dataclass(slots=True, kw_only=True)
class Request:
    """One request. ``query`` is decoded (the last of equal names wins), ``raw_query`` as it came.

    ``path`` is decoded, header names are in lower case. The application adds the keys of the records
    concerned (external ids, ids) to ``keys`` for the log. ``fault`` is a rule that the application itself
    carries out. ``work`` spends the server's latency; an application that limits concurrency calls it
    while it holds a slot, for any other it is called before the answer.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    raw_path: str = ""
    raw_query: str = ""
    ordinal: int = 0
    fault: Rule | None = None
    keys: list[str] = field(default_factory=list)
    latency: float = 0.0

    def work(self) -> None:
        """Spend the configured latency, once."""
        seconds, self.latency = self.latency, 0.0
        if seconds > 0:
            sleep(seconds)

    def header(self, name: str, default: str = "") -> str:
        """Return a header's value, whatever the case of its name."""
        return self.headers.get(name.lower(), default)


@dataclass(slots=True, kw_only=True)
class Response:
    """One answer. ``Content-Length``, ``Date`` and compression are the server's business."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @classmethod
    def json(cls, value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:  # noqa: ANN401
        """Return a JSON answer; numbers are exact."""
        return cls.of_text(exact_json.dumps(value), "application/json;charset=UTF-8", status, headers)

    @classmethod
    def of_text(
        cls, text: str, content_type: str, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> Response:
        """Return an answer of the given media type."""
        return cls(status=status, headers={"Content-Type": content_type, **(headers or {})}, body=text.encode())


class App(Protocol):
    """One system's application."""

    def __call__(self, request: Request) -> Response:
        """Answer the request; every change to the store happens in here, in one transaction."""

    def operation(self, request: Request) -> str:
        """Name what the request asks for, from the request alone."""


class Control(Protocol):
    """What answers ``/_sandbox/`` on either server; None: not known here, ask the application."""

    def __call__(self, request: Request) -> Response | None:
        """Answer a control request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """One system on the wire: its application and store, and what both servers share."""

    system: str
    app: App
    store: Store
    clock: SandboxClock
    faults: Faults
    control: Control
    latency: float = 0.0


class Server:
    """One system's listening socket on 127.0.0.1, served by threads until :meth:`stop`."""

    def __init__(self, mount: Mount, port: int = 0) -> None:
        self._open: set[socket.socket] = set()
        handler = type("Handler", (_Handler,), {"mount": mount, "connections": self._open})
        self._http = _Threaded(("127.0.0.1", port), handler)
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, name=f"sandbox-{mount.system}", daemon=True
        )

    @property
    def base_url(self) -> str:
        """The address to send requests to."""
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening and close every connection."""
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()
        for connection in list(self._open):
            _shut(connection)


class _Threaded(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


class _Dropped(Exception):  # noqa: N818  not an error of the server
    """The connection is to be closed without an answer: a rule asks for it, or the client has gone."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    mount: Mount
    connections: set[socket.socket]

    def setup(self) -> None:
        super().setup()
        self.connections.add(self.connection)

    def finish(self) -> None:
        self.connections.discard(self.connection)
        super().finish()

    def handle(self) -> None:
        try:
            super().handle()
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Keep silent: the store's log is the record of what happened."""

    def __getattr__(self, name: str) -> Callable[[], None]:
        if name.startswith("do_"):
            return self._answer
        raise AttributeError(name)

    def _answer(self) -> None:
        try:
            request = self._request()
            if request.path.startswith(CONTROL):
                response = self.mount.control(request) or self.mount.app(request)
            else:
                response = self._serve(request)
        except _Dropped:
            self.close_connection = True
            _shut(self.connection)
            return
        self._send(request, response)

    def _request(self) -> Request:
        parts = urlsplit(self.path)
        return Request(
            method=self.command,
            path=unquote(parts.path),
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self._body(),
            raw_path=parts.path,
            raw_query=parts.query,
            latency=self.mount.latency,
        )

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            chunks = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                chunks.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(chunks)
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:
            raise _Dropped  # the client died while sending: nothing was asked
        return body

    def _serve(self, request: Request) -> Response:
        mount = self.mount
        operation = mount.app.operation(request)
        request.ordinal, rule = mount.faults.admit(mount.system, operation)
        at = mount.clock.now()
        entry: dict[str, Any] = {
            "ordinal": request.ordinal,
            "actor": "api",
            "at": at.isoformat().replace("+00:00", "Z"),
            "system": mount.system,
            "method": request.method,
            "path": request.path,
            "operation": operation,
            "status": 0,
            "effect": [],
            "keys": [],
            "fault": None if rule is None else rule.action,
        }
        early = None if rule is None or rule.action in AFTER else self._before(rule, entry)
        if early is not None:
            entry["status"] = early.status
            mount.store.log(entry)
            return early
        request.fault = None if rule is None or rule.action in SERVER_ACTIONS else rule
        response = self._process(request, entry)
        return response if rule is None else self._after(rule, entry, response)

    def _process(self, request: Request, entry: dict[str, Any]) -> Response:
        with self.mount.store.effects() as effects:
            response = self.mount.app(request)
        entry.update(status=response.status, effect=effects, keys=list(request.keys))
        self.mount.store.log(entry)
        request.work()
        return response

    def _before(self, rule: Rule, entry: dict[str, Any]) -> Response | None:
        """Return the answer of a request that must not be processed; None: process it."""
        if rule.action in (*HOLDING, *DROPPING):
            self.mount.store.log(entry)
            self._vanish(rule, entry)
        if rule.action == "delay":
            sleep(rule.seconds)
        return _replacement(rule)

    def _after(self, rule: Rule, entry: Mapping[str, Any], response: Response) -> Response:
        if rule.action not in AFTER:
            return response
        if rule.action in (*HOLDING, *DROPPING):
            self._vanish(rule, entry)
        if rule.action == "truncate":
            self._send_half(response)
        return _replacement(rule) or response

    def _vanish(self, rule: Rule, entry: Mapping[str, Any]) -> None:
        if rule.action in HOLDING:
            shown = {name: entry[name] for name in ("ordinal", "system", "operation")} | {"action": rule.action}
            self.mount.faults.hold(shown, self._client_left)
        raise _Dropped

    def _client_left(self) -> bool:
        try:
            readable, _, _ = select.select([self.connection], [], [], 0)
            return bool(readable) and self.connection.recv(1, socket.MSG_PEEK) == b""
        except (OSError, ValueError):
            return True

    def _send_half(self, response: Response) -> None:
        head = self._head(response.status, response.headers, len(response.body))
        self.wfile.write(head + response.body[: len(response.body) // 2])
        raise _Dropped

    def _send(self, request: Request, response: Response) -> None:
        headers, body = dict(response.headers), response.body
        if len(body) >= GZIP_FROM and "gzip" in request.header("accept-encoding"):
            headers["Content-Encoding"] = "gzip"
            body = gzip.compress(body, 1, mtime=0)
        head = self._head(response.status, headers, len(body))
        self.wfile.write(head if self.command == "HEAD" else head + body)

    def _head(self, status: int, headers: Mapping[str, str], length: int) -> bytes:
        reason = REASONS.get(status, "Unknown")
        lines = [f"HTTP/1.1 {status} {reason}", f"Date: {format_datetime(self.mount.clock.now(), usegmt=True)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if status != HTTPStatus.NO_CONTENT:
            lines.append(f"Content-Length: {length}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _replacement(rule: Rule) -> Response | None:
    """Return the answer that a status or html rule puts in place of the real one."""
    if rule.action.startswith("html"):
        return Response.of_text(str(rule.body or HTML_PAGE), "text/html;charset=UTF-8", rule.status or 200)
    if not rule.action.startswith("status"):
        return None
    if isinstance(rule.body, str):
        kind = "text/xml;charset=UTF-8" if rule.body.lstrip().startswith("<") else "text/plain;charset=UTF-8"
        return Response.of_text(rule.body, kind, rule.status or 503)
    return Response.json([] if rule.body is None else rule.body, rule.status or 503)


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
