"""Billing and receivables against the odd things that finance, sales and two systems do to each other."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from config.document import parse_document
from config.maps import base_document
from config.settings import InvoiceSettings, Located
from connectors.receivables import Application, CreditTerms, Receipt
from connectors.records import ErpLine
from journal import bindings, staging
from mappings.conditions import compile_condition
from mappings.parse import parse
from sync import engine
from sync.receivables import STREAM
from tests.fakes.run import open_holds, settle, sync
from tests.fakes.world import make_settings, make_world

BALANCE, FINANCIAL = "Tieout_Account_Balance__c", "Tieout_Financial__c"
INVOICE_MAP = """
extends = "order_to_cash/opportunity_to_invoice"

[tables.subsidiary]
US = "Acme Inc"
"""


def billing_world(folder, **invoices):
    values = {"enabled": True, "deal_field": "custbody_crm_opportunity", **invoices}
    world = make_world(folder, settings=make_settings(folder, invoices=InvoiceSettings(**values)))
    world.crm.put_account(1, "Blue Harbor Inc.")
    return world


@pytest.fixture
def world(tmp_path):
    world = billing_world(tmp_path)
    yield world
    world.journal.close()


@pytest.fixture
def renewals(tmp_path):
    """A world in which renewals become invoices without an order."""
    rule = Located(text="Type == 'Renewal'", where="sync.toml:30")
    world = make_world(
        tmp_path,
        settings=make_settings(tmp_path, invoices=InvoiceSettings(enabled=True, stand_alone=rule)),
        invoice_mapping=parse(parse_document(INVOICE_MAP, "mappings/invoice.toml"), base_document, "invoice"),
        stand_alone=compile_condition(rule.text, rule.where),
    )
    world.crm.put_account(1, "Blue Harbor Inc.")
    yield world
    world.journal.close()


def order_of(world, deal):
    with world.journal.begin() as tx:
        return bindings.get(tx, "so", deal).target_id


def ordered(world, number=1, **fields):
    deal = world.crm.put_deal(number, **fields)
    sync(world)
    order = order_of(world, deal)
    world.erp.approve(order)
    return deal, order


def billed(world, number=1, **fields):
    before = set(world.erp.invoices_)
    deal, order = ordered(world, number, **fields)
    sync(world)
    (invoice,) = set(world.erp.invoices_) - before
    return deal, order, invoice


def goods(world, order, fulfilled):
    lines = world.erp.orders_[order].lines
    new = tuple(replace(line, fulfillable=True, fulfilled=Decimal(fulfilled)) for line in lines)
    world.erp.approve(order, lines=new)


def forget_overlap(world):
    """Let time pass until what has happened so far is no longer read a second time."""
    world.clock.step(minutes=60)
    sync(world)
    world.clock.step(minutes=60)


def receipt(world, id_="5001", total="200.00", applied="0", **more):
    values = {
        "id": id_,
        "type": "CustPymt",
        "number": f"R{id_}",
        "customer_id": next(iter(world.erp.customers_)),
        "currency": "USD",
        "date": date(2026, 11, 20),
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


def applied(invoice, amount, source, type_="CustPymt", kind="payment"):
    return Application(
        invoice_id=invoice, source_id=source, source_type=type_, source_number=f"R{source}", kind=kind,
        date=date(2026, 11, 20), amount=Decimal(amount),
    )  # fmt: skip


# billing


def test_a_deal_that_was_billed_without_an_order_never_gets_one(renewals):
    deal = renewals.crm.put_deal(1, Type="Renewal")
    sync(renewals)
    renewals.crm.put("Opportunity", deal, Type="New Business")
    sync(renewals)
    assert renewals.erp.orders_ == {}
    assert len(renewals.erp.invoices_) == 1
    assert open_holds(renewals)[deal].code == "LOCKED_DOWNSTREAM"


def test_a_deal_whose_invoice_is_in_doubt_gets_no_order_meanwhile(renewals):
    deal = renewals.crm.put_deal(1, Type="Renewal")
    sync(renewals)
    other = renewals.crm.put_deal(2, Type="Renewal")
    settle(renewals)
    renewals.erp.script = ["lost_request"]
    sync(renewals)
    renewals.crm.put("Opportunity", other, Type="New Business")
    sync(renewals)
    assert renewals.erp.orders_ == {}
    renewals.clock.step(minutes=20)
    sync(renewals)
    sync(renewals)
    assert len(renewals.erp.orders_) + len(renewals.erp.invoices_) == 2
    assert deal in {one.deal_id for one in renewals.erp.invoices_.values()}


def test_a_deal_that_was_billed_without_an_order_and_is_reopened_is_told(renewals):
    deal = renewals.crm.put_deal(1, Type="Renewal")
    sync(renewals)
    renewals.crm.put("Opportunity", deal, StageName="Negotiation", IsWon=False, IsClosed=False)
    sync(renewals)
    assert open_holds(renewals)[deal].code == "REOPENED_AFTER_PUSH"
    renewals.crm.put("Opportunity", deal, StageName="Closed Won", IsWon=True, IsClosed=True)
    sync(renewals)
    assert open_holds(renewals) == {}
    assert len(renewals.erp.invoices_) == 1


@pytest.mark.parametrize("change", [{"IsWon": False, "StageName": "Lost"}, {"deleted": True}])
def test_the_job_invoices_alone_does_not_bill_a_deal_that_is_no_longer_won(world, change):
    deal, _order = ordered(world)
    world.crm.put("Opportunity", deal, **change)
    settle(world)
    result = engine.run(world, [engine.INVOICES])
    assert result.invoices[deal].action == "wait"
    assert world.erp.invoices_ == {}


def test_the_job_invoices_alone_does_not_bill_over_a_change_that_nobody_has_judged(world):
    deal, _order = ordered(world)
    world.crm.put_line(deal, 10, "PLAT-100", "2", "150.00")
    settle(world)
    assert engine.run(world, [engine.INVOICES]).invoices[deal].action == "wait"
    sync(world)
    assert open_holds(world)[deal].code == "LOCKED_DOWNSTREAM"
    assert world.erp.invoices_ == {}


def test_the_job_invoices_alone_bills_what_is_settled(world):
    deal, _order = ordered(world)
    sync(world, jobs=[engine.CUSTOMERS, engine.ORDERS])
    settle(world)
    assert engine.run(world, [engine.INVOICES]).invoices[deal].action == "create"


def partly_billed_over_another_amount(world):
    deal, order = ordered(world, lines=(("PLAT-100", "10", "1000.00"),))
    goods(world, order, 4)
    world.erp.surcharge = Decimal("5.00")
    sync(world)
    world.erp.surcharge = Decimal(0)
    assert open_holds(world)[deal].code == "AMOUNT_MISMATCH"
    return deal, order


def test_an_invoice_over_another_amount_stays_held_while_its_order_waits_for_more(world):
    deal, _order = partly_billed_over_another_amount(world)
    sync(world)
    sync(world)
    assert open_holds(world)[deal].code == "AMOUNT_MISMATCH"


def test_nothing_more_is_billed_of_an_order_whose_invoice_is_wrong(world):
    deal, order = partly_billed_over_another_amount(world)
    goods(world, order, 10)
    sync(world)
    assert len(world.erp.invoices_) == 1
    (id_,) = world.erp.invoices_
    right = tuple(replace(line, amount=Decimal("400.00")) for line in world.erp.invoices_[id_].lines)
    world.erp.put_invoice(id_, net=Decimal("400.00"), total=Decimal("400.00"), lines=right)
    sync(world)
    sync(world)
    assert open_holds(world) == {}
    assert sum(one.net for one in world.erp.invoices_.values()) == Decimal("1000.00")
    assert len({one.external_id for one in world.erp.invoices_.values()}) == 2
    assert deal in {one.deal_id for one in world.erp.invoices_.values()}


@pytest.mark.parametrize("seen_between", [True, False])
@pytest.mark.parametrize("how", ["voided", "deleted"])
def test_a_wrong_invoice_that_finance_took_back_and_billed_by_hand_is_held_no_more(world, how, seen_between):
    deal, order = ordered(world)
    world.erp.surcharge = Decimal("5.00")
    sync(world)
    (id_,) = world.erp.invoices_
    assert open_holds(world)[deal].code == "AMOUNT_MISMATCH"
    if how == "voided":
        world.erp.put_invoice(id_, status="V", lines=(), net=Decimal(0), total=Decimal(0))
    else:
        del world.erp.invoices_[id_]
    held = world.erp.orders_[order]
    world.erp.approve(order, lines=tuple(replace(line, billed=Decimal(0)) for line in held.lines))
    if seen_between:
        sync(world)
        assert open_holds(world)[deal].code == "INVOICE_REVERSED"
    world.erp.put_invoice("900", order_id=order)
    world.erp.orders_[order] = replace(held, status="G")
    sync(world)
    assert open_holds(world) == {}


def test_a_discount_is_not_billed_before_the_goods_that_it_belongs_to(world):
    deal, order = ordered(world)
    goods(world, order, 0)
    line = ErpLine(
        line=9, item_id="7", item_name="DISC", quantity=Decimal(1), rate=None, amount=Decimal("-20.00"), key="d",
        description=None,
    )  # fmt: skip
    world.erp.approve(order, lines=(*world.erp.orders_[order].lines, line))
    result = sync(world)
    assert result.invoices[deal].action == "skip"
    assert world.erp.invoices_ == {}
    assert open_holds(world) == {}


def test_what_is_to_be_billed_is_asked_shortly_before_it_is_billed(world, monkeypatch):
    """A long run must not bill what finance billed by hand since the run began."""
    for number in range(1, 31):
        world.crm.put_deal(number, lines=(("PLAT-100", "1", f"{number}00.00"),))
    sync(world)
    for id_ in list(world.erp.orders_):
        world.erp.approve(id_)
    between = []
    write = world.erp.write

    def counted(requests):
        between.append(len(world.erp.asked_to_bill))
        return write(requests)

    monkeypatch.setattr(world.erp, "write", counted)
    sync(world)
    assert len(world.erp.invoices_) == 30
    assert between[0] <= 20


# who owns what


def test_the_admins_field_counts_on_an_invoice_of_an_order_that_belongs_to_no_deal(world):
    deal, _order, _invoice = billed(world)
    settle(world)
    world.erp.put_order("77", status="G")
    world.erp.put_invoice("900", order_id="77", stamps={"custbody_crm_opportunity": deal})
    sync(world)
    assert world.crm.field(deal, "Tieout_Invoiced__c") == Decimal("400.00")


def test_a_field_that_the_admin_names_later_is_read_of_old_invoices_too(tmp_path):
    world = billing_world(tmp_path, deal_field=None)
    deal, _order, _invoice = billed(world)
    settle(world)
    world.erp.put_invoice("900", stamps={"custbody_crm_opportunity": deal}, customer_id="1001")
    plain = world.erp.invoices

    def only_what_is_asked(query):
        return (
            replace(one, stamps={name: text for name, text in one.stamps.items() if name in query.stamp_fields})
            for one in plain(query)
        )

    world.erp.invoices = only_what_is_asked
    sync(world)
    assert world.crm.field(deal, "Tieout_Invoiced__c") == Decimal("200.00")
    forget_overlap(world)
    named = replace(world.settings.invoices, deal_field="custbody_crm_opportunity")
    sync(replace(world, settings=replace(world.settings, invoices=named)))
    assert world.crm.field(deal, "Tieout_Invoiced__c") == Decimal("400.00")


def test_an_open_clone_of_a_billed_deal_does_not_say_that_it_is_billed(world):
    deal, _order, _invoice = billed(world)
    names = ("Tieout_Sales_Order__c", "Tieout_Sync_State__c", "Tieout_Invoiced__c", "Tieout_Payment_Status__c")
    copied = {name: world.crm.field(deal, name) for name in names}
    clone = world.crm.put_deal(2, StageName="Prospecting", IsWon=False, IsClosed=False, **copied)
    sync(world)
    assert [world.crm.field(clone, name) for name in names] == [None] * 4
    assert world.crm.field(deal, "Tieout_Payment_Status__c") == "Unpaid"


# figures


def test_an_invoice_over_nothing_is_not_called_credited(world):
    deal, order = ordered(world)
    settle(world)
    world.erp.orders_[order] = replace(world.erp.orders_[order], status="B", lines=())
    world.erp.put_invoice("900", order_id=order, total=Decimal(0), net=Decimal(0), status="B")
    sync(world)
    assert world.crm.field(deal, "Tieout_Invoice_Status__c") == "Not Invoiced"
    assert world.crm.field(deal, "Tieout_Payment_Status__c") == "Not Invoiced"


# rows under accounts


@pytest.mark.parametrize("moves_to_first", [True, False])
def test_an_invoice_that_moved_to_another_customer_keeps_its_amount(world, moves_to_first):
    world.crm.put_account(2, "Green Field Inc.")
    _deal, _order, first = billed(world, 1)
    _deal, _order, second = billed(world, 2, account="001000000000002")
    one, two = world.erp.invoices_[first].customer_id, world.erp.invoices_[second].customer_id
    assert one != two
    moved, to = (second, one) if moves_to_first else (first, two)
    settle(world)
    world.erp.put_invoice(moved, customer_id=to)
    sync(world)
    row = world.crm.rows[FINANCIAL][f"inv-{moved}"]
    assert (row["Tieout_Amount__c"], row["Tieout_Status__c"]) == (Decimal("200.00"), "Open")
    account = "001000000000001AAA" if to == one else "001000000000002AAA"
    assert row["Tieout_Account__c"] == account
    upserts = len(world.crm.upserts)
    sync(world)
    assert len(world.crm.upserts) == upserts


def test_a_row_that_ends_after_its_deal_was_deleted_does_not_name_the_deal(world):
    deal, _order, invoice = billed(world)
    forget_overlap(world)
    world.crm.put("Opportunity", deal, deleted=True)
    sync(world)
    del world.erp.invoices_[invoice]
    world.erp.deleted_.append(("CustInvc", invoice))
    sync(world)
    row = world.crm.rows[FINANCIAL][f"inv-{invoice}"]
    assert (row["Tieout_Status__c"], row["Tieout_Opportunity__c"]) == ("No longer applied", None)


def test_a_row_that_ends_after_its_account_was_merged_goes_to_the_winner(world):
    _deal, _order, invoice = billed(world)
    forget_overlap(world)
    winner = world.crm.put_account(2, "Blue Harbor Holding Inc.")
    world.crm.put("Account", "001000000000001", deleted=True, MasterRecordId=winner)
    world.crm.put("Opportunity", "006000000000001", AccountId=winner)
    sync(world)
    del world.erp.invoices_[invoice]
    world.erp.deleted_.append(("CustInvc", invoice))
    sync(world)
    assert world.crm.rows[FINANCIAL][f"inv-{invoice}"]["Tieout_Account__c"] == winner


def test_what_is_left_of_a_deposit_is_read_again_when_it_is_applied(world):
    """Neither the deposit's nor the credit memo's own stamp need move when it is used."""
    _deal, _order, invoice = billed(world)
    settle(world)
    receipt(world, "6001", type="CustDep")
    sync(world)
    customer = next(iter(world.erp.customers_))
    balance = world.crm.rows[BALANCE][f"bal-{customer}-USD"]
    assert balance["Tieout_Unapplied__c"] == Decimal("200.00")
    forget_overlap(world)
    deposit = world.erp.receipts_["6001"]
    world.erp.receipts_["6001"] = replace(deposit, applied=Decimal("200.00"), unapplied=Decimal(0))
    world.erp.settle_invoice(invoice, applied(invoice, "200.00", "6002", "DepAppl", "deposit"))
    sync(world)
    assert world.crm.rows[BALANCE][f"bal-{customer}-USD"]["Tieout_Unapplied__c"] == Decimal(0)
    forget_overlap(world)
    world.erp.receipts_["6001"] = deposit  # the application was taken back
    world.erp.settle_invoice(invoice)
    sync(world)
    assert world.crm.rows[BALANCE][f"bal-{customer}-USD"]["Tieout_Unapplied__c"] == Decimal("200.00")


def test_the_sweep_brings_a_new_credit_hold_though_no_document_changed(world):
    _deal, _order, invoice = billed(world)
    world.erp.settle_invoice(invoice, applied(invoice, "200.00", "5001"))
    forget_overlap(world)
    customer = next(iter(world.erp.customers_))
    world.erp.terms_[customer] = CreditTerms(customer_id=customer, currency="USD", limit=None, hold="ON")
    settle(world)
    engine.run(world, sweep=True)
    assert world.crm.rows[BALANCE][f"bal-{customer}-USD"]["Tieout_Credit_Hold__c"] == "ON"


def test_a_position_ahead_of_netsuites_clock_hides_nothing(world):
    deal, _order, invoice = billed(world)
    settle(world)
    ahead = world.clock.now() + timedelta(days=3)
    with world.journal.begin() as tx:
        staging.advance(tx, STREAM, replace_position(tx, ahead), world.clock.now())
    world.erp.settle_invoice(invoice, applied(invoice, "200.00", "5001"))
    sync(world)
    assert world.crm.field(deal, "Tieout_Payment_Status__c") == "Paid"
    world.clock.step(minutes=60)
    world.erp.settle_invoice(invoice)
    sync(world)
    assert world.crm.field(deal, "Tieout_Payment_Status__c") == "Unpaid"
    with world.journal.begin() as tx:
        assert staging.position(tx, STREAM).stamp <= world.clock.now()


def replace_position(tx, stamp):
    return replace(staging.position(tx, STREAM), stamp=stamp)
