"""Finance's month of a defective book, played by the clerk over HTTP, leaves NetSuite as the truth says."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sandbox import control_client
from sandbox.book import Shape, Truth, generate
from sandbox.clerk.run import carry_out
from sandbox.serve import running
from sandbox.store import Store

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SHAPE = Shape(
    accounts=40,
    products=12,
    opportunities=110,
    won=84,
    won_before=10,
    unmatched_before=2,
    reps=4,
    erp_customers=6,
    erp_orders=8,
    possible_duplicates=1,
    near_matches=1,
)
PREFIX = "tieout-so-"
ALIASES = {"GTX-PRO-OLD": "GTX-PRO", "PLAT-1": "PLAT-100"}
NEW_CUSTOMERS_FROM = 90_001
NEW_ORDERS_FROM = 80_001

Body = dict[str, Any]


class Played:
    """NetSuite's records at the end, with the truth of the book."""

    def __init__(self, truth: Truth, store: Store, customers: dict[str, str]) -> None:
        self.truth = truth
        self.orders = {body["id"]: body for body in store.all("salesOrder")}
        self.items = {body["id"]: body for body in store.all("item")}
        self.invoices = [body for body in store.all("invoice") if not body["voided"]]
        self.payments = [body for body in store.all("customerPayment") if not body["voided"]]
        self.deposits = list(store.all("customerDeposit"))
        self.accounts = {customer: account for account, customer in customers.items()}

    def expected(self, code: str) -> set[str]:
        return {one.record for one in self.truth.expected if one.where == "exception" and one.code == code}

    def ours(self) -> dict[str, str]:
        """Return the deal by order id."""
        named = ((id_, str(body["externalId"] or "")) for id_, body in self.orders.items())
        return {id_: external.removeprefix(PREFIX) for id_, external in named if external.startswith(PREFIX)}

    def unbilled(self, *, goods: bool) -> set[str]:
        """Return the deals with something billable and unbilled on their orders."""
        found = set()
        for id_, deal in self.ours().items():
            order = self.orders[id_]
            if order["orderStatus"] in "ACH" or order.get("billingSchedule"):
                continue
            for line in order["lines"]:
                stocked = self.items[line["item"]]["itemType"] == "InvtPart"
                ready = line["quantityFulfilled"] if stocked else line["quantity"]
                if stocked is goods and ready > line["quantityBilled"]:
                    found.add(deal)
        return found


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _append(path: Path, rows: list[dict[str, str]]) -> None:
    all_rows = [*_read(path), *rows]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(all_rows[0]), restval="")
        writer.writeheader()
        writer.writerows(all_rows)


def _first_sync(book: Path, truth: Truth) -> dict[str, str]:
    """Write customers and orders into the book as the first sync leaves them; return customers by account."""
    held = {one.record for one in truth.expected if one.where == "hold" and one.phase == "first_sync"}
    deals = [
        deal
        for deal in _read(book / "salesforce" / "Opportunity.csv")
        if deal["StageName"] == "Closed Won" and deal["CloseDate"] >= truth.go_live and deal["Id"] not in held
    ]
    accounts = {row["Id"]: row for row in _read(book / "salesforce" / "Account.csv")}
    places = {row["country"]: row["name"] for row in _read(book / "netsuite" / "subsidiary.csv")}
    customers = {
        account: str(number)
        for number, account in enumerate(sorted({deal["AccountId"] for deal in deals}), NEW_CUSTOMERS_FROM)
    }
    new = [
        {
            "id": id_, "entityid": f"T-{id_}", "companyname": accounts[account]["Name"], "country": "US",
            "subsidiary": places[accounts[account]["BillingCountryCode"]],
            "currency": accounts[account]["CurrencyIsoCode"], "isinactive": "F",
        }
        for account, id_ in customers.items()
    ]  # fmt: skip
    _append(book / "netsuite" / "customer.csv", new)
    _enter_orders(book, deals, customers)
    return customers


def _enter_orders(book: Path, deals: list[Body], customers: dict[str, str]) -> None:
    codes = {row["Id"]: row["ProductCode"] for row in _read(book / "salesforce" / "Product2.csv")}
    numbers = {deal["Id"]: f"TO{number}" for number, deal in enumerate(deals, 1)}
    orders = [
        {
            "id": str(number), "tranId": numbers[deal["Id"]], "externalId": PREFIX + deal["Id"], "orderStatus": "A",
            "entity": customers[deal["AccountId"]], "currency": deal["CurrencyIsoCode"], "tranDate": deal["CloseDate"],
        }
        for number, deal in enumerate(deals, NEW_ORDERS_FROM)
    ]  # fmt: skip
    lines = [
        {
            "salesOrder": numbers[line["OpportunityId"]], "quantity": line["Quantity"], "amount": line["TotalPrice"],
            "item": ALIASES.get(codes[line["Product2Id"]], codes[line["Product2Id"]]),
        }
        for line in _read(book / "salesforce" / "OpportunityLineItem.csv")
        if line["OpportunityId"] in numbers
    ]  # fmt: skip
    _append(book / "netsuite" / "salesOrder.csv", orders)
    _append(book / "netsuite" / "salesOrder.lines.csv", lines)


