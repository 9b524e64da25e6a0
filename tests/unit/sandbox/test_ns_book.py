"""A book's rows and a person's recorded edits in the local NetSuite."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from sandbox.clock import SandboxClock
from sandbox.errors import BookError
from sandbox.netsuite import edits
from sandbox.netsuite.load import load_rows
from sandbox.store import Store

NOW = datetime(2026, 11, 21, 3, 30, tzinfo=UTC)
ONE = {"op": "update", "type": "salesOrder", "match": {"tranId": "SO1001"}}


class Book:
    """A store being loaded."""

    def __init__(self) -> None:
        self.store, self.clock = Store(), SandboxClock(NOW)

    def load(self, type_: str, *rows: dict[str, str]) -> None:
        load_rows(self.store, self.clock, type_, [(f"{type_}.csv:{n}", row) for n, row in enumerate(rows, 2)])

    def edit(self, op: str, type_: str, **rest: Any) -> None:
        edits.apply(self.store, self.clock, {"op": op, "type": type_, "label": "a change", **rest})

    def order(self, number: str = "SO1001") -> dict[str, Any]:
        (found,) = [body for body in self.store.all("salesOrder") if body["tranId"] == number]
        return found


@pytest.fixture
def book() -> Book:
    book = Book()
    book.load(
        "subsidiary", {"name": "Acme Inc", "currency": "USD", "country": "US", "taxRegime": "vat", "taxRate": "10"}
    )
    book.load("currency", {"symbol": "USD", "name": "US Dollar"}, {"symbol": "JPY", "name": "Yen"})
    book.load("item", {"itemid": "PLAT", "displayname": "Platform"}, {"itemid": "SCAN"})
    book.load(
        "customer",
        {"companyname": "Globex West", "subsidiary": "Acme Inc", "parent": "Globex"},
        {"companyname": "Globex", "subsidiary": "Acme Inc"},
    )
    book.load(
        "salesOrder",
        {"entity": "Globex", "otherRefNum": "PO-1", "orderStatus": "Pending Fulfillment", "tranDate": "11/2/2026"},
    )
    book.load(
        "salesOrder.lines",
        {"salesOrder": "SO1001", "item": "plat", "quantity": "2", "rate": "50", "amount": "", "description": "seats"},
        {"salesOrder": "SO1001", "item": "SCAN", "quantity": "1", "rate": "", "amount": "30", "description": ""},
    )
    return book


def test_rows_refer_to_each_other_by_name_and_get_ids_and_numbers(book: Book) -> None:
    west, globex = book.store.all("customer")
    assert (west["parent"], west["entityId"], globex["entityId"]) == (globex["id"], "C-1001", "C-1002")
    assert book.store.all("subsidiary")[0]["currency"] == "1"
    assert (book.order()["orderStatus"], book.order()["tranDate"]) == ("F", "2026-11-02")


def test_an_orders_totals_are_computed_from_its_lines(book: Book) -> None:
    found = book.order()
    assert (found["subTotal"], found["taxTotal"], found["total"]) == (
        Decimal("130.00"),
        Decimal("13.00"),
        Decimal("143.00"),
    )
    assert [line["line"] for line in found["lines"]] == [1, 2]


def test_columns_may_be_written_as_suiteql_or_soap_writes_them(book: Book) -> None:
    book.load("employee", {"ENTITYID": "Ann Lee", "firstName": "Ann", "Email": "ann@acme.example"})
    book.load(
        "salesOrder",
        {"Entity": "globex", "employee": "ann@acme.example", "TRANID": "SO7", "createdDate": "2026-11-01T10:00:00Z"},
    )
    found = book.order("SO7")
    assert (found["salesRep"], found["createdDate"]) == (book.store.all("employee")[0]["id"], "2026-11-01T10:00:00Z")


def test_a_number_brought_along_is_not_given_again(book: Book) -> None:
    book.load("salesOrder", {"id": "4000", "tranId": "SO2000", "entity": "Globex"}, {"entity": "Globex"})
    latest = book.store.all("salesOrder")[-1]
    assert (latest["id"], latest["tranId"]) == ("4001", "SO2001")


@pytest.mark.parametrize(
    ("type_", "row", "complaint"),
    [
        ("item", {"itemid": "X", "colour": "red"}, "item.csv:2: item has no column 'colour'"),
        ("item", {"id": "X1"}, "'X1' is not an internal id"),
        ("item", {"id": "201"}, "201 is the id of another item"),
        ("item", {"itemid": "X", "isinactive": "maybe"}, "neither T nor F"),
        ("customer", {"companyname": "New", "subsidiary": "Nowhere"}, "no subsidiary with the id or name 'Nowhere'"),
        ("customer", {"companyname": "", "subsidiary": "Acme Inc"}, "Please enter value"),
        ("customer", {"companyname": "x" * 84, "subsidiary": "1"}, "84 characters"),
        ("salesOrder", {"entity": "Globex", "tranDate": "2026-13-01"}, "not a date"),
        ("salesOrder", {"entity": "Globex", "orderStatus": "Lost"}, "not an order status"),
        ("salesOrder.lines", {"salesOrder": "SO9", "item": "PLAT", "quantity": "1"}, "no salesOrder"),
        ("salesOrder.lines", {"salesOrder": "SO1001", "item": "PLAT", "quantity": "one"}, "not a number"),
        ("subsidiary", {"name": "X", "taxRegime": "none"}, "not a tax regime"),
        ("subsidiary", {"name": "X", "taxRate": "a=b"}, "neither a percentage"),
        ("subsidiary", {"name": "X", "currency": "XXX"}, "no currency"),
        ("contact", {"name": "X"}, "unknown record type"),
    ],
)
def test_a_bad_row_is_named_with_file_line_column_and_value(
    book: Book, type_: str, row: dict[str, str], complaint: str
) -> None:
    with pytest.raises(BookError, match=complaint.replace("(", r"\(")):
        book.load(type_, row)


def test_a_file_with_one_bad_row_leaves_nothing_behind(book: Book) -> None:
    before = len(book.store.all("item"))
    with pytest.raises(BookError):
        book.load("item", {"itemid": "GOOD"}, {"itemid": "BAD", "isinactive": "maybe"})
    assert len(book.store.all("item")) == before


def test_a_name_that_two_records_have_is_refused(book: Book) -> None:
    book.load("customer", {"companyname": "GLOBEX", "subsidiary": "1"})
    with pytest.raises(BookError, match="several customer records"):
        book.load("salesOrder", {"entity": "Globex"})


def test_a_persons_edit_of_a_line_recomputes_the_totals_and_moves_the_stamp(book: Book) -> None:
    book.clock.step(60)
    book.edit(
        "update", "salesOrder", match={"otherRefNum": "PO-1"}, lines=[{"match": {"index": 0}, "set": {"rate": "60"}}]
    )
    found = book.order()
    assert (found["total"], found["lastModifiedDate"]) == (Decimal("165.00"), "2026-11-21T03:31:00Z")


def test_lines_can_be_matched_by_item_removed_and_added(book: Book) -> None:
    changes = [
        {"match": {"item": "SCAN"}, "delete": True},
        {"set": {"item": "SCAN", "quantity": 1, "amount": Decimal(5)}},
    ]
    book.edit("update", "salesOrder", match={"tranid": "SO1001"}, lines=changes)
    assert [(line["line"], line["amount"]) for line in book.order()["lines"]] == [
        (1, Decimal("100.00")),
        (3, Decimal("5.00")),
    ]


def test_a_person_may_cancel_move_and_recurrency_an_order(book: Book) -> None:
    book.edit(
        "update",
        "salesOrder",
        match={"entity": "Globex"},
        set={"orderStatus": "C", "entity": "Globex West", "currency": "JPY"},
    )
    found = book.order()
    assert (found["orderStatus"], found["entity"], str(found["total"])) == (
        "C",
        book.store.all("customer")[0]["id"],
        "143",
    )


def test_an_inserted_order_is_numbered_and_totalled(book: Book) -> None:
    book.edit(
        "insert",
        "salesOrder",
        set={"entity": "Globex", "otherRefNum": "PO-1"},
        lines=[{"set": {"item": "PLAT", "quantity": "1", "rate": "9"}}],
    )
    assert book.order("SO1002")["total"] == Decimal("9.90")


def test_an_empty_value_clears_a_field(book: Book) -> None:
    book.edit("update", "salesOrder", match={"tranId": "SO1001"}, set={"otherRefNum": ""})
    assert "otherRefNum" not in book.order()


def test_a_deleted_order_is_gone_and_listed(book: Book) -> None:
    book.edit("delete", "salesOrder", match={"tranId": "SO1001"})
    assert book.store.all("salesOrder") == []
    (entry,) = book.store.all("deletedRecord")
    assert (entry["type"], entry["name"]) == ("salesOrder", "SO1001")


@pytest.mark.parametrize(
    ("edit", "complaint"),
    [
        ({"op": "update", "type": "salesOrder", "match": {"otherRefNum": "PO-9"}, "set": {}}, "0 records match"),
        ({"op": "update", "type": "customer", "match": {"subsidiary": "Acme Inc"}, "set": {}}, "2 records match"),
        ({"op": "update", "type": "salesOrder", "set": {}}, "exactly one"),
        ({"op": "mend", "type": "salesOrder", "match": {}}, "unknown op"),
        ({"op": "update", "type": "estimate", "match": {}}, "unknown record type"),
        ({**ONE, "set": {"colour": "red"}}, "no field 'colour'"),
        ({**ONE, "lines": [{"match": {"index": 5}}]}, "no line with index 5"),
        ({"op": "delete", "type": "customer", "match": {"companyName": "Globex"}}, "dependent records: salesOrder"),
    ],
)  # fmt: skip
def test_an_edit_that_cannot_be_carried_out_says_why(book: Book, edit: dict[str, Any], complaint: str) -> None:
    with pytest.raises(BookError, match=complaint):
        edits.apply(book.store, book.clock, {"label": "a change", **edit})
