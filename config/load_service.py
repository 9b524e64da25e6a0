"""Reads ``[guard]``, ``[alerts]``, ``[holds]`` and ``[service]``: how the service is bounded, and whom it tells."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

from config import values
from config.load_connections import span
from config.origin import Origin
from config.reading import Table
from config.settings import AlertSettings, GuardSettings, HoldSettings, MailSettings, ServiceSettings


def guard(table: Table) -> GuardSettings:
    """Read ``[guard]``."""
    plain = GuardSettings()
    settings = GuardSettings(
        require_plan=table.flag("require_plan", default=plain.require_plan),
        new_orders_per_run=table.optional("new_orders_per_run", values.count),
        hold_above=_ceilings(table.table("hold_above")),
        amount_per_run=_ceilings(table.table("amount_per_run")),
    )
    table.close()
    return settings


def alerts(table: Table, origin: Origin, owners: Mapping[str, str]) -> AlertSettings:
    """Read ``[alerts]``; an owner without an address of its own gets the one under ``[owners]``, if it is one."""
    plain = AlertSettings()
    written = table.table("owners")
    addresses = {key: written.read(key, "", values.mail_address) for key in written.found}
    settings = AlertSettings(
        silent_after=span(table, "silent_after", plain.silent_after),
        operators=table.read("operators", plain.operators, values.mail_addresses),
        owners={key: text for key, text in owners.items() if values.is_mail_address(text)} | addresses,
        smtp=_mail(table.table("smtp"), origin, wanted=table.has("smtp")),
        webhook=origin.optional_secret(table, "webhook"),
        holds_after=table.duration("holds_after", plain.holds_after),
        repeat_after=span(table, "repeat_after", plain.repeat_after),
        certificate_before=table.duration("certificate_before", plain.certificate_before),
        budget_share=table.read("budget_share", plain.budget_share, values.share),
    )
    table.close()
    return settings


def service(table: Table) -> ServiceSettings:
    """Read ``[service]``."""
    plain = ServiceSettings()
    settings = ServiceSettings(
        host=table.read("host", plain.host, values.loopback_host),
        port=table.read("port", plain.port, values.port),
        stop_within=span(table, "stop_within", plain.stop_within),
        freeze_days=table.read("freeze_days", plain.freeze_days, values.business_days),
    )
    table.close()
    return settings


def holds(table: Table) -> HoldSettings:
    """Read ``[holds]``."""
    plain = HoldSettings()
    settings = HoldSettings(
        attempts=table.count("attempts", plain.attempts),
        first_pause=span(table, "first_pause", plain.first_pause),
        longest_pause=span(table, "longest_pause", plain.longest_pause),
    )
    table.close()
    return settings


def _ceilings(table: Table) -> dict[str, Decimal]:
    """Return amounts by currency code."""
    for key in table.found:
        if not values.CURRENCY.match(key):
            table.refuse(key, "this is no currency code.", 'For example: { USD = "500000" }')
    return {key: table.amount(key, Decimal(0)) for key in table.found}


def _mail(table: Table, origin: Origin, *, wanted: bool) -> MailSettings | None:
    """Read the mail server; an absent table is read all the same, so that its keys are known in every file."""
    if wanted:
        table.need("host", '"smtp.acme.com"')
        table.need("sender", '"tieout@acme.com"')
    plain = MailSettings(host="", sender="")
    settings = MailSettings(
        host=table.read("host", "", values.host_name),
        sender=table.read("sender", "", values.mail_address),
        port=table.read("port", plain.port, values.port),
        tls=table.read("tls", plain.tls, _tls),
        user=table.optional("user", values.text),
        password=origin.optional_secret(table, "password"),
        timeout=span(table, "timeout", plain.timeout),
    )
    if (settings.user is None) != (settings.password is None):
        given = "password" if settings.user is None else "user"
        table.refuse(given, "user and password belong together.", 'For example: password = "env:TIEOUT_SMTP_PASSWORD"')
    if settings.tls == "none" and settings.host not in values.LOOPBACK and wanted:
        table.refuse("tls", "without encryption only a server on this machine is allowed.", 'Write tls = "starttls".')
    table.close()
    return settings if wanted else None


def _tls(value: object) -> Literal["starttls", "tls", "none"]:
    if value == "starttls":
        return "starttls"
    if value == "tls":
        return "tls"
    if value == "none":
        return "none"
    raise ValueError('this is no way to encrypt mail.|Write "starttls", "tls" or "none".')
