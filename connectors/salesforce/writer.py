"""Writes records of a Salesforce org, many per call, each judged on its own.

Status fields go onto records by their id, rows of the objects that the integration owns by their external id.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from connectors.errors import ConnectorError, SchemaError, UnreachableError
from connectors.forward_clock import ForwardClock
from connectors.ports import Clock
from connectors.records import FieldUpdate, RecordUpsert, WriteOutcome, salesforce_id
from connectors.salesforce.client import SalesforceClient
from connectors.salesforce.collection import (
    STOPPING,
    Batch,
    Item,
    all_alike,
    batches,
    by_fields,
    fate,
    request_body,
    results,
    update_item,
    upsert_item,
)
from connectors.salesforce.currency import Currencies
from connectors.salesforce.locked_rows import LockedRows

W = TypeVar("W", FieldUpdate, RecordUpsert)
Outcomes = dict[int, WriteOutcome]
"""Outcomes by the record's place in the caller's list."""


class SalesforceWriter:
    """Implements :class:`connectors.ports.CrmWriter` over sObject Collections.

    Every value is absolute, so a write whose fate is unknown (``ambiguous``) may be repeated without harm; whether
    and when is the caller's decision. One call here is one request on the wire.

    Args:
        client: the way to the org.
        currencies: fits rows to an org of one currency.
        locked_rows: tries locked rows again.
        clock: decides whether a record's ``send_by`` has passed.
    """

    def __init__(self, client: SalesforceClient, currencies: Currencies, locked_rows: LockedRows, clock: Clock) -> None:
        self._client = client
        self._currencies = currencies
        self._locked_rows = locked_rows
        self._clock = clock

    def update(self, updates: Sequence[FieldUpdate]) -> list[WriteOutcome]:
        """Write each record's fields; one outcome per update, in order.

        Never raises for what the org answers: ``no_op`` means that the record was not touched and may be tried
        later, ``rejected`` that a person must change something, ``ambiguous`` that the result is not known.
        An update without values is a success without a call.
        """
        outcomes, items = _prepared(list(enumerate(updates)), update_item)
        idle = {item.place: item.id for item in items if not item.fields and item.id is not None}
        outcomes |= {place: WriteOutcome(status="success", target_id=salesforce_id(id_)) for place, id_ in idle.items()}
        return self._deliver(outcomes, [item for item in items if item.place not in idle])

    def upsert(self, rows: Sequence[RecordUpsert]) -> list[WriteOutcome]:
        """Make or change each record by its external id field; one outcome per row, in order, as for an update.

        Rows of one object and key field share calls of up to 200. ``target_id`` is the id of the record that was
        made or changed; a value None empties the field. An org of one currency gets no CurrencyIsoCode; rows in
        another than its own are rejected there.
        """
        decided, fitting = self._currencies.fit(rows)
        outcomes, items = _prepared(fitting, upsert_item)
        return self._deliver(decided | outcomes, items)

    def _deliver(self, outcomes: Outcomes, items: Sequence[Item]) -> list[WriteOutcome]:
        stopped: ConnectorError | None = None
        clock = ForwardClock(self._clock)
        for batch in batches(items):
            if stopped is None:
                decided, stopped = self._send(batch, clock)
                outcomes |= decided
            else:
                outcomes |= all_alike(batch, "no_op", stopped)
        if stopped is None:
            outcomes = self._locked_rows.again(items, outcomes, lambda batch: self._send(batch, clock), _until(items))
        return [outcomes[place] for place in sorted(outcomes)]

    def _send(self, batch: Batch, clock: ForwardClock) -> tuple[Outcomes, ConnectorError | None]:
        """Return the batch's outcomes, and the error after which no further call makes sense."""
        try:
            self._client.prepare()
        except ConnectorError as error:
            return all_alike(batch, "no_op", error), error
        try:
            return results(batch, self._write(batch, clock)), None
        except SchemaError as error:
            parts = by_fields(batch)
            if len(parts) == 1:
                return all_alike(batch, "rejected", error), None
            return self._send_parts(parts, clock)
        except ConnectorError as error:
            return all_alike(batch, fate(error), error), error if isinstance(error, STOPPING) else None

    def _send_parts(self, parts: Sequence[Batch], clock: ForwardClock) -> tuple[Outcomes, ConnectorError | None]:
        """Send each part on its own: a field unknown to the org then rejects only the records that carry it."""
        outcomes: Outcomes = {}
        stopped: ConnectorError | None = None
        for part in parts:
            decided, stopped = (all_alike(part, "no_op", stopped), stopped) if stopped else self._send(part, clock)
            outcomes |= decided
        return outcomes, stopped

    def _write(self, batch: Batch, clock: ForwardClock) -> Any:  # noqa: ANN401  JSON
        """Send the batch's one call, unless the time in which it might leave has passed."""
        first = batch[0]
        verb = "upserting" if first.id is None else "updating"
        what = f"{verb} {len(batch)} {first.type} records"
        until = _until(batch)

        def in_time() -> None:
            if until is not None and clock.now() > until:
                raise UnreachableError(
                    connection=self._client.connection,
                    what=what,
                    why="it waited longer than the send window before it could leave.",
                    fix="Nothing was sent; the next run writes it.",
                    code="SEND_WINDOW_PASSED",
                )

        in_time()  # spares the connection of a call that is late already
        return self._client.write(first.path, method="PATCH", body=request_body(batch), what=what, may_leave=in_time)


def _until(items: Sequence[Item]) -> datetime | None:
    """Return the first moment after which one of the records must not leave."""
    return min((item.send_by for item in items if item.send_by is not None), default=None)


def _prepared(writes: Sequence[tuple[int, W]], item_of: Callable[[int, W], Item]) -> tuple[Outcomes, list[Item]]:
    """Return what is decided without a call, by place, and what is to be sent."""
    decided: Outcomes = {}
    items: list[Item] = []
    for place, write in writes:
        try:
            items.append(item_of(place, write))
        except ValueError as error:
            decided[place] = WriteOutcome(status="rejected", code="BAD_VALUE", message=f"{error}.")
    return decided, items
