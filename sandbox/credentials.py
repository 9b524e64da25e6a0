"""The keys that the two servers ask for: random for each sandbox folder, or derived from its seed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from sandbox.clock import entropy
from sandbox.ids import salesforce_id

MY_DOMAIN = "https://tieout-demo.my.salesforce.com"
NETSUITE_ACCOUNT = "7654321_SB1"
FILE_NAME = "credentials.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesforceCredentials:
    """A connected app with the client credentials flow, and the org that it belongs to."""

    client_id: str
    client_secret: str = field(repr=False)
    organization: str
    url: str = MY_DOMAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class NetSuiteCredentials:
    """An integration record's consumer key and an access token (token-based authentication)."""

    account: str = NETSUITE_ACCOUNT
    consumer_key: str
    consumer_secret: str = field(repr=False)
    token_id: str
    token_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Both systems' keys."""

    salesforce: SalesforceCredentials
    netsuite: NetSuiteCredentials


def make(seed: int | None = None) -> Credentials:
    """Return new credentials: the same for the same seed, unpredictable without one."""
    root = entropy() if seed is None else f"tieout sandbox {seed}".encode()

    def key(name: str, length: int = 64) -> str:
        return hashlib.sha256(root + name.encode()).hexdigest()[:length]

    return Credentials(
        salesforce=SalesforceCredentials(
            client_id=f"3MVG9{key('client id', 40)}",
            client_secret=key("client secret").upper(),
            organization=salesforce_id("00D", int(key("organization", 6), 16)),
        ),
        netsuite=NetSuiteCredentials(
            consumer_key=key("consumer key"),
            consumer_secret=key("consumer secret"),
            token_id=key("token id"),
            token_secret=key("token secret"),
        ),
    )


def keep(folder: Path, seed: int | None = None) -> Credentials:
    """Return the folder's credentials, made and written there (readable by the owner only) at the first call."""
    path = folder / FILE_NAME
    if path.exists():
        return _parse(path.read_text(encoding="utf-8"))
    made = make(seed)
    write_private(path, json.dumps(asdict(made), indent=2) + "\n")
    return made


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read."""
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")


def _parse(text: str) -> Credentials:
    kept = json.loads(text)
    return Credentials(
        salesforce=SalesforceCredentials(**kept["salesforce"]), netsuite=NetSuiteCredentials(**kept["netsuite"])
    )
