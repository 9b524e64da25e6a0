"""What people do to deals in Salesforce after their orders were made."""

from __future__ import annotations

from sandbox.book.defects.deals_before import NOBODYS_ID
from sandbox.book.defects.kind import Scene


def deal_lost(scene: Scene, label: str) -> bool:
    """Sales turns the deal to lost; the order lives on."""
    return _stage(scene, label, "Closed Lost")


def deal_reopened(scene: Scene, label: str) -> bool:
    """Sales opens the deal again; the order lives on."""
    return _stage(scene, label, "Negotiation/Review")


def deal_deleted(scene: Scene, label: str) -> bool:
    """Sales deletes the deal; the order lives on."""
    deal = scene.deal()
    if deal is None:
        return False
    scene.remove_deal(deal, label)
    return scene.found(deal, label, "DELETED_CRM")


def order_id_overtyped(scene: Scene, label: str) -> bool:
    """Somebody types another order id into Tieout's field on the deal."""
    deal = scene.deal()
    if deal is None:
        return False
    scene.edit_deal(deal, label, Tieout_Sales_Order_Id__c=NOBODYS_ID)
    return scene.found(deal, label, "MAP_CONFLICT")


def order_id_of_another(scene: Scene, label: str) -> bool:
    """Somebody pastes the order id of an older deal, which was matched with its order, into the deal."""
    deal = scene.deal()
    others = sorted(
        order_id for deal_id, order_id in scene.book.pairs if not scene.book.in_scope(scene.book.deals[deal_id])
    )
    if deal is None or not others:
        return False
    scene.edit_deal(deal, label, Tieout_Sales_Order_Id__c=scene.dice.choice(others))
    return scene.found(deal, label, "DUP_CRM", "MAP_CONFLICT")


def deal_won_late(scene: Scene, label: str) -> bool:
    """Sales wins a deal after the last sync: its order is not late yet, only on its way."""
    deal = scene.open_deal()
    if deal is None:
        return False
    scene.edit_deal(deal, label, StageName="Closed Won", CloseDate=scene.book.month.collect_day.isoformat())
    scene.book.expect_on_its_way(deal, label)
    return True


def _stage(scene: Scene, label: str, stage: str) -> bool:
    deal = scene.deal()
    if deal is None:
        return False
    scene.edit_deal(deal, label, StageName=stage)
    return scene.found(deal, label, "LOST_LIVE_ORDER")
