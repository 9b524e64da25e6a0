"""Opening the state database that the settings name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from config.settings import Settings
from journal.database import Journal, open_journal


def pair(settings: Settings) -> str:
    """Return the name of the connection pair, part of every stored key."""
    return f"{settings.salesforce.name}>{settings.netsuite.name}"


@contextmanager
def opened_journal(settings: Settings) -> Iterator[Journal]:
    """Open the state database for reading and local changes."""
    journal = open_journal(settings.state, pair(settings))
    try:
        yield journal
    finally:
        journal.close()
