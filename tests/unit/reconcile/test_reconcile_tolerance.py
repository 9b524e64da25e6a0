from __future__ import annotations

from decimal import Decimal

import pytest

from reconcile.tolerance import rounding_tolerance


@pytest.mark.parametrize(
    ("currency", "lines", "cap", "bound"),
    [
        ("USD", 0, "1.00", "0.01"),
        ("USD", 1, "1.00", "0.01"),
        ("USD", 2, "1.00", "0.02"),
        ("USD", 3, "1.00", "0.02"),
        ("USD", 4, "1.00", "0.03"),
        ("USD", 1000, "1.00", "1.00"),
        ("USD", 1000, "0.05", "0.05"),
        ("USD", 8, "0", "0.01"),
        ("JPY", 8, "1.00", "5"),
        ("JPY", 1000, "1.00", "100"),
        ("KWD", 8, "1.00", "0.005"),
        ("KWD", 1000, "1.00", "0.100"),
    ],
)
def test_the_bound_is_half_a_minor_unit_a_line_within_the_cap(currency: str, lines: int, cap: str, bound: str) -> None:
    assert rounding_tolerance(currency, lines, Decimal(cap)) == Decimal(bound)
