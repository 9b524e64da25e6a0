"""Finance's month in the book: it can be carried out, it leaves the clean book clean, and every case is in it."""

from __future__ import annotations

import csv
import json
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_FLOOR, Decimal
from pathlib import Path
from typing import Any

import pytest

from sandbox.book import SMALL, Truth, generate
from sandbox.book.action import Action as Step
from sandbox.book.action import action
from sandbox.book.book import Book
from sandbox.book.check import BookContradiction, check
from sandbox.book.edit import Edit
from sandbox.book.generate import make
from sandbox.book.month import Month
from sandbox.clerk import plan

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SEED = 7
PREFIX = "tieout-so-"

Action = dict[str, Any]


class Billing:
    """What is billable and billed of Tieout's orders: a small model over quantities, from the files alone."""

    def __init__(self, folder: Path, truth: Truth) -> None:
        self.truth = truth
        self.actions: list[Action] = json.loads((folder / "clerk.json").read_text(encoding="utf-8"))["actions"]
        self.edits: list[dict[str, Any]] = json.loads((folder / "edits.json").read_text(encoding="utf-8"))
        self.deals = {row["Id"]: row for row in _read(folder, "salesforce/Opportunity")}
        self.held = {one.record for one in truth.expected if one.where == "hold" and one.phase == "first_sync"}
        self.goods = _goods(folder)
        self.lines: defaultdict[str, list[dict[str, str]]] = defaultdict(list)
        for line in _read(folder, "salesforce/OpportunityLineItem"):
            self.lines[line["OpportunityId"]].append(line)
        self.numbers = {row["tranId"] for row in _read(folder, "netsuite/salesOrder")}

    def ordered(self) -> set[str]:
        """Return the deals for which the first sync makes an order."""
        won = {id_ for id_, deal in self.deals.items() if deal["StageName"] == "Closed Won"}
        scoped = {id_ for id_ in won if self.deals[id_]["CloseDate"] >= self.truth.go_live}
        return scoped - self.held

    def steps(self, deal_id: str, phase: str | None = None) -> list[Action]:
        """Return what finance does with the deal's order."""
        order = PREFIX + deal_id
        mine = [step for step in self.actions if order in (step.get("order"), *step.get("orders", ()))]
        return [step for step in mine if phase in (None, step["phase"])]

    def left_to_tieout(self, deal_id: str) -> Decimal:
        """Return the net amount that Tieout finds billable after finance's first days."""
        steps = {step["op"]: step for step in self.steps(deal_id, "approve")}
        if "approve" not in steps or "schedule" in steps:
            return Decimal(0)
        left = Decimal(0)
        for line in self.lines[deal_id]:
            quantity = Decimal(line["Quantity"])
            billable = quantity
            if line["Product2Id"] in self.goods:
                billable = _units(quantity, steps["fulfil"].get("share", "1")) if "fulfil" in steps else Decimal(0)
            if "bill" in steps:
                billable -= _units(billable, steps["bill"].get("share", "1")) if billable else Decimal(0)
            left += billable / quantity * Decimal(line["TotalPrice"])
        return left

    def of_kind(self, label: str) -> set[str]:
        """Return the records that show a kind of defect."""
        return {one.record for one in self.truth.expected if one.label == label}


def _read(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _goods(folder: Path) -> set[str]:
    aliases = {"GTX-PRO-OLD": "GTX-PRO", "PLAT-1": "PLAT-100"}
    items = {row["itemid"] for row in _read(folder, "netsuite/item") if row["itemtype"] == "InvtPart"}
    products = _read(folder, "salesforce/Product2")
    return {row["Id"] for row in products if aliases.get(row["ProductCode"], row["ProductCode"]) in items}


def _units(quantity: Decimal, share: str) -> Decimal:
    if share == "1":
        return quantity
    return min(quantity, max(Decimal(1), (quantity * Decimal(share)).quantize(Decimal(1), rounding=ROUND_FLOOR)))


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Billing:
    folder = tmp_path_factory.mktemp("clean_month")
    return Billing(folder, generate(folder, seed=SEED, now=NOW, defects=False))


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory: pytest.TempPathFactory) -> Billing:
    folder = tmp_path_factory.mktemp("spoilt_month")
    return Billing(folder, generate(folder, seed=SEED, now=NOW, defects=True))


@pytest.mark.parametrize("defects", [False, True])
def test_the_clerk_can_read_the_plan(tmp_path: Path, defects: bool) -> None:
    generate(tmp_path, seed=3, now=NOW, defects=defects, shape=SMALL)
    assert len(plan.read(tmp_path / plan.FILE)) > 10


