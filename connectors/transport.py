"""How requests leave this machine: one guarded ``requests.Session`` per remote account.

Https to the known hosts only, or everything to one loopback address. No redirects, no proxies or ``.netrc``
from the environment, no cookies, no automatic retry, a timeout and a size limit on every answer.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import SplitResult, urlsplit

import requests

from connectors.errors import TieoutError
from connectors.passage import GuardedAdapter, reached
from connectors.ports import Clock
from connectors.retry_after import ASKING, HeldBackError, wait_asked
from connectors.transactions import require_no_transaction

CONNECT_SECONDS = 5.0
LARGEST_ANSWER = 64 * 1024 * 1024
CHUNK = 256 * 1024
CONNECTIONS = 16
ALLOWED_DOMAINS = (".salesforce.com", ".suitetalk.api.netsuite.com")


class RouteError(TieoutError):
    """A configured address may not be used; a person must mend the named setting."""


class HostRefusedError(requests.RequestException):
    """A request was about to leave for a host that is not on the list; nothing was sent."""


class AnswerTooLargeError(requests.RequestException):
    """The answer exceeds the size limit; nothing of it is used."""


class ServerClock:
    """The remote system's clock, learned from the ``Date`` header of its answers (whole seconds).

    Until the first answer it shows this machine's time.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._offset: timedelta | None = None

    @property
    def offset(self) -> timedelta | None:
        """How far the server's clock is ahead of ours; None before the first answer."""
        return self._offset

    def machine_now(self) -> datetime:
        """Return this machine's present time, aware UTC."""
        return self._clock.now()

    def now(self) -> datetime:
        """Return the server's present time, aware UTC."""
        return self._clock.now() + (self._offset or timedelta(0))

    def learn(self, headers: Mapping[str, str]) -> datetime | None:
        """Take the time from an answer's headers; return it, or None where there is no usable ``Date``."""
        text = headers.get("Date")
        if not text:
            return None
        try:
            moment = parsedate_to_datetime(text)
        except ValueError:
            return None
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        self._offset = moment - self._clock.now()
        return moment


@dataclass(frozen=True, slots=True)
class Transport:
    """A session to one remote account and the clock learned from it."""

    session: requests.Session
    server_clock: ServerClock


def open_session(*, base_url: str | None, timeout: timedelta, clock: Clock, setting: str) -> Transport:
    """Open a guarded session.

    Args:
        base_url: loopback address to which every https request goes instead, or None for the real hosts.
        timeout: longest wait for the next bytes of an answer; connecting is limited to 5 seconds.
        clock: this machine's clock, against which the server's is measured.
        setting: name of the setting behind ``base_url``, for the message (``connections.salesforce.base_url``).

    Raises:
        RouteError: ``base_url`` is not a plain loopback address.
    """
    server_clock = ServerClock(clock)
    route = _to_known_host if base_url is None else _ToLoopback(loopback(base_url, setting))
    return Transport(GuardedSession(server_clock, timeout, route), server_clock)


def loopback(base_url: str, setting: str) -> SplitResult:
    """Return the parsed ``base_url``; plain http is safe only where it cannot leave the machine.

    Raises:
        RouteError: it is not of the form ``http://127.0.0.1:8601``.
    """
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise RouteError(f"{setting}: {base_url!r} is not an address. Write it as http://127.0.0.1:8601.")
    if not is_loopback(parts.hostname):
        raise RouteError(
            f"{setting}: {parts.hostname} is not a loopback address. base_url is only for a sandbox on this machine"
            " (127.0.0.1, ::1 or localhost); remove it to reach the real system."
        )
    if parts.path not in ("", "/") or parts.query or parts.fragment or parts.username or parts.password:
        raise RouteError(f"{setting}: write only scheme, host and port, such as http://127.0.0.1:8601.")
    return parts


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address is this machine's own."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_inner_address(host: str) -> bool:
    """Tell whether a host is given as an address that only an inner network knows, such as a cloud's metadata service.

    This machine's own addresses are none: what listens there was put there by the operator.
    """
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_multicast or not (address.is_global or address.is_loopback)


def is_known_host(url: str) -> bool:
    """Tell whether the address is https on a host of Salesforce or NetSuite."""
    parts = urlsplit(url)
    return parts.scheme == "https" and (parts.hostname or "").endswith(ALLOWED_DOMAINS)


Route = Callable[[requests.PreparedRequest], requests.PreparedRequest]


class GuardedSession(requests.Session):
    """A session whose every answer is read whole, within the time and size limits, without redirects.

    ``route`` sees each request last: it refuses it or says where it goes. While the system's ``Retry-After`` lasts,
    nothing is sent.
    """

    def __init__(self, server_clock: ServerClock, timeout: timedelta, route: Route) -> None:
        super().__init__()
        self.trust_env = False
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.headers["User-Agent"] = "tieout"
        for scheme in ("http://", "https://"):
            self.mount(scheme, GuardedAdapter(CONNECTIONS))
        self._server_clock = server_clock
        self._timeout = (min(CONNECT_SECONDS, timeout.total_seconds()), timeout.total_seconds())
        self._route = route
        self._not_before: datetime | None = None

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:  # noqa: ANN401  as requests
        """Send one request and read its whole answer.

        Raises:
            requests.RequestException: no usable answer; ``connectors.retry.typed`` turns it into one of our errors.
            OpenTransactionError: this thread of work holds a database transaction; nothing was sent.
        """
        require_no_transaction(f"a request to {urlsplit(request.url or '').hostname}")
        self._require_its_time()
        kwargs.update(allow_redirects=False, stream=True, timeout=kwargs.get("timeout") or self._timeout)
        response = super().send(self._route(request), **kwargs)
        self._server_clock.learn(response.headers)
        self._note_wait(response)
        _read_whole(response)
        reached("answered")
        return response

    def _require_its_time(self) -> None:
        if self._not_before is not None and self._server_clock.machine_now() < self._not_before:
            raise HeldBackError(self._not_before)

    def _note_wait(self, response: requests.Response) -> None:
        if response.status_code in ASKING:
            wait = wait_asked(response.headers, self._server_clock.now())
            if wait is not None:
                self._not_before = self._server_clock.machine_now() + wait


def _read_whole(response: requests.Response) -> None:
    # requests has no size limit of its own; filling its content cache is what its own ``content`` does.
    chunks, size = [], 0
    for chunk in response.iter_content(CHUNK):
        size += len(chunk)
        if size > LARGEST_ANSWER:
            response.close()
            raise AnswerTooLargeError(f"the answer exceeds {LARGEST_ANSWER} bytes", response=response)
        chunks.append(chunk)
    response._content = b"".join(chunks)


def _to_known_host(request: requests.PreparedRequest) -> requests.PreparedRequest:
    if not is_known_host(request.url or ""):
        parts = urlsplit(request.url or "")
        raise HostRefusedError(
            f"{parts.scheme}://{parts.hostname} is not https on a host of Salesforce or NetSuite", request=request
        )
    return request


class _ToLoopback:
    """Sends every request to one loopback address; the host that was meant stays in the ``Host`` header."""

    def __init__(self, base: SplitResult) -> None:
        self._base = base

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        meant = urlsplit(request.url or "")
        routed = request.copy()
        routed.headers["Host"] = meant.netloc
        routed.url = meant._replace(scheme=self._base.scheme, netloc=self._base.netloc).geturl()
        return routed
