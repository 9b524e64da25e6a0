"""The state database keeps what it is told, once, and durably."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.exc import IntegrityError

from connectors.records import Position
from journal import bindings, database, holds, intents, staging, stamps, subjects
from journal.nouns import Binding, OpenIntent
from journal.tables import metadata
from tests import postgres_server

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DEAL = "006000000000001AAA"


def a_deal(**changes):
    values = {
        "type": "Opportunity",
        "source_id": DEAL,
        "fields": {"Name": "Big deal", "Amount": Decimal("10.10"), "CloseDate": date(2026, 11, 3)},
        "lines": [{"Id": "00k1", "TotalPrice": Decimal("10.10")}],
        "modified": NOW,
        "deleted": False,
    }
    return staging.StagedRecord(**{**values, **changes})


def an_intent(id_="i1", source_id=DEAL):
    return OpenIntent(
        id=id_,
        kind="so",
        source_id=source_id,
        external_id=f"tieout-so-{source_id}",
        state="SENDING",
        quiet_until=None,
        fingerprint="f",
        mapping_sha="m",
        staged_version="v",
    )


def a_binding(source_id=DEAL, target_id="500"):
    return Binding(
        kind="so",
        source_id=source_id,
        doc_no=1,
        external_id=None,
        target_id=target_id,
        number="SO1",
        origin="created",
        evidence="test",
        currency="USD",
        net=Decimal("10.10"),
        bound_at=NOW,
    )


def arm(tx, intent):
    digest = database.keep(tx, "payload", "{}", NOW)
    armed = OpenIntent(**{**{name: getattr(intent, name) for name in intent.__slots__}, "payload_sha": digest})
    intents.arm(tx, armed, run_id="r", send_by=NOW, quiet_until=NOW + timedelta(minutes=16), at=NOW)


def test_the_migrated_schema_is_the_one_that_the_tables_declare(journal):
    with journal.begin() as tx:
        differences = compare_metadata(MigrationContext.configure(tx.conn), metadata)
    assert differences == []


def test_an_error_inside_a_transaction_leaves_nothing_behind(journal):
    with pytest.raises(RuntimeError), journal.begin() as tx:
        staging.stage(tx, a_deal(), "r", NOW)
        staging.advance(tx, "deals", Position(NOW, DEAL), NOW)
        raise RuntimeError("crash")
    with journal.begin() as tx:
        assert staging.newest(tx, "Opportunity", DEAL) is None
        assert staging.position(tx, "deals") is None


def test_a_staged_record_comes_back_with_its_types(journal):
    with journal.begin() as tx:
        assert staging.stage(tx, a_deal(), "r", NOW)
        found = staging.newest(tx, "Opportunity", DEAL)
    assert found is not None
    assert found.fields["Amount"] == Decimal("10.10")
    assert found.fields["CloseDate"] == date(2026, 11, 3)
    assert found.lines[0]["TotalPrice"] == Decimal("10.10")


def test_the_same_content_under_a_new_stamp_is_no_new_version(journal):
    later = NOW + timedelta(minutes=5)
    with journal.begin() as tx:
        staging.stage(tx, a_deal(), "r", NOW)
        assert not staging.stage(tx, a_deal(modified=later), "r", later)
        assert len(staging.versions(tx, "Opportunity", DEAL)) == 1
        assert staging.newest(tx, "Opportunity", DEAL).modified == later


def test_two_contents_on_one_stamp_are_two_versions_and_the_last_read_wins(journal):
    with journal.begin() as tx:
        for amount in ("10.10", "20.20", "30.30", "20.20"):
            fields = {"Amount": Decimal(amount)}
            assert staging.stage(tx, a_deal(fields=fields), "r", NOW + timedelta(seconds=1))
            assert staging.newest(tx, "Opportunity", DEAL).fields == fields


def test_a_cursor_never_moves_backwards(journal):
    with journal.begin() as tx:
        staging.advance(tx, "deals", Position(NOW, DEAL), NOW)
        staging.advance(tx, "deals", Position(NOW - timedelta(hours=1), DEAL), NOW)
        assert staging.position(tx, "deals") == Position(NOW, DEAL)


def test_a_document_has_at_most_one_open_intent(journal):
    with journal.begin() as tx:
        arm(tx, an_intent("i1"))
    with pytest.raises(IntegrityError), journal.begin() as tx:
        arm(tx, an_intent("i2"))
    with journal.begin() as tx:
        intents.close(tx, an_intent("i1"), "applied", "", NOW)
        arm(tx, an_intent("i2"))
        assert [intent.id for intent in intents.open_intents(tx)] == ["i2"]


def test_one_order_cannot_belong_to_two_deals(journal):
    with journal.begin() as tx:
        bindings.bind(tx, a_binding())
        with pytest.raises(bindings.BindingConflict, match=DEAL):
            bindings.bind(tx, a_binding(source_id="006000000000002AAA"))


def test_a_target_id_once_set_is_never_replaced(journal):
    with journal.begin() as tx:
        bindings.bind(tx, a_binding())
        with pytest.raises(bindings.BindingConflict):
            bindings.bind(tx, a_binding(target_id="501"))
        assert bindings.get(tx, "so", DEAL).target_id == "500"


def test_the_same_cause_met_again_counts_an_attempt_and_another_cause_replaces_it(journal):
    def cause(code):
        return holds.HoldCause(code=code, class_="data", cause="why", owner="data", fix="do")

    with journal.begin() as tx:
        for code in ("NO_LINES", "NO_LINES", "NO_ACCOUNT"):
            holds.open_hold(tx, "so", DEAL, "Big deal", cause(code), NOW)
        assert [(hold.code, hold.attempts) for hold in holds.open_holds(tx)] == [("NO_ACCOUNT", 1)]
        assert [row["resolution"] for row in holds.history(tx, "so", DEAL)] == ["replaced by NO_ACCOUNT", None]


def test_a_scratch_copy_takes_changes_without_touching_the_journal(journal):
    with journal.begin() as tx:
        staging.stage(tx, a_deal(), "r", NOW)
    scratch = journal.scratch()
    with scratch.begin() as tx:
        assert staging.newest(tx, "Opportunity", DEAL) is not None
        subjects.mark(tx, "so", DEAL, label="x", state="ready", at=NOW)
    scratch.close()
    with journal.begin() as tx:
        assert subjects.state(tx, "so", DEAL) is None


def test_a_database_of_a_newer_program_is_refused(opened, state):
    with opened(state).begin() as tx:
        tx.conn.exec_driver_sql("UPDATE alembic_version SET version_num='9999'")
    try:
        with pytest.raises(database.JournalError, match="newer tieout"):
            opened(state)
    finally:
        postgres_server.forget(state)


def test_the_state_database_is_readable_by_its_owner_only(tmp_path):
    path = tmp_path / "state" / "tieout.db"
    database.open_journal(path, "p").close()
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


def test_values_survive_the_journal_unchanged():
    value = {"a": [Decimal("1.10"), NOW, date(2026, 1, 2), None, True, "x"], "map": {"dec": "text"}}
    assert stamps.loads(stamps.dumps(value)) == value
