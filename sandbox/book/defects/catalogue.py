"""All kinds of defect, and how they are planted."""

from __future__ import annotations

from sandbox.book.book import Book
from sandbox.book.defects import (
    billing,
    cash,
    customer_money,
    customers_before,
    deals_after,
    deals_before,
    inserts_after,
    orders_after,
)
from sandbox.book.defects.kind import Kind, Scene
from sandbox.book.dice import Random
from sandbox.book.recorder import edits_of

KINDS = (
    Kind(label="clone keeps the stored order id", most=1, plant=deals_before.clone_with_stored_id),
    Kind(label="billing country without subsidiary", most=2, plant=customers_before.unserved_country),
    Kind(label="account name too long", most=2, plant=customers_before.long_name),
    Kind(label="customer with nearly this name", most=2, plant=customers_before.near_name),
    Kind(label="customer twice in NetSuite", most=2, plant=customers_before.ambiguous_name),
    Kind(label="account stores a customer id of nobody", most=1, plant=customers_before.stored_customer_of_nobody),
    Kind(label="order entered by hand", most=3, plant=deals_before.hand_entered),
    Kind(label="deal without lines", most=3, plant=deals_before.no_lines),
    Kind(label="deal without account", most=2, plant=deals_before.no_account),
    Kind(label="unknown product", most=3, plant=deals_before.unknown_item),
    Kind(label="inactive item", most=2, plant=deals_before.inactive_item),
    Kind(label="payment terms outside the table", most=3, plant=deals_before.untabled_terms),
    Kind(label="required PO number missing", most=3, plant=deals_before.missing_po),
    Kind(label="deal stores an order id of nobody", most=1, plant=deals_before.stored_id_of_nobody),
    Kind(label="clone keeps Tieout's fields", most=2, plant=deals_before.clone_with_stamps),
    Kind(label="order entered again with the same PO", most=2, plant=inserts_after.order_entered_again),
    Kind(label="order copied", most=2, plant=inserts_after.order_copied),
    Kind(label="external id moved to a copy", most=1, plant=inserts_after.external_id_moved),
    Kind(label="order moved to another customer", most=2, plant=orders_after.customer_changed),
    Kind(label="order amount changed", most=3, plant=orders_after.amount_changed),
    Kind(label="order line removed", most=2, plant=orders_after.line_removed),
    Kind(label="order currency changed", most=2, plant=orders_after.currency_changed),
    Kind(label="order deleted", most=2, plant=orders_after.order_deleted),
    Kind(label="order cancelled", most=2, plant=orders_after.order_cancelled),
    Kind(label="order closed unbilled", most=2, plant=orders_after.order_closed),
    Kind(label="deal lost after its order", most=2, plant=deals_after.deal_lost),
    Kind(label="deal reopened after its order", most=2, plant=deals_after.deal_reopened),
    Kind(label="deal deleted", most=2, plant=deals_after.deal_deleted),
    Kind(label="order id on the deal overtyped", most=1, plant=deals_after.order_id_overtyped),
    Kind(label="order id of another deal on the deal", most=1, plant=deals_after.order_id_of_another),
    Kind(label="deal won after the sync", most=2, plant=deals_after.deal_won_late),
    Kind(label="order of no deal", most=2, plant=inserts_after.order_of_no_deal),
    Kind(label="goods fulfilled only after the period", most=2, plant=billing.goods_delivered_late),
    Kind(label="invoice voided by finance", most=2, plant=billing.invoice_voided),
    Kind(label="deal price raised after approval", most=2, plant=billing.price_raised),
    Kind(label="billed deal reopened", most=2, plant=billing.billed_deal_reopened),
    Kind(label="billed deal lost", most=2, plant=billing.billed_deal_lost),
    Kind(label="order never approved", most=3, plant=billing.order_never_approved),
    Kind(label="billed a second time by hand", most=2, plant=billing.billed_twice),
    Kind(label="payment voided after the status", most=2, plant=cash.payment_voided),
    Kind(label="application taken back", most=2, plant=cash.application_taken_back),
    Kind(label="payment after the status", most=3, plant=cash.payment_late),
    Kind(label="credit after the status", most=2, plant=cash.credit_late),
    Kind(label="payment status overtyped", most=2, plant=cash.status_overtyped),
    Kind(label="invoice entered in a closed month", most=2, plant=customer_money.invoice_in_closed_month),
    Kind(label="payment without a purpose", most=2, plant=customer_money.payment_without_purpose),
    Kind(label="payment entered twice", most=2, plant=customer_money.payment_entered_twice),
    Kind(label="invoice without an order", most=2, plant=customer_money.invoice_without_order),
)
"""In planting order: kinds that can use few deals come first."""


def plant_all(book: Book, dice: Random) -> dict[str, int]:
    """Plant each kind up to its most and return how often each was; a kind that finds no sound deal is left out.

    Every kind comes once before any comes twice. A book with fewer deals than kinds gets some kinds, others by
    another seed.
    """
    scene = Scene(book, dice)
    kinds = list(KINDS) if scene.room() >= len(KINDS) else dice.sample(KINDS, len(KINDS))
    wanted = {kind.label: dice.randint(1, kind.most) for kind in KINDS}
    planted: dict[str, int] = {}
    for turn in range(max(wanted.values())):
        for kind in kinds:
            if turn < wanted[kind.label] and _plant(scene, kind):
                planted[kind.label] = planted.get(kind.label, 0) + 1
    return {label: planted[label] for label in wanted if label in planted}


def _plant(scene: Scene, kind: Kind) -> bool:
    before = len(scene.book.changes)
    done = kind.plant(scene, kind.label)
    scene.book.edits.extend(edits_of(scene.book.changes[before:], kind.label))
    return done
