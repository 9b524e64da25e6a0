"""Token-based authentication as NetSuite's own documentation describes it, for SOAP and for REST.

SOAP: Oracle, "The Signature for Web Services and RESTlets" (section_4395630653). REST: OAuth 1.0a (RFC 5849).
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

METHOD = "HMAC-SHA256"


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """An integration's and a token's keys, for one account."""

    account: str
    consumer_key: str
    consumer_secret: str
    token_id: str
    token_secret: str

    def __repr__(self) -> str:
        """Return the account only; keys are not for logs."""
        return f"Keys(account={self.account!r})"


def passport(keys: Keys, *, nonce: str, timestamp: int) -> Mapping[str, str]:
    """Return the parts of a SOAP token passport, ``signature`` among them."""
    base = "&".join((keys.account, keys.consumer_key, keys.token_id, nonce, str(timestamp)))
    return {
        "account": keys.account,
        "consumerKey": keys.consumer_key,
        "token": keys.token_id,
        "nonce": nonce,
        "timestamp": str(timestamp),
        "signature": _signed(f"{keys.consumer_secret}&{keys.token_secret}", base),
    }


def authorization(keys: Keys, url: str, query: Mapping[str, str], *, nonce: str, timestamp: int) -> str:
    """Return the ``Authorization`` header of a POST to the address with these query parameters."""
    sent = {
        "oauth_consumer_key": keys.consumer_key,
        "oauth_nonce": nonce,
        "oauth_signature_method": METHOD,
        "oauth_timestamp": str(timestamp),
        "oauth_token": keys.token_id,
        "oauth_version": "1.0",
    }
    pairs = sorted((_quoted(name), _quoted(value)) for name, value in {**sent, **query}.items())
    base = "&".join(("POST", _quoted(url), _quoted("&".join(f"{name}={value}" for name, value in pairs))))
    sent["oauth_signature"] = _signed(f"{_quoted(keys.consumer_secret)}&{_quoted(keys.token_secret)}", base)
    parts = ", ".join(f'{name}="{_quoted(value)}"' for name, value in sent.items())
    return f'OAuth realm="{keys.account}", {parts}'


def _signed(key: str, base: str) -> str:
    return b64encode(hmac.new(key.encode(), base.encode(), hashlib.sha256).digest()).decode()


def _quoted(text: str) -> str:
    return quote(text, safe="-._~")
