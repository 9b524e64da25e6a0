"""Who is told what, and where a person looks at a record."""

from __future__ import annotations

from collections.abc import Sequence

from config.settings import Settings
from journal.nouns import KIND_ACCOUNT_STATUS, KIND_CUSTOMER

OF_ACCOUNTS = (KIND_CUSTOMER, KIND_ACCOUNT_STATUS)


def operators(settings: Settings) -> Sequence[str]:
    """Return the addresses of those who look after the service."""
    return tuple(settings.alerts.operators)


def owner(settings: Settings, key: str) -> Sequence[str]:
    """Return the address of an owner key; the operators stand in for an owner without one."""
    address = settings.alerts.owners.get(key)
    return (address,) if address else operators(settings)


def link(settings: Settings, kind: str, source_id: str) -> str:
    """Return the address at which Salesforce shows the record behind a journal row."""
    type_ = "Account" if kind in OF_ACCOUNTS else "Opportunity"
    return f"{settings.salesforce.url.rstrip('/')}/lightning/r/{type_}/{source_id}/view"
