"""SOAP calls: zeep builds the message, the guarded session posts it, the answer comes back raw."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests

from connectors.netsuite.account import AccountId
from connectors.netsuite.auth import Signer
from connectors.transport import Transport

if TYPE_CHECKING:
    from connectors.netsuite.suitetalk import Suitetalk

PREFERENCES: dict[str, bool] = {
    "warningAsError": False,
    "disableMandatoryCustomFieldValidation": False,
    "disableSystemNotesForCustomFields": False,
    "ignoreReadOnlyFields": True,
    "runServerSuiteScriptAndTriggerWorkflows": True,
}
"""Sent with every request: what is left out would follow the account's own preferences."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and its raw answer."""

    request: bytes
    status: int
    body: bytes


class SendWindowPassedError(Exception):
    """The moment after which the request must not leave had passed; nothing was sent."""


class SoapClient:
    """One account's SuiteTalk endpoint. Safe to use from several threads.

    Args:
        account: whose host is called.
        endpoint: version such as ``2025_2``.
        transport: the guarded session.
        signer: makes a fresh passport for every try.
    """

    def __init__(self, *, account: AccountId, endpoint: str, transport: Transport, signer: Signer) -> None:
        self._endpoint = endpoint
        self._url = f"{account.service_url}/services/NetSuitePort_{endpoint}"
        self._session = transport.session
        self._signer = signer

    @property
    def types(self) -> Suitetalk:
        """The endpoint's types; the first use loads zeep and the schema."""
        from connectors.netsuite import suitetalk

        return suitetalk.load(self._endpoint)

    def call(
        self, operation: str, parameters: dict[str, Any], *, before_send: Callable[[], None] = lambda: None
    ) -> Exchange:
        """Send a request; once more with the right time when the login was refused for a wrong one.

        Args:
            operation: ``add``, ``update``, ``get`` or ``getServerTime``.
            parameters: the operation's parameters as zeep values.
            before_send: called immediately before the bytes leave; what it raises stops the request.

        Raises:
            requests.RequestException: there is no answer.
        """

        def send() -> Exchange:
            headers = {"tokenPassport": self._signer.passport(), "preferences": PREFERENCES}
            return self._post(operation, self.types.envelope(operation, headers, **parameters), before_send)

        return self._signer.signed(send, _login_refused)

    def _post(self, operation: str, message: bytes, before_send: Callable[[], None]) -> Exchange:
        headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{operation}"'}
        request = self._session.prepare_request(requests.Request("POST", self._url, data=message, headers=headers))
        before_send()
        response = self._session.send(request)
        return Exchange(request=message, status=response.status_code, body=response.content)


def _login_refused(exchange: Exchange) -> bool:
    return exchange.status == 401 or (exchange.status != 200 and b"invalidCredentialsFault" in exchange.body)
