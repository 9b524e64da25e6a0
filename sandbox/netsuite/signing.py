"""NetSuite's token-based signatures, computed independently of any client.

SOAP: Oracle, "The Signature for Web Services and RESTlets" (section_4395630653): the base string is
``account&consumerKey&token&nonce&timestamp``, the key ``consumerSecret&tokenSecret``, neither percent-encoded.
REST: OAuth 1.0a (RFC 5849 section 3.4) with HMAC-SHA256.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable
from urllib.parse import quote


def encode(text: str) -> str:
    """Percent-encode all but letters, digits and ``-._~`` (RFC 5849 section 3.6)."""
    return quote(text, safe="-._~")


def digest(key: str, base: str) -> str:
    """Return the HMAC-SHA256 of the base string in base64."""
    return base64.b64encode(hmac.new(key.encode(), base.encode(), hashlib.sha256).digest()).decode()


def passport_signature(
    *, account: str, consumer_key: str, consumer_secret: str, token: str, token_secret: str, nonce: str, timestamp: str
) -> str:
    """Return the signature that a SOAP token passport must carry."""
    return digest(f"{consumer_secret}&{token_secret}", "&".join((account, consumer_key, token, nonce, timestamp)))


def base_string(method: str, url: str, parameters: Iterable[tuple[str, str]]) -> str:
    """Return the RFC 5849 signature base string; parameters are decoded and include those of the query."""
    pairs = sorted((encode(name), encode(value)) for name, value in parameters)
    normalized = "&".join(f"{name}={value}" for name, value in pairs)
    return "&".join((method.upper(), encode(url), encode(normalized)))


def oauth_signature(
    *, method: str, url: str, parameters: Iterable[tuple[str, str]], consumer_secret: str, token_secret: str
) -> str:
    """Return the signature that an OAuth 1.0a ``Authorization`` header must carry."""
    return digest(f"{encode(consumer_secret)}&{encode(token_secret)}", base_string(method, url, parameters))
