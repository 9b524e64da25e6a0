"""Deals that the admin names become an invoice without an order."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from config.document import parse_document
from config.maps import base_document, template_files
from config.settings import InvoiceSettings, Located
from mappings.conditions import compile_condition
from mappings.parse import parse
from tests.fakes.run import open_holds, sync
from tests.fakes.world import make_settings, make_world

MAP = """
extends = "order_to_cash/opportunity_to_invoice"

[tables.subsidiary]
US = "Acme Inc"
"""


@pytest.fixture
def world(tmp_path):
    rule = Located(text="Type == 'Renewal'", where="sync.toml:30")
    settings = make_settings(tmp_path, invoices=InvoiceSettings(enabled=True, stand_alone=rule))
    world = make_world(
        tmp_path,
        settings=settings,
        invoice_mapping=parse(parse_document(MAP, "mappings/invoice.toml"), base_document, "invoice"),
        stand_alone=compile_condition(rule.text, rule.where),
    )
    world.crm.put_account(1, "Blue Harbor Inc.")
    return world


def test_such_a_deal_becomes_an_invoice_and_no_order(world):
    renewal = world.crm.put_deal(1, Type="Renewal")
    other = world.crm.put_deal(2, Type="New Business", lines=(("PLAT-100", "1", "75.00"),))
    result = sync(world)
    assert result.invoices[renewal].action == "create"
    assert result.orders[renewal].action == "skip"
    assert "sync.toml:30" in result.orders[renewal].reason
    assert result.orders[other].action == "create"
    (invoice,) = world.erp.invoices_.values()
    assert (invoice.external_id, invoice.order_id, invoice.net) == (f"tieout-inv-{renewal}", None, Decimal("200.00"))
    assert len(world.erp.orders_) == 1


def test_a_second_run_makes_no_second_invoice(world):
    renewal = world.crm.put_deal(1, Type="Renewal")
    sync(world)
    assert sync(world).invoices[renewal].action == "unchanged"
    assert len(world.erp.invoices_) == 1


def test_its_invoice_shows_on_the_deal(world):
    renewal = world.crm.put_deal(1, Type="Renewal")
    sync(world)
    sync(world)
    assert world.crm.field(renewal, "Tieout_Invoiced__c") == Decimal("200.00")
    assert world.crm.field(renewal, "Tieout_Invoice_Status__c") == "Invoiced"
    assert world.crm.field(renewal, "Tieout_Sync_State__c") == "Synced"


def test_a_deal_that_changed_after_its_invoice_is_held(world):
    renewal = world.crm.put_deal(1, Type="Renewal")
    sync(world)
    world.crm.put("Opportunity", renewal, Name="Renamed")
    sync(world)
    assert open_holds(world)[renewal].code == "LOCKED_DOWNSTREAM"
    assert len(world.erp.invoices_) == 1


def test_a_closed_period_holds_it(world):
    renewal = world.crm.put_deal(1, Type="Renewal")
    world.erp.periods_ = [replace(one, closed=True) for one in world.erp.periods_]
    sync(world)
    assert open_holds(world)[renewal].code == "PERIOD_CLOSED"


def test_the_template_has_no_map_for_invoices_because_the_base_suffices():
    assert "mappings/invoice.toml" not in template_files()