def _with_billing(book: Path) -> None:
    """Let the clerk bill, at the start of the second phase, what is left for Tieout to bill after the first."""
    path = book / "clerk.json"
    plan = json.loads(path.read_text(encoding="utf-8"))
    steps = [step for step in plan["actions"] if step["phase"] == "approve"]
    scheduled = {step["order"] for step in steps if step["op"] == "schedule"}
    billed = {step["order"] for step in steps if step["op"] == "bill" and "share" not in step}
    days = {row["externalId"]: row["tranDate"] for row in _read(book / "netsuite" / "salesOrder.csv")}
    approved = {step["order"] for step in steps if step["op"] == "approve"}
    bills = [
        {"phase": "collect", "op": "bill", "label": "billed", "order": order, "date": days[order]}
        for order in sorted(approved - scheduled - billed - _undelivered(book, steps))
    ]
    plan["actions"] = [*bills, *plan["actions"]]
    path.write_text(json.dumps(plan), encoding="utf-8")


def _undelivered(book: Path, steps: list[Body]) -> set[str]:
    """Return the orders of goods alone of which nothing is delivered."""
    goods = {row["itemid"] for row in _read(book / "netsuite" / "item.csv") if row["itemtype"] == "InvtPart"}
    orders = {row["tranId"]: row["externalId"] for row in _read(book / "netsuite" / "salesOrder.csv")}
    services = {
        orders[row["salesOrder"]]
        for row in _read(book / "netsuite" / "salesOrder.lines.csv")
        if row["item"] not in goods
    }
    return set(orders.values()) - services - {step["order"] for step in steps if step["op"] == "fulfil"}


@pytest.fixture(scope="module", params=[1, 2])
def played(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    folder = tmp_path_factory.mktemp("played")
    book, place = folder / "book", folder / "sandbox"
    truth = generate(book, seed=request.param, now=NOW, defects=True, shape=SHAPE)
    customers = _first_sync(book, truth)
    _with_billing(book)
    with running(place, str(book), seed=1, now=NOW):
        for seconds, phase in ((25 * 3600, "approve"), (14 * 86400, "collect"), (600, "late")):
            control_client.post(place, "step", {"seconds": seconds})
            carry_out(place, phase, book)
    with closing(Store(place / "netsuite.db")) as store:
        yield Played(truth, store, customers)


def test_what_stays_unbilled_is_what_the_truth_names(played: Played) -> None:
    assert played.unbilled(goods=False) == played.expected("UNBILLED")
    assert played.unbilled(goods=True) == played.expected("FULFILLED_NOT_BILLED")


def test_orders_that_nobody_approved_are_what_the_truth_names(played: Played) -> None:
    pending = {deal for id_, deal in played.ours().items() if played.orders[id_]["orderStatus"] == "A"}
    assert pending == played.expected("ORDER_UNAPPROVED")


def test_only_deals_that_are_billed_twice_are_billed_above_their_order(played: Played) -> None:
    billed: Counter[str] = Counter()
    for invoice in played.invoices:
        deal = played.ours().get(invoice["createdFrom"] or "") or invoice.get("custbody_crm_opportunity")
        if deal:
            billed[deal] += invoice["subTotal"]
    ordered = {
        deal: sum((line["amount"] for line in played.orders[id_]["lines"]), Decimal(0))
        for id_, deal in played.ours().items()
    }
    assert {deal for deal, amount in billed.items() if amount > ordered[deal]} == played.expected("OVERBILLED")


def test_money_that_lies_on_account_for_long_is_what_the_truth_names(played: Played) -> None:
    left = [body for body in (*played.payments, *played.deposits) if body["unapplied"] > 0]
    long = {played.accounts[body["customer"]] for body in left if body["tranDate"] < "2026-11-30"}
    assert long == played.expected("UNAPPLIED_CASH")


def test_payments_that_come_twice_are_what_the_truth_names(played: Played) -> None:
    keys = Counter((body["customer"], body["currency"], body["payment"], body["checkNum"]) for body in played.payments)
    assert {played.accounts[key[0]] for key, count in keys.items() if count > 1} == played.expected("DUP_PAYMENT")


def test_the_followed_deal_is_paid(played: Played) -> None:
    (order,) = (id_ for id_, deal in played.ours().items() if deal == played.truth.circle.followed)
    (invoice,) = (body for body in played.invoices if body["createdFrom"] == order)
    assert invoice["status"] == "B"
    assert invoice["amountRemaining"] == 0
    assert invoice["amountPaid"] == invoice["total"] > 0
