"""``tieout holds`` as people use it: by the real command line over a real state database."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from console.main import app
from console.state import opened_journal
from journal import dismissals, holds, subjects
from journal.nouns import KIND_CUSTOMER, KIND_ORDER
from sync import codes
from tests.unit.console.service_world import settings

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DEALS = [f"00600000000000{number}AAA" for number in range(1, 5)]


@pytest.fixture
def state(tmp_path):
    """Two deals that lack an item, one that NetSuite refused, and a customer in question."""
    found = settings(tmp_path)
    with opened_journal(found) as journal, journal.begin() as tx:
        for deal in DEALS[:2]:
            hold(tx, KIND_ORDER, deal, codes.hold("ITEM_NOT_FOUND", "Product 'OLD-SKU' is no item.", about="OLD-SKU"))
        refused = codes.hold(
            "REMOTE_REJECTED", "NetSuite refused it: no right (INSUFFICIENT_PERMISSION)", class_=codes.PERMISSION,
            remote_code="INSUFFICIENT_PERMISSION",
        )  # fmt: skip
        hold(tx, KIND_ORDER, DEALS[2], type(refused)(**{**fields(refused), "content": "abc"}))
        near = codes.hold("CUSTOMER_NEAR_MATCH", "Is it Blue Harbour?")
        hold(tx, KIND_CUSTOMER, "001000000000001AAA", near)
    return tmp_path / "sync.toml"


def fields(cause):
    return {name: getattr(cause, name) for name in cause.__dataclass_fields__}


def hold(tx, kind, source_id, cause):
    holds.open_hold(tx, kind, source_id, f"Deal {source_id[14]}", cause, NOW)
    subjects.mark(tx, kind, source_id, label=f"Deal {source_id[14]}", state=subjects.HELD, at=NOW, version="v1")


def tieout(state, *words, **options):
    return CliRunner().invoke(app, [*words, "--config", str(state)], **options)


def listed(state, *words):
    return json.loads(tieout(state, "holds", "list", *words, "--json").stdout)["holds"]


def test_the_short_form_lists_every_hold_and_how_many(state):
    result = tieout(state, "holds")
    assert result.exit_code == 0, result.output
    assert "4 records are held." in result.stdout
    assert json.loads(tieout(state, "holds", "--json").stdout)["version"] == 1
    assert tieout(state, "holds", "--strict").exit_code == 1


@pytest.mark.parametrize(
    ("words", "count"),
    [
        (["--class", "permission"], 1),
        (["--class", "reference-missing"], 2),
        (["--code", "item_not_found"], 2),
        (["--like", "ITEM_NOT_FOUND:OLD"], 2),
        (["--owner", "admin"], 1),
        (["--owner", "data", "--code", "CUSTOMER_NEAR_MATCH"], 1),
    ],
)
def test_a_filter_shows_only_what_fits(state, words, count):
    assert len(listed(state, *words)) == count


def test_an_unknown_class_is_refused_with_the_list_of_classes(state):
    result = tieout(state, "holds", "list", "--class", "misc")
    assert result.exit_code == 2
    assert "reference missing" in result.stderr


def test_groups_count_what_the_same_remedy_mends(state):
    result = tieout(state, "holds", "list", "--groups")
    assert "ITEM_NOT_FOUND:OLD-SKU" in result.stdout
    body = json.loads(tieout(state, "holds", "list", "--json").stdout)
    assert body["alike"][0] == {"likeness": "ITEM_NOT_FOUND:OLD-SKU", "count": 2}


def test_show_tells_cause_fix_next_try_and_the_commands_that_help(state):
    found = listed(state, "--class", "permission")[0]
    for name in (found["id"], found["key"], DEALS[2], DEALS[2][:15], f"https://acme.my.salesforce.com/{DEALS[2]}"):
        result = tieout(state, "holds", "show", name)
        assert result.exit_code == 0, result.output
        for text in ("no right", "refused once as", "2026-11-22 12:05", f"holds retry {found['id']}", found["url"]):
            assert text in result.stdout


def test_a_retry_is_made_under_the_persons_name_and_a_second_one_as_seen_before_is_refused(state, tmp_path):
    found = listed(state, "--class", "permission")[0]
    words = ("holds", "retry", found["id"], "--by", "maria", "--seen", found["seen"])
    assert tieout(state, *words).exit_code == 0
    again = tieout(state, *words)
    assert again.exit_code == 2
    assert "has changed since it was shown" in again.stderr
    assert listed(state, "--class", "permission")[0]["tries"] == 0


def test_release_asks_and_says_how_many(state):
    words = ("holds", "release", "--all-like", "ITEM_NOT_FOUND:OLD-SKU")
    refused = tieout(state, *words, input="n\n")
    assert refused.exit_code == 2
    assert "2 holds are alike" in refused.stdout
    nobody = tieout(state, *words, input="")
    assert nobody.exit_code == 2
    assert "Add --yes" in nobody.stderr
    assert "2 released" in tieout(state, *words, input="y\n").stdout
    body = json.loads(tieout(state, *words, "--yes", "--json").stdout)
    assert len(body["released"]) == 2


def test_release_of_what_nothing_is_like_names_what_there_is(state):
    result = tieout(state, "holds", "release", "--all-like", "ITEM_NOT_FOUND", "--yes")
    assert result.exit_code == 2
    assert "ITEM_NOT_FOUND:OLD-SKU" in result.stderr


def test_a_dismissed_hold_leaves_the_list_and_can_be_taken_up_again(state):
    result = tieout(state, "holds", "dismiss", DEALS[0], "--reason", "a test deal", "--by", "maria")
    assert result.exit_code == 0, result.output
    assert DEALS[0] not in {found["source_id"] for found in listed(state)}
    assert [found["source_id"] for found in listed(state, "--dismissed")] == [DEALS[0]]
    assert "dismissed already" in tieout(state, "holds", "dismiss", DEALS[0], "--reason", "again").stderr
    shown = tieout(state, "holds", "show", DEALS[0]).stdout
    assert "left alone" in shown
    assert "was held from 2026-11-22 12:00 UTC to " in shown
    assert "holds dismiss" not in shown
    assert "1 record is dismissed." in tieout(state, "holds", "list", "--dismissed").stdout
    assert tieout(state, "holds", "retry", DEALS[0]).exit_code == 0
    assert listed(state, "--dismissed") == []


def test_a_dismissal_without_a_reason_is_refused(state):
    assert tieout(state, "holds", "dismiss", DEALS[0], "--reason", " ").exit_code == 2


def test_a_hold_that_is_over_says_how_and_by_whom_it_ended(state, tmp_path):
    found = listed(state)[0]
    with opened_journal(settings(tmp_path)) as journal, journal.begin() as tx:
        holds.resolve(tx, found["kind"], found["source_id"], "written", NOW)
    result = tieout(state, "holds", "retry", found["id"])
    assert result.exit_code == 2
    assert "is over since 2026-11-22" in result.stderr
    assert "written" in result.stderr


def test_what_names_no_hold_is_refused_in_plain_words(state):
    result = tieout(state, "holds", "show", "nonsense")
    assert result.exit_code == 2
    assert "names no open hold" in result.stderr
    assert "tieout trace" in result.stderr


def test_the_person_is_in_the_audit(state, tmp_path):
    tieout(state, "holds", "dismiss", DEALS[0], "--reason", "a test deal", "--by", "maria")
    with opened_journal(settings(tmp_path)) as journal, journal.begin() as tx:
        assert dismissals.find(tx, KIND_ORDER, DEALS[0]) is not None
        (row,) = [row for row in holds.history(tx, KIND_ORDER, DEALS[0]) if row["resolved_at"]]
    assert row["resolved_by"] == "maria"
    assert row["resolution"] == "dismissed: a test deal"
