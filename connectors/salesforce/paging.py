"""Runs queries and follows their pages one by one, checking that none is lost.

Source: Salesforce REST API, Query: pages may be shorter than asked for, ``nextRecordsUrl`` is opaque, a locator
lives two days.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connectors.errors import INCOMPLETE, SchemaError
from connectors.records import Record
from connectors.salesforce.client import SalesforceClient
from connectors.salesforce.describe import Schemas
from connectors.salesforce.fields import ConversionError
from connectors.salesforce.selection import Selection

Rows = list[Mapping[str, Any]]


class Pager:
    """Reads query results page by page; at no time is more than one page in memory.

    Args:
        client: the way to the org.
        schemas: forgotten when the org refuses a field that they promised.
    """

    def __init__(self, client: SalesforceClient, schemas: Schemas) -> None:
        self._client = client
        self._schemas = schemas

    def rows(self, soql: str, *, what: str, deleted: bool = False) -> Iterator[Rows]:
        """Yield the rows of each page; the last page only once the announced total was reached.

        Raises:
            SchemaError: the org does not know an object or field of the query.
            ProtocolError: a page lacks a part, or the pages do not add up to the announced total.
            ConnectorError: as the client tells.
        """
        answer = self._first(soql, deleted=deleted, what=what)
        total, seen = _total(answer), 0
        while True:
            rows = self._rows_of(answer, what)
            seen += len(rows)
            if answer["done"]:
                if seen != total:
                    why = f"the org announced {total} rows and sent {seen}."
                    raise self._client.protocol_error(what, why, INCOMPLETE)
                yield rows
                return
            url = answer.get("nextRecordsUrl")
            if not rows or not isinstance(url, str):
                raise self._client.protocol_error(what, "a page that is not the last leads nowhere.")
            yield rows
            answer = self._client.next_page(url, what=what)

    def records(self, selection: Selection, soql: str, *, what: str, deleted: bool = False) -> Iterator[list[Record]]:
        """Yield the records of each page.

        Raises:
            ProtocolError: a row does not hold what the object's description promises.
        """
        read = selection.rows.record
        for rows in self.rows(soql, what=what, deleted=deleted):
            try:
                page = [read(row) for row in rows]
            except ConversionError as error:
                self._schemas.forget()
                raise self._client.protocol_error(what, str(error)) from error
            yield page

    def _first(self, soql: str, *, deleted: bool, what: str) -> Any:  # noqa: ANN401  JSON
        try:
            return self._client.query(soql, deleted=deleted, what=what)
        except SchemaError:
            self._schemas.forget()
            raise

    def _rows_of(self, answer: Any, what: str) -> Rows:  # noqa: ANN401  JSON
        rows = answer.get("records") if isinstance(answer, dict) else None
        if not isinstance(rows, list) or not isinstance(answer.get("done"), bool):
            raise self._client.protocol_error(what, "a page without records or without its end mark.")
        return rows


def _total(answer: Any) -> int | None:  # noqa: ANN401  JSON
    total = answer.get("totalSize") if isinstance(answer, dict) else None
    return total if isinstance(total, int) else None
