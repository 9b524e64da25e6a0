"""The demo book: repeatable, of the promised size, and true to its own truth."""

from __future__ import annotations

import csv
import json
from collections import Counter
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest

from sandbox.book import SMALL, Shape, Truth, generate
from sandbox.book.__main__ import main
from sandbox.book.defects.catalogue import KINDS
from sandbox.ids import canonical

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SEED = 7

Rows = dict[str, list[dict[str, str]]]


class Written:
    """A generated folder, read back."""

    def __init__(self, folder: Path, truth: Truth) -> None:
        self.folder = folder
        self.truth = truth
        self.rows: Rows = {path.stem: _read(path) for path in sorted(folder.glob("*/*.csv"))}
        self.edits: list[dict[str, Any]] = json.loads((folder / "edits.json").read_text(encoding="utf-8"))

    def holds(self) -> Counter[str]:
        return Counter(code.code for code in self.truth.expected if code.where == "hold")

    def held_first(self) -> set[str]:
        return {one.record for one in self.truth.expected if one.where == "hold" and one.phase == "first_sync"}

    def by_id(self, name: str) -> dict[str, dict[str, str]]:
        return {row["Id"]: row for row in self.rows[name]}


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Written:
    folder = tmp_path_factory.mktemp("clean")
    return Written(folder, generate(folder, seed=SEED, now=NOW, defects=False))


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory: pytest.TempPathFactory) -> Written:
    folder = tmp_path_factory.mktemp("spoilt")
    return Written(folder, generate(folder, seed=SEED, now=NOW, defects=True))


def _bytes(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.*"))}


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path, spoilt: Written) -> None:
    generate(tmp_path, seed=SEED, now=NOW, defects=True)
    assert _bytes(tmp_path) == _bytes(spoilt.folder)


def test_another_seed_gives_another_book(tmp_path: Path, clean: Written) -> None:
    generate(tmp_path, seed=SEED + 1, now=NOW, defects=False)
    assert _bytes(tmp_path)["salesforce/Opportunity.csv"] != _bytes(clean.folder)["salesforce/Opportunity.csv"]


def test_the_book_has_the_promised_sizes(clean: Written) -> None:
    counts = clean.truth.counts
    assert (counts["accounts"], counts["products"], counts["opportunities"]) == (300, 40, 1200)
    assert (counts["won_in_scope"], counts["before_go_live"]) == (450, 120)
    assert counts["before_go_live_matched"] == 105
    lines = Counter(row["OpportunityId"] for row in clean.rows["OpportunityLineItem"])
    assert set(lines.values()) == set(range(1, 9))
    assert {row["CurrencyIsoCode"] for row in clean.rows["Opportunity"]} == {"USD", "EUR", "GBP", "JPY"}


def test_the_counts_say_what_the_files_hold(spoilt: Written) -> None:
    deals, counts = spoilt.rows["Opportunity"], spoilt.truth.counts
    won = [deal for deal in deals if deal["StageName"] == "Closed Won"]
    scoped = [deal for deal in won if deal["CloseDate"] >= spoilt.truth.go_live]
    held = spoilt.held_first() & {deal["Id"] for deal in scoped}
    assert counts["won_in_scope"] == len(scoped)
    assert counts["before_go_live"] == len(won) - len(scoped)
    assert counts["orders_to_create"] == len(scoped) - len(held)
    assert counts["orders_in_erp"] == len(spoilt.rows["salesOrder"])


def test_a_clean_book_expects_its_labelled_cases_and_nothing_else(clean: Written) -> None:
    assert clean.holds() == {"POSSIBLE_DUPLICATE": 8, "CUSTOMER_NEAR_MATCH": 5, "CUSTOMER_HELD": 5}
    exceptions = [code for code in clean.truth.expected if code.where == "exception"]
    assert {code.code for code in exceptions} == {"SYNC_BLOCKED"}
    assert len(exceptions) == 13
    assert clean.truth.planted.items == 0
    assert clean.truth.labelled.items == 13
    assert clean.edits == []


def test_a_defective_book_has_every_kind_of_defect(spoilt: Written) -> None:
    planted = spoilt.truth.planted
    assert planted.kinds == len(KINDS) >= 14
    assert all(1 <= planted.by_kind[kind.label] <= kind.most <= 3 for kind in KINDS)
    assert planted.items == sum(planted.by_kind.values())


def test_every_deal_has_at_most_one_defect(spoilt: Written) -> None:
    labels: dict[str, set[str]] = {}
    for code in spoilt.truth.expected:
        labels.setdefault(code.record, set()).add(code.label)
    assert all(len(kinds) == 1 for kinds in labels.values())


