"""Days and moments as NetSuite sees them: the integration user and the company live in the Pacific zone.

SOAP carries every date as a dateTime: it is converted to the user's zone and the day is taken there; answers
come in Pacific time. SuiteQL shows dates in the account's format (here ``M/D/YYYY``).
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

PACIFIC = ZoneInfo("America/Los_Angeles")
DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?")
"""The lexical form of xsd:dateTime."""


def parse_moment(text: str) -> datetime:
    """Return the moment of an xsd:dateTime, aware UTC; one without a zone is taken as Pacific.

    Raises:
        ValueError: the text is no xsd:dateTime (a bare date is none), or of no year from 1900 to 2199.
    """
    if not DATE_TIME.fullmatch(text) or not "1900" <= text[:4] < "2200":
        raise ValueError(f"{text!r} is not a valid value for 'dateTime'")
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=PACIFIC)).astimezone(UTC)


def pacific_day(moment: datetime) -> date:
    """Return the calendar day of that moment in the Pacific zone."""
    return moment.astimezone(PACIFIC).date()


def stamp(moment: datetime) -> str:
    """Return the moment as the store keeps it: UTC, whole seconds, ``2026-11-20T10:00:00Z``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def soap_day(day: str) -> str:
    """Return a kept day (``2026-11-20``) as SOAP shows it: midnight Pacific with its offset."""
    return _soap(datetime.combine(date.fromisoformat(day), datetime.min.time(), PACIFIC))


def soap_moment(kept: str) -> str:
    """Return a kept stamp as SOAP shows it: Pacific time with its offset."""
    return _soap(datetime.fromisoformat(kept).astimezone(PACIFIC))


def account_format(day: date) -> str:
    """Return the day in the account's date format."""
    return f"{day.month}/{day.day}/{day.year}"


def parse_account_day(text: str) -> date:
    """Return the day of a text in ISO or in the account's format.

    Raises:
        ValueError: it is neither.
    """
    match = re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", text)
    if match:
        month, day, year = (int(part) for part in match.groups())
        return date(year, month, day)
    return date.fromisoformat(text)


def _soap(local: datetime) -> str:
    return local.isoformat(timespec="milliseconds")
