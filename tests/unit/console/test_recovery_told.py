"""What `tieout sync` prints of a recovery: a row of zeros alone would look like a healthy run."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from console.commands.sync import content, print_result
from console.output import Output
from sync.engine import RunResult
from sync.recovery import Recovered


def recovering(*, over):
    until = datetime(2026, 11, 22, 10, 51, 35, 900_000, tzinfo=UTC)
    return RunResult("r1", recovered=Recovered(why="the state is a backup", adopted=1, until=until, over=over))


def test_a_run_that_may_not_write_yet_says_why_and_from_when_on_runs_write(capsys):
    print_result(Output(as_json=False), recovering(over=False), [])
    said = " ".join(capsys.readouterr().out.split())
    assert "Recovery: the state is a backup." in said
    assert "did not know them: 1." in said
    assert "from 2026-11-22 10:51:36 UTC on writes again" in said
    assert "Status written back" not in said


def test_the_run_that_ends_a_recovery_says_so_and_goes_on(capsys):
    print_result(Output(as_json=False), recovering(over=True), [])
    said = capsys.readouterr().out
    assert "The recovery is over." in said
    assert "Status written back" in said


@pytest.mark.parametrize("over", [True, False])
def test_json_names_the_recovery(over):
    assert content(recovering(over=over), [])["recovery"].over is over
