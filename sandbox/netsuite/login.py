"""Token-based login: every request is signed, each nonce counts once, the time must be near the server's."""

from __future__ import annotations

import hmac
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl, unquote

from sandbox.clock import SandboxClock
from sandbox.credentials import NetSuiteCredentials
from sandbox.netsuite import signing

WINDOW_SECONDS = 300
REFUSED = (
    "Invalid login attempt. For more details, see the Login Audit Trail in the NetSuite UI at Setup > Users/Roles > "
    "User Management > View Login Audit Trail."
)
OAUTH_PARAMETER = re.compile(r'\s*([A-Za-z_]+)="([^"]*)"\s*')


class LoginError(Exception):
    """The request is not signed as it must be; the text says which part is wrong (for the audit trail only)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passport:
    """A SOAP request's ``tokenPassport`` as sent."""

    account: str
    consumer_key: str
    token: str
    nonce: str
    timestamp: str
    signature: str
    algorithm: str


class Login:
    """Checks the signatures of one account's integration and remembers the nonces it has seen."""

    def __init__(self, credentials: NetSuiteCredentials, clock: SandboxClock) -> None:
        self._keys = credentials
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: dict[str, float] = {}

    def check_passport(self, passport: Passport) -> None:
        """Accept a SOAP passport, once.

        Raises:
            LoginError: account, keys, nonce, time or signature are not right.
        """
        if passport.algorithm != "HMAC-SHA256":
            raise LoginError(f"signature algorithm {passport.algorithm!r} is not HMAC-SHA256")
        self._check_keys(passport.account, passport.consumer_key, passport.token)
        expected = signing.passport_signature(
            account=self._keys.account,
            consumer_key=self._keys.consumer_key,
            consumer_secret=self._keys.consumer_secret,
            token=self._keys.token_id,
            token_secret=self._keys.token_secret,
            nonce=passport.nonce,
            timestamp=passport.timestamp,
        )
        self._check_rest(passport.nonce, passport.timestamp, expected, passport.signature)

    def check_header(self, *, method: str, url: str, query: str, authorization: str) -> None:
        """Accept an OAuth 1.0a ``Authorization`` header, once.

        Args:
            method: the HTTP method.
            url: scheme, host and path as the client called them, without the query.
            query: the raw query string; its parameters are part of the signature.
            authorization: the header's value.

        Raises:
            LoginError: scheme, realm, keys, nonce, time or signature are not right.
        """
        sent = oauth_parameters(authorization)
        method_name = sent.get("oauth_signature_method", "")
        if method_name != "HMAC-SHA256" or sent.get("oauth_version", "1.0") != "1.0":
            raise LoginError(f"signature method {method_name!r} is not HMAC-SHA256 of OAuth 1.0")
        self._check_keys(sent.get("realm", ""), sent.get("oauth_consumer_key", ""), sent.get("oauth_token", ""))
        signed = [(name, value) for name, value in sent.items() if name not in ("realm", "oauth_signature")]
        expected = signing.oauth_signature(
            method=method,
            url=url,
            parameters=[*signed, *parse_qsl(query, keep_blank_values=True)],
            consumer_secret=self._keys.consumer_secret,
            token_secret=self._keys.token_secret,
        )
        nonce, timestamp = sent.get("oauth_nonce", ""), sent.get("oauth_timestamp", "")
        self._check_rest(nonce, timestamp, expected, sent.get("oauth_signature", ""))

    def _check_keys(self, account: str, consumer_key: str, token: str) -> None:
        if account != self._keys.account:
            raise LoginError(f"account {account!r} is not {self._keys.account!r} (letter case counts)")
        if consumer_key != self._keys.consumer_key:
            raise LoginError("the consumer key is not that of the integration record")
        if token != self._keys.token_id:
            raise LoginError("the access token is unknown")

    def _check_rest(self, nonce: str, timestamp: str, expected: str, signature: str) -> None:
        now = self._clock.now()
        check_form(nonce, timestamp, now)
        if not hmac.compare_digest(expected.encode(), signature.encode()):
            raise LoginError("the signature does not match its base string and keys")
        with self._lock:
            self._forget(now.timestamp())
            if nonce in self._seen:
                raise LoginError("the nonce was used before")
            self._seen[nonce] = now.timestamp()

    def _forget(self, now: float) -> None:
        """Drop nonces that the time window refuses anyway."""
        if len(self._seen) > 10_000:
            self._seen = {nonce: at for nonce, at in self._seen.items() if now - at <= 2 * WINDOW_SECONDS}


def check_form(nonce: str, timestamp: str, now: datetime) -> None:
    """Accept a well-formed nonce and a time stamp within the window around the server's clock.

    Raises:
        LoginError: one of them is not acceptable.
    """
    if not re.fullmatch(r"[A-Za-z0-9]{6,64}", nonce):
        raise LoginError("the nonce is not 6 to 64 letters and digits")
    if not re.fullmatch(r"\d{1,12}", timestamp):
        raise LoginError("the time stamp is not in Unix seconds")
    if abs(int(timestamp) - now.timestamp()) > WINDOW_SECONDS:
        raise LoginError(f"the time stamp is more than {WINDOW_SECONDS} seconds off the server's clock")


def oauth_parameters(authorization: str) -> Mapping[str, str]:
    """Return the decoded parameters of an ``OAuth`` authorization header.

    Raises:
        LoginError: the header is missing or of another scheme or form.
    """
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() != "oauth":
        raise LoginError("no OAuth 1.0a Authorization header")
    found: dict[str, str] = {}
    for part in rest.split(","):
        match = OAUTH_PARAMETER.fullmatch(part)
        if match is None or match[1] in found:
            raise LoginError("the Authorization header is malformed")
        found[match[1]] = unquote(match[2])
    return found
