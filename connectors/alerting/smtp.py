"""Sends plain-text mail, with files where asked, through the operator's mail server."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from pathlib import Path

from config.settings import MailSettings
from connectors.errors import AuthenticationError, ConnectorError, TransientError, UnreachableError
from connectors.transport import RouteError, is_loopback

CONNECTION = "alerts.smtp"
WORKBOOK = ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet")
OTHER = ("application", "octet-stream")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One message. ``at`` becomes its Date; ``attachments`` are files as they lie on disk."""

    to: Sequence[str]
    subject: str
    body: str
    at: datetime
    attachments: Sequence[Path] = ()


class Mailer:
    """Sends each mail over a connection of its own: encrypted, or to a server on this machine.

    ``context`` replaces the machine's own trust in certificates, for servers with a private one.
    """

    def __init__(self, settings: MailSettings, context: ssl.SSLContext | None = None) -> None:
        if settings.tls == "none" and not is_loopback(settings.host):
            raise RouteError(
                f'alerts.smtp.tls: "none" is only for a mail server on this machine, not {settings.host}.'
                ' Write "starttls" (port 587) or "tls" (port 465).'
            )
        self._settings = settings
        self._context = context or ssl.create_default_context()

    def send(self, mail: Mail) -> None:
        """Send one mail to all its recipients.

        Raises:
            ConnectorError: the server could not be reached, or refused the login or the mail.
            SecretError: the password's reference leads nowhere.
            OSError: an attachment cannot be read.
        """
        message = _composed(self._settings.sender, mail)
        password = self._settings.password.resolve() if self._settings.password else None
        try:
            with self._connect() as server:
                if self._settings.tls == "starttls":
                    server.starttls(context=self._context)
                if self._settings.user is not None and password is not None:
                    server.login(self._settings.user, password.reveal())
                refused = server.send_message(message, self._settings.sender, list(mail.to))
        except (smtplib.SMTPException, ssl.SSLError, OSError) as error:
            raise self._typed(error) from None  # smtplib's own text may repeat the login
        if refused:
            raise self._error(ConnectorError, f"the server refused {', '.join(sorted(refused))}.", "Check the address.")

    def _connect(self) -> smtplib.SMTP:
        host, port, wait = self._settings.host, self._settings.port, self._settings.timeout.total_seconds()
        if self._settings.tls == "tls":
            return smtplib.SMTP_SSL(host, port, timeout=wait, context=self._context)
        return smtplib.SMTP(host, port, timeout=wait)

    def _typed(self, error: Exception) -> ConnectorError:
        if isinstance(error, smtplib.SMTPAuthenticationError):
            return self._error(AuthenticationError, "the server refused the login.", "Check user and password.")
        if isinstance(error, smtplib.SMTPNotSupportedError):
            return self._error(ConnectorError, f"{error}.", "Check alerts.smtp.tls, user and port.")
        if isinstance(error, smtplib.SMTPRecipientsRefused | smtplib.SMTPSenderRefused):
            return self._error(ConnectorError, f"the server refused {_addresses(error)}.", "Check the addresses.")
        if isinstance(error, smtplib.SMTPException):
            return self._error(TransientError, f"the server answered {_answer(error)}.", "It is tried again.")
        if isinstance(error, ssl.SSLError):
            return self._error(ConnectorError, f"{error.reason or error}.", "Check alerts.smtp.tls and port.")
        return self._error(UnreachableError, f"{error}.", "Check alerts.smtp.host and port.")

    def _error(self, kind: type[ConnectorError], why: str, fix: str) -> ConnectorError:
        what = f"sending mail through {self._settings.host}:{self._settings.port}"
        return kind(connection=CONNECTION, what=what, why=why, fix=fix)


def _composed(sender: str, mail: Mail) -> EmailMessage:
    message = EmailMessage()
    message["From"] = sender
    message["To"] = ", ".join(mail.to)
    message["Subject"] = " ".join(mail.subject.split())
    message["Date"] = format_datetime(mail.at)
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2].rstrip(">") or "tieout")
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's holiday answer comes back
    message.set_content(mail.body)
    for path in mail.attachments:
        main, sub = WORKBOOK if path.suffix == ".xlsx" else OTHER
        message.add_attachment(path.read_bytes(), maintype=main, subtype=sub, filename=path.name)
    return message


def _addresses(error: smtplib.SMTPRecipientsRefused | smtplib.SMTPSenderRefused) -> str:
    if isinstance(error, smtplib.SMTPSenderRefused):
        return f"the sender {error.sender}"
    return ", ".join(sorted(error.recipients))


def _answer(error: smtplib.SMTPException) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error
        return f"{error.smtp_code} {text.decode(errors='replace') if isinstance(text, bytes) else text}"
    return str(error) or type(error).__name__
