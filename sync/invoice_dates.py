"""The date of an invoice by the admin's rule, and whether receivables may be posted on it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from config.settings import DateRule
from connectors.receivables import Period
from journal.holds import HoldCause
from sync import codes


def dated(rule: DateRule, order_date: date, today: date, periods: Sequence[Period]) -> date | HoldCause:
    """Return the invoice's date, or the hold where its period is closed.

    A date is never moved into another period unless the rule ``first_open_period`` says so.
    """
    wanted = today if rule == "today" else order_date
    period = period_of(wanted, periods)
    if period is None or not period.closed:
        return wanted
    if rule == "first_open_period":
        later = [one for one in periods if one.start > wanted and not one.closed]
        if later:
            return min(later, key=lambda one: one.start).start
    cause = f"The invoice would be dated {wanted}, but the period {period.name} is closed in NetSuite."
    return codes.hold("PERIOD_CLOSED", cause, date=wanted.isoformat(), period=period.name)


def period_of(day: date, periods: Sequence[Period]) -> Period | None:
    """Return the accounting period of a day, or None where none is known."""
    return next((one for one in periods if one.start <= day <= one.end), None)
