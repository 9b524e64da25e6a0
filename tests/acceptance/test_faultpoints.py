"""A sync that fails, goes on failing or is killed at some of its fault points: the short form of the long proof."""

from __future__ import annotations

import pytest

from tests.acceptance.prove_faultpoints import Case, chosen, prove

EVERY = 23
"""Each so-many-th visit to a fault point, in one way of failing after the other; the whole proof plays all."""

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def proof(tmp_path_factory):
    return prove(EVERY)


def test_every_case_ends_as_if_nothing_had_happened(proof):
    ok, figures = proof
    assert figures["wrong"] == []
    assert ok
    assert set(figures["modes"]) == {"once", "for_ever", "kill"}


def test_the_sync_passes_every_kind_of_boundary(proof):
    _, figures = proof
    places = set(figures["seen"])
    for system in ("netsuite.write", "salesforce.update", "salesforce.upsert"):
        assert {f"{system}.{step}" for step in ("sending", "sent", "answered")} <= places
    assert {f"journal.{step}" for step in ("committing", "committed")} <= places
    assert {f"sync.{step}" for step in ("claimed", "armed", "settling")} <= places


def test_without_the_read_back_the_proof_fails(proof):
    _, figures = proof
    caught, tried = (int(part) for part in figures["wrong_without_read_back"].split(" of "))
    assert tried >= 4
    assert caught > 0


def test_a_sample_takes_each_way_of_failing_in_turn():
    cases = chosen({"a": 4, "b": 2}, 2, ("once", "kill"))
    assert cases == [Case("a", 1, "once"), Case("a", 3, "kill"), Case("b", 1, "once")]
    assert len(chosen({"a": 4, "b": 2}, 1, ("once", "kill"))) == 12
