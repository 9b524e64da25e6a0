"""Money and invoices that belong to a customer and to none of its deals; one case an account at most."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from sandbox.book.clerk import order_of
from sandbox.book.defects.kind import Scene
from sandbox.book.edit import LineEdit
from sandbox.book.erp import unlike_lines
from sandbox.book.nouns import Deal, money
from sandbox.book.row import number

TWICE_WITHIN = timedelta(days=3)


def payment_without_purpose(scene: Scene, label: str) -> bool:
    """Money comes in that nobody assigns to an invoice."""
    deal = scene.account_deal()
    if deal is None:
        return False
    day = scene.book.month.approve_day.isoformat()
    reference = scene.book.ids.payment_reference()
    scene.errand(
        "approve", "pay_on_account", label, customer_of=order_of(deal), amount=_sum(scene, deal), date=day,
        reference=reference,
    )  # fmt: skip
    return _of_account(scene, deal, label, "UNAPPLIED_CASH")


def payment_entered_twice(scene: Scene, label: str) -> bool:
    """One transfer is entered on two days."""
    deal = scene.account_deal()
    if deal is None:
        return False
    amount, reference = _sum(scene, deal), scene.book.ids.payment_reference()
    last = scene.book.month.collect_day
    for day in (last - TWICE_WITHIN, last):
        scene.errand(
            "collect", "pay_on_account", label, customer_of=order_of(deal), amount=amount, date=day.isoformat(),
            reference=reference,
        )  # fmt: skip
    return _of_account(scene, deal, label, "DUP_PAYMENT")


def invoice_without_order(scene: Scene, label: str) -> bool:
    """Finance bills a customer without an order and without naming a deal."""
    deal = scene.account_deal()
    if deal is None:
        return False
    scene.errand("collect", "invoice", label, customer_of=order_of(deal), amount=_sum(scene, deal), memo="as agreed")
    return _of_account(scene, deal, label, "INVOICE_NO_ORDER")


def invoice_in_closed_month(scene: Scene, label: str) -> bool:
    """Somebody with the right to override enters an invoice into the month that was just closed."""
    deal = scene.account_deal(linked=True)
    if deal is None:
        return False
    customer = scene.book.customers[scene.book.links[deal.account_id]]
    (line, *_) = unlike_lines(scene.book, scene.dice, scene.family(deal), customer.currency)
    columns = {
        "entity": customer.id,
        "currency": customer.currency,
        "tranDate": (scene.book.month.open_from - timedelta(days=1)).isoformat(),
        "memo": "forgotten",
    }
    values = {
        "item": _service(scene),
        "quantity": number(line.quantity),
        "rate": number(line.rate),
        "amount": number(line.amount),
    }
    scene.insert_invoice(label, columns, [LineEdit(set=values)])
    return _of_account(scene, deal, label, "INVOICE_NO_ORDER", "CLOSED_PERIOD")


def _service(scene: Scene) -> str:
    return min(item.code for item in scene.book.items if not item.goods and not item.inactive)


def _sum(scene: Scene, deal: Deal) -> str:
    """Return an amount as customers transfer them, in the deal's currency."""
    amount = Decimal(scene.dice.randint(40_000, 900_000)) / 100
    return number(money(amount * (150 if deal.currency == "JPY" else 1), deal.currency))


def _of_account(scene: Scene, deal: Deal, label: str, *codes: str) -> bool:
    scene.book.expect_of_account(deal.account_id, codes, label)
    return True
