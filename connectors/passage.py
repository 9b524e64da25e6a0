"""The way of one request through its socket: a last check before each piece leaves, and what cannot leave any more.

Bytes outlive a request in two ways: a process may sleep between deciding to send and sending, and the kernel goes on
delivering what it was given. The first is met by a check after the connection stands, immediately before the bytes;
the second by a limit on delivery, and by resetting a connection whose request got no answer.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.response import HTTPResponse

from connectors.fault_points import fault_point

DELIVERY_MILLISECONDS = 30_000
"""How long the kernel may go on delivering bytes that nobody acknowledges (``TCP_USER_TIMEOUT``, RFC 5482).

The margin between ``longest_request`` and ``quiet_period`` of a connection covers it.
"""
RESET = struct.pack("ii", 1, 0)
"""Linger for no time: closing discards what was not delivered and resets the connection."""


@dataclass(frozen=True, slots=True)
class _Passage:
    place: str
    may_leave: Callable[[], None]
    writes: bool


def always() -> None:
    """Let every request leave."""


_passage: ContextVar[_Passage | None] = ContextVar("passage", default=None)


@contextmanager
def passing(place: str, may_leave: Callable[[], None] = always, *, writes: bool = False) -> Iterator[None]:
    """Name the requests of this block and guard them.

    Args:
        place: what the fault points on the way are called: ``place.sending``, ``place.answered``.
        may_leave: called before the first byte and again before each further piece, when the connection stands.
            What it raises stops the request; a request cut short before its last piece is none.
        writes: the requests change something: ``place.sent`` lies where they have left and nothing has come back.
    """
    token = _passage.set(_Passage(place, may_leave, writes))
    try:
        yield
    finally:
        _passage.reset(token)


def reached(step: str) -> None:
    """Tell the fault points how far the request of this block has come."""
    passage = _passage.get()
    if passage is not None and (passage.writes or step != "sent"):
        fault_point(f"{passage.place}.{step}")


class _Guarded(HTTPConnection):
    """Asks before every piece of a request; closing it without an answer resets it."""

    _pieces = 0

    def send(self, data: Any) -> None:  # noqa: ANN401  as http.client
        # Name, connection and TLS come before the question: they may take seconds.
        if self.sock is None and self.auto_open:
            self.connect()
        passage = _passage.get()
        if passage is not None:
            passage.may_leave()
        if not self._pieces:
            reached("sending")
        self._pieces += 1
        super().send(data)

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as urllib3
        reached("sent")
        response = super().getresponse()
        self._pieces = 0
        return response

    def close(self) -> None:
        if self._pieces and self.sock is not None:
            _reset(self.sock)
        self._pieces = 0
        super().close()


class _GuardedTls(_Guarded, HTTPSConnection):
    """The same over TLS."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Guarded


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _GuardedTls


class GuardedAdapter(HTTPAdapter):
    """Makes guarded connections; never tries again by itself."""

    def __init__(self, connections: int) -> None:
        super().__init__(pool_maxsize=connections, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  as requests
        """Make the pools of connections."""
        super().init_poolmanager(*args, socket_options=socket_options(), **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}


def socket_options() -> list[tuple[int, int, int]]:
    """Return the options of every socket; the limit on delivery exists on Linux only."""
    options = list(HTTPConnection.default_socket_options)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        options.append((socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, DELIVERY_MILLISECONDS))
    return [option for option in options if len(option) == 3]


def _reset(sock: socket.socket) -> None:
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    except OSError:
        return  # it is closed already
