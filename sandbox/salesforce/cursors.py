"""Query cursors: the rest of an answer, kept as of the moment of its query.

A locator lives two days, and of one user's cursors only the latest ten stay open (Salesforce: API query
cursor limits). An unknown or closed one is INVALID_QUERY_LOCATOR.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.clock import SandboxClock
from sandbox.ids import salesforce_id
from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.soql_run import Answer, page_text

OPEN_CURSORS = 10
LIFE = timedelta(days=2)
PREFIX = "0r8"
PAGE_SIZES = (200, 2000)
"""Smallest and largest page that a client may ask for; the largest is the default."""


@dataclass(frozen=True, slots=True)
class _Cursor:
    answer: Answer
    size: int
    opened: datetime


class Cursors:
    """The open cursors of the org's one API user."""

    def __init__(self, clock: SandboxClock) -> None:
        self._clock = clock
        self._made = 0
        self._open: OrderedDict[str, _Cursor] = OrderedDict()

    def first_page(self, answer: Answer, size: int, base: str) -> str:
        """Return the first page of an answer as JSON text; a cursor is opened when there is more."""
        if len(answer.rows) <= size:
            return page_text(answer.total, answer.render(answer.rows))
        self._made += 1
        locator = salesforce_id(PREFIX, self._made)
        self._open[locator] = _Cursor(answer, size, self._clock.now())
        while len(self._open) > OPEN_CURSORS:
            self._open.popitem(last=False)
        return self._page(locator, 0, base)

    def page(self, text: str, base: str) -> str:
        """Return the page that ``<locator>-<offset>`` names.

        Raises:
            ApiError: INVALID_QUERY_LOCATOR.
        """
        locator, _, offset = text.rpartition("-")
        cursor = self._open.get(locator)
        gone = cursor is None or self._clock.now() - cursor.opened > LIFE
        if gone or cursor is None or not offset.isdigit() or int(offset) >= len(cursor.answer.rows):
            raise ApiError("INVALID_QUERY_LOCATOR", "invalid query locator")
        return self._page(locator, int(offset), base)

    def _page(self, locator: str, start: int, base: str) -> str:
        cursor = self._open[locator]
        end = start + cursor.size
        rows = cursor.answer.rows[start:end]
        more = f"{base}/query/{locator}-{end}" if end < len(cursor.answer.rows) else None
        return page_text(cursor.answer.total, cursor.answer.render(rows), more)


def page_size(options: str, asked: int | None = None) -> int:
    """Return the page size of a ``Sforce-Query-Options`` header (``batchSize=500``); ``asked`` wins over it."""
    if asked is not None:
        return asked
    low, high = PAGE_SIZES
    for option in options.split(","):
        name, _, value = option.partition("=")
        if name.strip().lower() == "batchsize" and value.strip().isdigit():
            return min(max(int(value), low), high)
    return high
