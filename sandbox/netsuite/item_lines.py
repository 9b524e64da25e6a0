"""A sales order's item lines: merging wanted lines into existing ones, and pricing them.

The list is keyed by ``line``: with ``replaceAll`` existing lines that are not named go away, without it they stay
(Oracle, section_N3441570). A number, once given, stays with its line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sandbox.netsuite.failure import RecordError, bad_reference, missing_value
from sandbox.netsuite.ledger import Ledger
from sandbox.netsuite.money import LARGEST_AMOUNT, LARGEST_INPUT, QUANTITY_DIGITS, RATE_DIGITS, rounded, trimmed

Line = dict[str, Any]
CUSTOM_PRICE = "-1"
"""The price level that lets a line have its own rate (Oracle, section_N3658677)."""

PRICING = ("quantity", "rate", "amount", "price")


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """The lines after a change, and the number that the next new line gets."""

    lines: list[Line]
    next_line: int


def merge(existing: Sequence[Line], wanted: Sequence[Line], *, replace: bool, next_line: int) -> Merged:
    """Return the existing lines with the wanted ones merged in; new ones come last.

    Raises:
        RecordError: a wanted line names a number that the order does not have.
    """
    known = {int(line["line"]): line for line in existing}
    changes: dict[int, Line] = {}
    fresh: list[Line] = []
    for line in wanted:
        number = line.get("line")
        if number is None or not known:
            fresh.append({**line, "line": next_line})
            next_line += 1
        elif int(number) in known:
            changes[int(number)] = line
        else:
            raise bad_reference("item line", str(number))
    kept = [
        _changed(line, changes[number]) if number in changes else line
        for number, line in known.items()
        if number in changes or not replace
    ]
    return Merged(lines=[*kept, *(_without_nulls(line) for line in fresh)], next_line=next_line)


def price(ledger: Ledger, line: Line, given: Line, *, digits: int, strict: bool) -> Line:
    """Return the line with quantity, rate and amount made to fit each other.

    An amount that is given wins; else it is quantity times rate, rounded to the currency.

    Args:
        ledger: where items are.
        line: the line after merging.
        given: what the change says about it.
        digits: fraction digits of the order's currency.
        strict: whether a rate needs the custom price level, as over SOAP.

    Raises:
        RecordError: item, quantity or price are missing, or the rate may not be set.
    """
    if not line.get("item"):
        raise missing_value("Item")
    if line.get("quantity") is None:
        raise missing_value("Quantity")
    if not any(given.get(name) is not None for name in PRICING) and line.get("amount") is not None:
        return {**line, "amount": rounded(Decimal(line["amount"]), digits)}
    quantity = trimmed(Decimal(line["quantity"]), QUANTITY_DIGITS)
    if given.get("amount") is not None:
        return _by_amount(line, given, quantity, digits)
    rate = trimmed(_rate(ledger, line, given, strict=strict), RATE_DIGITS)
    return _in_range({**line, "quantity": quantity, "rate": rate, "amount": rounded(quantity * rate, digits)})


def _by_amount(line: Line, given: Line, quantity: Decimal, digits: int) -> Line:
    amount = rounded(Decimal(given["amount"]), digits)
    implied = amount / quantity if quantity else amount
    rate = Decimal(given["rate"]) if given.get("rate") is not None else implied
    return _in_range({**line, "quantity": quantity, "rate": trimmed(rate, RATE_DIGITS), "amount": amount})


def _in_range(line: Line) -> Line:
    if abs(line["rate"]) >= LARGEST_INPUT or abs(line["amount"]) >= LARGEST_AMOUNT:
        raise RecordError("INVALID_NUMBER", f"Line {line['line']}: rate or amount is out of range.")
    return line


def _rate(ledger: Ledger, line: Line, given: Line, *, strict: bool) -> Decimal:
    item = ledger.peek("item", str(line["item"])) or {}
    base = item.get("basePrice")
    if line.get("rate") is None or (strict and given.get("rate") is None and line.get("price") == "1"):
        if base is None:
            raise missing_value("Amount")
        return Decimal(base)
    if strict and given.get("rate") is not None and line.get("price") != CUSTOM_PRICE:
        name = item.get("itemId") or line["item"]
        raise RecordError("USER_ERROR", f"To set the rate of item {name}, set price to -1 (Custom) on its line.")
    return Decimal(line["rate"])


def _changed(old: Line, change: Line) -> Line:
    return _without_nulls({**old, **change, "line": old["line"]})


def _without_nulls(line: Line) -> Line:
    return {name: value for name, value in line.items() if value is not None}
