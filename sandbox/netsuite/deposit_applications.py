"""Deposit applications: what of a deposit settles which invoices."""

from __future__ import annotations

from decimal import Decimal

from sandbox.netsuite import apply_rows, documents, periods, transforms
from sandbox.netsuite.draft import Draft
from sandbox.netsuite.failure import RecordError, bad_reference, missing_value
from sandbox.netsuite.ledger import Ledger
from sandbox.netsuite.numbering import numbered
from sandbox.netsuite.settling import VOIDED
from sandbox.store import Body

TYPE = "depositApplication"
APPLIED = "A"


def built(ledger: Ledger, base: Body | None, draft: Draft, *, strict: bool = True) -> Body:
    """Return the deposit application that results from a settled draft; nothing is written.

    Raises:
        RecordError: it cannot be saved like this; that the deposit has enough is seen when it is carried over.
    """
    body = documents.begun(ledger, base, draft)
    if documents.is_voiding(base, draft):
        body = {**documents.voided(body), "status": VOIDED}
    else:
        _from_deposit(ledger, base, body)
        kept = list(body.get("apply", []))
        room = apply_rows.invoice_room(ledger, body, body["entity"], kept)
        body["apply"] = apply_rows.merged(ledger, body, kept, draft, "applyList", room)
        if base is None and not body["apply"]:
            raise RecordError("USER_ERROR", "A deposit application must apply to at least one invoice.")
        total = sum((row["amount"] for row in body["apply"]), Decimal(0))
        body |= {"status": APPLIED, "total": total, "applied": total, "unapplied": Decimal(0)}
    periods.place(ledger, base, body, draft, strict=strict)
    return body


def added(ledger: Ledger, body: Body) -> Body:
    """Return a new deposit application with internal id, number and creation stamp, unless it has them."""
    return numbered(ledger, TYPE, body)


def _from_deposit(ledger: Ledger, base: Body | None, body: Body) -> None:
    if not body.get("deposit"):
        raise missing_value("Deposit")
    deposit = ledger.peek("customerDeposit", body["deposit"])
    if deposit is None or (base is not None and base["deposit"] != body["deposit"]):
        raise bad_reference("deposit", str(body["deposit"]))
    if base is None:
        body |= {"entity": deposit["customer"], **{name: deposit[name] for name in ("currency", "subsidiary")}}
        body |= {name: value for name, value in transforms.customs(deposit).items() if name not in body}
        body.setdefault("exchangeRate", deposit["exchangeRate"])
