"""A sales order's status: one letter, its SOAP enumeration value, and the text that people see."""

from __future__ import annotations

from collections.abc import Mapping

PENDING_APPROVAL = "A"
PENDING_FULFILLMENT = "B"
PARTLY_FULFILLED = "D"
PENDING_BILLING_PARTLY_FULFILLED = "E"
PENDING_BILLING = "F"
BILLED = "G"
CLOSED = "H"
APPROVED = ("B", "D", "E", "F", "G")
"""Statuses that follow from what was fulfilled and billed."""

STATUSES: Mapping[str, tuple[str, str]] = {
    "A": ("_pendingApproval", "Pending Approval"),
    "B": ("_pendingFulfillment", "Pending Fulfillment"),
    "C": ("_cancelled", "Cancelled"),
    "D": ("_partiallyFulfilled", "Partially Fulfilled"),
    "E": ("_pendingBillingPartFulfilled", "Pending Billing/Partially Fulfilled"),
    "F": ("_pendingBilling", "Pending Billing"),
    "G": ("_fullyBilled", "Billed"),
    "H": ("_closed", "Closed"),
}
"""Letter to SalesOrderOrderStatus (2025.2) and display text."""

ENTERABLE = (PENDING_APPROVAL, PENDING_FULFILLMENT)
"""What a user may choose; the others follow from fulfilment, billing, cancelling and closing."""

LETTERS: Mapping[str, str] = {
    spelling.lower(): letter for letter, pair in STATUSES.items() for spelling in (letter, *pair, f"SalesOrd:{letter}")
}
"""Every spelling of a status, in lower case, to its letter."""


def letter_of_enum(value: str) -> str | None:
    """Return the letter of a SalesOrderOrderStatus value, or None when it is none."""
    return LETTERS.get(value.lower()) if value.startswith("_") else None


def enum_of(letter: str) -> str:
    """Return the SalesOrderOrderStatus value."""
    return STATUSES[letter][0]


def text_of(letter: str) -> str:
    """Return what people see."""
    return STATUSES[letter][1]
