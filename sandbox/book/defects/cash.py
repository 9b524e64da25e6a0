"""What happens to the money of a deal after Salesforce was told about it."""

from __future__ import annotations

from sandbox.book.clerk import order_of
from sandbox.book.course import PAID, UNPAID, Course
from sandbox.book.defects.kind import Scene
from sandbox.book.nouns import Deal


def payment_voided(scene: Scene, label: str) -> bool:
    """The customer's payment bounces and is voided."""
    deal = _billed_deal(scene, PAID)
    if deal is None:
        return False
    scene.errand("late", "void_payment", label, order=order_of(deal))
    return scene.found(deal, label, "PAYMENT_REVERSED")


def application_taken_back(scene: Scene, label: str) -> bool:
    """Finance takes the payment off the invoice; the money stays on the customer's account."""
    deal = _billed_deal(scene, PAID)
    if deal is None:
        return False
    scene.errand("late", "unapply", label, order=order_of(deal))
    return scene.found(deal, label, "PAYMENT_REVERSED")


def payment_late(scene: Scene, label: str) -> bool:
    """The customer pays after the last sync, longer ago than a status may take."""
    deal = _billed_deal(scene, UNPAID)
    if deal is None:
        return False
    reference = scene.book.ids.payment_reference()
    scene.errand("late", "pay", label, orders=[order_of(deal)], reference=reference)
    return scene.found(deal, label, "STALE_PAYMENT_STATUS")


def credit_late(scene: Scene, label: str) -> bool:
    """Finance credits a part of the invoice after the last sync."""
    deal = _billed_deal(scene, UNPAID)
    if deal is None:
        return False
    scene.errand("late", "credit", label, order=order_of(deal), share="0.3", apply=True)
    return scene.found(deal, label, "CREDIT_NOT_IN_CRM")


def status_overtyped(scene: Scene, label: str) -> bool:
    """Somebody types another payment status into the deal of a customer who has paid."""
    deal = _billed_deal(scene, PAID)
    if deal is None:
        return False
    scene.edit_deal(deal, label, Tieout_Payment_Status__c="Unpaid")
    return scene.found(deal, label, "STALE_PAYMENT_STATUS")


def _billed_deal(scene: Scene, course: Course) -> Deal | None:
    """Return a deal whose order is billed whole and takes this course."""
    deal = scene.deal()
    if deal is not None:
        scene.take_course(deal, course)
    return deal
