"""Which change of the journal adds which row to the trail."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from journal import approvals, audit_check, bindings, dismissals, findings, holds, pauses, runs, stamps, subjects
from journal.approvals import KeptPlan, PlannedRecord
from journal.findings import Note, Sighting
from journal.holds import HoldCause
from journal.nouns import Binding
from sync.identity import note_mapping
from tests.fakes.world import make_world

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
DEAL = "006000000000001AAA"
BINDING = Binding(
    kind="so",
    source_id=DEAL,
    doc_no=1,
    external_id=f"tieout-so-{DEAL}",
    target_id="500",
    number=None,
    origin="created",
    evidence="Acme's answer",
    currency=None,
    net=None,
    bound_at=NOW,
    payload_sha="p1",
)


@pytest.fixture
def told(journal):
    """Do something in a transaction and return the rows it added: action, object, before, after, detail, actor."""

    def do(change):
        before = len(list(audit_check.rows_of(journal)))
        with journal.begin() as tx:
            change(tx)
        rows = list(audit_check.rows_of(journal))
        assert audit_check.check(rows).bad is None
        return [
            (row["action"], row["object"], row["before"], row["after"], json.loads(row["detail"]), row["actor"])
            for row in rows[before:]
        ]

    return do


def test_a_binding_that_is_made_renewed_and_released_is_told_without_its_evidence(told):
    content = {"origin": "created", "external_id": f"tieout-so-{DEAL}", "payload": "p1"}
    object_ = f"so/{DEAL}/1"
    assert told(lambda tx: bindings.bind(tx, BINDING)) == [
        ("binding.made", object_, None, "500", content, "tieout"),
    ]
    assert told(lambda tx: bindings.bind(tx, replace(BINDING, payload_sha="p2"), LATER)) == [
        ("binding.renewed", object_, None, "500", {"payload": "p2"}, "tieout"),
    ]
    assert told(lambda tx: bindings.bind(tx, replace(BINDING, payload_sha="p2"), LATER)) == []
    assert told(lambda tx: bindings.release(tx, "so", DEAL, "500", LATER)) == [
        ("binding.released", object_, "500", None, {}, "tieout"),
    ]
    assert told(lambda tx: bindings.release(tx, "so", DEAL, "500", LATER)) == []


def test_a_refused_binding_leaves_no_row(told, journal):
    told(lambda tx: bindings.bind(tx, BINDING))
    with pytest.raises(bindings.BindingConflict), journal.begin() as tx:
        bindings.bind(tx, replace(BINDING, target_id="501"))
    assert len(list(audit_check.rows_of(journal))) == 1


def test_the_amount_that_netsuite_holds_is_told_once(told, journal):
    told(lambda tx: bindings.bind(tx, BINDING))

    def find(net):
        def change(tx):
            known = bindings.get(tx, "so", DEAL)
            bindings.record_found(tx, known, number="SO7", currency="USD", net=Decimal(net), snapshot="[]", at=LATER)

        return told(change)

    assert find("10.10") == [("binding.found", f"so/{DEAL}/1", None, "10.10 USD", {"number": "SO7"}, "tieout")]
    assert find("10.10") == []
    assert find("9.00") == [("binding.found", f"so/{DEAL}/1", "10.10 USD", "9.00 USD", {"number": "SO7"}, "tieout")]


def test_a_plan_that_is_approved_and_used_is_told_under_the_name_of_who_approved_it(told):
    record = PlannedRecord(kind="so", source_id=DEAL, doc_no=1, action="create", content="c", label="Big deal")
    plan = KeptPlan(plan="abc", planned_at=NOW, mapping_sha="m", records=(record,))
    assert told(lambda tx: approvals.keep(tx, plan)) == []
    approved = told(lambda tx: approvals.approve(tx, plan, plan.records, by="ada", at=NOW))
    assert [(row[0], row[1], row[5], row[4]["records"]) for row in approved] == [
        ("plan.approved", "plan/abc", "ada", "1")
    ]
    assert "Big deal" not in json.dumps(approved)
    assert told(lambda tx: approvals.use(tx, plan, LATER)) == [
        ("plan.used", "plan/abc", "approved", "used", {}, "tieout")
    ]


def test_pauses_and_freezes_are_told_under_the_name_of_who_began_and_ended_them(told):
    def actions(change):
        return [(row[0], row[1], row[5], row[4].get("reason")) for row in told(change)]

    assert actions(lambda tx: pauses.put(tx, "orders", "a look", "ann", NOW)) == [
        ("pause.begun", "job/orders", "ann", "a look")
    ]
    assert actions(lambda tx: pauses.put(tx, "freeze", "month end", "bob", NOW, LATER)) == [
        ("freeze.begun", "job/freeze", "bob", "month end")
    ]
    assert actions(lambda tx: pauses.lift(tx, "orders", "eve", LATER)) == [("pause.ended", "job/orders", "eve", None)]
    assert actions(lambda tx: pauses.lift(tx, "orders", "eve", LATER)) == []
    assert actions(lambda tx: pauses.lift(tx, "freeze", "eve", LATER)) == [("freeze.ended", "job/freeze", "eve", None)]


def test_a_hold_is_told_when_it_opens_gives_way_and_ends_and_by_whom(told, journal):
    def actions(change):
        return [(row[0], row[1], row[2], row[3], row[5], row[4].get("reason")) for row in told(change)]

    def hold(code, cause="Acme's terms"):
        whole = HoldCause(code=code, class_="data", cause=cause, owner="sales", fix="mend it")
        return lambda tx: holds.open_hold(tx, "so", DEAL, "Big deal", whole, NOW)

    object_ = f"so/{DEAL}/1"
    assert actions(hold("NO_ACCOUNT")) == [("hold.opened", object_, None, "NO_ACCOUNT", "tieout", None)]
    assert actions(hold("NO_ACCOUNT", "in other words")) == []
    assert actions(hold("RULE_HOLD")) == [
        ("hold.closed", object_, "NO_ACCOUNT", None, "tieout", None),
        ("hold.opened", object_, None, "RULE_HOLD", "tieout", None),
    ]
    assert actions(lambda tx: holds.resolve(tx, "so", DEAL, "mended", LATER)) == [
        ("hold.closed", object_, "RULE_HOLD", None, "tieout", None)
    ]
    assert actions(lambda tx: holds.resolve(tx, "so", DEAL, "mended", LATER)) == []
    told(hold("RULE_HOLD"))
    told(lambda tx: subjects.mark(tx, "so", DEAL, label="Big deal", state=subjects.HELD, at=NOW))
    journal.actor = "ada"
    dismiss = actions(lambda tx: dismissals.dismiss(tx, holds.find(tx, "so", DEAL), "no order wanted", LATER))
    assert dismiss == [("hold.dismissed", object_, "RULE_HOLD", None, "ada", "no order wanted")]


def test_what_is_written_onto_a_crm_record_is_told_by_its_hash(told):
    fields = {"Tieout_Order_Status__c": "Billed", "Tieout_Paid__c": Decimal("7.00")}
    digest = stamps.sha(stamps.dumps(fields))
    assert told(lambda tx: runs.note_written(tx, "Opportunity", DEAL, fields, NOW)) == [
        ("status.written", f"Opportunity/{DEAL}", None, digest, {}, "tieout")
    ]
    assert told(lambda tx: runs.note_written(tx, "Tieout_Financial__c", "k1", fields, NOW, owner="7")) == [
        ("status.written", "Tieout_Financial__c/k1", None, digest, {"customer": "7"}, "tieout")
    ]


def sighting(values="v1"):
    return Sighting(id="f1", code="AMOUNT_DIFFERS", entity="order", key="SO7", field="net", values_sha=values)


def note(reason, comment="as agreed with Acme"):
    return Note(finding_id="f1", owner="ann", reason=reason, comment=comment)


def test_the_life_of_an_exception_is_told_one_row_a_change(told):
    def actions(change):
        return [(row[0], row[1], row[2], row[3], row[5]) for row in told(change)]

    def see(number, *sightings, complete=True):
        return lambda tx: findings.record(tx, f"run{number}", sightings, LATER, complete=complete)

    def say(reason, comment="as agreed with Acme"):
        return lambda tx: findings.take(tx, [note(reason, comment)], "ann", NOW)

    assert actions(see(1, sighting())) == []
    assert actions(say("accepted difference")) == [("finding.accepted", "finding/f1", "open", "accepted", "ann")]
    assert actions(say("accepted difference")) == []
    assert actions(say("accepted difference", "other")) == [
        ("finding.noted", "finding/f1", "accepted", "accepted", "ann")
    ]
    assert actions(say("timing")) == [("finding.reopened", "finding/f1", "accepted", "open", "ann")]
    assert actions(say("false positive")) == [("finding.accepted", "finding/f1", "open", "accepted", "ann")]
    assert actions(see(2, sighting("v2"))) == [("finding.reopened", "finding/f1", "accepted", "open", "tieout")]
    assert actions(see(3, sighting("v2"))) == []
    assert actions(see(4, complete=False)) == []
    assert actions(see(5)) == [("finding.closed", "finding/f1", "open", "closed", "tieout")]
    assert actions(see(6, sighting("v2"))) == [("finding.reopened", "finding/f1", "closed", "open", "tieout")]


def test_what_people_write_about_an_exception_is_told_by_its_hash_only(told, journal):
    told(lambda tx: findings.record(tx, "run1", [sighting()], NOW, complete=True))
    ((_, _, _, _, detail, _),) = told(lambda tx: findings.take(tx, [note("timing")], "ann", NOW))
    assert detail == {
        "code": "AMOUNT_DIFFERS",
        "values": "v1",
        "reason": "timing",
        "owner": stamps.sha("ann"),
        "comment": stamps.sha("as agreed with Acme"),
    }


def test_a_changed_mapping_is_told_with_the_hashes_before_and_after(tmp_path):
    world = make_world(tmp_path)
    note_mapping(world)
    note_mapping(world)
    company = replace(world.settings.company, go_live=date(2026, 11, 2))
    note_mapping(replace(world, settings=replace(world.settings, company=company)))
    rows = [row for row in audit_check.rows_of(world.journal) if row["action"] == "mapping.changed"]
    version = world.mapping_sha
    assert [(row["before"], row["after"]) for row in rows] == [(None, version), (version, version)]
    assert [json.loads(row["detail"])["go_live"] for row in rows] == ["2026-11-01", "2026-11-02"]
    world.journal.close()
