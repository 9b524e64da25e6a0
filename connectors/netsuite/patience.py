"""Retries for NetSuite reads, which doubt a single refused login."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from connectors.errors import AuthenticationError
from connectors.ports import Clock
from connectors.retry import ReadRetry

T = TypeVar("T")

PAUSE = 2.0
"""Seconds before a refused login is believed."""


class PatientReads:
    """Repeats reads that failed for a passing cause; a refused login counts as one, once.

    Under too many requests at a time NetSuite sometimes answers that the login was invalid.
    """

    def __init__(self, retry: ReadRetry, clock: Clock) -> None:
        self._retry = retry
        self._clock = clock

    def call(self, read: Callable[[], T]) -> T:
        """Return what ``read`` returns.

        Raises:
            ConnectorError: the last try's error, unchanged.
        """
        try:
            return self._retry.call(read)
        except AuthenticationError:
            self._clock.sleep(PAUSE)
            return self._retry.call(read)
