"""Wires the parts of the Salesforce connector together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from config.settings import SalesforceSettings
from connectors.governor import Governor
from connectors.ports import Clock, CrmReader, CrmWriter, Random
from connectors.retry import ReadRetry, Remote
from connectors.salesforce.auth import TokenProvider
from connectors.salesforce.client import SalesforceClient
from connectors.salesforce.currency import Currencies
from connectors.salesforce.describe import Schemas
from connectors.salesforce.locked_rows import LockedRows
from connectors.salesforce.reader import SalesforceReader
from connectors.salesforce.selection import Selector
from connectors.salesforce.writer import SalesforceWriter
from connectors.transport import RouteError, is_known_host, open_session

SLOTS = 5
"""Requests under way at a time: the concurrent-request limit of the smallest kind of org (developer edition)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesforceConnection:
    """One open connection: ``reader`` and ``writer`` for the use cases, ``client`` for its request count and quota."""

    reader: CrmReader
    writer: CrmWriter
    client: SalesforceClient

    def budget(self) -> tuple[int, int] | None:
        """Return the org's API calls of the last 24 hours and their limit; None before the first answer.

        The figures are those of the latest answer (``Sforce-Limit-Info``) and count every integration of the org.
        """
        usage = self.client.usage
        return None if usage is None else (usage.used, usage.limit)


def open_connection(
    settings: SalesforceSettings, *, clock: Clock, random: Random, environ: Mapping[str, str] | None
) -> SalesforceConnection:
    """Build the connection; see :func:`connectors.salesforce.connect`."""
    _check_address(settings)
    settings.client_id.resolve(environ)
    settings.client_secret.resolve(environ)
    prefix = f"connections.{settings.name}"
    transport = open_session(
        base_url=settings.base_url, timeout=settings.timeout, clock=clock, setting=f"{prefix}.base_url"
    )
    remote = Remote(
        connection=settings.name,
        url=settings.base_url or settings.url,
        setting=f"{prefix}.base_url" if settings.base_url else f"{prefix}.url",
    )
    client = SalesforceClient(
        settings,
        remote=remote,
        transport=transport,
        tokens=TokenProvider(settings, remote=remote, session=transport.session, environ=environ),
        governor=Governor(SLOTS, clock=clock),
        retry=ReadRetry(clock, random),
    )
    schemas = Schemas(client, clock)
    return SalesforceConnection(
        reader=SalesforceReader(settings, client, schemas),
        writer=SalesforceWriter(
            client,
            Currencies(Selector(client.connection, schemas, settings.currency)),
            LockedRows(clock, random),
            clock,
        ),
        client=client,
    )


def _check_address(settings: SalesforceSettings) -> None:
    parts = urlsplit(settings.url)
    setting = f"connections.{settings.name}.url"
    if parts.scheme != "https" or not parts.hostname or parts.path not in ("", "/"):
        raise RouteError(
            f"{setting}: {settings.url!r} is not a My Domain address. Write it as https://example.my.salesforce.com."
        )
    if settings.base_url is None and not is_known_host(settings.url):
        raise RouteError(
            f"{setting}: {parts.hostname} is not a host of Salesforce."
            " Use the org's My Domain (Setup, My Domain), such as https://example.my.salesforce.com."
        )
