"""Token-based authentication: the SOAP passport and the OAuth 1.0a header of one and the same token.

The time stamp is taken from NetSuite's own clock, and every try has a fresh nonce: a repeated one is refused.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from urllib.parse import parse_qsl, quote, urlsplit

from config.secrets import Secret
from connectors.netsuite.account import AccountId
from connectors.ports import Random
from connectors.transport import ServerClock

SHORTEST_SECRET = 8
"""Shorter ones are test values: replacing them would blank ordinary words."""
ALGORITHM = "HMAC-SHA256"
CLOCK_TOLERANCE = timedelta(seconds=60)

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """The four parts of a token of an integration record, bound to one user and role."""

    account: AccountId
    consumer_key: Secret
    consumer_secret: Secret
    token_id: Secret
    token_secret: Secret

    def passport(self, moment: datetime, nonce: str) -> dict[str, object]:
        """Return the children of the SOAP header ``tokenPassport`` (Oracle: TBA and SOAP web services).

        The signed text is not percent-encoded in this form.
        """
        stamp = str(int(moment.timestamp()))
        parts = (self.account.realm, self.consumer_key.reveal(), self.token_id.reveal(), nonce, stamp)
        key = f"{self.consumer_secret.reveal()}&{self.token_secret.reveal()}"
        account, consumer_key, token, _, _ = parts
        return {
            "account": account,
            "consumerKey": consumer_key,
            "token": token,
            "nonce": nonce,
            "timestamp": stamp,
            "signature": {"_value_1": _sign(key, "&".join(parts)), "algorithm": ALGORITHM},
        }

    def redacted(self, text: str) -> str:
        """Return a text of the other side without our secrets, should it repeat them."""
        for secret in (self.consumer_key, self.consumer_secret, self.token_id, self.token_secret):
            text = text.replace(secret.reveal(), "***") if len(secret.reveal()) >= SHORTEST_SECRET else text
        return text

    def authorization(self, method: str, url: str, moment: datetime, nonce: str) -> str:
        """Return the ``Authorization`` header of a REST request (RFC 5849, query parameters included)."""
        oauth = {
            "oauth_consumer_key": self.consumer_key.reveal(),
            "oauth_token": self.token_id.reveal(),
            "oauth_signature_method": ALGORITHM,
            "oauth_timestamp": str(int(moment.timestamp())),
            "oauth_nonce": nonce,
            "oauth_version": "1.0",
        }
        key = f"{_encode(self.consumer_secret.reveal())}&{_encode(self.token_secret.reveal())}"
        signed = oauth | {"oauth_signature": _sign(key, _base_string(method, url, oauth))}
        fields = ", ".join(f'{name}="{_encode(value)}"' for name, value in signed.items())
        return f'OAuth realm="{_encode(self.account.realm)}", {fields}'


class Signer:
    """Signs each request with a token, NetSuite's time and a fresh nonce."""

    def __init__(self, token: Token, server_clock: ServerClock, random: Random) -> None:
        self._token = token
        self._server_clock = server_clock
        self._random = random

    def redacted(self, text: str) -> str:
        """Return a text of NetSuite's without our secrets, should it repeat them."""
        return self._token.redacted(text)

    def passport(self) -> dict[str, object]:
        """Return a fresh SOAP passport."""
        return self._token.passport(self._server_clock.now(), self._random.nonce())

    def authorization(self, method: str, url: str) -> str:
        """Return a fresh OAuth 1.0a header."""
        return self._token.authorization(method, url, self._server_clock.now(), self._random.nonce())

    def signed(self, send: Callable[[], Answer], refused: Callable[[Answer], bool]) -> Answer:
        """Return the answer to a signed request.

        A login is refused when our idea of NetSuite's time is far off. The refusal itself carries the
        right time and is a definite no-op, so the request is then signed and sent once more.

        Args:
            send: signs and sends the request.
            refused: tells whether an answer says that the login was refused.
        """
        assumed = self._server_clock.offset or timedelta(0)
        answer = send()
        learnt = self._server_clock.offset or timedelta(0)
        if refused(answer) and abs(learnt - assumed) > CLOCK_TOLERANCE:
            return send()
        return answer


def _sign(key: str, text: str) -> str:
    digest = hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode("ascii")


def _base_string(method: str, url: str, oauth: dict[str, str]) -> str:
    parts = urlsplit(url)
    pairs = [*parse_qsl(parts.query, keep_blank_values=True), *oauth.items()]
    encoded = sorted((_encode(name), _encode(value)) for name, value in pairs)
    parameters = "&".join(f"{name}={value}" for name, value in encoded)
    address = f"{parts.scheme.lower()}://{parts.netloc.lower()}{parts.path}"
    return "&".join((method.upper(), _encode(address), _encode(parameters)))


def _encode(text: str) -> str:
    return quote(text, safe="-._~")
