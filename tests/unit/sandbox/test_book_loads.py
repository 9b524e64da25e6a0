"""The sandbox takes the generated book as it is, and its people can make the recorded edits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sandbox import book_load
from sandbox.book import Truth, generate
from sandbox.clock import SandboxClock
from sandbox.netsuite import edits as netsuite_edits
from sandbox.salesforce import edits as salesforce_edits
from sandbox.salesforce.org import Org
from sandbox.store import Store

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Loaded:
    """Both stores with a book in them."""

    def __init__(self, folder: Path, truth: Truth, salesforce: Store, netsuite: Store) -> None:
        self.truth = truth
        self.salesforce = salesforce
        self.netsuite = netsuite
        self.clock = SandboxClock(NOW)
        book_load.load(folder / "book", salesforce, netsuite, self.clock, "00DTt0000000001EAA")
        edits: list[dict[str, Any]] = json.loads((folder / "book" / "edits.json").read_text(encoding="utf-8"))
        self.later = [edit for phase in ("middle", "after") for edit in edits if edit["phase"] == phase]

    def enter_order(self, deal_id: str) -> None:
        """Enter what a sync would have created for the deal, for any customer of its subsidiary."""
        org = Org(self.salesforce, self.clock)
        deal = org.get("Opportunity", deal_id) or {}
        account = org.get("Account", deal["AccountId"]) or {}
        subsidiary = self._subsidiary(account["BillingCountryCode"])
        customer = next(row["id"] for row in self.netsuite.all("customer") if row["subsidiary"] == subsidiary)
        item = self.netsuite.all("item")[0]["itemId"]
        lines = [
            {"set": {"item": item, "quantity": str(line["Quantity"]), "amount": str(line["TotalPrice"])}}
            for line in org.live_children("OpportunityLineItem", "OpportunityId", deal_id)
        ]
        order = {
            "externalId": f"tieout-so-{deal_id}",
            "entity": customer,
            "currency": deal["CurrencyIsoCode"],
            "tranDate": deal["CloseDate"],
        }
        edit = {"op": "insert", "type": "salesOrder", "label": "as the sync does", "set": order, "lines": lines}
        netsuite_edits.apply(self.netsuite, self.clock, edit)

    def _subsidiary(self, country: str) -> str:
        name = {"US": "Acme Inc", "DE": "Acme GmbH", "GB": "Acme Ltd", "JP": "Acme KK"}[country]
        return str(next(row["id"] for row in self.netsuite.all("subsidiary") if row["name"] == name))

    def order(self, deal_id: str) -> dict[str, Any] | None:
        found = self.netsuite.by_external_id("salesOrder", f"tieout-so-{deal_id}")
        return None if found is None else self.netsuite.get("salesOrder", found)


@pytest.fixture(scope="module", params=[1, 2])
def loaded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    folder = tmp_path_factory.mktemp("loaded")
    truth = generate(folder / "book", seed=request.param, now=NOW, defects=True)
    with closing(Store(folder / "salesforce.db")) as salesforce, closing(Store(folder / "netsuite.db")) as netsuite:
        yield Loaded(folder, truth, salesforce, netsuite)


def test_the_sandbox_loads_every_record(loaded: Loaded) -> None:
    counts = loaded.truth.counts
    assert len(loaded.salesforce.all("Opportunity")) == counts["opportunities"]
    assert len(loaded.salesforce.all("OpportunityLineItem")) == counts["opportunity_lines"]
    assert len(loaded.netsuite.all("salesOrder")) == counts["orders_in_erp"]
    assert len(loaded.netsuite.all("customer")) == counts["customers_in_erp"]


def test_both_tax_regimes_are_at_work(loaded: Loaded) -> None:
    regimes = {row["id"]: row["taxRegime"] for row in loaded.netsuite.all("subsidiary")}
    taxed = {regimes[order["subsidiary"]] for order in loaded.netsuite.all("salesOrder") if order["taxTotal"] > 0}
    assert taxed == {"us_sales_tax", "vat"}


def test_every_edit_after_the_first_sync_can_be_made(loaded: Loaded) -> None:
    of_orders = [edit for edit in loaded.later if edit["system"] == "netsuite" and "match" in edit]
    deal_ids = [edit["match"]["externalId"].removeprefix("tieout-so-") for edit in of_orders]
    for deal_id in deal_ids:
        loaded.enter_order(deal_id)
    before = {deal_id: loaded.order(deal_id) for deal_id in deal_ids}
    org = Org(loaded.salesforce, loaded.clock)
    for edit in loaded.later:
        if edit["system"] == "netsuite":
            netsuite_edits.apply(loaded.netsuite, loaded.clock, edit)
        else:
            salesforce_edits.apply(org, edit)
    assert all(loaded.order(deal_id) != before[deal_id] for deal_id in deal_ids)
