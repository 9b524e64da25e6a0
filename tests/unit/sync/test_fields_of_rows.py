"""The fields that the preflight asks Salesforce for are those that the rows under accounts fill."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from config.settings import InvoiceSettings
from connectors.records import FieldSchema, ObjectSchema
from sync import preflight
from sync.account_rows import WRITTEN
from sync.world import KEY
from tests.fakes.run import sync
from tests.fakes.world import make_settings, make_world


@pytest.fixture
def world(tmp_path):
    world = make_world(tmp_path, settings=make_settings(tmp_path, invoices=InvoiceSettings(enabled=True)))
    world.crm.put_account(1, "Blue Harbor Inc.")
    return world


def describing(world, missing=None):
    """Have Salesforce describe the two objects, with one field missing."""
    plain = world.crm.describe

    def describe(type_):
        if type_ not in WRITTEN:
            return plain(type_)
        names = [name for name in (KEY, *WRITTEN[type_]) if name != missing]
        fields = {name.lower(): FieldSchema(name=name, type="string", length=255) for name in names}
        return ObjectSchema(name=type_, fields=fields)

    world.crm.describe = describe


def test_every_field_of_a_row_is_asked_for(world):
    world.crm.put_deal(1)
    sync(world)
    (order,) = world.erp.orders_
    world.erp.approve(order)
    sync(world)
    (invoice,) = world.erp.invoices_.values()
    world.erp.invoices_[invoice.id] = replace(invoice, paid=Decimal(0))
    sync(world)
    for type_, names in WRITTEN.items():
        filled = {name for row in world.crm.rows[type_].values() for name in row} - {"CurrencyIsoCode", KEY}
        assert filled == set(names)


@pytest.mark.parametrize("missing", ["Tieout_Amount__c", "Tieout_Unapplied__c", "Tieout_Link__c"])
def test_a_field_that_is_missing_is_named_before_anything_is_written(world, missing):
    describing(world, missing)
    (problem,) = preflight._own_objects(world)  # noqa: SLF001
    assert missing in problem.what
    assert "prepare-salesforce.md" in problem.fix


def test_objects_with_all_their_fields_are_sound(world):
    describing(world)
    assert preflight._own_objects(world) == []  # noqa: SLF001
