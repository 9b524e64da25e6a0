"""The ways by which people are told: mail and webhook, and the workbook by mail."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from config.secrets import SecretError
from config.settings import Settings
from connectors.alerting.smtp import Mail, Mailer
from connectors.alerting.webhook import Webhook
from connectors.errors import ConnectorError, TieoutError
from connectors.ports import Clock
from console.alerts.message import Alert

FAILURES = (TieoutError, SecretError, OSError)
"""What a channel may fail with; the alert stays due on it."""


class NoMailServer(TieoutError):
    """Something is to be mailed, and no mail server is configured."""


class Channel(Protocol):
    """One way to tell an alert."""

    @property
    def name(self) -> str:
        """Its name, by which the journal knows who was told."""

    def send(self, alert: Alert, at: datetime) -> None:
        """Tell it.

        Raises:
            ConnectorError, SecretError: it could not be told now.
        """


class MailChannel:
    """Tells an alert to its addresses; one without an address is nobody's mail."""

    name = "smtp"

    def __init__(self, settings: Settings, context: ssl.SSLContext | None = None) -> None:
        self._settings = settings
        self._context = context

    def send(self, alert: Alert, at: datetime) -> None:
        """See :class:`Channel`."""
        smtp, company = self._settings.alerts.smtp, self._settings.company.name
        if smtp is None or not alert.to:
            return
        mail = Mail(to=alert.to, subject=f"[Tieout] {alert.subject}", body=alert.body(company), at=at)
        Mailer(smtp, self._context).send(mail)


class WebhookChannel:
    """Posts every alert to one address."""

    name = "webhook"

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock

    def send(self, alert: Alert, at: datetime) -> None:
        """See :class:`Channel`."""
        reference = self._settings.alerts.webhook
        if reference is None:
            return
        content = {
            "text": f"{alert.subject}\n{alert.body(self._settings.company.name)}",
            "kind": alert.kind,
            "key": alert.key,
            "at": at.isoformat(),
            "details": dict(alert.details),
        }
        Webhook(reference.resolve(), self._clock).post(content)


def channels(settings: Settings, clock: Clock) -> list[Channel]:
    """Return the configured ways to tell an alert."""
    found: list[Channel] = []
    if settings.alerts.smtp is not None:
        found.append(MailChannel(settings))
    if settings.alerts.webhook is not None:
        found.append(WebhookChannel(settings, clock))
    return found


def send_workbook(
    settings: Settings, path: Path, subject: str, body: str, at: datetime, *, to: Sequence[str] | None = None
) -> None:
    """Mail a workbook to ``[jobs.reconcile] send_to``, or to these addresses; nothing where there are none.

    Raises:
        NoMailServer: ``[alerts.smtp]`` is not configured.
        ConnectorError, SecretError: the mail could not be sent.
    """
    addresses = tuple(settings.reconcile.send_to if to is None else to)
    if not addresses:
        return
    if settings.alerts.smtp is None:
        raise NoMailServer(
            "jobs.reconcile.send_to: there is no mail server to send the workbook with. Fill [alerts.smtp]."
        )
    mail = Mail(to=addresses, subject=f"[Tieout] {subject}", body=body, at=at, attachments=(path,))
    Mailer(settings.alerts.smtp).send(mail)


def explained(error: Exception) -> str:
    """Return why a channel failed, safe to log and to print."""
    if isinstance(error, ConnectorError | SecretError | TieoutError):
        return str(error)
    return type(error).__name__
