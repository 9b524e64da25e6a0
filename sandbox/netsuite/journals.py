"""Journal entries as far as receivables need them: a credit to Accounts Receivable that writes a balance off.

A journal with a credit line to Accounts Receivable and a customer on it can be used in a payment's ``creditList``.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.netsuite import documents, periods, settling, trade
from sandbox.netsuite.draft import Draft
from sandbox.netsuite.failure import RecordError, missing_value
from sandbox.netsuite.ledger import Ledger
from sandbox.netsuite.numbering import numbered
from sandbox.store import Body

TYPE = "journalEntry"
RECEIVABLES = "6"
"""Internal id of the account Accounts Receivable."""


def built(ledger: Ledger, base: Body | None, draft: Draft, *, strict: bool = True) -> Body:
    """Return the journal entry that results from a settled draft; nothing is written.

    Raises:
        RecordError: it does not balance, or names no currency or subsidiary.
    """
    body = documents.begun(ledger, base, draft)
    if documents.is_voiding(base, draft):
        body = {**documents.voided(body), "journal": []}
        body = settling.balanced(TYPE, body)
        periods.place(ledger, base, body, draft, strict=strict)
        return body
    _set_customer(ledger, body, draft)
    if "lineList" in draft.rows:
        body["journal"] = [_line(ledger, body, row, n) for n, row in enumerate(draft.rows["lineList"], 1)]
    sides = [sum((row[side] for row in body.get("journal", [])), Decimal(0)) for side in ("debit", "credit")]
    if sides[0] != sides[1] or not sides[0]:
        raise RecordError("USER_ERROR", "The amounts in a journal entry must balance.")
    rows = [row for row in body["journal"] if row["account"] == RECEIVABLES and row.get("entity")]
    body["credit"] = max(sum((row["credit"] - row["debit"] for row in rows), Decimal(0)), Decimal(0))
    body["total"] = sides[0]
    body = settling.balanced(TYPE, body)
    periods.place(ledger, base, body, draft, strict=strict)
    return body


def added(ledger: Ledger, body: Body) -> Body:
    """Return a new journal entry with internal id, document number and creation stamp, unless it has them."""
    return numbered(ledger, TYPE, body)


def _set_customer(ledger: Ledger, body: Body, draft: Draft) -> None:
    rows = draft.rows.get("lineList", [])
    entity = next((row["entity"] for row in rows if row.get("account") == RECEIVABLES and row.get("entity")), None)
    body.setdefault("entity", entity)
    if body["entity"]:
        documents.set_parties(ledger, body, "entity")
    for name in ("subsidiary", "currency"):
        if not body.get(name):
            raise missing_value(name.capitalize())
    body.setdefault("exchangeRate", trade.exchange_rate(ledger, body))


def _line(ledger: Ledger, body: Body, row: dict[str, Any], number: int) -> dict[str, Any]:
    if not row.get("account"):
        raise missing_value("Account")
    sides = {side: documents.money(ledger, body, row.get(side)) for side in ("debit", "credit")}
    kept = {name: value for name, value in row.items() if value is not None}
    return {**kept, **sides, "line": number}