def test_holds_that_reconciliation_names_otherwise_show_under_that_name(spoilt: Written) -> None:
    shown = {(code.record, code.code) for code in spoilt.truth.expected if code.where == "exception"}
    names = {"LOCKED_DOWNSTREAM": "CHANGED_AFTER_LOCK", "REOPENED_AFTER_PUSH": "CRM_OPEN_ERP_BILLED"}
    late = [code for code in spoilt.truth.expected if code.where == "hold" and code.code in names]
    assert {code.code for code in late} == set(names)
    assert all((code.record, names[code.code]) in shown and code.phase == "last_sync" for code in late)


def test_every_held_deal_is_expected_to_show_as_blocked(spoilt: Written) -> None:
    deals = spoilt.by_id("Opportunity")
    elsewhere = {"LOCKED_DOWNSTREAM", "REOPENED_AFTER_PUSH"}
    holds = [code for code in spoilt.truth.expected if code.where == "hold" and code.code not in elsewhere]
    held = {code.record for code in holds if code.record in deals}
    blocked = {code.record for code in spoilt.truth.expected if code.code == "SYNC_BLOCKED"}
    assert held == blocked


def test_the_edits_of_phase_before_lead_from_the_clean_book_to_the_defective_one(
    clean: Written, spoilt: Written
) -> None:
    rows = {name: [dict(row) for row in table] for name, table in clean.rows.items()}
    for edit in spoilt.edits:
        if edit["phase"] == "before":
            _carry_out(rows, edit, columns=list(spoilt.rows[edit["type"]][0]))
    assert {name: _sorted(table) for name, table in rows.items()} == {
        name: _sorted(table) for name, table in spoilt.rows.items()
    }


def _carry_out(rows: Rows, edit: dict[str, Any], columns: list[str]) -> None:
    table = rows[edit["type"]]
    if edit["op"] == "insert":
        table.append(dict.fromkeys(columns, "") | edit["set"])
        return
    (row,) = [row for row in table if all(row[name] == value for name, value in edit["match"].items())]
    if edit["op"] == "delete":
        table.remove(row)
    else:
        row.update(edit["set"])


def _sorted(table: list[dict[str, str]]) -> list[list[tuple[str, str]]]:
    return sorted(sorted(row.items()) for row in table)


def test_edits_after_the_first_sync_are_not_in_the_files(clean: Written, spoilt: Written) -> None:
    after = [edit for edit in spoilt.edits if edit["phase"] == "after"]
    lost = [edit["match"]["Id"] for edit in after if edit.get("set", {}).get("StageName") == "Closed Lost"]
    assert lost
    assert all(spoilt.by_id("Opportunity")[id_]["StageName"] == "Closed Won" for id_ in lost)


def test_edits_of_orders_name_orders_that_the_sync_creates(spoilt: Written) -> None:
    held = spoilt.held_first()
    named = [
        edit["match"]["externalId"].removeprefix("tieout-so-")
        for edit in spoilt.edits
        if edit["phase"] == "after" and edit["system"] == "netsuite" and "match" in edit
    ]
    assert named
    assert len(set(named)) == len(named)
    assert set(named) <= set(spoilt.by_id("Opportunity")) - held


def test_every_id_is_an_18_character_salesforce_id(spoilt: Written) -> None:
    ids = [row["Id"] for table in spoilt.rows.values() for row in table if "Id" in row]
    assert len(set(ids)) == len(ids)
    assert all(canonical(id_) == id_ for id_ in ids)


def test_line_totals_follow_from_quantity_price_and_discount(spoilt: Written) -> None:
    for line in spoilt.rows["OpportunityLineItem"]:
        unit = Decimal(1) if line["CurrencyIsoCode"] == "JPY" else Decimal("0.01")
        exact = Decimal(line["Quantity"]) * Decimal(line["UnitPrice"]) * (100 - Decimal(line["Discount"] or 0)) / 100
        assert Decimal(line["TotalPrice"]) == exact.quantize(unit, rounding=ROUND_HALF_UP)


def test_a_third_of_the_products_are_goods_in_whole_units(clean: Written) -> None:
    kinds = Counter(row["itemtype"] for row in clean.rows["item"])
    assert set(kinds) == {"InvtPart", "Service"}
    assert 0.28 < kinds["InvtPart"] / kinds.total() < 0.4
    goods = {row["itemid"] for row in clean.rows["item"] if row["itemtype"] == "InvtPart"}
    products = {row["Id"] for row in clean.rows["Product2"] if row["ProductCode"] in goods}
    lines = [row for row in clean.rows["OpportunityLineItem"] if row["Product2Id"] in products]
    assert lines
    assert all(Decimal(line["Quantity"]) % 1 == 0 for line in lines)


def test_yen_amounts_are_whole(spoilt: Written) -> None:
    yen = [row for row in spoilt.rows["Opportunity"] if row["CurrencyIsoCode"] == "JPY"]
    assert yen
    assert all("." not in row["Amount"] for row in yen)


