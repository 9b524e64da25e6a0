from __future__ import annotations

from dataclasses import replace

import pytest

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
