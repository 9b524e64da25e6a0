"""What is left to bill of an order, line by line, added up by the reason why it is left."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from connectors.records import ErpLine, ErpOrder, quantize_money

ZERO = Decimal(0)
DONE = ("G", "H", "C")
"""Statuses in which a line without a quantity has nothing left to bill: Billed, Closed, Cancelled."""


@dataclass(slots=True)
class Parts:
    """Net amounts in the order's currency."""

    service: Decimal = ZERO
    goods: Decimal = ZERO
    waiting: Decimal = ZERO
    closed: Decimal = ZERO
    billed: Decimal = ZERO


def open_parts(order: ErpOrder) -> Parts:
    """Add up the shares of every line by billed and fulfilled quantity, rounded to the minor unit a line."""
    parts = Parts()
    for line in order.lines:
        _add(parts, line, order)
    return parts


def _add(parts: Parts, line: ErpLine, order: ErpOrder) -> None:
    billed = _share(line, line.billed, order)
    offered = max(billed, _share(line, line.fulfilled, order)) if line.fulfillable else Decimal(1)
    done, ready, waiting = (
        quantize_money(line.amount * share, order.currency) for share in (billed, offered - billed, 1 - offered)
    )
    parts.billed += done
    if line.closed:
        parts.closed += line.amount - done
    elif line.fulfillable:
        parts.goods += ready
        parts.waiting += waiting
    else:
        parts.service += ready


def _share(line: ErpLine, part: Decimal, order: ErpOrder) -> Decimal:
    """Return which share of a line's quantity a part is, between 0 and 1; a line without quantity is all or nothing."""
    if not line.quantity:
        return Decimal(bool(part) or order.status in DONE)
    return min(Decimal(1), max(ZERO, part / line.quantity))
