"""Sales orders: defaults, the rules among entity, subsidiary, currency and items, and the server's totals."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sandbox.netsuite import item_lines
from sandbox.netsuite.draft import Draft
from sandbox.netsuite.failure import RecordError, bad_reference, missing_value
from sandbox.netsuite.ledger import Ledger
from sandbox.netsuite.money import LARGEST_AMOUNT, digits_of, rounded
from sandbox.netsuite.order_status import CLOSED, ENTERABLE, PENDING_APPROVAL
from sandbox.netsuite.tax import is_taxable, tax_rate
from sandbox.netsuite.zone import pacific_day
from sandbox.store import Body

TYPE = "salesOrder"
FIRST_NUMBER = 1001
NUMBER_PREFIX = "SO"
MAX_LINES = 5000
"""Oracle, section_N3658677."""


def built(ledger: Ledger, base: Body | None, draft: Draft, *, strict: bool = True) -> Body:
    """Return the order that results from a settled draft; nothing is written.

    Args:
        ledger: the account.
        base: the order as it is, or None for a new one.
        draft: what is wanted; its references are resolved.
        strict: whether the rules for web services hold; a person or an import may do more.

    Raises:
        RecordError: the order cannot be saved like this.
    """
    if strict:
        _check_status(base, draft.values)
    body = _merged(ledger, base, draft)
    customer = _customer(ledger, body)
    _default(ledger, body, customer)
    if strict:
        _check_subsidiary(body, customer)
    currency = ledger.peek("currency", body["currency"]) or {}
    digits = digits_of(str(currency.get("symbol", "")))
    _set_lines(ledger, body, draft, digits=digits, strict=strict)
    return _totalled(ledger, body, customer, digits)


def added(ledger: Ledger, body: Body) -> Body:
    """Return a new order with internal id, document number and creation stamp, unless it has them."""
    now = ledger.now()
    new = {"id": "", "externalId": None, "tranId": "", "createdDate": now, "lastModifiedDate": now, **body}
    new["id"] = new["id"] or ledger.next_id(TYPE)
    if not new["tranId"]:
        new["tranId"] = f"{NUMBER_PREFIX}{ledger.next_number('tranId', FIRST_NUMBER)}"
    return new


def _merged(ledger: Ledger, base: Body | None, draft: Draft) -> Body:
    body: Body = {**(base or {}), **draft.values}
    if draft.external_id:
        body["externalId"] = draft.external_id
    body.setdefault("tranDate", pacific_day(ledger.clock.now()).isoformat())
    body.setdefault("orderStatus", PENDING_APPROVAL)
    moved = base is not None and any(base.get(name) != body.get(name) for name in ("currency", "subsidiary"))
    if moved and "exchangeRate" not in draft.values:
        body.pop("exchangeRate", None)
    return {name: value for name, value in body.items() if value is not None or name == "externalId"}


def _customer(ledger: Ledger, body: Body) -> Body:
    if not body.get("entity"):
        raise missing_value("Customer")
    customer = ledger.peek("customer", body["entity"])
    if customer is None:
        raise bad_reference("entity", str(body["entity"]))
    return customer


def _default(ledger: Ledger, body: Body, customer: Body) -> None:
    body.setdefault("subsidiary", customer.get("subsidiary"))
    body.setdefault("currency", customer.get("currency"))
    if not body["subsidiary"]:
        raise missing_value("Subsidiary")
    if not body["currency"]:
        raise missing_value("Currency")
    if customer.get("terms") and "terms" not in body:
        body["terms"] = customer["terms"]
    if "exchangeRate" not in body:
        body["exchangeRate"] = _exchange_rate(ledger, body)


def _exchange_rate(ledger: Ledger, body: Body) -> Decimal:
    """Return the value of one unit in the subsidiary's currency, by both currencies' rates to a common base."""
    subsidiary = ledger.peek("subsidiary", body["subsidiary"]) or {}
    home = subsidiary.get("currency")
    if home in (None, body["currency"]):
        return Decimal(1)
    rates = [(ledger.peek("currency", str(id_)) or {}).get("exchangeRate") for id_ in (body["currency"], home)]
    own, base = (Decimal(rate or 0) for rate in rates)
    return rounded(own / base, 8) if own and base else Decimal(1)


def _check_status(base: Body | None, values: Mapping[str, Any]) -> None:
    wanted = values.get("orderStatus")
    if wanted is not None and wanted not in ENTERABLE and wanted != (base or {}).get("orderStatus"):
        raise RecordError("INVALID_STATUS", "An order's status can be set to Pending Approval or Pending Fulfillment.")


def _check_subsidiary(body: Body, customer: Body) -> None:
    if body["subsidiary"] != customer.get("subsidiary"):
        raise RecordError(
            "INVALID_KEY_OR_REF",
            f"Invalid entity reference key {body['entity']} for subsidiary {body['subsidiary']}.",
        )


def _set_lines(ledger: Ledger, body: Body, draft: Draft, *, digits: int, strict: bool) -> None:
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


def _totalled(ledger: Ledger, body: Body, customer: Body, digits: int) -> Body:
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
    if body["lines"] and all(line.get("isClosed") for line in body["lines"]):
        body["orderStatus"] = CLOSED
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
