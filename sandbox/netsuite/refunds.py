"""Customer refunds: paying out what is unapplied of credit memos, payments and deposits."""

from __future__ import annotations

from decimal import Decimal

from sandbox.netsuite import apply_rows, documents, periods
from sandbox.netsuite.draft import Draft
from sandbox.netsuite.failure import RecordError
from sandbox.netsuite.ledger import Ledger
from sandbox.netsuite.numbering import numbered
from sandbox.netsuite.settling import VOIDED
from sandbox.store import Body

TYPE = "customerRefund"
CREDITS = ("creditMemo", "customerPayment", "journalEntry")
DEPOSITS = ("customerDeposit",)


def built(ledger: Ledger, base: Body | None, draft: Draft, *, strict: bool = True) -> Body:
    """Return the refund that results from a settled draft; nothing is written.

    Raises:
        RecordError: the refund cannot be saved like this.
    """
    body = documents.begun(ledger, base, draft)
    if documents.is_voiding(base, draft):
        body = {**documents.voided(body), "status": VOIDED}
    else:
        documents.set_parties(ledger, body, "customer")
        _set_rows(ledger, body, draft)
        if not body["apply"]:
            raise RecordError("USER_ERROR", "A refund must pay out at least one credit, payment or deposit.")
        body["total"] = sum((row["amount"] for row in body["apply"]), Decimal(0))
        body["status"] = "A"
    periods.place(ledger, base, body, draft, strict=strict)
    return body


def added(ledger: Ledger, body: Body) -> Body:
    """Return a new refund with internal id, document number and creation stamp, unless it has them."""
    return numbered(ledger, TYPE, body)


def _set_rows(ledger: Ledger, body: Body, draft: Draft) -> None:
    kept = list(body.get("apply", []))
    deposits = [row for row in kept if ledger.peek("customerDeposit", row["doc"]) is not None]
    credits = [row for row in kept if row not in deposits]
    result = []
    for rows, name, types in ((credits, "applyList", CREDITS), (deposits, "depositList", DEPOSITS)):
        room = apply_rows.source_room(ledger, body, body["customer"], rows, types)
        result += apply_rows.merged(ledger, body, rows, draft, name, room)
    body["apply"] = result
