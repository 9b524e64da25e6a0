from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from reconcile.rules import RULES
from reconcile.run import evaluate
from tests.unit.reconcile.planted import (
    NOW,
    OPTIONS,
    binding,
    customer,
    deal,
    deal_id,
    found,
    hand_entered,
    hold,
    intent,
    order,
    planted,
    snapshot,
    subject,
    without_order,
)
from tests.unit.reconcile.planted_money import money_book

BOOK, TRUTH = planted()


def test_the_planted_book_shows_exactly_what_was_planted() -> None:
    report = evaluate(BOOK, OPTIONS)
    assert found(report) == TRUTH
    assert report.bridge.faults() == []


def test_every_rule_is_planted_at_least_once() -> None:
    assert {code for code, _ in TRUTH | money_book()[1]} == {rule.code for rule in RULES}


@pytest.mark.parametrize("left_out", sorted({code for code, _ in TRUTH}))
def test_leaving_out_a_rule_leaves_its_records_unnamed_and_breaks_the_bridge_it_explained(left_out: str) -> None:
    rules = [rule for rule in RULES if rule.code != left_out]
    report = evaluate(BOOK, OPTIONS, rules)
    named = {pair for pair in found(report) if pair[0] != "BRIDGE_BREAK"}
    assert named == {pair for pair in TRUTH if pair[0] != left_out} != TRUTH
    moves_totals = any(rule.code == left_out and rule.legs for rule in RULES)
    assert ("BRIDGE_BREAK" in {one.code for one in report.exceptions}) == moves_totals


@pytest.mark.parametrize("order_id", [one.id for one in BOOK.orders if one.id not in ("9060", "9061", "9062", "9063")])
def test_an_order_of_ours_that_vanishes_everywhere_changes_what_is_found(order_id: str) -> None:
    assert found(evaluate(without_order(BOOK, order_id), OPTIONS)) != TRUTH


@pytest.mark.parametrize("order_id", ["9001", "9062"])
def test_an_order_that_was_not_read_makes_the_run_unsignable(order_id: str) -> None:
    short = replace(BOOK, orders=[one for one in BOOK.orders if one.id != order_id])
    report = evaluate(short, OPTIONS)
    assert "EXTRACT_INCOMPLETE" in {one.code for one in report.exceptions}
    assert not report.signable


def test_a_book_that_agrees_is_signable() -> None:
    report = evaluate(snapshot([deal(1)], [order(1)], bindings=[binding(1)]), OPTIONS)
    assert (report.exceptions, report.verdict, report.matched) == ([], "SIGNABLE", 1)


def test_an_empty_book_is_signable_and_says_that_nothing_was_compared() -> None:
    report = evaluate(snapshot([], []), OPTIONS)
    assert report.signable
    assert report.unexplained == "nothing was compared"


def test_a_deal_within_the_sla_is_on_its_way_and_one_beyond_it_is_missing() -> None:
    young, old = NOW - OPTIONS.sla, NOW - OPTIONS.sla - timedelta(seconds=1)
    report = evaluate(snapshot([deal(1, won_at=young), deal(2, won_at=old)], []), OPTIONS)
    assert found(report) == {("IN_FLIGHT", deal_id(1)), ("MISSING_IN_ERP", deal_id(2))}


def test_a_deal_that_the_sync_still_leaves_alone_is_on_its_way() -> None:
    book = snapshot([deal(1, won_at=NOW - timedelta(hours=5))], [])
    assert found(evaluate(book, replace(OPTIONS, wait=timedelta(hours=6)))) == {("IN_FLIGHT", deal_id(1))}


def test_the_sla_runs_from_the_entry_into_scope() -> None:
    late = subject(1, NOW - timedelta(hours=1))
    report = evaluate(snapshot([deal(1)], [], subjects=[late]), OPTIONS)
    assert found(report) == {("IN_FLIGHT", deal_id(1))}


def test_an_open_write_keeps_an_old_deal_in_flight() -> None:
    report = evaluate(snapshot([deal(1)], [], intents=[intent(1)]), OPTIONS)
    assert found(report) == {("IN_FLIGHT", deal_id(1))}


def test_a_deal_whose_order_was_deleted_is_never_in_flight() -> None:
    book = snapshot([deal(1, won_at=NOW)], [], bindings=[binding(1)])
    assert found(evaluate(book, OPTIONS)) == {("MISSING_IN_ERP", deal_id(1)), ("ORPHAN_MAP", deal_id(1))}


def test_a_hold_on_a_deal_that_has_its_order_shows_without_moving_the_bridge() -> None:
    book = snapshot([deal(1)], [order(1)], bindings=[binding(1)], holds=[hold(1, "ORDER_CHANGED")])
    report = evaluate(book, OPTIONS)
    assert found(report) == {("SYNC_BLOCKED", deal_id(1))}
    assert report.bridge.faults() == []
    assert (report.exceptions[0].hold_code, report.exceptions[0].owner) == ("ORDER_CHANGED", "data")
    assert report.exceptions[0].action == "Add products to the deal."


