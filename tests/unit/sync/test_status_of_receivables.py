"""Invoices, payments and credits come back onto the deal and under the account; unchanged means no write."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from config.settings import InvoiceSettings, StatusSettings
from connectors.receivables import Application, CreditTerms, Receipt
from journal import bindings
from sync import engine
from tests.fakes.run import open_holds, settle, sync
from tests.fakes.world import make_settings, make_world

BALANCE, FINANCIAL = "Tieout_Account_Balance__c", "Tieout_Financial__c"


@pytest.fixture
def world(tmp_path):
    return billed_world(tmp_path)


def billed_world(folder, **settings):
    values = {"invoices": InvoiceSettings(enabled=True, deal_field="custbody_crm_opportunity"), **settings}
    world = make_world(folder, settings=make_settings(folder, **values))
    world.crm.put_account(1, "Blue Harbor Inc.")
    return world


def billed(world, number=1, **fields):
    """Return (deal, invoice id) of a won deal whose order is approved and billed."""
    before = set(world.erp.invoices_)
    deal = world.crm.put_deal(number, **fields)
    sync(world)
    with world.journal.begin() as tx:
        order = bindings.get(tx, "so", deal).target_id
    world.erp.approve(order)
    sync(world)
    (invoice,) = set(world.erp.invoices_) - before
    return deal, invoice


def application(invoice, amount, *, kind="payment", source="5001", day=date(2026, 12, 5), type_="CustPymt"):
    return Application(
        invoice_id=invoice, source_id=source, source_type=type_, source_number=f"PYMT{source}",
        kind=kind, date=day, amount=Decimal(amount),
    )  # fmt: skip


def receipt(world, id_="5001", total="200.00", applied="200.00", **more):
    customer = next(iter(world.erp.customers_))
    values = {
        "id": id_,
        "type": "CustPymt",
        "number": f"PYMT{id_}",
        "customer_id": customer,
        "currency": "USD",
        "date": date(2026, 12, 5),
        "status": "C",
        "total": Decimal(total),
        "applied": Decimal(applied),
        "unapplied": Decimal(total) - Decimal(applied),
        "counts": True,
        "voided": False,
        "modified": world.clock.now(),
        "created": world.clock.now(),
        **more,
    }
    world.erp.receipts_[id_] = Receipt(**values)


def shown(world, deal):
    names = ("Invoiced", "Invoiced_Net", "Paid", "Credited", "Balance")
    figures = [world.crm.field(deal, f"Tieout_{name}__c") for name in names]
    return [None if one is None else str(one) for one in figures]


def statuses(world, deal):
    return world.crm.field(deal, "Tieout_Invoice_Status__c"), world.crm.field(deal, "Tieout_Payment_Status__c")


def test_a_deal_whose_order_is_not_billed_shows_zeros(world):
    deal = world.crm.put_deal(1)
    sync(world)
    assert shown(world, deal) == ["0", "0", "0", "0", "0"]
    assert statuses(world, deal) == ("Not Invoiced", "Not Invoiced")


def test_a_billed_deal_shows_what_is_owed_and_when(world):
    deal, _invoice = billed(world)
    assert shown(world, deal) == ["200.00", "200.00", "0", "0", "200.00"]
    assert statuses(world, deal) == ("Invoiced", "Unpaid")
    assert world.crm.field(deal, "Tieout_Due_Date__c") == date(2026, 12, 12)


def test_a_paid_deal_says_paid_although_the_payment_did_not_touch_the_invoice(world):
    deal, invoice = billed(world)
    settle(world)
    receipt(world)
    world.erp.settle_invoice(invoice, application(invoice, "200.00"), touch=False)
    sync(world)
    assert shown(world, deal) == ["200.00", "200.00", "200.00", "0", "0.00"]
    assert statuses(world, deal) == ("Invoiced", "Paid")
    assert world.crm.field(deal, "Tieout_Last_Payment_Date__c") == date(2026, 12, 5)
    assert world.crm.field(deal, "Tieout_Due_Date__c") is None


@pytest.mark.parametrize(
    ("parts", "status", "figures"),
    [
        ([("50.00", "payment")], "Partially Paid", ["200.00", "200.00", "50.00", "0", "150.00"]),
        ([("200.00", "credit")], "Credited", ["200.00", "200.00", "0", "200.00", "0.00"]),
        ([("200.00", "journal")], "Written Off", ["200.00", "200.00", "0", "200.00", "0.00"]),
        ([("150.00", "deposit"), ("50.00", "write_off")], "Paid", ["200.00", "200.00", "150.00", "50.00", "0.00"]),
        ([("20.00", "credit")], "Partially Paid", ["200.00", "200.00", "0", "20.00", "180.00"]),
    ],
)
def test_paid_is_told_apart_from_credited_and_written_off(world, parts, status, figures):
    deal, invoice = billed(world)
    settle(world)
    applied = [application(invoice, amount, kind=kind, source=str(60 + n)) for n, (amount, kind) in enumerate(parts)]
    world.erp.settle_invoice(invoice, *applied)
    sync(world)
    assert statuses(world, deal)[1] == status
    assert shown(world, deal) == figures


def test_a_voided_payment_takes_paid_back_though_nothing_links_it_any_more(world):
    deal, invoice = billed(world)
    settle(world)
    receipt(world)
    world.erp.settle_invoice(invoice, application(invoice, "200.00"))
    sync(world)
    world.clock.step(minutes=60)
    receipt(world, applied="0", total="0", counts=False, voided=True)
    world.erp.settle_invoice(invoice, touch=False)
    sync(world)
    assert statuses(world, deal) == ("Invoiced", "Unpaid")
    assert world.crm.field(deal, "Tieout_Last_Payment_Date__c") is None
    row = world.crm.rows[FINANCIAL][f"app-{invoice}-5001-payment"]
    assert (str(row["Tieout_Amount__c"]), row["Tieout_Status__c"]) == ("0", "No longer applied")


def test_a_voided_invoice_counts_for_nothing(world):
    deal, invoice = billed(world)
    settle(world)
    world.erp.put_invoice(invoice, status="V", total=Decimal(0), net=Decimal(0))
    sync(world)
    assert shown(world, deal) == ["0", "0", "0", "0", "0"]
    assert statuses(world, deal) == ("Not Invoiced", "Not Invoiced")


def test_an_invoice_waiting_for_approval_does_not_count(world):
    deal, invoice = billed(world)
    settle(world)
    world.erp.put_invoice(invoice, status="D")
    sync(world)
    assert statuses(world, deal) == ("Not Invoiced", "Not Invoiced")


def test_an_invoice_belongs_to_the_deal_that_the_admins_field_names(world):
    deal, _invoice = billed(world)
    settle(world)
    world.erp.put_invoice("900", stamps={"custbody_crm_opportunity": deal[:15]}, customer_id="1001")
    sync(world)
    assert world.crm.field(deal, "Tieout_Invoiced__c") == Decimal("400.00")


def test_a_copied_stamp_of_ours_makes_no_invoice_the_deals(world):
    deal, _invoice = billed(world)
    settle(world)
    world.erp.put_invoice("900", deal_id=deal, intent="copied")
    sync(world)
    assert world.crm.field(deal, "Tieout_Invoiced__c") == Decimal("200.00")


def test_amounts_of_another_currency_are_never_added(world):
    deal, invoice = billed(world)
    settle(world)
    world.erp.put_invoice(invoice, currency="EUR")
    sync(world)
    assert shown(world, deal) == [None] * 5
    assert statuses(world, deal)[0] == "Other Currency"


def test_a_second_run_writes_nothing(world):
    _deal, invoice = billed(world)
    settle(world)
    receipt(world)
    world.erp.settle_invoice(invoice, application(invoice, "200.00"))
    sync(world)
    writes, upserts = len(world.crm.writes), len(world.crm.upserts)
    sync(world)
    assert (len(world.crm.writes), len(world.crm.upserts)) == (writes, upserts)


def test_an_account_gets_a_row_for_each_currency_and_document(world):
    _deal, invoice = billed(world)
    customer = next(iter(world.erp.customers_))
    world.erp.terms_[customer] = CreditTerms(customer_id=customer, currency="USD", limit=Decimal("5000"), hold="AUTO")
    settle(world)
    receipt(world, total="260.00")
    world.erp.settle_invoice(invoice, application(invoice, "200.00"))
    world.erp.put_invoice("900", customer_id=customer, currency="EUR", due_date=date(2026, 11, 20))
    sync(world)
    balances = world.crm.rows[BALANCE]
    assert sorted(balances) == [f"bal-{customer}-EUR", f"bal-{customer}-USD"]
    dollars, euros = balances[f"bal-{customer}-USD"], balances[f"bal-{customer}-EUR"]
    assert [str(dollars[f"Tieout_{name}__c"]) for name in ("Balance", "Overdue", "Unapplied", "Credit_Limit")] == [
        "0.00",
        "0",
        "60.00",
        "5000",
    ]
    assert [str(euros[f"Tieout_{name}__c"]) for name in ("Balance", "Overdue")] == ["200.00", "200.00"]
    assert euros["Tieout_Credit_Limit__c"] is None
    assert sorted(world.crm.rows[FINANCIAL]) == sorted(
        [f"app-{invoice}-5001-payment", f"inv-{invoice}", "inv-900", "rem-5001"]
    )


def test_what_becomes_overdue_by_the_passing_of_days_is_shown_without_any_change(world):
    _deal, _invoice = billed(world)
    customer = next(iter(world.erp.customers_))
    assert str(world.crm.rows[BALANCE][f"bal-{customer}-USD"]["Tieout_Overdue__c"]) == "0"
    world.clock.step(minutes=60 * 24 * 30)
    sync(world)
    assert str(world.crm.rows[BALANCE][f"bal-{customer}-USD"]["Tieout_Overdue__c"]) == "200.00"


def test_a_merged_account_takes_its_rows_along(world):
    _deal, invoice = billed(world)
    winner = world.crm.put_account(2, "Blue Harbor Holding Inc.")
    world.crm.put("Account", "001000000000001", deleted=True, MasterRecordId=winner)
    world.crm.put("Opportunity", "006000000000001", AccountId=winner)
    sync(world)
    world.clock.step(minutes=60 * 24)
    sync(world)
    assert world.crm.rows[FINANCIAL][f"inv-{invoice}"]["Tieout_Account__c"] == winner


def test_a_refused_row_is_held_for_a_person_and_stops_no_other(world):
    customer_row = "inv-1002"
    world.crm.refuse[customer_row] = ("FIELD_INTEGRITY_EXCEPTION", "no such account")
    _deal, invoice = billed(world)
    assert f"inv-{invoice}" == customer_row
    (hold,) = open_holds(world).values()
    assert (hold.code, hold.kind) == ("WRITEBACK_REJECTED", "sfaccount")
    assert len(world.crm.rows[BALANCE]) == 1
    world.crm.refuse.clear()
    sync(world)
    assert open_holds(world) == {}
    assert customer_row in world.crm.rows[FINANCIAL]


def test_a_crash_between_reading_and_writing_loses_no_row(world, monkeypatch):
    class Died(BaseException):
        pass

    def die(_rows):
        raise Died

    _deal, invoice = billed(world)
    settle(world)
    receipt(world)
    world.erp.settle_invoice(invoice, application(invoice, "200.00"))
    monkeypatch.setattr(world.crm, "upsert", die)
    with pytest.raises(Died):
        sync(world)
    monkeypatch.undo()
    sync(world)
    assert f"app-{invoice}-5001-payment" in world.crm.rows[FINANCIAL]


def test_the_sweep_finds_what_no_stamp_told(world):
    deal, invoice = billed(world)
    world.clock.step(minutes=60)
    sync(world)
    quiet = world.erp.invoices_[invoice].modified
    world.erp.settle_invoice(invoice, application(invoice, "200.00"))
    world.erp.invoices_[invoice] = replace(world.erp.invoices_[invoice], modified=quiet)
    sync(world)
    assert statuses(world, deal)[1] == "Unpaid"
    settle(world)
    engine.run(world, sweep=True)
    assert statuses(world, deal)[1] == "Paid"


def test_the_sweep_notices_a_deleted_invoice(world):
    deal, invoice = billed(world)
    del world.erp.invoices_[invoice]
    settle(world)
    engine.run(world, sweep=True)
    assert shown(world, deal)[0] == "0"
    assert world.crm.rows[FINANCIAL][f"inv-{invoice}"]["Tieout_Status__c"] == "No longer applied"


def test_the_sweep_mends_a_row_that_somebody_overtyped(world):
    _deal, invoice = billed(world)
    world.crm.rows[FINANCIAL][f"inv-{invoice}"]["Tieout_Amount__c"] = Decimal("1.00")
    sync(world)
    settle(world)
    engine.run(world, sweep=True)
    assert world.crm.rows[FINANCIAL][f"inv-{invoice}"]["Tieout_Amount__c"] == Decimal("200.00")


def test_receivables_can_be_left_out(tmp_path):
    world = billed_world(tmp_path, status=StatusSettings(receivables=False))
    deal, _invoice = billed(world)
    assert world.crm.field(deal, "Tieout_Invoiced__c") is None
    assert world.crm.upserts == []


def test_a_deleted_deal_is_no_longer_named_by_its_documents(world):
    deal, invoice = billed(world)
    assert world.crm.rows[FINANCIAL][f"inv-{invoice}"]["Tieout_Opportunity__c"] == deal
    world.crm.put("Opportunity", deal, deleted=True)
    world.erp.put_invoice(invoice, memo="touched")
    sync(world)
    assert world.crm.rows[FINANCIAL][f"inv-{invoice}"]["Tieout_Opportunity__c"] is None


def test_a_payment_that_leaves_nothing_over_gets_no_row_of_a_remainder(world):
    _deal, invoice = billed(world)
    settle(world)
    receipt(world)
    world.erp.settle_invoice(invoice, application(invoice, "200.00"))
    sync(world)
    assert "rem-5001" not in world.crm.rows[FINANCIAL]


def test_a_remainder_that_was_used_up_says_so(world):
    _deal, invoice = billed(world)
    settle(world)
    receipt(world, total="200.00", applied="150.00")
    world.erp.settle_invoice(invoice, application(invoice, "150.00"))
    sync(world)
    assert str(world.crm.rows[FINANCIAL]["rem-5001"]["Tieout_Amount__c"]) == "50.00"
    settle(world)
    receipt(world)
    world.erp.settle_invoice(invoice, application(invoice, "200.00"))
    sync(world)
    row = world.crm.rows[FINANCIAL]["rem-5001"]
    assert (str(row["Tieout_Amount__c"]), row["Tieout_Status__c"]) == ("0.00", "Fully applied")
