"""What all receivables share: how a change begins, parties and dates, voiding."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.netsuite import trade
from sandbox.netsuite.custom_fields import VOID
from sandbox.netsuite.draft import Draft
from sandbox.netsuite.failure import RecordError, bad_reference, missing_value
from sandbox.netsuite.ledger import Ledger
from sandbox.netsuite.money import rounded
from sandbox.netsuite.zone import pacific_day
from sandbox.store import Body

AMOUNTS = (
    *("payment", "total", "subTotal", "discountTotal", "taxTotal", "amountPaid", "amountRemaining", "applied"),
    *("unapplied", "credit", "shippingCost", "handlingCost"),
)
"""What voiding sets to zero."""


def begun(ledger: Ledger, base: Body | None, draft: Draft) -> Body:
    """Return the body with the draft's values on it, its day and its external id.

    Raises:
        RecordError: the document is voided; nothing can be done to it any more.
    """
    if base is not None and base.get("voided"):
        raise RecordError("TRANS_ALREADY_VOIDED", f"{base.get('tranId')} is voided and cannot be changed.")
    body: Body = {**(base or {}), **draft.values}
    if draft.external_id:
        body["externalId"] = draft.external_id
    body = {name: value for name, value in body.items() if value is not None or name == "externalId"}
    body.setdefault("tranDate", pacific_day(ledger.clock.now()).isoformat())
    body["voided"] = False
    return body


def is_voiding(base: Body | None, draft: Draft) -> bool:
    """Whether the change checks the box that stands for the Void button.

    Raises:
        RecordError: there is no document yet that could be voided.
    """
    wanted = draft.values.get(VOID) is True
    if wanted and base is None:
        raise RecordError("USER_ERROR", "Only a saved document can be voided.")
    return wanted


def voided(body: Body) -> Body:
    """Return the document with all amounts at zero and nothing applied.

    Raises:
        RecordError: something is applied to it, or others have used it.
    """
    if body.get("amountPaid") or body.get("usedByOthers"):
        text = f"{body['tranId']} cannot be voided: other documents are applied to it."
        raise RecordError("USER_ERROR", text)
    zero = Decimal(0)
    result: Body = {**body, "voided": True, VOID: True}
    result |= {name: zero for name in AMOUNTS if name in body}
    for name in ("apply", "credits"):
        if name in body:
            result[name] = []
    if "lines" in body:
        result["lines"] = [{**line, **{n: zero for n in ("rate", "amount") if n in line}} for line in body["lines"]]
    return result


def set_parties(ledger: Ledger, body: Body, key: str) -> Body:
    """Fill in subsidiary, currency and exchange rate of a document of money, and return its customer.

    Args:
        ledger: the account.
        body: the document; changed in place.
        key: where it keeps its customer, ``customer`` or ``entity``.

    Raises:
        RecordError: it names no customer, or one that is gone.
    """
    if not body.get(key):
        raise missing_value("Customer")
    customer = ledger.peek("customer", body[key])
    if customer is None:
        raise bad_reference(key, str(body[key]))
    body.setdefault("subsidiary", customer.get("subsidiary"))
    body.setdefault("currency", customer.get("currency"))
    if not body["currency"]:
        raise missing_value("Currency")
    body.setdefault("exchangeRate", trade.exchange_rate(ledger, body))
    return customer


def money(ledger: Ledger, body: Body, value: Any) -> Decimal:  # noqa: ANN401  a kept number or nothing
    """Return an amount rounded to the document's currency; nothing is 0.

    Raises:
        RecordError: it is negative.
    """
    amount = rounded(Decimal(value or 0), trade.fraction_digits(ledger, body["currency"]))
    if amount < 0:
        raise RecordError("INVALID_NUMBER", "Amounts cannot be negative.")
    return amount
