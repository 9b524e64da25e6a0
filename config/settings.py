"""The operator's configuration as frozen values. Reading it from files is ``config.load``'s part."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from config.secrets import SecretRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """The company whose books these are. ``go_live``: deals won before it are matched, never created."""

    time_zone: str
    go_live: date
    name: str = "Company"


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesforceSettings:
    """One Salesforce org. ``base_url`` (loopback only) sends every request there instead of to ``url``."""

    url: str
    client_id: SecretRef
    client_secret: SecretRef
    base_url: str | None = None
    api_version: str = "67.0"
    currency: str | None = None
    """Currency of a single-currency org, whose records carry no CurrencyIsoCode."""
    overlap: timedelta = timedelta(minutes=10)
    settle: timedelta = timedelta(seconds=60)
    timeout: timedelta = timedelta(seconds=60)
    name: str = "salesforce"


@dataclass(frozen=True, slots=True, kw_only=True)
class NetSuiteSettings:
    """One NetSuite account. ``base_url`` (loopback only) replaces the account's own host."""

    account: str
    consumer_key: SecretRef
    consumer_secret: SecretRef
    token_id: SecretRef
    token_secret: SecretRef
    base_url: str | None = None
    endpoint: str = "2025_2"
    transport: str = "soap"
    slots: int = 2
    time_zone: str = "America/Los_Angeles"
    """Zone of the integration user: SOAP dates are read and written in it (Oracle: dateTime fields)."""
    send_window: timedelta = timedelta(seconds=30)
    quiet_period: timedelta = timedelta(minutes=16)
    """How long after the send window a write without an answer may still appear in NetSuite."""
    timeout: timedelta = timedelta(seconds=60)
    name: str = "netsuite"


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """A text from the configuration together with where it stands, for messages (``sync.toml:21``)."""

    text: str
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSettings:
    """One direction of flow. ``mapping`` is the admin's file, or None for the shipped base map alone."""

    name: str
    enabled: bool = True
    mapping: Path | None = None
    scope: Located | None = None
    wait: timedelta = timedelta(minutes=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconcileSettings:
    """How the two systems are compared. ``sla``: how long a won deal may lack its order."""

    sla: timedelta
    tolerance_cap: Decimal = Decimal("1.00")
    output: Path = Path("reports")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All of ``sync.toml``. Paths are absolute."""

    path: Path
    company: Company
    salesforce: SalesforceSettings
    netsuite: NetSuiteSettings
    customers: JobSettings
    orders: JobSettings
    status: JobSettings
    reconcile: ReconcileSettings
    state: Path
    owners: dict[str, str] = field(default_factory=dict)
    """Who looks after a class of holds, by owner key (``data``, ``finance`` …)."""
