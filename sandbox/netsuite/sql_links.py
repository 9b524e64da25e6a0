"""The rows of ``PreviousTransactionLineLink`` and ``NextTransactionLineLink``: which line led to which.

Each link belongs to the later document (``owner``) and is made anew with it: what is unapplied or voided has no
link, and ``lastmodifieddate`` is the later document's own stamp. The earlier document does not change by it.

===========  ====================================================================================================
linktype     from (previous) to (next)
===========  ====================================================================================================
OrdBill      order line to invoice line
ShipRcpt     order line to fulfilment line
Payment      invoice to the payment, credit memo or journal that settles it; what a refund pays out to the refund
PymtDisc     invoice to the payment that took a discount
DepAppl      invoice to deposit application; deposit to deposit application
===========  ====================================================================================================
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from sandbox.netsuite.sql_money import amount_of
from sandbox.netsuite.sql_tables import Row
from sandbox.store import Body

UNAPPROVED = "A"
"""A payment's status while somebody must approve it: it settles nothing yet."""

LINE_LINKS: Mapping[str, str] = {"invoice": "OrdBill", "itemFulfillment": "ShipRcpt"}
"""Documents whose lines come from an order's lines."""


def links_of(type_: str, body: Body) -> list[Row]:
    """Return the links that a stored transaction makes to earlier ones; none once voided or while unapproved."""
    if body.get("voided") or (type_ == "customerPayment" and body.get("status") == UNAPPROVED):
        return []
    links = _line_links(type_, body) if type_ in LINE_LINKS else _settlements(type_, body)
    common = {
        "owner": body["id"],
        "nextdoc": body["id"],
        "lastmodifieddate": body.get("lastModifiedDate"),
    }
    return [{**common, **link} for link in links]


def _line_links(type_: str, body: Body) -> Iterator[Row]:
    order = body.get("createdFrom")
    for line in body.get("lines") or () if order else ():
        if line.get("orderLine") is None:
            continue
        yield {
            "previousdoc": order,
            "previousline": int(line["orderLine"]),
            "nextline": int(line.get("line") or line["orderLine"]),
            "linktype": LINE_LINKS[type_],
            "foreignamount": format(amount_of(line.get("amount")), "f"),
        }


def _settlements(type_: str, body: Body) -> Iterator[Row]:
    kind = "DepAppl" if type_ == "depositApplication" else "Payment"
    sources = _credits(body) if type_ == "customerPayment" else []
    for row in body.get("apply") or ():
        yield from _shared(row, kind, sources)
        if row.get("disc"):
            yield _link(row["doc"], amount_of(row["disc"]), "PymtDisc")
    if type_ == "depositApplication" and body.get("deposit"):
        used = sum((amount_of(row.get("amount")) for row in body.get("apply") or ()), Decimal(0))
        yield _link(body["deposit"], used, kind)


def _credits(body: Body) -> list[dict[str, Any]]:
    """Return the credits that a payment uses, as a list to be used up."""
    return [{"doc": row["doc"], "left": amount_of(row.get("amount"))} for row in body.get("credits") or ()]


def _shared(row: Mapping[str, Any], kind: str, sources: list[dict[str, Any]]) -> Iterator[Row]:
    """Return the links of one applied amount: credits settle first, in their order, money the rest."""
    left = amount_of(row.get("amount"))
    for source in sources:
        part = min(left, source["left"])
        if part <= 0:
            continue
        source["left"] -= part
        left -= part
        yield _link(row["doc"], part, kind, nextdoc=source["doc"])
    if left:
        yield _link(row["doc"], left, kind)


def _link(doc: object, amount: Decimal, kind: str, **more: object) -> Row:
    return {
        "previousdoc": doc,
        "previousline": 0,
        "nextline": 0,
        "linktype": kind,
        "foreignamount": format(amount, "f"),
        **more,
    }
