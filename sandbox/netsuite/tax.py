"""Tax as the account's legacy tax set-up computes it: US sales tax by state, or VAT at home.

The subsidiary's ``taxRegime`` decides. ``us_sales_tax``: the rate of the state that the order is billed to.
``vat``: the subsidiary's rate where the order is billed to its own country (or nowhere), else nothing (export or
reverse charge). A subsidiary's ``taxRate`` is one percentage, or ``CA=7.25;NY=4`` per state with ``*`` for the rest.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

US_SALES_TAX = "us_sales_tax"
VAT = "vat"
REGIMES = (US_SALES_TAX, VAT)
NOT_TAXABLE = "-8"

_STATES = """
AL Alabama 4|AK Alaska 0|AZ Arizona 5.6|AR Arkansas 6.5|CA California 7.25|CO Colorado 2.9|CT Connecticut 6.35
DE Delaware 0|DC District of Columbia 6|FL Florida 6|GA Georgia 4|HI Hawaii 4|ID Idaho 6|IL Illinois 6.25|IN Indiana 7
IA Iowa 6|KS Kansas 6.5|KY Kentucky 6|LA Louisiana 5|ME Maine 5.5|MD Maryland 6|MA Massachusetts 6.25|MI Michigan 6
MN Minnesota 6.875|MS Mississippi 7|MO Missouri 4.225|MT Montana 0|NE Nebraska 5.5|NV Nevada 6.85|NH New Hampshire 0
NJ New Jersey 6.625|NM New Mexico 4.875|NY New York 4|NC North Carolina 4.75|ND North Dakota 5|OH Ohio 5.75
OK Oklahoma 4.5|OR Oregon 0|PA Pennsylvania 6|RI Rhode Island 7|SC South Carolina 6|SD South Dakota 4.2|TN Tennessee 7
TX Texas 6.25|UT Utah 6.1|VT Vermont 6|VA Virginia 5.3|WA Washington 6.5|WV West Virginia 6|WI Wisconsin 5|WY Wyoming 4
"""
_PARTS = [re.fullmatch(r"(\w\w) (.+) ([\d.]+)", part) for part in re.split(r"[|\n]", _STATES.strip())]
STATE_CODES: Mapping[str, str] = {name.upper(): m[1] for m in _PARTS if m for name in (m[1], m[2])}
STATE_RATES: Mapping[str, Decimal] = {m[1]: Decimal(m[3]) for m in _PARTS if m}
"""State-level sales tax rates, in percent."""

VAT_RATES: Mapping[str, Decimal] = {
    "_germany": Decimal(19),
    "_unitedKingdom": Decimal(20),
    "_japan": Decimal(10),
    "_france": Decimal(20),
}
"""Standard rates, in percent, for subsidiaries that state none."""


def parse_rates(text: str) -> Mapping[str, Decimal]:
    """Return the rates of a subsidiary's ``taxRate`` in percent, by state code; ``*`` is for all others.

    Raises:
        ValueError: it is neither a percentage nor a list of ``STATE=percentage``.
    """
    try:
        if "=" not in text:
            return {"*": Decimal(text)} if text else {}
        pairs = (part.split("=", 1) for part in text.split(";") if part.strip())
        return {state.strip().upper(): Decimal(rate.strip()) for state, rate in pairs}
    except (InvalidOperation, ValueError) as error:
        raise ValueError(f"{text!r} is neither a percentage nor a list such as CA=7.25;NY=4") from error


def tax_rate(order: Mapping[str, Any], customer: Mapping[str, Any], subsidiary: Mapping[str, Any]) -> Decimal:
    """Return the percentage that applies to an order's taxable lines."""
    if customer.get("taxExempt") or customer.get("taxable") is False or order.get("isTaxable") is False:
        return Decimal(0)
    address = billing_address(order, customer)
    rates = parse_rates(str(subsidiary.get("taxRate") or ""))
    if subsidiary.get("taxRegime") == US_SALES_TAX:
        state = STATE_CODES.get(str(address.get("state") or "").upper(), "")
        return rates.get(state, rates.get("*", Decimal(0))) if rates else STATE_RATES.get(state, Decimal(0))
    home = subsidiary.get("country")
    if subsidiary.get("taxRegime") != VAT or address.get("country") not in (None, home):
        return Decimal(0)
    return rates.get("*", VAT_RATES.get(str(home), Decimal(0)))


def billing_address(order: Mapping[str, Any], customer: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the order's own billing address, else the customer's default one, else nothing."""
    if order.get("billingAddress"):
        own: Mapping[str, Any] = order["billingAddress"]
        return own
    for entry in customer.get("addresses") or ():
        if entry.get("defaultBilling"):
            default: Mapping[str, Any] = entry.get("addressbookAddress") or {}
            return default
    return {}


def is_taxable(line: Mapping[str, Any]) -> bool:
    """Whether a line counts for tax."""
    return line.get("isTaxable") is not False and line.get("taxCode") != NOT_TAXABLE
