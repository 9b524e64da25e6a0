"""Reads records of a Salesforce org: changes in keyset order, records by id, children, whole populations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import product
from typing import TypeVar

from config.settings import SalesforceSettings
from connectors.errors import ProtocolError
from connectors.ports import Condition
from connectors.records import (
    ControlTotal,
    FieldSchema,
    ObjectSchema,
    Page,
    Position,
    Record,
    RecordRef,
    Window,
    salesforce_id,
)
from connectors.salesforce import soql
from connectors.salesforce.client import SalesforceClient
from connectors.salesforce.describe import Schemas
from connectors.salesforce.faults import INVALID_LOCATOR
from connectors.salesforce.paging import Pager
from connectors.salesforce.selection import CURRENCY_FIELD, STAMP_FIELD, Selection, Selector
from connectors.salesforce.totals import Totals

P = TypeVar("P")
R = TypeVar("R")

MOST_RESTARTS = 3
"""Restarts without any new row before an expired locator counts as a fault of the org."""


class SalesforceReader:
    """Implements :class:`connectors.ports.CrmReader` over the REST API.

    Args:
        settings: the connection's settings.
        client: the way to the org.
        schemas: the org's objects.
    """

    def __init__(self, settings: SalesforceSettings, client: SalesforceClient, schemas: Schemas) -> None:
        self._settings = settings
        self._client = client
        self._schemas = schemas
        self._pager = Pager(client, schemas)
        self._selector = Selector(client.connection, schemas, settings.currency)

    @property
    def connection(self) -> str:
        """Name of the connection."""
        return self._client.connection

    def server_time(self) -> datetime:
        """Return the org's own clock (whole seconds), from an answer fetched for it."""
        self._client.touch()
        clock = self._client.server_clock
        if clock.offset is None:
            raise self._client.protocol_error("reading the org's clock", "its answers carry no Date header.")
        return clock.now()

    def organization(self) -> str:
        """Return the id of the org."""
        what = "reading the org's id"
        for rows in self._pager.rows("SELECT Id FROM Organization", what=what):
            if len(rows) == 1 and isinstance(rows[0].get("Id"), str):
                return salesforce_id(rows[0]["Id"])
        raise self._client.protocol_error(what, "the org does not tell its id.")

    def describe(self, type_: str) -> ObjectSchema:
        """Return the fields of an object as the integration user sees them, asked afresh."""
        schema = self._schemas.fresh(type_)
        if self._settings.currency is None or schema.find(CURRENCY_FIELD) is not None:
            return schema
        # A single-currency org: the configured currency stands in for the field on every record.
        standing_in = FieldSchema(name=CURRENCY_FIELD, type="string", length=3, updateable=False, filterable=False)
        return replace(schema, fields={**schema.fields, CURRENCY_FIELD.lower(): standing_in})

    def changed(
        self, type_: str, fields: Sequence[str], window: Window, after: Position | None = None
    ) -> Iterator[Page]:
        """Yield pages of records whose stamp lies in the window, deleted ones included, in (stamp, id) order.

        An expired page locator is no failure: the query is asked again from the last record yielded.

        Raises:
            SchemaError: the object or a field does not exist for the integration user.
            ProtocolError: pages are incomplete or out of order.
        """
        selection = self._selector.select(type_, fields)
        what = f"reading changed {selection.type} records"

        def ask(position: Position | None) -> Iterator[Page]:
            conditions = soql.window_conditions(window, position)
            text = soql.select(selection.columns, selection.type, conditions, order=(STAMP_FIELD, "Id"))
            for records in self._pager.records(selection, text, what=what, deleted=True):
                position = self._in_order(records, position, what)
                if records:
                    yield Page(records, position)

        return _restarting(ask, after, lambda page: page.last)

    def by_ids(self, type_: str, fields: Sequence[str], ids: Sequence[str]) -> list[Record]:
        """Return the records with these ids in the order of the ids, deleted ones included.

        Raises:
            ValueError: a text is no Salesforce id.
        """
        selection = self._selector.select(type_, fields)
        wanted = list(dict.fromkeys(salesforce_id(id_) for id_ in ids))
        found: dict[str, Record] = {}
        for part in soql.chunks(wanted):
            condition = soql.comparison(Condition("Id", "in", tuple(part)))
            text = soql.select(selection.columns, selection.type, [condition])
            what = f"reading {len(part)} {selection.type} records by id"
            for page in self._pager.records(selection, text, what=what, deleted=True):
                found.update((record.ref.id, record) for record in page)
        return [found[id_] for id_ in wanted if id_ in found]

    def children(self, type_: str, fields: Sequence[str], parent_field: str, parent_ids: Sequence[str]) -> list[Record]:
        """Return all live children of these parents, every page of them, ordered by (parent, Id).

        Raises:
            ValueError: a text is no Salesforce id.
        """
        selection = self._selector.select(type_, [*fields, parent_field])
        parents = sorted({salesforce_id(id_) for id_ in parent_ids})
        what = f"reading {selection.type} records of {len(parents)} parents"
        found: list[Record] = []
        for part in soql.chunks(parents):
            condition = self._selector.condition(type_, Condition(parent_field, "in", tuple(part)))
            text = soql.select(
                selection.columns, selection.type, [soql.comparison(condition)], order=(condition.field, "Id")
            )
            for page in self._pager.records(selection, text, what=what):
                found += page
        return sorted(found, key=lambda record: (str(record.fields[parent_field]), record.ref.id))

    def scan(
        self, type_: str, fields: Sequence[str], where: Sequence[Condition] = (), *, include_deleted: bool = False
    ) -> Iterator[Record]:
        """Yield the whole population in Id order; a long ``in`` list is asked in parts and sorted in memory."""
        selection = self._selector.select(type_, fields)
        parts = self._where(type_, where)
        streams = (self._scan_part(selection, part, include_deleted) for part in parts)
        if len(parts) == 1:
            return next(streams)
        return iter(sorted((record for stream in streams for record in stream), key=lambda record: record.ref.id))

    def totals(self, type_: str, amount: str, where: Sequence[Condition] = ()) -> list[ControlTotal]:
        """Return count and sum of ``amount`` per currency of the live population; see :class:`Totals`."""
        reader = Totals(self._client, self._pager, self._selector)
        return reader.read(type_, amount, self._where(type_, where))

    def record_url(self, ref: RecordRef) -> str:
        """Return the address at which a person sees the record."""
        return f"{self._settings.url.rstrip('/')}/lightning/r/{ref.type}/{ref.id}/view"

    def _scan_part(self, selection: Selection, part: Sequence[str], deleted: bool) -> Iterator[Record]:
        what = f"reading all {selection.type} records"

        def ask(last: str | None) -> Iterator[list[Record]]:
            conditions = [*part, *([f"Id > {soql.quoted(last)}"] if last else [])]
            text = soql.select(selection.columns, selection.type, conditions, order=("Id",))
            return (page for page in self._pager.records(selection, text, what=what, deleted=deleted) if page)

        for page in _restarting(ask, None, lambda page: page[-1].ref.id):
            yield from page

    def _where(self, type_: str, where: Sequence[Condition]) -> list[list[str]]:
        """Return the conditions as SOQL; several lists where an ``in`` list is too long for one query."""
        alternatives = [
            [soql.comparison(part) for part in _short_parts(self._selector.condition(type_, condition))]
            for condition in where
        ]
        return [list(combination) for combination in product(*alternatives)]

    def _in_order(self, records: Sequence[Record], position: Position | None, what: str) -> Position | None:
        """Return the position after the records; a stamp that goes back would make the cursor skip records."""
        stamp = position.stamp if position else None
        for record in records:
            if stamp is not None and record.modified < stamp:
                raise self._client.protocol_error(what, "the rows are not in the order that was asked for.")
            stamp = record.modified
        return Position(records[-1].modified, records[-1].ref.id) if records else position


def _restarting(
    ask: Callable[[P | None], Iterator[R]], position: P | None, after: Callable[[R], P | None]
) -> Iterator[R]:
    """Yield what ``ask`` yields; when a page locator has expired, ask again from the last position."""
    restarts = 0
    while True:
        try:
            for page in ask(position):
                position, restarts = after(page), 0
                yield page
            return
        except ProtocolError as error:
            restarts += 1
            if error.code != INVALID_LOCATOR or restarts > MOST_RESTARTS:
                raise


def _short_parts(condition: Condition) -> list[Condition]:
    """Return the condition in parts whose value lists fit a query; no record fits two of them."""
    if condition.op != "in" or not isinstance(condition.value, tuple):
        return [condition]
    # SOQL compares text without regard to case: two spellings of one value in two parts would match twice.
    distinct = {value.lower() if isinstance(value, str) else value: value for value in condition.value}
    return [Condition(condition.field, "in", tuple(part)) for part in soql.chunks(list(distinct.values()))]
