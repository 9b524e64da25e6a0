"""The operator's configuration as frozen values. Reading it from files is ``config.load``'s part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Literal

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
    send_window: timedelta = timedelta(seconds=30)
    quiet_period: timedelta = timedelta(minutes=2)
    """How long after the send window a write without an answer may still appear; short, for values are absolute."""
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
    longest_request: timedelta = timedelta(minutes=15)
    """How long NetSuite may go on working on a request that it received (Oracle: a connection lasts 15 minutes)."""
    quiet_period: timedelta = timedelta(minutes=16)
    """How long after the send window a write without an answer may still appear: ``longest_request`` and a margin."""
    timeout: timedelta = timedelta(seconds=60)
    name: str = "netsuite"


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """A text from the configuration together with where it stands, for messages (``sync.toml:21``)."""

    text: str
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When the service runs a job: every so often, or at a time of some weekdays in the company's zone.

    Exactly one of ``every`` and ``at`` is set. ``days`` are ISO weekdays (1 Monday to 7 Sunday).
    """

    text: str
    """As the admin wrote it: ``5m``, ``weekdays 06:30``."""
    every: timedelta | None = None
    at: time | None = None
    days: frozenset[int] = frozenset(range(1, 8))


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSettings:
    """One direction of flow. ``mapping`` is the admin's file, or None for the shipped base map alone."""

    name: str
    enabled: bool = True
    mapping: Path | None = None
    scope: Located | None = None
    wait: timedelta = timedelta(minutes=30)
    schedule: Schedule | None = None
    """When ``tieout run`` starts it; None: only together with the job that it belongs to."""


DateRule = Literal["order", "today", "first_open_period"]


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceSettings:
    """``[jobs.invoices]``: whether and how Tieout bills approved orders.

    ``date``: the invoice's date is the order's, the company's present day, or the order's where its period is open
    and else the first day of the first open period after it. ``stand_alone`` is the condition for deals that become
    an invoice without an order, by the map ``mapping``. ``deal_field`` is a custom body field of NetSuite invoices in
    which finance writes the opportunity's id.
    """

    enabled: bool = False
    date: DateRule = "order"
    stand_alone: Located | None = None
    mapping: Path | None = None
    deal_field: str | None = None
    schedule: Schedule | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusSettings:
    """``[jobs.status]``: what comes back onto deals and accounts, and when.

    ``receivables``: bring invoices, payments and credits back too. ``sweep`` is the time of the nightly full look at
    all open receivables. ``overlap``: how far each look at NetSuite's changes reaches back behind the last one.
    """

    enabled: bool = True
    receivables: bool = True
    schedule: Schedule | None = None
    sweep: Schedule | None = None
    overlap: timedelta = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconcileSettings:
    """How the two systems are compared.

    ``sla``: how long a won deal may lack its order, and a change in NetSuite its way back. ``approval_sla``: how long
    an order may stay Pending Approval. ``billing_grace``: how long an amount that is due may stay unbilled.
    ``unapplied_after``: how old unapplied cash may become. ``send_to``: who gets the workbook by e-mail.
    """

    sla: timedelta
    tolerance_cap: Decimal = Decimal("1.00")
    output: Path = Path("reports")
    approval_sla: timedelta = timedelta(days=2)
    billing_grace: timedelta = timedelta(days=3)
    unapplied_after: timedelta = timedelta(days=7)
    schedule: Schedule | None = None
    send_to: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardSettings:
    """``[guard]``: ceilings above which nothing is created until a person approved the plan.

    ``require_plan``: a changed mapping writes nothing until a plan made with it was approved. Amounts are by currency.
    """

    require_plan: bool = False
    new_orders_per_run: int | None = None
    hold_above: Mapping[str, Decimal] = field(default_factory=dict)
    amount_per_run: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSettings:
    """``[alerts.smtp]``: the server that sends alerts and workbooks."""

    host: str
    sender: str
    port: int = 587
    tls: Literal["starttls", "tls", "none"] = "starttls"
    user: str | None = None
    password: SecretRef | None = None
    timeout: timedelta = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSettings:
    """``[alerts]``: who is told what.

    ``owners`` maps an owner key (``data``, ``finance``, ``admin`` …) to an e-mail address; ``operators`` are told of
    the service itself. ``silent_after``: how long a job may go without a success. ``certificate_before``: how early an
    expiring certificate is reported. ``budget_share``: the spent share of Salesforce's daily calls that is reported.
    """

    silent_after: timedelta = timedelta(hours=2)
    operators: Sequence[str] = ()
    owners: Mapping[str, str] = field(default_factory=dict)
    smtp: MailSettings | None = None
    webhook: SecretRef | None = None
    holds_after: timedelta = timedelta(minutes=15)
    repeat_after: timedelta = timedelta(days=1)
    certificate_before: timedelta = timedelta(days=30)
    budget_share: Decimal = Decimal("0.8")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSettings:
    """``[service]``: the background service's own address (loopback only) and patience."""

    host: str = "127.0.0.1"
    port: int = 9187
    stop_within: timedelta = timedelta(seconds=25)
    freeze_days: Sequence[int] = ()
    """Business days from the month's end on which nothing is written, such as (-1, 1) for the last and the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldSettings:
    """``[holds]``: how often a record that a remote system refused is sent again unchanged.

    The first pause doubles with every refusal, up to ``longest_pause``. After ``attempts`` refusals it waits for a
    change of the record or the mapping, or for a person.
    """

    attempts: int = 8
    first_pause: timedelta = timedelta(minutes=5)
    longest_pause: timedelta = timedelta(hours=6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All of ``sync.toml``. Paths are absolute."""

    path: Path
    company: Company
    salesforce: SalesforceSettings
    netsuite: NetSuiteSettings
    customers: JobSettings
    orders: JobSettings
    status: StatusSettings
    reconcile: ReconcileSettings
    state: Path
    invoices: InvoiceSettings = field(default_factory=InvoiceSettings)
    guard: GuardSettings = field(default_factory=GuardSettings)
    alerts: AlertSettings = field(default_factory=AlertSettings)
    service: ServiceSettings = field(default_factory=ServiceSettings)
    holds: HoldSettings = field(default_factory=HoldSettings)
    database: SecretRef | None = None
    """Where the address of a PostgreSQL state database is kept; None: the SQLite file ``state``."""
    owners: dict[str, str] = field(default_factory=dict)
    """Who looks after a class of holds, by owner key (``data``, ``finance`` …)."""
