"""The whole month on a small book through the installed command: the shortest form of the long proofs."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from sandbox.book.generate import generate
from sandbox.book.shape import SMALL
from tests.acceptance import independent_chain, month
from tests.acceptance.prove_circle import compare
from tests.acceptance.prove_demo import expected_of, shown_of
from tests.acceptance.stage import NOW, staged

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """Return everything that the month showed."""
    folder = tmp_path_factory.mktemp("month")
    book = folder / "book"
    generate(book, seed=7, now=datetime.fromisoformat(NOW), defects=True, shape=SMALL)
    found = {"truth": json.loads((book / "truth.json").read_text())}
    with staged(folder, book, seed=7) as stage:
        found["holds"] = month.first_sync(stage)
        found["billed"] = month.billed(stage)["counts"]
        month.collected(stage)
        found["circle"] = compare(stage)
        before = len(stage.writes())
        stage.step("10m")
        stage.json("sync")
        stage.tieout("run", "--once", "sweep", check=0)
        found["writes"] = len(stage.writes()) - before
        found["holds"] += stage.json("holds")["holds"]
        month.late(stage)
        found["report"] = stage.json("reconcile")["report"]
        found["chain"] = independent_chain.compare(stage, found["report"])
        stage.tieout("freeze", "--until", "2027-01-31", "--reason", "year end", check=0)
        found["frozen"] = stage.tieout("sync", check=2).stderr
        found["anyway"] = stage.tieout("sync", "--anyway").returncode
        found["status"] = stage.tieout("status", check=0).stdout
    return found


def test_tieout_bills_what_finance_has_not_billed(played):
    assert played["billed"]["invoices.created"] == played["truth"]["counts"]["invoices_to_create"]


def test_salesforce_shows_what_netsuites_own_store_says(played):
    _books, live, _expected, wrong, balances, rows = played["circle"]
    assert wrong == []
    assert len(live) > 20
    assert balances > 1
    assert rows > 5


def test_a_second_round_and_a_sweep_write_nothing(played):
    assert played["writes"] == 0


def test_reconciliation_shows_exactly_what_was_planted(played):
    assert shown_of(played["holds"], played["report"]) == expected_of(played["truth"])


def test_the_chain_equals_the_dump(played):
    assert played["chain"].wrong == []
    assert played["chain"].invoices > 1


def test_a_freeze_stops_a_sync_by_hand_until_somebody_insists(played):
    assert "year end" in played["frozen"]
    assert "--anyway" in played["frozen"]
    assert played["anyway"] == 0


def test_status_tells_of_the_freeze_and_of_the_invoices(played):
    assert "frozen until 2027-01-31" in played["status"]
    assert "Invoices made by Tieout" in played["status"]
