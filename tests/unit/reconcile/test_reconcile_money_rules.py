from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from reconcile.chain import COLLECTED, INVOICED
from reconcile.rules import RULES
from reconcile.run import evaluate
from tests.unit.reconcile.planted import OPTIONS, Truth, found
from tests.unit.reconcile.planted_money import money_book

BOOK, TRUTH = money_book()
CODES = sorted({code for code, _ in TRUTH})


def test_the_money_book_shows_exactly_what_was_planted() -> None:
    report = evaluate(BOOK, OPTIONS)
    assert found(report) == TRUTH
    assert report.bridge.faults() == []
    assert report.chain.faults() == []
    assert all(check.ok for check in report.controls)


@pytest.mark.parametrize("left_out", CODES)
def test_leaving_out_a_money_rule_leaves_its_records_unnamed_and_breaks_what_it_explained(left_out: str) -> None:
    report = evaluate(BOOK, OPTIONS, [rule for rule in RULES if rule.code != left_out])
    named: Truth = {pair for pair in found(report) if pair[0] != "BRIDGE_BREAK"}
    assert named == {pair for pair in TRUTH if pair[0] != left_out}
    moves = any(rule.code == left_out and rule.legs for rule in RULES)
    assert bool(report.bridge.faults() or report.chain.faults()) == moves


def test_an_invoice_that_was_not_read_makes_the_run_unsignable() -> None:
    report = evaluate(replace(BOOK, invoices=BOOK.invoices[1:]), OPTIONS)
    assert "EXTRACT_INCOMPLETE" in {one.code for one in report.exceptions}
    assert not report.signable


def test_every_line_of_the_chain_is_the_sum_of_its_listed_orders_and_invoices() -> None:
    report = evaluate(BOOK, OPTIONS)
    left: dict[tuple[str, str], Decimal] = {}
    for rest in report.rests:
        left[rest.line, rest.currency] = left.get((rest.line, rest.currency), Decimal(0)) - rest.left
    named = {rest.line for rest in report.rests}
    for link in report.chain.of(INVOICED):
        for line in named:
            assert link.leg(line).amount == left.get((line, link.currency), 0)
    for link in report.chain.of(COLLECTED):
        mine = [one for one in report.open_invoices if one.compared and one.invoice.currency == link.currency]
        open_ = link.leg("open_not_due").amount + link.leg("open_overdue").amount
        assert -open_ == sum(one.invoice.unpaid for one in mine)
        assert -link.leg("credited").amount == sum(one.credited for one in mine)
        assert -link.leg("written_off").amount == sum(one.written for one in mine)


def test_the_open_invoices_add_up_to_the_ageing() -> None:
    report = evaluate(BOOK, OPTIONS)
    assert sum(row.open for row in report.ageing) == sum(one.invoice.unpaid for one in report.open_invoices)
