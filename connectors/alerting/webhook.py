"""Posts alerts as JSON to one address, such as a chat channel's incoming webhook."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urlsplit

import requests

from config.secrets import Secret
from connectors.errors import ConnectorError, TransientError, UnreachableError
from connectors.ports import Clock
from connectors.retry import unsent_reason
from connectors.transport import (
    GuardedSession,
    HostRefusedError,
    RouteError,
    ServerClock,
    is_inner_address,
    is_loopback,
)

CONNECTION = "alerts.webhook"
TIMEOUT = timedelta(seconds=15)


class Webhook:
    """One webhook. Its whole address counts as a secret: chat systems put the key into the path.

    Raises:
        RouteError: the address is neither https nor on this machine.
    """

    def __init__(self, address: Secret, clock: Clock, timeout: timedelta = TIMEOUT) -> None:
        parts = urlsplit(address.reveal())
        host = parts.hostname or ""
        if not host or not (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))):
            raise RouteError(f"{CONNECTION}: the address must begin with https://, or lie on this machine.")
        if is_inner_address(host):
            raise RouteError(f"{CONNECTION}: the address is a number of an inner network; write the host's name.")
        self._address = address
        self._host = host
        self._session = GuardedSession(ServerClock(clock), timeout, self._only_there)

    def post(self, content: Mapping[str, object]) -> None:
        """Post one object.

        Raises:
            ConnectorError: the address could not be reached, or did not answer with success.
        """
        body = json.dumps(content, ensure_ascii=False).encode()
        try:
            answer = self._session.post(
                self._address.reveal(), data=body, headers={"Content-Type": "application/json; charset=utf-8"}
            )
        except requests.RequestException as error:
            reason = unsent_reason(error)
            why = f"{reason}." if reason else f"no usable answer ({type(error).__name__})."
            raise self._error(UnreachableError, why, "Check the address and the network.") from None
        if answer.status_code == requests.codes.too_many_requests or answer.status_code >= 500:
            raise self._error(TransientError, f"it answered {answer.status_code}.", "It is tried again.")
        if not 200 <= answer.status_code < 300:
            raise self._error(ConnectorError, f"it answered {answer.status_code}.", "Check the webhook's address.")

    def _only_there(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if urlsplit(request.url or "").hostname != self._host:
            raise HostRefusedError("another host than the webhook's", request=request)
        return request

    def _error(self, kind: type[ConnectorError], why: str, fix: str) -> ConnectorError:
        return kind(connection=CONNECTION, what=f"posting to the webhook at {self._host}", why=why, fix=fix)