def test_every_action_names_an_order_that_exists(clean: Billing, spoilt: Billing) -> None:
    for book in (clean, spoilt):
        known = {PREFIX + id_ for id_ in book.ordered()} | book.numbers
        for step in book.actions:
            named = [*step.get("orders", ()), *(step[key] for key in ("order", "customer_of") if key in step)]
            assert set(named) <= known
            assert named or step["op"] == "close_period"


def test_every_order_of_the_clean_book_is_approved_once(clean: Billing) -> None:
    approved = Counter(step["order"] for step in clean.actions if step["op"] == "approve")
    assert approved == Counter({PREFIX + id_: 1 for id_ in clean.ordered()})


def test_the_truth_counts_what_tieout_will_bill(clean: Billing, spoilt: Billing) -> None:
    for book in (clean, spoilt):
        assert book.truth.counts["invoices_to_create"] == sum(book.left_to_tieout(id_) > 0 for id_ in book.ordered())
        assert book.truth.counts["orders_approved"] == sum(bool(book.steps(id_, "approve")) for id_ in book.ordered())


def test_the_month_shows_every_way_in_which_customers_settle(clean: Billing) -> None:
    labels = {step["label"] for step in clean.actions}
    assert labels >= {
        "billed by hand", "billed in a year", "delivered", "delivered in part", "deposit taken", "deposit used", "paid",
        "paid in part", "several deals paid at once", "over-paid", "over-payment refunded", "paid with discount",
        "credited", "credited in part", "NetSuite's own: billed", "NetSuite's own: paid",
    }  # fmt: skip
    touched = {order for step in clean.actions if step["phase"] == "collect" for order in step.get("orders", ())}
    unpaid = {id_ for id_ in clean.ordered() if clean.left_to_tieout(id_) and PREFIX + id_ not in touched}
    assert unpaid


def test_a_tenth_of_the_orders_is_billed_by_hand_and_some_of_them_in_part(clean: Billing) -> None:
    bills = [step for step in clean.actions if step["op"] == "bill" and step["order"].startswith(PREFIX)]
    assert {step["order"].removeprefix(PREFIX) for step in bills} == set(clean.truth.circle.billed_by_hand)
    assert 0.05 < len(bills) / len(clean.ordered()) < 0.15
    in_part = [step for step in bills if "share" in step]
    assert in_part
    assert all(clean.left_to_tieout(step["order"].removeprefix(PREFIX)) > 0 for step in in_part)


def test_the_clean_month_has_nothing_late_and_ends_with_closing_the_month(clean: Billing, spoilt: Billing) -> None:
    assert {step["phase"] for step in clean.actions} == {"approve", "collect"}
    for book in (clean, spoilt):
        for phase, name in (("approve", "Oct 2026"), ("collect", "Nov 2026")):
            steps = [step for step in book.actions if step["phase"] == phase]
            assert (steps[-1]["op"], steps[-1]["name"]) == ("close_period", name)


def test_payments_are_of_one_customer_and_currency_and_have_references_of_their_own(clean: Billing) -> None:
    payments = [step for step in clean.actions if step["op"] == "pay"]
    references = [step["reference"] for step in payments]
    assert len(set(references)) == len(references)
    for step in payments:
        deals = [clean.deals[order.removeprefix(PREFIX)] for order in step["orders"] if order.startswith(PREFIX)]
        assert len({(deal["AccountId"], deal["CurrencyIsoCode"]) for deal in deals}) <= 1
    assert any(len(step["orders"]) > 1 for step in payments)


def test_money_too_much_is_young_at_the_end_of_the_clean_month(clean: Billing) -> None:
    days = [date.fromisoformat(step["date"]) for step in clean.actions if "over" in step]
    assert days
    assert min(days) > date(2026, 12, 7) - timedelta(days=7)


def test_deposits_stay_below_the_order(clean: Billing) -> None:
    deposits = [step for step in clean.actions if step["op"] == "deposit"]
    assert deposits
    for step in deposits:
        amount = Decimal(clean.deals[step["order"].removeprefix(PREFIX)]["Amount"])
        assert 0 < Decimal(step["amount"]) < amount == clean.left_to_tieout(step["order"].removeprefix(PREFIX))


def test_the_followed_deal_is_billed_whole_by_tieout_and_paid_alone(clean: Billing, spoilt: Billing) -> None:
    for book in (clean, spoilt):
        deal_id = book.truth.circle.followed
        assert deal_id in book.ordered()
        assert book.left_to_tieout(deal_id) == Decimal(book.deals[deal_id]["Amount"])
        (payment,) = book.steps(deal_id, "collect")
        assert payment["op"] == "pay"
        assert payment["orders"] == [PREFIX + deal_id]
        assert not {"share", "over", "disc_share"} & set(payment)
        assert deal_id not in {one.record for one in book.truth.expected}


