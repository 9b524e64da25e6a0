"""The judge of the trail agrees with whole runs, and sees what is planted."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from journal import audit, subjects, tables
from tests import audit_judge
from tests.fakes.run import sync
from tests.fakes.world import make_world

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def world(tmp_path):
    world = make_world(tmp_path)
    audit_judge.watch(world.journal)
    world.crm.put_account(1, "Blue Harbor Inc.")
    yield world
    world.journal.close()


@pytest.fixture
def worked(world):
    """Deals created, changed, held and mended."""
    deal = world.crm.put_deal(1)
    world.crm.put_deal(2, Payment_Terms__c="90 days")
    sync(world)
    world.crm.put_line(deal, 11, "GTX-PRO", "1", "55.50", 1)
    sync(world)
    world.crm.put_deal(2, Payment_Terms__c="30 days")
    sync(world)
    return world


def test_a_whole_sync_leaves_no_fault(worked):
    assert audit_judge.faults(worked.journal) == []
    with worked.journal.begin() as tx:
        actions = set(tx.conn.scalars(tables.audit.select().with_only_columns(tables.audit.c.action)))
    assert {"intent.armed", "intent.applied", "record.settled", "record.held", "binding.made"} <= actions
    assert {"binding.renewed", "binding.found", "status.written", "mapping.changed"} <= actions


def test_a_change_of_state_without_its_row_is_a_fault(worked):
    with worked.journal.begin() as tx:
        tx.conn.execute(update(tables.subject).where(tables.subject.c.kind == "so").values(state=subjects.HELD))
    found = audit_judge.faults(worked.journal)
    assert len([line for line in found if "is held, the trail last says settled" in line]) == 2
    assert len([line for line in found if "the trail says so" in line]) == 2


def test_a_row_without_its_change_is_a_fault(worked):
    with worked.journal.begin() as tx:
        audit.record(tx, "record.settled", "so/006/1", NOW, before="ready", after="settled")
        audit.record(tx, "intent.armed", "so/006/1", NOW, intent="never")
    assert audit_judge.faults(worked.journal) == [
        "I12 so/006/1 became settled 0 times, the trail says so 1 times",
        "I12 the trail tells of intent never, which the journal does not have",
    ]


def test_an_intent_closed_otherwise_than_the_trail_says_is_a_fault(worked):
    with worked.journal.begin() as tx:
        one = tx.conn.execute(tables.intent.select().where(tables.intent.c.kind == "so")).first()
        tx.conn.execute(
            update(tables.intent).where(tables.intent.c.id == one.id).values(outcome_class="rejected", sent_count=7)
        )
    found = audit_judge.faults(worked.journal)
    assert ["was armed 7 times" in found[0], "was closed as rejected" in found[1], len(found)] == [True, True, 2]


def test_a_hold_that_nobody_resolved_is_a_fault(worked):
    with worked.journal.begin() as tx:
        tx.conn.execute(update(tables.hold).values(resolved_by=None))
    assert [line.split()[0] for line in audit_judge.faults(worked.journal)] == ["I14"]
