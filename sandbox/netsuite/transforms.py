"""What a document takes over from the one that it is made from: body fields, custom fields, item lines.

Custom fields are copied, external ids, numbers and dates are not (Oracle, "Transforming Records"): a stamp on an
invoice therefore says nothing about who made it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sandbox.netsuite import order_progress
from sandbox.netsuite.custom_fields import CUSTOM_FIELDS, VOID
from sandbox.netsuite.failure import bad_reference
from sandbox.netsuite.ledger import Ledger
from sandbox.netsuite.money import rounded
from sandbox.store import Body

Line = dict[str, Any]
BODY = (
    *("entity", "subsidiary", "currency", "terms", "otherRefNum", "memo", "salesRep", "department", "class"),
    *("location", "email", "billingAddress", "isTaxable", "taxItem", "discountItem", "discountRate"),
)
"""Body fields that are taken over."""

ONCE = ("shippingCost", "handlingCost")
"""Costs that only the first invoice of an order bills; so it does a discount that is no percentage."""

LINE = (
    *("item", "description", "quantity", "rate", "amount", "isTaxable", "taxCode", "department", "class", "location"),
)
"""Line fields that are taken over."""


def inherited(source: Body, *, first: bool = True) -> Body:
    """Return what a new document takes over from its source's body.

    Args:
        source: an order, an invoice or a deposit.
        first: whether nothing was made from it before.
    """
    wanted = [*BODY, *(ONCE if first else ())]
    taken = {name: source[name] for name in wanted if source.get(name) is not None}
    if not first and not str(taken.get("discountRate", "")).endswith("%"):
        taken.pop("discountRate", None)
    return taken | customs(source)


def customs(source: Mapping[str, Any]) -> Body:
    """Return the custom fields of a body or a line, without the checkbox that voids."""
    return {name: value for name, value in source.items() if name in CUSTOM_FIELDS and name != VOID}


def order_rows(ledger: Ledger, order: Body, digits: int) -> list[Line]:
    """Return the lines of an invoice over all that may be billed of an order now."""
    rows = []
    for line in order["lines"]:
        quantity = order_progress.billable(ledger, line)
        if quantity:
            rows.append(_row(line, quantity, digits))
    return rows


def fulfilment_rows(ledger: Ledger, order: Body) -> list[Line]:
    """Return the lines of a fulfilment of all that is still to be fulfilled of an order."""
    rows = []
    for line in order["lines"]:
        quantity = order_progress.to_fulfil(ledger, line)
        if quantity > 0:
            rows.append({"orderLine": line["line"], "item": line["item"], "quantity": quantity, **customs(line)})
    return rows


def invoice_rows(invoice: Body, digits: int) -> list[Line]:
    """Return the lines of a credit memo over a whole invoice."""
    return [_row(line, Decimal(line["quantity"]), digits) for line in invoice["lines"]]


def _row(line: Line, quantity: Decimal, digits: int) -> Line:
    row = {name: line[name] for name in LINE if line.get(name) is not None}
    row |= {"orderLine": line["line"], "price": "-1", "quantity": quantity, **customs(line)}
    if quantity != line["quantity"]:
        row["amount"] = rounded(Decimal(line["rate"]) * quantity, digits)
    return row


def sourced(rows: Sequence[Line], wanted: Sequence[Line] | None, *, replace: bool) -> list[Line]:
    """Return the lines of a new document: those of its source, with what was sent for each ``orderLine``.

    Args:
        rows: all lines that the source offers.
        wanted: the lines as sent; None: all of the source's. Lines without ``orderLine`` come in addition.
        replace: whether source lines that are not named stay out (Oracle: itemList is keyed by orderLine).

    Raises:
        RecordError: a line names an order line that the source does not offer.
    """
    if wanted is None:
        return list(rows)
    offered = {int(row["orderLine"]): row for row in rows}
    sent: dict[int, Line] = {}
    extra: list[Line] = []
    for line in wanted:
        number = line.get("orderLine")
        if number is None:
            extra.append(line)
        elif int(number) in offered:
            sent[int(number)] = line
        else:
            raise bad_reference("orderLine", str(number), "The line does not exist or has nothing left.")
    kept = [_adjusted(row, sent.get(number, {})) for number, row in offered.items() if number in sent or not replace]
    return [row for row in (*kept, *extra) if row.get("quantity") != 0]


def _adjusted(row: Line, sent: Line) -> Line:
    """Return an offered line as sent; an amount that the sent quantity or rate overtakes is computed anew."""
    given = {name: value for name, value in sent.items() if value is not None and name != "line"}
    result = {**row, **given}
    result |= {name: row[name] for name in ("price",) if name in row}
    moved = any(name in given and given[name] != row.get(name) for name in ("quantity", "rate"))
    if "amount" in given and "rate" not in given and (moved or given["amount"] != row["amount"]):
        result.pop("rate", None)
    if "amount" not in given and moved:
        result.pop("amount", None)
    return result
