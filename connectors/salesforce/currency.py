"""Fits records to an org of one currency, which has no field for a record's currency.

Source: Salesforce help, "Manage Multiple Currencies": CurrencyIsoCode exists in multi-currency orgs only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from connectors.errors import AccessDeniedError, ConnectorError, SchemaError
from connectors.records import RecordUpsert, WriteOutcome
from connectors.salesforce.selection import CURRENCY_FIELD, Selector

Placed = Sequence[tuple[int, RecordUpsert]]
"""Rows with their place in the caller's list."""


class Currencies:
    """Takes the currency from rows where the org keeps none.

    Args:
        selector: knows the org's objects and, for an org of one currency, the configured currency.
    """

    def __init__(self, selector: Selector) -> None:
        self._selector = selector

    def fit(self, rows: Sequence[RecordUpsert]) -> tuple[dict[int, WriteOutcome], Placed]:
        """Return what is decided without a call, by place, and the rows that can be sent.

        A row in another currency than the org's one is rejected: its amounts would be taken for that one.
        """
        asked = sorted({row.type for row in rows if CURRENCY_FIELD in row.values})
        verdicts = {type_: self._keeps_currency(type_) for type_ in asked}
        decided: dict[int, WriteOutcome] = {}
        fitting: list[tuple[int, RecordUpsert]] = []
        for place, row in enumerate(rows):
            fitted = self._fitted(row, verdicts.get(row.type, True))
            if isinstance(fitted, WriteOutcome):
                decided[place] = fitted
            else:
                fitting.append((place, fitted))
        return decided, fitting

    def _keeps_currency(self, type_: str) -> bool | ConnectorError:
        try:
            return self._selector.has_currency(type_)
        except ConnectorError as error:
            return error

    def _fitted(self, row: RecordUpsert, keeps: bool | ConnectorError) -> RecordUpsert | WriteOutcome:
        if CURRENCY_FIELD not in row.values or keeps is True:
            return row
        if isinstance(keeps, ConnectorError):
            return _unsent(keeps)
        try:
            only = self._selector.currency(row.type)
        except SchemaError as error:
            return _unsent(error)
        if row.values[CURRENCY_FIELD] not in (only, None):
            message = f"The org has one currency, {only}; a {row.type} in {row.values[CURRENCY_FIELD]} cannot be kept."
            return WriteOutcome(status="rejected", code="OTHER_CURRENCY", message=message)
        return replace(row, values={name: value for name, value in row.values.items() if name != CURRENCY_FIELD})


def _unsent(error: ConnectorError) -> WriteOutcome:
    """Return the outcome of a row that could not be fitted, so that nothing was sent."""
    message = f"{error.why} {error.fix}"
    if isinstance(error, SchemaError | AccessDeniedError):
        return WriteOutcome(status="rejected", code=error.code, message=message)
    return WriteOutcome(status="no_op", code=error.code, message=message)
