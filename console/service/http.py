"""The service's own small web server: ``/healthz`` and ``/metrics`` for this machine."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST

from config.errors import ConfigError, ConfigProblem

JSON = "application/json; charset=utf-8"


class StatusServer(ThreadingHTTPServer):
    """Serves two pages on a loopback address."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True

    def __init__(self, host: str, port: int, health: Callable[[], dict[str, Any]], page: Callable[[], bytes]) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.health = health
        self.page = page
        super().__init__((host, port), _Handler)

    @property
    def port(self) -> int:
        """The port that it really listens on."""
        return int(self.server_address[1])


class _Handler(BaseHTTPRequestHandler):
    server: StatusServer
    timeout = 10
    server_version = "tieout"
    sys_version = ""

    def do_GET(self) -> None:  # noqa: N802  the name that http.server asks for
        path = self.path.partition("?")[0]
        if path == "/healthz":
            report = self.server.health()
            self._answer(200 if report["ok"] else 503, JSON, json.dumps(report).encode())
        elif path == "/metrics":
            self._answer(200, CONTENT_TYPE_LATEST, self.server.page())
        else:
            self._answer(404, JSON, b'{"error": "only /healthz and /metrics are here"}')

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the name that http.server asks for
        """Say nothing: a scrape every few seconds is no news."""


@contextmanager
def serving(
    host: str, port: int, health: Callable[[], dict[str, Any]], page: Callable[[], bytes]
) -> Iterator[StatusServer]:
    """Answer while the block runs.

    Raises:
        ConfigError: the address is taken or not to be had.
    """
    try:
        server = StatusServer(host, port, health, page)
    except OSError as error:
        what = f"[service] {host}:{port} cannot be listened on: {error.strerror}."
        fix = "Another service may run already; else write another port, or 0 for any free one."
        raise ConfigError([ConfigProblem("sync.toml", what, fix)]) from error
    thread = Thread(target=server.serve_forever, name="status-server", daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
