"""What the cursor loses, the sweep finds, heals in the same run, and reports."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from console.alerts.desk import AlertDesk
from journal import audit, misses, staging, subjects, tables
from sync import engine
from sync.pull import pull
from sync.sweep import Swept, sweep
from sync.trace import trace
from tests.fakes.late_crm import LateCrm
from tests.fakes.run import open_holds, outcome
from tests.fakes.time_and_chance import VirtualClock
from tests.fakes.world import make_world

DEAL, LINE = "Opportunity", "OpportunityLineItem"


@pytest.fixture
def world(tmp_path):
    """A deal that was read long ago, over a Salesforce in which commits may come late."""
    clock = VirtualClock()
    world = make_world(tmp_path, clock=clock, crm=LateCrm(clock, page_size=50))
    world.crm.put_account(1, "Blue Harbor Inc.")
    world.crm.put_deal(1)
    clock.step(hours=1)
    engine.run(world)
    yield world
    world.journal.close()


def late(world, save, hours=2):
    """Save something that becomes visible only after the cursor has passed it for good."""
    world.clock.step(minutes=1)
    world.crm.delay = timedelta(hours=hours)
    made = save()
    world.crm.delay = timedelta(0)
    world.clock.step(hours=hours - 1)
    world.crm.put_deal(2)
    world.clock.step(minutes=30)
    engine.run(world)
    world.clock.step(minutes=45)
    return made


def noted(world):
    with world.journal.begin() as tx:
        return [(miss.source_id, miss.what) for miss in misses.since(tx, None)]


def test_a_lost_deal_is_ordered_in_the_run_that_finds_it_and_reported_once(world):
    lost = late(world, lambda: world.crm.put_deal(3))
    assert lost not in engine.run(world).orders
    result = engine.run(world, sweep=True)
    assert outcome(result, lost) == "created"
    assert result.counts()["sweep.missed"] == 1
    assert noted(world) == [(lost, "deal")]
    world.clock.step(hours=1)
    assert engine.run(world, sweep=True).counts()["sweep.missed"] == 0
    assert noted(world) == [(lost, "deal")]


def test_a_lost_edit_of_a_deal_is_read_and_reported(world):
    deal = next(iter(world.crm.records[DEAL]))
    late(world, lambda: world.crm.put(DEAL, deal, Name="Another name"))
    engine.run(world)
    with world.journal.begin() as tx:
        assert staging.newest(tx, DEAL, deal).fields["Name"] == "Deal 1"
    assert engine.run(world, sweep=True).swept == Swept(looked=2, missed=1)
    assert noted(world) == [(deal, "edit")]
    with world.journal.begin() as tx:
        assert staging.newest(tx, DEAL, deal).fields["Name"] == "Another name"


def test_a_lost_edit_of_a_line_is_read_and_reported(world):
    deal = next(iter(world.crm.records[DEAL]))
    late(world, lambda: world.crm.put_line(deal, 10, "PLAT-100", "5", "500.00"))
    world.crm.put_line(next(reversed(world.crm.records[DEAL])), 20, "PLAT-100", "7", "700.00")  # moves the cursor on
    world.clock.step(hours=1)
    engine.run(world)
    with world.journal.begin() as tx:
        assert staging.newest(tx, DEAL, deal).lines[0]["Quantity"] == Decimal(2)
    engine.run(world, sweep=True)
    assert noted(world) == [(deal, "edit")]
    with world.journal.begin() as tx:
        assert staging.newest(tx, DEAL, deal).lines[0]["Quantity"] == Decimal(5)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"deleted": True}, "DELETED_AFTER_PUSH"),
        ({"IsWon": False, "StageName": "Negotiation"}, "REOPENED_AFTER_PUSH"),
    ],
)
def test_a_deletion_or_a_reopening_that_the_cursor_lost_is_held(world, change, code):
    deal = next(iter(world.crm.records[DEAL]))
    late(world, lambda: world.crm.put(DEAL, deal, **change))
    engine.run(world, sweep=True)
    assert open_holds(world)[deal].code == code
    assert noted(world) == [(deal, "edit")]


def test_a_deal_that_is_purged_from_salesforce_is_noticed(world):
    deal = next(iter(world.crm.records[DEAL]))
    del world.crm.versions[(DEAL, deal)]
    world.clock.step(hours=1)
    result = engine.run(world, sweep=True)
    assert result.swept == Swept(gone=1)
    assert open_holds(world)[deal].code == "DELETED_AFTER_PUSH"
    assert engine.run(world, sweep=True).swept == Swept()


def test_a_deal_within_settle_window_or_overlap_is_not_missed_yet(world):
    world.clock.step(hours=1)
    world.crm.put_deal(5)
    world.clock.step(minutes=2)
    pull(world, "run")
    world.crm.delay = timedelta(minutes=9)
    world.crm.put_deal(6)
    world.crm.delay = timedelta(0)
    world.clock.step(minutes=9)
    world.crm.put_deal(7)
    assert sweep(world, "run") == Swept(looked=4)
    assert noted(world) == []


def test_a_deal_out_of_scope_is_healed_in_silence(world):
    lost = late(world, lambda: world.crm.put_deal(3, Type="Partner"))
    result = engine.run(world, sweep=True)
    assert (result.swept.missed, result.swept.moved) == (0, 1)
    assert outcome(result, lost) == "skipped"
    assert engine.run(world, sweep=True).swept.moved == 0


def test_a_deal_from_before_go_live_that_was_lost_is_matched_not_created(world):
    lost = late(world, lambda: world.crm.put_deal(3, CloseDate=world.settings.company.go_live - timedelta(days=9)))
    result = engine.run(world, sweep=True)
    assert outcome(result, lost) == "skipped"
    assert noted(world) == [(lost, "deal")]


def test_an_account_edit_is_no_lost_deal(world):
    deal = next(iter(world.crm.records[DEAL]))
    for version in world.crm.versions[(DEAL, deal)]:
        version["fields"]["Account.BillingCountryCode"] = "DE"  # seen on the deal, whose own stamp stays
    world.clock.step(hours=1)
    assert engine.run(world, sweep=True).swept == Swept(looked=1)


def test_a_value_that_changes_without_a_stamp_is_followed_and_is_no_fault(world):
    deal = next(iter(world.crm.records[DEAL]))
    world.clock.step(hours=1)
    world.crm.put_deal(2)
    world.clock.step(hours=1)
    engine.run(world)
    for version in world.crm.versions[(DEAL, deal)]:
        version["fields"]["PO_Number__c"] = "computed"
    world.clock.step(hours=1)
    assert engine.run(world, sweep=True).swept == Swept(looked=2, moved=1)
    assert noted(world) == []


def test_a_run_for_one_deal_sweeps_nothing(world):
    deal = next(iter(world.crm.records[DEAL]))
    assert engine.run(world, only=deal, sweep=True).swept is None


def test_before_the_first_pull_nothing_is_missed(tmp_path):
    clock = VirtualClock()
    world = make_world(tmp_path, clock=clock, crm=LateCrm(clock))
    world.crm.put_deal(1)
    assert sweep(world, "run") == Swept()
    world.journal.close()


def test_the_journal_the_audit_the_trace_and_an_alert_tell_of_a_miss(world):
    lost = late(world, lambda: world.crm.put_deal(3))
    engine.run(world, sweep=True)
    with world.journal.begin() as tx:
        assert misses.count(tx) == 1
        assert misses.newest(tx).source_id == lost
        actions = list(tx.conn.execute(tables.audit.select().where(tables.audit.c.action == misses.ACTION)))
    assert [row.object for row in actions] == [f"so/{lost}/1"]
    assert audit.document("so", lost) == actions[0].object
    assert any("CURSOR_MISS" in event.text for event in trace(world, lost).events)
    told = []

    class Way:
        name = "way"

        def send(self, alert, at):
            told.append(alert)

    desk = AlertDesk(
        world.settings, world.journal, world.clock, [Way()], lambda host: world.clock.now().replace(year=2030)
    )
    for _ in range(3):
        desk.tick()
        world.clock.step(days=1)
    of_misses = [alert for alert in told if alert.kind == "cursor_miss"]
    assert len(of_misses) == 1
    assert "healed" in of_misses[0].subject
    assert lost in of_misses[0].what


def test_10000_deals_take_few_calls_and_a_bounded_page_in_memory(tmp_path):
    clock = VirtualClock()
    world = make_world(tmp_path, clock=clock, crm=LateCrm(clock, page_size=2000))
    for number in range(2000):
        world.crm.put_deal(number, lines=(), account=None)
    clock.step(hours=1)
    pull(world, "run")
    with world.journal.begin() as tx:
        tx.conn.execute(tables.subject.update().values(state=subjects.SETTLED))
    clock.step(hours=1)
    world.crm.put_deal(1, lines=(), account=None)
    clock.step(hours=1)
    pull(world, "run")
    asked = []
    children = world.crm.children

    def counted(type_, fields, parent_field, parent_ids):
        asked.append(len(parent_ids))
        return children(type_, fields, parent_field, parent_ids)

    world.crm.children = counted
    assert sweep(world, "run") == Swept(looked=2000)
    assert len(asked) == 10  # 200 deals each: 50 for 10,000, besides 5 pages of 2,000 deals
    assert max(asked) <= 200
    world.journal.close()
