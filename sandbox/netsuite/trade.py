"""What sales orders, invoices and credit memos share: parties, currency, item lines, and the server's totals."""

from __future__ import annotations

import re
from decimal import Decimal

from sandbox.netsuite import item_lines
from sandbox.netsuite.draft import Draft
from sandbox.netsuite.failure import RecordError, bad_reference, missing_value
from sandbox.netsuite.ledger import Ledger
from sandbox.netsuite.money import LARGEST_AMOUNT, digits_of, rounded
from sandbox.netsuite.tax import is_taxable, tax_rate
from sandbox.store import Body

MAX_LINES = 5000
"""Oracle, section_N3658677."""


def customer_of(ledger: Ledger, body: Body) -> Body:
    """Return the document's customer.

    Raises:
        RecordError: the document names none, or one that is gone.
    """
    if not body.get("entity"):
        raise missing_value("Customer")
    customer = ledger.peek("customer", body["entity"])
    if customer is None:
        raise bad_reference("entity", str(body["entity"]))
    return customer


def set_defaults(ledger: Ledger, body: Body, customer: Body) -> None:
    """Fill in subsidiary, currency, terms and exchange rate where the document does not say them."""
    body.setdefault("subsidiary", customer.get("subsidiary"))
    body.setdefault("currency", customer.get("currency"))
    if not body["subsidiary"]:
        raise missing_value("Subsidiary")
    if not body["currency"]:
        raise missing_value("Currency")
    if customer.get("terms") and "terms" not in body:
        body["terms"] = customer["terms"]
    if "exchangeRate" not in body:
        body["exchangeRate"] = exchange_rate(ledger, body)


def exchange_rate(ledger: Ledger, body: Body) -> Decimal:
    """Return the value of one unit in the subsidiary's currency, by both currencies' rates to a common base."""
    subsidiary = ledger.peek("subsidiary", body["subsidiary"]) or {}
    home = subsidiary.get("currency")
    if home in (None, body["currency"]):
        return Decimal(1)
    rates = [(ledger.peek("currency", str(id_)) or {}).get("exchangeRate") for id_ in (body["currency"], home)]
    own, base = (Decimal(rate or 0) for rate in rates)
    return rounded(own / base, 8) if own and base else Decimal(1)


def check_subsidiary(body: Body, customer: Body) -> None:
    """Refuse a subsidiary that is not the customer's.

    Raises:
        RecordError: it is another one.
    """
    if body["subsidiary"] != customer.get("subsidiary"):
        raise RecordError(
            "INVALID_KEY_OR_REF",
            f"Invalid entity reference key {body['entity']} for subsidiary {body['subsidiary']}.",
        )


def set_lines(ledger: Ledger, body: Body, draft: Draft, *, digits: int, strict: bool) -> None:
    """Merge the wanted item lines into the document's and price them.

    Raises:
        RecordError: a line cannot be, there are too many, or over SOAP none.
    """
    existing = body.get("lines", [])
    wanted = draft.lines or []
    merged = item_lines.merge(
        existing,
        wanted,
        replace=draft.lines is not None and draft.replace_lines,
        next_line=int(body.get("nextLine", 1)),
    )
    if strict and not merged.lines:
        raise RecordError("USER_ERROR", "You must enter at least one line item for this transaction.")
    if len(merged.lines) > MAX_LINES:
        raise RecordError("EXCEEDED_MAX_TRANS_LINES", f"A transaction can have {MAX_LINES} lines.")
    given = {int(line["line"]): line for line in wanted if existing and line.get("line") is not None}
    known = {int(line["line"]) for line in existing}
    body["lines"] = [
        item_lines.price(
            ledger,
            line,
            given.get(int(line["line"]), {} if int(line["line"]) in known else line),
            digits=digits,
            strict=strict,
        )
        for line in merged.lines
    ]
    body["nextLine"] = merged.next_line


def totalled(ledger: Ledger, body: Body, customer: Body, digits: int) -> Body:
    """Return the order with its totals: net of the lines, discount, tax by regime, each rounded to the currency."""
    subsidiary = ledger.peek("subsidiary", body["subsidiary"]) or {}
    net = sum((Decimal(line["amount"]) for line in body["lines"]), Decimal(0))
    taxable = sum((Decimal(line["amount"]) for line in body["lines"] if is_taxable(line)), Decimal(0))
    discount = _discount(str(body.get("discountRate") or ""), net, digits)
    base = taxable + (discount * taxable / net if net else Decimal(0))
    tax = rounded(base * tax_rate(body, customer, subsidiary) / 100, digits)
    extra = Decimal(body.get("shippingCost") or 0) + Decimal(body.get("handlingCost") or 0)
    body.update(
        subTotal=rounded(net, digits),
        discountTotal=discount,
        taxTotal=tax,
        total=rounded(net + discount + extra + tax, digits),
    )
    if abs(body["total"]) >= LARGEST_AMOUNT:
        raise RecordError("INVALID_NUMBER", "The total is out of range.")
    return body


def _discount(text: str, net: Decimal, digits: int) -> Decimal:
    """Return the body discount, negative as entered: ``-10%`` or ``-25.00``."""
    match = re.fullmatch(r"(-?\d+(\.\d+)?)\s*(%?)", text.strip())
    if not text:
        return Decimal(0)
    if match is None:
        raise RecordError("INVALID_NUMBER", f"Invalid discount rate {text!r}: enter -10% or -25.00.")
    value = Decimal(match[1])
    return rounded(net * value / 100 if match[3] else value, digits)


def fraction_digits(ledger: Ledger, currency: str) -> int:
    """Return how many fraction digits amounts in that currency have."""
    return digits_of(str((ledger.peek("currency", currency) or {}).get("symbol", "")))
