"""Books into the local Salesforce: ids, references, computed fields, clear errors; and people's edits on it."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sandbox import book_edits, book_load
from sandbox.clock import SandboxClock
from sandbox.credentials import make
from sandbox.errors import BookError, SandboxError
from sandbox.salesforce import edits
from sandbox.salesforce.org import Org
from sandbox.store import Body, Store
from tests.fakes.salesforce_org import NOON

ACCOUNTS = "Id,Name,Parent,CurrencyIsoCode\n001Tt0000000005IAA,Acme,,EUR\n,Acme Child,acme,\n"
PRODUCTS = "Name,ProductCode\nWidget,W-1\nGadget,G-1\n"
DEALS = (
    "Name,AccountId,StageName,CloseDate,Owner,SystemModstamp,LastStageChangeDate\n"
    "Big deal,Acme,Closed Won,2026-11-10,kim@example.com,2026-11-11T08:00:00Z,2026-11-10T08:00:00Z\n"
    '"Small, deal",Acme Child,Prospecting,2026-12-10,,,\n'
)
LINES = "Opportunity,Product2Id,Quantity,UnitPrice,Discount,ProductCode\nBig deal,W-1,3,9.99,10,\nBig deal,,1,5,,G-1\n"
USERS = "Username,FirstName,LastName,Email\nkim@example.com,Kim,Ng,kim@example.com\n"


class Books:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = SandboxClock(NOON)
        self.salesforce, self.netsuite = Store(), Store()

    def write(self, **files: str) -> Books:
        (self.folder / "salesforce").mkdir(exist_ok=True)
        for name, text in files.items():
            (self.folder / "salesforce" / f"{name}.csv").write_text(text, encoding="utf-8")
        return self

    def load(self) -> Org:
        organization = make(1).salesforce.organization
        book_load.load(self.folder, self.salesforce, self.netsuite, self.clock, organization)
        return Org(self.salesforce, self.clock)

    def refusal(self) -> str:
        with pytest.raises(BookError) as caught:
            self.load()
        assert self.salesforce.types() == []
        return str(caught.value)


@pytest.fixture
def books(tmp_path: Path) -> Books:
    files = {
        "Account": ACCOUNTS,
        "Product2": PRODUCTS,
        "Opportunity": DEALS,
        "OpportunityLineItem": LINES,
        "User": USERS,
    }
    return Books(tmp_path).write(**files)


def named(org: Org, type_: str, name: str) -> Body:
    return next(body for body in org.table(type_).values() if body["Name"] == name)


def test_references_by_name_ids_and_totals_are_filled_in(books: Books) -> None:
    org = books.load()
    child = named(org, "Account", "Acme Child")
    assert child["ParentId"] == "001Tt0000000005IAA"
    assert child["Id"] == "001Tt0000000006IAA"
    deal = named(org, "Opportunity", "Big deal")
    assert deal["AccountId"] == "001Tt0000000005IAA"
    assert (deal["IsWon"], deal["Probability"], deal["CurrencyIsoCode"]) == (True, 100, "EUR")
    assert (deal["Amount"], deal["HasOpportunityLineItem"]) == (Decimal("31.97"), True)
    assert deal["OwnerId"] == named(org, "User", "Kim Ng")["Id"]
    assert deal["SystemModstamp"] == "2026-11-11T08:00:00.000+0000"
    assert named(org, "Opportunity", "Small, deal")["SystemModstamp"] == "2026-11-22T12:00:00.000+0000"
    lines = list(org.table("OpportunityLineItem").values())
    assert [(line["ProductCode"], line["TotalPrice"]) for line in lines] == [("W-1", Decimal("26.97")), ("G-1", 5)]
    assert {line["CurrencyIsoCode"] for line in lines} == {"EUR"}


def test_an_empty_book_is_an_org_with_its_user_and_price_book(books: Books) -> None:
    book_load.load(None, books.salesforce, books.netsuite, books.clock, make(1).salesforce.organization)
    assert books.salesforce.types() == ["Organization", "Pricebook2", "User"]
    assert book_load.is_loaded(books.salesforce)


@pytest.mark.parametrize(
    ("name", "text", "parts"),
    [
        ("Opportunity", DEALS.replace("CloseDate", "ClosedDate"), ["unity.csv:1", "ClosedDate", "mean CloseDate?"]),
        ("Opportunity", DEALS.replace(",Acme,", ",Nobody,"), ["unity.csv:2", "AccountId", "'Nobody'", "Account.csv"]),
        (
            "Opportunity",
            DEALS.replace("2026-12-10", "10.12.2026"),
            ["unity.csv:3", "CloseDate", "'10.12.2026'", "date"],
        ),
        ("Opportunity", DEALS.replace("Closed Won", "Won"), ["unity.csv:2", "StageName", "restricted picklist"]),
        ("Opportunity", DEALS.replace("Closed Won", ""), ["unity.csv:2", "needs a StageName"]),
        ("Account", ACCOUNTS + ",ACME,,\n", ["Account.csv:3", "means 2 records"]),
        ("Account", ACCOUNTS.replace("001Tt", "006Tt"), ["Account.csv:2", "begin with 001"]),
        ("Account", ACCOUNTS + "001Tt0000000005IAA,Twin,,\n", ["Account.csv:4", "there already"]),
        ("Account", ACCOUNTS + "x,y\n", ["Account.csv:4", "2 cells for 4 columns"]),
        ("OpportunityLineItem", LINES.replace(",3,", ",three,"), ["Item.csv:2", "Quantity", "'three'", "1234.50"]),
        ("OpportunityLineItem", LINES.replace(",3,", ",3.333,"), ["Item.csv:2", "at most 2 decimal places"]),
        ("OpportunityLineItem", LINES.replace("G-1", "X-9"), ["Item.csv:3", "ProductCode", "'X-9'"]),
        ("OpportunityLineItem", LINES.replace("10,\n", "10,G-1\n"), ["Item.csv:2", "follows from other fields"]),
        ("Shop", "Name\nx\n", ["Shop.csv:1", "no object", "Known objects"]),
        ("User", "Username,Username\na,b\n", ["User.csv:1", "twice"]),
        ("User", "", ["User.csv:1", "empty"]),
        ("User", 'Username,LastName\n"a,b\n', ["User.csv", "not readable as CSV"]),
    ],
)
def test_a_bad_file_names_place_and_cure_and_loads_nothing(
    books: Books, name: str, text: str, parts: list[str]
) -> None:
    message = books.write(**{name: text}).refusal()
    assert [part for part in parts if part not in message] == []


def test_a_bad_netsuite_file_leaves_salesforce_empty_too(books: Books) -> None:
    (books.folder / "netsuite").mkdir()
    (books.folder / "netsuite" / "shoe.csv").write_text("name\nx\n")
    assert "shoe is no record type" in books.refusal()


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    assert "no such folder" in Books(tmp_path / "nowhere").refusal()


def test_line_numbers_count_lines_inside_quotes(books: Books) -> None:
    text = 'Name,Description,ParentId\nAcme,"one\ntwo",\nOther,,Nobody\n'
    assert "Account.csv:4" in books.write(Account=text).refusal()


def test_a_total_price_that_does_not_follow_is_refused(books: Books) -> None:
    text = "Opportunity,Product2Id,Quantity,UnitPrice,TotalPrice\nBig deal,W-1,2,5,11\n"
    assert "TotalPrice, value 11.0" in books.write(OpportunityLineItem=text).refusal()


def recorded(books: Books, *found: dict[str, Any]) -> tuple[Org, book_edits.RecordedEdits]:
    (books.folder / "edits.json").write_text(json.dumps(found))
    org = books.load()
    stores = {"salesforce": books.salesforce, "netsuite": books.netsuite}
    appliers = {"salesforce": lambda edit: edits.apply(org, edit), "netsuite": lambda edit: None}
    return org, book_edits.RecordedEdits(stores, appliers, books.clock)


def edit(op: str = "update", **more: Any) -> dict[str, Any]:
    return {
        "phase": "after",
        "system": "salesforce",
        "op": op,
        "type": "Opportunity",
        "match": {"name": "Big deal"},
        **more,
    }


def test_a_persons_edit_moves_stamps_totals_and_the_log(books: Books) -> None:
    lines = [{"match": {"index": 0}, "set": {"Quantity": 5}}, {"match": {"ProductCode": "G-1"}, "delete": True}]
    org, recorder = recorded(
        books, edit(set={"StageName": "Closed Lost"}, lines=lines, label="lost"), edit(phase="later")
    )
    books.clock.step(60)
    assert recorder.apply("after") == 1
    deal = named(org, "Opportunity", "Big deal")
    assert (deal["IsWon"], deal["Amount"]) == (False, Decimal("44.96"))
    assert deal["SystemModstamp"] == "2026-11-22T12:01:00.000+0000"
    assert deal["LastModifiedById"] == deal["OwnerId"]
    (entry,) = books.salesforce.requests()
    assert (entry["actor"], entry["operation"], entry["label"]) == ("person", "update Opportunity", "lost")
    assert {"type": "Opportunity", "id": deal["Id"], "op": "update"} in entry["effect"]
    with pytest.raises(SandboxError, match="applied already"):
        recorder.apply("after")


def test_deals_are_deleted_and_brought_back(books: Books) -> None:
    org, recorder = recorded(books, edit("delete"), edit("undelete", phase="later"))
    recorder.apply("after")
    assert named(org, "Opportunity", "Big deal")["IsDeleted"] is True
    recorder.apply("later")
    assert named(org, "Opportunity", "Big deal")["IsDeleted"] is False
    assert all(not line["IsDeleted"] for line in org.table("OpportunityLineItem").values())


@pytest.mark.parametrize(
    ("bad", "part"),
    [
        (edit(match={"Name": "Nobody"}), "hits 0 records"),
        (edit(match={"CurrencyIsoCode": "EUR"}, set={}), "must hit one"),
        (edit(match={"Shoe": 1}), "no field Shoe"),
        (edit(set={"Amount": "x"}), "refuses the edit"),
        (edit(lines=[{"match": {"index": 7}, "set": {}}]), "no line 7"),
        (edit(type="Shop"), "no object"),
    ],
)
def test_an_edit_that_cannot_be_made_undoes_the_whole_phase(books: Books, bad: dict[str, Any], part: str) -> None:
    if part == "must hit one":
        books.write(Opportunity=DEALS + "Third,Acme,Prospecting,2026-12-01,,,\n")
    org, recorder = recorded(books, edit(set={"NextStep": "first"}), {**bad, "label": "the bad one"})
    with pytest.raises(BookError, match=part) as caught:
        recorder.apply("after")
    assert "the bad one" in str(caught.value)
    assert named(org, "Opportunity", "Big deal")["NextStep"] is None
    assert books.salesforce.requests() == []


@pytest.mark.parametrize("bad", [{**edit(), "when": 1}, {**edit(), "system": "sap"}, {**edit(), "op": "melt"}, "x"])
def test_an_edits_file_of_another_form_is_refused_at_loading(books: Books, bad: Any) -> None:
    (books.folder / "edits.json").write_text(json.dumps([bad]))
    assert "edits.json edit 0" in books.refusal()
