"""Checks single values of ``sync.toml``.

Each function returns the value in its type, or raises ValueError with ``what is wrong.|how to mend it``.
"""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
DURATION = re.compile(r"(\d{1,6})(s|m|h|d)\Z")
LOOPBACK = ("127.0.0.1", "localhost", "::1")
SECRET_KINDS = ("env", "file", "keyring")
ACCOUNT = re.compile(r"[A-Za-z0-9]+([_-][A-Za-z0-9]+)*\Z")
API_VERSION = re.compile(r"\d{2,3}\.0\Z")
ENDPOINT = re.compile(r"20\d{2}_[12]\Z")
CURRENCY = re.compile(r"[A-Z]{3}\Z")
MAIL = re.compile(r"[^\s@<>,;:\"()\[\]\\]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\Z")
HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?\Z|::1\Z")
BODY_FIELD = re.compile(r"custbody[a-z0-9_]+\Z")


def text(value: Any) -> str:
    """A text that is not blank."""
    if isinstance(value, str) and value.strip():
        return value.strip()
    raise ValueError("a text in quotes is expected.|")


def flag(value: Any) -> bool:
    """True or false."""
    if isinstance(value, bool):
        return value
    raise ValueError("true or false is expected, without quotes.|")


def count(value: Any) -> int:
    """A whole number of at least 1."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return value
    raise ValueError("a whole number of at least 1 is expected.|")


def duration(value: Any) -> timedelta:
    """A span of time: a number and a unit."""
    match = DURATION.match(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError('a duration is expected.|Write "30s", "5m", "4h" or "1d".')
    return timedelta(**{UNITS[match[2]]: int(match[1])})


def amount(value: Any) -> Decimal:
    """An exact amount of zero or more, as number or text."""
    try:
        number = None if isinstance(value, bool) else Decimal(value)
    except (InvalidOperation, TypeError, ValueError):
        number = None
    if number is None or not number.is_finite() or number < 0:
        raise ValueError('an amount of zero or more is expected.|For example: "1.00"')
    return number


def zone(value: Any) -> str:
    """The name of a time zone of the IANA database."""
    name = text(value)
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        fix = 'Write a name such as "America/New_York" or "Europe/Berlin".'
        raise ValueError(f"there is no time zone '{name}'.|{fix}") from error
    return name


def https_url(value: Any) -> str:
    """An address of a remote system: https, a host, nothing else."""
    parts = _url(value)
    if parts.scheme != "https":
        raise ValueError('the address must begin with https://.|For example: "https://acme.my.salesforce.com"')
    if parts.path.strip("/") or parts.query or parts.fragment or parts.username is not None:
        raise ValueError(f"only the host is expected.|Write https://{parts.hostname}")
    return f"https://{parts.netloc}"


def loopback_url(value: Any) -> str:
    """An address on this machine, for a sandbox."""
    parts = _url(value)
    if parts.scheme not in ("http", "https") or parts.hostname not in LOOPBACK or parts.username is not None:
        fix = "Remove the key to reach the real system, or write http://127.0.0.1:PORT for a sandbox."
        raise ValueError(f"only an address on this machine is allowed here.|{fix}")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def _url(value: Any) -> Any:
    try:
        parts = urlsplit(text(value))
        _ = parts.port
    except ValueError as error:
        raise ValueError("this is not an address.|") from error
    if not parts.hostname:
        raise ValueError("this is not an address.|Write scheme and host, such as https://acme.my.salesforce.com")
    return parts


def account(value: Any) -> str:
    """A NetSuite account id as text: ``1234567`` or ``1234567_SB1``."""
    if isinstance(value, int):
        raise ValueError(f'the account is a text.|Put it in quotes: "{value}"')
    if not ACCOUNT.match(text(value)):
        raise ValueError('this is not a NetSuite account id.|For example: "1234567" or "1234567_SB1"')
    return text(value)


def transport(value: Any) -> str:
    """How NetSuite is written to."""
    name = text(value)
    if name == "rest":
        raise ValueError('writing over REST is not supported yet.|Write transport = "soap".')
    if name != "soap":
        raise ValueError(f"unknown transport '{name}'.|Write transport = \"soap\".")
    return name


def api_version(value: Any) -> str:
    """A Salesforce API version such as ``67.0``."""
    return _shaped(value, API_VERSION, '"67.0"')


def endpoint(value: Any) -> str:
    """A NetSuite SOAP endpoint such as ``2025_2``."""
    return _shaped(value, ENDPOINT, '"2025_2"')


def currency(value: Any) -> str:
    """An ISO 4217 currency code."""
    return _shaped(value, CURRENCY, '"USD"')


def _shaped(value: Any, pattern: re.Pattern[str], example: str) -> str:
    if isinstance(value, str) and pattern.match(value):
        return value
    raise ValueError(f"a text of the form {example} is expected.|")


def secret(value: Any) -> str:
    """A reference to a secret. The value itself is never repeated in a message."""
    kind, colon, rest = value.partition(":") if isinstance(value, str) else ("", "", "")
    if not colon or kind not in SECRET_KINDS or not rest.strip():
        fix = 'Write "env:NAME", "file:/path" or "keyring:service/user" and keep the secret there.'
        raise ValueError(f"a secret must be a reference, never the value itself.|{fix}")
    if kind == "keyring" and "/" not in rest:
        raise ValueError('a keyring reference names service and user.|Write "keyring:service/user".')
    return f"{kind}:{rest.strip()}"


def mail_address(value: Any) -> str:
    """One e-mail address, without a display name."""
    address = text(value)
    if not is_mail_address(address):
        raise ValueError('one e-mail address is expected.|For example: "controller@acme.com"')
    return address


def is_mail_address(address: str) -> bool:
    """Whether a text is one plain e-mail address; nothing that could end a mail header."""
    return MAIL.match(address) is not None


def mail_addresses(value: Any) -> tuple[str, ...]:
    """A list of e-mail addresses."""
    if not isinstance(value, list):
        raise ValueError('a list of e-mail addresses is expected.|For example: ["controller@acme.com"]')
    return tuple(mail_address(each) for each in value)


def host_name(value: Any) -> str:
    """The name or address of a server, without scheme and port."""
    name = text(value)
    if not HOST.match(name):
        raise ValueError('the name of a server is expected, without scheme and port.|For example: "smtp.acme.com"')
    return name


def loopback_host(value: Any) -> str:
    """An address of this machine that no other machine reaches."""
    name = text(value)
    if name not in LOOPBACK:
        fix = 'Write "127.0.0.1"; let a proxy on this machine serve others.'
        raise ValueError(f"only an address on this machine is allowed here.|{fix}")
    return name


def port(value: Any) -> int:
    """A TCP port; 0 is any free one."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 65535:
        return value
    raise ValueError("a port between 0 and 65535 is expected.|")


def share(value: Any) -> Decimal:
    """A part of a whole, above 0 and up to 1."""
    part = amount(value)
    if not 0 < part <= 1:
        raise ValueError('a share above 0 and up to 1 is expected.|For example: "0.8"')
    return part


def business_days(value: Any) -> tuple[int, ...]:
    """Business days counted from the month's end: 1 is the first of a month, -1 the last."""
    days = value if isinstance(value, list) else [None]
    if any(isinstance(day, bool) or not isinstance(day, int) or not 1 <= abs(day) <= 15 for day in days):
        fix = "For example: [-1, 1] for the last and the first business day of a month."
        raise ValueError(f"a list of business days between -15 and 15 is expected.|{fix}")
    return tuple(days)


def body_field(value: Any) -> str:
    """The script id of a custom body field of NetSuite transactions."""
    name = text(value)
    if not BODY_FIELD.match(name):
        raise ValueError('the id of a custom body field is expected.|For example: "custbody_crm_opportunity"')
    return name
