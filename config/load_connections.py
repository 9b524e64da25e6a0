"""Reads ``[connections.*]``."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from config import values
from config.origin import Origin
from config.reading import Table
from config.settings import NetSuiteSettings, SalesforceSettings

SALESFORCE_AUTH = ("client_id", "client_secret")
NETSUITE_AUTH = ("consumer_key", "consumer_secret", "token_id", "token_secret")


def salesforce(table: Table, origin: Origin) -> SalesforceSettings:
    """Read ``[connections.salesforce]``."""
    table.need("url", '"https://acme.my.salesforce.com"')
    secrets = _secrets(table, origin, SALESFORCE_AUTH, "SF")
    plain = SalesforceSettings(url="", **secrets)
    settings = SalesforceSettings(
        url=table.read("url", "", values.https_url),
        base_url=table.optional("base_url", values.loopback_url),
        api_version=table.read("api_version", plain.api_version, values.api_version),
        currency=table.optional("currency", values.currency),
        overlap=table.duration("overlap", plain.overlap),
        settle=table.duration("settle", plain.settle),
        send_window=span(table, "send_window", plain.send_window),
        quiet_period=table.duration("quiet_period", plain.quiet_period),
        timeout=span(table, "timeout", plain.timeout),
        **secrets,
    )
    table.close()
    return settings


def netsuite(table: Table, origin: Origin) -> NetSuiteSettings:
    """Read ``[connections.netsuite]``."""
    table.need("account", '"1234567"')
    secrets = _secrets(table, origin, NETSUITE_AUTH, "NS")
    plain = NetSuiteSettings(account="", **secrets)
    settings = NetSuiteSettings(
        account=table.read("account", "", values.account),
        base_url=table.optional("base_url", values.loopback_url),
        endpoint=table.read("endpoint", plain.endpoint, values.endpoint),
        transport=table.read("transport", plain.transport, values.transport),
        slots=table.count("slots", plain.slots),
        time_zone=table.read("time_zone", plain.time_zone, values.zone),
        send_window=span(table, "send_window", plain.send_window),
        longest_request=span(table, "longest_request", plain.longest_request),
        quiet_period=table.duration("quiet_period", plain.quiet_period),
        timeout=span(table, "timeout", plain.timeout),
        **secrets,
    )
    if settings.quiet_period <= settings.longest_request:
        table.refuse(
            "quiet_period" if table.has("quiet_period") else "longest_request",
            "the quiet period must be longer than the longest request, or an order could be made twice.",
            'For example: longest_request = "15m" and quiet_period = "16m"',
        )
    table.close()
    return settings


def span(table: Table, key: str, default: timedelta) -> timedelta:
    """Return a duration that is longer than nothing."""
    found = table.duration(key, default)
    if not found:
        table.refuse(key, "the time must be longer than 0.", 'For example: "60s"')
    return found


def _secrets(table: Table, origin: Origin, names: tuple[str, ...], prefix: str) -> dict[str, Any]:
    """Return the secret references of ``auth``; all of them are mandatory."""
    auth = table.table("auth")
    example = ", ".join(f'{name} = "env:{prefix}_{name.upper()}"' for name in names)
    found = {name: origin.secret(auth, name) for name in names}
    absent = [name for name in names if not auth.has(name)]
    if absent:
        where = auth.where() if table.has("auth") else table.where()
        fix = f"Add under [{table.name}]: auth = {{ {example} }}"
        table.faults.add(where, f"'auth' of [{table.name}] lacks {', '.join(absent)}.", fix)
    auth.close()
    return found
