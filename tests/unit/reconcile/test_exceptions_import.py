from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pytest

from console.commands import exceptions
from console.output import Output
from journal import findings
from journal.database import open_journal, remember
from reconcile.returned import ReturnedBookError
from reconcile.run import evaluate
from reconcile.workbook import write_workbook
from tests.fakes.world import make_settings
from tests.unit.reconcile.planted import OPTIONS, deal, snapshot

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
PAIR = "salesforce>netsuite"
REPORT = evaluate(snapshot([deal(1), deal(2)], []), OPTIONS)
CONFIG = Path("sync.toml")


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state database in which the report's run was recorded, and the settings that lead to it."""
    settings = make_settings(tmp_path)
    monkeypatch.setattr(exceptions, "load", lambda _: settings)
    record(settings.state, "run-1", "v0")
    return Path(settings.state)


def record(path: Path, run_id: str, sha: str) -> None:
    journal = open_journal(path, PAIR)
    with journal.begin() as tx:
        remember(tx, f"{exceptions.BOOK_KEY} {tx.pair}", "book-1")
        seen = [
            findings.Sighting(
                id=one.id, code=one.code, entity=one.entity, key=one.key, field=one.field,
                values_sha=one.values_sha if sha == "v0" else sha,
            )
            for one in REPORT.exceptions
        ]  # fmt: skip
        findings.record(tx, run_id, seen, AT, complete=True)
    journal.close()


def book(folder: Path, run_id: str = "run-1", book_id: str = "book-1", reason: str = "false positive") -> Path:
    path = write_workbook(replace(REPORT, run_id=run_id, book_id=book_id), folder / "b.xlsx")
    opened = openpyxl.load_workbook(path)
    opened["Exceptions"].cell(3, 28).value = reason
    opened.save(path)
    return path


def states(path: Path) -> list[str]:
    journal = open_journal(path, PAIR)
    with journal.begin() as tx:
        found = {one.id: one.state for one in findings.all_of(tx)}
    journal.close()
    return [found[one.id] for one in REPORT.exceptions]


def test_a_workbook_is_taken_once_and_a_second_time_changes_nothing(
    state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = book(tmp_path)
    exceptions.import_(CONFIG, path, "anna", Output())
    assert states(state) == ["accepted", "open"]
    assert "1 exceptions taken" in capsys.readouterr().out
    exceptions.import_(CONFIG, path, "anna", Output())
    assert "Nothing new" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changes", "fault"),
    [({"book_id": "book-2"}, "belongs to another company"), ({"run_id": "run-0"}, "is of an older run")],
)
def test_a_workbook_of_another_book_or_run_is_refused(
    changes: dict[str, str], fault: str, state: Path, tmp_path: Path
) -> None:
    with pytest.raises(ReturnedBookError, match=fault):
        exceptions.import_(CONFIG, book(tmp_path, **changes), "anna", Output())
    assert states(state) == ["open", "open"]


def test_values_that_changed_since_are_named_by_row_and_nothing_is_taken(state: Path, tmp_path: Path) -> None:
    record(state, "run-1", "other")
    with pytest.raises(ReturnedBookError, match="row 3: the values of MISSING_IN_ERP"):
        exceptions.import_(CONFIG, book(tmp_path), "anna", Output())
    assert states(state) == ["open", "open"]


def test_the_list_shows_what_is_open(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exceptions.list_(CONFIG, Output(), strict=False)
    assert "2 exceptions, last reconciled 2026-11-22 12:00:00Z" in capsys.readouterr().out