def test_finance_does_the_same_in_both_books_where_no_case_is(clean: Billing, spoilt: Billing) -> None:
    cases = {one.record for one in spoilt.truth.expected}
    alone = [id_ for id_ in clean.ordered() & spoilt.ordered() if id_ not in cases]
    first = {clean.truth.circle.followed, spoilt.truth.circle.followed}
    assert len(alone) > 300
    assert all(clean.steps(id_, "approve") == spoilt.steps(id_, "approve") for id_ in alone if id_ not in first)


def test_an_order_that_people_change_at_the_end_is_not_billed(spoilt: Billing) -> None:
    edited = {
        edit["match"]["externalId"].removeprefix(PREFIX)
        for edit in spoilt.edits
        if edit["phase"] == "after" and edit["system"] == "netsuite" and "match" in edit
    }
    assert edited
    for deal_id in edited:
        assert [step["op"] for step in spoilt.steps(deal_id)] == ["schedule", "approve"]


LATE = {
    "payment voided after the status": "void_payment",
    "application taken back": "unapply",
    "payment after the status": "pay",
    "credit after the status": "credit",
}


@pytest.mark.parametrize(("label", "op"), LATE.items())
def test_what_happens_after_the_status_happens_to_open_months(spoilt: Billing, label: str, op: str) -> None:
    for deal_id in spoilt.of_kind(label):
        (step,) = spoilt.steps(deal_id, "late")
        assert (step["op"], "date" in step) == (op, False)
        assert all("date" not in payment for payment in spoilt.steps(deal_id, "collect"))
        assert spoilt.left_to_tieout(deal_id) == Decimal(spoilt.deals[deal_id]["Amount"])


def test_goods_delivered_late_were_won_in_the_month_that_is_closed(spoilt: Billing) -> None:
    for deal_id in spoilt.of_kind("goods fulfilled only after the period"):
        assert [step["op"] for step in spoilt.steps(deal_id)] == ["approve", "fulfil"]
        assert spoilt.deals[deal_id]["CloseDate"] < "2026-12-01"
        assert spoilt.left_to_tieout(deal_id) < Decimal(spoilt.deals[deal_id]["Amount"])


def test_a_voided_invoice_is_unpaid_and_of_services(spoilt: Billing) -> None:
    for deal_id in spoilt.of_kind("invoice voided by finance"):
        assert [step["op"] for step in spoilt.steps(deal_id)] == ["approve", "void_invoice"]
        assert not {line["Product2Id"] for line in spoilt.lines[deal_id]} & spoilt.goods


def test_a_raised_price_changes_the_deal_between_the_syncs(spoilt: Billing) -> None:
    lines = {line["Id"]: line for rows in spoilt.lines.values() for line in rows}
    raised = [edit for edit in spoilt.edits if edit["label"] == "deal price raised after approval"]
    assert raised
    for edit in raised:
        line = lines[edit["match"]["Id"]]
        assert edit["phase"] == "middle"
        assert Decimal(edit["set"]["UnitPrice"]) > Decimal(line["UnitPrice"])
        assert line["OpportunityId"] in spoilt.of_kind(edit["label"])


def test_an_account_has_at_most_one_case_and_an_order(spoilt: Billing) -> None:
    buying = {spoilt.deals[id_]["AccountId"] for id_ in spoilt.ordered()}
    cases: defaultdict[str, set[str]] = defaultdict(set)
    for one in spoilt.truth.expected:
        if one.where == "exception" and one.record.startswith("001"):
            cases[one.record].add(one.label)
    assert {label for labels in cases.values() for label in labels} == {
        "payment without a purpose", "payment entered twice", "invoice without an order",
        "invoice entered in a closed month",
    }  # fmt: skip
    assert all(len(labels) == 1 for labels in cases.values())
    assert set(cases) <= buying


def test_an_invoice_in_a_closed_month_is_dated_in_it(spoilt: Billing) -> None:
    entered = [edit for edit in spoilt.edits if edit["op"] == "insert" and edit["type"] == "invoice"]
    assert entered
    assert {edit["set"]["tranDate"] for edit in entered} == {"2026-11-30"}


def test_the_days_of_the_month_follow_the_moment_of_opening() -> None:
    month = Month.of(datetime(2027, 3, 5, 9, 30, tzinfo=UTC), 21)
    assert (month.approve_day, month.collect_day) == (date(2027, 3, 6), date(2027, 3, 20))
    assert (month.first_closed, month.last_closed) == ("Jan 2027", "Feb 2027")
    assert (month.open_from, month.far_day) == (date(2027, 3, 1), date(2028, 3, 1))


def test_the_same_seed_gives_the_same_month() -> None:
    left, right = (make(seed=5, now=NOW, defects=True, shape=SMALL) for _ in range(2))
    assert left.actions == right.actions


