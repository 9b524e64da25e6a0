"""What can go wrong while a status is written onto a Salesforce record, and that nothing is written twice or anew."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
import requests
import responses
from hypothesis import given
from hypothesis import strategies as st

from connectors.records import FieldUpdate, RecordRef, RecordUpsert, WriteOutcome, salesforce_id
from connectors.salesforce import collection
from connectors.salesforce.collection import batches, update_item
from sync.world import ORDER_NUMBER, SYNC_STATE
from tests.fakes.crm import FakeCrm
from tests.fakes.run import open_holds, sync
from tests.fakes.time_and_chance import VirtualClock
from tests.fakes.world import make_world
from tests.unit.connectors.salesforce_org import DEAL, OTHER, FakeOrg, StillClock, connection, html, js


@pytest.fixture
def org():
    fake = FakeOrg()
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        fake.install(mock)
        yield fake


def update(id_=DEAL, **values):
    return FieldUpdate(
        ref=RecordRef(connection="salesforce", type="Opportunity", id=id_), values=values or {"State__c": "Synced"}
    )


def ids(request):
    return [record["id"] for record in json.loads(request.body)["records"]]


def results(request, locked=()):
    refused = {"success": False, "errors": [{"statusCode": "UNABLE_TO_LOCK_ROW", "message": "locked", "fields": []}]}
    return js([refused if id_ in locked else {"id": id_, "success": True, "errors": []} for id_ in ids(request)])


# locked rows


def test_a_locked_row_is_tried_again_with_growing_jittered_pauses_and_alone(org):
    org.script = [lambda request: results(request, {DEAL})] * 3 + [results]
    clock = StillClock()
    got = connection(clock).writer.update([update(), update(OTHER)])
    assert [one.status for one in got] == ["success", "success"]
    assert [ids(call) for call in org.calls] == [[DEAL, OTHER], [DEAL], [DEAL], [DEAL]]
    assert clock.slept == [0.25, 0.5, 1.0]


def test_a_row_that_stays_locked_is_rejected_after_eight_tries(org):
    org.script = [lambda request: results(request, {DEAL})] * 8
    [got] = connection().writer.update([update()])
    assert (got.status, got.code, len(org.calls)) == ("rejected", "UNABLE_TO_LOCK_ROW", 8)
    assert "8 tries" in got.message


def test_no_locked_row_is_sent_after_its_time(org):
    org.script = [lambda request: results(request, {DEAL})] * 8
    clock = StillClock()
    late = FieldUpdate(ref=update().ref, values={"State__c": "x"}, send_by=clock.now())
    [got] = connection(clock).writer.update([late])
    assert (got.status, len(org.calls)) == ("no_op", 1)


# many records in one call


ALL = [salesforce_id(f"006Hs00001A{n:04d}") for n in range(30)]


@given(st.lists(st.sampled_from(ALL), min_size=1, unique=True), st.data())
def test_each_record_of_a_call_gets_its_own_outcome_or_none_gets_any(wanted, data):
    fails = data.draw(st.sets(st.sampled_from(wanted)))
    disturbance = data.draw(st.sampled_from(["none", "drop one", "one more", "reorder"]))
    items = [update_item(place, update(id_)) for place, id_ in enumerate(wanted)]
    answer = [
        {"success": False, "errors": [{"statusCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": "no"}]}
        if id_ in fails
        else {"id": id_, "success": True, "errors": []}
        for id_ in wanted
    ]
    spoilt = list(answer)
    if disturbance == "drop one":
        spoilt.pop()
    elif disturbance == "one more":
        spoilt.append(answer[0])
    elif disturbance == "reorder":
        spoilt = spoilt[1:] + spoilt[:1]
    got = collection.results(items, spoilt)
    assert sorted(got) == list(range(len(wanted)))
    named = [(place, one.target_id) for place, one in got.items() if one.status == "success"]
    assert all(wanted[place] == id_ for place, id_ in named)
    if spoilt == answer:
        assert {wanted[place] for place, one in got.items() if one.status == "rejected"} == fails
    elif len(spoilt) != len(answer):
        assert {one.status for one in got.values()} == {"ambiguous"}


@given(st.lists(st.integers(0, 400), min_size=1, max_size=260))
def test_calls_are_bounded_by_records_and_by_bytes(sizes):
    items = [
        update_item(place, update(salesforce_id(f"006Hs00001A{place:04d}"), Text__c="x" * size))
        for place, size in enumerate(sizes)
    ]
    limit = 5000
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(collection, "MOST_BYTES", limit)
        calls = list(batches(items))
    assert [item.place for call in calls for item in call] == list(range(len(sizes)))
    assert all(len(call) <= 200 for call in calls)
    assert all(len(call) == 1 or sum(len(item.body) for item in call) <= limit for call in calls)


# lost answers, refusals


class Troubled(FakeCrm):
    """Loses answers, before or after the values were written."""

    trouble = ()

    def update(self, updates):
        if not self.trouble:
            return super().update(updates)
        saved, outcome = self.trouble[0]
        self.trouble = self.trouble[1:]
        if saved:
            super().update(updates)
        return [outcome for _ in updates]


@pytest.fixture
def world(tmp_path):
    clock = VirtualClock()
    world = make_world(tmp_path, clock=clock, crm=Troubled(clock))
    world.crm.put_account(1, "Blue Harbor Inc.")
    yield world
    world.journal.close()


LOST = WriteOutcome(status="ambiguous", code="TIMEOUT", message="no answer in time")


@pytest.mark.parametrize("saved", [True, False])
def test_a_status_whose_answer_was_lost_is_compared_and_written_at_most_as_it_was(world, saved):
    world.crm.trouble = [(saved, LOST)]
    deal = world.crm.put_deal(1)
    sync(world)
    world.clock.step(hours=1)
    sync(world)
    sync(world)
    written = [values for id_, values in world.crm.writes if id_ == deal]
    assert world.crm.field(deal, SYNC_STATE) == "Synced"
    assert len({values.get(ORDER_NUMBER) for values in written}) == 1
    assert len(written) <= 1 + saved
    quiet = len(world.crm.writes)
    sync(world)
    assert len(world.crm.writes) == quiet


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "Finance must approve first"),
        ("ENTITY_IS_DELETED", "entity is deleted"),
        ("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "AcmeTrigger: execution of BeforeUpdate"),
    ],
)
def test_a_refused_status_is_held_in_salesforces_words_and_makes_no_new_record(world, code, message):
    bad, good = world.crm.put_deal(1), world.crm.put_deal(2)
    world.crm.refuse[bad] = (code, message)
    count = len(world.crm.records["Opportunity"])
    sync(world)
    assert world.crm.field(good, SYNC_STATE) == "Synced"
    hold = open_holds(world)[bad]
    assert message in hold.cause
    assert code in hold.cause
    assert len(world.crm.records["Opportunity"]) == count
    assert len(world.erp.orders_) == 2


def test_a_deleted_record_is_never_written_by_a_way_that_could_make_it_anew(org):
    org.script = [
        js([{"success": False, "errors": [{"statusCode": "ENTITY_IS_DELETED", "message": "entity is deleted"}]}])
    ]
    [got] = connection().writer.update([update()])
    assert (got.status, got.code) == ("rejected", "ENTITY_IS_DELETED")
    assert [(call.method, call.url.rsplit("/", 1)[-1]) for call in org.calls] == [("PATCH", "sobjects")]


def row(key="INV-1"):
    return RecordUpsert(
        type="Tieout_Financial__c", key_field="Tieout_Key__c", key=key, values={"Tieout_Total__c": Decimal("1.00")}
    )


def test_a_key_that_several_records_have_is_rejected_and_asked_about_once(org):
    org.fields["Tieout_Financial__c"] = [("Id", "id", {}), ("Tieout_Total__c", "currency", {})]
    org.script = [js(["/services/data/v67.0/sobjects/X/1", "/services/data/v67.0/sobjects/X/2"], 300)]
    [got] = connection().writer.upsert([row()])
    assert (got.status, got.code) == ("rejected", "MULTIPLE_CHOICES")
    assert "more than one record" in got.message
    assert "unique" in got.message
    assert len(org.calls) == 1


def test_a_row_whose_key_several_records_have_is_rejected_and_stops_no_other(org):
    org.fields["Tieout_Financial__c"] = [("Id", "id", {}), ("Tieout_Total__c", "currency", {})]
    several = {"statusCode": "DUPLICATE_EXTERNAL_ID", "message": "more than one record found for external id field"}
    org.script = [js([{"success": False, "errors": [several]}, {"id": OTHER, "success": True, "errors": []}])]
    got = connection().writer.upsert([row(), row("INV-2")])
    assert [one.status for one in got] == ["rejected", "success"]


@pytest.mark.parametrize("answer", [html(503), requests.ReadTimeout()])
def test_an_update_without_an_answer_is_in_doubt_and_sent_once(org, answer):
    org.script = [answer]
    [got] = connection().writer.update([update()])
    assert (got.status, len(org.calls)) == ("ambiguous", 1)
