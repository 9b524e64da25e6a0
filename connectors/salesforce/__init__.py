"""Reads deals from a Salesforce org and writes their status back.

``connect`` is the only entrance; the client library behind it is loaded when a connection is opened.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from config.settings import SalesforceSettings
from connectors.ports import Clock, Random

if TYPE_CHECKING:
    from connectors.salesforce.connection import SalesforceConnection

__all__ = ["connect"]


def connect(
    settings: SalesforceSettings, *, clock: Clock, random: Random, environ: Mapping[str, str] | None = None
) -> SalesforceConnection:
    """Open a connection to the org; nothing is sent before its first use.

    Args:
        settings: the connection's part of ``sync.toml``.
        clock: this machine's clock.
        random: source of jitter.
        environ: where ``env:`` secrets are looked up; None for the process environment.

    Raises:
        SecretError: a secret reference leads nowhere.
        RouteError: ``url`` or ``base_url`` may not be used.
    """
    # requests and simple-salesforce (which brings zeep) are slow to import; commands on the journal alone do without.
    from connectors.salesforce.connection import open_connection

    return open_connection(settings, clock=clock, random=random, environ=environ)
