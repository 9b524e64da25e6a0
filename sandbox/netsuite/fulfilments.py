"""Item fulfilments: goods that left for an order; they post nothing to receivables."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from sandbox.netsuite import documents, item_lines, order_status, transforms
from sandbox.netsuite.draft import Draft
from sandbox.netsuite.failure import RecordError, bad_reference, missing_value
from sandbox.netsuite.ledger import Ledger
from sandbox.netsuite.money import QUANTITY_DIGITS, trimmed
from sandbox.netsuite.numbering import numbered
from sandbox.store import Body

TYPE = "itemFulfillment"


def built(ledger: Ledger, base: Body | None, draft: Draft, *, strict: bool = True) -> Body:
    """Return the fulfilment that results from a settled draft; nothing is written.

    Args:
        ledger: the account.
        base: the fulfilment as it is, or None for a new one.
        draft: what is wanted; its references are resolved.
        strict: whether the order must be approved.

    Raises:
        RecordError: the fulfilment cannot be saved like this.
    """
    body = documents.begun(ledger, base, draft)
    body.setdefault("shipStatus", "_shipped")
    body["status"] = "C"
    if documents.is_voiding(base, draft):
        raise RecordError("USER_ERROR", "A fulfilment cannot be voided; delete it.")
    if base is None:
        draft = _from_order(ledger, body, draft, strict=strict)
    lines = [_without_flag(line) for line in draft.lines or () if line.get("itemReceive") is not False]
    merged = item_lines.merge(
        body.get("lines", []),
        lines,
        replace=draft.lines is not None and draft.replace_lines,
        next_line=int(body.get("nextLine", 1)),
    )
    body["lines"], body["nextLine"] = [_checked(line) for line in merged.lines], merged.next_line
    if not body["lines"]:
        raise RecordError("USER_ERROR", "You must enter at least one line item for this transaction.")
    return body


def added(ledger: Ledger, body: Body) -> Body:
    """Return a new fulfilment with internal id, document number and creation stamp, unless it has them."""
    return numbered(ledger, TYPE, body)


def _from_order(ledger: Ledger, body: Body, draft: Draft, *, strict: bool) -> Draft:
    if not body.get("createdFrom"):
        raise missing_value("Created From")
    order = ledger.peek("salesOrder", body["createdFrom"])
    if order is None:
        raise bad_reference("createdFrom", str(body["createdFrom"]))
    if strict and order["orderStatus"] not in order_status.APPROVED:
        text = f"The order is {order_status.text_of(order['orderStatus'])}."
        raise bad_reference("createdFrom", order["id"], text)
    body |= {name: order[name] for name in ("entity", "subsidiary", "currency")}
    body |= {name: value for name, value in transforms.customs(order).items() if name not in draft.values}
    rows = transforms.fulfilment_rows(ledger, order)
    sent = draft.lines
    if sent is not None:
        sent = [line if line.get("itemReceive") is not False else {**line, "quantity": Decimal(0)} for line in sent]
    return replace(draft, lines=transforms.sourced(rows, sent, replace=draft.replace_lines))


def _without_flag(line: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in line.items() if name not in ("itemReceive", "price")}


def _checked(line: dict[str, Any]) -> dict[str, Any]:
    if line.get("quantity") is None:
        raise missing_value("Quantity")
    quantity = trimmed(Decimal(line["quantity"]), QUANTITY_DIGITS)
    if quantity <= 0:
        raise RecordError("INVALID_NUMBER", "The quantity of a fulfilment must be positive.")
    return {**line, "quantity": quantity}
