"""Alerts about the two systems and the books: certificates, daily budget, broken controls, plans that wait."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from urllib.parse import urlsplit

import structlog

from config.secrets import SecretError, SecretRef
from config.settings import Settings
from connectors.alerting import certificates
from connectors.errors import ConnectorError
from console.alerts.addresses import operators, owner
from console.alerts.message import Alert
from journal import alerts
from journal.database import Tx
from journal.nouns import KIND_CUSTOMER, KIND_INVOICE, KIND_ORDER
from sync.guard import AWAITS, HOW

log = structlog.get_logger(__name__)

LOOKED_EVERY = timedelta(days=1)
NETSUITE_DOMAIN = "suitetalk.api.netsuite.com"
CONTROLS = {
    "EXTRACT_INCOMPLETE": "A reconciliation could not read the whole population, so its result is not complete.",
    "BRIDGE_BREAK": "The causes that a reconciliation names do not add up to the difference.",
}
BROKEN = "controls"
KINDS = {KIND_CUSTOMER: "customers", KIND_ORDER: "orders", KIND_INVOICE: "invoices"}

ExpiryOf = Callable[[str], datetime]
"""Returns when the certificate of a host expires, or raises ConnectorError."""


def budget(settings: Settings, tx: Tx) -> Iterator[Alert]:
    """Yield the alert of Salesforce's daily calls, as the last answer told them."""
    told = alerts.marked(tx, "budget")
    if told is None or not Decimal(told["limit"]):
        return
    share = Decimal(told["used"]) / Decimal(told["limit"])
    if share < settings.alerts.budget_share:
        return
    yield Alert(
        key="budget",
        kind="budget",
        subject="Salesforce's daily calls are nearly spent",
        what=f"{told['used']} of the org's {told['limit']} API calls of the last 24 hours are used ({share:.0%}).",
        todo="See what else calls the org (Setup, System Overview), or let the jobs run less often.",
        command="tieout status",
        to=operators(settings),
        healed="Salesforce's daily calls are below the mark again.",
        details={"used": told["used"], "limit": told["limit"]},
    )


def note_controls(tx: Tx, counts: Mapping[str, int], at: datetime) -> None:
    """Remember which controls the last reconciliation broke, by its counts (``controls.BRIDGE_BREAK``)."""
    before: dict[str, datetime] = alerts.marked(tx, BROKEN) or {}
    now = {code: before.get(code, at) for code in CONTROLS if counts.get(f"controls.{code}")}
    if now != before:
        alerts.mark(tx, BROKEN, now)


def controls(settings: Settings, tx: Tx) -> Iterator[Alert]:
    """Yield the alerts of reconciliations that do not stand on their own."""
    broken: dict[str, datetime] = alerts.marked(tx, BROKEN) or {}
    for code, since in sorted(broken.items()):
        yield Alert(
            key=f"control:{code}",
            kind=code.lower(),
            subject=f"The reconciliation is not sound ({code})",
            what=CONTROLS[code],
            since=since,
            todo="Reconcile again; if it stays, look at the workbook's sheet of controls.",
            command="tieout reconcile",
            to=tuple(dict.fromkeys([*operators(settings), *owner(settings, "finance")])),
            healed=f"The last reconciliation is sound again ({code}).",
            details={"code": code},
        )


def approvals(settings: Settings, tx: Tx) -> Iterator[Alert]:
    """Yield the alert of writes that wait for a person's word."""
    waiting = alerts.waiting_with(tx, AWAITS)
    if not waiting:
        return
    counts = {name: waiting[kind][0] for kind, name in KINDS.items() if kind in waiting}
    listed = ", ".join(f"{count} {name.removesuffix('s') if count == 1 else name}" for name, count in counts.items())
    why = next(iter(waiting.values()))[1].removeprefix(AWAITS).removesuffix(HOW).strip()
    yield Alert(
        key="approval",
        kind="approval",
        subject="Writes wait for approval",
        what=f"Waiting for approval: {listed}. {why[:1].upper()}{why[1:]}",
        todo="Run `tieout plan`, look at it, and run `tieout apply HASH` with the hash that it prints.",
        command="tieout plan",
        to=tuple(dict.fromkeys([*owner(settings, "finance"), *operators(settings)])),
        healed="Nothing waits for approval any more.",
        details={name: str(count) for name, count in counts.items()},
    )


def expiring(settings: Settings, known: Mapping[str, datetime], now: datetime) -> Iterator[Alert]:
    """Yield the alerts of certificates that expire soon or have expired."""
    for name, until in sorted(known.items()):
        if until - now > settings.alerts.certificate_before:
            continue
        ends = "has expired" if until <= now else "expires"
        yield Alert(
            key=f"certificate:{name}",
            kind="certificate",
            subject=f"The certificate of {name} {ends}",
            what=f"The certificate of {name} {ends} on {until:%Y-%m-%d %H:%M} UTC.",
            todo="Have it renewed. A host's own certificate is its operator's matter; a key file's is yours.",
            command="tieout check",
            to=operators(settings),
            healed=f"The certificate of {name} was renewed.",
            details={"name": name, "expires": until.isoformat()},
        )


def known_certificates(settings: Settings, expiry_of: ExpiryOf) -> dict[str, datetime]:
    """Return when each certificate that Tieout depends on expires; what cannot be read is logged and left out."""
    found: dict[str, datetime] = {}
    for host in hosts(settings):
        try:
            found[host] = expiry_of(host)
        except (ConnectorError, ValueError) as error:
            log.warning("certificate_unreadable", host=host, why=str(error))
    for name, reference in _key_files(settings).items():
        try:
            until = certificates.of_pem(reference.resolve().reveal())
        except (SecretError, ValueError) as error:
            log.warning("certificate_unreadable", setting=name, why=type(error).__name__)
            continue
        if until is not None:
            found[name] = until
    return found


def watched(settings: Settings) -> set[str]:
    """Return the names of everything whose certificate is looked at."""
    return {*hosts(settings), *_key_files(settings)}


def hosts(settings: Settings) -> list[str]:
    """Return the hosts that Tieout reaches by https; a sandbox on this machine is none."""
    found = []
    if settings.salesforce.base_url is None:
        found.append(urlsplit(settings.salesforce.url).hostname or "")
    if settings.netsuite.base_url is None:
        found.append(f"{settings.netsuite.account.lower().replace('_', '-')}.{NETSUITE_DOMAIN}")
    return [host for host in found if host]


def _key_files(settings: Settings) -> dict[str, SecretRef]:
    crm, erp = settings.salesforce, settings.netsuite
    named = {
        f"{crm.name}.client_id": crm.client_id,
        f"{crm.name}.client_secret": crm.client_secret,
        f"{erp.name}.consumer_key": erp.consumer_key,
        f"{erp.name}.consumer_secret": erp.consumer_secret,
        f"{erp.name}.token_id": erp.token_id,
        f"{erp.name}.token_secret": erp.token_secret,
    }
    return {name: ref for name, ref in named.items() if ref.reference.startswith(("file:", "keyring:"))}
