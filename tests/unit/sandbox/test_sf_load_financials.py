"""Books with documents and balances of the integration's own objects, and merges among their edits."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sandbox import book_edits, book_load
from sandbox.clock import SandboxClock
from sandbox.credentials import make
from sandbox.errors import BookError
from sandbox.store import Store
from tests.fakes.salesforce_org import NOON

ACCOUNTS = "Name,CurrencyIsoCode\nAcme,EUR\nAcme Twin,EUR\n"
DEALS = "Name,AccountId,StageName,CloseDate\nBig deal,Acme,Closed Won,2026-11-10\n"


def load(folder: Path, **files: str) -> Store:
    (folder / "salesforce").mkdir()
    (folder / "netsuite").mkdir()
    for name, text in {"Account": ACCOUNTS, "Opportunity": DEALS, **files}.items():
        (folder / "salesforce" / f"{name}.csv").write_text(text)
    store = Store()
    book_load.load(folder, store, Store(), SandboxClock(NOON), make(7).salesforce.organization)
    return store


def test_documents_refer_to_accounts_and_deals_by_name(tmp_path: Path) -> None:
    store = load(
        tmp_path,
        Tieout_Financial__c="Tieout_Key__c,Tieout_Account__c,Tieout_Opportunity__c,Tieout_Amount__c,Tieout_Due_Date__c\n"
        "inv-1,Acme,Big deal,12.50,2026-12-01\ninv-2,Acme,,0.10,\n",
        Tieout_Account_Balance__c="Tieout_Key__c,Tieout_Account__r,Tieout_Balance__c,CurrencyIsoCode\nb-1,Acme,5,EUR\n",
    )
    first, second = store.all("Tieout_Financial__c")
    [balance] = store.all("Tieout_Account_Balance__c")
    [acme, _] = store.all("Account")
    assert first["Tieout_Account__c"] == balance["Tieout_Account__c"] == acme["Id"]
    assert first["Tieout_Opportunity__c"] == store.all("Opportunity")[0]["Id"]
    assert (first["Name"], second["Name"], balance["Name"]) == ("FIN-000001", "FIN-000002", "AB-000001")
    assert (balance["CurrencyIsoCode"], first["CurrencyIsoCode"]) == ("EUR", "USD")


def test_a_key_twice_names_the_line(tmp_path: Path) -> None:
    with pytest.raises(BookError, match=r"Tieout_Financial__c\.csv:3.*duplicate value found: Tieout_Key__c"):
        load(tmp_path, Tieout_Financial__c="Tieout_Key__c\ninv-1\nINV-1\n")


def test_a_formula_column_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BookError, match=r"Tieout_Days_Overdue__c is a formula field"):
        load(tmp_path, Tieout_Financial__c="Tieout_Key__c,Tieout_Days_Overdue__c\ninv-1,3\n")


def test_a_merge_may_stand_among_the_recorded_edits(tmp_path: Path) -> None:
    edit = {"phase": "middle", "system": "salesforce", "op": "merge", "type": "Account"}
    edit |= {"match": {"Name": "Acme Twin"}, "set": {"MasterRecordId": {"Name": "Acme"}}}
    path = tmp_path / "edits.json"
    path.write_text(json.dumps([edit]))
    assert book_edits.read(path) == [edit]
