"""Reads when a job runs: ``every = "5m"``, or ``at = "weekdays 06:30"`` in the company's zone.

Like :mod:`config.values`, each function raises ValueError with ``what is wrong.|how to mend it``.
"""

from __future__ import annotations

import re
from datetime import time, timedelta
from typing import Any

from config.settings import Schedule
from config.values import duration

NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
GROUPS = {
    "daily": frozenset(range(1, 8)),
    "weekdays": frozenset(range(1, 6)),
    "weekends": frozenset((6, 7)),
}
AT = re.compile(r"(?:(?P<days>[A-Za-z]+(?:\s*,\s*[A-Za-z]+)*)\s+)?(?P<hour>\d{2}):(?P<minute>\d{2})\Z")
EXAMPLES = 'Write "06:30", "weekdays 06:30", "mon,thu 06:30" or "sunday 03:00".'
LONGEST = timedelta(days=1)


def every(value: Any) -> Schedule:
    """A job that runs every so often; its slots are the multiples of that span since 1970 in UTC."""
    span = duration(value)
    if not span:
        raise ValueError('the time must be longer than 0.|For example: "5m"')
    if span > LONGEST:
        raise ValueError('a job runs at least once a day.|For one day of the week write at = "sunday 03:00".')
    return Schedule(text=value.strip(), every=span)


def at(value: Any) -> Schedule:
    """A job that runs at a time of the company's day, on every day or on some weekdays."""
    found = AT.match(" ".join(value.split())) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f"a time of day is expected, with or without weekdays.|{EXAMPLES}")
    if int(found["hour"]) > 23 or int(found["minute"]) > 59:
        raise ValueError(f"there is no time {found['hour']}:{found['minute']}.|{EXAMPLES}")
    moment = time(int(found["hour"]), int(found["minute"]))
    return Schedule(text=" ".join(value.split()), at=moment, days=_days(found["days"] or "daily"))


def _days(text: str) -> frozenset[int]:
    days: frozenset[int] = frozenset()
    for word in text.lower().split(","):
        days |= _day(word.strip())
    return days


def _day(word: str) -> frozenset[int]:
    if word in GROUPS:
        return GROUPS[word]
    hits = [number for number, name in enumerate(NAMES, start=1) if len(word) >= 3 and name.startswith(word)]
    if not hits:
        raise ValueError(f"there is no weekday '{word}'.|{EXAMPLES}")
    return frozenset(hits)
