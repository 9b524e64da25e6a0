"""Sales orders: defaults, the rules among entity, subsidiary, currency and items, and the server's totals."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sandbox.netsuite import order_progress, trade
from sandbox.netsuite.draft import Draft
from sandbox.netsuite.failure import RecordError
from sandbox.netsuite.ledger import Ledger
from sandbox.netsuite.numbering import numbered
from sandbox.netsuite.order_status import APPROVED, CLOSED, ENTERABLE, PENDING_APPROVAL, PENDING_FULFILLMENT
from sandbox.netsuite.zone import pacific_day
from sandbox.store import Body

TYPE = "salesOrder"


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
    customer = trade.customer_of(ledger, body)
    trade.set_defaults(ledger, body, customer)
    if strict:
        trade.check_subsidiary(body, customer)
        _check_billed_lines(base, draft)
    digits = trade.fraction_digits(ledger, body["currency"])
    trade.set_lines(ledger, body, draft, digits=digits, strict=strict)
    trade.totalled(ledger, body, customer, digits)
    return _with_progress(ledger, body, draft, strict=strict)


def added(ledger: Ledger, body: Body) -> Body:
    """Return a new order with internal id, document number and creation stamp, unless it has them."""
    return numbered(ledger, TYPE, body)


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


def _check_status(base: Body | None, values: Mapping[str, Any]) -> None:
    wanted = values.get("orderStatus")
    if wanted is None or wanted == (base or {}).get("orderStatus"):
        return
    if wanted not in ENTERABLE:
        raise RecordError("INVALID_STATUS", "An order's status can be set to Pending Approval or Pending Fulfillment.")
    if wanted == PENDING_APPROVAL and base is not None and order_progress.is_begun(base):
        raise RecordError("INVALID_STATUS", "An order that is fulfilled or billed in part cannot go back to approval.")


def _check_billed_lines(base: Body | None, draft: Draft) -> None:
    """Refuse to remove a line that was billed or fulfilled."""
    if base is None or draft.lines is None or not draft.replace_lines:
        return
    kept = {int(line["line"]) for line in draft.lines if line.get("line") is not None}
    for line in base.get("lines", []):
        if int(line["line"]) not in kept and order_progress.is_begun({"lines": [line]}):
            raise RecordError("USER_ERROR", f"Line {line['line']} cannot be removed: it was billed or fulfilled.")


def _with_progress(ledger: Ledger, body: Body, draft: Draft, *, strict: bool) -> Body:
    """Return the order with quantities billed and fulfilled on every line, and the status that follows from them.

    A status that a book or a person states beyond Pending Fulfillment is kept.
    """
    body["lines"] = [{"quantityBilled": Decimal(0), "quantityFulfilled": Decimal(0), **line} for line in body["lines"]]
    for line in body["lines"] if strict else ():
        order_progress.check(body, line)
    if body["lines"] and all(line.get("isClosed") for line in body["lines"]):
        return {**body, "orderStatus": CLOSED}
    entered = draft.values.get("orderStatus")
    stated = not strict and (entered not in (None, PENDING_FULFILLMENT))
    untouched = not strict and not order_progress.is_begun(body) and body["orderStatus"] != PENDING_FULFILLMENT
    if stated or untouched or body["orderStatus"] not in APPROVED or not body["lines"]:
        return body
    return order_progress.restated(ledger, body)
