from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from reconcile.period import PeriodError, as_of_period, end_of, find_period
from reconcile.run import evaluate
from tests.unit.reconcile.planted import OPTIONS, deal_id, found
from tests.unit.reconcile.planted_money import NOVEMBER, PERIODS, applied, approved, book, invoice, receipt

AFTER = datetime(2026, 12, 10, tzinfo=UTC)
LATER_WON = {"won_on": date(2026, 12, 3)}


def world(**changes):  # type: ignore[no-untyped-def]
    december = replace(applied("7001", "600.00", source="8001"), date=date(2026, 12, 5))
    one = invoice(1, "1000.00", applied("7001", "500.00", source="8002"), december)
    two = invoice(2, "1000.00", date=date(2026, 12, 2), period_id="12", created=AFTER)
    defaults = {
        "invoices": [replace(one, modified=AFTER), two],
        "receipts": [receipt(1, 1, "600.00", date=date(2026, 12, 5), period_id="12"), receipt(2, 1, "500.00")],
        "deal2": LATER_WON,
    }
    done = {"status": "G", "service_open": Decimal(0)}
    whole = book([1, 2], [approved(1, **done), approved(2, **done)], **defaults | changes)
    return replace(whole, crm_at=AFTER, erp_at=AFTER)


def test_balances_are_rebuilt_as_of_the_periods_end_and_later_documents_are_left_out() -> None:
    report = evaluate(as_of_period(world(), NOVEMBER, "UTC", {}), OPTIONS)
    collected = report.chain.links[-1]
    assert (collected.opening.amount, collected.closing.amount) == (Decimal(1100), Decimal(500))
    assert collected.cause("open, not due").amount == -600
    assert ("NetSuite", "invoice of a later period") in {(e.system, e.reason) for e in report.excluded}
    assert ("Salesforce", "deal won after the period") in {(e.system, e.reason) for e in report.excluded}
    assert (report.reasons, found(report), report.chain.faults()) == ([], set(), [])
    assert "Nov 2026 (to 2026-11-30): SIGNABLE" in report.headline


def test_a_document_voided_after_the_end_makes_the_run_unsignable_and_is_named() -> None:
    voided = invoice(1, "1000.00", status="V", modified=AFTER)
    report = evaluate(as_of_period(world(invoices=[voided]), NOVEMBER, "UTC", {}), OPTIONS)
    assert not report.signable
    assert "invoice INV1 was voided after the period's end" in report.reasons


def test_an_unknown_application_date_and_a_changed_deal_are_named() -> None:
    odd = invoice(1, "1000.00", paid=Decimal(50), unpaid=Decimal(1050))
    whole = world(invoices=[odd])
    whole = replace(whole, deals=[replace(one, modified=AFTER) for one in whole.deals])
    doubts = as_of_period(whole, NOVEMBER, "UTC", {deal_id(1): ("USD", Decimal(7))}).doubts
    assert "invoice INV1: the dates of what was applied to it are not all known" in doubts
    assert f"deal Deal 1 ({deal_id(1)}) changed its amount after the period's end" in doubts


def test_a_period_that_has_not_ended_cannot_be_signed() -> None:
    early = replace(world(invoices=[]), erp_at=datetime(2026, 11, 22, tzinfo=UTC))
    assert "Nov 2026 has not ended" in as_of_period(early, NOVEMBER, "UTC", {}).doubts


@pytest.mark.parametrize("asked", ["2026-11", "Nov 2026", "nov 2026", "November 2026"])
def test_a_period_is_named_by_month_or_as_netsuite_names_it(asked: str) -> None:
    assert find_period(asked, PERIODS) == NOVEMBER


@pytest.mark.parametrize("asked", ["2026-13", "2031-01", "soon", ""])
def test_an_unknown_period_is_refused(asked: str) -> None:
    with pytest.raises(PeriodError, match="--period"):
        find_period(asked, PERIODS)


def test_a_period_ends_with_the_day_in_the_companys_zone() -> None:
    assert end_of(NOVEMBER, "America/New_York") == datetime(2026, 12, 1, 5, tzinfo=UTC)


def test_a_payment_counts_in_its_posting_period_whatever_its_date() -> None:
    """One is dated in November and posted in December, the other the reverse."""
    first = applied("7001", "600.00", source="8001", day=29)
    second = replace(applied("7001", "500.00", source="8002"), date=date(2026, 12, 1))
    one = replace(invoice(1, "1000.00", first, second), modified=AFTER)
    posted = [receipt(1, 1, "600.00", date=date(2026, 11, 29), period_id="12"),
              receipt(2, 1, "500.00", date=date(2026, 12, 1), period_id="11")]  # fmt: skip
    report = evaluate(as_of_period(world(invoices=[one], receipts=posted), NOVEMBER, "UTC", {}), OPTIONS)
    collected = report.chain.links[-1]
    assert (collected.closing.amount, collected.cause("open, not due").amount) == (Decimal(500), Decimal(-600))


def test_an_order_billed_after_the_end_is_left_to_bill_as_invoiced_in_a_later_period() -> None:
    later = invoice(1, "1000.00", date=date(2026, 12, 2), period_id="12", created=AFTER)
    report = evaluate(as_of_period(world(invoices=[later], receipts=[]), NOVEMBER, "UTC", {}), OPTIONS)
    assert [(rest.line, rest.left) for rest in report.rests] == [("invoiced_later", Decimal(1000))]
    assert report.chain.faults() == []


def test_an_invoice_entered_after_the_last_day_but_posted_in_the_period_is_the_periods() -> None:
    entered = invoice(1, "1000.00", date=date(2026, 11, 29), period_id="11", created=AFTER, modified=AFTER)
    report = evaluate(as_of_period(world(invoices=[entered], receipts=[]), NOVEMBER, "UTC", {}), OPTIONS)
    assert not any("INV" in reason or "invoice" in reason for reason in report.reasons)
    assert report.chain.links[0].closing.amount == Decimal(1000)
