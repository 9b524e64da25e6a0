"""Puts a NetSuite connection together from its settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from config.settings import NetSuiteSettings
from connectors.governor import Governor
from connectors.netsuite.account import AccountId
from connectors.netsuite.auth import Signer, Token
from connectors.netsuite.patience import PatientReads
from connectors.netsuite.reader import NetSuiteReader
from connectors.netsuite.soap import SoapClient
from connectors.netsuite.soap_reads import SoapReads
from connectors.netsuite.suiteql import Suiteql
from connectors.netsuite.writer import NetSuiteWriter
from connectors.ports import Clock, ErpReader, ErpWriter, Random
from connectors.retry import ReadRetry, Remote
from connectors.transport import open_session


@dataclass(frozen=True, slots=True)
class NetSuiteConnection:
    """One account, ready to read and write."""

    reader: ErpReader
    writer: ErpWriter


def connect(
    settings: NetSuiteSettings, *, clock: Clock, random: Random, environ: Mapping[str, str] | None = None
) -> NetSuiteConnection:
    """Return the connection; nothing is sent until it is used.

    Args:
        settings: the account, its token by reference, and the limits.
        clock: this machine's time, for ``send_by``, pauses and the offset to NetSuite's clock.
        random: nonces and jitter.
        environ: where ``env:`` secrets are looked up; the process environment when None.

    Raises:
        SecretError: a secret reference leads nowhere.
        RouteError: ``base_url`` is not a loopback address.
        ValueError: the account id or the transport is not one that is known.
    """
    if settings.transport != "soap":
        raise ValueError(f'connections.netsuite.transport: {settings.transport!r} is not known; write "soap".')
    account = AccountId(settings.account)
    setting = "connections.netsuite.base_url" if settings.base_url else "connections.netsuite.account"
    transport = open_session(
        base_url=settings.base_url, timeout=settings.timeout, clock=clock, setting="connections.netsuite.base_url"
    )
    remote = Remote(connection=settings.name, url=settings.base_url or account.service_url, setting=setting)
    signer = Signer(_token(settings, account, environ), transport.server_clock, random)
    governor = Governor(settings.slots, clock=clock)
    retry = PatientReads(ReadRetry(clock, random), clock)
    soap = SoapClient(account=account, endpoint=settings.endpoint, transport=transport, signer=signer)
    reads = SoapReads(soap=soap, retry=retry, governor=governor, remote=remote)
    suiteql = Suiteql(
        account=account, transport=transport, signer=signer, retry=retry, governor=governor, remote=remote
    )
    writer = NetSuiteWriter(
        soap=soap,
        reads=reads,
        governor=governor,
        slots=settings.slots,
        zone=ZoneInfo(settings.time_zone),
        clock=clock,
        remote=remote,
    )
    return NetSuiteConnection(
        NetSuiteReader(connection=settings.name, account=account, suiteql=suiteql, reads=reads), writer
    )


def _token(settings: NetSuiteSettings, account: AccountId, environ: Mapping[str, str] | None) -> Token:
    return Token(
        account=account,
        consumer_key=settings.consumer_key.resolve(environ),
        consumer_secret=settings.consumer_secret.resolve(environ),
        token_id=settings.token_id.resolve(environ),
        token_secret=settings.token_secret.resolve(environ),
    )
