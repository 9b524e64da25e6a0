"""What the clerk does with invoices and credit memos."""

from __future__ import annotations

from decimal import Decimal

from lxml import etree

from sandbox.clerk.desk import VOID_FIELD, Desk, nothing
from sandbox.clerk.plan import Action
from sandbox.clerk.records import (
    CUSTOM_PRICE,
    CUSTOMERS,
    SALES,
    Customs,
    Lines,
    Ref,
    Value,
    drop_fields,
    number_of,
    record,
    set_field,
)
from sandbox.clerk.shares import parts_of, units_of

BY_HAND = "billed by hand"
HEAD = (
    "entity", "tranDate", "tranId", "createdFrom", "department", "class", "terms", "location", "subsidiary", "currency",
    "salesRep", "otherRefNum",
)  # fmt: skip
"""Fields of an invoice that stand before its memo."""

BEFORE_QUANTITY = ("job", "item", "line", "description", "amount", "isTaxable")
"""Fields of an invoice line that stand before its quantity."""


def bill(desk: Desk, action: Action) -> None:
    """Make an invoice from the order by hand, of everything billable or of the share of each line."""
    order = desk.order(action)
    invoice = desk.netsuite.initialize("invoice", "salesOrder", order.id)
    for line in invoice.findall(f"{{{SALES}}}itemList/{{{SALES}}}item") if "share" in action.values else ():
        _bill_part(line, action.values["share"])
    drop_fields(invoice, SALES, "postingPeriod", "dueDate")
    set_field(invoice, SALES, "tranDate", desk.day(action), after=("entity",))
    set_field(invoice, SALES, "memo", BY_HAND, after=HEAD)
    desk.add("invoice", invoice)


def _bill_part(line: etree._Element, share: Decimal) -> None:
    """Lower a line's quantity; the price of a unit stays, so the server computes the amount."""
    billable = number_of(line, SALES, "quantity")
    if billable is None:
        return
    drop_fields(line, SALES, "amount")
    set_field(line, SALES, "quantity", units_of(billable, share), after=BEFORE_QUANTITY)
    set_field(line, SALES, "price", Ref(CUSTOM_PRICE), after=("quantity",))


def invoice(desk: Desk, action: Action) -> None:
    """Make a stand-alone invoice of one service for the order's customer, in the order's currency."""
    order = desk.order(action)
    line: dict[str, Value] = {
        "item": Ref(desk.documents.service_item()),
        "amount": action.values["amount"],
        "quantity": Decimal(1),
        "price": Ref(CUSTOM_PRICE),
        "rate": action.values["amount"],
    }
    values: dict[str, Value] = {
        "entity": Ref(order.customer),
        "tranDate": desk.day(action),
        "currency": Ref(order.currency),
    }
    if "memo" in action.values:
        values["memo"] = action.values["memo"]
    values["itemList"] = Lines("item", [line])
    if "deal" in action.values:
        values["customFieldList"] = Customs({"custbody_crm_opportunity": action.values["deal"]})
    desk.add("invoice", record("Invoice", values))


def credit(desk: Desk, action: Action) -> None:
    """Make a credit memo over a share of the order's first open invoice; apply it to that invoice or leave it open."""
    order = desk.order(action)
    invoices = desk.documents.open_invoices([order])
    if not invoices:
        raise nothing("open invoice to credit", order)
    memo = desk.netsuite.initialize("creditMemo", "invoice", invoices[0].id)
    _credit_part(memo, action.values["share"], order.symbol)
    drop_fields(memo, CUSTOMERS, "postingPeriod", "applyList", "autoApply")
    set_field(memo, CUSTOMERS, "tranDate", desk.day(action), after=("currency", "entity"))
    made = desk.add("creditMemo", memo)
    if action.values["apply"]:
        _apply(desk, made, invoices[0].id, min(desk.documents.unused(made), invoices[0].amount))


def _credit_part(memo: etree._Element, share: Decimal, symbol: str) -> None:
    lines = memo.findall(f"{{{CUSTOMERS}}}itemList/{{{CUSTOMERS}}}item")
    if share == 1:
        return
    amounts = [number_of(line, CUSTOMERS, "amount") or Decimal(0) for line in lines]
    for line, amount in zip(lines, parts_of(amounts, share, symbol), strict=True):
        drop_fields(line, CUSTOMERS, "rate")
        set_field(line, CUSTOMERS, "price", Ref(CUSTOM_PRICE), after=("quantity", "description"))
        set_field(line, CUSTOMERS, "amount", amount, after=("price",))


def _apply(desk: Desk, memo: str, invoice_id: str, amount: Decimal) -> None:
    row: dict[str, Value] = {"apply": True, "doc": invoice_id, "amount": amount, "line": Decimal(0)}
    values: dict[str, Value] = {"applyList": Lines("apply", [row], replace=False)}
    desk.update("creditMemo", record("CreditMemo", values, internal_id=memo))


def void_invoice(desk: Desk, action: Action) -> None:
    """Void the order's newest invoice."""
    order = desk.order(action)
    invoices = desk.documents.invoices(order)
    if not invoices:
        raise nothing("invoice to void", order)
    values: dict[str, Value] = {"customFieldList": Customs({VOID_FIELD: True})}
    desk.update("invoice", record("Invoice", values, internal_id=invoices[-1]["id"]))
