"""Why the state database cannot be used."""

from __future__ import annotations


class JournalError(Exception):
    """The state database cannot be used as it is; the message says why and what to do."""


class DatabaseUnavailable(JournalError):  # noqa: N818  a state, not a fault
    """The state database does not answer now: locked, restarting, unreachable, disk full.

    What was committed stays. Whether the transaction that met this was committed is unknown, and does not matter:
    every change is keyed by its record, and the next run looks first.
    """