def test_a_hold_on_the_write_back_does_not_explain_a_missing_order() -> None:
    report = evaluate(snapshot([deal(1)], [], holds=[hold(1, "WRITE_REFUSED", "sfstatus")]), OPTIONS)
    assert found(report) == {("SYNC_BLOCKED", deal_id(1)), ("MISSING_IN_ERP", deal_id(1))}


def test_an_external_id_in_other_letter_case_still_belongs_to_the_deal() -> None:
    report = evaluate(snapshot([deal(1)], [order(1, external_id=f"TIEOUT-SO-{deal_id(1).upper()}")]), OPTIONS)
    assert found(report) == set()


def test_a_stamp_alone_does_not_make_an_order_ours() -> None:
    report = evaluate(snapshot([deal(1)], [order(1, external_id=None)]), OPTIONS)
    assert found(report) == {("MISSING_IN_ERP", deal_id(1))}


def test_an_adopted_order_belongs_to_the_deal_by_its_binding() -> None:
    report = evaluate(snapshot([deal(1)], [hand_entered(1, "1000.50")], bindings=[binding(1)]), OPTIONS)
    assert (found(report), report.matched) == (set(), 1)


def test_an_external_id_of_ours_that_names_no_deal_is_missing_in_the_crm() -> None:
    report = evaluate(snapshot([], [order(1, external_id="tieout-so-garbage")]), OPTIONS)
    assert [(one.code, one.key) for one in report.exceptions] == [("MISSING_IN_CRM", "9001")]
    assert report.bridge.faults() == []


def test_tax_is_not_compared() -> None:
    taxed = order(1, tax=Decimal(190), total=Decimal("1190.50"))
    assert found(evaluate(snapshot([deal(1)], [taxed]), OPTIONS)) == set()


@pytest.mark.parametrize(
    ("currency", "lines", "apart", "shown"),
    [
        ("USD", 1, "0.01", False),
        ("USD", 1, "0.02", True),
        ("USD", 4, "0.03", False),
        ("USD", 4, "-0.03", False),
        ("USD", 4, "0.04", True),
        ("JPY", 8, "5", False),
        ("JPY", 8, "6", True),
        ("KWD", 2, "0.002", False),
        ("KWD", 2, "0.003", True),
        ("USD", 500, "1.00", False),
        ("USD", 500, "1.01", True),
    ],
)
def test_rounding_explains_a_difference_up_to_its_bound(currency: str, lines: int, apart: str, shown: bool) -> None:
    one = deal(1, currency=currency, amount=Decimal(1000), n_lines=lines)
    other = order(1, currency=currency, net=Decimal(1000) + Decimal(apart))
    report = evaluate(snapshot([one], [other]), OPTIONS)
    assert (("AMOUNT", deal_id(1)) in found(report)) == shown
    assert report.bridge.faults() == []
    assert report.bridge.columns[0].tolerated_items == (0 if shown else 1)


def test_a_deal_without_an_amount_does_not_equal_an_order_of_zero() -> None:
    report = evaluate(snapshot([deal(1, amount=None)], [order(1, net=Decimal(0))]), OPTIONS)
    assert found(report) == {("AMOUNT", deal_id(1))}
    assert report.bridge.faults() == []


def test_a_deal_without_an_account_cannot_have_the_right_customer() -> None:
    report = evaluate(snapshot([deal(1, account_id=None)], [order(1)]), OPTIONS)
    assert found(report) == {("CUSTOMER", deal_id(1))}


def test_a_blank_currency_breaks_the_bridge_even_when_both_sides_lack_it() -> None:
    report = evaluate(snapshot([deal(1, currency="")], [order(1, currency="")]), OPTIONS)
    assert [one.code for one in report.exceptions] == ["BRIDGE_BREAK"]
    assert not report.signable


def test_a_currency_on_one_side_only_is_a_currency_difference() -> None:
    report = evaluate(snapshot([deal(1)], [order(1, currency="")]), OPTIONS)
    assert {one.code for one in report.exceptions} == {"CURRENCY", "BRIDGE_BREAK"}


def test_amounts_are_not_compared_across_currencies() -> None:
    report = evaluate(snapshot([deal(1)], [order(1, "5.00", currency="EUR")]), OPTIONS)
    assert found(report) == {("CURRENCY", deal_id(1))}


def test_two_deals_of_one_customer_with_other_amounts_and_orders_are_no_duplicates() -> None:
    book = snapshot(
        [deal(1), deal(2, account_id=deal(1).account_id)],
        [order(1), order(2, customer_id="501")],
        customer_bindings=[customer(1)],
    )
    assert found(evaluate(book, OPTIONS)) == set()