@pytest.fixture
def book() -> Book:
    return make(seed=4, now=NOW, defects=False, shape=SMALL)


def _step(book: Book, op: str) -> Step:
    return next(step for step in book.actions if step.op == op and step.orders[0].startswith(PREFIX))


def _put(book: Book, old: Step, *new: Step) -> None:
    at = book.actions.index(old)
    book.actions[at : at + 1] = new


def _valued(step: Step, **values: str) -> Step:
    return replace(step, values={**step.values, **values})


def _alone(book: Book) -> Step:
    return next(step for step in book.actions if step.op == "pay" and step.orders[0].startswith(PREFIX))


def _of_a_held_deal(book: Book) -> None:
    held = next(id_ for id_ in sorted(book.held_first()) if id_ in book.deals)
    book.actions.insert(0, action("approve", "approve", "x", order=PREFIX + held))


def _never_approved(book: Book) -> None:
    book.actions.remove(_step(book, "approve"))


def _approved_twice(book: Book) -> None:
    step = _step(book, "approve")
    _put(book, step, step, step)


def _paid_twice(book: Book) -> None:
    step = _alone(book)
    _put(book, step, _valued(step, share="1"), _valued(step, reference="X-1"))


def _credited_too_much(book: Book) -> None:
    step = _alone(book)
    credit = action("collect", "credit", "x", order=step.orders[0], share="0.4", apply=True)
    _put(book, step, _valued(step, share="0.7"), credit)


def _delivered_too_late(book: Book) -> None:
    step = _step(book, "fulfil")
    book.actions.remove(step)
    book.actions.insert(-1, replace(step, phase="collect"))


def _two_payers(book: Book) -> None:
    deals = {deal.account_id: deal for deal in book.ordered_deals()}
    orders = [PREFIX + deal.id for deal in deals.values()]
    step = action("collect", "pay", "x", orders=orders[:2], reference="X-1")
    book.actions.insert(-1, step)


def _same_reference(book: Book) -> None:
    step = _alone(book)
    twin = action(
        "collect", "pay_on_account", "x", customer_of=step.orders[0], amount="5", date="2026-12-07",
        reference=step.text("reference"),
    )  # fmt: skip
    book.actions.insert(-1, twin)


def _old_money(book: Book) -> None:
    step = _alone(book)
    _put(book, step, _valued(step, over="50", date="2026-11-27"))


def _from_the_future(book: Book) -> None:
    step = _alone(book)
    _put(book, step, _valued(step, date="2026-12-08"))


def _late_in_a_closed_month(book: Book) -> None:
    step = _alone(book)
    book.actions.remove(step)
    book.actions.append(replace(_valued(step, date="2026-11-29"), phase="late"))


def _never_closed(book: Book) -> None:
    book.actions.pop()


def _something_after_closing(book: Book) -> None:
    book.actions.append(book.actions.pop(-2))


def _edited_when_billed(book: Book) -> None:
    order = _alone(book).orders[0]
    book.edits.append(
        Edit(phase="after", system="netsuite", op="update", type="salesOrder", label="x", match={"externalId": order})
    )


def _two_cases_of_an_account(book: Book) -> None:
    account = book.ordered_deals()[0].account_id
    book.expect_of_account(account, ("UNAPPLIED_CASH",), "one")
    book.expect_of_account(account, ("INVOICE_NO_ORDER",), "two")


def _case_of_nobodys_account(book: Book) -> None:
    buying = {deal.account_id for deal in book.ordered_deals()}
    book.expect_of_account(next(one.id for one in book.accounts if one.id not in buying), ("UNAPPLIED_CASH",), "one")


@pytest.mark.parametrize(
    ("accident", "words"),
    [
        (_of_a_held_deal, "no such order"),
        (_never_approved, "is approved 0 times"),
        (_approved_twice, "is approved already"),
        (_paid_twice, "nothing is open"),
        (_credited_too_much, "credited of"),
        (_delivered_too_late, "leave too late"),
        (_two_payers, "one payment for"),
        (_same_reference, "is on 2 payments"),
        (_old_money, "money of 2026-11-27"),
        (_from_the_future, "is dated 2026-12-08"),
        (_late_in_a_closed_month, "is dated 2026-11-29"),
        (_never_closed, "does not end with closing Nov 2026"),
        (_something_after_closing, "does not end with closing Nov 2026"),
        (_edited_when_billed, "is billed before"),
        (_two_cases_of_an_account, "has the cases one, two"),
        (_case_of_nobodys_account, "a case and no order"),
    ],
)
def test_an_accident_in_the_month_is_found(book: Book, accident: Callable[[Book], None], words: str) -> None:
    check(book)
    accident(book)
    with pytest.raises(BookContradiction, match=words):
        check(book)
