"""Why the state database cannot be used."""

from __future__ import annotations


class JournalError(Exception):
    """The state database cannot be used as it is; the message says why and what to do."""
