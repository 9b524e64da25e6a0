"""What the clerk does with money: payments, deposits, refunds, and taking them back."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sandbox.clerk.desk import VOID_FIELD, Desk, nothing
from sandbox.clerk.documents import Open, Order
from sandbox.clerk.plan import Action
from sandbox.clerk.records import CUSTOMERS, Customs, Lines, Ref, Value, add_field, drop_fields, record, set_field
from sandbox.clerk.shares import part_of
from sandbox.errors import SandboxError

Fields = dict[str, Value]


def pay(desk: Desk, action: Action) -> None:
    """Enter one payment over all open posted invoices of the orders, each by the share, with what is paid too much."""
    orders = [desk.documents.order(name) for name in action.values["orders"]]
    if len({(order.customer, order.currency) for order in orders}) > 1:
        raise SandboxError("the orders have several customers or currencies; one payment cannot cover them.")
    invoices = desk.documents.open_invoices(orders)
    if not invoices:
        raise nothing("open invoice to pay", orders[0])
    rows = [_settled(invoice, action, orders[0].symbol) for invoice in invoices]
    paid = sum((Decimal(str(row["amount"])) for row in rows), action.values.get("over", Decimal(0)))
    values = _payment(orders[0], paid, desk.day(action), action)
    values["applyList"] = Lines("apply", rows)
    desk.add("customerPayment", record("CustomerPayment", values), settles=orders)


def _settled(invoice: Open, action: Action, symbol: str) -> Fields:
    """Return the payment's line for one invoice: the discount on top of the money, together at most what is open."""
    discount = part_of(invoice.amount, action.values.get("disc_share", Decimal(0)), symbol)
    share = part_of(invoice.amount, action.values.get("share", Decimal(1)), symbol)
    row: Fields = {"apply": True, "doc": invoice.id, "line": Decimal(0)}
    if discount:
        row["disc"] = discount
    return {**row, "amount": min(share, invoice.amount - discount)}


def pay_on_account(desk: Desk, action: Action) -> None:
    """Enter a payment that is applied to nothing."""
    order = desk.order(action)
    values = _payment(order, action.values["amount"], desk.day(action), action)
    desk.add("customerPayment", record("CustomerPayment", values))


def _payment(order: Order, amount: Decimal, day: date, action: Action) -> Fields:
    values: Fields = {
        "customer": Ref(order.customer),
        "currency": Ref(order.currency),
        "payment": amount,
        "autoApply": False,
        "tranDate": day,
    }
    if "reference" in action.values:
        values["checkNum"] = action.values["reference"]
    return values


def deposit(desk: Desk, action: Action) -> None:
    """Take a deposit for the order."""
    order = desk.order(action)
    values: Fields = {
        "customer": Ref(order.customer),
        "salesOrder": Ref(order.id),
        "payment": action.values["amount"],
        "currency": Ref(order.currency),
        "tranDate": desk.day(action),
    }
    desk.add("customerDeposit", record("CustomerDeposit", values))


def apply_deposit(desk: Desk, action: Action) -> None:
    """Apply the order's deposits to its open invoices, oldest first, as far as they go."""
    order = desk.order(action)
    deposits, invoices = desk.documents.deposits(order), desk.documents.open_invoices([order])
    if not deposits or not invoices:
        raise nothing("deposit that could be applied" if not deposits else "open invoice for its deposit", order)
    due = {invoice.id: invoice.amount for invoice in invoices}
    for found in deposits:
        rows = _spread(found.amount, due)
        if rows:
            _apply_deposit(desk, found.id, rows, desk.day(action))


def _spread(amount: Decimal, due: dict[str, Decimal]) -> list[Fields]:
    """Return the lines that settle what is due, in order, until the amount is used up; ``due`` shrinks."""
    rows: list[Fields] = []
    for invoice, open_amount in due.items():
        part = min(amount, open_amount)
        if part > 0:
            rows.append({"doc": invoice, "line": Decimal(0), "apply": True, "amount": part})
            due[invoice] -= part
            amount -= part
    return rows


def _apply_deposit(desk: Desk, deposit_id: str, rows: list[Fields], day: date) -> None:
    application = desk.netsuite.initialize("depositApplication", "customerDeposit", deposit_id)
    custom = application.find(f"{{{CUSTOMERS}}}customFieldList")
    drop_fields(application, CUSTOMERS, "postingPeriod", "applyList", "customFieldList")
    set_field(application, CUSTOMERS, "tranDate", day, after=("customer",))
    add_field(application, CUSTOMERS, "applyList", Lines("apply", rows))
    if custom is not None:
        application.append(custom)
    desk.add("depositApplication", application)


def refund(desk: Desk, action: Action) -> None:
    """Pay out what is unused of the credit memos, payments and deposits that belong to the order."""
    order = desk.order(action)
    found = desk.documents.left_over(order)
    if not found:
        raise nothing("money or credit to refund", order)
    values: Fields = {
        "customer": Ref(order.customer),
        "currency": Ref(order.currency),
        "tranDate": desk.day(action),
    }
    credits = [_refunded(source) for source in found if source.type != "CustDep"]
    deposits = [_refunded(source) for source in found if source.type == "CustDep"]
    if credits:
        values["applyList"] = Lines("apply", credits)
    if deposits:
        values["depositList"] = Lines("customerRefundDeposit", deposits)
    desk.add("customerRefund", record("CustomerRefund", values))


def _refunded(source: Open) -> Fields:
    return {"apply": True, "doc": source.id, "line": Decimal(0), "amount": source.amount}


def void_payment(desk: Desk, action: Action) -> None:
    """Void the newest live payment that settles the order's invoices."""
    order = desk.order(action)
    payments = desk.documents.applied(order, "CustPymt")
    if not payments:
        raise nothing("live payment to void", order)
    values: Fields = {"customFieldList": Customs({VOID_FIELD: True})}
    desk.update("customerPayment", record("CustomerPayment", values, internal_id=payments[-1].source))


def unapply(desk: Desk, action: Action) -> None:
    """Take back the newest application, by a payment or a credit memo, to one of the order's invoices."""
    order = desk.order(action)
    applied = desk.documents.applied(order, "CustPymt", "CustCred")
    if not applied:
        raise nothing("application to take back", order)
    newest = applied[-1]
    kind = "CustomerPayment" if newest.type == "CustPymt" else "CreditMemo"
    values: Fields = {
        "applyList": Lines("apply", [{"apply": False, "doc": newest.invoice, "line": Decimal(0)}], replace=False)
    }
    desk.update(kind[0].lower() + kind[1:], record(kind, values, internal_id=newest.source))
