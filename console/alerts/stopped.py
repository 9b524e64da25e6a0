"""The alert that a run stopped because too many records were refused alike."""

from __future__ import annotations

from collections.abc import Iterator

from config.settings import Settings
from console.alerts.addresses import operators
from console.alerts.message import Alert
from journal import circuits, holds
from journal.database import Tx
from journal.nouns import KIND_CUSTOMER, KIND_INVOICE, KIND_ORDER

KINDS = {KIND_CUSTOMER: "customers", KIND_ORDER: "orders", KIND_INVOICE: "invoices"}


def stopped(settings: Settings, tx: Tx) -> Iterator[Alert]:
    """Yield the alert of each kind whose last run was stopped, while any record is still held for that reason."""
    trips = [trip for kind in KINDS if (trip := circuits.last(tx, kind)) is not None]
    held = {hold.likeness for hold in holds.open_holds(tx)} if trips else set()
    for trip in trips:
        if trip.likeness not in held:
            continue
        yield Alert(
            key=f"circuit:{trip.kind}:{trip.likeness}",
            kind="circuit",
            subject=f"NetSuite refuses {KINDS[trip.kind]} one after the other",
            what=f"{trip.count} refusals within minutes said the same, so the run sent no more. The last: {trip.words}",
            todo="Mend what NetSuite names, such as a new mandatory field; then have all of them tried once more.",
            command=f"tieout holds release --all-like '{trip.likeness}'",
            to=operators(settings),
            since=trip.at,
            healed=f"NetSuite takes {KINDS[trip.kind]} again.",
            details={"likeness": trip.likeness, "refusals": str(trip.count)},
        )
