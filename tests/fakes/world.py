"""A whole world in memory: the shipped mappings, a real journal, a virtual clock."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from config.document import parse_document
from config.maps import base_document, template_files
from config.secrets import SecretRef
from config.settings import (
    Company,
    JobSettings,
    Located,
    NetSuiteSettings,
    ReconcileSettings,
    SalesforceSettings,
    Settings,
    StatusSettings,
)
from mappings.conditions import compile_condition
from mappings.parse import parse
from sync.world import Silent, World
from tests import postgres_server
from tests.fakes.crm import FakeCrm
from tests.fakes.erp import FakeErp
from tests.fakes.time_and_chance import CountingRandom, VirtualClock

REF = SecretRef("env:NOTHING")


def make_settings(folder: Path, **changes):
    values = {
        "path": folder / "sync.toml",
        "company": Company(time_zone="America/New_York", go_live=date(2026, 11, 1), name="Acme Inc"),
        "salesforce": SalesforceSettings(url="https://x.my.salesforce.com", client_id=REF, client_secret=REF),
        "netsuite": NetSuiteSettings(
            account="7654321_SB1", consumer_key=REF, consumer_secret=REF, token_id=REF, token_secret=REF
        ),
        "customers": JobSettings(name="customers"),
        "orders": JobSettings(
            name="orders", wait=timedelta(0), scope=Located(text="Type != 'Partner'", where="sync.toml:21")
        ),
        "status": StatusSettings(),
        "reconcile": ReconcileSettings(sla=timedelta(hours=4)),
        "state": folder / "tieout.db",
    }
    return Settings(**{**values, **changes})


def template_mapping(name, edit=lambda text: text):
    text = edit(template_files()[f"mappings/{name}.toml"])
    return parse(parse_document(text, f"mappings/{name}.toml"), base_document)


def make_world(folder: Path, **changes):
    clock = changes.pop("clock", None) or VirtualClock()
    crm = changes.pop("crm", None) or FakeCrm(clock)
    erp = changes.pop("erp", None) or FakeErp(clock)
    settings = changes.pop("settings", None) or make_settings(folder)
    values = {
        "settings": settings,
        "clock": clock,
        "random": CountingRandom(),
        "crm": crm,
        "crm_writer": crm,
        "erp": erp,
        "erp_writer": erp,
        "journal": postgres_server.opened(settings.state),
        "customer_mapping": template_mapping("customer"),
        "order_mapping": template_mapping("sales_order"),
        "scope": compile_condition(settings.orders.scope.text, settings.orders.scope.where),
        "observer": Silent(),
    }
    return World(**{**values, **changes})
