"""The rows of ``applyList``, ``creditList`` and ``depositList``: merging sent rows into kept ones, by ``doc``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from sandbox.netsuite import documents, settling
from sandbox.netsuite.draft import Draft
from sandbox.netsuite.failure import RecordError, bad_reference, missing_value
from sandbox.netsuite.ledger import Ledger
from sandbox.netsuite.money import plain
from sandbox.store import Body

Row = dict[str, Any]


def merged(
    ledger: Ledger,
    body: Body,
    kept: Sequence[Row],
    draft: Draft,
    name: str,
    room: Callable[[str], Decimal],
    *,
    discounts: bool = False,
) -> list[Row]:
    """Return the rows after a change; a row with ``apply`` false or an amount of 0 is taken back.

    Args:
        ledger: the account.
        body: the document, for its currency.
        kept: the rows that it has.
        draft: the change; with ``replaceAll`` (the default) rows that it does not name are taken back.
        name: the list's field name.
        room: returns how much may be applied to a document, what this one applies already included.
        discounts: whether rows carry a discount beside their amount.

    Raises:
        RecordError: a row names no document, a wrong one, or more than is open.
    """
    if name not in draft.rows:
        return list(kept)
    rows = {} if draft.replace_rows.get(name, True) else {row["doc"]: row for row in kept}
    before = {row["doc"]: row for row in kept}
    for sent in draft.rows[name]:
        if sent.get("doc") is None:
            raise missing_value("doc")
        doc = str(sent["doc"])
        row = _row(ledger, body, before.get(doc), sent, doc, room, discounts=discounts)
        rows.pop(doc, None)
        if row is not None:
            rows[doc] = row
    return list(rows.values())


def _row(
    ledger: Ledger,
    body: Body,
    kept: Row | None,
    sent: Row,
    doc: str,
    room: Callable[[str], Decimal],
    *,
    discounts: bool,
) -> Row | None:
    given = sent.get("amount")
    if sent.get("apply") is False or (sent.get("apply") is None and given is None and not sent.get("disc")):
        return None
    limit = room(doc)
    row: Row = {"doc": doc, "line": 0, "amount": Decimal(0)}
    if discounts:
        disc = sent["disc"] if sent.get("disc") is not None else (kept or {}).get("disc")
        row["disc"] = documents.money(ledger, body, disc)
    if given is None:
        given = kept["amount"] if kept else limit - row.get("disc", Decimal(0))
    row["amount"] = documents.money(ledger, body, given)
    whole = row["amount"] + row.get("disc", Decimal(0))
    if not whole:
        return None
    if whole > limit:
        text = f"The amount applied to document {doc} ({plain(whole)}) exceeds what is open ({plain(limit)})."
        raise RecordError("USER_ERROR", text)
    return row


def invoice_room(ledger: Ledger, body: Body, customer: str, kept: Sequence[Row]) -> Callable[[str], Decimal]:
    """Return the room on invoices of one customer in the document's currency.

    The function raises :class:`RecordError` for a document that is no such invoice or is not posted.
    """
    own: dict[str, Decimal] = {row["doc"]: row["amount"] + row.get("disc", Decimal(0)) for row in kept}

    def room(doc: str) -> Decimal:
        invoice = _checked(ledger.peek("invoice", doc), doc, body, customer, "entity")
        if invoice["status"] not in (settling.OPEN, settling.PAID):
            raise RecordError("USER_ERROR", f"Invoice {invoice['tranId']} is not posted; nothing can be applied to it.")
        return Decimal(invoice["amountRemaining"]) + own.get(doc, Decimal(0))

    return room


def source_room(
    ledger: Ledger, body: Body, customer: str, kept: Sequence[Row], types: Sequence[str]
) -> Callable[[str], Decimal]:
    """Return the room on credits, payments or deposits (by type) of one customer in the document's currency."""
    own: dict[str, Decimal] = {row["doc"]: row["amount"] for row in kept}

    def room(doc: str) -> Decimal:
        type_ = settling.source_type(ledger, doc)
        found = ledger.peek(type_, doc) if type_ in types else None
        key = "entity" if type_ in ("creditMemo", "journalEntry") else "customer"
        source = _checked(found, doc, body, customer, key)
        if source.get("status") == settling.UNAPPROVED and type_ == "customerPayment":
            raise RecordError("USER_ERROR", f"Payment {source['tranId']} is not approved.")
        return Decimal(source["unapplied"]) + own.get(doc, Decimal(0))

    return room


def _checked(found: Body | None, doc: str, body: Body, customer: str, key: str) -> Body:
    if found is None or found.get("voided"):
        raise bad_reference("doc", doc, "There is no such live document to apply to.")
    if found.get(key) != customer:
        raise bad_reference("doc", doc, "It belongs to another customer.")
    if found["currency"] != body["currency"]:
        raise bad_reference("doc", doc, "It is in another currency.")
    return found
