"""Holds end by themselves when their cause does; what a person puts aside stays aside until it changes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from journal import dismissals, holds, subjects
from journal.audit_list import newest
from journal.dismissals import HoldMoved
from sync.long_doubt import CODE as IN_DOUBT
from tests.fakes.run import open_holds, outcome, sync
from tests.fakes.world import template_mapping


def dismiss(world, deal, reason="credited by hand"):
    with world.journal.begin() as tx:
        dismissals.dismiss(tx, holds.find(tx, "so", deal), reason, world.now())


def with_alias(text):
    return text.replace("[tables.items]", '[tables.items]\n"NEW-1" = "PLAT-100"')


def history(world, deal):
    with world.journal.begin() as tx:
        return holds.history(tx, "so", deal)


def test_a_missing_item_that_appears_releases_the_deal(world):
    deal = world.crm.put_deal(1, lines=(("NEW-1", "1", "10.00"),))
    sync(world)
    assert open_holds(world)[deal].likeness == "ITEM_NOT_FOUND:NEW-1"
    world.erp.lists["item"].append("NEW-1")
    assert outcome(sync(world), deal) == "created"
    (row,) = history(world, deal)
    assert row["resolved_by"] == "tieout"
    assert row["resolution"]


def test_a_changed_mapping_releases_the_deal(world):
    deal = world.crm.put_deal(1, lines=(("NEW-1", "1", "10.00"),))
    sync(world)
    mended = replace(world, order_mapping=template_mapping("sales_order", with_alias))
    assert outcome(sync(mended), deal) == "created"


def test_a_corrected_deal_releases_itself(world):
    deal = world.crm.put_deal(1, lines=())
    sync(world)
    assert open_holds(world)[deal].likeness == "NO_LINES"
    world.crm.put_line(deal, 10, "PLAT-100", "2", "200.00", 0)
    assert outcome(sync(world), deal) == "created"
    assert open_holds(world) == {}


def test_a_cause_that_comes_back_has_the_same_key_and_keeps_its_history(world):
    deal = world.crm.put_deal(1)
    world.erp.script = [None, "rejected"]
    sync(world)
    first = open_holds(world)[deal]
    world.crm.put("Opportunity", deal, PO_Number__c="other")
    world.erp.script = []
    sync(world)
    world.crm.put("Opportunity", deal, PO_Number__c="third")
    world.erp.script = ["rejected"]
    sync(world)
    again = open_holds(world)[deal]
    assert (again.key, again.code) == (first.key, first.code)
    assert again.id != first.id
    assert [row["resolved_at"] is None for row in history(world, deal)] == [False, True]


def test_a_dismissed_deal_is_left_alone_although_its_cause_heals(world):
    deal = world.crm.put_deal(1, lines=(("NEW-1", "1", "10.00"),))
    sync(world)
    dismiss(world, deal)
    world.erp.lists["item"].append("NEW-1")
    for _ in range(4):
        assert deal not in sync(world).orders
    assert open_holds(world) == {}
    assert world.erp.orders_ == {}
    with world.journal.begin() as tx:
        assert subjects.state(tx, "so", deal).state == "dismissed"


def test_a_dismissed_deal_comes_back_when_it_is_edited(world):
    deal = world.crm.put_deal(1, lines=(("NEW-1", "1", "10.00"),))
    sync(world)
    dismiss(world, deal)
    sync(world)
    world.crm.put("Opportunity", deal, PO_Number__c="edited")
    assert outcome(sync(world), deal) == "held"
    assert deal in open_holds(world)


def test_a_dismissed_deal_comes_back_when_the_mapping_changes(world):
    deal = world.crm.put_deal(1, lines=(("NEW-1", "1", "10.00"),))
    sync(world)
    dismiss(world, deal)
    mended = replace(world, order_mapping=template_mapping("sales_order", with_alias))
    assert outcome(sync(mended), deal) == "created"


def test_a_dismissed_customer_keeps_its_deals_held_and_is_not_created(world):
    world.erp.put_customer("7", "Blue Harbour Inc")
    deal = world.crm.put_deal(1)
    sync(world)
    account = next(id_ for id_, hold in open_holds(world).items() if hold.code == "CUSTOMER_NEAR_MATCH")
    with world.journal.begin() as tx:
        dismissals.dismiss(tx, holds.find(tx, "cust", account), "never mind", world.now())
    del world.erp.customers_["7"]
    for _ in range(3):
        assert outcome(sync(world), deal) == "held"
    assert world.erp.writes == []
    with world.journal.begin() as tx:
        dismissals.take_up(tx, dismissals.find(tx, "cust", account), world.now())
    assert outcome(sync(world), deal) == "created"


def test_what_a_person_does_stands_in_the_audit_under_their_name(world):
    deal = world.crm.put_deal(1, lines=())
    sync(world)
    world.journal.actor = "maria"
    dismiss(world, deal, "a test deal")
    with world.journal.begin() as tx:
        rows = [row for row in newest(tx, 50, [deal]) if row["action"] == "hold.dismissed"]
    assert [row["actor"] for row in rows] == ["maria"]
    assert history(world, deal)[0]["resolved_by"] == "maria"


def test_a_hold_that_has_ended_or_changed_since_it_was_shown_is_not_acted_upon(world):
    deal = world.crm.put_deal(1)
    world.erp.script = [None, "rejected"]
    sync(world)
    shown = open_holds(world)[deal]
    seen = dismissals.seen(shown)
    with world.journal.begin() as tx:
        dismissals.retry(tx, shown, world.now(), as_seen=seen)
    with world.journal.begin() as tx, pytest.raises(HoldMoved, match="has changed since"):
        dismissals.retry(tx, shown, world.now(), as_seen=seen)
    assert outcome(sync(world), deal) == "created"
    with world.journal.begin() as tx, pytest.raises(HoldMoved, match="is over"):
        dismissals.dismiss(tx, shown, "late", world.now())


def test_a_write_that_stays_in_doubt_is_shown_and_neither_sent_again_nor_put_aside(world):
    deal = world.crm.put_deal(1)
    world.erp.script = [None, "lost_answer"]
    world.erp.reads_fail = True
    sync(world)
    assert open_holds(world) == {}
    world.clock.step(hours=1)
    sync(world)
    sync(world)
    hold = open_holds(world)[deal]
    assert (hold.code, hold.class_) == (IN_DOUBT, "ambiguous")
    with world.journal.begin() as tx:
        with pytest.raises(HoldMoved, match="in doubt"):
            dismissals.retry(tx, hold, world.now())
        with pytest.raises(HoldMoved, match="open"):
            dismissals.dismiss(tx, hold, "why not", world.now())
    assert len(world.erp.writes) == 2
    world.erp.reads_fail = False
    sync(world)
    assert open_holds(world) == {}
    assert len(world.erp.orders_) == 1
