"""How far two totals may differ by rounding alone."""

from __future__ import annotations

from decimal import Decimal

from connectors.records import minor_unit

CAP_SCALE = Decimal("0.01")


def rounding_tolerance(currency: str, n_lines: int, cap: Decimal) -> Decimal:
    """Return the largest difference that rounding can explain, in the currency's own units.

    Rounding n lines one by one instead of their total differs by at most ``minor x (n + 1) / 2``; the bound used is
    ``minor x max(1, ceil((n + 1) / 2))``. ``cap`` is an amount of a two-decimal currency and is carried to other
    currencies by number of minor units, since no exchange rate belongs here. Never below one minor unit.
    """
    minor = minor_unit(currency)
    units = max(1, (n_lines + 2) // 2)
    most = max(Decimal(1), cap / CAP_SCALE)
    return minor * min(Decimal(units), most)
