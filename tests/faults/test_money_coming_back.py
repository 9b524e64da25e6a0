"""Payments applied, unapplied, voided, too large or too small: what a deal shows follows from what is so now."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.receivables import Application, CreditTerms, Invoice, Receipt
from sync.rollup import account_balances, deal_figures
from sync.world import BALANCE, CREDITED, INVOICED, PAID, PAYMENT_STATUS
from tests.fakes.run import settle, sync
from tests.unit.sync.test_status_of_receivables import application, billed, billed_world, receipt, shown, statuses

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
KINDS = {"payment": "CustPymt", "deposit": "DepAppl", "credit": "CustCred", "write_off": "Journal"}


def invoice(total, applied, *, id_="1", currency="USD", status=None):
    paid = sum((one.amount for one in applied), Decimal(0))
    return Invoice(
        id=id_, number=f"INV{id_}", external_id=None, customer_id="7", currency=currency, date=date(2026, 11, 1),
        due_date=date(2026, 12, 1), status=status or ("B" if paid == total else "A"), net=total, tax=Decimal(0),
        total=total, paid=paid, unpaid=total - paid, period_id="11", order_id=None, po_number=None, memo=None,
        modified=NOW, created=NOW, applications=tuple(applied),
    )  # fmt: skip


def applied(number, cents, kind):
    return Application(
        invoice_id="1", source_id=str(number), source_type=KINDS[kind], source_number=f"P{number}", kind=kind,
        date=date(2026, 11, 1 + number % 20), amount=Decimal(cents) / 100,
    )  # fmt: skip


class Model:
    """Cents in whole numbers: what was settled by whom, and what that makes of the invoice."""

    def __init__(self, total):
        self.total = total
        self.parts = {}

    def cash(self):
        return sum(cents for cents, kind in self.parts.values() if kind in ("payment", "deposit"))

    def rest(self):
        return sum(cents for cents, kind in self.parts.values() if kind not in ("payment", "deposit"))

    def status(self):
        open_ = self.total - self.cash() - self.rest()
        if open_:
            return "Partially Paid" if self.parts else "Unpaid"
        if self.cash():
            return "Paid"
        written_off = any(kind == "write_off" for _, kind in self.parts.values())
        return "Written Off" if written_off else "Credited"


@given(st.integers(1, 10**9), st.data())
def test_whatever_is_applied_and_taken_back_the_figures_are_those_of_what_stands(total, data):
    model = Model(total)
    for number in range(data.draw(st.integers(1, 8))):
        if model.parts and data.draw(st.booleans()):
            model.parts.pop(data.draw(st.sampled_from(sorted(model.parts))))  # unapplied, or its payment voided
        free = total - model.cash() - model.rest()
        if free:
            cents = data.draw(st.one_of(st.just(free), st.integers(1, free)))
            model.parts[number] = (cents, data.draw(st.sampled_from(sorted(KINDS))))
        parts = [applied(key, cents, kind) for key, (cents, kind) in model.parts.items()]
        figures = deal_figures(None, [invoice(Decimal(total) / 100, parts)], "USD")
        assert figures[INVOICED] == Decimal(total) / 100
        assert figures[PAID] == Decimal(model.cash()) / 100
        assert figures[CREDITED] == Decimal(model.rest()) / 100
        assert figures[BALANCE] == Decimal(total - model.cash() - model.rest()) / 100
        assert figures[PAYMENT_STATUS] == model.status()


@pytest.mark.parametrize(
    ("paid", "status", "balance"),
    [("199.99", "Partially Paid", "0.01"), ("200.00", "Paid", "0.00"), ("0.01", "Partially Paid", "199.99")],
)
def test_a_cent_more_or_less_is_told_exactly(paid, status, balance):
    figures = deal_figures(None, [invoice(Decimal("200.00"), [applied(1, int(Decimal(paid) * 100), "payment")])], "USD")
    assert (figures[PAYMENT_STATUS], str(figures[BALANCE])) == (status, balance)


@given(st.integers(1, 10**7), st.integers(0, 10**7), st.sampled_from(["USD", "EUR", "JPY"]))
def test_what_was_paid_too_much_is_money_on_account_and_in_its_own_currency(total, extra, currency):
    amount = Decimal(total) / 100
    paid = receipt_of(amount + Decimal(extra) / 100, amount, currency)
    other = invoice(Decimal("5.00"), [], id_="2", currency="GBP")
    terms = CreditTerms(customer_id="7", currency="USD", limit=None, hold=None)
    invoices = [invoice(amount, [applied(1, total, "payment")], currency=currency), other]
    rows = account_balances("7", invoices, [paid], terms, NOW.date())
    by_currency = {row.currency: row for row in rows}
    assert set(by_currency) == {currency, "GBP"}
    assert by_currency[currency].unapplied == Decimal(extra) / 100
    assert by_currency[currency].balance == 0
    assert (by_currency["GBP"].balance, by_currency["GBP"].unapplied) == (Decimal("5.00"), 0)


def receipt_of(total, used, currency):
    return Receipt(
        id="1", type="CustPymt", number="P1", customer_id="7", currency=currency, date=date(2026, 11, 2), status="C",
        total=total, applied=used, unapplied=total - used, counts=True, voided=False, modified=NOW, created=NOW,
    )  # fmt: skip


def test_paid_goes_back_to_unpaid_when_the_payment_is_voided_and_forward_again(tmp_path):
    world = billed_world(tmp_path)
    deal, id_ = billed(world)
    seen = []
    credit = application(id_, "200.00", kind="credit", type_="CustCred")
    for parts in ([application(id_, "200.00")], [], [application(id_, "50.00")], [credit]):
        settle(world)
        receipt(world, voided=not parts)
        world.erp.settle_invoice(id_, *parts)
        sync(world)
        seen.append((statuses(world, deal)[1], shown(world, deal)[4]))
    assert seen == [("Paid", "0.00"), ("Unpaid", "200.00"), ("Partially Paid", "150.00"), ("Credited", "0.00")]
    world.journal.close()


def test_a_part_that_is_billed_is_told_by_amounts_not_by_flags(tmp_path):
    world = billed_world(tmp_path)
    deal = world.crm.put_deal(1)
    sync(world)
    (order,) = world.erp.orders_.values()
    world.erp.put_invoice("900", order_id=order.id, net=Decimal("80.00"), total=Decimal("80.00"))
    sync(world)
    assert statuses(world, deal) == ("Partially Invoiced", "Unpaid")
    assert shown(world, deal)[0] == "80.00"
    world.journal.close()


def test_an_invoice_that_is_not_of_any_deal_touches_no_deal(tmp_path):
    world = billed_world(tmp_path)
    deal, _ = billed(world)
    before = shown(world, deal)
    customer = next(iter(world.erp.customers_))
    world.erp.put_invoice("901", customer_id=customer, net=Decimal("70.00"), total=Decimal("70.00"))
    sync(world)
    assert shown(world, deal) == before
    world.journal.close()
