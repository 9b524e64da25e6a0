"""``initialize``: a prefilled record made from another one; nothing is saved.

Oracle's ``InitializeType`` knows no ``customerDeposit``: a deposit is added with its ``salesOrder``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from sandbox.netsuite import order_progress, order_status, payments, settling, shown, trade, transforms
from sandbox.netsuite.draft import Draft
from sandbox.netsuite.failure import RecordError
from sandbox.netsuite.ledger import Ledger
from sandbox.netsuite.record_types import CREDIT_MEMO, INVOICE
from sandbox.netsuite.references import Ref, lookup
from sandbox.netsuite.rules import RULES
from sandbox.netsuite.zone import pacific_day
from sandbox.store import Body


def prefilled(ledger: Ledger, type_: str, ref: Ref) -> Body:
    """Return the record of a type that is made from the one that the reference means.

    Raises:
        RecordError: the account makes no such record from it, or there is nothing to make it of.
    """
    maker = MAKERS.get((ref.target, type_))
    if maker is None:
        raise RecordError("INVALID_RCRD_INITIALIZE", f"You can not initialize {type_} from {ref.target}.")
    source = lookup(ledger, ref)
    if source is None:
        raise RecordError("INVALID_INITIALIZE_REF", f"You can not initialize {type_}: invalid reference {ref.key}.")
    return maker(ledger, source)


def refused(type_: str, source: Body, reason: str) -> RecordError:
    """Return the failure for a source that exists but yields nothing."""
    text = f"You can not initialize {type_}: invalid reference {source['id']}. {reason}"
    return RecordError("INVALID_INITIALIZE_REF", text)


def _invoice(ledger: Ledger, order: Body) -> Body:
    reason = order_progress.not_billable(ledger, order)
    if reason:
        raise refused("invoice", order, reason)
    return _built(ledger, Draft(kind=INVOICE, values={"createdFrom": order["id"]}))


def _fulfilment(ledger: Ledger, order: Body) -> Body:
    lines = transforms.fulfilment_rows(ledger, order)
    if order["orderStatus"] not in order_status.APPROVED or not lines:
        text = order_status.text_of(order["orderStatus"])
        raise refused("itemFulfillment", order, f"The order is {text}." if lines else "Nothing is left to fulfil.")
    shown_lines = [{**line, "itemReceive": True, "quantityRemaining": line["quantity"]} for line in lines]
    return {
        "entity": order["entity"],
        "createdFrom": order["id"],
        "tranDate": _today(ledger),
        "shipStatus": "_shipped",
        "status": "C",
        "lines": shown_lines,
        **transforms.customs(order),
    }


def _credit(ledger: Ledger, invoice: Body) -> Body:
    if invoice["status"] not in (settling.OPEN, settling.PAID):
        raise refused("creditMemo", invoice, "The invoice is not posted.")
    body = _built(ledger, Draft(kind=CREDIT_MEMO, values={"createdFrom": invoice["id"]}))
    amount = min(Decimal(invoice["amountRemaining"]), Decimal(body["total"]))
    applied = {"amount": amount} if amount else None
    return {**body, shown.PREFILLED: {"applyList": [_offered(ledger, invoice["id"], applied)]}}


def _built(ledger: Ledger, draft: Draft) -> Body:
    """Return what the rules make of a draft; a closed period does not hinder looking."""
    body: Body = RULES[draft.kind.name].built(ledger, None, draft, strict=False)
    lines = [{name: value for name, value in line.items() if name != "line"} for line in body["lines"]]
    return {**body, "lines": lines}


def _payment_of_invoice(ledger: Ledger, invoice: Body) -> Body:
    if invoice["status"] != settling.OPEN:
        raise refused("customerPayment", invoice, "Nothing of the invoice is left to pay.")
    due = Decimal(invoice["amountRemaining"])
    body = _payment(ledger, invoice["entity"], invoice["subsidiary"], invoice["currency"], {invoice["id"]: due})
    return {**body, "payment": due, "total": due, "applied": due}


def _payment_of_customer(ledger: Ledger, customer: Body) -> Body:
    return _payment(ledger, customer["id"], customer["subsidiary"], customer["currency"], {})


def _payment(ledger: Ledger, customer: str, subsidiary: str, currency: str, paid: Mapping[str, Decimal]) -> Body:
    applied = [
        _offered(ledger, invoice["id"], {"amount": paid[invoice["id"]]} if invoice["id"] in paid else None)
        for invoice in payments.open_invoices(ledger, customer, currency)
    ]
    credits = [_offered(ledger, id_) for id_ in _usable(ledger, payments.CREDITS, customer, currency)]
    body = _money(ledger, customer, subsidiary, currency)
    return {**body, "undepFunds": True, shown.PREFILLED: {"applyList": applied, "creditList": credits}}


def _deposit_application(ledger: Ledger, deposit: Body) -> Body:
    if not deposit["unapplied"]:
        raise refused("depositApplication", deposit, "Nothing of the deposit is left.")
    rows = payments.open_invoices(ledger, deposit["customer"], deposit["currency"])
    return {
        "entity": deposit["customer"],
        "deposit": deposit["id"],
        "depDate": deposit["tranDate"],
        "tranDate": _today(ledger),
        **{name: deposit[name] for name in ("currency", "subsidiary", "exchangeRate")},
        "total": deposit["unapplied"],
        "status": "A",
        shown.PREFILLED: {"applyList": [_offered(ledger, invoice["id"]) for invoice in rows]},
    }


def _refund_of_credit(ledger: Ledger, credit: Body) -> Body:
    if not credit["unapplied"]:
        raise refused("customerRefund", credit, "Nothing of it is left.")
    body = _refund(ledger, credit["entity"], credit["subsidiary"], credit["currency"], credit["id"])
    return {**body, "total": credit["unapplied"]}


def _refund_of_customer(ledger: Ledger, customer: Body) -> Body:
    return _refund(ledger, customer["id"], customer["subsidiary"], customer["currency"], "")


def _refund(ledger: Ledger, customer: str, subsidiary: str, currency: str, chosen: str) -> Body:
    types = ("creditMemo", "customerPayment", "journalEntry")
    credits = []
    for id_ in _usable(ledger, types, customer, currency):
        found = ledger.peek(settling.source_type(ledger, id_), id_) or {}
        credits.append(_offered(ledger, id_, {"amount": found["unapplied"]} if id_ == chosen else None))
    deposits = [_offered(ledger, id_) for id_ in _usable(ledger, ("customerDeposit",), customer, currency)]
    body = _money(ledger, customer, subsidiary, currency)
    return {**body, "status": "A", shown.PREFILLED: {"applyList": credits, "depositList": deposits}}


def _usable(ledger: Ledger, types: tuple[str, ...], customer: str, currency: str) -> list[str]:
    found = []
    for type_ in types:
        key = "entity" if type_ in ("creditMemo", "journalEntry") else "customer"
        for body in ledger.store.all(type_):
            if body.get(key) == customer and body["currency"] == currency and body["unapplied"]:
                found.append(str(body["id"]))
    return found


def _money(ledger: Ledger, customer: str, subsidiary: str, currency: str) -> Body:
    body: Body = {"customer": customer, "subsidiary": subsidiary, "currency": currency, "tranDate": _today(ledger)}
    return {**body, "exchangeRate": trade.exchange_rate(ledger, body)}


def _offered(ledger: Ledger, doc: str, applied: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return a row of a prefilled record; what is due does not yet lack what it proposes to apply."""
    row = shown.row_of(ledger, doc, applied)
    if applied is not None:
        row["due"] = row["remaining"] = row["due"] - applied["amount"]
    return row


def _today(ledger: Ledger) -> str:
    return pacific_day(ledger.clock.now()).isoformat()


MAKERS: Mapping[tuple[str, str], Callable[[Ledger, Body], Body]] = {
    ("salesOrder", "invoice"): _invoice,
    ("salesOrder", "itemFulfillment"): _fulfilment,
    ("invoice", "creditMemo"): _credit,
    ("invoice", "customerPayment"): _payment_of_invoice,
    ("customer", "customerPayment"): _payment_of_customer,
    ("customerDeposit", "depositApplication"): _deposit_application,
    ("creditMemo", "customerRefund"): _refund_of_credit,
    ("customer", "customerRefund"): _refund_of_customer,
}
"""What can be made from what: (reference type, type)."""
