"""Document numbers: a prefix and a sequence for each record type."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.netsuite.ledger import Ledger
from sandbox.store import Body

SERIES: Mapping[str, tuple[str, str, int]] = {
    "customer": ("entityId", "C-", 1001),
    "salesOrder": ("tranId", "SO", 1001),
    "invoice": ("tranId invoice", "INV", 2001),
    "customerPayment": ("tranId customerPayment", "PYMT", 3001),
    "creditMemo": ("tranId creditMemo", "CM", 4001),
    "customerDeposit": ("tranId customerDeposit", "DEP", 5001),
    "customerRefund": ("tranId customerRefund", "RF", 6001),
    "itemFulfillment": ("tranId itemFulfillment", "IF", 7001),
    "depositApplication": ("tranId depositApplication", "DA", 8001),
    "journalEntry": ("tranId journalEntry", "JE", 9001),
}
"""Sequence, prefix and first number by record type."""


def numbered(ledger: Ledger, type_: str, body: Body) -> Body:
    """Return a new transaction with internal id, document number and creation stamp, unless it has them."""
    now = ledger.now()
    new = {"id": "", "externalId": None, "tranId": "", "createdDate": now, "lastModifiedDate": now, **body}
    new["id"] = new["id"] or ledger.next_id(type_)
    if not new["tranId"]:
        sequence, prefix, first = SERIES[type_]
        new["tranId"] = f"{prefix}{ledger.next_number(sequence, first)}"
    return new


def advance_number(ledger: Ledger, type_: str, number: str) -> None:
    """Have the type's sequence go on after a number that a row brought along."""
    if type_ not in SERIES:
        return
    sequence, prefix, first = SERIES[type_]
    digits = number.removeprefix(prefix)
    if digits.isdigit() and len(digits) < 12:
        ledger.reach(sequence, int(digits), first)
