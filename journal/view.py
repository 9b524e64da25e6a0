"""What reconciliation and people read of the journal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from connectors.records import Value
from journal import bindings, findings, holds, intents, runs, staging, subjects
from journal.database import Journal, Tx
from journal.nouns import Binding, Finding, Hold, OpenIntent, SubjectState

DEAL = "Opportunity"


class JournalView:
    """The journal's present state, each call in a transaction of its own."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def bindings(self, kind: str) -> Sequence[Binding]:
        """Return every binding of a kind."""
        with self._journal.begin() as tx:
            return bindings.all_of(tx, kind)

    def holds(self) -> Sequence[Hold]:
        """Return every open hold."""
        with self._journal.begin() as tx:
            return holds.open_holds(tx)

    def open_intents(self) -> Sequence[OpenIntent]:
        """Return every write whose outcome is not settled."""
        with self._journal.begin() as tx:
            return intents.open_intents(tx)

    def subjects(self, kind: str) -> Sequence[SubjectState]:
        """Return where every record of a kind stands."""
        with self._journal.begin() as tx:
            return subjects.all_states(tx, kind)

    def findings(self) -> Sequence[Finding]:
        """Return every exception that was ever recorded."""
        with self._journal.begin() as tx:
            return findings.all_of(tx)

    def written(self, type_: str) -> Mapping[str, Mapping[str, Value]]:
        """Return by record id the CRM fields that Tieout last wrote."""
        with self._journal.begin() as tx:
            return {id_: fields for id_, (_, fields) in runs.written_of(tx, type_).items()}

    def deal_amounts(self, deal_ids: Sequence[str], at: datetime) -> Mapping[str, tuple[str, Decimal | None]]:
        """Return currency and net of deals as staged at an instant, else as they were first staged after it."""
        with self._journal.begin() as tx:
            staged = {id_: _staged_at(tx, id_, at) for id_ in deal_ids}
        return {id_: _net(record) for id_, record in staged.items() if record is not None}


def _staged_at(tx: Tx, deal_id: str, at: datetime) -> staging.StagedRecord | None:
    versions = staging.versions(tx, DEAL, deal_id)
    known = [version for version, seen_at, _ in versions if seen_at <= at] or [v for v, _, _ in versions[:1]]
    return staging.read(tx, DEAL, deal_id, known[-1]) if known else None


def _net(record: staging.StagedRecord) -> tuple[str, Decimal | None]:
    prices = [line.get("TotalPrice") for line in record.lines]
    amount = record.fields.get("Amount")
    header = amount if isinstance(amount, Decimal) else None
    net = sum((price for price in prices if isinstance(price, Decimal)), Decimal(0)) if prices else header
    return str(record.fields.get("CurrencyIsoCode") or ""), net
