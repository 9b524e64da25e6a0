"""SOAP calls: zeep builds the message, the guarded session posts it, the answer comes back raw."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests

from connectors.netsuite.account import AccountId
from connectors.netsuite.auth import Signer
from connectors.passage import passing
from connectors.transport import Transport

if TYPE_CHECKING:
    from connectors.netsuite.suitetalk import Suitetalk

READ, WRITE = "netsuite.get", "netsuite.write"
"""What the fault points of a request are called."""
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


LARGEST_REQUEST = 100 * 1024 * 1024
"""NetSuite refuses larger requests (Oracle: SOAP Web Services Governance)."""


class RequestTooLargeError(Exception):
    """The message is larger than NetSuite takes; nothing was sent."""


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

    def redacted(self, text: str) -> str:
        """Return a text of NetSuite's without our secrets, should it repeat them."""
        return self._signer.redacted(text)

    def call(
        self,
        operation: str,
        parameters: dict[str, Any],
        *,
        place: str = READ,
        may_leave: Callable[[], None] = lambda: None,
    ) -> Exchange:
        """Send a request; once more with the right time when the login was refused for a wrong one.

        Args:
            operation: ``add``, ``update``, ``get`` or ``getServerTime``.
            parameters: the operation's parameters as zeep values.
            place: what the fault points on the way are called.
            may_leave: called immediately before the bytes leave, on a standing connection; what it raises stops them.

        Raises:
            requests.RequestException: there is no answer.
        """

        def send() -> Exchange:
            headers = {"tokenPassport": self._signer.passport(), "preferences": PREFERENCES}
            return self._post(operation, self.types.envelope(operation, headers, **parameters), may_leave)

        with passing(place, may_leave, writes=place == WRITE):
            return self._signer.signed(send, _login_refused)

    def _post(self, operation: str, message: bytes, may_leave: Callable[[], None]) -> Exchange:
        if len(message) > LARGEST_REQUEST:
            raise RequestTooLargeError(operation)
        headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{operation}"'}
        request = self._session.prepare_request(requests.Request("POST", self._url, data=message, headers=headers))
        may_leave()  # spares the connection of a request that is late already
        response = self._session.send(request)
        return Exchange(request=message, status=response.status_code, body=response.content)


def _login_refused(exchange: Exchange) -> bool:
    return exchange.status == 401 or (exchange.status != 200 and b"invalidCredentialsFault" in exchange.body)
