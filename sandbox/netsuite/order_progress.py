"""How far a sales order is: what may be fulfilled, what may be billed, and the status that follows.

Goods are billed as they are fulfilled, everything else by the order's quantity.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.netsuite import order_status
from sandbox.netsuite.failure import RecordError
from sandbox.netsuite.ledger import Ledger
from sandbox.netsuite.money import plain
from sandbox.netsuite.zone import pacific_day
from sandbox.store import Body

Line = dict[str, Any]
FULFILLABLE_TYPES = ("InvtPart",)
"""Kinds of items that are fulfilled unless the item itself says otherwise."""


def is_fulfillable(ledger: Ledger, line: Line) -> bool:
    """Whether the line's item is fulfilled before it is billed."""
    item = ledger.peek("item", str(line.get("item"))) or {}
    stated = item.get("isFulfillable")
    return bool(stated) if stated is not None else item.get("itemType") in FULFILLABLE_TYPES


def quantity(line: Line, name: str = "quantity") -> Decimal:
    """Return a quantity of the line; one that is missing is 0."""
    return Decimal(line.get(name) or 0)


def billable(ledger: Ledger, line: Line) -> Decimal:
    """Return the quantity of an order's line that may be billed now; a closed line has none."""
    if line.get("isClosed"):
        return Decimal(0)
    base = quantity(line, "quantityFulfilled") if is_fulfillable(ledger, line) else quantity(line)
    left = base - quantity(line, "quantityBilled")
    return left if left * quantity(line) > 0 else Decimal(0)


def to_fulfil(ledger: Ledger, line: Line) -> Decimal:
    """Return the quantity of an order's line that is still to be fulfilled."""
    if line.get("isClosed") or not is_fulfillable(ledger, line):
        return Decimal(0)
    return quantity(line) - quantity(line, "quantityFulfilled")


def not_billable(ledger: Ledger, order: Body) -> str:
    """Return why nothing of the order may be billed now; empty when something may."""
    status = order["orderStatus"]
    if status not in order_status.APPROVED or status == order_status.BILLED:
        return f"The order is {order_status.text_of(status)}."
    if order.get("billingSchedule"):
        today = pacific_day(ledger.clock.now()).isoformat()
        if not order.get("nextBillDate") or today < order["nextBillDate"]:
            return f"Its billing schedule is next due on {order.get('nextBillDate') or 'no known day'}."
    if not any(billable(ledger, line) for line in order["lines"]):
        return "Nothing of it is left to be billed."
    return ""


def check(order: Body, line: Line) -> None:
    """Refuse a line of which more is billed or fulfilled than ordered.

    Raises:
        RecordError: it is so.
    """
    ordered = quantity(line)
    for name in ("quantityBilled", "quantityFulfilled"):
        done = quantity(line, name)
        if abs(done) > abs(ordered) or done * ordered < 0:
            where = f"Order {order.get('tranId')} line {line['line']}: {plain(done)} of {plain(ordered)} ordered."
            raise RecordError("USER_ERROR", f"The quantity exceeds what remains on the order. {where}")


def is_begun(order: Body) -> bool:
    """Whether anything of the order was billed or fulfilled."""
    return any(line.get("quantityBilled") or line.get("quantityFulfilled") for line in order.get("lines", []))


def restated(ledger: Ledger, order: Body) -> Body:
    """Return an approved order with the status that its quantities give it."""
    lines = [line for line in order["lines"] if not line.get("isClosed")]
    goods = [line for line in lines if is_fulfillable(ledger, line)]
    return {**order, "orderStatus": _status(ledger, lines, goods)}


def _status(ledger: Ledger, lines: list[Line], goods: list[Line]) -> str:
    if all(_reached(line, "quantityBilled") for line in lines):
        return order_status.BILLED
    if all(_reached(line, "quantityFulfilled") for line in goods):
        return order_status.PENDING_BILLING
    if not any(line.get("quantityFulfilled") for line in goods):
        return order_status.PENDING_FULFILLMENT
    if any(billable(ledger, line) > 0 for line in goods):
        return order_status.PENDING_BILLING_PARTLY_FULFILLED
    return order_status.PARTLY_FULFILLED


def _reached(line: Line, name: str) -> bool:
    return abs(quantity(line, name)) >= abs(quantity(line))


def presumed(ledger: Ledger, order: Body) -> Body:
    """Return an order that a book brings along with the quantities that its stated status presumes."""
    billed = order["orderStatus"] == order_status.BILLED
    fulfilled = billed or order["orderStatus"] == order_status.PENDING_BILLING
    if not fulfilled or is_begun(order):
        return order
    lines = []
    for line in order["lines"]:
        goods = is_fulfillable(ledger, line)
        done = {"quantityFulfilled": quantity(line)} if goods else {}
        lines.append({**line, **done, **({"quantityBilled": quantity(line)} if billed else {})})
    return {**order, "lines": lines}
