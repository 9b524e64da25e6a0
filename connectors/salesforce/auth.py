"""Signs in to Salesforce with OAuth client credentials and keeps the one token that all workers share.

Source: Salesforce, OAuth 2.0 Client Credentials Flow. The answer names no expiry: only a 401 tells.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

import requests

from config.secrets import Secret
from config.settings import SalesforceSettings
from connectors.errors import (
    AuthenticationError,
    ConnectorError,
    ProtocolError,
    RateLimitedError,
    TransientError,
    UnreachableError,
)
from connectors.passage import passing
from connectors.retry import Remote, typed
from connectors.transport import is_known_host

FIXES: Mapping[str, str] = {
    "invalid_client_id": "Check connections.{name}.auth.client_id, the consumer key of the external client app.",
    "invalid_client": "Check connections.{name}.auth.client_secret, the consumer secret of the external client app.",
    "invalid_grant": "Enable the client credentials flow in the external client app's policies and name a run-as user.",
    "unsupported_grant_type": "Enable the client credentials flow in the external client app's settings.",
    "inactive_user": "Activate the run-as user of the external client app.",
}
WHAT = "signing in"


@dataclass(frozen=True, slots=True)
class Token:
    """An open session: the bearer token and the address of the org's instance."""

    access: Secret
    instance_url: str


class TokenProvider:
    """Hands out the current token; signs in when there is none, once for all threads.

    Args:
        settings: address and secret references; the secrets are read again at every sign-in, so that a
            rotated one is picked up.
        remote: how messages name the org.
        session: the guarded session.
        environ: where ``env:`` secrets are looked up; None for the process environment.
    """

    def __init__(
        self,
        settings: SalesforceSettings,
        *,
        remote: Remote,
        session: requests.Session,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._settings = settings
        self._remote = remote
        self._session = session
        self._environ = environ
        self._lock = Lock()
        self._token: Token | None = None

    def current(self) -> Token:
        """Return the token, signing in first where there is none.

        Raises:
            AuthenticationError: the credentials were refused.
            UnreachableError: no session could be opened for a passing cause; the call itself was not sent.
            RateLimitedError: too many sign-ins.
            ProtocolError: the answer is no token answer.
        """
        with self._lock:
            if self._token is None:
                self._token = self._sign_in()
            return self._token

    def renew(self, refused: Token) -> Token:
        """Return a newer token than the refused one; another thread may have fetched it already."""
        with self._lock:
            if self._token is refused:
                self._token = None
        return self.current()

    def redacted(self, text: str) -> str:
        """Return a text of Salesforce's without our secrets and the session's token, should it repeat them."""
        for reference in (self._settings.client_secret, self._settings.client_id):
            text = text.replace(reference.resolve(self._environ).reveal(), "***")
        return text.replace(self._token.access.reveal(), "***") if self._token is not None else text

    def _sign_in(self) -> Token:
        try:
            response = self._post()
        except UnreachableError:
            raise
        except TransientError as error:
            raise self._no_session(error.why, error.code) from error
        if response.status_code >= 500:
            raise self._no_session(f"HTTP {response.status_code}.", f"HTTP_{response.status_code}")
        return self._token_from(response.status_code, self._json(response))

    def _post(self) -> requests.Response:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._settings.client_id.resolve(self._environ).reveal(),
            "client_secret": self._settings.client_secret.resolve(self._environ).reveal(),
        }
        with typed(self._remote, WHAT), passing("salesforce.login"):
            return self._session.post(
                f"{self._settings.url.rstrip('/')}/services/oauth2/token",
                data=form,
                headers={"Accept": "application/json"},
            )

    def _json(self, response: requests.Response) -> Mapping[str, Any]:
        try:
            answer = response.json()
        except requests.exceptions.JSONDecodeError:
            answer = None
        if not isinstance(answer, dict):
            raise self._protocol("the answer is not a token answer but another page.")
        return answer

    def _token_from(self, status: int, answer: Mapping[str, Any]) -> Token:
        if status != 200 or "error" in answer:
            raise self._refused(status, answer)
        access, instance = answer.get("access_token"), answer.get("instance_url")
        if not isinstance(access, str) or not access or not isinstance(instance, str):
            raise self._protocol("the token answer lacks access_token or instance_url.")
        if self._settings.base_url is None and not is_known_host(instance):
            raise self._protocol("the token answer names an instance that is not a host of Salesforce.")
        return Token(Secret(access), instance.rstrip("/"))

    def _refused(self, status: int, answer: Mapping[str, Any]) -> ConnectorError:
        code = str(answer.get("error") or f"HTTP_{status}")
        text = self._scrub(str(answer.get("error_description") or code))
        if status == 429 or "rate exceeded" in text.lower():
            return RateLimitedError(
                connection=self._remote.connection, what=WHAT, why=f"{text}.", fix="Wait some minutes.", code=code
            )
        fix = FIXES.get(code, "Check the external client app and its credentials.").format(name=self._settings.name)
        return AuthenticationError(
            connection=self._remote.connection,
            what=f"{WHAT} to {self._settings.url}",
            why=f"Salesforce refused the credentials: {text} ({code}).",
            fix=fix,
            code=code,
        )

    def _scrub(self, text: str) -> str:
        return " ".join(self.redacted(text).split())[:300].rstrip(".")

    def _no_session(self, why: str, code: str) -> UnreachableError:
        return UnreachableError(
            connection=self._remote.connection,
            what=f"{WHAT} to {self._remote.url}",
            why=why,
            fix="Usually passes by itself; if not, look at status.salesforce.com and the network.",
            code=code,
        )

    def _protocol(self, why: str) -> ProtocolError:
        return ProtocolError(
            connection=self._remote.connection,
            what=f"{WHAT} to {self._remote.url}",
            why=why,
            fix=f"Check {self._remote.setting} in sync.toml: it must be the org's My Domain address.",
            code="NO_TOKEN",
        )