@pytest.mark.parametrize(("day", "shown"), [(2, True), (8, True), (9, False), (1, False)])
def test_equal_amounts_are_suspicious_within_three_days(day: int, shown: bool) -> None:
    twin = hand_entered(2, "1000.50", customer_id="501", date=date(2026, 11, day))
    report = evaluate(snapshot([deal(1)], [order(1), twin]), OPTIONS)
    assert (("DUP_ERP_SOFT", deal_id(1)) in found(report)) == shown


def test_two_suspicious_orders_of_ours_are_one_exception() -> None:
    twin = order(2, "1000.50", customer_id="501", po_number="po-1")
    book = snapshot([deal(1), deal(2, "1000.50", account_id=deal(1).account_id)], [order(1), twin],
                    customer_bindings=[customer(1)])  # fmt: skip
    soft = [one for one in evaluate(book, OPTIONS).exceptions if one.code == "DUP_ERP_SOFT"]
    assert [(one.key, one.detail) for one in soft] == [
        ("9001|9002", "order SO2 may repeat order SO1: same customer and PO number")
    ]


def test_free_orders_are_not_alike_because_both_cost_nothing() -> None:
    free = hand_entered(2, "0", customer_id="501")
    assert found(evaluate(snapshot([deal(1, "0.00")], [order(1, "0.00"), free]), OPTIONS)) == set()


def test_a_cancelled_order_is_no_duplicate() -> None:
    cancelled = replace(order(1), id="9901", external_id=None, status="C", po_number=None)
    book = snapshot([deal(1)], [order(1), cancelled], bindings=[binding(1)])
    assert found(evaluate(book, OPTIONS)) == set()


def test_a_second_document_of_a_deal_is_added_to_its_first() -> None:
    second = order(1, "400.50", id="9801", external_id=f"tieout-so-{deal_id(1)}-2", po_number=None)
    report = evaluate(snapshot([deal(1)], [order(1, "600.00"), second]), OPTIONS)
    assert found(report) == set()
    assert report.bridge.faults() == []
    assert report.bridge.columns[0].leg("further").items == 1


def test_a_second_document_in_another_currency_keeps_the_bridge_whole() -> None:
    second = order(1, "7.00", id="9801", external_id=f"tieout-so-{deal_id(1)}-2", currency="EUR", po_number=None)
    report = evaluate(snapshot([deal(1)], [order(1), second]), OPTIONS)
    assert report.bridge.faults() == []


def test_a_deal_won_before_go_live_is_left_out_together_with_its_order() -> None:
    report = evaluate(snapshot([deal(1, won_on=date(2026, 10, 31))], [order(1, "5.00")]), OPTIONS)
    assert found(report) == set()
    assert {(e.system, e.reason, e.total.items) for e in report.excluded} == {
        ("Salesforce", "deal won before go-live", 1),
        ("NetSuite", "order of a deal won before go-live", 1),
    }


def test_every_record_is_either_compared_or_left_out_with_a_reason() -> None:
    report = evaluate(BOOK, OPTIONS)
    for system, read, compared in (
        ("Salesforce", len(BOOK.deals), sum(c.crm.items for c in report.bridge.columns)),
        ("NetSuite", len(BOOK.orders), sum(c.erp.items for c in report.bridge.columns)),
    ):
        assert compared + sum(e.total.items for e in report.excluded if e.system == system) == read


def test_a_record_read_twice_makes_the_run_unsignable() -> None:
    book = snapshot([deal(1)], [order(1), order(1)])
    report = evaluate(book, OPTIONS)
    assert {one.code for one in report.exceptions} == {"EXTRACT_INCOMPLETE"}
    assert report.bridge.faults() == []


def test_sides_read_at_different_instants_are_not_signable() -> None:
    book = replace(snapshot([deal(1)], [order(1)]), erp_at=NOW - timedelta(minutes=6))
    report = evaluate(book, OPTIONS)
    assert [one.code for one in report.exceptions] == ["SNAPSHOT_SKEW"]
    assert not report.signable


def test_an_exception_keeps_its_identity_when_its_values_change() -> None:
    first = evaluate(snapshot([deal(1)], [order(1, "5.00")]), OPTIONS).exceptions[0]
    later = evaluate(snapshot([deal(1)], [order(1, "6.00")]), OPTIONS).exceptions[0]
    assert first.id == later.id
    assert (first.difference, later.difference) == (Decimal("-995.5"), Decimal("-994.5"))


def test_identities_are_unique_within_a_report() -> None:
    report = evaluate(BOOK, OPTIONS)
    ids = [one.id for one in (*report.exceptions, *report.in_flight)]
    assert len(set(ids)) == len(ids)


def test_an_amount_that_cannot_be_held_exactly_is_refused() -> None:
    from reconcile.arrow import AmountTooFineError

    with pytest.raises(AmountTooFineError, match="net"):
        evaluate(snapshot([deal(1)], [order(1, "1.00000000001")]), OPTIONS)
