"""The org's own figures for a population, against which what was read is proved complete.

Salesforce converts an aggregated amount to the org's default currency whenever a query groups (SOQL
Reference, Querying Currency Fields in Multi-Currency Orgs). In a multi-currency org a sum per record currency
therefore cannot be asked for: there the amounts are read and added here, and accepted only when the org's own
count per currency agrees.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from connectors.errors import TransientError
from connectors.records import ControlTotal
from connectors.salesforce import soql
from connectors.salesforce.client import SalesforceClient
from connectors.salesforce.fields import to_number
from connectors.salesforce.paging import Pager
from connectors.salesforce.selection import CURRENCY_FIELD, Selection, Selector

MOST_TRIES = 3


class Totals:
    """Counts and sums one population.

    Args:
        client: for its errors.
        pager: runs the queries.
        selector: knows the org's fields and currency.
    """

    def __init__(self, client: SalesforceClient, pager: Pager, selector: Selector) -> None:
        self._client = client
        self._pager = pager
        self._selector = selector

    def read(self, type_: str, amount: str, parts: Sequence[Sequence[str]]) -> list[ControlTotal]:
        """Return count and sum per currency, in order of the currency.

        Args:
            type_: the object.
            amount: the field that is summed; empty amounts count as zero.
            parts: conditions of populations that do not overlap, added up.

        Raises:
            TransientError: the records changed while they were counted, several times over.
        """
        selection = self._selector.select(type_, [amount])
        if not self._selector.has_currency(type_):
            return self._one_currency(selection, amount, parts)
        for _ in range(MOST_TRIES):
            counts = self._counts(selection.type, parts)
            sums, seen = self._sums(type_, amount, parts)
            if counts == seen:
                return [ControlTotal(currency=c, count=counts[c], amount=sums[c]) for c in sorted(counts)]
        raise TransientError(
            connection=self._client.connection,
            what=f"counting {selection.type} records",
            why="they changed while they were counted.",
            fix="Run again at a quieter time.",
            code="MOVING",
        )

    def _one_currency(self, selection: Selection, amount: str, parts: Sequence[Sequence[str]]) -> list[ControlTotal]:
        currency = self._selector.currency(selection.type)
        field = next(column for column in selection.columns if column.lower() == amount.lower())
        what = f"counting {selection.type} records"
        count, total = 0, Decimal(0)
        for part in parts:
            text = soql.select(["COUNT(Id) counted", f"SUM({field}) summed"], selection.type, part)
            for rows in self._pager.rows(text, what=what):
                for row in rows:
                    count += self._count(row, what)
                    total += to_number(row.get("summed")) or Decimal(0)
        return [ControlTotal(currency=currency, count=count, amount=total)] if count else []

    def _counts(self, type_: str, parts: Sequence[Sequence[str]]) -> Counter[str]:
        what = f"counting {type_} records"
        counts: Counter[str] = Counter()
        for part in parts:
            text = soql.select([CURRENCY_FIELD, "COUNT(Id) counted"], type_, part, group=CURRENCY_FIELD)
            for rows in self._pager.rows(text, what=what):
                for row in rows:
                    counts[str(row.get(CURRENCY_FIELD))] += self._count(row, what)
        return counts

    def _sums(self, type_: str, amount: str, parts: Sequence[Sequence[str]]) -> tuple[dict[str, Decimal], Counter[str]]:
        selection = self._selector.select(type_, [amount, CURRENCY_FIELD])
        sums: dict[str, Decimal] = {}
        seen: Counter[str] = Counter()
        for part in parts:
            text = soql.select(selection.columns, selection.type, part, order=("Id",))
            for page in self._pager.records(selection, text, what=f"adding up {selection.type} records"):
                for record in page:
                    currency, value = str(record.fields[CURRENCY_FIELD]), record.fields[amount]
                    sums[currency] = sums.get(currency, Decimal(0)) + (value if isinstance(value, Decimal) else 0)
                    seen[currency] += 1
        return sums, seen

    def _count(self, row: Mapping[str, Any], what: str) -> int:
        count = row.get("counted")
        if not isinstance(count, int):
            raise self._client.protocol_error(what, "the count is missing.")
        return count
