"""The amounts on a transaction's head, as SuiteQL's columns show them.

``foreigntotal`` is negative on credit memos and refunds. Invoices have ``foreignamountpaid`` and
``foreignamountunpaid`` (everything applied, whatever its kind, and what is open); payments, deposits and credit
memos ``foreignpaymentamountused`` and ``foreignpaymentamountunused``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from sandbox.store import Body

Head = dict[str, Any]


def heading_of(type_: str, body: Body) -> Head:
    """Return the amount columns of a stored transaction; what a type does not have is absent."""
    return HEADS[type_](body)


def amount_of(value: Any) -> Decimal:  # noqa: ANN401  a stored number or nothing
    """Return a stored number, nothing being zero."""
    return Decimal(value or 0)


def _order(body: Body) -> Head:
    return {"foreigntotal": _text(body.get("total"))}


def _invoice(body: Body) -> Head:
    return {
        "foreigntotal": _text(body.get("total")),
        "foreignamountpaid": _text(body.get("amountPaid")),
        "foreignamountunpaid": _text(body.get("amountRemaining")),
    }


def _payment(body: Body) -> Head:
    received = amount_of(body.get("payment"))
    return {
        "foreigntotal": _text(received),
        "otherrefnum": body.get("checkNum"),
        **_used(received, body),
    }


def _credit(body: Body) -> Head:
    total = amount_of(body.get("total"))
    return {"foreigntotal": _text(-total), **_used(total, body)}


def _deposit(body: Body) -> Head:
    total = amount_of(body.get("payment"))
    return {"foreigntotal": _text(total), "otherrefnum": body.get("checkNum"), **_used(total, body)}


def _application(body: Body) -> Head:
    return {"foreigntotal": _text(sum((amount_of(row.get("amount")) for row in body.get("apply") or ()), Decimal(0)))}


def _refund(body: Body) -> Head:
    return {"foreigntotal": _text(-amount_of(body.get("total")))}


def _journal(body: Body) -> Head:
    total = amount_of(body.get("credit"))
    return {"foreigntotal": _text(total), **_used(total, body)}


def _nothing(_: Body) -> Head:
    return {"foreigntotal": "0"}


def _used(total: Decimal, body: Body) -> Head:
    """Return what was used and what is left; money that was paid back counts as used."""
    left = amount_of(body.get("unapplied"))
    return {"foreignpaymentamountused": _text(total - left), "foreignpaymentamountunused": _text(left)}


def _text(value: Any) -> str:  # noqa: ANN401  a stored number or nothing
    return format(amount_of(value), "f")


HEADS: Mapping[str, Callable[[Body], Head]] = {
    "salesOrder": _order,
    "invoice": _invoice,
    "customerPayment": _payment,
    "creditMemo": _credit,
    "customerDeposit": _deposit,
    "depositApplication": _application,
    "customerRefund": _refund,
    "itemFulfillment": _nothing,
    "journalEntry": _journal,
}
"""What each stored transaction type shows."""