def test_deal_amounts_are_the_sums_of_their_lines(clean: Written) -> None:
    sums: Counter[str] = Counter()
    totals: dict[str, Decimal] = {}
    for line in clean.rows["OpportunityLineItem"]:
        sums[line["OpportunityId"]] += 1
        totals[line["OpportunityId"]] = totals.get(line["OpportunityId"], Decimal(0)) + Decimal(line["TotalPrice"])
    assert all(Decimal(clean.by_id("Opportunity")[id_]["Amount"]) == total for id_, total in totals.items())


def test_orders_of_deals_from_before_go_live_have_their_po_and_amount(clean: Written) -> None:
    net: dict[str, Decimal] = {}
    for line in clean.rows["salesOrder.lines"]:
        net[line["salesOrder"]] = net.get(line["salesOrder"], Decimal(0)) + Decimal(line["amount"])
    orders = {row["otherRefNum"]: row for row in clean.rows["salesOrder"] if row["otherRefNum"]}
    won = [row for row in clean.rows["Opportunity"] if row["StageName"] == "Closed Won"]
    early = [row for row in won if row["CloseDate"] < clean.truth.go_live]
    matched = [(deal, orders[deal["PO_Number__c"]]) for deal in early if deal["PO_Number__c"] in orders]
    assert len(matched) == clean.truth.counts["before_go_live_matched"]
    assert all(Decimal(deal["Amount"]) == net[order["tranId"]] for deal, order in matched)


def test_most_reps_are_employees_and_some_are_not(clean: Written) -> None:
    users = {row["Email"] for row in clean.rows["User"]}
    employees = {row["email"] for row in clean.rows["employee"]}
    assert employees < users
    assert len(users - employees) == 2


def test_every_product_is_an_item_by_code_or_alias(clean: Written) -> None:
    aliases = {"GTX-PRO-OLD": "GTX-PRO", "PLAT-1": "PLAT-100"}
    codes = {row["ProductCode"] for row in clean.rows["Product2"]}
    assert codes >= set(aliases)
    assert {aliases.get(code, code) for code in codes} == {row["itemid"] for row in clean.rows["item"]}


def test_accounts_form_groups_of_up_to_three_levels(clean: Written) -> None:
    parents = {row["Id"]: row["ParentId"] for row in clean.rows["Account"]}

    def level(id_: str) -> int:
        return 1 if not parents[id_] else 1 + level(parents[id_])

    assert {level(id_) for id_ in parents} == {1, 2, 3}


def test_half_of_the_buyers_are_customers_already(clean: Written) -> None:
    share = clean.truth.counts["accounts_in_erp"] / 174
    assert 0.4 < share < 0.7
    stored = [row for row in clean.rows["Account"] if row["netsuite_conn__NetSuite_Id__c"]]
    assert 0 < len(stored) < clean.truth.counts["accounts_in_erp"]


@pytest.mark.parametrize("seed", range(6))
def test_a_small_book_holds_some_kinds_and_keeps_sound_deals(tmp_path: Path, seed: int) -> None:
    truth = generate(tmp_path, seed=seed, now=NOW, defects=True, shape=SMALL)
    assert truth.counts["opportunities"] == 25
    assert truth.planted.kinds >= 5
    assert truth.counts["orders_to_create"] >= 2


def test_seeds_of_small_books_reach_different_kinds(tmp_path: Path) -> None:
    kinds = [
        set(generate(tmp_path / str(seed), seed=seed, now=NOW, defects=True, shape=SMALL).planted.by_kind)
        for seed in range(8)
    ]
    assert len(set().union(*kinds)) > max(len(one) for one in kinds)


def test_the_book_moves_with_its_now(tmp_path: Path) -> None:
    now = datetime(2027, 3, 5, 9, 30, tzinfo=UTC)
    truth = generate(tmp_path, seed=1, now=now, defects=False, shape=SMALL)
    assert truth.go_live == "2027-02-12"
    stamps = [row["SystemModstamp"] for row in _read(tmp_path / "salesforce" / "Opportunity.csv")]
    assert max(stamps) <= "2027-03-05T07:30:00.000+0000"


def test_a_now_without_zone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="needs a zone"):
        generate(tmp_path, seed=1, now=datetime(2026, 11, 22), defects=False)  # noqa: DTZ001 - that is the point


def test_a_book_without_room_for_its_deals_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot hold"):
        Shape(opportunities=100, won=90, won_before=20)


def test_the_command_writes_a_book_and_prints_its_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [str(tmp_path), "--seed", "3", "--now", "2026-11-22T12:00:00Z", "--small", "--clean"]
    assert main(arguments) == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary["clean"] is True
    assert summary["counts"]["opportunities"] == 25
    assert json.loads((tmp_path / "truth.json").read_text(encoding="utf-8"))["seed"] == 3
