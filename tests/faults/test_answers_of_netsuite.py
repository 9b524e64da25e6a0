"""Odd, hostile and missing answers of NetSuite: what is proven is settled, the rest is doubted, nothing is repeated."""

from __future__ import annotations

import re
import string
from dataclasses import replace
from decimal import Decimal

import pytest
import responses
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import ProtocolError
from connectors.netsuite.faults import of_answer
from connectors.records import WriteOutcome
from sync.world import customer_external_id, invoice_external_id, order_external_id
from tests.fakes.erp import FakeErp
from tests.fakes.run import open_holds, outcome, sync
from tests.fakes.world import make_world
from tests.unit.connectors.netsuite_account import (
    FakeAccount,
    add_order,
    connection,
    detail,
    failed,
    written,
)


@pytest.fixture
def account():
    fake = FakeAccount()
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        fake.install(mock)
        yield fake


class Scripted(FakeErp):
    """The scripted ERP, which also gives whole outcomes as they stand, before or after it has saved the record."""

    answers: list = []

    def write(self, requests):
        for request in requests:
            given_ = self.answers.pop(0) if self.answers else None
            if given_ is None:
                yield from super().write([request])
                continue
            saved, answer = given_
            if saved:
                list(super().write([request]))
            yield request, answer


@pytest.fixture
def world(tmp_path):
    from tests.fakes.time_and_chance import VirtualClock

    clock = VirtualClock()
    world = make_world(tmp_path, clock=clock, erp=Scripted(clock))
    world.erp.answers = []
    world.crm.put_account(1, "Blue Harbor Inc.")
    world.erp.put_customer("1", "Blue Harbor Inc.")
    yield world
    world.journal.close()


# what nobody can be sure of


@pytest.mark.parametrize(
    "answer",
    [
        WriteOutcome(status="ambiguous", code="HTML_ANSWER", message="a web page"),
        WriteOutcome(status="ambiguous", code="HTTP_503", message="503"),
        WriteOutcome(status="ambiguous", code="UNEXPECTED_ERROR", message="An unexpected error has occurred"),
        WriteOutcome(status="ambiguous", code="AFTER_SUBMIT_FAILED", message="a script failed"),
        WriteOutcome(status="ambiguous", code="WRONG_RECORD", message="another record"),
    ],
)
@pytest.mark.parametrize("saved", [True, False])
def test_a_doubt_is_read_back_and_never_repeated_before_the_quiet_period_ends(world, answer, saved):
    world.erp.answers = [(saved, answer)]
    deal = world.crm.put_deal(1)
    first = sync(world)
    assert outcome(first, deal) == ("created" if saved else "waiting")
    assert len(world.erp.writes) == saved
    world.clock.step(hours=1)
    sync(world)
    sync(world)
    assert [write[:2] for write in world.erp.writes] == [("add", "salesOrder")]


def test_a_web_page_instead_of_an_answer_is_nothing_read(account):
    account.replies = [(200, {"Content-Type": "text/html"}, "<html>Maintenance</html>")]
    with pytest.raises(ProtocolError, match="web page|not JSON"):
        connection().reader.references("term", "name")


def test_a_script_that_failed_after_saving_leaves_a_warning_beside_the_order(account):
    account.replies = [written(details=detail("UNEXPECTED_ERROR", "beforeLoad of acme.js", after_submit=True))]
    ((_, answer),) = connection().writer.write([add_order()])
    assert answer.status == "success"
    assert answer.warnings == ("UNEXPECTED_ERROR: beforeLoad of acme.js",)


@pytest.mark.parametrize("got", ["tieout-so-006000000000002AAA", "", "tieout-so-"])
@given(extra=st.integers(0, 3))
def test_an_answer_is_matched_by_the_external_id_it_names(got, extra):
    body = written(external_id=got)[2]
    if extra:
        one = re.search(r"<m:writeResponse>.*</m:writeResponse>", body)[0]
        body = body.replace(one, one * (extra + 1))
    result = of_answer(add_order(), 200, body.encode())
    assert result.status in ("ambiguous", "success")
    assert (result.status == "success") == (got == "")


def test_two_answers_to_one_request_prove_nothing():
    body = written()[2]
    one = re.search(r"<m:addResponse>.*</m:addResponse>", body)[0]
    assert of_answer(add_order(), 200, body.replace(one, one * 2).encode()).status == "ambiguous"


# refusals


REFUSALS = [
    ("ITEM_IS_UNAVAILABLE", "inactive item"),
    ("INVALID_TAX_CODE", "no tax code"),
    ("TAX_CODE_REQD", "tax code missing"),
    ("SUBSIDIARY_MISMATCH", "subsidiary"),
    ("INVALID_TRANS_SUB_ENTITY", "customer of another subsidiary"),
    ("INVALID_TRANS_SUB_ITEM", "item of another subsidiary"),
    ("MISMATCHED_CURRENCY", "currency"),
    ("INVALID_CURRENCY_CODE", "currency is switched off"),
    ("CSTM_FIELD_VALUE_REQD", "mandatory field"),
    ("INVALID_KEY_OR_REF", "reference"),
    ("RCRD_LOCKED_BY_WF", "locked by a workflow"),
    ("USER_ERROR", "customer is on credit hold"),
]


