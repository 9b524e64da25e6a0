"""The token endpoint and the sessions that it opens.

A token has no announced life: only a 401 tells that it is over (fault action ``expire_token``).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from urllib.parse import parse_qsl

from sandbox.clock import SandboxClock, entropy
from sandbox.credentials import SalesforceCredentials
from sandbox.http import Request, Response
from sandbox.salesforce.errors import ApiError

GRANTS = ("client_credentials", "refresh_token")


class Sessions:
    """The access tokens in force."""

    def __init__(self, credentials: SalesforceCredentials, clock: SandboxClock) -> None:
        self._credentials = credentials
        self._clock = clock
        self._tokens: set[str] = set()

    def expire_all(self) -> None:
        """End every session."""
        self._tokens.clear()

    def check(self, request: Request) -> None:
        """Refuse a request without a valid bearer token.

        Raises:
            ApiError: INVALID_SESSION_ID or INVALID_AUTH_HEADER, with status 401.
        """
        scheme, _, token = request.header("authorization").partition(" ")
        if scheme and scheme.lower() not in ("bearer", "oauth"):
            raise ApiError("INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE", status=401)
        if token.strip() not in self._tokens:
            raise ApiError("INVALID_SESSION_ID", "Session expired or invalid", status=401)

    def open(self, request: Request, user_id: str) -> Response:
        """Answer a token request: client id and secret in the body or as HTTP Basic."""
        form = dict(parse_qsl(request.body.decode("utf-8", "replace")))
        client_id, secret = _basic(request) or (form.get("client_id", ""), form.get("client_secret", ""))
        if form.get("grant_type") not in GRANTS:
            return _error("unsupported_grant_type", "grant type not supported")
        if client_id != self._credentials.client_id:
            return _error("invalid_client_id", "client identifier invalid")
        if not hmac.compare_digest(secret.encode(), self._credentials.client_secret.encode()):
            return _error("invalid_client", "invalid client credentials")
        return Response.json(self._grant(request, user_id), headers={"Cache-Control": "no-store"})

    def _grant(self, request: Request, user_id: str) -> dict[str, str]:
        organization = self._credentials.organization
        token = f"{organization[:15]}!{base64.urlsafe_b64encode(entropy(48)).decode()}"
        self._tokens.add(token)
        url = instance_url(request, self._credentials)
        identity = f"{url}/id/{organization}/{user_id}"
        issued = str(int(self._clock.now().timestamp() * 1000))
        digest = hmac.new(self._credentials.client_secret.encode(), (identity + issued).encode(), hashlib.sha256)
        return {
            "access_token": token,
            "signature": base64.b64encode(digest.digest()).decode(),
            "token_format": "opaque",
            "scope": "api",
            "instance_url": url,
            "id": identity,
            "token_type": "Bearer",
            "issued_at": issued,
        }


def instance_url(request: Request, credentials: SalesforceCredentials) -> str:
    """Return the org's address as the client knows it: the My Domain in ``Host``, else the org's own."""
    host = request.header("host").lower()
    return f"https://{host}" if host.endswith(".salesforce.com") else credentials.url


def _basic(request: Request) -> tuple[str, str] | None:
    scheme, _, value = request.header("authorization").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return client_id, secret


def _error(code: str, description: str) -> Response:
    return Response.json({"error": code, "error_description": description}, 400)
