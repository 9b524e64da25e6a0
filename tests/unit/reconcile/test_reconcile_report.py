from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from reconcile.exceptions import Discrepancy, plain, ranked, shown
from reconcile.options import Severity
from reconcile.report import Report, to_json
from reconcile.run import evaluate
from reconcile.text import aligned, render_text
from tests.unit.reconcile.planted import NOW, OPTIONS, binding, deal, deal_id, order, planted, snapshot


@pytest.fixture(scope="module")
def report() -> Report:
    return evaluate(planted()[0], OPTIONS)


def test_the_text_begins_with_the_verdict(report: Report) -> None:
    lines = render_text(report).splitlines()
    assert lines[0] == "Acme Inc, deals won since 2026-11-01, as of 2026-11-22 12:00:00Z: NOT SIGNABLE"
    assert lines[1] == "UNSIGNED DRAFT: nobody has signed this report."


def test_the_text_lists_no_more_exceptions_than_asked_for(report: Report) -> None:
    text = render_text(report, limit=2)
    assert "Exceptions, the first 2" in text
    assert len(text.split("Exceptions, the first 2\n")[1].splitlines()) == 2


def test_the_text_of_an_empty_book_is_whole() -> None:
    text = render_text(evaluate(snapshot([], []), OPTIONS))
    assert "no deal and no order is in scope" in text


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    assert aligned([("a", "1"), ("long", "22")], right=(1,)) == ["a      1", "long  22"]


def test_the_json_form_is_plain_json_with_a_version_and_exact_amounts(report: Report) -> None:
    body = json.loads(json.dumps(to_json(report)))
    assert (body["version"], body["verdict"], body["signed"]) == (1, "NOT SIGNABLE", False)
    by_currency = {column["currency"]: column for column in body["bridge"]["currencies"]}
    assert by_currency["JPY"]["won"] == {"items": 1, "amount": "40000"}
    assert by_currency["KWD"]["won"] == {"items": 1, "amount": "41000.125"}
    assert all(column["unexplained"] == {"items": 0, "amount": column["unexplained"]["amount"]}
               and Decimal(column["unexplained"]["amount"]) == 0 for column in by_currency.values())  # fmt: skip


def test_causes_sum_to_the_gap_in_every_currency(report: Report) -> None:
    for column in json.loads(json.dumps(to_json(report)))["bridge"]["currencies"]:
        amounts = sum(Decimal(cause["amount"]) for cause in column["causes"].values())
        items = sum(cause["items"] for cause in column["causes"].values())
        assert (items, amounts) == (column["gap"]["items"], Decimal(column["gap"]["amount"]))


def test_the_same_snapshot_gives_the_same_report() -> None:
    book = planted()[0]
    assert to_json(evaluate(book, OPTIONS)) == to_json(evaluate(book, OPTIONS))


def test_the_order_in_which_records_arrive_does_not_matter() -> None:
    book = planted()[0]
    turned = replace(book, deals=list(reversed(book.deals)), orders=list(reversed(book.orders)))
    assert to_json(evaluate(turned, OPTIONS)) == to_json(evaluate(book, OPTIONS))


def test_reasons_count_open_exceptions_by_severity_and_code(report: Report) -> None:
    assert "3 high: Won deal without an order in NetSuite (MISSING_IN_ERP)" in report.reasons
    assert not any("medium" in reason for reason in report.reasons)


def test_severities_that_do_not_block_leave_the_report_signable() -> None:
    book = snapshot([deal(1)], [], bindings=[])
    lenient = replace(OPTIONS, blocking=frozenset({"critical"}))
    assert evaluate(book, lenient).signable
    assert not evaluate(book, OPTIONS).signable


def test_the_sample_is_drawn_by_its_seed() -> None:
    deals, orders = [deal(n) for n in range(1, 61)], [order(n) for n in range(1, 61)]
    book = snapshot(deals, orders, bindings=[binding(n) for n in range(1, 61)])
    one = evaluate(book, replace(OPTIONS, sample_seed=7))
    same = evaluate(book, replace(OPTIONS, sample_seed=7))
    other = evaluate(book, replace(OPTIONS, sample_seed=8))
    assert len(one.sample) == 25
    assert one.sample == same.sample != other.sample
    assert evaluate(book, OPTIONS).sample_seed == 20261122


def discrepancy(severity: Severity, amount: str, currency: str, family: str = "accuracy") -> Discrepancy:
    return Discrepancy(
        code="AMOUNT", family=family, severity=severity, owner="", title="", action="", entity="deal",
        key=f"{severity} {amount} {currency}", difference=Decimal(amount), currency=currency,
    )  # fmt: skip


def test_exceptions_are_ordered_by_severity_then_share_of_their_own_currency() -> None:
    yen, dollars = discrepancy("high", "-90000", "JPY"), discrepancy("high", "9000", "USD")
    critical, control = discrepancy("critical", "1", "USD"), discrepancy("high", "0", "", "control")
    sizes = {"JPY": Decimal(90_000_000), "USD": Decimal(90_000)}
    assert ranked([yen, dollars, critical, control], sizes) == [control, critical, dollars, yen]


def test_a_missing_deal_is_as_old_as_its_win_and_an_amount_as_its_last_change() -> None:
    book = snapshot([deal(1), deal(2, modified=NOW - timedelta(days=2))], [order(2, "1.00")])
    ages = {one.crm_id: one.age_days for one in evaluate(book, OPTIONS).exceptions}
    assert ages == {deal_id(1): 17, deal_id(2): 2}


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [("1234.500000000", "USD", "1,234.50"), ("1234.000000000", "JPY", "1,234"), ("0.1250", "KWD", "0.125"),
     ("0.0050", "USD", "0.005"), ("-7", "", "-7.00")],
)  # fmt: skip
def test_amounts_are_shown_with_their_currencys_digits_and_never_rounded(amount: str, currency: str, text: str) -> None:
    assert shown(Decimal(amount), currency) == text
    assert plain(Decimal(amount), currency) == Decimal(amount)


def test_commands_that_do_not_reconcile_do_not_pay_for_the_compare_engine() -> None:
    code = (
        "import sys, reconcile, reconcile.run, reconcile.report, reconcile.text, reconcile.options;"
        "print([m for m in ('ibis', 'duckdb', 'pyarrow', 'xlsxwriter') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")
