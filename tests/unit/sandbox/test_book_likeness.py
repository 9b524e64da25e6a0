"""How names resemble each other, measured twice: by the generator and by rapidfuzz."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from rapidfuzz import fuzz, process

from sandbox.book.book import Book
from sandbox.book.dice import Dice
from sandbox.book.generate import make
from sandbox.book.ledger import Ledger
from sandbox.book.likeness import NameIndex, likeness, normalised, too_alike
from sandbox.book.names import as_finance_writes, company_name, misspelt

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def book() -> Book:
    return make(seed=11, now=NOW, defects=True)


def test_likeness_is_the_token_sort_ratio(book: Book) -> None:
    names = sorted({normalised(account.name) for account in book.accounts})[:40]
    for left in names:
        for right in names:
            assert likeness(left, right) == int(fuzz.token_sort_ratio(left, right) + 1e-9)


def test_only_planted_names_are_near_each_other(book: Book) -> None:
    names = sorted({normalised(noun.name) for noun in (*book.accounts, *book.customers)})
    scores = process.cdist(names, names, scorer=fuzz.token_sort_ratio)
    near = {
        frozenset((names[row], names[column]))
        for row in range(len(names))
        for column in range(row)
        if scores[row][column] >= 88
    }
    assert near == book.twins
    assert all(fuzz.token_sort_ratio(*pair) >= 93 for pair in book.twins)


@pytest.mark.parametrize("name", ["Linden Farms GmbH", "LINDEN  FARMS", "linden farms, Inc.", "Linden Farms Co Ltd"])
def test_case_punctuation_and_legal_form_do_not_count(name: str) -> None:
    assert normalised(name) == "linden farms"


def test_a_legal_form_alone_stays_a_name() -> None:
    assert normalised("Limited Company") == "limited"


def test_finance_writes_the_same_company_differently() -> None:
    dice = Dice(5).of("spelling")
    taken = NameIndex()
    for country in ("US", "DE", "GB", "JP") * 20:
        name = company_name(country, taken, dice)
        other = as_finance_writes(name, country, dice)
        assert other != name
        assert normalised(other) == normalised(name)


def test_a_misspelling_is_near_and_not_equal() -> None:
    dice = Dice(5).of("misspelling")
    taken = NameIndex()
    for _ in range(50):
        name = company_name("US", taken, dice)
        wrong = misspelt(name, taken, dice)
        assert normalised(wrong) != normalised(name)
        assert fuzz.token_sort_ratio(normalised(wrong), normalised(name)) >= 93


def test_names_that_are_alike_are_found_in_any_word_order() -> None:
    found = list(too_alike(["harbour robotics amber", "amber harbour robotic", "flint dairies"]))
    assert [(left, right) for left, right, _ in found] == [("harbour robotics amber", "amber harbour robotic")]


def test_a_ledger_keeps_amounts_of_one_family_apart() -> None:
    ledger = Ledger()
    ledger.take("family", "USD", Decimal("100.00"))
    assert not ledger.free("family", "USD", Decimal("104.99"))
    assert not ledger.free("family", "USD", Decimal("95.01"))
    assert ledger.free("family", "USD", Decimal("105.00"))
    assert ledger.free("family", "EUR", Decimal("100.00"))
    assert ledger.free("other", "USD", Decimal("100.00"))
