from __future__ import annotations

from datetime import UTC, datetime, timedelta

from journal import findings
from journal.database import Journal
from journal.findings import Note, Sighting

T0 = datetime(2026, 11, 22, 12, tzinfo=UTC)


def seen(name: str, sha: str = "v1") -> Sighting:
    return Sighting(id=name, code="AMOUNT", entity="deal", key=name, field="", values_sha=sha)


def run(journal: Journal, number: int, *sightings: Sighting, complete: bool = True):  # type: ignore[no-untyped-def]
    with journal.begin() as tx:
        return findings.record(tx, f"run{number}", sightings, T0 + timedelta(days=number), complete=complete)


def say(journal: Journal, name: str, reason: str | None, comment: str | None = None) -> int:
    note = Note(finding_id=name, owner="ar@acme.com", reason=reason, comment=comment)
    with journal.begin() as tx:
        return len(findings.take(tx, [note], "anna", T0))


def state(journal: Journal, name: str):  # type: ignore[no-untyped-def]
    with journal.begin() as tx:
        return next(one for one in findings.all_of(tx) if one.id == name)


def test_a_finding_keeps_its_age_and_is_closed_when_a_complete_run_no_longer_sees_it(journal: Journal) -> None:
    run(journal, 1, seen("a"), seen("b"))
    roll = run(journal, 2, seen("a"))
    assert (state(journal, "a").runs, state(journal, "a").first_seen_at) == (2, T0 + timedelta(days=1))
    assert state(journal, "b").state == "closed"
    assert (roll.opening, roll.new, roll.resolved, roll.accepted, roll.closing) == (2, 0, 1, 0, 1)


def test_an_incomplete_run_closes_nothing(journal: Journal) -> None:
    run(journal, 1, seen("a"))
    roll = run(journal, 2, complete=False)
    assert (state(journal, "a").state, roll.closing, roll.foots) == ("open", 1, True)


def test_an_acceptance_holds_for_its_values_and_lapses_with_them(journal: Journal) -> None:
    run(journal, 1, seen("a"), seen("b"))
    assert say(journal, "a", "accepted difference") == 1
    roll = run(journal, 2, seen("a"), seen("b"))
    assert (state(journal, "a").state, roll.accepted, roll.closing, roll.foots) == ("accepted", 1, 1, True)
    roll = run(journal, 3, seen("a", "v2"), seen("b"))
    assert (state(journal, "a").state, state(journal, "a").reopened, roll.new) == ("open", 1, 1)
    assert (roll.closing, roll.foots) == (2, True)


def test_a_reason_that_accepts_nothing_leaves_the_finding_open(journal: Journal) -> None:
    run(journal, 1, seen("a"))
    say(journal, "a", "timing", "posted on the 3rd")
    assert (state(journal, "a").state, state(journal, "a").comment) == ("open", "posted on the 3rd")


def test_saying_the_same_twice_changes_nothing(journal: Journal) -> None:
    run(journal, 1, seen("a"))
    assert (say(journal, "a", "false positive"), say(journal, "a", "false positive")) == (1, 0)


def test_taking_an_acceptance_back_opens_the_finding_and_the_movement_still_adds_up(journal: Journal) -> None:
    run(journal, 1, seen("a"))
    say(journal, "a", "false positive")
    run(journal, 2, seen("a"))
    say(journal, "a", None)
    roll = run(journal, 3, seen("a"))
    assert (state(journal, "a").state, roll.accepted, roll.closing, roll.foots) == ("open", -1, 1, True)


def test_a_finding_that_comes_back_keeps_its_first_day(journal: Journal) -> None:
    run(journal, 1, seen("a"))
    run(journal, 2)
    roll = run(journal, 3, seen("a"))
    assert (roll.new, state(journal, "a").first_seen_at, state(journal, "a").reopened) == (1, T0 + timedelta(days=1), 1)
