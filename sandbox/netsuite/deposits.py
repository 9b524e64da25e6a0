"""Customer deposits: money received before there is an invoice, mostly against an order."""

from __future__ import annotations

from sandbox.netsuite import documents, periods, settling
from sandbox.netsuite.draft import Draft
from sandbox.netsuite.failure import bad_reference, missing_value
from sandbox.netsuite.ledger import Ledger
from sandbox.netsuite.numbering import numbered
from sandbox.store import Body

TYPE = "customerDeposit"


def built(ledger: Ledger, base: Body | None, draft: Draft, *, strict: bool = True) -> Body:
    """Return the deposit that results from a settled draft; nothing is written.

    Raises:
        RecordError: the deposit cannot be saved like this.
    """
    body = documents.begun(ledger, base, draft)
    if documents.is_voiding(base, draft):
        body = documents.voided(body)
    else:
        _from_order(ledger, base, body)
        documents.set_parties(ledger, body, "customer")
        body["payment"] = documents.money(ledger, body, body.get("payment"))
        if not body["payment"]:
            raise missing_value("Payment Amount")
    body = settling.balanced(TYPE, {"salesOrder": None, **body})
    periods.place(ledger, base, body, draft, strict=strict)
    return body


def added(ledger: Ledger, body: Body) -> Body:
    """Return a new deposit with internal id, document number and creation stamp, unless it has them."""
    return numbered(ledger, TYPE, body)


def _from_order(ledger: Ledger, base: Body | None, body: Body) -> None:
    if not body.get("salesOrder"):
        return
    order = ledger.peek("salesOrder", body["salesOrder"])
    if order is None:
        raise bad_reference("salesOrder", str(body["salesOrder"]))
    if base is None:
        for name, key in (("customer", "entity"), ("subsidiary", "subsidiary"), ("currency", "currency")):
            body.setdefault(name, order[key])
    for name, key in (("customer", "entity"), ("currency", "currency")):
        if body[name] != order[key]:
            raise bad_reference("salesOrder", order["id"], f"The order's {name} is another.")
