"""The account's preferences that change how receivables behave.

``payment_touches_invoice``: whether applying money to an invoice moves the invoice's ``lastModifiedDate``.
``route_invoice_approvals``: whether a new invoice waits for approval.
"""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.netsuite.ledger import Ledger

TYPE = "_preferences"
ID = "account"
STANDARD: Mapping[str, bool] = {"payment_touches_invoice": False, "route_invoice_approvals": False}


def preferences(ledger: Ledger) -> Mapping[str, bool]:
    """Return all preferences by name."""
    return {**STANDARD, **(ledger.peek(TYPE, ID) or {})}


def set_preferences(ledger: Ledger, wanted: Mapping[str, object]) -> Mapping[str, bool]:
    """Set some preferences and return all of them.

    Raises:
        ValueError: a name is unknown, or a value is neither true nor false.
    """
    for name, value in wanted.items():
        if name not in STANDARD or not isinstance(value, bool):
            raise ValueError(f"{name!r}: known are {', '.join(STANDARD)}, each true or false")
    ledger.store.put(TYPE, ID, {**preferences(ledger), **wanted})
    return preferences(ledger)
