"""Rounding as the server does it: half up, to the currency's minor unit."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

DIGITS = {"JPY": 0, "KRW": 0, "CLP": 0, "ISK": 0, "VND": 0, "BHD": 3, "KWD": 3, "JOD": 3, "OMR": 3, "TND": 3}
"""Fraction digits of currencies (ISO 4217) that do not have two."""

RATE_DIGITS = 8
QUANTITY_DIGITS = 5
LARGEST_INPUT = Decimal(10) ** 12
"""Numbers that anybody sends must be smaller; then every product and sum is exact."""

LARGEST_AMOUNT = Decimal(10) ** 15
"""Amounts and totals must be smaller."""


def digits_of(symbol: str) -> int:
    """Return the fraction digits of a currency."""
    return DIGITS.get(symbol.upper(), 2)


def rounded(value: Decimal, digits: int) -> Decimal:
    """Return the value with that many fraction digits."""
    return value.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)


def trimmed(value: Decimal, digits: int) -> Decimal:
    """Return the value with at most that many fraction digits and without useless zeros."""
    return Decimal(plain(rounded(value, digits)))


def plain(value: Decimal) -> str:
    """Return the number's shortest text without an exponent: ``39.95``, ``100``."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
