"""Obeys ``Retry-After``: after such an answer nothing is sent to that system before its time.

Source: RFC 9110, section 10.2.3: seconds, or a date. What a server says is clamped, so that neither a missing digit nor
an absurd one makes Tieout hammer a system or stand still for a day.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import requests

SHORTEST = timedelta(seconds=1)
LONGEST = timedelta(minutes=15)
ASKING = frozenset({429, 503})
"""Statuses with which a server asks to come back later."""


class HeldBackError(requests.RequestException):
    """The system asked to be left alone until ``until``; nothing was sent."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"it asked not to be called before {until:%H:%M:%S} UTC")
        self.until = until


def wait_asked(headers: Mapping[str, str], server_now: datetime) -> timedelta | None:
    """Return how long an answer asks to wait, between one second and 15 minutes; None where it does not say.

    Args:
        headers: of the answer.
        server_now: the server's own time, against which a date is measured.
    """
    text = headers.get("Retry-After", "").strip()
    asked = _seconds(text) if text else None
    if asked is None and text:
        asked = _until(text, server_now)
    return None if asked is None else min(max(asked, SHORTEST), LONGEST)


def _seconds(text: str) -> timedelta | None:
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal()):
        return None
    # A number of any length: only whether it is negative or beyond the clamp matters.
    if text.startswith("-"):
        return timedelta(0)
    return timedelta(seconds=int(digits)) if len(digits) < 6 else LONGEST


def _until(text: str, server_now: datetime) -> timedelta | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return moment - server_now