@pytest.mark.parametrize(("code", "why"), REFUSALS)
def test_a_refusal_holds_its_record_in_netsuites_words_and_stops_no_other(world, code, why):
    refused = of_answer(add_order(), 200, failed(detail(code, f"Because of the {why}."))[2].encode())
    assert (refused.status, refused.code) == ("rejected", code)
    world.erp.answers = [(False, refused)]
    bad, good = world.crm.put_deal(1), world.crm.put_deal(2)
    result = sync(world)
    assert sorted([outcome(result, bad), outcome(result, good)]) == ["created", "held"]
    (hold,) = [hold for hold in open_holds(world).values() if hold.source_id in (bad, good)]
    assert f"Because of the {why}." in hold.cause
    assert code in hold.cause


def test_a_currency_that_netsuite_does_not_have_holds_its_deals_under_one_likeness(world):
    first, second = (world.crm.put_deal(number, CurrencyIsoCode="CHF") for number in (1, 2))
    for line in world.crm.records["OpportunityLineItem"].values():
        line["fields"]["CurrencyIsoCode"] = "CHF"
    fine = world.crm.put_deal(3)
    result = sync(world)
    assert [outcome(result, deal) for deal in (first, second, fine)] == ["held", "held", "created"]
    holds = [open_holds(world)[deal] for deal in (first, second)]
    assert {hold.code for hold in holds} == {"REFERENCE_NOT_FOUND"}
    assert len({hold.likeness for hold in holds}) == 1
    assert "CHF" in holds[0].cause


def test_an_external_id_that_another_type_of_record_took_is_held_not_repeated(world):
    world.erp.answers = [(False, WriteOutcome(status="exists", code="DUP_RCRD", message="already exists"))] * 5
    deal = world.crm.put_deal(1)
    assert outcome(sync(world), deal) == "held"
    world.clock.step(hours=1)
    assert len(world.erp.answers) == 4
    assert world.erp.writes == []


@given(
    st.text(string.ascii_letters + string.digits, min_size=18, max_size=18),
    st.integers(1, 99),
)
def test_no_two_kinds_of_record_share_an_external_id(id_, number):
    ids = [
        customer_external_id(id_),
        *(make(id_, n) for make in (order_external_id, invoice_external_id) for n in (1, number)),
    ]
    assert len({id_.casefold() for id_ in ids}) == (3 if number == 1 else 5)
    assert all(re.fullmatch(r"tieout-(cust|so|inv)-[A-Za-z0-9]{18}(-\d+)?", one) for one in ids)


@pytest.mark.parametrize(("surcharge", "held"), [("0.01", False), ("0.02", True), ("-0.02", True), ("5.00", True)])
def test_a_total_that_netsuite_changed_is_held_beyond_rounding(world, surcharge, held):
    world.erp.surcharge = Decimal(surcharge)
    deal = world.crm.put_deal(1)
    sync(world)
    codes = [hold.code for hold in open_holds(world).values() if hold.source_id == deal]
    assert codes == (["AMOUNT_MISMATCH"] if held else [])


def test_what_changes_before_the_order_is_approved_reaches_it_and_what_changes_after_is_asked(world):
    deal = world.crm.put_deal(1)
    sync(world)
    world.crm.put_line(deal, 11, "GTX-PRO", "1", "55.50", 1)
    assert outcome(sync(world), deal) == "updated"
    (order,) = world.erp.orders_.values()
    assert order.net == Decimal("255.50")
    world.erp.orders_[order.id] = replace(order, status="B")
    world.crm.put_line(deal, 12, "GTX-PRO", "1", "1.00", 2)
    assert outcome(sync(world), deal) == "held"
    assert open_holds(world)[deal].code == "LOCKED_DOWNSTREAM"
    assert world.erp.orders_[order.id].net == Decimal("255.50")


CONFLICT = WriteOutcome(status="conflict", code="RCRD_HAS_BEEN_CHANGED", message="Record has been changed")


def test_a_record_that_changed_under_our_write_is_read_again_and_written_anew(world):
    deal = world.crm.put_deal(1)
    sync(world)
    world.erp.answers = [(False, CONFLICT)]
    world.crm.put_line(deal, 11, "GTX-PRO", "1", "55.50", 1)
    sync(world)
    sync(world)
    (order,) = world.erp.orders_.values()
    assert order.net == Decimal("255.50")
    assert deal not in open_holds(world)


def test_a_record_that_changes_under_every_write_is_held_after_three(world):
    deal = world.crm.put_deal(1)
    sync(world)
    world.erp.answers = [(False, CONFLICT)] * 10
    world.crm.put_line(deal, 11, "GTX-PRO", "1", "55.50", 1)
    for _ in range(8):
        sync(world)
        world.clock.step(hours=1)
        if deal in open_holds(world):
            break
    assert "3 times in a row" in open_holds(world)[deal].cause
    assert len(world.erp.answers) == 7
