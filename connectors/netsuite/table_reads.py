"""Whole selections out of SuiteQL: page after page, with rows that cannot be used refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from connectors.netsuite import rows
from connectors.netsuite.rows import RowError
from connectors.netsuite.suiteql import Row, Suiteql

T = TypeVar("T")


class TableReads:
    """Reads converted rows of one account.

    Args:
        suiteql: the account's queries.
    """

    def __init__(self, suiteql: Suiteql) -> None:
        self._suiteql = suiteql

    def pages(self, query: Callable[[int | None], str], what: str, key: str = "id") -> Iterator[Sequence[Row]]:
        """Yield the rows of a query that is ordered by the whole-number column ``key``.

        Raises:
            ConnectorError: a query failed.
        """
        with self.checked(what):
            yield from self._suiteql.keyset(query, lambda row: rows.integer(row, key), what)

    def pairs(
        self, query: Callable[[tuple[int, int] | None], str], key: tuple[str, str], what: str
    ) -> Iterator[Sequence[Row]]:
        """Yield the rows of a query that is ordered by two whole-number columns.

        Raises:
            ConnectorError: a query failed.
        """
        first, second = key
        with self.checked(what):
            yield from self._suiteql.keyset(
                query, lambda row: (rows.integer(row, first), rows.integer(row, second)), what
            )

    def page(self, query: str, convert: Callable[[Row], T], what: str) -> list[T]:
        """Return the converted rows of a query that yields one page.

        Raises:
            ConnectorError: the query failed, or a row is not as it must be.
        """
        found = self._suiteql.page(query, what).rows
        with self.checked(what):
            return [convert(row) for row in found]

    @contextmanager
    def checked(self, what: str) -> Iterator[None]:
        """Turn a row that cannot be used into a connector's error that says what was being read."""
        try:
            yield
        except RowError as error:
            raise self._suiteql.errors.unexpected(what, f"{error}.") from error
