"""Parts of amounts and of quantities, rounded as the clerk rounds them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

MINOR_UNITS = {"JPY": 0, "KRW": 0, "CLP": 0, "ISK": 0, "VND": 0, "BHD": 3, "KWD": 3, "JOD": 3, "OMR": 3, "TND": 3}
"""Fraction digits of currencies (ISO 4217) that do not have two."""


def part_of(amount: Decimal, share: Decimal, symbol: str) -> Decimal:
    """Return that share of an amount, rounded half up to the currency's minor unit."""
    unit = Decimal(1).scaleb(-MINOR_UNITS.get(symbol.upper(), 2))
    return (amount * share).quantize(unit, rounding=ROUND_HALF_UP)


def parts_of(amounts: Sequence[Decimal], share: Decimal, symbol: str) -> list[Decimal]:
    """Return that share of each amount so that together they are the share of the sum; the last one evens out."""
    parts = [part_of(amount, share, symbol) for amount in amounts]
    if parts:
        parts[-1] += part_of(sum(amounts, Decimal(0)), share, symbol) - sum(parts, Decimal(0))
    return parts


def units_of(quantity: Decimal, share: Decimal | None) -> Decimal:
    """Return that share of a quantity in whole units, at least one, at most all; no share means all."""
    if share is None:
        return quantity
    whole = (quantity * share).quantize(Decimal(1), rounding=ROUND_FLOOR)
    return min(quantity, max(whole, Decimal(1)))
